"""Retirements: handed over, cancelled, fired; killed in between."""

from __future__ import annotations

import itertools

import boto3
import pytest

from bluegreen.rollout.calls import counted
from tests.capacity.services import another, calls_of, retired_by_itself, until


def test_a_retirement_happens_by_itself_and_another_is_cancelled(capacity, scaling):
    until(lambda: capacity.ready("blue").ready, True)
    assert "is scaled to 0 at " in capacity.retire("blue", 0, 600)
    capacity.cancel_retirement("blue")
    assert scaling.target("blue") is None
    assert scaling.actions("blue") == {}
    capacity.retire("blue", 0, 2)
    retired_by_itself(capacity, scaling, "blue", 0)
    capacity.cancel_retirement("blue")
    capacity.prepare("blue", 1)
    until(lambda: capacity.ready("blue").ready, True)


def test_no_delay_scales_at_once(capacity, scaling):
    capacity.prepare("blue", 3)
    assert capacity.retire("blue", 1, 0) == "blue is scaled to 1"
    assert capacity.read()["blue"].desired == 1
    assert scaling.target("blue") is None


def test_no_delay_takes_the_place_of_a_retirement_that_waits(capacity, scaling):
    capacity.prepare("blue", 3)
    capacity.retire("blue", 0, 600)
    capacity.retire("blue", 1, 0)
    assert scaling.target("blue") is None, "nothing may take the last task later"


def test_a_color_that_is_small_enough_needs_nothing(capacity, scaling):
    scaling.register("blue")
    for delay in (0, 600):
        calls = calls_of(lambda after=delay: capacity.retire("blue", 1, after))
        assert calls == ["DescribeServices"]
    assert capacity.retire("green", 1, 600) == "green is at 0 already"


def test_a_swap_keeps_both_colors_ranges_and_policies_and_suspends_scale_in_meanwhile(capacity, scaling):
    for color in ("blue", "green"):
        scaling.register(color)
        scaling.policy(color)
    capacity.cancel_retirement("green")
    capacity.preflight("green", 0)
    capacity.suspend_scale_in()
    assert [scaling.suspended(color) for color in ("blue", "green")] == [["DynamicScalingIn"], ["DynamicScalingIn"]]
    capacity.retire("blue", 0, 600)
    capacity.resume_scaling(["green"])
    scaling.is_untouched("green")
    assert scaling.range("blue") == (1, 4)
    assert scaling.suspended("blue") == ["DynamicScalingIn"], "it keeps its size although it has no load any more"
    assert scaling.actions("blue") == {"bluegreen-retire": {"MinCapacity": 0, "MaxCapacity": 0}}
    # The rollback, within the delay.
    capacity.cancel_retirement("blue")
    assert capacity.read()["blue"].desired == 1
    capacity.suspend_scale_in()
    capacity.retire("green", 0, 600)
    capacity.resume_scaling(["blue"])
    scaling.is_untouched("blue")
    assert scaling.range("green") == (1, 4)
    assert [scaling.policies(color) for color in ("blue", "green")] == [["cpu"], ["cpu"]]


def test_a_retirement_with_autoscaling_happens_by_itself_and_the_range_is_given_back(capacity, scaling):
    capacity.prepare("blue", 3)
    scaling.register("blue", 2, 5)
    capacity.retire("blue", 1, 2)
    retired_by_itself(capacity, scaling, "blue", 1)
    assert scaling.range("blue") == (1, 1)
    another(capacity).resume_scaling(["green"])
    assert scaling.range("blue") == (1, 1), "at rest it stays at rest"
    another(capacity).cancel_retirement("blue")
    another(capacity).resume_scaling(["blue"])
    scaling.is_untouched("blue", (2, 5))


def test_a_retirement_at_once_is_not_undone_by_autoscaling(capacity, scaling):
    scaling.register("blue")
    capacity.retire("blue", 0, 0)
    assert (scaling.range("blue"), capacity.read()["blue"].desired) == ((0, 0), 0)
    # Whoever scales up without a word before gets a range that allows it.
    another(capacity).prepare("blue", 1)
    assert (scaling.range("blue"), capacity.read()["blue"].desired) == ((1, 4), 1)


def test_a_second_retirement_remembers_the_first_range_and_cancels_what_waits(capacity, scaling):
    capacity.prepare("blue", 4)
    scaling.register("blue")
    capacity.retire("blue", 2, 600)
    capacity.retire("blue", 1, 0)
    assert scaling.actions("blue") == {}
    capacity.cancel_retirement("blue")
    capacity.resume_scaling(["blue"])
    scaling.is_untouched("blue")


def test_after_a_kill_the_next_swap_resumes_scaling(capacity, scaling):
    scaling.register("blue")
    scaling.register("green")
    capacity.suspend_scale_in()
    another(capacity).resume_scaling(["blue"])
    scaling.is_untouched("blue")
    assert scaling.suspended("green") == ["DynamicScalingIn"], "a color at rest keeps its size"
    another(capacity).resume_scaling(["blue", "green"])
    scaling.is_untouched("green")


class Killed(BaseException):
    """Nobody catches it, as nobody catches a SIGKILL."""


def killed_at(number, program):
    """Run the program up to its call of that number; whether it got that far."""
    left = itertools.count(number, -1)

    def listener(_):
        if next(left) == 0:
            raise Killed

    with counted(listener):
        try:
            program()
        except Killed:
            return True
    return False


def forth_and_back(capacity):
    """A promotion of green and the way back, as far as autoscaling sees them."""
    for live, idle in (("green", "blue"), ("blue", "green")):
        capacity.cancel_retirement(live)
        capacity.preflight(live, capacity.read()[live].desired)
        capacity.suspend_scale_in()
        capacity.retire(idle, 0, 600 if idle == "blue" else 0)
        capacity.resume_scaling([live])


@pytest.mark.parametrize("whose", ["own", "nobody's"])
def test_a_kill_at_any_call_leaves_nothing_that_the_next_swap_does_not_put_right(capacity, scaling, whose):
    for number in range(200):
        for color in ("blue", "green") if whose == "own" else ():
            scaling.register(color)
        boto3.client("ecs").update_service(cluster="capacity", service=capacity.services["green"], desiredCount=1)
        killed = killed_at(number, lambda: forth_and_back(another(capacity)))
        for color in ("blue", "green", "blue"):  # whichever color is next
            after = another(capacity)
            after.cancel_retirement(color)
            after.suspend_scale_in()
            after.resume_scaling(["blue", "green"])
        for color in ("blue", "green"):
            # A rehearsal's action may be left: it is far away, and replaced by the next rehearsal.
            another(capacity).preflight(color, 1)
            if whose == "own":
                scaling.is_untouched(color)
            else:
                assert scaling.target(color) is None, f"after call {number}"
        if not killed:
            break
    assert number > 10


def test_a_live_color_is_not_about_to_retire(capacity, scaling):
    capacity.retire("blue", 0, 600)
    capacity.resume_scaling(["blue"])
    assert scaling.target("blue") is None
    scaling.register("blue")
    capacity.retire("blue", 0, 600)
    capacity.resume_scaling(["blue"])
    scaling.is_untouched("blue")
