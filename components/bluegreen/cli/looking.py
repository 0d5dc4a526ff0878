"""`bluegreen status`, `list` and `history`: what is live, what goes on, what happened."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from bluegreen.cli import report as reports
from bluegreen.cli import screen, view
from bluegreen.cli.exits import Exit, code_of
from bluegreen.cli.stack import CommandFailed, Found
from bluegreen.cli.view import State
from bluegreen.rollout.clock import Clock
from bluegreen.rollout.model import Weights
from bluegreen.secrets import redact

_SHOWN_SWAPS = 5
_POLL_SECONDS = 1.0
# A swap lets go of its object before the engine has written the stack's state.
_SETTLES_SECONDS = 30.0
UNTIL = (State.LIVE, State.PAUSED, State.RESTORED)
"""What `status --until` can wait for."""


def as_json(swaps: Sequence[Mapping[str, Any]]) -> str:
    """The JSON of `status`, `list` and `history`: ``version`` and ``swaps``."""
    return redact(json.dumps({"version": view.VERSION, "swaps": list(swaps)}, indent=2))


def status(swaps: Sequence[Found], *, json_wanted: bool) -> Exit:
    """Show how swaps stand; of those that cannot be reached, what the state says."""
    shown = view.described_all(swaps)
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
    said += [f"  a swap is going on, or was interrupted: {holder}" for holder in shown["held_by"]]
    if shown["paused"]:
        said.append(f"  paused at {shown['paused']['percent']:g} % {shown['paused']['color']}")
    if shown["held"]:
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


def wait(
    find: Callable[[], Sequence[Found]],
    wanted: State | None,
    timeout_seconds: float,
    clock: Clock,
    redraw: Callable[[Sequence[Mapping[str, Any]]], None],
    color: str | None = None,
) -> Exit:
    """Look again and again, until all swaps are in a state.

    A swap that stands still in another state ends the wait, since nothing will change it but a person.

    Args:
        find: reads the stack's state.
        wanted: the state; ``None`` waits until nothing moves.
        timeout_seconds: the longest time.
        clock: time.
        redraw: given what was seen each time.
        color: the one that has to be live for ``live``; while the other one is, another process is waited for.

    Returns:
        ``DONE`` where all are as wanted, else the code of the first that is not.
    """
    deadline = clock.monotonic_seconds() + timeout_seconds
    moved_at: dict[str, float] = {}
    while True:
        shown = view.described_all(find())
        redraw(shown)
        now = clock.monotonic_seconds()
        moved_at.update({one["name"]: now for one in shown if one["state"] == State.MOVING})
        settling = [
            one
            for one in shown
            if _goes_on(one, moved_at.get(one["name"]), now)
            or (one["state"] == State.LIVE and color not in (None, one["live_color"]))
        ]
        if not settling:
            return next((code for one in shown if (code := _end(one, wanted, moved_at, color))), Exit.DONE)
        if now >= deadline:
            return Exit.TIMED_OUT
        clock.sleep(_POLL_SECONDS)


def ended(swaps: Sequence[Found], color: str) -> Exit:
    """The exit code after an update: how the swaps stand.

    Args:
        swaps: those that were updated.
        color: the one that was asked for: where it has all traffic, an earlier failure is over.
    """
    shown = view.described_all(swaps)
    return next(
        (code for one in shown if not _is_back(one, color) and (code := code_of(State(one["state"])))), Exit.DONE
    )


def _is_back(shown: Mapping[str, Any], color: str | None) -> bool:
    """Whether a swap failed, and what is asked for now is what was restored."""
    whole = color is not None and shown["weights"] == Weights.all_on("blue" if color == "blue" else "green").as_dict()
    return whole and State(shown["state"]) in (State.RESTORED, State.ABORTED)


def _goes_on(shown: Mapping[str, Any], moved_at: float | None, now: float) -> bool:
    """Whether it moves, or has just come to its end and the stack's state does not say so yet."""
    if shown["state"] == State.MOVING:
        return True
    return shown["state"] == State.DRIFTED and moved_at is not None and now - moved_at < _SETTLES_SECONDS


def _end(shown: Mapping[str, Any], wanted: State | None, moved: Mapping[str, float], color: str | None) -> Exit:
    if wanted is State.LIVE and _is_back(shown, color):
        return Exit.DONE
    state = State(shown["state"])
    if state is State.HELD and shown["name"] in moved:  # it was held just now: that is how the promotion ended
        newest: Mapping[str, Any] = next(iter(shown["history"]), {})
        state = view.FAILED.get(str(newest.get("outcome")), state)
    if wanted in (state, None):
        return Exit.DONE
    if state is State.LIVE:  # all is well, and yet not what was waited for
        return Exit.REFUSED
    if wanted is State.RESTORED and state in (State.HELD, State.ABORTED):
        return Exit.DONE
    return code_of(state)
