"""A reading of two groups that was just made is not repeated, and nothing that comes later relies on it."""

from __future__ import annotations

import pytest

from bluegreen.aws.asg.capacity import AsgCapacity
from bluegreen.platforms import just_read
from bluegreen.rollout.calls import counted
from tests.capacity.test_retirements_by_name import AWS, account, groups

__all__ = ["account"]
FIND = "autoscaling:DescribeAutoScalingGroups"


@pytest.fixture
def capacity(account):
    return AsgCapacity({"blue": "g-blue", "green": "g-green"}, groups(), 3, aws=AWS)


def finds(*operations):
    calls = []
    with counted(calls.append):
        for operation in operations:
            operation()
    return calls.count(FIND)


@pytest.mark.parametrize("next_one", ["ready", "preflight"])
def test_what_was_read_is_told_to_the_next_question_and_once(capacity, next_one):
    ask = {"ready": lambda: capacity.ready("blue"), "preflight": lambda: capacity.preflight("blue", 3)}[next_one]
    assert finds(capacity.read, ask) == 1
    assert finds(ask) == 1


def test_time_makes_it_old(capacity, monkeypatch):
    monkeypatch.setattr(just_read, "_FRESH_SECONDS", 0)
    assert finds(capacity.read, lambda: capacity.ready("blue")) == 2


@pytest.mark.parametrize(
    "between",
    [
        lambda capacity: capacity.cancel_retirement("blue"),
        lambda capacity: capacity.prepare("blue", 4),
        AsgCapacity.suspend_scale_in,
        lambda capacity: capacity.resume_scaling(["blue"]),
        lambda capacity: capacity.preflight("green", 3),
        lambda capacity: capacity.retire("green", 0, 600),
        AsgCapacity.delete,
    ],
)
def test_whatever_is_done_in_between_has_a_color_asked_about_again(capacity, between):
    capacity.read()
    between(capacity)
    assert finds(lambda: capacity.ready("blue")) == 1


def test_what_was_rehearsed_is_what_is_held(capacity):
    assert finds(capacity.read, lambda: capacity.preflight("blue", 3), capacity.suspend_scale_in) == 1
    assert finds(capacity.suspend_scale_in) == 1, "once"
