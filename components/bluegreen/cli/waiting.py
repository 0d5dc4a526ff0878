"""Waiting until swaps are as wanted, or stand still in another way: `status --until`, `--wait` and `--watch`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bluegreen.cli import view
from bluegreen.cli.exits import Exit, code_of
from bluegreen.cli.live import Live
from bluegreen.cli.stack import Found
from bluegreen.cli.view import State
from bluegreen.rollout.clock import Clock
from bluegreen.rollout.model import Weights

_POLL_SECONDS = 1.0
# A swap lets go of its object before the engine has written the stack's state.
_SETTLES_SECONDS = 30.0
UNTIL = (State.LIVE, State.PAUSED, State.RESTORED)
"""What `status --until` can wait for."""


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
    live = Live(clock)
    deadline = clock.monotonic_seconds() + timeout_seconds
    moved_at: dict[str, float] = {}
    while True:
        shown = view.described_all(find(), live)
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


def is_back(shown: Mapping[str, Any], color: str | None) -> bool:
    """Whether a swap failed, and what is requested now is what was restored."""
    whole = color is not None and shown["weights"] == Weights.all_on("blue" if color == "blue" else "green").as_dict()
    return whole and State(shown["state"]) in (State.RESTORED, State.ABORTED)


def _goes_on(shown: Mapping[str, Any], moved_at: float | None, now: float) -> bool:
    """Whether it moves, or has just come to its end and the stack's state does not say so yet."""
    if shown["state"] == State.MOVING:
        return True
    return shown["state"] == State.DRIFTED and moved_at is not None and now - moved_at < _SETTLES_SECONDS


def _end(shown: Mapping[str, Any], wanted: State | None, moved: Mapping[str, float], color: str | None) -> Exit:
    if wanted is State.LIVE and is_back(shown, color):
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
