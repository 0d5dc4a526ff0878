"""The colors' target groups: alike but for the name, so that neither color is judged by other checks than its rival."""

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
from bluegreen.fields import Fields
from bluegreen.options.declared import Options, declared, option, options_of
from bluegreen.options.kinds import Anything, Flag, Number, Text
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import COLORS, Color

HTTP_HEALTH_CHECK: Mapping[str, Any] = {
    "path": "/healthz",
    "matcher": "200",
    "interval": 10,
    "timeout": 5,
    "healthy_threshold": 2,
    "unhealthy_threshold": 2,
}
# A check of a gRPC target group is a call, and its statuses are those of gRPC:
# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html
GRPC_HEALTH_CHECK: Mapping[str, Any] = {**HTTP_HEALTH_CHECK, "path": "/grpc.health.v1.Health/Check", "matcher": "0"}


class HttpHealthCheck(TypedDict, total=False):
    """How an Application Load Balancer checks whether a unit is healthy; what is absent keeps its default.

    Attributes:
        path: default ``/healthz``, with gRPC ``/grpc.health.v1.Health/Check``.
        matcher: the statuses of a healthy answer, default ``200``, with gRPC ``0``.
        interval: seconds between two checks, default 10.
        timeout: seconds until a check has failed, default 5.
        healthy_threshold: checks in a row until a unit is healthy, default 2.
        unhealthy_threshold: checks in a row until it is not, default 2.
        port: default the units' own.
        protocol: ``HTTP`` or ``HTTPS``, default as requests go to the units.
    """

    path: str
    matcher: str
    interval: int
    timeout: int
    healthy_threshold: int
    unhealthy_threshold: int
    port: str
    protocol: str


@declared
class HttpGroupSettings(Options):
    """The settings that both colors' target groups of an Application Load Balancer share."""

    typed: ClassVar[str] = "HttpTargetGroups"

    health_check: HttpHealthCheck = option(
        "``path``, ``matcher``, ``interval``, ``timeout``, ``healthy_threshold``, ``unhealthy_threshold``, ``port``, "
        "``protocol``; what is absent keeps its default, path ``/healthz`` every 10 seconds",
        Anything("HttpHealthCheck"),
        default={},
    )
    deregistration_delay_seconds: int = option(
        "how long a leaving unit may finish its requests", Number(0, 3600, whole=True), default=30
    )
    slow_start_seconds: int = option(
        "how long a new unit gets less than its share; from 30 on, or 0 for not at all",
        Number(0, 900, whole=True),
        default=0,
    )
    cross_zone: bool | None = option(
        "whether units of all zones get requests; absent: as the load balancer has it", Flag(), default=None
    )
    protocol_version: str = option(
        "``HTTP1``, ``HTTP2`` or ``GRPC``", Text(choices=("HTTP1", "HTTP2", "GRPC"), any_text=True), default="HTTP1"
    )
    algorithm: str = option(
        "``round_robin``, ``least_outstanding_requests``, ``weighted_random``",
        Text(choices=("round_robin", "least_outstanding_requests", "weighted_random"), any_text=True),
        default="round_robin",
    )
    unit_stickiness_seconds: int | None = option(
        "how long a client stays with one unit; absent: not at all", Number(1, 604_800, whole=True), default=None
    )
    ipv6_units: bool = option("whether units register by IPv6 addresses", Flag(), default=False)
    unit_port: int | None = option(
        "the units' port that requests are sent to, where several entries have several; the component's by default",
        Number(1, 65_535, whole=True),
        default=None,
    )
    unit_protocol: str = option(
        "by which requests reach the units: ``HTTP`` or ``HTTPS``, also of their health check; certificates of "
        "units are not looked at",
        Text(choices=("HTTP", "HTTPS"), any_text=True),
        default="HTTP",
    )


