"""13. A slow swap is called done before it is."""

from __future__ import annotations

import pytest

from bluegreen.memory.capacity import MemoryCapacity
from bluegreen.rollout.errors import SwapFailed
from bluegreen.rollout.model import Readiness, Weights
from tests.swap.bench import Swap
from tests.swap.must_not_happen.situations import AT_ONCE, GREEN, DataPlane, is_settled, watched


@pytest.mark.parametrize("operation", ["promotion", "rollback", "heal", "first start"])
def test_a_slow_swap_is_not_called_done(monkeypatch, operation):
    """azure-cli#29342: a swap that is slow and not awaited."""
    swap = Swap("slow", **AT_ONCE)
    goal = "blue"
    if operation == "promotion":
        goal = "green"
    elif operation == "rollback":
        swap.up("green")
    else:
        swap.here.desired["green"] = 3
        swap.here.weights = GREEN if operation == "heal" else Weights()
    plane = DataPlane(monkeypatch, swap, lag_seconds=45)
    began = swap.clock.now_seconds
    swap.events.clear()
    if operation == "first start":
        _, swap.outputs = swap.service().create(swap.inputs(goal))
    else:
        swap.up(goal)
    assert plane.converged
    assert swap.clock.now_seconds - began >= 45
    shifts = [event for event in swap.events if event.kind in ("shift", "done")]
    assert all(event.at_seconds >= plane.converges_at_seconds for event in shifts), "not told before it is so"
    assert swap.outputs["history"][0]["seconds"] >= 45


def test_a_slow_swap_is_not_called_done_at_any_of_its_steps(monkeypatch):
    """azurerm#25278, not awaited: here a step, which would be judged before it had any effect."""
    swap = Swap("slow")
    DataPlane(monkeypatch, swap, lag_seconds=20)
    watch = watched(monkeypatch, swap)
    swap.up("green")
    first, second, third = (seen.at_seconds for seen in watch.writes("green"))
    assert second - first >= 20 + 30, "a hold begins when its weight has taken effect"
    assert third - second >= 20 + 30


def test_a_swap_that_never_takes_effect_is_not_called_done(monkeypatch):
    """azure-cli#29342, not awaited: here one that never happens."""
    swap = Swap("never", **AT_ONCE)
    plane = DataPlane(monkeypatch, swap, lag_seconds=10_000)
    with pytest.raises(SwapFailed, match=r"green 100 % was written and had not taken effect after 60 s"):
        swap.up("green")
    assert swap.outputs["live_color"] == "blue"
    assert swap.told("done") == ["started: blue 100 %, green 0 % after 0.0 s"]
    plane.lag_seconds, plane.converges_at_seconds = 0, 0
    swap.up("green")
    is_settled(swap, "green")


@pytest.mark.parametrize("ends", [True, False], ids=["slow", "never"])
def test_a_color_that_starts_slowly_is_not_called_ready(monkeypatch, ends):
    """azure-cli#29342, not awaited: here the new color's start."""
    swap = Swap("warming", **AT_ONCE)
    ready, began = MemoryCapacity.ready, swap.clock.now_seconds

    def starting(capacity, color):
        plain = ready(capacity, color)
        if color == "green" and not (ends and swap.clock.now_seconds - began >= 45):
            return Readiness(False, 1, plain.expected, "1 of 3 units run")
        return plain

    monkeypatch.setattr(MemoryCapacity, "ready", starting)
    watch = watched(monkeypatch, swap)
    if ends:
        swap.up("green")
        assert watch.writes("green")[0].at_seconds - began >= 45
    else:
        with pytest.raises(SwapFailed, match=r"green is not ready for traffic after 60 s: .*1 of 3 units run"):
            swap.up("green")
        assert watch.writes("green") == []
        assert swap.outputs["live_color"] == "blue"
