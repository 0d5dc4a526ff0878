"""Route 53 in front of the colors: weighted records, one name for production and one for each color."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import pulumi

from bluegreen.arguments.reporting import reporting
from bluegreen.aws.elb.balancer import url_of
from bluegreen.aws.elb.target_groups import HttpTargetGroups
from bluegreen.aws.entry import EntryContext, EntryResources
from bluegreen.aws.route53.behind import Behind, CloudMap, DnsTarget, Given, LoadBalancers, urls
from bluegreen.component.declaration import is_of_both, known, listed
from bluegreen.options.declared import Options, declared, option, options_of
from bluegreen.options.functions import Function, Rest
from bluegreen.options.kinds import Anything, Flag, Text, Texts
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import COLORS, Color

if TYPE_CHECKING:
    pass

if TYPE_CHECKING:
    from typing_extensions import Unpack

BEHIND = ("cloud_map", "load_balancers")
# What goes with each way alone; target group options go with load balancers.
_OPTIONS: Mapping[str, Sequence[str]] = {
    "cloud_map": ("namespace_id", "namespace_name", "instance_ttl_seconds", "ingress_cidrs"),
    "load_balancers": ("alias", "listener_port", "certificate_arns", "internal", "ip_address_type", "ingress_cidrs"),
    "targets": ("target_group_arns", "health_check_ids", "scheme", "listener_port"),
}
_ALIAS_TTL_SECONDS = 60
# "within 60 seconds": https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html
_PROPAGATION_SECONDS = 60
_MARGIN_SECONDS = 30
# Who may call tasks that have no load balancer in front of them: private networks.
_PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
_EVERYBODY = ("0.0.0.0/0",)


@dataclass(frozen=True, slots=True)
class DnsEntry:
    """The arguments of ``dns()``."""

    zone_id: pulumi.Input[str]
    record_name: pulumi.Input[str]
    ttl_seconds: int
    adopt: bool
    preview_names: Mapping[str, pulumi.Input[str]] | None
    kind: str
    behind: Behind
    without_effect: Mapping[str, Any]
    zone_role_arn: str | None = None
    zone_external_id: str | None = None

    @property
    def preview_headers(self) -> Mapping[Color, Mapping[str, str]]:
        """No headers: each color has a name of its own."""
        return {}

    @property
    def converge_timeout_seconds(self) -> float:
        """The time, in seconds, until all of Route 53's servers have a change, and a TTL for the resolvers' caches."""
        ttl = self.ttl_seconds if isinstance(self.ttl_seconds, (int, float)) else _ALIAS_TTL_SECONDS
        return _PROPAGATION_SECONDS + ttl + _MARGIN_SECONDS

    def problems(self, settings: Mapping[str, Any]) -> list[Problem]:
        """The problems with the options."""
        problems = self.behind.problems()
        named = known(self.preview_names or dict.fromkeys(COLORS, ""))
        if not is_of_both(named):
            problems.append(Problem("preview_names", named, "a name for each color"))
        asked = {gate.get("kind") for gate in known(settings.get("gates") or ()) if isinstance(gate, Mapping)}
        over_tls = isinstance(self.behind, LoadBalancers) and bool(self.behind.certificate_arns)
        if self.preview_names is None and "http" in asked and over_tls:
            allowed = "a name for each color that the certificate is for: http gates call it, over HTTPS"
            problems.append(Problem("preview_names", None, allowed))
        if self.kind not in (*BEHIND, "targets"):
            problems.append(Problem("behind", self.kind, " or ".join(BEHIND)))
        for name, value in known(self.without_effect).items():
            problems.append(Problem(name, value, f"none: it is without effect with {self.kind}"))
        aliases = isinstance(self.behind, LoadBalancers) and self.behind.alias
        if aliases and self.ttl_seconds != _ALIAS_TTL_SECONDS:
            allowed = f"{_ALIAS_TTL_SECONDS}, or alias=False: aliases have no TTL of their own"
            problems.append(Problem("ttl_seconds", self.ttl_seconds, allowed))
        return problems

    def draft(self, owner: str, connection: Mapping[str, str]) -> dict[str, Any]:
        """The router's section."""
        return {
            "kind": "route53",
            "zone_id": self.zone_id,
            "record_name": self.record_name,
            "owner": owner,
            "ttl_seconds": self.ttl_seconds,
            **({"adopt": True} if self.adopt else {}),
            **({} if self.zone_role_arn is None else {"zone_role_arn": self.zone_role_arn}),
            **({} if self.zone_external_id is None else {"zone_external_id": self.zone_external_id}),
            **self.behind.draft(),
            "aws": dict(connection),
        }

    def declare(self, context: EntryContext) -> EntryResources:
        """Declare the targets of the colors' names; the records are the swap's own."""
        placed = self.behind.declare(context)
        name = pulumi.Output.from_input(self.record_name)
        return EntryResources(
            router={**self.draft(context.owner, context.connection), **placed.router},
            url=url_of(name, placed.scheme, placed.port),
            preview_urls=urls(placed, self.preview_names),
            **placed.entered,
        )


