"""The targets of the colors' names where DNS splits traffic: Cloud Map services, load balancers, or given ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, TypedDict

import pulumi
import pulumi_aws as aws

from bluegreen.aws import fitted
from bluegreen.aws.elb import balancer
from bluegreen.aws.elb.balancer import DEFAULT_PORTS, url_of
from bluegreen.aws.elb.http_front import ADDRESS_TYPES
from bluegreen.aws.elb.target_groups import HttpTargetGroups, http_target_groups, problems_in
from bluegreen.aws.entry import EntryContext, named_port
from bluegreen.aws.limits import problem_of_protocol, problems_of_networks
from bluegreen.component.declaration import known, refuse
from bluegreen.fields import UNKNOWN, Fields
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import COLORS, Color


class DnsTarget(TypedDict, total=False):
    """A load balancer that is there already: its ARN, or its name and zone.

    Attributes:
        load_balancer_arn: it is looked up.
        dns_name: its own name.
        zone_id: the zone of that name.
        evaluate_target_health: whether Route 53 leaves it out while it is not healthy.
    """

    load_balancer_arn: pulumi.Input[str]
    dns_name: pulumi.Input[str]
    zone_id: pulumi.Input[str]
    evaluate_target_health: bool


@dataclass(frozen=True, slots=True)
class Placed:
    """The targets of the colors.

    Attributes:
        router: what of the swap's ``router`` section is known now: targets and who reports their health.
        scheme: ``http`` or ``https``.
        port: where requests go.
        hosts: each color's own name.
        entered: what the component has to know of it: see ``EntryResources``.
    """

    router: Mapping[str, Any]
    scheme: str
    port: int
    hosts: Mapping[Color, pulumi.Output[str]]
    entered: Mapping[str, Any] = field(default_factory=dict)


class Behind(Protocol):
    """One kind of targets behind the names."""

    def problems(self) -> list[Problem]:
        """The problems with its options; values that only an update knows pass."""
        ...

    def draft(self) -> dict[str, Any]:
        """The part of the ``router`` section before anything is declared."""
        ...

    def declare(self, context: EntryContext) -> Placed:
        """Declare the targets that do not exist yet."""
        ...


@dataclass(frozen=True, slots=True)
class CloudMap:
    """A Cloud Map service a color, in which tasks register by themselves."""

    namespace_id: pulumi.Input[str] | None
    namespace_name: str | None
    instance_ttl_seconds: int
    ingress_cidrs: Sequence[str]

    def problems(self) -> list[Problem]:
        """The problems with the options."""
        fields = Fields({"instance_ttl_seconds": known(self.instance_ttl_seconds)})
        fields.whole("instance_ttl_seconds", most=86_400)
        if self.namespace_id is not None and self.namespace_name is None:
            fields.problem("namespace_name", None, "the name of the namespace whose id is given")
        return fields.problems + problems_of_networks("ingress_cidrs", known(self.ingress_cidrs))

    def draft(self) -> dict[str, Any]:
        """Host names and services."""
        return {"targets": UNKNOWN, "services": UNKNOWN}

    def declare(self, context: EntryContext) -> Placed:
        """The namespace, if there is none, and the services."""
        if context.target_type != "ip":
            allowed = "load_balancers: only tasks register in Cloud Map by themselves"
            refuse(context.name, [Problem("behind", "cloud_map", allowed)])
        child = pulumi.ResourceOptions(parent=context.parent)
        name, namespace_id = self.namespace_name or f"{fitted.in_a_label(context.name)}.internal", self.namespace_id
        if namespace_id is None:
            namespace_id = aws.servicediscovery.PrivateDnsNamespace(
                context.name, name=name, vpc=context.vpc_id, tags=context.tags, opts=child
            ).id
        record: Any = {"type": "A", "ttl": self.instance_ttl_seconds}
        services = {
            color: aws.servicediscovery.Service(
                f"{context.name}-{color}",
                name=fitted.in_a_label(context.name, color),
                dns_config={"namespace_id": namespace_id, "dns_records": [record]},
                # ECS itself then tells Cloud Map which tasks are healthy.
                health_check_custom_config={"failure_threshold": 1},
                # Cloud Map keeps a service with instances, and ECS takes its last ones out in its own time.
                force_destroy=True,
                tags=context.color_tags[color],
                opts=child,
            )
            for color in COLORS
        }
        hosts = {color: service.name.apply(lambda own: f"{own}.{name}") for color, service in services.items()}
        return Placed(
            router={"targets": hosts, "services": {color: service.id for color, service in services.items()}},
            scheme="http",
            port=context.port,
            hosts=hosts,
            entered={
                "service_registry_arns": {color: service.arn for color, service in services.items()},
                "source_cidrs": self.ingress_cidrs,
            },
        )


@dataclass(frozen=True, slots=True)
class LoadBalancers:
    """An Application Load Balancer a color."""

    alias: bool
    listener_port: int | None
    certificate_arns: Sequence[pulumi.Input[str]]
    internal: bool
    ip_address_type: str
    ingress_cidrs: Sequence[str]
    target_groups: HttpTargetGroups

    def problems(self) -> list[Problem]:
        """The problems with the options."""
        fields = Fields({"listener_port": known(self.listener_port), "ip_address_type": known(self.ip_address_type)})
        fields.whole("listener_port", None, least=1, most=65_535)
        fields.text("ip_address_type", choices=ADDRESS_TYPES)
        problems = fields.problems + problems_of_networks("ingress_cidrs", known(self.ingress_cidrs))
        protocol = problem_of_protocol(known(self.target_groups), self.certificate_arns)
        return problems + problems_in(self.target_groups) + ([] if protocol is None else [protocol])

    def draft(self) -> dict[str, Any]:
        """Aliases or host names, and target groups."""
        ipv6 = {"ipv6": True} if self.alias and self.ip_address_type != "ipv4" else {}
        return {"targets": UNKNOWN, "target_groups": UNKNOWN, **ipv6}

    def declare(self, context: EntryContext) -> Placed:
        """Load balancers, each with a listener that forwards to its color, and target groups."""
        scheme = "https" if self.certificate_arns else "http"
        port = self.listener_port or DEFAULT_PORTS[scheme]
        groups = http_target_groups(context, self.target_groups)
        made: dict[Color, balancer.Balancer] = {}
        listeners: dict[Color, Sequence[pulumi.Resource]] = {}
        for color in COLORS:
            own = replace(context, name=f"{context.name}-{color}", tags=context.color_tags[color])
            made[color] = balancer.made_balancer(
                own,
                [port],
                internal=self.internal,
                ip_address_type=self.ip_address_type,
                ingress_cidrs=self.ingress_cidrs,
            )
            listeners[color] = [_listener(own, made[color], port, groups[color], self.certificate_arns)]
        return Placed(
            router={
                "targets": {
                    color: alias(made_balancer.dns_name, made_balancer.zone_id)
                    if self.alias
                    else made_balancer.dns_name
                    for color, made_balancer in made.items()
                },
                "target_groups": groups,
            },
            scheme=scheme,
            port=port,
            hosts={color: made_balancer.dns_name for color, made_balancer in made.items()},
            entered={
                "target_group_arns": groups,
                "ports": named_port(self.target_groups),
                "attachments": listeners,
                "security_group_ids": pulumi.Output.all(
                    *(made_balancer.security_group_ids for made_balancer in made.values())
                ).apply(lambda both: [group for groups in both for group in groups]),
            },
        )


def alias(dns_name: pulumi.Input[str], zone_id: pulumi.Input[str]) -> dict[str, Any]:
    """A target that is an alias."""
    return {"dns_name": dns_name, "zone_id": zone_id}


def _listener(
    context: EntryContext,
    where: balancer.Balancer,
    port: int,
    target_group_arn: pulumi.Input[str],
    certificates: Sequence[pulumi.Input[str]],
) -> aws.lb.Listener:
    """A color's own listener, which never changes: only the name moves."""
    child = pulumi.ResourceOptions(parent=context.parent)
    listener = aws.lb.Listener(
        context.name,
        load_balancer_arn=where.arn,
        port=port,
        protocol="HTTPS" if certificates else "HTTP",
        certificate_arn=certificates[0] if certificates else None,
        ssl_policy=balancer.TLS_POLICY if certificates else None,
        default_actions=[{"type": "forward", "target_group_arn": target_group_arn}],
        tags=context.tags,
        opts=child,
    )
    for number, certificate in enumerate(certificates[1:], 1):
        aws.lb.ListenerCertificate(
            f"{context.name}-{number}", listener_arn=listener.arn, certificate_arn=certificate, opts=child
        )
    return listener


