"""ECS services in the emulator, with real containers: scaling, readiness, retirement by a scheduled action."""

from __future__ import annotations

import itertools
import json
import time

import boto3
import pytest
from botocore.stub import Stubber

from bluegreen.calls import counted
from bluegreen.capacity.ecs import EcsCapacity
from bluegreen.clients.aws import AwsConnection
from bluegreen.rollout.errors import PlatformError
from bluegreen.rollout.model import Size

_numbers = itertools.count(1)
LIMIT_SECONDS = 60


@pytest.fixture(scope="module")
def cluster(aws_env, cloud):
    ecs, ec2 = boto3.client("ecs"), boto3.client("ec2")
    ecs.create_cluster(clusterName="capacity")
    subnets = [subnet["SubnetId"] for subnet in ec2.describe_subnets()["Subnets"]][:1]
    for tag in ("v1", "v2"):
        ecs.register_task_definition(
            family="capacity",
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            cpu="256",
            memory="512",
            containerDefinitions=[{"name": "app", "image": cloud.image(tag), "essential": True}],
        )
    return ecs, {"awsvpcConfiguration": {"subnets": subnets}}


@pytest.fixture
def capacity(cluster):
    """Blue with one task, green with none; both run `v1`."""
    ecs, network = cluster
    number = next(_numbers)
    names = {color: f"{color}-{number}" for color in ("blue", "green")}
    for color, name in names.items():
        ecs.create_service(
            cluster="capacity",
            serviceName=name,
            taskDefinition="capacity:1",
            desiredCount=1 if color == "blue" else 0,
            launchType="FARGATE",
            networkConfiguration=network,
        )
    definition = ecs.describe_task_definition(taskDefinition="capacity:1")["taskDefinition"]["taskDefinitionArn"]
    yield EcsCapacity("capacity", dict(names), dict.fromkeys(names, definition), 2)
    for name in names.values():
        ecs.delete_service(cluster="capacity", service=name, force=True)


def until(what, wanted):
    """Poll until it is so; bounded."""
    deadline = time.monotonic() + LIMIT_SECONDS
    while (found := what()) != wanted:
        assert time.monotonic() < deadline, f"{found} instead of {wanted}"
        time.sleep(0.5)


def test_scaling_and_readiness(capacity):
    until(lambda: capacity.ready("blue").ready, True)
    assert capacity.read() == {"blue": Size(1, 1), "green": Size(0, 0)}
    assert capacity.ready("green").reason == f"service {capacity.services['green']} is scaled to 0"
    capacity.prepare("green", 2)
    assert not capacity.ready("green").ready
    until(lambda: capacity.ready("green").ready, True)
    assert capacity.ready("green").expected == 2


def test_another_release_than_the_declared_one_is_not_ready(capacity, cluster):
    ecs, _ = cluster
    until(lambda: capacity.ready("blue").ready, True)
    v2 = ecs.describe_task_definition(taskDefinition="capacity:2")["taskDefinition"]["taskDefinitionArn"]
    capacity.task_definitions["blue"] = v2
    assert "instead of" in capacity.ready("blue").reason
    ecs.update_service(cluster="capacity", service=capacity.services["blue"], taskDefinition=v2)
    until(lambda: capacity.ready("blue").ready, True)


def test_a_retirement_happens_by_itself_and_another_is_cancelled(capacity):
    until(lambda: capacity.ready("blue").ready, True)
    assert "by a scheduled action" in capacity.retire("blue", 600)
    capacity.keep("blue")
    autoscaling = boto3.client("application-autoscaling")
    assert not [
        found
        for found in autoscaling.describe_scheduled_actions(ServiceNamespace="ecs")["ScheduledActions"]
        if capacity.services["blue"] in found["ResourceId"]
    ]
    capacity.retire("blue", 2)
    until(lambda: capacity.read()["blue"].desired, 0)
    capacity.keep("blue")
    capacity.prepare("blue", 1)
    until(lambda: capacity.ready("blue").ready, True)