@declared
class Dns(Options):
    """Weighted records in Route 53: promotions may go in steps, each of which takes a minute or two to take effect.

    A weight is a share of the answers that resolvers get, not of the requests: each keeps its answer for a TTL.
    """

    function: ClassVar[Function] = Function(
        "dns",
        returns="DnsEntry",
        by="dns_entry",
        rest=Rest("target_groups", "HttpTargetGroups", "with ``load_balancers``, see ``HttpTargetGroups``"),
    )

    zone_id: pulumi.Input[str] = option(
        "the hosted zone, public or private",
        Text(later=True),
    )
    record_name: pulumi.Input[str] = option(
        "the service's name in it, in full: ``app.example.com``",
        Text(later=True),
    )
    ttl_seconds: int = option(
        "how long resolvers keep an answer, and so how long clients stay after a shift; 60 for aliases",
        Anything("int"),
        default=60,
    )
    zone_role_arn: str | None = option(
        "the role that the records are changed with, where the zone is in another account",
        Text(),
        default=None,
    )
    zone_external_id: str | None = option(
        "the external id that the role's trust policy requires",
        Text(),
        default=None,
    )
    adopt: bool = option(
        "whether records that the name has already are taken over, if each leads to one of the colors",
        Flag(),
        default=False,
    )
    behind: str = option(
        "what the colors' own names lead to: ``cloud_map`` (default; tasks register by themselves, clients call "
        "them at their own port) or ``load_balancers`` (an Application Load Balancer a color); see also ``targets``",
        Text(),
        default="cloud_map",
    )
    namespace_id: pulumi.Input[str] | None = option(
        "with ``cloud_map``, an existing DNS namespace; a private one is made when absent",
        Text(later=True),
        default=None,
    )
    namespace_name: str | None = option(
        "its name; of one that is made, default ``NAME.internal``",
        Text(),
        default=None,
    )
    instance_ttl_seconds: int = option(
        "with ``cloud_map``, how long resolvers keep a task's address",
        Anything("int"),
        default=10,
    )
    targets: Mapping[str, pulumi.Input[str] | DnsTarget] | None = option(
        "what is there already, by color, instead of ``behind``: a host name, an object with ``dns_name`` and "
        "``zone_id`` for an alias, or one with ``load_balancer_arn``",
        Anything("Mapping[str, pulumi.Input[str] | DnsTarget]"),
        default=None,
    )
    target_group_arns: Mapping[str, pulumi.Input[str]] | None = option(
        "with ``targets``, the target group of each color: their health is that of the color",
        Anything("Mapping[str, pulumi.Input[str]]"),
        default=None,
    )
    health_check_ids: Mapping[str, pulumi.Input[str]] | None = option(
        "with ``targets``, a Route 53 health check for each color",
        Anything("Mapping[str, pulumi.Input[str]]"),
        default=None,
    )
    scheme: str = option(
        "with ``targets``, ``http`` or ``https``",
        Text(),
        default="http",
    )
    preview_names: Mapping[str, pulumi.Input[str]] | None = option(
        "a name for each color that preview URLs and gates use instead of its own; you make its record. With HTTPS "
        "and an ``http`` gate it is needed: a certificate is not for a load balancer's own name",
        Anything("Mapping[str, pulumi.Input[str]]"),
        default=None,
    )
    alias: bool = option(
        "with ``load_balancers``, whether the records are aliases, whose TTL is 60; else CNAME records, which have "
        "``ttl_seconds`` and cannot stand at a zone's apex",
        Flag(),
        default=True,
    )
    listener_port: int | None = option(
        "default 80, or 443 with HTTPS; with ``cloud_map`` it is the port of the tasks",
        Anything("int"),
        default=None,
    )
    certificate_arns: Sequence[pulumi.Input[str]] = option(
        "with ``load_balancers``, make their listeners HTTPS; the first is the default",
        Anything("Sequence[pulumi.Input[str]]"),
        default=(),
    )
    internal: bool = option(
        "with ``load_balancers``, whether they are internal",
        Flag(),
        default=False,
    )
    ip_address_type: str = option(
        "with ``load_balancers``: ``ipv4``, ``dualstack`` (AAAA records beside those for IPv4)",
        Text(),
        default="ipv4",
    )
    ingress_cidrs: Sequence[str] | None = option(
        "who may call; with ``cloud_map`` private networks by default, else everybody",
        Texts(),
        default=None,
    )