_FORMS = "a host name, an object with dns_name and zone_id, or one with load_balancer_arn"


@dataclass(frozen=True, slots=True)
class Given:
    """Targets that are there already."""

    targets: Mapping[str, Any]
    scheme: str
    port: int | None
    target_group_arns: Mapping[str, pulumi.Input[str]]
    health_check_ids: Mapping[str, pulumi.Input[str]]

    def problems(self) -> list[Problem]:
        """The problems with the options."""
        fields = Fields({"scheme": known(self.scheme), "listener_port": known(self.port)})
        fields.text("scheme", choices=DEFAULT_PORTS)
        fields.whole("listener_port", None, least=1, most=65_535)
        for color, target in known(self.targets).items():
            fits = {"load_balancer_arn"}, {"dns_name", "zone_id"}
            if isinstance(target, Mapping) and set(target) - {"evaluate_target_health"} not in fits:
                fields.problem(f"targets.{color}", sorted(target), _FORMS)
        return fields.problems

    def draft(self) -> dict[str, Any]:
        """The targets as they were given; a load balancer that is looked up by ARN is an alias."""
        unknown: Any = alias(UNKNOWN, UNKNOWN)  # type: ignore[arg-type]
        targets = {
            color: unknown if isinstance(target, Mapping) and "load_balancer_arn" in target else target
            for color, target in self.targets.items()
        }
        return {"targets": targets, **self._checks()}

    def _checks(self) -> dict[str, Any]:
        checks = {"target_groups": self.target_group_arns, "health_check_ids": self.health_check_ids}
        return {name: dict(value) for name, value in checks.items() if value}

    def declare(self, context: EntryContext) -> Placed:
        """Make nothing; look load balancers up."""
        targets = {color: _target(self.targets[color], context) for color in COLORS}
        names = {color: target["dns_name"] if isinstance(target, dict) else target for color, target in targets.items()}
        return Placed(
            router={"targets": targets, **self._checks()},
            scheme=self.scheme,
            port=self.port or DEFAULT_PORTS[self.scheme],
            hosts={color: pulumi.Output.from_input(name) for color, name in names.items()},
            entered={
                "target_group_arns": {
                    color: pulumi.Output.from_input(self.target_group_arns[color])
                    for color in COLORS
                    if color in self.target_group_arns
                }
            },
        )


def _target(given: Any, context: EntryContext) -> Any:
    if isinstance(given, Mapping) and "load_balancer_arn" in given:
        looked_up = balancer.found_balancer(given["load_balancer_arn"], context.parent)
        more = {key: value for key, value in given.items() if key != "load_balancer_arn"}
        return {**alias(looked_up.dns_name, looked_up.zone_id), **more}
    return dict(given) if isinstance(given, Mapping) else given


def urls(placed: Placed, names: Mapping[str, pulumi.Input[str]] | None = None) -> dict[Color, pulumi.Output[str]]:
    """Each color's own URL, by the name that was given for it or by the one that it has."""
    hosts = {color: pulumi.Output.from_input((names or placed.hosts)[color]) for color in COLORS}
    return {color: url_of(host, placed.scheme, placed.port) for color, host in hosts.items()}
