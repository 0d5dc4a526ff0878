"""Many services behind shared load balancers, made with boto3, and swaps of them without an engine."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3

from tests.capacity.services import until

COLORS = ("blue", "green")
SERVICES_PER_BALANCER = 25
"""Each takes three rules and two target groups; a load balancer has 100 of each by default."""


class Fleet:
    """Blue is live everywhere, green is as healthy. One local process stands for the tasks of all.

    Attributes:
        inputs: each service's swap.
    """

    def __init__(self, name: str, count: int, target_port: int, endpoint: str) -> None:
        self.name = name
        self.elb: Any = boto3.client("elbv2")
        ec2 = boto3.client("ec2")
        self._vpc = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"][0]["VpcId"]
        subnets = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [self._vpc]}])["Subnets"]
        self.subnets = [subnet["SubnetId"] for subnet in subnets]
        self._port = target_port
        self._balancers: list[str] = []
        self._aws = {"endpoint_url": endpoint}
        self.inputs = [self._service(number) for number in range(count)]

    def _service(self, number: int) -> dict[str, Any]:
        if number % SERVICES_PER_BALANCER == 0:
            self._listener = self._listen(number)
        groups = {color: self._target_group(number, color) for color in COLORS}
        return {
            "name": f"{self.name}-{number}",
            "active_color": "blue",
            "releases": {"blue": "app:v1", "green": "app:v2"},
            "router": {
                "kind": "alb",
                "listener_arn": self._listener,
                "priority": number + 1,
                "target_groups": groups,
                "owner": f"fleet/{self.name}/{number}",
                "host_headers": [f"{number}.example.com"],
                "aws": self._aws,
            },
            "scale_down_delay_seconds": 3600,
        }

    def _listen(self, number: int) -> str:
        made = self.elb.create_load_balancer(Name=f"{self.name}-{number}", Subnets=self.subnets)
        self._balancers.append(made["LoadBalancers"][0]["LoadBalancerArn"])
        answer = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "503"}}
        listener = self.elb.create_listener(
            LoadBalancerArn=self._balancers[-1], Protocol="HTTP", Port=80, DefaultActions=[answer]
        )
        return str(listener["Listeners"][0]["ListenerArn"])

    def _target_group(self, number: int, color: str) -> str:
        group = self.elb.create_target_group(
            Name=f"{self.name}-{number}-{color}",
            Protocol="HTTP",
            Port=8080,
            VpcId=self._vpc,
            TargetType="ip",
            HealthCheckIntervalSeconds=5,
            HealthyThresholdCount=2,
            UnhealthyThresholdCount=10,  # the process that stands for the tasks also makes the swaps, and is busy
        )["TargetGroups"][0]["TargetGroupArn"]
        # The color's own rule: without one a group is attached to nothing and never checked.
        conditions = [
            {"Field": "host-header", "HostHeaderConfig": {"Values": [f"{number}.example.com"]}},
            {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "X-Bluegreen-Color", "Values": [color]}},
        ]
        self.elb.create_rule(
            ListenerArn=self._listener,
            Priority=1000 + 2 * number + COLORS.index(color),
            Conditions=conditions,
            Actions=[{"Type": "forward", "TargetGroupArn": group}],
        )
        self.elb.register_targets(TargetGroupArn=group, Targets=[{"Id": "127.0.0.1", "Port": self._port}])
        return str(group)

    def target_groups(self) -> list[str]:
        """Of both colors of all services."""
        return [group for one in self.inputs for group in one["router"]["target_groups"].values()]

    def healthy(self, group: str) -> bool:
        """Whether every target of a group is."""
        targets = self.elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
        return all(item["TargetHealth"]["State"] == "healthy" for item in targets)

    def live(self) -> list[set[str]]:
        """The colors that each production rule forwards to."""
        return [self._live(one["router"]) for one in self.inputs]

    def _live(self, router: dict[str, Any]) -> set[str]:
        colors = {group: color for color, group in router["target_groups"].items()}
        pages = self.elb.get_paginator("describe_rules").paginate(ListenerArn=router["listener_arn"])
        rules = [rule for page in pages for rule in page["Rules"] if rule["Priority"] == str(router["priority"])]
        groups = rules[0]["Actions"][0]["ForwardConfig"]["TargetGroups"]
        return {colors[group["TargetGroupArn"]] for group in groups}

    def remove(self) -> None:
        """The load balancers, and all that is on them."""
        for balancer in self._balancers:
            self.elb.delete_load_balancer(LoadBalancerArn=balancer)


@contextmanager
def units(cloud: Any, fleet: Fleet, pairs: int) -> Iterator[list[dict[str, Any]]]:
    """Pairs of real ECS services with a task in each color, as ``capacity`` sections."""
    ecs = boto3.client("ecs")
    ecs.create_cluster(clusterName=fleet.name)
    definition = ecs.register_task_definition(
        family=fleet.name,
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        cpu="256",
        memory="512",
        containerDefinitions=[{"name": "app", "image": cloud.image("v1"), "essential": True}],
    )["taskDefinition"]["taskDefinitionArn"]
    names = [{color: f"{color}-{number}" for color in COLORS} for number in range(pairs)]
    flat = [name for pair in names for name in pair.values()]
    for name in flat:
        ecs.create_service(
            cluster=fleet.name,
            serviceName=name,
            taskDefinition=definition,
            desiredCount=1,
            launchType="FARGATE",
            networkConfiguration={"awsvpcConfiguration": {"subnets": fleet.subnets[:1]}},
        )

    def running() -> int:
        services = ecs.describe_services(cluster=fleet.name, services=flat)["services"]
        return sum(service["runningCount"] for service in services)

    until(running, len(flat))
    yield [
        {
            "kind": "ecs",
            "cluster": fleet.name,
            "services": pair,
            "task_definitions": dict.fromkeys(COLORS, definition),
            "aws": fleet.inputs[0]["router"]["aws"],
        }
        for pair in names
    ]
    for name in flat:
        ecs.delete_service(cluster=fleet.name, service=name, force=True)


def retiring(cluster: str) -> set[str]:
    """The services that a scheduled action will scale down."""
    answer = boto3.client("application-autoscaling").describe_scheduled_actions(ServiceNamespace="ecs")
    resources = {action["ResourceId"] for action in answer["ScheduledActions"]}
    return {resource.rpartition("/")[2] for resource in resources if resource.startswith(f"service/{cluster}/")}


def wait_until_healthy(fleet: Fleet) -> None:
    """Health checks take two answers, five seconds apart."""
    deadline = time.monotonic() + 300
    for group in fleet.target_groups():
        while not fleet.healthy(group):
            assert time.monotonic() < deadline, "the targets were not healthy within 300 s"
            time.sleep(1)
