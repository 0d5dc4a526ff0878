"""6. The old color is stopped before traffic has converged: requests go to what is no more."""

from __future__ import annotations

import pytest

from bluegreen.memory.router import MemoryRouter
from bluegreen.rollout.errors import PlatformError, RestoreFailed, SwapFailed
from bluegreen.rollout.model import other
from tests.swap.bench import Swap
from tests.swap.must_not_happen.situations import AT_ONCE, DataPlane, is_settled, watched, wrapped


@pytest.mark.parametrize("more", [AT_ONCE, {}], ids=["at once", "in steps"])
def test_the_old_color_is_not_stopped_before_traffic_has_converged(monkeypatch, more):
    """argo-rollouts#3333: the old color went before traffic had converged, which was minutes of outage."""
    swap = Swap("converging", scale_down_delay_seconds=0, **more)
    plane = DataPlane(monkeypatch, swap, lag_seconds=20)
    retired = []

    def hook(name, call, arguments):
        if name == "capacity.retire":
            retired.append(arguments[0])
            assert plane.converged
            assert arguments[0] not in plane.serving
        done = call()
        assert all(swap.here.desired[color] for color in plane.serving), "whatever serves has units"
        return done

    wrapped(monkeypatch, hook)
    swap.up("green")
    swap.up("blue")
    assert retired == ["blue", "green"]


@pytest.mark.parametrize("until_seconds", [60, None], ids=["for a minute", "for good"])
def test_the_old_color_is_not_stopped_while_the_platform_is_throttled(monkeypatch, until_seconds):
    """argo-rollouts#3333: the API was throttled, nobody knew where traffic was, and the old side was stopped."""
    swap = Swap("throttled", scale_down_delay_seconds=0, **AT_ONCE)
    verify, began = MemoryRouter.verify, swap.clock.now_seconds

    def throttled(router, weights):
        if until_seconds is None or swap.clock.now_seconds - began < until_seconds:
            raise PlatformError("Describe", "Throttling: Rate exceeded")
        return verify(router, weights)

    with monkeypatch.context() as patched:
        patched.setattr(MemoryRouter, "verify", throttled)
        with pytest.raises(SwapFailed) as failed:
            swap.up("green")
    assert swap.here.desired["blue"] == 3
    if isinstance(failed.value, RestoreFailed):
        assert swap.here.desired["green"] == 3, "nobody knows which of the two serves"
    assert isinstance(failed.value, RestoreFailed) == (until_seconds is None)
    swap.up("blue")
    is_settled(swap, "blue")


def test_the_old_color_is_not_stopped_by_a_retirement_that_was_pending_when_it_got_traffic_again(monkeypatch):
    """argo-rollouts#2235, too early: here by a scale-down that was due from the swap before."""
    swap = Swap("pending", **AT_ONCE)
    watch = watched(monkeypatch, swap)
    swap.up("green")
    assert swap.here.retiring == {"blue": 0}
    releases = {"blue": "v3", "green": "v2"}
    for color, more in (("blue", {}), ("green", {}), ("blue", {"releases": releases})):
        swap.up(color, **more)
        assert all(color not in seen.retiring for seen in watch.writes(color)[-1:]), "cancelled before the write"
        assert swap.here.retiring == {other(color): 0}
