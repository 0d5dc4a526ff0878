"""Scheduled scaling of an ECS service: the actions are the live color's, and so is the range that they set."""

from __future__ import annotations

import boto3
import pulumi
import pytest

from bluegreen.aws import EcsService
from bluegreen.aws.ranges import Range
from tests.aws import mocked
from tests.aws.test_ecs_provider_args import SHORTEST, of
from tests.capacity.test_retirements_by_name import account, of_ecs, services

__all__ = ["account"]
ACTION, TARGET = "aws:appautoscaling/scheduledAction:ScheduledAction", "aws:appautoscaling/target:Target"
MORNING = {"name": "morning", "schedule": "cron(0 8 * * ? *)", "timezone": "Europe/Berlin", "min_capacity": 4}
EVENING = {"name": "evening", "schedule": "cron(0 20 * * ? *)", "min_capacity": 2, "max_capacity": 10}
AUTOSCALING = {"min_capacity": 2, "max_capacity": 10, "target_cpu_percent": 60, "scheduled": [MORNING, EVENING]}


def declared(**more):
    recorder, _ = mocked.run(lambda: EcsService("web", **{**SHORTEST, "autoscaling": AUTOSCALING, **more}))
    return recorder.resources


def refusal(action):
    with pytest.raises(pulumi.RunError) as refused:
        declared(autoscaling={"min_capacity": 2, "max_capacity": 10, "scheduled": [action]})
    assert "nothing was written" in str(refused.value)
    return str(refused.value)


@pytest.mark.parametrize(("active", "idle"), [("blue", "green"), ("green", "blue")])
def test_the_active_color_alone_has_the_actions_beside_what_it_scales_by(active, idle):
    resources = declared(active_color=active)
    actions = of(resources, ACTION)
    assert set(actions) == {f"web-{active}-morning", f"web-{active}-evening"}
    morning = actions[f"web-{active}-morning"]
    assert (morning["name"], morning["schedule"], morning["timezone"]) == (
        "morning",
        "cron(0 8 * * ? *)",
        "Europe/Berlin",
    )
    assert morning["scalableTargetAction"] == {"minCapacity": 4}
    assert morning["resourceId"] == of(resources, TARGET)[f"web-{active}"]["resourceId"]
    assert len(of(resources, "aws:appautoscaling/policy:Policy")) == 2, "both scale by their load"
    (swap,) = [one.inputs for one in resources if "TrafficSwap" in one.type]
    assert swap["capacity"]["scheduled_actions"] == ["morning", "evening"]
    assert swap["capacity"]["autoscaling"] == {"min_capacity": 2, "max_capacity": 10}
    resting = of(resources, TARGET)[f"web-{idle}"]
    assert resting["tags"]["bluegreen:range"] == "2-10", "it is made as a swap leaves a color at rest"
    assert resting["suspendedState"] == {"dynamicScalingInSuspended": True}
    assert "tags" not in of(resources, TARGET)[f"web-{active}"]


def test_both_have_them_where_a_promotion_pauses_between_them():
    actions = of(declared(active_color="green", promote_to_percent=10), ACTION)
    assert set(actions) == {f"web-{color}-{name}" for color in ("blue", "green") for name in ("morning", "evening")}
    assert set(of(declared(promote_to_percent=100), ACTION)) == {"web-blue-morning", "web-blue-evening"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"schedule": "at(2030-01-01T00:00:00)"}, "autoscaling.scheduled[0].schedule: "),
        ({"min_capacity": 0}, "autoscaling.scheduled[0].min_capacity: 0 is not allowed"),
        ({"min_capacity": None}, "autoscaling.scheduled[0].min_capacity: None is not allowed"),
        ({"max_capacity": 3}, "autoscaling.scheduled[0].max_capacity: 3 is not allowed"),
        ({"name": "bluegreen-retire"}, "autoscaling.scheduled[0].name: 'bluegreen-retire' is not allowed"),
        ({"name": None}, "autoscaling.scheduled[0].name: "),
        ({"every": "day"}, "autoscaling.scheduled[0].every: "),
    ],
)
def test_an_action_that_could_not_be_or_would_take_the_last_task_is_refused(changes, said):
    given = {key: value for key, value in {**MORNING, **changes}.items() if value is not None}
    assert said in refusal(given)


def test_two_actions_of_one_name_are_refused():
    with pytest.raises(pulumi.RunError, match=r"autoscaling.scheduled\[1\].name"):
        declared(autoscaling={**AUTOSCALING, "scheduled": [MORNING, MORNING]})


# -- the swap, on an account


def register(color, low, high, **more):
    boto3.client("application-autoscaling").register_scalable_target(
        ServiceNamespace="ecs",
        ResourceId=f"service/c/web-{color}",
        ScalableDimension="ecs:service:DesiredCount",
        MinCapacity=low,
        MaxCapacity=high,
        **more,
    )


def ranges():
    found = boto3.client("application-autoscaling").describe_scalable_targets(ServiceNamespace="ecs")
    return {
        one["ResourceId"].rpartition("-")[2]: (one["MinCapacity"], one["MaxCapacity"])
        for one in found["ScalableTargets"]
    }


@pytest.fixture
def capacity(account):
    services()
    capacity = of_ecs()
    capacity.autoscaling, capacity.scheduled_actions = Range(2, 10), ("morning", "evening")
    return capacity


def test_a_range_that_an_action_has_set_stays_and_goes_with_the_traffic(capacity):
    register("blue", 4, 10)  # in the morning
    register("green", 0, 10)  # as it was made
    capacity.resume_scaling(["blue"])
    assert ranges()["blue"] == (4, 10), "no update sets it back to the declared one"
    capacity.suspend_scale_in()
    capacity.cancel_retirement("green")
    capacity.retire("blue", 0, 0)
    capacity.resume_scaling(["green"])
    assert ranges()["green"] == (4, 10), "the promoted color has what the live one had"
    assert ranges()["blue"] == (0, 0)


def test_without_a_live_color_it_is_the_declared_one(capacity):
    register("blue", 0, 10)
    register("green", 0, 10)
    capacity.cancel_retirement("blue")
    assert ranges()["blue"] == (2, 10)


def test_the_stacks_own_actions_are_not_told_as_somebody_elses(capacity):
    register("blue", 2, 10)
    for name in ("morning", "noon"):
        boto3.client("application-autoscaling").put_scheduled_action(
            ServiceNamespace="ecs",
            ResourceId="service/c/web-blue",
            ScalableDimension="ecs:service:DesiredCount",
            ScheduledActionName=name,
            Schedule="cron(0 8 * * ? *)",
            ScalableTargetAction={"MinCapacity": 4},
        )
    (told,) = capacity.others_plans("blue")
    assert "noon" in told
