"""`bluegreen report FILE`: what swaps did, as one HTML file that needs nothing else, a page for each. Pure.

It is made of the history that the stack's state and the owned object keep; with an event log, of its lines, too.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from html import escape
from importlib import resources
from string import Template
from typing import Any

from bluegreen.cli import view
from bluegreen.rollout.model import COLORS
from bluegreen.rollout.plan import duration
from bluegreen.secrets import redact

_WIDTH, _HEIGHT, _LEFT, _BOTTOM = 920, 150, 48, 22
_GOOD = ("started", "promoted", "rolled_back", "resumed", "healed")
_WORDS = {"rolled_back": "rolled back", "not_restored": "failed, restore not confirmed", "taken_over": "taken over"}
_LEAST_SECONDS, _SHOWN_SECONDS = 0.001, 0.2


def html(shown: Mapping[str, Any], events: Sequence[Mapping[str, Any]] = (), swap_id: str | None = None) -> str:
    """The report of one service.

    Args:
        shown: the service, as ``view.described`` has it.
        events: lines of event logs, in any order; those of other swaps are left out.
        swap_id: of one swap alone; ``None`` is all that the history has.
    """
    entries = [entry for entry in shown["history"] if swap_id in (None, entry.get("id"))]
    name = str(shown["name"])
    now = f"Now: {view.weights_text(shown)}. Times are in UTC."
    page = Template(resources.files("bluegreen.cli").joinpath("report.html").read_text("utf-8"))
    return redact(
        page.substitute(
            title=escape(f"{name}: what its swaps did"),
            subtitle=escape(now),
            index=_index(entries),
            articles="\n".join(_article(entry, _of(entry, events)) for entry in entries) or "<p>Nothing yet.</p>",
        )
    )


def events_in(text: str) -> list[Mapping[str, Any]]:
    """The lines of an event log; one that was torn by a kill is left out."""
    lines = []
    for line in text.splitlines():
        try:
            read = json.loads(line)
        except ValueError:
            continue
        if isinstance(read, Mapping):
            lines.append(read)
    return lines


def _of(entry: Mapping[str, Any], events: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [event for event in events if event.get("swap") and event.get("swap") == entry.get("id")]


def _index(entries: Sequence[Mapping[str, Any]]) -> str:
    if len(entries) < 2:
        return ""
    items = "".join(f'<li><a href="#{_anchor(entry)}">{escape(_headline(entry))}</a></li>' for entry in entries)
    return f"<nav><ol>{items}</ol></nav>"


def _anchor(entry: Mapping[str, Any]) -> str:
    return f"swap-{''.join(char for char in str(entry.get('id', '')) if char.isalnum())}"


def _headline(entry: Mapping[str, Any]) -> str:
    return f"{view.when(entry['started_at_seconds'])}: {entry['to']} {_outcome(entry)}"


def _outcome(entry: Mapping[str, Any]) -> str:
    outcome = str(entry.get("outcome"))
    return _WORDS.get(outcome, outcome)


def _article(entry: Mapping[str, Any], events: Sequence[Mapping[str, Any]]) -> str:
    outcome = str(entry.get("outcome"))
    tone = "good" if outcome in _GOOD else "wait" if outcome == "paused" else "bad"
    release = f", release {entry['release']}" if entry.get("release") else ""
    took = duration(round(float(entry.get("seconds", 0)), 1))
    lines = [
        f'<article id="{_anchor(entry)}">',
        f"<h2>{escape(str(entry['to']))}: <span class={tone}>{escape(_outcome(entry))}</span></h2>",
        f"<p>{escape(view.when(entry['started_at_seconds']))}, {escape(took)}{escape(release)}</p>",
    ]
    if entry.get("skipped"):
        lines.append(f"<p class=wait>{escape(str(entry['skipped']))}</p>")
    if entry.get("reason"):
        lines.append(f"<p class=bad>{escape(str(entry['reason']))}</p>")
    lines.append(_by(entry.get("by") or {}))
    if entry.get("steps"):
        lines += ['<h3>Traffic</h3><div class="scroll">', _chart(entry), "</div>", _steps(entry)]
    if entry.get("gates"):
        lines.append(_gates(entry["gates"]))
    if events:
        lines.append(_events(events))
    return "\n".join([*(line for line in lines if line), "</article>"])


def _by(by: Mapping[str, Any]) -> str:
    said = [f"by {escape(str(by['who']))}"] if by.get("who") else []
    said += [f"commit <code>{escape(str(by['commit']))}</code>"] if by.get("commit") else []
    said += [f"pull request {escape(str(by['pull_request']))}"] if by.get("pull_request") else []
    url = str(by.get("run_url", ""))
    if url.startswith(("https://", "http://")):
        said.append(f'<a href="{escape(url, quote=True)}" rel="noreferrer">run</a>')
    return f"<p>{', '.join(said)}</p>" if said else ""


def _shares(entry: Mapping[str, Any]) -> tuple[list[tuple[float, int]], float]:
    """The percent on green from which second of the swap on, and how long it took; nothing where nobody was live."""
    began, took = float(entry["started_at_seconds"]), max(float(entry.get("seconds", 0)), _LEAST_SECONDS)
    start = entry.get("from") or {}
    shares = [(0.0, int(start.get("green", 0)))] if sum(int(start.get(color, 0)) for color in COLORS) == 100 else []
    for step in entry["steps"]:
        at = min(max(float(step["at_seconds"]) - began, 0.0), took)
        shares.append((at, int(step.get("green", 0))))
    return shares, took


def _chart(entry: Mapping[str, Any]) -> str:
    shares, took = _shares(entry)
    right, base = _WIDTH - 10, _HEIGHT - _BOTTOM

    def x(at: float) -> float:
        return round(_LEFT + (right - _LEFT) * at / took, 1)

    def y(percent: float) -> float:
        return round(base - (base - 10) * percent / 100, 1)

    ends = [*(at for at, _ in shares[1:]), took]
    drawn = []
    for (at, green), end in zip(shares, ends, strict=True):
        wide = max(round(x(end) - x(at), 1), 0.5)
        for color, top, low in (("green", green, 0), ("blue", 100, green)):
            if top > low:
                drawn.append(
                    f'<rect x="{x(at)}" y="{y(top)}" width="{wide}" height="{round(y(low) - y(top), 1)}" '
                    f'fill="var(--{color})" fill-opacity="0.75"/>'
                )
    marks = [f'<text x="{_LEFT - 6}" y="{y(p) + 4}" text-anchor="end">{p} %</text>' for p in (0, 50, 100)]
    parts = ((0.0, "start"), (0.5, "middle"), (1.0, "end"))
    for part, anchor in parts if took >= _SHOWN_SECONDS else parts[:1]:
        text = duration(round(took * part, 1))
        marks.append(f'<text x="{x(took * part)}" y="{_HEIGHT - 5}" text-anchor="{anchor}">{text}</text>')
    said = ", ".join(f"green {green} % from {duration(round(at, 1))} on" for at, green in shares)
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(said, quote=True)}">'
        f"<title>{escape(said)}</title>{''.join(drawn)}{''.join(marks)}</svg>"
    )


def _steps(entry: Mapping[str, Any]) -> str:
    rows = [
        (
            view.when(step["at_seconds"]),
            f"{int(step.get('blue', 0))} %",
            f"{int(step.get('green', 0))} %",
            duration(round(float(step.get("seconds", 0)), 1)),
        )
        for step in entry["steps"]
    ]
    return _table(("at", "blue", "green", "for"), rows)


def _gates(gates: Sequence[Mapping[str, Any]]) -> str:
    rows = []
    for gate in gates:
        value = str(gate.get("value") or gate.get("reason") or "")
        rows.append(
            (
                str(gate.get("phase", "")),
                str(gate.get("gate", "")),
                str(gate.get("decision", "")),
                value,
                str(gate.get("limit") or ""),
            )
        )
    return f"<h3>Gates</h3>{_table(('phase', 'gate', 'answer', 'value', 'limit'), rows, tones=2)}"


def _events(events: Sequence[Mapping[str, Any]]) -> str:
    ordered = sorted(events, key=lambda event: str(event.get("time", "")))
    rows = [(_clock_of(event), str(event.get("kind", "")), str(event.get("text", ""))) for event in ordered]
    return f"<h3>Events</h3>{_table(('at', 'kind', 'what'), rows)}"


def _clock_of(event: Mapping[str, Any]) -> str:
    try:
        return view.when(datetime.fromisoformat(str(event.get("time")).replace("Z", "+00:00")).timestamp())
    except ValueError:
        return str(event.get("time", ""))


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]], tones: int | None = None) -> str:
    """A table; the column ``tones`` is colored by what a gate answered."""
    head = "".join(f"<th>{escape(one)}</th>" for one in heads)
    body = ""
    for row in rows:
        cells = ""
        for index, cell in enumerate(row):
            tone = {"pass": "good", "fail": "bad"}.get(cell, "wait") if index == tones else ""
            cells += f"<td class={tone}>{escape(cell)}</td>" if tone else f"<td>{escape(cell)}</td>"
        body += f"<tr>{cells}</tr>"
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
