"""A promotion of instance groups behind a URL map ends at any of its calls; the next update puts all right."""

from __future__ import annotations

import pytest

from bluegreen.rollout.clock import FakeClock
from bluegreen.rollout.errors import SwapFailed
from bluegreen.swap.service import SwapService
from tests.amounts import stride
from tests.routers import url_map_workshop as workshop
from tests.routers.url_map_workshop import Hands

pytestmark = pytest.mark.sweep


class Killed(BaseException):
    """The process ended."""


def inputs(hands, active, green=2, **more):
    """A swap that brings green's template and scales in what rests."""
    return {
        "name": "web",
        "active_color": active,
        "releases": {"blue": "v1", "green": f"v{green}"},
        "router": workshop.section(hands.balancer),
        "capacity": workshop.capacity_section(hands.balancer, templates=workshop.templates(green=green)),
        "strategy": {"steps": [{"weight_percent": 10, "hold_seconds": 1}]},
        "scale_down_delay_seconds": 0,
        "propagation_seconds": 0,
        **more,
    }


def started(world, clock):
    hands = Hands(workshop.build(world.google))
    hands.release("green", 2)
    for color in ("blue", "green"):
        hands.autoscale(color, 2, 4)
    _, outputs = SwapService(clock=clock).create(inputs(hands, "blue", green=1))
    return hands, outputs


def ends_at(world, number, when):
    asked = []

    def kill(_verb, _path):
        if number is not None and len(asked) == number + (when == "after"):
            asked.append("")
            raise Killed
        asked.append("")

    world.before.append(kill)
    return asked


def over(hands, live):
    """What is true once a swap is over: the live color has its autoscaler, the other one rests."""
    rests = "green" if live == "blue" else "blue"
    hands.balancer.google.settle()
    assert hands.balancer.weights() == {live: 100}
    assert (hands.size(live), hands.size(rests)) == (2, 0)
    assert (hands.mode(live), hands.mode(rests)) == ("ON", "OFF")
    assert hands.scaler(live)["description"] == "theirs"
    assert hands.words(rests) == ""


def killed(at_once, number, when):
    """A promotion that ends at a call, the next update, and a rollback that ends there."""
    clock, counts = FakeClock(), []
    with workshop.running(at_once=at_once) as world:
        hands, outputs = started(world, clock)
        for live in ("green", "blue"):
            asked = ends_at(world, number, when)
            try:
                outputs = SwapService(clock=clock).update(outputs, inputs(hands, live))
            except Killed:
                world.before.clear()
                served = hands.balancer.weights()
                assert set(served) <= {"blue", "green"}
                assert all(hands.templates(color) for color in served)
                clock.sleep(4000)  # until nobody may think that the other one runs on
                world.google.settle()
                outputs = SwapService(clock=clock).update(outputs, inputs(hands, live))
            world.before.clear()
            counts.append(len(asked))
            assert outputs["live_color"] == live, number
            over(hands, live)
            if live == "green":
                assert hands.templates("green") == ["v2", "v2"]
            assert not SwapService(clock=clock).diff(outputs, inputs(hands, live)).changes, number
    return max(counts)


@pytest.mark.parametrize("at_once", [True, False], ids=["at once", "in its time"])
def test_a_swap_is_taken_up_wherever_it_ended(at_once):
    calls = killed(at_once, None, "")
    assert calls > 20
    for turn, number in enumerate(range(0, calls, stride(11))):
        killed(at_once, number, ("before", "after")[turn % 2])


def test_a_template_whose_instances_never_start_gets_no_requests():
    clock = FakeClock()
    with workshop.running() as world:
        hands, outputs = started(world, clock)
        world.google.compute.groups.stuck.add("web-green-v2")
        with pytest.raises(SwapFailed, match=r"web-green: 0 of 2 instances are well; 2 creating"):
            SwapService(clock=clock).update(outputs, inputs(hands, "green"))
        assert hands.balancer.weights() == {"blue": 100}
        assert hands.mode("blue") == "ON"


def test_a_failed_gate_restores_and_leaves_the_live_color_its_autoscaler():
    clock = FakeClock()
    with workshop.running() as world:
        hands, outputs = started(world, clock)
        gate = {"kind": "command", "command": ["false"]}
        with pytest.raises(SwapFailed, match="command false"):
            SwapService(clock=clock).update(outputs, inputs(hands, "green", gates=[gate]))
        world.google.settle()
        assert hands.balancer.weights() == {"blue": 100}
        assert hands.mode("blue") == "ON"
