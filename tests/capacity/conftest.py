"""Services in the emulator, with real containers."""

from __future__ import annotations

import itertools

import boto3
import pytest
from moto.server import ThreadedMotoServer

from bluegreen.aws.ecs.capacity import EcsCapacity
from localcloud.autoscaling import AutoScalingFront
from tests.capacity.groups import Groups
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


@pytest.fixture(scope="module")
def front(cloud, aws_env):
    """The emulator, with the calls of EC2 Auto Scaling that it lacks: those come from `localcloud.autoscaling`."""
    with AutoScalingFront(cloud.endpoint) as made:
        yield made


@pytest.fixture
def groups(front):
    made = Groups(front.url, front)
    yield made
    made.end()


@pytest.fixture(scope="module")
def moto_url():
    """moto's server, which has scheduled actions and warm pools of its own; it runs none."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


# The second one takes the local cloud's region and credentials.
@pytest.fixture(params=[pytest.param(name, marks=pytest.mark.tools) for name in ("emulator", "moto")])
def either(request):
    """The same on two implementations of the API that know nothing of each other."""
    if request.param == "emulator":
        made = request.getfixturevalue("groups")
        yield made
        return
    request.getfixturevalue("aws_env")
    made = Groups(request.getfixturevalue("moto_url"))
    yield made
    made.end()
