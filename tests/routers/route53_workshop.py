"""A hosted zone in the emulator with names that each test uses once, and hands to change its records."""

from __future__ import annotations

import functools
import itertools
from dataclasses import dataclass
from typing import Any

import boto3

from bluegreen.aws.route53.router import Route53Router
from bluegreen.fields import Fields
from bluegreen.rollout.clock import FakeClock
from bluegreen.rollout.model import Convergence

ZONE = "workshop.example"
ALIAS_ZONE = "Z35SXDOTRQ7X7K"  # where load balancers of us-east-1 are
# Long enough for any change of the emulator's: it is in sync after five looks.
_LONG_SECONDS = 600
_names = itertools.count(1)


@dataclass
class Zone:
    """The objects that the API made; ``route53`` is the client that made them."""

    route53: Any
    id: str
    discovery: Any
    services: dict[str, str]

    def records(self, name: str) -> list[dict[str, Any]]:
        """The record sets at a name and at its note, as a console shows them."""
        record_sets = self.route53.list_resource_record_sets(HostedZoneId=self.id)["ResourceRecordSets"]
        names = (f"{name}.", f"_bluegreen.{name}.")
        return [record for record in record_sets if record["Name"] in names]

    def weights(self, name: str) -> dict[tuple[str, str], int]:
        """Weight by type and set identifier."""
        weighted = [record for record in self.records(name) if "Weight" in record]
        return {(record["Type"], record["SetIdentifier"]): record["Weight"] for record in weighted}

    def change(self, *changes: tuple[str, dict[str, Any]]) -> None:
        """Change records behind the swap's back."""
        batch = [{"Action": action, "ResourceRecordSet": record} for action, record in changes]
        self.route53.change_resource_record_sets(HostedZoneId=self.id, ChangeBatch={"Changes": batch})

    def clear(self, name: str) -> None:
        """Remove everything at a name."""
        records = self.records(name)
        if records:
            self.change(*(("DELETE", record) for record in records))


def build() -> Zone:
    """Make one, and a Cloud Map service for each color."""
    route53, discovery = boto3.client("route53"), boto3.client("servicediscovery")
    made = route53.create_hosted_zone(Name=ZONE, CallerReference=f"workshop-{next(_names)}")["HostedZone"]["Id"]
    return Zone(route53, made.rpartition("/")[2], discovery, _services())


@functools.cache
def _services() -> dict[str, str]:
    """The Cloud Map services; an account has one namespace of a name, which nothing here changes."""
    discovery = boto3.client("servicediscovery")
    vpc = boto3.client("ec2").describe_vpcs()["Vpcs"][0]["VpcId"]
    operation = discovery.create_private_dns_namespace(Name="workshop.internal", Vpc=vpc)["OperationId"]
    namespace = discovery.get_operation(OperationId=operation)["Operation"]["Targets"]["NAMESPACE"]
    return {
        color: discovery.create_service(
            Name=f"web-{color}",
            NamespaceId=namespace,
            DnsConfig={"RoutingPolicy": "MULTIVALUE", "DnsRecords": [{"Type": "A", "TTL": 10}]},
            HealthCheckCustomConfig={"FailureThreshold": 1},
        )["Service"]["Id"]
        for color in ("blue", "green")
    }


def new_name() -> str:
    """A name that no other test has."""
    return f"app{next(_names)}.{ZONE}"


def section(zone: Zone, **more: object) -> dict[str, object]:
    """A ``router`` section of host names."""
    return {
        "kind": "route53",
        "zone_id": zone.id,
        "record_name": new_name(),
        "targets": {color: f"web-{color}.workshop.internal" for color in ("blue", "green")},
        "services": zone.services,
        "owner": "project/stack/web",
        **more,
    }


def section_of_aliases(zone: Zone) -> dict[str, object]:
    """A ``router`` section of aliases, for IPv4 and IPv6."""
    aliases = {color: alias(color) for color in ("blue", "green")}
    return section(zone, targets=aliases, ipv6=True)


def alias(color: str) -> dict[str, object]:
    """A load balancer as a target."""
    return {"dns_name": f"{color}-1.us-east-1.elb.amazonaws.com", "zone_id": ALIAS_ZONE}


def weighted(name: str, identifier: str, value: str, weight: int, ttl: int = 60) -> dict[str, Any]:
    """A weighted CNAME record set."""
    return {**simple(name, value, ttl), "SetIdentifier": identifier, "Weight": weight}


def simple(name: str, value: str, ttl: int = 60) -> dict[str, Any]:
    """A CNAME record set with no routing policy."""
    return {"Name": name, "Type": "CNAME", "TTL": ttl, "ResourceRecords": [{"Value": value}]}


def router(section: dict[str, object], clock: FakeClock | None = None) -> Route53Router:
    """A router as a fresh process has it, under a clock that is turned by hand."""
    fields = Fields(section, "router")
    fields.text("kind")
    arguments: Any = Route53Router.parse(fields)
    fields.done()
    assert not fields.problems, fields.problems
    return Route53Router(**arguments, clock=clock or FakeClock())


def seconds_until_converged(router: Any, clock: FakeClock, weights: Any) -> float:
    """How long it takes on the clock, looked at each second."""
    began = clock.now_seconds
    while router.verify(weights) is not Convergence.CONVERGED:
        assert clock.now_seconds - began < _LONG_SECONDS, f"{weights} did not converge"
        clock.sleep(1)
    return clock.now_seconds - began
