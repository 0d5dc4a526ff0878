"""Auto Scaling groups: ranges held and given back, retirements handed over, cancelled, fired; killed in between."""

from __future__ import annotations

import itertools

import pytest

from bluegreen.aws.ranges import Range
from bluegreen.rollout.calls import counted

DECLARED = {"declared": {"autoscaling": Range(1, 4)}, "the group's own": {}}


@pytest.fixture(params=DECLARED.values(), ids=DECLARED)
def range_of(request):
    return request.param


def test_a_held_group_grows_and_does_not_shrink_and_gets_its_range_back(either, range_of):
    either.range_is("blue", 1, 4, 2)
    either.range_is("green", 0, 4, 0)
    either.capacity(**range_of).suspend_scale_in()
    assert either.sizes("blue") == (2, 2, 4), "an alarm may take it to 4, and to nothing below 2"
    either.capacity(**range_of).prepare("green", 2)
    assert either.sizes("green") == (2, 2, 4)
    either.set("blue", DesiredCapacity=3)
    either.capacity(**range_of).suspend_scale_in()
    assert either.sizes("blue") == (3, 3, 4)
    either.capacity(**range_of).resume_scaling(["blue"])
    assert either.sizes("blue") == (1, 3, 4)
    assert either.sizes("green") == (2, 2, 4), "a color at rest keeps its size"
    assert either.tags("blue") == {}


def test_the_declared_range_is_given_whatever_was_there(either):
    either.range_is("blue", 0, 9, 3)
    either.capacity(autoscaling=Range(2, 5)).resume_scaling(["blue"])
    assert either.sizes("blue") == (2, 3, 5)


def test_a_range_of_its_own_is_never_given_back_over_the_heads_of_instances(either):
    """Green's own maximum is lower than what blue needs by now."""
    either.range_is("green", 1, 2, 1)
    either.capacity().prepare("green", 4)
    either.capacity().resume_scaling(["green"])
    assert either.sizes("green") == (1, 4, 4)


def test_a_group_of_one_size_keeps_the_size_that_it_has(either):
    either.range_is("blue", 2, 2, 2)
    either.range_is("green", 0, 0, 0)
    capacity = either.capacity()
    capacity.prepare("green", 2)
    capacity.retire("blue", 0, 0)
    capacity.resume_scaling(["green"])
    assert either.sizes("green") == (2, 2, 2)
    assert either.sizes("blue") == (0, 0, 0)
    assert either.tags("green") == {}


def test_a_rehearsal_changes_nothing(either, range_of):
    either.range_is("green", 0, 4, 1)
    either.capacity(**range_of).preflight("green", 1)
    assert either.sizes("green") == (0, 1, 4)
    either.is_untouched("green", 0, 4)


def test_a_retirement_is_handed_over_and_cancelled(either, range_of):
    either.range_is("blue", 1, 4, 2)
    assert "blue is scaled to 0 at " in either.capacity(**range_of).retire("blue", 0, 600)
    assert either.actions("blue") == {"bluegreen-retire": (0, 0, 0)}
    assert either.sizes("blue") == (2, 2, 4), "until then nothing takes an instance"
    either.capacity(**range_of).cancel_retirement("blue")
    assert either.actions("blue") == {}
    assert either.sizes("blue") == (2, 2, 4)
    either.capacity(**range_of).resume_scaling(["blue"])
    either.is_untouched("blue", 1, 4)


def test_a_retirement_happens_by_itself(groups, range_of):
    """The emulator's front runs scheduled actions; that it does so as AWS does is AWS' documentation."""
    groups.range_is("blue", 1, 4, 2)
    groups.capacity(**range_of).retire("blue", 0, 600)
    groups.front.missing.run_due(within_seconds=601)
    assert groups.sizes("blue") == (0, 0, 0)
    groups.capacity(**range_of).resume_scaling(["green"])
    assert groups.sizes("blue") == (0, 0, 0), "at rest it stays at rest"
    groups.capacity(**range_of).cancel_retirement("blue")
    assert groups.sizes("blue") == (0, 0, 4), "nothing starts before it is asked for"
    groups.capacity(**range_of).prepare("blue", 2)
    groups.capacity(**range_of).resume_scaling(["blue"])
    assert groups.sizes("blue") == (1, 2, 4)
    groups.is_untouched("blue", 1, 4)


