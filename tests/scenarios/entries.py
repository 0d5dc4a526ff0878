"""One swap, several entries: requests go to each of them meanwhile, and all have to be the same in the end."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import boto3

from localcloud import loopback
from localcloud.cloud import LocalCloud
from localcloud.haproxy import HaProxy
from tests.e2e.stack import HEALTHZ, Rule, Stack, one_by_one
from tests.scenarios.ecs import config_of
from tests.scenarios.ecs_dns import EcsDns
from tests.scenarios.kubernetes_more import Grpc
from tests.scenarios.kubernetes_routes import Gateway
from tests.scenarios.on_kubernetes import named
from tests.scenarios.variant import Requests, load


@contextlib.contextmanager
def all_of(*several: contextlib.AbstractContextManager[Requests | None]) -> Iterator[Requests]:
    """Requests to several addresses at the same time, counted together; each has to answer."""
    found = Requests()
    with contextlib.ExitStack() as stack:
        each = [stack.enter_context(one) for one in several]
        yield found
    known = [one for one in each if one is not None]
    found.failed = sum(one.failed for one in known)
    found.made = min(one.made for one in known)
    found.errors = [one.errors for one in known]


def the_same(weights: list[dict[str, int]]) -> dict[str, int]:
    """The weights that all members have; each one's, where they differ."""
    if all(one == weights[0] for one in weights):
        return weights[0]
    return {f"{color} {index}": share for index, one in enumerate(weights) for color, share in one.items()}


class EcsEntries(EcsDns):
    """A public ALB, an internal NLB, which has no weights, and a name in Route 53."""

    platform = "ecs_entries"
    data_plane = "the emulator's own load balancer, HAProxy for the network load balancer, a real DNS server: all three"
    write_call = "elasticloadbalancing:ModifyRule"
    writes = 1
    promotion_calls = 90
    rollback_calls = 60

    plane: HaProxy

    def config(self, cloud: LocalCloud) -> dict[str, Any]:
        names = {**self.names(), "namespaceName": f"tasks.{self.zone_name}"}
        return {**config_of(cloud), **names, "gates": [{**HEALTHZ[0], "failure_limit": 20}]}

    @contextlib.contextmanager
    def around(self, cloud: LocalCloud, stack: Stack) -> Iterator[None]:
        with HaProxy(cloud) as self.plane, super().around(cloud, stack):
            yield

    def listener(self, stack: Stack) -> str:
        """The network load balancer's, where production is."""
        return str(stack.swap()["outputs"]["routers"][1]["listener_arn"])

    def live(self, stack: Stack) -> dict[str, int]:
        elb: Any = boto3.client("elbv2")
        (listener,) = elb.describe_listeners(ListenerArns=[self.listener(stack)])["Listeners"]
        (group,) = listener["DefaultActions"][0]["ForwardConfig"]["TargetGroups"]
        (described,) = elb.describe_target_groups(TargetGroupArns=[group["TargetGroupArn"]])["TargetGroups"]
        color = next(color for color in ("blue", "green") if f"-{color}" in described["TargetGroupName"])
        return the_same([Rule(stack).weights(), {color: 100}, super().live(stack)])

    def drift(self, stack: Stack) -> None:
        """One of the three is moved: an interrupted shift looks like this."""
        Rule(stack).shift_by_hand(0, 100)

    def addresses(self, stack: Stack) -> list[str]:
        """Where production answers."""
        return [stack.url, f"{self.plane.url(self.listener(stack))}/", self.production]

    def requests(self, stack: Stack) -> contextlib.AbstractContextManager[Requests]:
        return all_of(*(load(url, rate_per_second=15) for url in self.addresses(stack)))

    def colors(self, stack: Stack) -> set[str]:
        found: set[str] = set()
        for url in self.addresses(stack):
            with one_by_one(url) as client:
                found |= {client.get("/").headers["x-color"] for _ in range(20)}
        return found


class KubernetesEntries(Gateway):
    """Two HTTPRoutes and a GRPCRoute."""

    platform = "kubernetes_entries"
    data_plane = "a real Traefik before the node's pods, as the controller of a Gateway: three routes, one of them gRPC"
    host = "entries.scenario.test"
    inside, grpc_host = "inside.entries.scenario.test", "grpc.entries.scenario.test"
    write_call = "patch httproutes.gateway.networking.k8s.io"
    writes = 6
    promotion_calls = 120
    rollback_calls = 60

    def config(self, cloud: LocalCloud) -> dict[str, Any]:
        url = self.node.traefik().url
        return {
            **super().config(cloud),
            "insideHostnames": [self.inside],
            "insideUrl": url,
            "grpcHostnames": [self.grpc_host],
            "grpcServices": ["grpc.health.v1.Health"],
            "grpcUrl": url,
        }

    def prepare(self, request: Any) -> None:
        super().prepare(request)
        self.grpc = Grpc()
        self.grpc.host = self.grpc_host  # type: ignore[misc]

    def live(self, stack: Stack) -> dict[str, int]:
        found = []
        for self.resource in ("httproute/shop", "httproute/shop-inside", "grpcroute/shop-grpc"):  # type: ignore[misc]
            found.append(named(self.get()["spec"]["rules"][0]["backendRefs"]))
        self.resource = "httproute/shop"  # type: ignore[misc]
        return the_same(found)

    def requests(self, stack: Stack) -> contextlib.AbstractContextManager[Requests]:
        hosts = (self.host, self.inside)
        return all_of(*(load(stack.url, 15, host_header=host) for host in hosts), self.grpc.requests(stack))

    def colors(self, stack: Stack) -> set[str]:
        found = set(self.grpc.colors(stack))
        for host in (self.host, self.inside):
            with loopback.client(headers={"Host": host}) as client:
                found |= {client.get(stack.url).headers.get("x-color", "nobody") for _ in range(40)}
        return found
