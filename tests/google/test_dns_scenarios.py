"""The duties of every platform on Cloud DNS, without an engine: promotion, rollback, failed gate, abort, drift.

Kills and what somebody else does between two calls are in `tests/routers/test_cloud_dns_killed.py` and the matrix.
"""

from __future__ import annotations

from unittest import mock

import pytest

from bluegreen.fields import UNKNOWN
from bluegreen.google.dns.pending import Pending
from bluegreen.rollout.clock import FakeClock
from bluegreen.rollout.errors import NotOwned, SwapFailed
from bluegreen.swap import contract
from bluegreen.swap.service import SwapService
from tests.azure.test_scenarios import (
    Platform,
    Swaps,
    inputs,
    test_a_gate_that_fails_in_a_step_gives_everything_back,
    test_an_abort_gives_everything_back,
    test_it_is_promoted_in_steps_and_rolled_back,
    test_traffic_moved_by_hand_is_drift_and_put_back,
)
from tests.routers.cloud_dns_workshop import TARGETS, World, running, section, simple, weighted

__all__ = [
    "test_a_gate_that_fails_in_a_step_gives_everything_back",
    "test_an_abort_gives_everything_back",
    "test_it_is_promoted_in_steps_and_rolled_back",
    "test_traffic_moved_by_hand_is_drift_and_put_back",
]


class Zone(Platform):
    """A record set that the swap makes."""

    def __init__(self, world: World) -> None:
        self.world, self._clock = world, FakeClock()
        self.clock = world.clock
        self.router = section(ttl_seconds=0)

    @property
    def clock(self) -> FakeClock:
        return self._clock

    @clock.setter
    def clock(self, clock: FakeClock) -> None:
        self._clock = self.world.clock = clock  # a router's waits are by the same one

    def live(self) -> dict[str, int]:
        return {color: round(share) for color, share in self.world.shares().items() if share}

    def move(self, blue: int) -> None:
        shares = {"blue": blue, "green": 100 - blue}
        self.world.put({**weighted(**{color: share for color, share in shares.items() if share}), "ttl": 0})


@pytest.fixture
def platform():
    no_caches = mock.patch.object(Pending, "in_effect", return_value=True)  # they are `test_cloud_dns.py`'s matter
    with running() as world, no_caches:
        yield Zone(world)


def test_what_is_live_already_is_adopted_only_when_it_is_asked_for(platform):
    platform.world.put(simple(TARGETS["blue"], ttl=0))
    with pytest.raises((NotOwned, SwapFailed), match="`adopt` takes such records over"):
        Swaps(platform).start("blue")
    platform.router = {**platform.router, "adopt": True}
    swaps = Swaps(platform)
    swaps.start("blue")
    assert platform.live() == {"blue": 100}
    outputs = swaps.update("green")
    assert platform.live() == {"green": 100}
    SwapService(clock=platform.clock).delete({**inputs(platform, "green"), **outputs})
    assert platform.live() == {"green": 100}
    assert platform.world.note() == {}


def test_a_swap_that_says_no_time_out_waits_for_the_ttl():
    with running() as world:
        platform = Zone(world)
        platform.router = section(ttl_seconds=300)
        swaps = Swaps(platform)
        swaps.start()
        began = platform.clock.monotonic_seconds()
        swaps.update("green")
        assert platform.live() == {"green": 100}
        assert platform.clock.monotonic_seconds() - began >= 2 * 360  # a step, and all of it


@pytest.mark.parametrize("unknown", ["zone", "targets", "ttl_seconds", "record_name"])
def test_what_only_an_update_knows_passes_the_check(platform, unknown):
    platform.router = section(**{unknown: UNKNOWN})
    assert contract.problems_in(inputs(platform, "blue")) == []


def test_a_first_start_with_the_other_color_is_a_promotion_behind_its_gates(platform):
    platform.world.put(simple(TARGETS["blue"], ttl=0))
    platform.router = {**platform.router, "adopt": True}
    with pytest.raises(SwapFailed, match="gate command false failed"):
        Swaps(platform).start("green", gates=[{"kind": "command", "command": ["false"], "phases": ["hold"]}])
    assert platform.live() == {"blue": 100}
    Swaps(platform).start("green", releases={"blue": "v1", "green": "v3"})  # its verdict was about v2
    assert platform.live() == {"green": 100}
