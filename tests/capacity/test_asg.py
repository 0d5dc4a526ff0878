"""Auto Scaling groups: scaling, readiness, calls, what is refused."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import boto3
import pytest
from botocore.stub import Stubber

from bluegreen.aws.asg.capacity import AsgCapacity
from bluegreen.aws.ranges import Range
from bluegreen.fields import UNKNOWN, Fields
from bluegreen.rollout.errors import PlatformError
from bluegreen.rollout.model import Size
from tests.capacity.services import Stubbed, calls_of

FIND, UPDATE, TAG, UNTAG = "DescribeAutoScalingGroups", "UpdateAutoScalingGroup", "CreateOrUpdateTags", "DeleteTags"
PUT, UNSCHEDULE = "PutScheduledUpdateGroupAction", "DeleteScheduledAction"


def test_scaling_and_readiness(either):
    capacity = either.capacity()
    assert capacity.read() == {"blue": Size(1, 1), "green": Size(0, 0)}
    assert capacity.ready("blue").ready
    assert capacity.ready("green").reason == f"group {either.names['green']}: scaled to 0"
    capacity.prepare("green", 3)
    assert either.sizes("green") == (3, 3, 3), "nothing takes one away, and the maximum allows it"
    assert str(capacity.ready("green")) == "3 of 3 healthy"


def test_a_group_that_launches_another_version_than_the_declared_one_is_not_ready(either):
    template = either.template
    assert f"launches {template}:1 instead of {template}:2" in either.capacity(version=2).ready("blue").reason


def test_a_group_that_is_not_there_is_named(either):
    capacity = either.capacity()
    capacity.groups["green"] = "nobody"
    with pytest.raises(PlatformError, match="no group nobody"):
        capacity.read()
    capacity.delete()


def test_two_swaps_in_one_account_do_not_meet(either):
    other = type(either)(either.endpoint, either.front)
    either.capacity().prepare("green", 2)
    assert other.sizes("green") == (0, 0, 1)
    other.end()


def test_each_operation_makes_as_few_calls_as_it_can(either):
    def one(operation, **changes):
        return calls_of(lambda: operation(either.capacity(**changes)))

    either.range_is("blue", 1, 1, 1)
    either.range_is("green", 0, 0, 0)
    counts = {
        "read": one(AsgCapacity.read),
        "ready": one(lambda capacity: capacity.ready("blue")),
        "hold nothing": one(AsgCapacity.suspend_scale_in),
        "release nothing": one(lambda capacity: capacity.resume_scaling(["blue"])),
        "keep nothing": one(lambda capacity: capacity.cancel_retirement("blue")),
        "delete nothing": one(AsgCapacity.delete),
        "preflight": one(lambda capacity: capacity.preflight("green", 0)),
        "prepare": one(lambda capacity: capacity.prepare("green", 1)),
        "retire": one(lambda capacity: capacity.retire("blue", 0, 600)),
        "release after": one(lambda capacity: capacity.resume_scaling(["green"])),
        "keep": one(lambda capacity: capacity.cancel_retirement("blue")),
        "retire at once": one(lambda capacity: capacity.retire("blue", 0, 0)),
    }
    assert counts == {
        "read": [FIND],
        "ready": [FIND],
        "hold nothing": [FIND],
        "release nothing": [FIND, UNSCHEDULE],
        "keep nothing": [FIND, UNSCHEDULE],
        "delete nothing": [FIND, UNSCHEDULE, UNSCHEDULE],
        "preflight": [FIND, UPDATE, TAG, PUT, UNSCHEDULE, UNTAG],
        "prepare": [FIND, UNSCHEDULE, UPDATE],
        "retire": [FIND, TAG, PUT],
        "release after": [FIND, UNSCHEDULE],
        "keep": [FIND, UNSCHEDULE, UNTAG],
        "retire at once": [FIND, UPDATE],
    }


def test_a_retirement_is_asked_for_by_its_name_once_in_an_update(either):
    either.range_is("blue", 1, 4, 2)
    either.range_is("green", 0, 4, 0)

    def promoted():
        capacity = either.capacity()
        capacity.cancel_retirement("green")
        capacity.prepare("green", 2)
        capacity.resume_scaling(["green"])

    assert calls_of(promoted).count(UNSCHEDULE) == 1


def test_each_operation_makes_as_few_calls_as_it_can_with_autoscaling(either):
    limits = Range(1, 4)

    def one(operation):
        return calls_of(lambda: operation(either.capacity(autoscaling=limits)))

    either.range_is("blue", 1, 4, 2)
    either.range_is("green", 0, 4, 0)
    counts = {
        "release nothing": one(lambda capacity: capacity.resume_scaling(["blue"])),
        "hold": one(AsgCapacity.suspend_scale_in),
        "hold again": one(AsgCapacity.suspend_scale_in),
        "prepare": one(lambda capacity: capacity.prepare("green", 2)),
        "retire": one(lambda capacity: capacity.retire("blue", 0, 600)),
        "release": one(lambda capacity: capacity.resume_scaling(["green"])),
        "keep": one(lambda capacity: capacity.cancel_retirement("blue")),
        "retire at once": one(lambda capacity: capacity.retire("blue", 0, 0)),
        "keep one at rest": one(lambda capacity: capacity.cancel_retirement("blue")),
    }
    assert counts == {
        "release nothing": [FIND, UNSCHEDULE],
        "hold": [FIND, UPDATE],
        "hold again": [FIND],
        "prepare": [FIND, UNSCHEDULE, UPDATE],
        "retire": [FIND, TAG, PUT],
        "release": [FIND, UNSCHEDULE, UPDATE],
        "keep": [FIND, UNSCHEDULE, UNTAG],
        "retire at once": [FIND, UPDATE],
        "keep one at rest": [FIND, UNSCHEDULE, UPDATE],
    }


# -- what no emulator does: instances that do not come up, contention, refusals. botocore's Stubber answers as AWS
# documents it.


def described(name, *, desired=2, instances=(), **more):
    return {
        "AutoScalingGroupName": name,
        "MinSize": 0,
        "MaxSize": 4,
        "DesiredCapacity": desired,
        "DefaultCooldown": 300,
        "AvailabilityZones": ["us-east-1a"],
        "HealthCheckType": "ELB",
        "CreatedTime": 0,
        "LaunchTemplate": {"LaunchTemplateId": "lt-0a", "Version": "1"},
        "Instances": [
            {
                "InstanceId": f"i-{number}",
                "AvailabilityZone": "us-east-1a",
                "LifecycleState": state,
                "HealthStatus": health,
                "ProtectedFromScaleIn": False,
                "LaunchTemplate": {"LaunchTemplateId": "lt-0a", "Version": "1"},
            }
            for number, (state, health) in enumerate(instances)
        ],
        **more,
    }


def activity(code, message="", cause="a user request", started_at=None):
    return {
        "ActivityId": "1",
        "AutoScalingGroupName": "web-green",
        "Description": "Launching a new EC2 instance",
        "Cause": cause,
        "StartTime": started_at or datetime.now(timezone.utc),
        "StatusCode": code,
        **({"StatusMessage": message} if message else {}),
    }


@pytest.fixture
def stubbed():
    client = boto3.client("autoscaling", region_name="us-east-1")
    with Stubber(client) as stubber:
        capacity = AsgCapacity(
            {"blue": "web-blue", "green": "web-green"}, dict.fromkeys(("blue", "green"), "lt-0a:1"), 2, Stubbed(client)
        )
        yield capacity, stubber
        stubber.assert_no_pending_responses()


def answers(stubber, group, *activities):
    stubber.add_response("describe_auto_scaling_groups", {"AutoScalingGroups": [group]})
    if activities:
        stubber.add_response("describe_scaling_activities", {"Activities": list(activities)})


def test_only_healthy_instances_in_service_count(stubbed):
    capacity, stubber = stubbed
    states = [("InService", "Healthy"), ("InService", "Unhealthy"), ("Pending:Wait", "Healthy"), ("Standby", "Healthy")]
    pool = [("Warmed:Stopped", "Healthy"), ("Warmed:Running", "Healthy")]
    answers(stubber, described("web-green", desired=3, instances=[*states, *pool]), activity("Successful"))
    said = "group web-green: 1 of 3 instances are in service; 1 Pending:Wait, 1 Standby, 1 unhealthy"
    assert capacity.ready("green").reason == said


@pytest.mark.parametrize(
    ("found", "fatal"),
    [
        ("You have requested more vCPU capacity than your current vCPU limit of 32 allows", False),
        ("We currently do not have sufficient t3.micro capacity in the Availability Zone you requested", False),
        ("Your requested instance type (a1.large) is not supported in your requested Availability Zone", False),
        ("The image id '[ami-0123]' does not exist. Launching EC2 instance failed.", True),
        ("Invalid IamInstanceProfile: web. Launching EC2 instance failed.", True),
        ("You are not authorized to use launch template: lt-0a", True),
    ],
)
def test_what_keeps_instances_from_coming_up_is_told(stubbed, found, fatal):
    capacity, stubber = stubbed
    answers(stubber, described("web-green"), activity("InProgress"), activity("Failed", found))
    readiness = capacity.ready("green")
    assert found in readiness.reason
    assert (readiness.ready, readiness.fatal) == (False, fatal)


def test_a_failure_from_before_this_update_is_told_and_ends_nothing(stubbed):
    capacity, stubber = stubbed
    gone = datetime.now(timezone.utc) - timedelta(hours=1)
    answers(stubber, described("web-green", desired=0))
    stubber.add_response("delete_scheduled_action", {})
    stubber.add_response("create_or_update_tags", {})
    stubber.add_response("update_auto_scaling_group", {})
    capacity.prepare("green", 2)
    answers(stubber, described("web-green"), activity("Failed", "the image does not exist", started_at=gone))
    readiness = capacity.ready("green")
    assert "the image does not exist" in readiness.reason
    assert not readiness.fatal


def test_instances_that_fail_their_health_checks_are_told(stubbed):
    capacity, stubber = stubbed
    cause = "an instance was taken out of service in response to an ELB system health check failure."
    answers(stubber, described("web-green"), activity("Successful", cause=cause))
    assert cause in capacity.ready("green").reason


def test_a_group_that_somebody_keeps_from_launching_is_named(stubbed):
    capacity, stubber = stubbed
    answers(stubber, described("web-green", SuspendedProcesses=[{"ProcessName": "Launch"}]))
    readiness = capacity.ready("green")
    assert readiness.fatal
    assert "its process Launch is suspended: resume it" in readiness.reason


@pytest.mark.parametrize(
    ("more", "protected", "said"),
    [
        ({}, False, "blue is scaled to 0"),
        ({"SuspendedProcesses": [{"ProcessName": "Terminate"}]}, False, "0, once its process Terminate is resumed"),
        ({}, True, "0, but for 2 instances that are protected from scale-in: take the protection off"),
    ],
    ids=["nothing", "suspended", "protected"],
)
def test_a_retirement_says_what_keeps_instances(stubbed, more, protected, said):
    capacity, stubber = stubbed
    group = described("web-blue", instances=[("InService", "Healthy")] * 2, **more)
    for instance in group["Instances"]:
        instance["ProtectedFromScaleIn"] = protected
    answers(stubber, group)
    for call in ("create_or_update_tags", "update_auto_scaling_group"):
        stubber.add_response(call, {})
    assert capacity.retire("blue", 0, 0).endswith(said)


def test_a_group_that_is_being_deleted_is_not_there(stubbed):
    capacity, stubber = stubbed
    answers(stubber, described("web-green", Status="Delete in progress"))
    with pytest.raises(PlatformError, match="no group web-green"):
        capacity.ready("green")


def test_a_change_that_meets_another_one_is_tried_again(stubbed, monkeypatch):
    capacity, stubber = stubbed
    pauses = []
    monkeypatch.setattr("time.sleep", pauses.append)
    answers(stubber, described("web-green", desired=0, MinSize=0, MaxSize=0))
    stubber.add_response("delete_scheduled_action", {})
    for code in ("ScalingActivityInProgress", "ResourceContention"):
        stubber.add_client_error("update_auto_scaling_group", code)
    stubber.add_response(
        "update_auto_scaling_group",
        {},
        {"AutoScalingGroupName": "web-green", "MinSize": 2, "MaxSize": 2, "DesiredCapacity": 2},
    )
    capacity.prepare("green", 2)
    assert len(pauses) == 2


@pytest.mark.parametrize("refused", [UPDATE, TAG, PUT, UNSCHEDULE, UNTAG])
def test_a_rehearsal_names_what_is_not_allowed(stubbed, refused):
    capacity, stubber = stubbed
    answers(stubber, described("web-green", desired=0))
    for call in (UPDATE, TAG, PUT, UNSCHEDULE, UNTAG):
        name = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in call).lstrip("_")
        if call == refused:
            stubber.add_client_error(name, "AccessDenied", "no")
            break
        stubber.add_response(name, {})
    with pytest.raises(PlatformError, match=f"autoscaling:{refused}.*AccessDenied"):
        capacity.preflight("green", 0)


# -- what is refused

GOOD = {
    "groups": {"blue": "b", "green": "g"},
    "launch_templates": {"blue": "lt-0a:1", "green": "lt-0a:2"},
    "desired_count": 2.0,
}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"groups": {"blue": "b"}}, "groups.green"),
        ({"groups": {"blue": "b", "green": "b"}}, "groups.green: 'b' is not allowed; allowed: another group"),
        ({"launch_templates": {"blue": "lt-0a:$Latest", "green": "lt-0a:1"}}, "launch_templates.blue: 'lt-0a:$Latest'"),
        ({"launch_templates": {"blue": "web", "green": "lt-0a:1"}}, "a launch template's ID and version number"),
        ({"desired_count": 0}, "desired_count"),
        ({"autoscaling": {"min_capacity": 3, "max_capacity": 2}}, "autoscaling.max_capacity"),
        ({"instance_refresh": {"min_healthy_percent": 101}}, "instance_refresh.min_healthy_percent"),
        (
            {"instance_refresh": {"min_healthy_percent": 50, "max_healthy_percent": 160}},
            "instance_refresh.max_healthy_percent: 160 is not allowed; allowed: 100 to 150",
        ),
        ({"instance_refresh": {"skip": True}}, "instance_refresh.skip"),
    ],
)
def test_wrong_inputs_are_named(changes, said):
    fields = Fields({**GOOD, **changes}, "capacity")
    AsgCapacity.parse(fields)
    fields.done()
    assert any(said in str(problem) for problem in fields.problems), fields.problems


@pytest.mark.parametrize("unknown", [{}, {"groups": UNKNOWN, "launch_templates": UNKNOWN}])
def test_good_inputs_pass_also_where_some_are_not_known_yet(unknown):
    fields = Fields({**GOOD, **unknown, "instance_refresh": {"instance_warmup_seconds": 60}}, "capacity")
    AsgCapacity.parse(fields)
    fields.done()
    assert fields.problems == []