def dns_entry(given: Dns, target_groups: HttpTargetGroups) -> DnsEntry:
    """The records, and the way to each color that they lead to."""
    way: Behind
    if given.targets is not None:
        way = Given(
            given.targets,
            given.scheme,
            given.listener_port,
            given.target_group_arns or {},
            given.health_check_ids or {},
        )
    elif known(given.behind) == "load_balancers":
        way = LoadBalancers(
            given.alias,
            given.listener_port,
            listed(given.certificate_arns),
            given.internal,
            given.ip_address_type,
            listed(_EVERYBODY if given.ingress_cidrs is None else given.ingress_cidrs),
            target_groups,
        )
    else:
        way = CloudMap(
            given.namespace_id,
            given.namespace_name,
            given.instance_ttl_seconds,
            listed(_PRIVATE if given.ingress_cidrs is None else given.ingress_cidrs),
        )
    kind = "targets" if given.targets is not None else given.behind
    return DnsEntry(
        given.zone_id,
        given.record_name,
        given.ttl_seconds,
        given.adopt,
        given.preview_names,
        kind,
        way,
        _without_effect(kind, given, target_groups),
        given.zone_role_arn,
        given.zone_external_id,
    )


def _without_effect(kind: str, given: Dns, target_groups: HttpTargetGroups) -> dict[str, Any]:
    """Options that were given but belong to another kind of targets."""
    defaults = {one.attribute: one.default for one in options_of(Dns)}
    others = {name for options in _OPTIONS.values() for name in options} - {*_OPTIONS.get(kind, defaults)}
    useless = {name: value for name in sorted(others) if (value := getattr(given, name)) is not defaults[name]}
    if kind != "load_balancers":
        useless |= dict(target_groups)
    return {name: value for name, value in useless.items() if value not in ((), [], {})}


# -- written by `python dev/public_functions.py` from the options above


