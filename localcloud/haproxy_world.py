"""A load balancer's state for its data plane, read from the emulator: listeners, routes, groups, their targets."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import boto3

from localcloud import loopback
from localcloud.cloud import LocalCloud
from localcloud.emulator import REGION
from localcloud.errors import LocalCloudError

# Attributes and certificates hardly ever change: they are read again at every 20th look.
_SELDOM = 20


@dataclass(frozen=True)
class Target:
    """The address at which a registered target is reached from here, always on loopback."""

    port: int
    check_port: int


@dataclass(frozen=True)
class Group:
    """A target group with the targets that may get requests."""

    id: str
    protocol: str
    check: Mapping[str, Any]
    attributes: Mapping[str, str]
    targets: tuple[Target, ...]


@dataclass(frozen=True)
class Route:
    """A rule, or a listener's default action: when it applies and what it does."""

    id: str
    conditions: tuple[Mapping[str, Any], ...]
    action: Mapping[str, Any]

    @property
    def shares(self) -> dict[str, int]:
        """Weight by id of the target groups that get requests; a weight of 0 is none."""
        groups = self.action.get("ForwardConfig", {}).get("TargetGroups") or [self.action]
        weights = {id_of(one["TargetGroupArn"]): int(one.get("Weight", 1)) for one in groups if "TargetGroupArn" in one}
        return {group: weight for group, weight in weights.items() if weight}

    @property
    def sticky_seconds(self) -> int:
        """The seconds that a client stays with a target group; 0 is not at all."""
        sticky = self.action.get("ForwardConfig", {}).get("TargetGroupStickinessConfig", {})
        return int(sticky.get("DurationSeconds", 0)) if sticky.get("Enabled") else 0


@dataclass(frozen=True)
class Listener:
    """A listener; the last of its routes is the default action."""

    arn: str
    id: str
    host: str
    port: int
    protocol: str
    certificates: tuple[tuple[str, ...], ...]
    """The names that each certificate is for; the default certificate first."""
    routes: tuple[Route, ...]


@dataclass(frozen=True)
class World:
    """Everything at one moment."""

    listeners: tuple[Listener, ...] = ()
    groups: Mapping[str, Group] = field(default_factory=dict)


def id_of(arn: str) -> str:
    """The last part of an ARN, which is unique by itself."""
    return arn.rsplit("/", 1)[1]


def _client(cloud: LocalCloud, service: str) -> Any:
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": REGION}
    session: Any = boto3.Session()
    return session.client(service, endpoint_url=cloud.endpoint, **keys)


