"""ECS by DNS: tasks in Cloud Map, weighted records in Route 53."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import boto3

from localcloud.cloud import LocalCloud
from localcloud.cloud_map import Registrar
from localcloud.dns import DnsServer
from localcloud.dns_clients import NameProxy, Reach, Resolving
from tests.e2e.stack import Stack, one_by_one
from tests.scenarios.ecs import config_of
from tests.scenarios.variant import Requests, Variant, load

STEPS = {"name": "steps", "steps": [{"weight_percent": 10, "hold_seconds": 1}]}


class EcsDns(Variant):
    platform = "ecs_dns"
    data_plane = "the emulator's tasks, found through a real DNS server over its Route 53 and Cloud Map, TTL and all"
    writes = 3  # both steps, and the end of the lease, which is a record as well
    # 28 and 11 where nothing has to be waited for twice; the longer it takes, the more it is looked at.
    promotion_calls = 40
    rollback_calls = 20

    port = 8080
    """Where production listens."""

    @property
    def write_call(self) -> str:  # type: ignore[override]
        return f"route53:POST /2013-04-01/hostedzone/{self.zone_id}/rrset/"

    @cached_property
    def zone_id(self) -> str:
        return str(self.stack.output("zoneId"))

    def config(self, cloud: LocalCloud) -> dict[str, Any]:
        return {**config_of(cloud), **self.names(), "namespaceName": f"tasks.{self.zone_name}", "strategy": STEPS}

    def names(self) -> dict[str, Any]:
        """This stack's alone in the emulator, with a short TTL: what 60 would show, sooner."""
        self.zone_name = f"{secrets.token_hex(4)}.example"
        return {"zoneName": self.zone_name, "ttlSeconds": "2"}

    @contextlib.contextmanager
    def around(self, cloud: LocalCloud, stack: Stack) -> Iterator[None]:
        self.stack = stack
        with Registrar(cloud.endpoint), DnsServer(cloud.endpoint) as server:
            resolving, reach = Resolving(server.port), Reach(cloud)
            name = f"web.{self.zone_name}:{self.port}"
            with NameProxy(resolving, reach) as http_proxy, NameProxy(resolving, reach, name) as production:
                # Whoever runs the swap has to reach the colors' own names: from outside of the VPC by a proxy in it.
                stack.env |= {"HTTP_PROXY": http_proxy.url, "NO_PROXY": "127.0.0.1,localhost"}
                self.production = production.url
                yield

    def _records(self, stack: Stack) -> list[dict[str, Any]]:
        route53: Any = boto3.client("route53")
        record_sets = route53.list_resource_record_sets(HostedZoneId=self.zone_id)["ResourceRecordSets"]
        return [record for record in record_sets if "Weight" in record]

    def live(self, stack: Stack) -> dict[str, int]:
        return {record["SetIdentifier"]: record["Weight"] for record in self._records(stack)}

    def drift(self, stack: Stack) -> None:
        (blue,) = self._records(stack)
        value = self.place(stack.output("previewUrls")["green"])
        green = {**blue, "SetIdentifier": "green", "Weight": 30, "ResourceRecords": [{"Value": value}]}
        changes = [{"Action": "UPSERT", "ResourceRecordSet": record} for record in ({**blue, "Weight": 70}, green)]
        route53: Any = boto3.client("route53")
        route53.change_resource_record_sets(HostedZoneId=self.zone_id, ChangeBatch={"Changes": changes})

    def place(self, url: str) -> str:
        """The target of a color's record, which has this URL of its own."""
        return str(urlsplit(url).hostname)

    def requests(self, stack: Stack) -> contextlib.AbstractContextManager[Requests]:
        return load(self.production)

    def colors(self, stack: Stack) -> set[str]:
        with one_by_one(self.production) as client:
            return {client.get("/").headers["x-color"] for _ in range(40)}
