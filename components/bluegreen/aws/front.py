"""The front of a service: a load balancer, its listener, and a static rule for each color."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from bluegreen.rollout.model import COLORS, Color

PREVIEW_HEADER = "X-Bluegreen-Color"
"""A request with this header reaches the color that it names, live or idle."""

_TLS_POLICY = "ELBSecurityPolicy-TLS13-1-2-2021-06"


@dataclass(frozen=True, slots=True)
class Front:
    """Where requests come in.

    Attributes:
        listener_arn: the listener that carries production and preview traffic.
        dns_name: the load balancer's DNS name.
        url: the service's base URL.
        security_group_ids: the load balancer's own, from which tasks accept requests.
    """

    listener_arn: pulumi.Output[str]
    dns_name: pulumi.Output[str]
    url: pulumi.Output[str]
    security_group_ids: pulumi.Output[Sequence[str]]


def front(
    name: str,
    *,
    vpc_id: pulumi.Input[str],
    subnet_ids: pulumi.Input[Sequence[pulumi.Input[str]]],
    load_balancer_arn: pulumi.Input[str] | None,
    listener_port: int,
    certificate_arn: pulumi.Input[str] | None,
    internal: bool,
    ingress_cidrs: Sequence[str],
    tags: Mapping[str, str],
    parent: pulumi.Resource,
) -> Front:
    """Make a load balancer, or take an existing one, and put a listener on it that answers 503 by itself."""
    child = pulumi.ResourceOptions(parent=parent)
    if load_balancer_arn is None:
        group = aws.ec2.SecurityGroup(
            f"{name}-alb",
            vpc_id=vpc_id,
            description=f"{name}: requests from clients",
            ingress=[_allow(listener_port, listener_port, "tcp", ingress_cidrs)],
            egress=[_allow(0, 0, "-1", ["0.0.0.0/0"])],
            tags=tags,
            opts=child,
        )
        made = aws.lb.LoadBalancer(
            name,
            load_balancer_type="application",
            internal=internal,
            subnets=subnet_ids,
            security_groups=[group.id],
            tags=tags,
            opts=child,
        )
        arn, dns_name, groups = made.arn, made.dns_name, made.security_groups
    else:
        invoke = pulumi.InvokeOutputOptions(parent=parent)
        found = aws.lb.get_load_balancer_output(arn=load_balancer_arn, opts=invoke)
        arn, dns_name, groups = found.arn, found.dns_name, found.security_groups
    scheme = "https" if certificate_arn is not None else "http"
    listener = aws.lb.Listener(
        f"{name}-{scheme}",
        load_balancer_arn=arn,
        port=listener_port,
        protocol=scheme.upper(),
        certificate_arn=certificate_arn,
        ssl_policy=_TLS_POLICY if certificate_arn is not None else None,
        default_actions=[
            {
                "type": "fixed-response",
                "fixed_response": {
                    "content_type": "text/plain",
                    "message_body": "no color is live",
                    "status_code": "503",
                },
            }
        ],
        tags=tags,
        opts=child,
    )
    port = "" if listener_port == {"http": 80, "https": 443}[scheme] else f":{listener_port}"
    url = dns_name.apply(lambda host: f"{scheme}://{host}{port}")
    return Front(listener.arn, dns_name, url, pulumi.Output.from_input(groups))


def _allow(from_port: int, to_port: int, protocol: str, cidrs: Sequence[str]) -> Any:
    return {"protocol": protocol, "from_port": from_port, "to_port": to_port, "cidr_blocks": list(cidrs)}


def target_groups(
    name: str,
    *,
    vpc_id: pulumi.Input[str],
    port: int,
    health_check: Any,
    deregistration_delay_seconds: int,
    tags: Mapping[Color, Mapping[str, str]],
    parent: pulumi.Resource,
) -> dict[Color, aws.lb.TargetGroup]:
    """One target group a color, alike but for the name."""
    return {
        color: aws.lb.TargetGroup(
            f"{name}-{color}",
            vpc_id=vpc_id,
            port=port,
            protocol="HTTP",
            target_type="ip",
            health_check=health_check,
            deregistration_delay=deregistration_delay_seconds,
            tags=tags[color],
            opts=pulumi.ResourceOptions(parent=parent),
        )
        for color in COLORS
    }


def static_rules(
    name: str,
    *,
    listener_arn: pulumi.Input[str],
    first_priority: int,
    groups: Mapping[Color, aws.lb.TargetGroup],
    preview_cidrs: Sequence[str],
    host_headers: Sequence[str],
    tags: Mapping[Color, Mapping[str, str]],
    parent: pulumi.Resource,
) -> dict[Color, aws.lb.ListenerRule]:
    """A rule for each color that never changes: it keeps the group attached and lets a tester reach the color."""
    narrowed: list[Any] = []
    if preview_cidrs:
        narrowed.append({"source_ip": {"values": list(preview_cidrs)}})
    if host_headers:  # several services may share one listener
        narrowed.append({"host_header": {"values": list(host_headers)}})
    return {
        color: aws.lb.ListenerRule(
            f"{name}-{color}-preview",
            listener_arn=listener_arn,
            priority=first_priority + index,
            conditions=[{"http_header": {"http_header_name": PREVIEW_HEADER, "values": [color]}}, *narrowed],
            actions=[{"type": "forward", "target_group_arn": groups[color].arn}],
            tags=tags[color],
            opts=pulumi.ResourceOptions(parent=parent),
        )
        for index, color in enumerate(COLORS)
    }