def test_a_retirement_long_due_does_not_come_back(groups):
    groups.range_is("blue", 1, 4, 2)
    groups.capacity().retire("blue", 0, 600)
    groups.front.missing.run_due(within_seconds=601)
    groups.capacity().prepare("blue", 2)
    groups.front.missing.run_due(within_seconds=601)
    assert groups.sizes("blue") == (2, 2, 4)


def test_no_delay_takes_the_place_of_a_retirement_that_waits(either, range_of):
    either.range_is("blue", 1, 4, 3)
    either.capacity(**range_of).retire("blue", 0, 600)
    assert either.capacity(**range_of).retire("blue", 1, 0) == "blue is scaled to 1"
    assert either.sizes("blue") == (1, 1, 1)
    assert either.actions("blue") == {}, "nothing may take the last instance later"
    either.capacity(**range_of).cancel_retirement("blue")
    either.capacity(**range_of).resume_scaling(["blue"])
    either.is_untouched("blue", 1, 4)


def test_a_color_that_is_small_enough_needs_nothing(either):
    assert either.capacity().retire("green", 1, 600) == "green is at 0 already"
    assert either.actions("green") == {}


def test_a_live_color_is_not_about_to_retire(either, range_of):
    either.range_is("blue", 1, 4, 2)
    either.capacity(**range_of).retire("blue", 0, 600)
    either.capacity(**range_of).resume_scaling(["blue"])
    either.is_untouched("blue", 1, 4)


def test_beside_a_warm_pool_the_maximum_stays_since_the_pool_is_as_large_as_the_room_below_it(either, range_of):
    either.range_is("blue", 1, 4, 2)
    reuse = {"ReuseOnScaleIn": True}
    either.api.put_warm_pool(AutoScalingGroupName=either.names["blue"], MinSize=1, InstanceReusePolicy=reuse)
    either.capacity(**range_of).retire("blue", 0, 600)
    assert either.actions("blue") == {"bluegreen-retire": (0, 0, 4)}
    either.capacity(**range_of).retire("blue", 0, 0)
    assert either.sizes("blue") == (0, 0, 4)


def test_a_retirement_that_somebody_keeps_from_happening_is_told(either):
    either.api.suspend_processes(AutoScalingGroupName=either.names["blue"], ScalingProcesses=["ScheduledActions"])
    assert "once its process ScheduledActions is resumed" in either.capacity().retire("blue", 0, 600)


def test_what_is_deleted_leaves_nothing_behind_and_starts_nothing(either):
    either.range_is("blue", 2, 4, 3)
    either.capacity().retire("blue", 0, 600)
    either.capacity().delete()
    either.is_untouched("blue", 2, 4)
    either.capacity().retire("blue", 0, 0)
    either.capacity().delete()
    assert either.sizes("blue") == (0, 0, 4)
    assert either.tags("blue") == {}


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


def promotion(capacity):
    """Of green, whose retirement is pending, as far as the groups see it."""
    capacity.cancel_retirement("green")
    capacity.preflight("green", capacity.read()["green"].desired)
    capacity.suspend_scale_in()
    capacity.prepare("green", 3)
    capacity.retire("blue", 0, 600)
    capacity.resume_scaling(["green"])


def test_a_kill_at_any_call_leaves_nothing_that_the_next_swap_does_not_put_right(groups):
    """With the groups' own ranges, which takes more calls: what is noted has to be given back."""
    for number in range(200):
        for color in ("blue", "green"):
            groups.range_is(color, 1, 4, 2)
        groups.capacity().retire("green", 0, 600)
        killed = killed_at(number, lambda: promotion(groups.capacity()))
        assert groups.sizes("blue")[1] == 2, f"after call {number}"
        after = groups.capacity()
        for color in ("blue", "green"):
            after.cancel_retirement(color)
            after.prepare(color, 2)
        after.resume_scaling(["blue", "green"])
        for color in ("blue", "green"):
            groups.is_untouched(color, 1, 4)
            assert groups.sizes(color)[1] == 2, f"after call {number}"
        if not killed:
            break
    assert number > 15
