"""`bluegreen status`, `list` and `history`: what is live, what runs, what happened."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from bluegreen.cli import report as reports
from bluegreen.cli import screen, view
from bluegreen.cli.exits import Exit, code_of
from bluegreen.cli.live import Live, gate_text, size_text
from bluegreen.cli.stack import CommandFailed, Found
from bluegreen.cli.view import State
from bluegreen.cli.waiting import is_back
from bluegreen.rollout.model import COLORS
from bluegreen.secrets import redact

_SHOWN_SWAPS = 5


def as_json(swaps: Sequence[Mapping[str, Any]]) -> str:
    """The JSON of `status`, `list` and `history`: ``version`` and ``swaps``."""
    return redact(json.dumps({"version": view.VERSION, "swaps": list(swaps)}, indent=2))


def status(swaps: Sequence[Found], *, json_wanted: bool) -> Exit:
    """Show how swaps stand; of those that cannot be reached, what the state says."""
    shown = view.described_all(swaps, Live())
    if json_wanted:
        print(as_json(shown))
    else:
        for one in shown:
            print(redact("\n".join(lines(one))))
    return Exit.UNREACHABLE if any(one["state"] == State.UNREACHABLE for one in shown) else Exit.DONE


def lines(shown: Mapping[str, Any]) -> list[str]:
    """One swap's status as lines."""
    state = State(shown["state"])
    drift = "" if state is not State.DRIFTED and not shown["held_by"] else _drift(shown)
    said = [f"{shown['name']}: {view.weights_text(shown)}{drift}"]
    if state is State.UNREACHABLE:
        said.append(f"  cannot be read: {shown['error']}")
        said.append(f"  the stack's state says: {shown['recorded_weights']}")
    said += [f"  a swap runs, or was interrupted: {holder}" for holder in shown["held_by"]]
    sizes = [f"{color} {size}" for color in COLORS if (size := size_text(shown, color))]
    said += [f"  {', '.join(sizes)}"] if sizes else []
    said += [f"  {gate_text(gate)}" for gate in shown.get("gates") or ()]
    if shown["paused"]:
        said.append(f"  paused at {shown['paused']['percent']:g} % {shown['paused']['color']}")
    if shown["held"] and state is not State.MOVING:
        said.append(f"  {shown['held']['said']}")
    said += [f"  {view.entry_text(entry)}" for entry in shown["history"][:_SHOWN_SWAPS]]
    if state is not State.LIVE:
        said += [f"  next: {step}" for step in shown["next_steps"]]
    return said


def _drift(shown: Mapping[str, Any]) -> str:
    same = shown["recorded_weights"] is not None and shown["weights"] == {
        color: int(percent) for color, percent in shown["recorded_weights"].items()
    }
    return "" if same else " (the state says otherwise: drift)"


def table(swaps: Sequence[Found], *, json_wanted: bool, console: Console | None = None) -> Exit:
    """Show a line for each swap."""
    shown = view.described_all(swaps)
    if json_wanted:
        print(as_json(shown))
    else:
        (console or Console()).print(screen.table(shown))
    return Exit.UNREACHABLE if any(one["state"] == State.UNREACHABLE for one in shown) else Exit.DONE


def history(swaps: Sequence[Found], *, json_wanted: bool) -> Exit:
    """Show what happened, newest first: who, from where, steps, gates with values, how it ended."""
    shown = view.described_all(swaps)
    if json_wanted:
        print(as_json([{key: one[key] for key in ("name", "live_color", "state", "history")} for one in shown]))
        return Exit.DONE
    for one in shown:
        print(one["name"])
        for entry in one["history"]:
            print(redact("\n".join(screen.entry_lines(entry))))
        if not one["history"]:
            print("  nothing yet")
    return Exit.DONE


def report(swaps: Sequence[Found], file: str, swap_id: str | None, event_log: str) -> Exit:
    """Write one service's report.

    Raises:
        CommandFailed: there are several services, no such swap, or the file cannot be written.
    """
    if len(swaps) != 1:
        names = ", ".join(swap.name for swap in swaps)
        raise CommandFailed(f"a report is of one service: name it with --swap ({names})")
    (shown,) = view.described_all(swaps)
    ids = [str(entry.get("id", "")) for entry in shown["history"]]
    if swap_id is not None and swap_id not in ids:
        raise CommandFailed(f"{shown['name']} has no swap with the id {swap_id}; it has: {', '.join(ids) or 'none'}")
    try:
        Path(file).write_text(reports.html(shown, reports.events_in(event_log), swap_id), "utf-8")
    except OSError as error:
        raise CommandFailed(f"the report cannot be written: {error}") from None
    count = len([one for one in ids if swap_id in (None, one)])
    print(f"{file}: {count} {'swap' if count == 1 else 'swaps'} of {shown['name']}")
    return Exit.DONE


def ended(swaps: Sequence[Found], color: str) -> Exit:
    """The exit code after an update: how the swaps stand.

    Args:
        swaps: those that were updated.
        color: the one that was requested: where it has all traffic, an earlier failure is over.
    """
    shown = view.described_all(swaps)
    return next(
        (code for one in shown if not is_back(one, color) and (code := code_of(State(one["state"])))), Exit.DONE
    )
