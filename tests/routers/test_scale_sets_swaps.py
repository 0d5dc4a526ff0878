"""Releases of scale sets in whole swaps: refused under traffic, kept for the way back, taken as they are at rest."""

from __future__ import annotations

import pytest

from bluegreen.rollout.clock import FakeClock
from bluegreen.rollout.errors import InvalidInput, SwapFailed
from bluegreen.swap.service import SwapService
from tests.routers import scale_sets_workshop as workshop
from tests.routers.scale_sets_workshop import SETS


def inputs(active, blue=1, green=1, router=None, **more):
    releases = {"blue": workshop.release("blue", blue), "green": workshop.release("green", green)}
    return {
        "name": "orders",
        "active_color": active,
        "releases": {"blue": f"v{blue}", "green": f"v{green}"},
        "router": router or workshop.section(),
        "capacity": workshop.capacity_section(releases=releases),
        "scale_down_delay_seconds": 600,
        **more,
    }


@pytest.fixture
def world():
    made = workshop.build(at_once=True)
    made.clock = FakeClock()
    with workshop.asked(made):
        yield made


def service(world):
    return SwapService(clock=world.clock)


def versions(world, color):
    found = [one["properties"]["storageProfile"]["imageReference"]["id"] for one in world.instances(color)]
    return [one.rpartition("/")[2] for one in found]


def test_the_live_colors_release_is_not_changed_under_traffic(world):
    _, outputs = service(world).create(inputs("blue"))
    with pytest.raises(InvalidInput, match=r"capacity\.releases\.blue"):
        service(world).update(outputs, inputs("blue", blue=2))
    assert versions(world, "blue") == ["1.0.0", "1.0.0"]


def test_a_release_of_the_idle_color_is_brought_when_it_is_promoted(world):
    _, outputs = service(world).create(inputs("blue"))
    outputs = service(world).update(outputs, inputs("blue", green=2))
    assert versions(world, "green") == ["1.0.0", "1.0.0"]
    outputs = service(world).update(outputs, inputs("green", green=2))
    assert (world.pool(), versions(world, "green")) == ("green", ["2.0.0", "2.0.0"])


def test_a_commit_reverted_moves_traffic_back_and_brings_nothing(world):
    _, outputs = service(world).create(inputs("blue"))
    outputs = service(world).update(outputs, inputs("green", green=2))
    outputs = service(world).update(outputs, inputs("blue"))
    assert outputs["history"][0]["outcome"] == "rolled_back"
    assert (world.pool(), versions(world, "green")) == ("blue", ["2.0.0", "2.0.0"])
    outputs = service(world).update(outputs, inputs("green", green=3))
    assert versions(world, "green") == ["3.0.0", "3.0.0"]


def test_a_release_that_is_never_well_gets_no_request_and_the_next_one_does(world):
    _, outputs = service(world).create(inputs("blue"))
    world.azure.plane.well = False
    with pytest.raises(SwapFailed, match="unhealthy"):
        service(world).update(outputs, inputs("green", green=9, steady_state_timeout_seconds=60))
    assert set(world.seen) == {"blue"}
    world.azure.plane.well = True
    outputs = service(world).update(outputs, inputs("green", green=3))
    assert (world.pool(), versions(world, "green")) == ("green", ["3.0.0", "3.0.0"])


def test_traffic_that_somebody_moved_is_drift_and_is_put_right(world):
    _, outputs = service(world).create(inputs("blue"))
    world.lead("white")
    difference = service(world).diff(outputs, inputs("blue"))
    assert difference.changes
    outputs = service(world).update(outputs, inputs("blue"))
    assert (world.pool(), outputs["history"][0]["outcome"]) == ("blue", "healed")


def test_a_destroy_leaves_requests_as_they_are_and_no_tag_of_the_swap(world):
    world.autoscale("blue", 1, 4)
    _, outputs = service(world).create(inputs("blue"))
    outputs = service(world).update(outputs, inputs("green", green=2))
    service(world).delete({**inputs("green", green=2), **outputs})
    assert (world.pool(), world.tags()) == ("green", {"team": "orders"})
    for color in ("blue", "green"):
        assert world.tags(f"{SETS}/{color}") == {"team": "orders"}


def test_steps_are_refused_by_name():
    steps = {"strategy": {"steps": [{"weight_percent": 10, "hold_seconds": 1}]}}
    for section in (workshop.section(), workshop.balancer_section()):
        problems = SwapService().check({}, inputs("blue", router=section, **steps))[1]
        assert [problem.field for problem in problems] == ["strategy.steps"]
