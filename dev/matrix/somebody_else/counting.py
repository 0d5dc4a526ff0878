"""The number of calls of one stage's swaps, when nobody acts."""

from __future__ import annotations

from typing import Any
from unittest import mock

from bluegreen.component.base import routed
from bluegreen.rollout import calls
from bluegreen.rollout import clock as clocks
from bluegreen.rollout.clock import FakeClock
from bluegreen.swap.service import SwapService
from dev.matrix.somebody_else.stage import Stage
from dev.matrix.somebody_else.tape import OneByOne, Tape
from dev.matrix.somebody_else.trial import TimeOf

SWAPS = ("promotion", "promotion in two steps", "rollback")
_STEPS = [{"weight_percent": 10, "hold_seconds": 0.01}]
_SIZES = "capacity."
"""What sizes in memory are read is no call."""


def calls_of(stage: Stage) -> dict[str, list[str]]:
    """The calls of each swap, in their order: one at a time, each answered at once, each from a color that is warm.

    Args:
        stage: not open yet.
    """
    clock = FakeClock()
    service = SwapService(clock=clock)
    found: dict[str, list[str]] = {}
    tape = Tape(clock, stage.look)
    one_by_one = mock.patch.object(calls, "ThreadPoolExecutor", OneByOne)
    # Nothing that was read grows old: how busy this machine is makes no calls.
    at_once = mock.patch.object(clocks, "time", TimeOf(FakeClock()))
    with one_by_one, at_once, stage.opened(lambda: tape):
        stage.put_back()
        _, outputs = service.create(_inputs(stage, "blue", "app:v1"))
        for name, color, release in _swaps(stage):
            steps = _STEPS if name in SWAPS[1:2] else []
            tape.calls.clear()
            outputs = service.update(outputs, _inputs(stage, color, release, steps))
            found.setdefault(name, [call for call in tape.calls if not call.startswith(_SIZES)])
    return found


def _swaps(stage: Stage) -> list[tuple[str, str, str]]:
    """Each swap with its color and what green runs: a release that was live before would be a rollback."""
    at_once = [("promotion", "green", "app:v2"), ("rollback", "blue", "app:v2")]
    return [*at_once, ("promotion in two steps", "green", "app:v3")] if stage.splits else at_once


def _inputs(stage: Stage, color: str, release: str, steps: list[dict[str, float]] | None = None) -> dict[str, Any]:
    return {
        "name": "web",
        "active_color": color,
        "releases": {"blue": "app:v1", "green": release},
        **routed(stage.router()),
        "strategy": {"name": "steps", "steps": steps or []},
        "scale_down_delay_seconds": 3600,
        "poll_interval_seconds": 4,
        **({} if stage.capacity() is None else {"capacity": stage.capacity()}),
    }
