"""The health of a color behind DNS, from whoever checks its targets, and never guessed from the records."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bluegreen.aws.client import AwsConnection, called
from bluegreen.aws.elb import elbv2
from bluegreen.fields import Fields
from bluegreen.options.declared import Options, option
from bluegreen.options.kinds import Both, Text
from bluegreen.rollout.model import Color, Readiness

# Route 53 holds an endpoint for healthy when more than this share of its checkers does.
# https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-determining-health-of-endpoints.html
_HEALTHY_SHARE = 0.18

_BOTH = Both(Text(), "another one than blue's")


@dataclass(frozen=True, slots=True)
class Health(Options):
    """The sources of health. At most one of ``target_groups`` and ``services``.

    Attributes:
        hosts: each color's host name. With none of the others all that can be read is whether it resolves.
        aws: where to call, with which credentials.
    """

    hosts: Mapping[Color, str]
    target_groups: Mapping[Color, str] = option(
        "a target group's ARN for each color: the load balancer's health checks count its targets", _BOTH, default={}
    )
    services: Mapping[Color, str] = option(
        "a Cloud Map service's id for each color: its instances are counted", _BOTH, default={}
    )
    health_check_ids: Mapping[Color, str] = option(
        "a Route 53 health check for each color, also of its records: it must not fail", _BOTH, default={}
    )
    aws: AwsConnection = field(default_factory=AwsConnection)

    @classmethod
    def check(cls, fields: Fields, values: dict[str, Any]) -> None:
        """Refuse more than one source that counts units."""
        if values["target_groups"] and values["services"]:
            fields.problem("services", "both", "either target_groups or services")

    def of(self, color: Color) -> Readiness:
        """A color's health, live or idle: a call for each source."""
        checked = _health_check(self.aws, self.health_check_ids[color]) if self.health_check_ids else None
        if checked is not None and not checked.ready:
            return checked
        if self.target_groups:
            return elbv2.target_health(self.aws, self.target_groups[color])
        if self.services:
            return _instances(self.aws, self.services[color])
        return checked or _resolves(self.hosts[color])


def _instances(aws: AwsConnection, service_id: str) -> Readiness:
    """The health of a service's instances by Cloud Map; ECS updates it for tasks with a custom health check."""
    client, states, token = aws.client("servicediscovery"), list[str](), ""
    while True:
        more = {"NextToken": token} if token else {}
        with called("servicediscovery:GetInstancesHealthStatus"):
            answer = client.get_instances_health_status(ServiceId=service_id, **more)
        states += answer.get("Status", {}).values()
        token = answer.get("NextToken", "")
        if not token:
            break
    healthy = states.count("HEALTHY")
    reason = next((f"Cloud Map has an instance that is {state}" for state in states if state != "HEALTHY"), "")
    if not states:
        reason = "no instance is registered in Cloud Map"
    return Readiness(bool(states) and healthy == len(states), healthy, len(states), reason)


def _health_check(aws: AwsConnection, health_check_id: str) -> Readiness:
    """The joint verdict of Route 53's own checkers: they look at an endpoint, not behind it."""
    with called("route53:GetHealthCheckStatus"):
        seen = aws.client("route53").get_health_check_status(HealthCheckId=health_check_id)["HealthCheckObservations"]
    reports = [str(observation.get("StatusReport", {}).get("Status", "")) for observation in seen]
    good = sum(report.startswith("Success") for report in reports)
    if reports and good / len(reports) > _HEALTHY_SHARE:
        return Readiness(True, 1, 1, counts_units=False)
    why = next((report for report in reports if not report.startswith("Success")), "no checker has reported yet")
    return Readiness(False, 0, 1, f"health check {health_check_id}: {why}", counts_units=False)


def _resolves(name: str) -> Readiness:
    """Whether a bare host name resolves, which is all that is known of it. The gates have to judge the rest."""
    try:
        socket.getaddrinfo(name, None)
    except OSError as error:
        reason = f"{name} does not resolve here ({error}); nothing else checks this color's health"
        return Readiness(False, 0, 1, reason, counts_units=False)
    return Readiness(True, 1, 1, counts_units=False)
