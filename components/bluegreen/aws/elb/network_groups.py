"""The colors' target groups behind a network load balancer: alike but for the name, so that both are judged alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, TypedDict

import pulumi
import pulumi_aws as aws

from bluegreen.aws import fitted
from bluegreen.aws.entry import EntryContext
from bluegreen.aws.limits import problem_of_matcher, problem_of_port
from bluegreen.aws.service_limits import numbers_out_of_limits
from bluegreen.component.bounds import given_or_usual, problems_of_bounds
from bluegreen.component.declaration import known
from bluegreen.fields import UNKNOWN, Fields
from bluegreen.options.declared import Options, declared, option, options_of
from bluegreen.options.kinds import Anything, Flag, Number
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import COLORS, Color

# Also for UDP, which cannot be checked itself: units have to listen on TCP, too.
_CHECK: Mapping[str, Any] = {
    "protocol": "TCP",
    "interval": 10,
    "timeout": 5,
    "healthy_threshold": 2,
    "unhealthy_threshold": 2,
}
_HTTP_CHECK: Mapping[str, Any] = {**_CHECK, "path": "/healthz", "matcher": "200"}
_ENCRYPTED = "TLS"
_DATAGRAMS = ("UDP", "TCP_UDP")


class NetworkHealthCheck(TypedDict, total=False):
    """How a network load balancer checks whether a unit is healthy; what is absent keeps its default.

    Attributes:
        protocol: ``TCP`` (default: a connection is enough), ``HTTP`` or ``HTTPS``.
        path: with HTTP, default ``/healthz``.
        matcher: the statuses of a healthy answer, with HTTP, default ``200``.
        interval: seconds between two checks, default 10.
        timeout: seconds until a check has failed.
        healthy_threshold: checks in a row until a unit is healthy, default 2.
        unhealthy_threshold: checks in a row until it is not, default 2.
        port: default the units' own.
    """

    protocol: str
    path: str
    matcher: str
    interval: int
    timeout: int
    healthy_threshold: int
    unhealthy_threshold: int
    port: str


@declared
class NetworkGroupSettings(Options):
    """The settings that both colors' target groups of a network load balancer share."""

    typed: ClassVar[str] = "NetworkTargetGroups"

    health_check: NetworkHealthCheck = option(
        "``protocol`` ``TCP`` (default: a connection is enough), ``HTTP`` or ``HTTPS``, then ``path`` (default "
        "``/healthz``) and ``matcher``; ``interval``, ``timeout``, ``healthy_threshold``, ``unhealthy_threshold``, "
        "``port``. What is absent keeps its default: every 10 seconds",
        Anything("NetworkHealthCheck"),
        default={},
    )
    deregistration_delay_seconds: int = option(
        "how long connections of a leaving unit last", Number(0, 3600, whole=True), default=30
    )
    connection_termination: bool | None = option(
        "whether connections that are open after that are closed; default no: they end with the unit",
        Flag(),
        default=None,
    )
    preserve_client_ip: bool | None = option(
        "whether units see the clients' addresses; absent: as AWS has it for their kind", Flag(), default=None
    )
    proxy_protocol_v2: bool | None = option(
        "whether the client's address is sent before everything else, default no", Flag(), default=None
    )
    stickiness: str | None = option(
        "``source_ip``: a client address stays with one unit; absent: not at all. Not with TLS",
        Anything("str | None"),
        default=None,
    )
    reencrypt: bool | None = option(
        "whether requests of a TLS listener go to the units by TLS, too; default no", Flag(), default=None
    )
    ipv6_units: bool | None = option("whether units register by IPv6 addresses; default no", Flag(), default=None)
    unit_port: int | None = option(
        "the units' port that connections are sent to, where several entries have several; the component's by default",
        Number(1, 65_535, whole=True),
        default=None,
    )


def health_check_of(options: NetworkTargetGroups) -> dict[str, Any]:
    """The whole health check."""
    given = options.get("health_check", {})
    return {**(_HTTP_CHECK if _speaks_http(given) else _CHECK), **given}


def _speaks_http(check: Mapping[str, Any]) -> bool:
    return check.get("protocol") in ("HTTP", "HTTPS")


def speaks_http(options: NetworkTargetGroups) -> bool:
    """Whether units are known to answer HTTP requests: their health check is one."""
    return _speaks_http(options.get("health_check", {}))


def problems_in(options: NetworkTargetGroups, protocol: str) -> list[Problem]:
    """The problems with them. Values that only an update knows (outputs) pass.

    Args:
        options: as the user gave them.
        protocol: the listeners'.
    """
    fields = Fields(known(options))
    fields.problems += problems_of_bounds(given_or_usual(NetworkGroupSettings, known(options)))
    if fields.text("stickiness", None, choices=("source_ip",)) and protocol == _ENCRYPTED:
        fields.problem("stickiness", options.get("stickiness"), "none: listeners of TLS cannot have it")
    for name in ("connection_termination", "preserve_client_ip", "proxy_protocol_v2", "reencrypt", "ipv6_units"):
        value = fields.raw(name)
        if value not in (None, UNKNOWN) and not isinstance(value, bool):
            fields.problem(name, value, "true or false")
    if options.get("preserve_client_ip") is False and protocol in _DATAGRAMS:
        fields.problem("preserve_client_ip", False, f"true, or absent: {protocol} keeps clients' addresses")
    if options.get("reencrypt") is True and protocol != _ENCRYPTED:
        fields.problem("reencrypt", True, f"false with protocol {protocol}: the listener does not decrypt")
    for one in options_of(NetworkGroupSettings):
        fields.raw(one.name)
    _check_health_check(fields)
    fields.done()
    return fields.problems


