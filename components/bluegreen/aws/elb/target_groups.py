"""The colors' target groups: alike but for the name, so that neither color is judged by other checks than its rival."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict

import pulumi
import pulumi_aws as aws

from bluegreen.aws import fitted
from bluegreen.aws.entry import EntryContext
from bluegreen.aws.limits import problem_of_matcher, problem_of_port
from bluegreen.aws.service_limits import numbers_out_of_limits
from bluegreen.component.declaration import known
from bluegreen.fields import Fields
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
_ALGORITHMS = ("round_robin", "least_outstanding_requests", "weighted_random")


class HttpHealthCheck(TypedDict, total=False):
    """How an Application Load Balancer asks whether a unit is healthy; what is absent keeps its default.

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


class HttpTargetGroups(TypedDict, total=False):
    """The settings that both colors' target groups of an Application Load Balancer share.

    Attributes:
        health_check: ``path``, ``matcher``, ``interval``, ``timeout``, ``healthy_threshold``, ``unhealthy_threshold``,
            ``port``, ``protocol``; what is absent keeps its default, path ``/healthz`` every 10 seconds.
        deregistration_delay_seconds: how long a leaving unit may finish its requests, 0-3600, default 30.
        slow_start_seconds: how long a new unit gets less than its share, 30-900, or 0 (default) for not at all.
        cross_zone: whether units of all zones get requests; absent: as the load balancer has it.
        protocol_version: ``HTTP1`` (default), ``HTTP2`` or ``GRPC``.
        algorithm: ``round_robin`` (default), ``least_outstanding_requests``, ``weighted_random``.
        unit_stickiness_seconds: how long a client stays with one unit, 1-604800; absent: not at all.
        ipv6_units: whether units register by IPv6 addresses; default no.
        unit_port: the units' port that requests are sent to, where several entries have several; default the
            component's.
        unit_protocol: by which requests go on to the units: ``HTTP`` (default) or ``HTTPS``, also of their health
            check; certificates of units are not looked at.
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


def problems_in(options: HttpTargetGroups) -> list[Problem]:
    """The problems with them. Values that only an update knows (outputs) pass."""
    fields = Fields(known(options))
    fields.whole("deregistration_delay_seconds", 30, most=3600)
    slow_start = fields.whole("slow_start_seconds", 0, most=900)
    algorithm = fields.text("algorithm", "round_robin", choices=_ALGORITHMS)
    if isinstance(slow_start, int) and 0 < slow_start < 30:
        fields.problem("slow_start_seconds", slow_start, "0, or a whole number from 30 to 900")
    # https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-target-group-attributes.html
    if slow_start and algorithm not in (None, "round_robin"):
        fields.problem("algorithm", algorithm, "round_robin, where slow_start_seconds is set")
    version = fields.text("protocol_version", "HTTP1", choices=("HTTP1", "HTTP2", "GRPC"))
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
    fields.whole("unit_stickiness_seconds", None, least=1, most=604_800)
    fields.whole("unit_port", None, least=1, most=65_535)
    fields.text("unit_protocol", "HTTP", choices=("HTTP", "HTTPS"))
    for name in ("health_check", "cross_zone", "ipv6_units"):
        fields.raw(name)
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


def _health_check(options: HttpTargetGroups) -> Mapping[str, Any]:
    check = GRPC_HEALTH_CHECK if options.get("protocol_version") == "GRPC" else HTTP_HEALTH_CHECK
    return {**check, "protocol": "HTTPS"} if options.get("unit_protocol") == "HTTPS" else check


def http_target_group(
    context: EntryContext, name: str, options: HttpTargetGroups, tags: Mapping[str, str]
) -> aws.lb.TargetGroup:
    """One target group."""
    cross_zone, sticky = options.get("cross_zone"), options.get("unit_stickiness_seconds")
    check: Any = {**_health_check(options), **options.get("health_check", {})}
    stickiness: Any = None if sticky is None else {"type": "lb_cookie", "cookie_duration": sticky, "enabled": True}
    return aws.lb.TargetGroup(
        name,
        vpc_id=context.vpc_id,
        port=options.get("unit_port", context.port),
        protocol=options.get("unit_protocol", "HTTP"),
        protocol_version=options.get("protocol_version"),
        target_type=context.target_type,
        ip_address_type="ipv6" if options.get("ipv6_units") else None,
        health_check=check,
        deregistration_delay=options.get("deregistration_delay_seconds", 30),
        slow_start=options.get("slow_start_seconds"),
        load_balancing_algorithm_type=options.get("algorithm"),
        load_balancing_cross_zone_enabled=None if cross_zone is None else str(cross_zone).lower(),
        stickiness=stickiness,
        tags=tags,
        opts=pulumi.ResourceOptions(parent=context.parent),
    )
