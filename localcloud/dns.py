"""A DNS server on a loopback address that answers from the emulator's own Route 53 and Cloud Map.

    with DnsServer(cloud.endpoint) as server:
        ...  # ask 127.0.0.1:server.port

Weights are drawn anew for each question, as Route 53 does it. Names of load balancers become addresses in 127.0.0.0/8
that hold the port at which the emulator listens for them; tasks keep the address that they have in their VPC.
`localcloud.dns_clients` knows how to reach both. What Route 53 does beside is not done here: health checks leave no
record out, and a change is answered with as soon as it is made.
"""

from __future__ import annotations

import random
import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import boto3
import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import httpx
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from localcloud import loopback
from localcloud.emulator import REGION

ALIAS_TTL_SECONDS = 60
_MOST_CNAMES = 8
_MOST_ADDRESSES = 8
"""Cloud Map answers with no more: https://docs.aws.amazon.com/cloud-map/latest/api/API_DnsConfig.html"""


@dataclass(frozen=True, slots=True)
class Answer:
    """One record set of an answer."""

    name: str
    kind: str
    ttl_seconds: int
    values: tuple[str, ...]


def client(endpoint: str, service: str) -> Any:
    """A client of the emulator."""
    return boto3.client(
        service,  # type: ignore[call-overload]
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(inject_host_prefix=False),  # Cloud Map's data plane has a host of its own: not here
    )


def balancer_address(port: int) -> str:
    """The address of a load balancer that listens on a port of 127.0.0.1: it is the port, written as an address."""
    return f"127.77.{port >> 8}.{port & 255}"


def _plain(name: str) -> str:
    return name.rstrip(".").lower()