def _check_health_check(fields: Fields) -> None:
    check = fields.section("health_check", None)
    if check is None or check.unknown:
        return
    protocol = check.text("protocol", "TCP", choices=("TCP", "HTTP", "HTTPS"))
    interval = check.whole("interval", _CHECK["interval"], least=5, most=300)
    timeout = check.whole("timeout", _CHECK["timeout"], least=2, most=120)
    if isinstance(interval, int) and isinstance(timeout, int) and timeout >= interval:
        check.problem("timeout", timeout, f"less than the interval, {interval}")
    for name in ("healthy_threshold", "unhealthy_threshold"):
        check.whole(name, 2, least=2, most=10)
    for name in ("path", "matcher"):
        value = check.raw(name)
        if value is not None and protocol == "TCP":
            check.problem(name, value, "none with protocol TCP; set protocol to HTTP or HTTPS")
    matcher = problem_of_matcher(check.raw("matcher"), "NETWORK")
    if matcher is not None:
        check.problem("matcher", matcher.value, matcher.allowed)
    for problem in numbers_out_of_limits("health_check", {"path": check.raw("path")}):
        check.problem("path", problem.value, problem.allowed)
    problem_of_port(check)
    check.done()


def network_target_groups(
    context: EntryContext, options: NetworkTargetGroups, protocol: str, *, cross_zone: bool | None
) -> dict[Color, pulumi.Output[str]]:
    """One target group a color, made where there is none yet: their ARNs.

    Args:
        context: what to build on.
        options: as the user gave them.
        protocol: the listeners'.
        cross_zone: whether units of all zones get connections; ``None``: as the load balancer has it.
    """
    behind = protocol if protocol in _DATAGRAMS or options.get("reencrypt") else "TCP"
    preserve = options.get("preserve_client_ip")
    sticky: Any = {"type": "source_ip", "enabled": True} if options.get("stickiness") else None
    check: Any = health_check_of(options)
    settings = given_or_usual(NetworkGroupSettings, options)
    arns: dict[Color, pulumi.Output[str]] = {}
    for color in COLORS:
        if color in context.target_groups:
            arns[color] = pulumi.Output.from_input(context.target_groups[color])
            continue
        arns[color] = aws.lb.TargetGroup(
            fitted.in_a_group(context.name, color),
            vpc_id=context.vpc_id,
            port=context.port if settings.unit_port is None else settings.unit_port,
            protocol=behind,
            target_type=context.target_type,
            ip_address_type="ipv6" if options.get("ipv6_units") else None,
            health_check=check,
            deregistration_delay=settings.deregistration_delay_seconds,
            connection_termination=options.get("connection_termination"),
            preserve_client_ip=None if preserve is None else str(preserve).lower(),
            proxy_protocol_v2=options.get("proxy_protocol_v2"),
            load_balancing_cross_zone_enabled=None if cross_zone is None else str(cross_zone).lower(),
            stickiness=sticky,
            tags=context.color_tags[color],
            opts=pulumi.ResourceOptions(parent=context.parent),
        ).arn
    return arns


# -- written by `python dev/public_functions.py` from the options above


class NetworkTargetGroups(TypedDict, total=False):
    """The settings that both colors' target groups of a network load balancer share.

    Attributes:
        health_check: ``protocol`` ``TCP`` (default: a connection is enough), ``HTTP`` or ``HTTPS``, then ``path``
            (default ``/healthz``) and ``matcher``; ``interval``, ``timeout``, ``healthy_threshold``,
            ``unhealthy_threshold``, ``port``. What is absent keeps its default: every 10 seconds.
        deregistration_delay_seconds: how long connections of a leaving unit last (0 to 3600, default 30).
        connection_termination: whether connections that are open after that are closed; default no: they end with the
            unit.
        preserve_client_ip: whether units see the clients' addresses; absent: as AWS has it for their kind.
        proxy_protocol_v2: whether the client's address is sent before everything else, default no.
        stickiness: ``source_ip``: a client address stays with one unit; absent: not at all. Not with TLS.
        reencrypt: whether requests of a TLS listener go to the units by TLS, too; default no.
        ipv6_units: whether units register by IPv6 addresses; default no.
        unit_port: the units' port that connections are sent to, where several entries have several; the component's by
            default (1 to 65535).
    """

    health_check: NetworkHealthCheck
    deregistration_delay_seconds: int
    connection_termination: bool
    preserve_client_ip: bool
    proxy_protocol_v2: bool
    stickiness: str | None
    reencrypt: bool
    ipv6_units: bool
    unit_port: int
