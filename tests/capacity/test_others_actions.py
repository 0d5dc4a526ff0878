"""The effects of somebody else's scheduled actions on a color at rest, in the preview of the swap before."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import boto3
import pytest

from bluegreen.aws.asg.capacity import AsgCapacity
from bluegreen.aws.others_actions import warnings_of
from bluegreen.memory.capacity import MemoryCapacity
from bluegreen.memory.router import WORLDS
from bluegreen.rollout.clock import FakeClock
from bluegreen.rollout.errors import PlatformError
from bluegreen.swap.resting import others_plans
from bluegreen.swap.service import SwapService
from tests.capacity.test_retirements_by_name import AWS, OWN, account, groups, of_ecs, services

__all__ = ["account"]
MORNINGS = {"ScheduledActionName": "mornings", "Recurrence": "0 8 * * 1-5"}


def asg():
    return AsgCapacity({"blue": "g-blue", "green": "g-green"}, groups(), 3, aws=AWS)


def put(**sizes):
    boto3.client("autoscaling").put_scheduled_update_group_action(AutoScalingGroupName="g-blue", **MORNINGS, **sizes)


@pytest.mark.usefixtures("account")
@pytest.mark.parametrize(
    ("sizes", "sets"),
    [
        ({"MinSize": 2, "MaxSize": 8, "DesiredCapacity": 4}, "minimum 2, desired capacity 4, maximum 8"),
        ({"MinSize": 0, "MaxSize": 0}, "minimum 0, maximum 0"),
    ],
)
def test_of_a_group_it_is_said_by_its_name_with_when_and_what(sizes, sets):
    capacity = asg()
    put(**sizes)
    (said,) = capacity.others_plans("blue")
    assert f"group g-blue has the scheduled action mornings of somebody else (0 8 * * 1-5: {sets})" in said
    assert capacity.others_plans("green") == []


@pytest.mark.usefixtures("account")
def test_of_a_service_it_is_said_too():
    services()
    boto3.client("application-autoscaling").put_scheduled_action(
        **OWN,
        ScheduledActionName="mornings",
        Schedule="cron(0 8 * * ? *)",
        ScalableTargetAction={"MinCapacity": 4, "MaxCapacity": 9},
    )
    (said,) = of_ecs().others_plans("blue")
    assert "service web-blue has the scheduled action mornings of somebody else" in said
    assert "(cron(0 8 * * ? *): minimum 4, maximum 9)" in said


@pytest.mark.usefixtures("account")
def test_a_retirement_of_its_own_is_none_of_somebody_elses():
    capacity = asg()
    capacity.retire("blue", 0, 600)
    assert capacity.others_plans("blue") == []
    services()
    of_ecs().retire("blue", 0, 600)
    assert of_ecs().others_plans("blue") == []


def test_one_that_has_ended_does_nothing_any_more():
    now = datetime.now(timezone.utc)
    ends = {"EndTime": now - timedelta(hours=1)}, {"EndTime": now + timedelta(hours=1)}
    found = [{**MORNINGS, "MinSize": 2, **end} for end in ends]
    assert len(warnings_of("group g", found)) == 1


@pytest.mark.usefixtures("account")
def test_every_page_of_them_is_read():
    capacity = asg()
    for number in range(60):
        boto3.client("autoscaling").put_scheduled_update_group_action(
            AutoScalingGroupName="g-blue", ScheduledActionName=f"at-{number}", Recurrence="0 8 * * *", MinSize=1
        )
    assert len(capacity.others_plans("blue")) == 60


@pytest.mark.usefixtures("account")
def test_a_retirement_says_where_scheduled_scaling_is_suspended():
    services()
    suspended = {"ScheduledScalingSuspended": True}
    boto3.client("application-autoscaling").register_scalable_target(**OWN, SuspendedState=suspended)
    assert of_ecs().retire("blue", 0, 600).endswith("once scheduled scaling of its target is resumed")


INPUTS = {
    "name": "web",
    "releases": {"blue": "app:v1", "green": "app:v2"},
    "router": {"kind": "memory", "name": "others"},
    "capacity": {"kind": "memory", "name": "others"},
    "poll_interval_seconds": 1,
}


@pytest.fixture
def asked(monkeypatch):
    """A swap of memory whose capacity has somebody else's plans, and the colors that it was called for."""
    colors = []

    def plans(_, color):
        colors.append(color)
        return [f"{color} has plans"]

    monkeypatch.setattr(MemoryCapacity, "others_plans", plans, raising=False)
    yield colors
    WORLDS.pop("others", None)


def live_blue():
    service = SwapService(clock=FakeClock())
    return service, service.create({**INPUTS, "active_color": "blue"})[1]


def test_the_preview_of_a_promotion_asks_of_the_color_that_will_rest_and_no_swap_does(asked):
    service, outputs = live_blue()
    assert asked == []
    green = {**INPUTS, "active_color": "green"}
    assert "blue has plans" in service.diff(outputs, green).warnings
    assert service.diff(outputs, {**INPUTS, "active_color": "blue"}).warnings == ()
    assert asked == ["blue"]
    service.update(outputs, green)
    assert asked == ["blue"]


def test_where_it_may_not_be_asked_the_preview_says_so_and_goes_on():
    class Refusing:
        def others_plans(self, _):
            raise PlatformError("autoscaling:DescribeScheduledActions", "AccessDenied")

    (said,) = others_plans(Refusing(), "blue")
    assert "could not be looked at" in said
    assert "AccessDenied" in said
