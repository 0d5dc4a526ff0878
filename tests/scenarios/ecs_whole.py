"""A service as teams have it: sidecar, EFS, Spot, ARM64, two load balancers, Service Connect, a build's revision."""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Iterator
from typing import Any

import boto3

from localcloud.cloud import LocalCloud
from localcloud.haproxy import HaProxy
from tests.e2e.stack import HEALTHZ, Rule, Stack, one_by_one
from tests.scenarios.ecs import config_of
from tests.scenarios.entries import all_of, the_same
from tests.scenarios.variant import Requests, Variant, load

_numbers = itertools.count(1)


def begin(cloud: LocalCloud) -> dict[str, Any]:
    """The config before a build has made a release for green."""
    number = f"{os.getpid()}-{next(_numbers)}"
    given = config_of(cloud)
    del given["greenImage"]
    # As long as a name may be: where AWS takes fewer characters it ends with a digest.
    name = f"a-service-of-many-words-that-is-called-{number}".ljust(50, "x")
    return {**given, "serviceName": name, "namespaceName": f"whole-{number}", "agentImage": cloud.image("v2")}


def inside(stack: Stack) -> dict[str, int]:
    """The live weights at the network load balancer, which is reached from within the network alone."""
    router = stack.swap()["outputs"]["routers"][1]
    elb: Any = boto3.client("elbv2")
    (listener,) = elb.describe_listeners(ListenerArns=[router["listener_arn"]])["Listeners"]
    (action,) = listener["DefaultActions"]
    groups = action.get("ForwardConfig", {}).get("TargetGroups") or [action]
    (arn,) = [one["TargetGroupArn"] for one in groups]
    return {color: 100 for color, group in router["target_groups"].items() if group == arn}


def look_at_what_runs(stack: Stack, *, built_green: bool = True) -> None:
    """Both services are what was declared, whichever of them is live.

    Args:
        stack: whose.
        built_green: whether green's release is a build's; it is made of blue's before.
    """
    ecs: Any = boto3.client("ecs")
    capacity = stack.swap()["outputs"]["capacity"]
    found = ecs.describe_services(cluster=capacity["cluster"], services=[*capacity["services"].values()])
    by_name = {one["serviceName"]: one for one in found["services"]}
    for color, name in capacity["services"].items():
        service = by_name[name.rpartition("/")[2]]
        assert [one["capacityProvider"] for one in service["capacityProviderStrategy"]] == ["FARGATE_SPOT"]
        assert len(service["loadBalancers"]) == 2
        connect = service["deployments"][0]["serviceConnectConfiguration"]
        assert [one["discoveryName"] for one in connect["services"]] == [f"http-{color}"]
        described = ecs.describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]
        assert {one["name"] for one in described["containerDefinitions"]} == {"app", "agent"}
        if color == "green" and built_green:
            assert described["family"].startswith("whole-"), "the build's own"
            continue
        assert described["runtimePlatform"]["cpuArchitecture"] == "ARM64"
        (volume,) = described["volumes"]
        file_system = volume["efsVolumeConfiguration"]["fileSystemId"]
        mounts: Any = boto3.client("efs").describe_mount_targets(FileSystemId=file_system)
        assert mounts["MountTargets"]


class EcsWhole(Variant):
    platform = "ecs_whole"
    data_plane = (
        "the emulator's own load balancer and, for the network load balancer, HAProxy, in front of tasks with their "
        "sidecars; what the emulator does not carry is looked at as it stored it: Spot, ARM64, EFS, Service Connect"
    )
    write_call = "elasticloadbalancing:ModifyRule"
    writes = 1
    promotion_calls = 60
    rollback_calls = 40

    plane: HaProxy

    def config(self, cloud: LocalCloud) -> dict[str, Any]:
        begun = begin(cloud)
        built_by = built(cloud, str(begun["namespaceName"]))
        return {**begun, "greenTaskDefinition": built_by, "gates": [{**HEALTHZ[0], "failure_limit": 20}]}

    @contextlib.contextmanager
    def around(self, cloud: LocalCloud, stack: Stack) -> Iterator[None]:
        with HaProxy(cloud) as self.plane:
            yield

    def listener(self, stack: Stack) -> str:
        """The network load balancer's, where production is."""
        return str(stack.swap()["outputs"]["routers"][1]["listener_arn"])

    def live(self, stack: Stack) -> dict[str, int]:
        look_at_what_runs(stack)
        return the_same([Rule(stack).weights(), inside(stack)])

    def drift(self, stack: Stack) -> None:
        Rule(stack).shift_by_hand(0, 100)

    def addresses(self, stack: Stack) -> list[str]:
        """Where production answers."""
        return [stack.url, f"{self.plane.url(self.listener(stack))}/"]

    def requests(self, stack: Stack) -> contextlib.AbstractContextManager[Requests]:
        return all_of(*(load(url, rate_per_second=15) for url in self.addresses(stack)))

    def colors(self, stack: Stack) -> set[str]:
        found: set[str] = set()
        for url in self.addresses(stack):
            with one_by_one(url) as client:
                found |= {client.get("/").headers["x-color"] for _ in range(20)}
        return found


def built(cloud: LocalCloud, family: str) -> str:
    """What a build makes: a revision with the image of the next release, and its sidecar."""
    web = {
        "name": "app",
        "image": cloud.image("v2"),
        "portMappings": [{"containerPort": 8080, "name": "http"}],
        "environment": [{"name": "COLOR", "value": "green"}],
    }
    agent = {"name": "agent", "image": cloud.image("v1"), "environment": [{"name": "PORT", "value": "9000"}]}
    made = boto3.client("ecs").register_task_definition(
        family=family,
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        cpu="256",
        memory="512",
        containerDefinitions=[web, agent],  # type: ignore[list-item]
    )
    return str(made["taskDefinition"]["taskDefinitionArn"])