def problems_in(options: HttpTargetGroups) -> list[Problem]:
    """The problems with them. Values that only an update knows (outputs) pass."""
    fields, settings = Fields(known(options)), given_or_usual(HttpGroupSettings, known(options))
    fields.problems += problems_of_bounds(settings)
    slow_start, algorithm, version = settings.slow_start_seconds, settings.algorithm, settings.protocol_version
    if isinstance(slow_start, int) and 0 < slow_start < 30:
        fields.problem("slow_start_seconds", slow_start, "0, or a whole number from 30 to 900")
    # https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-target-group-attributes.html
    if slow_start and algorithm not in (None, "round_robin"):
        fields.problem("algorithm", algorithm, "round_robin, where slow_start_seconds is set")
    check = fields.raw("health_check", {})
    matcher = problem_of_matcher(check.get("matcher"), version) if isinstance(check, Mapping) else None
    if matcher is not None:
        fields.problem(matcher.field, matcher.value, matcher.allowed)
    if isinstance(check, Mapping):
        for problem in numbers_out_of_limits("health_check", check):
            fields.problem(problem.field, problem.value, problem.allowed)
        interval, timeout = (check.get(name, HTTP_HEALTH_CHECK[name]) for name in ("interval", "timeout"))
        if isinstance(interval, int) and isinstance(timeout, int) and timeout > interval:
            fields.problem("health_check.timeout", timeout, f"at most the interval, {interval} seconds")
        asked = Fields(check, "health_check", fields.problems)
        problem_of_port(asked)
        asked.text("protocol", None, choices=("HTTP", "HTTPS"))
    for one in options_of(HttpGroupSettings):
        fields.raw(one.name)
    fields.done()
    return fields.problems


def http_target_groups(context: EntryContext, options: HttpTargetGroups) -> dict[Color, pulumi.Output[str]]:
    """One target group a color, made where there is none yet: their ARNs."""
    return {
        color: pulumi.Output.from_input(context.target_groups[color])
        if color in context.target_groups
        else http_target_group(context, fitted.in_a_group(context.name, color), options, context.color_tags[color]).arn
        for color in COLORS
    }


def _health_check(settings: HttpGroupSettings) -> Mapping[str, Any]:
    check = GRPC_HEALTH_CHECK if settings.protocol_version == "GRPC" else HTTP_HEALTH_CHECK
    return {**check, "protocol": "HTTPS"} if settings.unit_protocol == "HTTPS" else check


def http_target_group(
    context: EntryContext, name: str, options: HttpTargetGroups, tags: Mapping[str, str]
) -> aws.lb.TargetGroup:
    """One target group."""
    settings = given_or_usual(HttpGroupSettings, options)
    cross_zone, sticky = settings.cross_zone, settings.unit_stickiness_seconds
    check: Any = {**_health_check(settings), **settings.health_check}
    stickiness: Any = None if sticky is None else {"type": "lb_cookie", "cookie_duration": sticky, "enabled": True}
    return aws.lb.TargetGroup(
        name,
        vpc_id=context.vpc_id,
        port=context.port if settings.unit_port is None else settings.unit_port,
        protocol=settings.unit_protocol,
        protocol_version=options.get("protocol_version"),
        target_type=context.target_type,
        ip_address_type="ipv6" if settings.ipv6_units else None,
        health_check=check,
        deregistration_delay=settings.deregistration_delay_seconds,
        slow_start=options.get("slow_start_seconds"),
        load_balancing_algorithm_type=options.get("algorithm"),
        load_balancing_cross_zone_enabled=None if cross_zone is None else str(cross_zone).lower(),
        stickiness=stickiness,
        tags=tags,
        opts=pulumi.ResourceOptions(parent=context.parent),
    )


# -- written by `python dev/public_functions.py` from the options above


class HttpTargetGroups(TypedDict, total=False):
    """The settings that both colors' target groups of an Application Load Balancer share.

    Attributes:
        health_check: ``path``, ``matcher``, ``interval``, ``timeout``, ``healthy_threshold``, ``unhealthy_threshold``,
            ``port``, ``protocol``; what is absent keeps its default, path ``/healthz`` every 10 seconds.
        deregistration_delay_seconds: how long a leaving unit may finish its requests (0 to 3600, default 30).
        slow_start_seconds: how long a new unit gets less than its share; from 30 on, or 0 for not at all (0 to 900,
            default 0).
        cross_zone: whether units of all zones get requests; absent: as the load balancer has it.
        protocol_version: ``HTTP1``, ``HTTP2`` or ``GRPC`` (default ``HTTP1``).
        algorithm: ``round_robin``, ``least_outstanding_requests``, ``weighted_random`` (default ``round_robin``).
        unit_stickiness_seconds: how long a client stays with one unit; absent: not at all (1 to 604800).
        ipv6_units: whether units register by IPv6 addresses (default false).
        unit_port: the units' port that requests are sent to, where several entries have several; the component's by
            default (1 to 65535).
        unit_protocol: by which requests reach the units: ``HTTP`` or ``HTTPS``, also of their health check;
            certificates of units are not looked at (default ``HTTP``).
    """

    health_check: HttpHealthCheck
    deregistration_delay_seconds: int
    slow_start_seconds: int
    cross_zone: bool
    protocol_version: str
    algorithm: str
    unit_stickiness_seconds: int
    ipv6_units: bool
    unit_port: int
    unit_protocol: str