class Names:
    """The addresses behind names, read from the emulator anew each time; the list of zones is remembered."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        self.environments: dict[str, int] = {}
        """The port that serves for an environment of Elastic Beanstalk, by the beginning of its name: the emulator's
        environments are records."""
        self.environment_ttl_seconds = ALIAS_TTL_SECONDS
        self._zones: dict[str, str] = {}
        self._ttls: dict[tuple[str, str], int] = {}
        self._route53, self._elb, self._map = (
            client(endpoint, service) for service in ("route53", "elbv2", "servicediscovery")
        )

    def resolve(self, name: str) -> list[Answer]:
        """The chain from a name to its IPv4 addresses; empty where there is none."""
        chain: list[Answer] = []
        name = _plain(name)
        for _ in range(_MOST_CNAMES):
            answer = self._record(name) or self._instances(name) or self._balancer(name) or self._environment(name)
            if answer is None:
                break
            chain.append(answer)
            if answer.kind != "CNAME":
                break
            name = _plain(answer.values[0])
        return chain

    def _record(self, name: str) -> Answer | None:
        """From a hosted zone: one record set, by weight where there are several."""
        for zone in self._zones_of(name):
            answer = self._route53.list_resource_record_sets(
                HostedZoneId=self._zones[zone], StartRecordName=name, StartRecordType="A", MaxItems="100"
            )
            sets = [
                record
                for record in answer["ResourceRecordSets"]
                if _plain(record["Name"]) == name and record["Type"] in ("A", "CNAME")
            ]
            if sets:
                return self._chosen(name, sets)
        return None

    def _zones_of(self, name: str) -> list[str]:
        """The zones that a name may be in, the innermost first."""
        for _ in range(2):
            zones = [zone for zone in self._zones if f".{name}".endswith(f".{zone}")]
            if zones:
                return sorted(zones, key=len, reverse=True)
            pages = self._route53.get_paginator("list_hosted_zones").paginate()
            self._zones = {_plain(zone["Name"]): zone["Id"] for page in pages for zone in page["HostedZones"]}
        return []

    def _chosen(self, name: str, sets: Sequence[Any]) -> Answer | None:
        weights = [record.get("Weight", 1) for record in sets]
        (record,) = random.choices(sets, weights if any(weights) else None)
        alias = record.get("AliasTarget")
        if alias is None:
            values = tuple(item["Value"] for item in record["ResourceRecords"])
            return Answer(name, record["Type"], record["TTL"], values)
        behind = self.resolve(alias["DNSName"])
        # An alias answers in its own name with what is behind it.
        return Answer(name, "A", ALIAS_TTL_SECONDS, behind[-1].values) if behind else None

    def _instances(self, name: str) -> Answer | None:
        """From Cloud Map: the healthy instances of a service; all of them where none is healthy."""
        service, _, namespace = name.partition(".")
        try:
            instances = self._map.discover_instances(NamespaceName=namespace, ServiceName=service)["Instances"]
        except ClientError:
            return None
        addresses = [instance["Attributes"]["AWS_INSTANCE_IPV4"] for instance in instances]
        ttl = self._instance_ttl(namespace, service) if addresses else 0
        picked = random.sample(addresses, min(len(addresses), _MOST_ADDRESSES))
        return Answer(name, "A", ttl, tuple(picked)) if picked else None

    def _instance_ttl(self, namespace: str, service: str) -> int:
        if (namespace, service) in self._ttls:
            return self._ttls[namespace, service]
        ids = [one["Id"] for one in self._map.list_namespaces()["Namespaces"] if one["Name"] == namespace]
        listed = self._map.list_services(Filters=[{"Name": "NAMESPACE_ID", "Values": ids}])["Services"]
        ttl = next(one["DnsConfig"]["DnsRecords"][0]["TTL"] for one in listed if one["Name"] == service)
        self._ttls[namespace, service] = int(ttl)
        return int(ttl)

    def _balancer(self, name: str) -> Answer | None:
        """From the emulator: where a load balancer listens. The stand-in plugin calls it `127.0.0.1:PORT` at once."""
        host, _, port = name.partition(":")
        if host == "127.0.0.1" and port.isdigit():
            return Answer(name, "A", ALIAS_TTL_SECONDS, (balancer_address(int(port)),))
        if not name.endswith(".elb.amazonaws.com"):
            return None
        arns = {_plain(one["DNSName"]): one["LoadBalancerArn"] for one in self._balancers()}
        listing = loopback.get(f"{self._endpoint}/_fakecloud/elbv2/load-balancers").json()
        bound = next((one["boundPort"] for one in listing["loadBalancers"] if one["arn"] == arns.get(name)), None)
        return Answer(name, "A", ALIAS_TTL_SECONDS, (balancer_address(bound),)) if bound else None

    def _environment(self, name: str) -> Answer | None:
        """From Elastic Beanstalk: whoever serves for the environment that has the name at this moment."""
        if not name.endswith(".elasticbeanstalk.com"):
            return None
        found = client(self._endpoint, "elasticbeanstalk").describe_environments(IncludeDeleted=False)["Environments"]
        named = next((one["EnvironmentName"] for one in found if _plain(one.get("CNAME", "")) == name), "")
        ports = [port for start, port in self.environments.items() if named.startswith(start)]
        return Answer(name, "A", self.environment_ttl_seconds, (balancer_address(ports[0]),)) if ports else None

    def _balancers(self) -> list[Any]:
        pages = self._elb.get_paginator("describe_load_balancers").paginate()
        return [balancer for page in pages for balancer in page["LoadBalancers"]]


class DnsServer:
    """Answers questions for A records over UDP, with the whole chain, as a resolver does.

    Args:
        endpoint: the emulator's.
        resolve: who knows the chain from a name to its addresses, in the emulator's place.
    """

    def __init__(self, endpoint: str, resolve: Callable[[str], list[Answer]] | None = None) -> None:
        self.names = Names(endpoint)
        self._resolve = resolve or self.names.resolve
        self.asked: list[str] = []
        """Every question that came, in order: who respects a TTL does not ask twice within it."""
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def port(self) -> int:
        """The port on 127.0.0.1 that it listens on."""
        return int(self._socket.getsockname()[1])

    def _serve(self) -> None:
        while True:
            try:
                data, sender = self._socket.recvfrom(4096)
            except OSError:  # closed
                return
            threading.Thread(target=self._reply, args=(data, sender), daemon=True).start()

    def _reply(self, data: bytes, sender: Any) -> None:
        try:
            question = dns.message.from_wire(data)
        except dns.exception.DNSException:
            return
        reply = self.answer(question)
        try:
            self._socket.sendto(reply.to_wire(), sender)
        except OSError:  # closed meanwhile
            return

    def answer(self, question: dns.message.Message) -> dns.message.Message:
        """The reply to a question."""
        reply = dns.message.make_response(question)
        reply.flags |= dns.flags.RA | dns.flags.AA
        asked = question.question[0]
        self.asked.append(_plain(asked.name.to_text()))
        try:
            chain = self._resolve(asked.name.to_text())
        except (ClientError, BotoCoreError, httpx.HTTPError):
            reply.set_rcode(dns.rcode.SERVFAIL)
            return reply
        if not chain:
            reply.set_rcode(dns.rcode.NXDOMAIN)
        elif asked.rdtype == dns.rdatatype.A:
            for answer in chain:
                values = [value if answer.kind == "A" else f"{_plain(value)}." for value in answer.values]
                reply.answer.append(
                    dns.rrset.from_text(f"{answer.name}.", answer.ttl_seconds, "IN", answer.kind, *values)
                )
        return reply

    def __enter__(self) -> DnsServer:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()
