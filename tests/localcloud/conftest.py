"""Shared by the tests of the plugins: a configured plugin, and for AWS resources that others can refer to."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest

from localcloud.autoscaling import AutoScalingFront
from localcloud.cloud import LocalCloud
from localcloud.kubernetes.node import LocalNode
from localcloud.plugins.aws.driver import Driver, Resource
from localcloud.plugins.kubernetes.cluster import APPLY, Cluster
from localcloud.plugins.kubernetes.driver import Driver as KubernetesDriver
from localcloud.plugins.kubernetes.driver import end_processes
from localcloud.plugins.kubernetes.settings import Settings
from tests.localcloud.kubernetes_stack import Stack

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ecs-tasks.amazonaws.com"}}
        ],
    }
)
ALLOW = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]})
CONTAINERS = json.dumps([{"name": "app", "image": "x:v1", "portMappings": [{"containerPort": 80}]}])
FIXED = {
    "type": "fixed-response",
    "fixedResponse": {"contentType": "text/plain", "statusCode": "503", "messageBody": "no color is live"},
}


def client(cloud: LocalCloud, service: str) -> Any:
    return boto3.client(
        service,  # type: ignore[call-overload]
        endpoint_url=cloud.endpoint,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


@pytest.fixture(scope="session")
def aws_driver(cloud: LocalCloud) -> Iterator[Driver]:
    with AutoScalingFront(cloud.endpoint) as front:  # the emulator lacks half of EC2 Auto Scaling
        yield Driver(front.url)


@pytest.fixture(scope="session")
def aws_client(cloud: LocalCloud) -> Callable[[str], Any]:
    """Makes boto3 clients of the emulator: what a hand behind Pulumi's back uses."""
    return lambda service: client(cloud, service)


class World:
    """The resources that those under test refer to; made once, removed at the end."""

    def __init__(self, driver: Driver) -> None:
        self.driver = driver
        self.made: list[Resource] = []
        self.vpc = driver.invoke("aws:ec2/getVpc:getVpc", default=True)["id"]
        where = [{"name": "vpc-id", "values": [self.vpc]}]
        self.subnets = driver.invoke("aws:ec2/getSubnets:getSubnets", filters=where)["ids"]
        self.group = self.make("aws:ec2/securityGroup:SecurityGroup", {"vpcId": self.vpc}).id
        self.balancer = self.make("aws:lb/loadBalancer:LoadBalancer", {"subnets": self.subnets}).id
        ports = {"port": 80, "protocol": "HTTP", "targetType": "ip", "vpcId": self.vpc}
        self.targets = self.make("aws:lb/targetGroup:TargetGroup", ports).id
        self.others = self.make("aws:lb/targetGroup:TargetGroup", ports, "other").id
        listener = {"loadBalancerArn": self.balancer, "port": 80, "defaultActions": [FIXED]}
        self.listener = self.make("aws:lb/listener:Listener", listener).id
        self.certificate = "arn:aws:acm:us-east-1:123456789012:certificate/world"
        secure = {**listener, "port": 443, "protocol": "HTTPS", "certificateArn": self.certificate}
        self.secure = self.make("aws:lb/listener:Listener", secure, "secure").id
        rule = {
            "listenerArn": self.listener,
            "actions": [{"type": "forward", "targetGroupArn": self.targets}],
            "conditions": [{"pathPattern": {"values": ["/world"]}}],
        }
        self.make("aws:lb/listenerRule:ListenerRule", rule)  # ECS takes attached target groups only
        self.cluster = self.make("aws:ecs/cluster:Cluster", {}).id
        self.role = self.make("aws:iam/role:Role", {"assumeRolePolicy": TRUST}).id
        task = {"family": "world", "containerDefinitions": CONTAINERS}
        self.task = self.make("aws:ecs/taskDefinition:TaskDefinition", task).outputs["arn"]
        in_vpc = {"family": "world-vpc", "containerDefinitions": CONTAINERS, "networkMode": "awsvpc"}
        self.vpc_task = self.make("aws:ecs/taskDefinition:TaskDefinition", in_vpc).outputs["arn"]
        service = {"cluster": self.cluster, "taskDefinition": self.task, "launchType": "EC2"}
        self.service = self.make("aws:ecs/service:Service", service)
        self.scaled = {
            "resourceId": "service/" + self.service.id.split("service/", 1)[1],
            "scalableDimension": "ecs:service:DesiredCount",
            "serviceNamespace": "ecs",
        }
        self.make("aws:appautoscaling/target:Target", {**self.scaled, "minCapacity": 0, "maxCapacity": 2})

    def make(self, token: str, inputs: dict[str, Any], name: str = "world") -> Resource:
        resource = self.driver.create(self.driver.check(token, name, inputs))
        self.made.append(resource)
        return resource

    def end(self) -> None:
        for resource in reversed(self.made):
            self.driver.delete(resource)


@pytest.fixture(scope="session")
def aws_world(aws_driver: Driver) -> Iterator[World]:
    world = World(aws_driver)
    yield world
    world.end()


class Place:
    """A namespace of a test file's own, and a configured Kubernetes plugin whose objects go there."""

    def __init__(self, node: LocalNode, namespace: str) -> None:
        self.node, self.namespace = node, namespace
        self.driver = self.plugin()

    def plugin(self, *, timeout_seconds: float = 30, **config: str) -> KubernetesDriver:
        given = {"namespace": self.namespace, **config}
        return KubernetesDriver(str(self.node.kubeconfig), timeout_seconds=timeout_seconds, **given)

    def make(self, token: str, name: str, inputs: dict[str, Any]) -> Resource:
        """Create something; the namespace's end removes it."""
        return self.driver.create(self.driver.check(token, name, inputs))

    def apply(self, fields: dict[str, Any], manager: str) -> None:
        """Server-side apply, as a manager of that name: by force, as the swap does it."""
        cluster = Cluster(Settings.of({"kubeconfig": str(self.node.kubeconfig)}))
        cluster.call("PATCH", cluster.path(fields), {"fieldManager": manager, "force": "true"}, fields, APPLY)

    def kubectl(self, *words: str) -> str:
        """As somebody with a shell."""
        return self.node.kubectl("--namespace", self.namespace, *words)


@pytest.fixture(scope="module")
def place(node: LocalNode, request: pytest.FixtureRequest) -> Iterator[Place]:
    word = request.module.__name__.rsplit(".", 1)[-1].removeprefix("test_").replace("_", "-")
    node.install_crds("gateway-api")  # some of the objects are its routes
    with node.namespace(f"{word}-{secrets.token_hex(3)}") as namespace:
        yield Place(node, namespace)


@pytest.fixture(autouse=True)
def drove(record_property: Callable[[str, object], None]) -> Iterator[None]:
    """Whether a test has driven a Kubernetes plugin, by itself or by the engine, for `make conformance`."""
    before = KubernetesDriver.calls + Stack.runs
    yield
    if KubernetesDriver.calls + Stack.runs > before:
        record_property("drove", "")


@pytest.fixture(scope="module", autouse=True)
def plugins() -> Iterator[None]:
    """Those that run as processes of their own: see `localcloud.plugins.kubernetes.driver`."""
    yield
    end_processes()