@reporting
def dns(
    *,
    zone_id: pulumi.Input[str],
    record_name: pulumi.Input[str],
    ttl_seconds: int = 60,
    zone_role_arn: str | None = None,
    zone_external_id: str | None = None,
    adopt: bool = False,
    behind: str = "cloud_map",
    namespace_id: pulumi.Input[str] | None = None,
    namespace_name: str | None = None,
    instance_ttl_seconds: int = 10,
    targets: Mapping[str, pulumi.Input[str] | DnsTarget] | None = None,
    target_group_arns: Mapping[str, pulumi.Input[str]] | None = None,
    health_check_ids: Mapping[str, pulumi.Input[str]] | None = None,
    scheme: str = "http",
    preview_names: Mapping[str, pulumi.Input[str]] | None = None,
    alias: bool = True,
    listener_port: int | None = None,
    certificate_arns: Sequence[pulumi.Input[str]] = (),
    internal: bool = False,
    ip_address_type: str = "ipv4",
    ingress_cidrs: Sequence[str] | None = None,
    **target_groups: Unpack[HttpTargetGroups],
) -> DnsEntry:
    """Weighted records in Route 53: promotions may go in steps, each of which takes a minute or two to take effect.

    A weight is a share of the answers that resolvers get, not of the requests: each keeps its answer for a TTL.

    Args:
        zone_id: the hosted zone, public or private.
        record_name: the service's name in it, in full: ``app.example.com``.
        ttl_seconds: how long resolvers keep an answer, and so how long clients stay after a shift; 60 for aliases.
        zone_role_arn: the role that the records are changed with, where the zone is in another account.
        zone_external_id: the external id that the role's trust policy requires.
        adopt: whether records that the name has already are taken over, if each leads to one of the colors.
        behind: what the colors' own names lead to: ``cloud_map`` (default; tasks register by themselves, clients call
            them at their own port) or ``load_balancers`` (an Application Load Balancer a color); see also ``targets``.
        namespace_id: with ``cloud_map``, an existing DNS namespace; a private one is made when absent.
        namespace_name: its name; of one that is made, default ``NAME.internal``.
        instance_ttl_seconds: with ``cloud_map``, how long resolvers keep a task's address.
        targets: what is there already, by color, instead of ``behind``: a host name, an object with ``dns_name`` and
            ``zone_id`` for an alias, or one with ``load_balancer_arn``.
        target_group_arns: with ``targets``, the target group of each color: their health is that of the color.
        health_check_ids: with ``targets``, a Route 53 health check for each color.
        scheme: with ``targets``, ``http`` or ``https``.
        preview_names: a name for each color that preview URLs and gates use instead of its own; you make its record.
            With HTTPS and an ``http`` gate it is needed: a certificate is not for a load balancer's own name.
        alias: with ``load_balancers``, whether the records are aliases, whose TTL is 60; else CNAME records, which have
            ``ttl_seconds`` and cannot stand at a zone's apex.
        listener_port: default 80, or 443 with HTTPS; with ``cloud_map`` it is the port of the tasks.
        certificate_arns: with ``load_balancers``, make their listeners HTTPS; the first is the default.
        internal: with ``load_balancers``, whether they are internal.
        ip_address_type: with ``load_balancers``: ``ipv4``, ``dualstack`` (AAAA records beside those for IPv4).
        ingress_cidrs: who may call; with ``cloud_map`` private networks by default, else everybody.
        **target_groups: with ``load_balancers``, see ``HttpTargetGroups``.
    """
    return dns_entry(
        Dns(
            zone_id=zone_id,
            record_name=record_name,
            ttl_seconds=ttl_seconds,
            zone_role_arn=zone_role_arn,
            zone_external_id=zone_external_id,
            adopt=adopt,
            behind=behind,
            namespace_id=namespace_id,
            namespace_name=namespace_name,
            instance_ttl_seconds=instance_ttl_seconds,
            targets=targets,
            target_group_arns=target_group_arns,
            health_check_ids=health_check_ids,
            scheme=scheme,
            preview_names=preview_names,
            alias=alias,
            listener_port=listener_port,
            certificate_arns=listed(certificate_arns),
            internal=internal,
            ip_address_type=ip_address_type,
            ingress_cidrs=listed(ingress_cidrs),
        ),
        target_groups,
    )
