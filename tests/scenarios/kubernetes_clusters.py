"""A cluster a color, Route 53 between them: two contexts that lead to the one node there is here."""

from __future__ import annotations

import contextlib
import json
import secrets
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
import yaml

from localcloud.cloud import LocalCloud
from localcloud.dns import DnsServer
from localcloud.dns_clients import NameProxy, Resolving
from localcloud.fault_proxy import FaultProxy
from localcloud.kubernetes.node import LocalNode
from tests.e2e.stack import Stack
from tests.scenarios.ecs_dns import STEPS, EcsDns
from tests.scenarios.kubernetes_routes import TARGET_HEALTH
from tests.scenarios.on_kubernetes import COLORS

ADDRESSES = {"blue": "127.0.1.1", "green": "127.0.1.2"}
"""What stands for the addresses of the clusters' load balancers."""


class Clusters(EcsDns):
    platform = "kubernetes_clusters"
    data_plane = (
        "a real node that stands for both clusters, found through a real DNS server over the emulator's Route 53"
    )
    port = 80
    promotion_calls = 60
    rollback_calls = 30
    can_abort = True
    node: LocalNode

    def __init__(self) -> None:
        self.namespace = f"scenario-clusters-{secrets.token_hex(3)}"
        self._ports: dict[str, int] = {}
        self.names()
        self.__dict__["zone_id"] = "Z0123456789"  # until there is one

    def prepare(self, request: pytest.FixtureRequest) -> None:
        self.node = request.getfixturevalue("node")

    def through(self, stack: Stack, proxy: FaultProxy) -> None:
        super().through(stack, proxy)
        kubeconfig: dict[str, Any] = yaml.safe_load(self.node.kubeconfig.read_text())
        (only,) = kubeconfig["contexts"]
        kubeconfig["contexts"] = [{**only, "name": f"cluster-{color}"} for color in COLORS]
        kubeconfig.pop("current-context")  # every call has to say which
        file = stack.folder / "kubeconfig"
        file.write_text(yaml.safe_dump(kubeconfig))
        stack.env["KUBECONFIG"] = str(file)
        stack.env["BLUEGREEN_KUBERNETES_SETTLE_SECONDS"] = "0.3"

    def config(self, cloud: LocalCloud) -> dict[str, Any]:
        return {
            "zoneId": self.zone_id,
            "recordName": f"web.{self.zone_name}",
            "ttlSeconds": "2",
            "namespace": self.namespace,
            "addresses": ADDRESSES,
            "serviceType": "NodePort",
            **{f"{color}Context": f"cluster-{color}" for color in COLORS},
            "blueImage": LocalNode.image("v1"),
            "greenImage": LocalNode.image("v2"),
            "replicas": "2",  # more than the one that a host name counts as
            "idleCapacityPercent": "100",
            "preStopSeconds": "1",
            "retireServiceAccount": "default",  # the one node has room for one of a name
            "steadyStateTimeoutSeconds": "120",
            "strategy": STEPS,
            "gates": TARGET_HEALTH,
        }

    @contextlib.contextmanager
    def proxy(self, cloud: LocalCloud) -> Iterator[FaultProxy]:
        """The zone is there before the stack is: it belongs to the whole company."""
        route53: Any = boto3.client("route53", endpoint_url=cloud.endpoint)
        zone = route53.create_hosted_zone(Name=self.zone_name, CallerReference=self.zone_name)["HostedZone"]["Id"]
        self.__dict__["zone_id"] = zone.rpartition("/")[2]
        try:
            with super().proxy(cloud) as proxy:
                yield proxy
        finally:
            route53.delete_hosted_zone(Id=zone)

    @contextlib.contextmanager
    def around(self, cloud: LocalCloud, stack: Stack) -> Iterator[None]:
        self.stack = stack
        with (
            self.node.namespace(self.namespace),
            DnsServer(cloud.endpoint) as server,
            NameProxy(Resolving(server.port), self.reach, f"web.{self.zone_name}:{self.port}") as production,
        ):
            self.production = production.url
            yield

    def reach(self, address: str, port: int) -> tuple[str, int]:
        """The node port of the color with this address."""
        color = next(color for color in COLORS if ADDRESSES[color] == address)
        if color in self._ports:
            return "127.0.0.1", self._ports[color]
        found = json.loads(self.node.kubectl("get", "services", "--namespace", self.namespace, "--output", "json"))[
            "items"
        ]
        (service,) = [one for one in found if one["metadata"]["name"].endswith(color)]
        self._ports[color] = int(service["spec"]["ports"][0]["nodePort"])
        return "127.0.0.1", self._ports[color]

    def place(self, url: str) -> str:
        return ADDRESSES["green"]