class Reader:
    """Looks at one emulator, again and again. For one thread."""

    def __init__(self, cloud: LocalCloud) -> None:
        self._cloud = cloud
        self._elb, self._acm, self._ecs = (_client(cloud, name) for name in ("elbv2", "acm", "ecs"))
        self._http = loopback.client(base_url=f"{cloud.endpoint}/_fakecloud/", timeout=10)
        self._looks = itertools.count()
        self._seldom: dict[str, Any] = {}
        self._addresses: dict[str, str] = {}
        self._ports: dict[str, dict[int, int]] = {}

    def close(self) -> None:
        self._http.close()

    def look(self, wanted: Iterable[str]) -> World:
        """Every listener of a Network Load Balancer, and those of others that are wanted by ARN."""
        if next(self._looks) % _SELDOM == 0:
            self._seldom.clear()
        hosts = {one["arn"]: one["dnsName"] for one in self._get("elbv2/load-balancers")["loadBalancers"]}
        there = [one["arn"] for one in self._get("elbv2/listeners")["listeners"]]
        arns = [arn for arn in there if ":listener/net/" in arn or arn in wanted]
        if not arns:
            return World()
        described = self._elb.describe_listeners(ListenerArns=arns)["Listeners"]
        listeners = tuple(self._listener(one, hosts[one["LoadBalancerArn"]]) for one in described if "Port" in one)
        return World(listeners, self._groups(listeners))

    def _get(self, path: str) -> Any:
        return self._http.get(path).raise_for_status().json()

    def _listener(self, described: Mapping[str, Any], host: str) -> Listener:
        arn = described["ListenerArn"]
        rules = []
        if described["Protocol"] in ("HTTP", "HTTPS"):
            rules = [one for one in self._elb.describe_rules(ListenerArn=arn)["Rules"] if one["Priority"] != "default"]
        routes = [
            Route(id_of(rule["RuleArn"]), tuple(rule["Conditions"]), rule["Actions"][-1])
            for rule in sorted(rules, key=lambda rule: int(rule["Priority"]))
        ]
        default = Route(id_of(arn), (), described["DefaultActions"][-1])
        names = tuple(self._names(one) for one in self._certificates(described))
        return Listener(arn, id_of(arn), host, described["Port"], described["Protocol"], names, (*routes, default))

    # -- certificates

    def _certificates(self, listener: Mapping[str, Any]) -> list[str]:
        first = [one["CertificateArn"] for one in listener.get("Certificates") or []]
        if not first:
            return []

        def ask() -> list[str]:
            answer = self._elb.describe_listener_certificates(ListenerArn=listener["ListenerArn"])
            return [one["CertificateArn"] for one in answer["Certificates"]]

        return list(dict.fromkeys([*first, *self._once(listener["ListenerArn"], ask)]))

    def _names(self, arn: str) -> tuple[str, ...]:
        def ask() -> tuple[str, ...]:
            if ":acm:" not in arn:
                return ("localhost",)
            certificate = self._acm.describe_certificate(CertificateArn=arn)["Certificate"]
            return tuple(dict.fromkeys([certificate["DomainName"], *certificate.get("SubjectAlternativeNames", [])]))

        names: tuple[str, ...] = self._once(arn, ask)
        return names

    def _once(self, key: str, ask: Any) -> Any:
        if key not in self._seldom:
            self._seldom[key] = ask()
        return self._seldom[key]

    # -- targets

    def _groups(self, listeners: Iterable[Listener]) -> dict[str, Group]:
        wanted = {group for listener in listeners for route in listener.routes for group in route.shares}
        known = {id_of(one["arn"]): one for one in self._get("elbv2/target-groups")["targetGroups"]}
        arns = [known[group]["arn"] for group in sorted(wanted & set(known))]
        described = self._elb.describe_target_groups(TargetGroupArns=arns)["TargetGroups"] if arns else []
        healthy = {
            group: [one for one in known[group]["targets"] if one["healthState"] == "healthy"]
            for group in wanted & set(known)
        }
        if any(one["id"] != "127.0.0.1" for targets in healthy.values() for one in targets):
            self._find_tasks()
        return {
            id_of(one["TargetGroupArn"]): self._group(one, healthy[id_of(one["TargetGroupArn"])]) for one in described
        }

    def _group(self, described: Mapping[str, Any], healthy: Iterable[Mapping[str, Any]]) -> Group:
        arn = described["TargetGroupArn"]

        def ask() -> dict[str, str]:
            answer = self._elb.describe_target_group_attributes(TargetGroupArn=arn)
            return {one["Key"]: one["Value"] for one in answer["Attributes"]}

        targets = []
        for one in healthy:
            checked = described.get("HealthCheckPort", "traffic-port")
            ports = [
                self._reached(one["id"], one["port"] if port == "traffic-port" else int(port))
                for port in ("traffic-port", checked)
            ]
            if ports[0] is not None:
                targets.append(Target(ports[0], ports[1] or ports[0]))
        check = {
            key: described.get(key)
            for key in described
            if key.startswith(("HealthCheck", "Healthy", "Unhealthy", "Matcher"))
        }
        return Group(id_of(arn), described["Protocol"], check, self._once(arn, ask), tuple(targets))

    def _reached(self, target: str, port: int) -> int | None:
        """The loopback port behind a target's address; none when nobody serves it (any more)."""
        if target == "127.0.0.1" or target.startswith("i-"):
            return port
        return self._ports.get(self._addresses.get(target, ""), {}).get(port)

    def _find_tasks(self) -> None:
        """Addresses of tasks exist only inside of the emulator; their containers publish their ports on loopback.

        A task that should stop is left out at once, as ECS deregisters it before it ends it.
        """
        tasks = [
            one
            for one in self._get("ecs/tasks")["tasks"]
            if (one["desiredStatus"], one["lastStatus"]) == ("RUNNING", "RUNNING")
        ]
        running = {one["taskId"] for one in tasks}
        self._addresses = {address: task for address, task in self._addresses.items() if task in running}
        for task in tasks:
            if task["taskId"] not in self._ports:
                ports = [self._published(one["runtimeId"]) for one in task["containers"] if one["runtimeId"]]
                self._ports[task["taskId"]] = {
                    key: port for by_container in ports for key, port in by_container.items()
                }
            if task["taskId"] not in self._addresses.values():
                self._addresses.update(self._address(task))

    def _published(self, container: str) -> dict[int, int]:
        try:
            said = self._cloud.podman("port", container)
        except LocalCloudError:  # it ended in this very moment
            return {}
        return {int(inside): int(outside) for inside, outside in re.findall(r"(\d+)/tcp -> 127\.0\.0\.1:(\d+)", said)}

    def _address(self, task: Mapping[str, Any]) -> dict[str, str]:
        answer = self._ecs.describe_tasks(cluster=task["clusterArn"], tasks=[task["taskArn"]])
        details = [
            one for one_task in answer["tasks"] for card in one_task.get("attachments", []) for one in card["details"]
        ]
        return {one["value"]: task["taskId"] for one in details if one["name"] == "privateIPv4Address"}
