"""ECS services in the emulator, with real containers: scaling, readiness, calls."""

from __future__ import annotations

import json
from types import SimpleNamespace

import boto3
import pytest
from botocore.stub import Stubber

from bluegreen.aws.client import AwsConnection
from bluegreen.aws.ecs.capacity import EcsCapacity
from bluegreen.rollout.calls import counted
from bluegreen.rollout.errors import PlatformError
from bluegreen.rollout.model import Size
from tests.capacity.services import WITH, WITHOUT, Stubbed, calls_of, until


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


def test_a_service_that_is_not_there_is_named(capacity):
    capacity.services["green"] = "nobody"
    with pytest.raises(PlatformError, match="no active service nobody in capacity"):
        capacity.read()


def test_each_operation_makes_as_few_calls_as_it_can(capacity):
    until(lambda: capacity.ready("blue").ready, True)
    counts = {
        name: calls_of(operation)
        for name, operation in {
            "read": capacity.read,
            "ready": lambda: capacity.ready("blue"),
            "ready again": lambda: capacity.ready("blue"),
            "prepare": lambda: capacity.prepare("blue", 1),
            "hold nothing": capacity.suspend_scale_in,
            "release nothing": lambda: capacity.resume_scaling(["blue"]),
            "keep nothing": lambda: capacity.cancel_retirement("blue"),
            "preflight": lambda: capacity.preflight("green", 0),
            "retire": lambda: capacity.retire("blue", 0, 600),
            "keep": lambda: capacity.cancel_retirement("blue"),
            "delete nothing": capacity.delete,
            "retire at once": lambda: capacity.retire("blue", 0, 0),
        }.items()
    }
    # What the step before has just described counts for a moment, which is over on a slow machine.
    counts["preflight"] = [call for call in counts["preflight"] if call != "DescribeScalableTargets"]
    assert counts == {
        "read": ["DescribeServices"],
        "ready": [],
        "ready again": ["DescribeServices"],
        "prepare": ["DescribeScalableTargets", "DescribeServices", "UpdateService"],
        "hold nothing": ["DescribeScalableTargets"],
        "release nothing": ["DescribeScalableTargets"],
        "keep nothing": ["DescribeScalableTargets"],
        "preflight": ["UpdateService", *WITHOUT],
        "retire": ["DescribeServices", "DescribeScalableTargets", "RegisterScalableTarget", "PutScheduledAction"],
        "keep": ["DescribeScalableTargets", "ListTagsForResource", "DeregisterScalableTarget"],
        "delete nothing": ["DescribeScalableTargets"],
        "retire at once": ["DescribeServices", "DescribeScalableTargets", "UpdateService"],
    }


def test_each_operation_makes_as_few_calls_as_it_can_with_autoscaling(capacity, scaling):
    scaling.register("blue")
    scaling.register("green")
    find, tags, register = "DescribeScalableTargets", "ListTagsForResource", "RegisterScalableTarget"
    counts = {
        name: calls_of(operation)
        for name, operation in {
            "release nothing": lambda: capacity.resume_scaling(["blue"]),
            "keep nothing": lambda: capacity.cancel_retirement("green"),
            "preflight": lambda: capacity.preflight("green", 0),
            "hold": capacity.suspend_scale_in,
            "hold again": capacity.suspend_scale_in,
            "retire": lambda: capacity.retire("blue", 0, 600),
            "release": lambda: capacity.resume_scaling(["green"]),
            "keep": lambda: capacity.cancel_retirement("blue"),
            "retire at once": lambda: capacity.retire("blue", 0, 0),
            "keep one at rest": lambda: capacity.cancel_retirement("blue"),
        }.items()
    }
    assert counts == {
        "release nothing": [find, "DeleteScheduledAction"],
        "keep nothing": [find, "DeleteScheduledAction"],
        "preflight": ["UpdateService", *WITH],
        "hold": ["TagResource", register] * 2,
        "hold again": [find],
        "retire": ["DescribeServices", find, tags, "TagResource", "PutScheduledAction"],
        "release": [tags, register, "UntagResource"],
        "keep": [find, tags, "DeleteScheduledAction", "UntagResource"],
        "retire at once": ["DescribeServices", find, tags, "TagResource", register, "UpdateService"],
        "keep one at rest": [find, tags, "DeleteScheduledAction", register, "UntagResource"],
    }


@pytest.mark.parametrize("controller", ["EXTERNAL", "CODE_DEPLOY", "ANOTHER_ONE"])
def test_a_service_that_another_program_deploys_is_refused_in_words(controller):
    # An endpoint of its own, so that no other test's client has this handler.
    connection = AwsConnection(region="eu-central-1", endpoint_url=f"http://127.0.0.1:9/{controller}")
    external = {"status": "ACTIVE", "desiredCount": 2, "runningCount": 2, "pendingCount": 0, "deployments": []}
    external["deploymentController"] = {"type": controller}
    services = [{**external, "serviceName": name} for name in ("b", "g")]
    meta = {"HTTPStatusCode": 200, "HTTPHeaders": {}, "RetryAttempts": 0}
    answer = SimpleNamespace(status_code=200, headers={}), {"ResponseMetadata": meta, "services": services}
    connection.client("ecs").meta.events.register("before-call.ecs.DescribeServices", lambda **_: answer)
    services_of = {"blue": "b", "green": "g"}
    capacity = EcsCapacity("c", services_of, dict.fromkeys(services_of, "td:1"), 2, aws=connection)
    for ask in (capacity.read, lambda: capacity.ready("blue")):
        with pytest.raises(PlatformError, match=rf"has the deployment controller {controller}.*controller ECS"):
            ask()
