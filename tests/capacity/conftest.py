"""Services in the emulator, with real containers."""

from __future__ import annotations

import itertools

import boto3
import pytest

from bluegreen.capacity.ecs import EcsCapacity
from tests.capacity.services import Scaling

_numbers = itertools.count(1)


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


@pytest.fixture
def scaling(capacity, cloud):
    return Scaling(capacity.services, cloud.endpoint)