def test_the_swap_may_act_in_a_role_of_its_own(capacity):
    trust = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:root"}, "Action": "sts:AssumeRole"}
    role = boto3.client("iam").create_role(
        RoleName="deployer", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    )
    connection = AwsConnection(role_arn=role["Role"]["Arn"])
    calls = []
    with counted(calls.append):
        EcsCapacity("capacity", capacity.services, capacity.task_definitions, 1, connection).read()
    assert calls == ["ecs:DescribeServices"], (
        "credentials are fetched, and fetched again when they expire, by themselves"
    )


def test_no_delay_scales_at_once(capacity):
    capacity.retire("blue", 0)
    assert capacity.read()["blue"].desired == 0


def test_an_autoscaling_target_of_somebody_else_is_left_alone(capacity):
    autoscaling = boto3.client("application-autoscaling")
    theirs = {
        "ServiceNamespace": "ecs",
        "ResourceId": f"service/capacity/{capacity.services['blue']}",
        "ScalableDimension": "ecs:service:DesiredCount",
    }
    autoscaling.register_scalable_target(**theirs, MinCapacity=1, MaxCapacity=4)
    assert "was not made by bluegreen" in capacity.retire("blue", 600)
    capacity.keep("blue")
    capacity.delete()
    (found,) = autoscaling.describe_scalable_targets(ServiceNamespace="ecs", ResourceIds=[theirs["ResourceId"]])[
        "ScalableTargets"
    ]
    assert (found["MinCapacity"], found["MaxCapacity"]) == (1, 4)
    autoscaling.deregister_scalable_target(**theirs)


def test_a_deployment_that_ecs_gave_up_on_is_started_afresh(capacity):
    """The emulator's circuit breaker never opens: botocore's Stubber answers as AWS documents it."""
    client = boto3.client("ecs")
    service = {
        "serviceName": capacity.services["green"],
        "status": "ACTIVE",
        "desiredCount": 2,
        "runningCount": 0,
        "pendingCount": 0,
        "taskDefinition": capacity.task_definitions["green"],
        "deployments": [{"status": "PRIMARY", "rolloutState": "FAILED", "rolloutStateReason": "tasks failed to start"}],
    }
    described = {"cluster": "capacity", "services": [capacity.services["green"]]}
    with Stubber(client) as stubber:
        stubber.add_response("describe_services", {"services": [service]}, described)
        stubber.add_response("describe_services", {"services": [service]}, described)
        stubber.add_response(
            "update_service",
            {},
            {
                "cluster": "capacity",
                "service": capacity.services["green"],
                "desiredCount": 2,
                "forceNewDeployment": True,
            },
        )
        stubbed = EcsCapacity("capacity", capacity.services, capacity.task_definitions, 2, Stubbed(client))
        readiness = stubbed.ready("green")
        assert readiness.fatal
        assert "tasks failed to start" in readiness.reason
        stubbed.prepare("green", 2)
        stubber.assert_no_pending_responses()


class Stubbed:
    """A connection whose every client is this one."""

    def __init__(self, client):
        self._client = client

    def client(self, service):
        return self._client


def test_a_service_that_is_not_there_is_named(capacity):
    capacity.services["green"] = "nobody"
    with pytest.raises(PlatformError, match="no active service nobody in capacity"):
        capacity.read()


def test_each_operation_makes_as_few_calls_as_it_can(capacity):
    until(lambda: capacity.ready("blue").ready, True)
    counts = {}
    for name, operation in {
        "read": capacity.read,
        "ready": lambda: capacity.ready("blue"),
        "prepare": lambda: capacity.prepare("blue", 1),
        "keep nothing": lambda: capacity.keep("blue"),
        "retire": lambda: capacity.retire("blue", 600),
        "keep": lambda: capacity.keep("blue"),
    }.items():
        calls = []
        with counted(calls.append):
            operation()
        counts[name] = [call.partition(":")[2] for call in calls]
    assert counts == {
        "read": ["DescribeServices"],
        "ready": ["DescribeServices"],
        "prepare": ["DescribeServices", "UpdateService"],
        "keep nothing": ["DescribeScalableTargets"],
        "retire": ["DescribeScalableTargets", "DescribeServices", "RegisterScalableTarget", "PutScheduledAction"],
        "keep": ["DescribeScalableTargets", "ListTagsForResource", "DeregisterScalableTarget"],
    }
