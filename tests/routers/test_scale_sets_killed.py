"""A promotion of scale sets behind an application gateway ends at any of its calls; the next update puts all right."""

from __future__ import annotations

import os

import pytest

from bluegreen.rollout.clock import FakeClock
from bluegreen.swap.service import SwapService
from tests.routers import scale_sets_workshop as workshop
from tests.routers.scale_sets_workshop import SETS, Killed

pytestmark = pytest.mark.sweep

STRIDE = 1 if os.environ.get("BLUEGREEN_SCENARIOS") == "full" else 11
"""Each call takes a third of a second: with `BLUEGREEN_SCENARIOS=full` every one is tried."""
FIRST = {"before": 0, "after": 6}


def inputs(active, green=2, **more):
    """A swap that brings green's release and scales in what rests."""
    releases = {"blue": workshop.release("blue"), "green": workshop.release("green", green)}
    return {
        "name": "orders",
        "active_color": active,
        "releases": {"blue": "v1", "green": f"v{green}"},
        "router": workshop.section(),
        "capacity": workshop.capacity_section(releases=releases),
        "scale_down_delay_seconds": 0,
        **more,
    }


def started(clock):
    world = workshop.build(at_once=True)
    world.clock = clock
    world.autoscale("blue", 2, 4)
    world.autoscale("green", 2, 4)
    with workshop.asked(world):
        _, outputs = SwapService(clock=clock).create(inputs("blue", green=1))
    return forget(world), outputs


def forget(world):
    for one in (world.calls, world.paths, world.seen):
        one.clear()
    return world


def calls_of(news, *before):
    """The actions of an update's calls, after others."""
    clock = FakeClock()
    world, outputs = started(clock)
    with workshop.asked(world):
        for one in before:
            outputs = SwapService(clock=clock).update(outputs, one)
        forget(world)
        SwapService(clock=clock).update(outputs, news)
    return list(world.calls)


def served(world):
    """All requests went to a pool with instances that run, all the time."""
    assert set(world.seen) <= {"blue", "green"}
    color = world.pool()
    machines = world.instances(color)
    assert machines
    for one in machines:
        assert one["properties"]["instanceView"]["vmHealth"]["status"]["code"] == "HealthState/healthy"
    return color


def ended(world, live):
    """What is true once a swap is over: the live color has its range, the other one rests."""
    rests = "green" if live == "blue" else "blue"
    assert served(world) == live
    assert (world.capacity(live), world.capacity(rests)) == (2, 0)
    assert world.range_of(live) == (True, 2, 4)
    assert world.range_of(rests)[0] is False
    assert "bluegreen:retire" not in world.tags(f"{SETS}/{rests}")


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_promotion_with_a_release_is_taken_up_wherever_it_ended(when):
    number_of_calls = len(calls_of(inputs("green")))
    for number in range(FIRST[when] % STRIDE, number_of_calls, STRIDE):
        clock = FakeClock()
        world, outputs = started(clock)
        world.end = lambda at, _, number=number: when if at == number else ""
        with pytest.raises(Killed), workshop.asked(world):
            SwapService(clock=clock).update(outputs, inputs("green"))
        world.end = lambda *_: ""
        served(world)
        clock.sleep(4000)  # until nobody may think that the other one runs
        with workshop.asked(world):
            outputs = SwapService(clock=clock).update(outputs, inputs("green"))
        assert outputs["live_color"] == "green", number
        ended(world, "green")
        own = world.scale_set("green")["properties"]["virtualMachineProfile"]["storageProfile"]["imageReference"]
        assert own["id"].endswith("/2.0.0")
        with workshop.asked(world):
            assert not SwapService(clock=clock).diff(outputs, inputs("green")).changes, number


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_rollback_is_taken_up_wherever_it_ended(when):
    number_of_calls = len(calls_of(inputs("blue"), inputs("green")))
    for number in range(FIRST[when] % STRIDE, number_of_calls, STRIDE):
        clock = FakeClock()
        world, outputs = started(clock)
        with workshop.asked(world):
            outputs = SwapService(clock=clock).update(outputs, inputs("green"))
        forget(world)
        world.end = lambda at, _, number=number: when if at == number else ""
        with pytest.raises(Killed), workshop.asked(world):
            SwapService(clock=clock).update(outputs, inputs("blue"))
        world.end = lambda *_: ""
        served(world)
        clock.sleep(4000)
        with workshop.asked(world):
            outputs = SwapService(clock=clock).update(outputs, inputs("blue"))
        assert outputs["live_color"] == "blue", number
        ended(world, "blue")


def test_a_promotion_and_a_rollback_make_no_more_calls_than_these():
    later = {"scale_down_delay_seconds": 3600}
    promotion = calls_of(inputs("green", **later))
    rollback = calls_of(inputs("blue", **later), inputs("green", **later))
    assert (len(promotion), len(rollback)) == (51, 26)


def test_the_gateway_is_written_once_for_a_promotion_and_once_for_a_rollback():
    """Beside one write that finds out whether it may be, which is refused by its entity tag."""
    for made in (calls_of(inputs("green")), calls_of(inputs("blue"), inputs("green"))):
        assert made.count("Microsoft.Network/applicationGateways/write") <= 2
