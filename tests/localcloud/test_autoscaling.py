"""The stand-in for the parts of EC2 Auto Scaling that the emulator lacks, held to AWS' own rules."""

from __future__ import annotations

import base64
import time
from datetime import datetime, timedelta, timezone

import boto3
import httpx
import pytest
from botocore.exceptions import ClientError

from localcloud import loopback
from localcloud.autoscaling import AutoScalingFront, Instances
from tests.capacity.services import until
from tests.localcloud.asg_cases import IMAGE

GROUP = {"AutoScalingGroupName": "front"}
LATER = timedelta(hours=1)


@pytest.fixture(scope="module")
def front(cloud, aws_env):
    with AutoScalingFront(cloud.endpoint) as made:
        yield made


@pytest.fixture
def api(front):
    client, ec2 = (boto3.client(name, endpoint_url=front.url) for name in ("autoscaling", "ec2"))
    data = {"ImageId": IMAGE, "InstanceType": "t3.micro", "UserData": _encoded("COLOR=green VERSION=v7 exec app")}
    made = ec2.create_launch_template(LaunchTemplateName=f"front-{time.monotonic_ns()}", LaunchTemplateData=data)
    template = {"LaunchTemplateId": made["LaunchTemplate"]["LaunchTemplateId"], "Version": "1"}
    subnet = ec2.describe_subnets()["Subnets"][0]
    client.create_auto_scaling_group(
        **GROUP,
        MinSize=1,
        MaxSize=3,
        DesiredCapacity=2,
        LaunchTemplate=template,
        VPCZoneIdentifier=subnet["SubnetId"],
        TargetGroupARNs=[targets(front, subnet["VpcId"])],
    )
    yield client
    client.delete_auto_scaling_group(**GROUP, ForceDelete=True)


def targets(front, vpc):
    """A target group; the same one each time."""
    elb = boto3.client("elbv2", endpoint_url=front.url)
    made = elb.create_target_group(Name="front", Protocol="HTTP", Port=8080, VpcId=vpc, TargetType="instance")
    arn = made["TargetGroups"][0]["TargetGroupArn"]
    delay = {"Key": "deregistration_delay.timeout_seconds", "Value": "0"}
    elb.modify_target_group_attributes(TargetGroupArn=arn, Attributes=[delay])
    return arn


def _encoded(text):
    return base64.b64encode(f"#!/bin/sh\n{text}\n".encode()).decode()


def sizes(api):
    (group,) = api.describe_auto_scaling_groups(AutoScalingGroupNames=["front"])["AutoScalingGroups"]
    return group["MinSize"], group["DesiredCapacity"], group["MaxSize"]


def test_the_desired_capacity_follows_the_limits_and_may_not_be_outside_them(api):
    api.update_auto_scaling_group(**GROUP, MinSize=3)
    assert sizes(api) == (3, 3, 3)
    api.update_auto_scaling_group(**GROUP, MinSize=0, MaxSize=1)
    assert sizes(api) == (0, 1, 1)
    for wrong in ({"DesiredCapacity": 2}, {"MinSize": 2}):
        with pytest.raises(ClientError, match="ValidationError"):
            api.update_auto_scaling_group(**GROUP, **wrong)
    assert sizes(api) == (0, 1, 1)


def test_a_scheduled_action_runs_once_when_it_is_due(api, front):
    due = datetime.now(timezone.utc) + LATER
    api.put_scheduled_update_group_action(
        **GROUP, ScheduledActionName="down", StartTime=due, MinSize=0, DesiredCapacity=0
    )
    front.missing.run_due(within_seconds=60)
    assert sizes(api) == (1, 2, 3)
    front.missing.run_due(within_seconds=LATER.total_seconds() + 1)
    assert sizes(api) == (0, 0, 3)
    assert api.describe_scheduled_actions(**GROUP)["ScheduledUpdateGroupActions"] == []


@pytest.mark.parametrize(
    ("call", "given", "code"),
    [
        ("put_scheduled_update_group_action", {"StartTime": datetime(2020, 1, 1), "MinSize": 0}, "ValidationError"),
        ("put_scheduled_update_group_action", {"StartTime": datetime(2099, 1, 1)}, "ValidationError"),
        ("delete_scheduled_action", {}, "ValidationError.*not found"),
    ],
)
def test_what_aws_refuses_is_refused(api, call, given, code):
    with pytest.raises(ClientError, match=code):
        getattr(api, call)(**GROUP, ScheduledActionName="wrong", **given)


def test_suspended_scheduled_actions_wait(api, front):
    due = datetime.now(timezone.utc) + LATER
    api.suspend_processes(**GROUP, ScalingProcesses=["ScheduledActions"])
    api.put_scheduled_update_group_action(**GROUP, ScheduledActionName="down", StartTime=due, DesiredCapacity=1)
    front.missing.run_due(within_seconds=2 * LATER.total_seconds())
    assert sizes(api) == (1, 2, 3)
    api.resume_processes(**GROUP, ScalingProcesses=["ScheduledActions"])
    front.missing.run_due(within_seconds=2 * LATER.total_seconds())
    assert sizes(api) == (1, 1, 3)


def test_an_instance_serves_as_its_user_data_says_and_leaves_when_its_group_shrinks(api, front, cloud):
    elb = boto3.client("elbv2", endpoint_url=front.url)
    (group,) = api.describe_auto_scaling_groups(AutoScalingGroupNames=["front"])["AutoScalingGroups"]

    def registered():
        found = elb.describe_target_health(TargetGroupArn=group["TargetGroupARNs"][0])["TargetHealthDescriptions"]
        return {one["Target"]["Id"]: one["Target"]["Port"] for one in found}

    with Instances(cloud.endpoint) as instances:
        until(lambda: len(instances.ports), 2)
        until(lambda: registered() == dict(instances.ports), True)
        before = dict(instances.ports)

        def answer():
            try:
                return loopback.get(f"http://127.0.0.1:{min(before.values())}/").json()
            except httpx.HTTPError:
                return {}

        until(lambda: (answer().get("color"), answer().get("version")), ("green", "v7"))
        api.update_auto_scaling_group(**GROUP, DesiredCapacity=1)
        until(lambda: len(instances.ports), 1)
        assert set(instances.ports) < set(before)
        until(lambda: registered() == dict(instances.ports), True)
