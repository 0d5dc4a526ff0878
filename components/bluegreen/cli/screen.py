"""The command's output: a table of swaps, the view of one that moves, an entry of the history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from bluegreen.cli import live, view
from bluegreen.cli.view import State
from bluegreen.rollout.model import COLORS, Weights
from bluegreen.secrets import redact

_WIDTH = 40
_STYLES = {State.LIVE: "green", State.MOVING: "cyan", State.PAUSED: "yellow", State.HELD: "yellow"}
_TONES = {"pass": "green", "fail": "red", "error": "red"}
_SHOWN_ENTRIES = 3


def table(shown: Sequence[Mapping[str, Any]]) -> Table:
    """A line for each swap."""
    with_stack = any("stack" in one for one in shown)
    headers = [*(["stack"] if with_stack else []), "swap", "state", "live", "weights", "runs", "since", "by"]
    drawn = Table(*headers, box=None, pad_edge=False)
    for one in shown:
        entry = view.since(one)
        live = str(one["live_color"] or "nothing")
        cells = [
            *([str(one.get("stack", ""))] if with_stack else []),
            one["name"],
            _state(one),
            live,
            view.weights_text(one),
            str(one["releases"].get(live, "")),
            view.when(entry["started_at_seconds"]) if entry else "",
            str((entry.get("by") or {}).get("who", "")),
        ]
        drawn.add_row(*(cell if isinstance(cell, Text) else Text(redact(str(cell))) for cell in cells))
    return drawn


def watched(shown: Sequence[Mapping[str, Any]]) -> Group:
    """The view that `status --watch` redraws."""
    return Group(*(_panel(one) for one in shown))


def _panel(shown: Mapping[str, Any]) -> Panel:
    rows: list[Text] = []
    if shown["weights"] is not None:
        rows += [_bar(color, Weights(**shown["weights"]).of(color), shown) for color in COLORS]
        if shown.get("members"):
            rows.append(Text(view.weights_text(shown)))
    rows += [Text(f"running: {holder}", "cyan") for holder in shown["held_by"]]
    rows += [Text(live.gate_text(gate), _TONES.get(gate["decision"], "")) for gate in shown.get("gates") or ()]
    if shown["state"] == State.UNREACHABLE:
        rows.append(Text(f"cannot be read: {redact(str(shown['error']))}", "red"))
    if shown["held"] and shown["state"] != State.MOVING:  # what moves now is another release
        rows.append(Text(redact(str(shown["held"]["said"])), "yellow"))
    for entry in shown["history"][:_SHOWN_ENTRIES]:
        rows.append(Text(redact(view.entry_text(entry)), "dim"))
    if shown["state"] != State.LIVE:
        rows += [Text(f"next: {step}") for step in shown["next_steps"]]
    return Panel(Group(*rows), title=Text.assemble(str(shown["name"]), "  ", _state(shown)), title_align="left")


def _bar(color: str, percent: int, shown: Mapping[str, Any]) -> Text:
    full = round(_WIDTH * percent / 100)
    bar = Text.assemble((f"{color:<6}", color), ("█" * full, color), ("░" * (_WIDTH - full), "dim"))
    size = live.size_text(shown, color)
    release = redact(str(shown["releases"].get(color, "")))
    return bar.append(f" {percent:>3} %  {release}{', ' if size else ''}{size}")


def _state(shown: Mapping[str, Any]) -> Text:
    state = State(shown["state"])
    return Text(state.value.replace("_", " "), _STYLES.get(state, "red"))


def entry_lines(entry: Mapping[str, Any]) -> list[str]:
    """An entry of the history, with its steps and its gates' answers."""
    lines = [f"  {view.entry_text(entry)}"]
    by = entry.get("by") or {}
    lines += [f"    {key.replace('_', ' ')}: {by[key]}" for key in ("commit", "pull_request", "run_url") if by.get(key)]
    lines += [f"    {entry['skipped']}"] if entry.get("skipped") else []
    for step in entry.get("steps") or ():
        weights = ", ".join(f"{color} {step[color]:g} %" for color in COLORS if color in step)
        lines.append(f"    {weights} for {step.get('seconds', 0):g} s")
    for gate in entry.get("gates") or ():
        value = f": {gate['value']}" if gate.get("value") else ""
        limit = f" against {gate['limit']}" if gate.get("limit") else ""
        lines.append(f"    gate {gate['gate']} ({gate.get('phase')}) {gate.get('decision')}{value}{limit}")
    return lines
