"""Within one pass ECS and its autoscaling are read once, and nothing that comes later goes by an earlier answer."""

from __future__ import annotations

import boto3
import pytest

from bluegreen.aws.ecs import sight as ecs_sight
from bluegreen.aws.ecs.live_autoscaling import MADE_TAG
from bluegreen.platforms import just_read
from bluegreen.rollout.calls import counted
from tests.capacity import test_retirements_by_name as retirements
from tests.capacity.test_retirements_by_name import OWN, account, ecs_actions, of_ecs, services

__all__ = ["account"]
FIND, SERVICES = "application-autoscaling:DescribeScalableTargets", "ecs:DescribeServices"
HELD = {**retirements.AWAKE, "DynamicScalingInSuspended": True}


@pytest.fixture
def capacity(account):
    services()
    return of_ecs()


def count(call, *operations):
    calls = []
    with counted(calls.append):
        for operation in operations:
            operation()
    return calls.count(call)


def targets():
    found = boto3.client("application-autoscaling").describe_scalable_targets(ServiceNamespace="ecs")
    return {one["ResourceId"].rpartition("-")[2]: one for one in found["ScalableTargets"]}


def own():
    return targets()["blue"]


def start(capacity, color="blue"):
    return [lambda: capacity.cancel_retirement(color), lambda: capacity.preflight(color, 3), capacity.suspend_scale_in]


@pytest.mark.parametrize("color", ["blue", "green"])
def test_what_keep_has_found_is_what_is_rehearsed_and_held(capacity, color):
    assert count(FIND, *start(capacity, color)) == 1
    assert own()["SuspendedState"]["DynamicScalingInSuspended"], "whichever color was looked for"


def test_what_a_retirement_has_found_of_the_other_color_is_released(capacity):
    capacity.suspend_scale_in()
    assert count(FIND, lambda: capacity.retire("green", 0, 600), lambda: capacity.resume_scaling(["blue"])) == 1
    assert not own()["SuspendedState"]["DynamicScalingInSuspended"]


@pytest.mark.parametrize("serving", [["blue"], ["blue", "green"]])
def test_a_color_that_was_about_to_retire_is_looked_for_anew(capacity, serving):
    assert count(FIND, lambda: capacity.retire("blue", 0, 600), lambda: capacity.resume_scaling(serving)) == 2
    assert ecs_actions() == []


def test_a_target_that_keep_has_removed_is_known_to_be_gone(capacity, account):
    capacity.retire("green", 0, 600)
    account[targets()["green"]["ScalableTargetARN"]] = {MADE_TAG: "green"}  # as it was made; moto forgets that
    assert count(FIND, *start(of_ecs(), "green")) == 1
    assert set(targets()) == {"blue"}


@pytest.mark.parametrize(
    "first", ["keep", "hold"], ids=["the end of a rollback without a retirement", "the end of a long promotion"]
)
def test_the_end_of_a_swap_looks_for_itself(capacity, first):
    capacity.cancel_retirement("blue") if first == "keep" else [step() for step in start(capacity)]
    boto3.client("application-autoscaling").register_scalable_target(**OWN, SuspendedState=HELD)
    assert count(FIND, lambda: capacity.resume_scaling(["blue"])) == 1


def test_time_makes_it_old(capacity, monkeypatch):
    for module in (ecs_sight, just_read):
        monkeypatch.setattr(module, "_FRESH_SECONDS", 0)
    assert count(FIND, *start(capacity)) == 3
    assert count(SERVICES, capacity.read, lambda: capacity.ready("blue")) == 2


def test_whether_a_color_is_ready_is_told_by_what_was_read_right_before_and_once(capacity):
    assert count(SERVICES, capacity.read, lambda: capacity.ready("blue")) == 1
    assert count(SERVICES, lambda: capacity.ready("blue")) == 1


@pytest.mark.parametrize("between", range(4))
def test_whatever_is_done_in_between_has_a_color_asked_about_again(capacity, between):
    done = [
        lambda: capacity.cancel_retirement("blue"),
        lambda: capacity.prepare("blue", 4),
        capacity.suspend_scale_in,
        lambda: capacity.ready("green"),
    ][between]
    capacity.read()
    done()
    assert count(SERVICES, lambda: capacity.ready("blue")) == 1


def test_what_a_rollback_has_found_is_where_it_hands_the_retirement_over(capacity):
    back = [lambda: capacity.cancel_retirement("blue"), capacity.read, lambda: capacity.ready("blue")]
    assert count(FIND, *back, lambda: capacity.retire("green", 0, 600), lambda: capacity.resume_scaling(["blue"])) == 1
    assert set(targets()) == {"blue", "green"}
    assert ecs_actions() == ["bluegreen-retire"]


def test_a_color_that_was_kept_itself_is_looked_for_anew_when_it_retires(capacity):
    assert count(FIND, lambda: capacity.cancel_retirement("blue"), lambda: capacity.retire("blue", 0, 600)) == 2


def test_what_was_suspended_in_this_update_is_lifted_whoever_has_taken_the_tag(capacity, account):
    capacity.suspend_scale_in()
    account.clear()
    capacity.resume_scaling(["blue"])
    assert not own()["SuspendedState"]["DynamicScalingInSuspended"]


def test_what_its_owner_has_suspended_stays(capacity):
    boto3.client("application-autoscaling").register_scalable_target(**OWN, SuspendedState=HELD)
    capacity.suspend_scale_in()
    capacity.resume_scaling(["blue"])
    assert own()["SuspendedState"]["DynamicScalingInSuspended"]


def test_how_many_tasks_a_color_has_that_is_left_is_what_a_rollback_has_just_read(capacity, monkeypatch):
    back = [capacity.read, lambda: capacity.ready("blue"), lambda: capacity.retire("green", 0, 600)]
    assert count(SERVICES, *back) == 1
    assert targets()["green"]["MaxCapacity"] == 3
    assert count(SERVICES, lambda: capacity.retire("blue", 0, 600)) == 1, "once"
    capacity.read()
    capacity.prepare("green", 4)
    assert count(SERVICES, lambda: capacity.retire("green", 0, 600)) == 1, "and not after another size was asked for"
    monkeypatch.setattr(just_read, "_FRESH_SECONDS", 0)
    assert count(SERVICES, capacity.read, lambda: capacity.retire("green", 0, 600)) == 2
