"""An Application Load Balancer and listeners on it: made, or taken as they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from bluegreen.aws import fitted
from bluegreen.aws.entry import EntryContext

TLS_POLICY = "ELBSecurityPolicy-TLS13-1-2-2021-06"
_EVERYBODY = {"ipv4": "0.0.0.0/0", "ipv6": "::/0"}
DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Balancer:
    """A load balancer.

    Attributes:
        arn: its ARN.
        dns_name: its DNS name.
        security_group_ids: its own, from which units accept requests.
        zone_id: the hosted zone of its DNS name, for aliases.
    """

    arn: pulumi.Output[str]
    dns_name: pulumi.Output[str]
    security_group_ids: pulumi.Output[Sequence[str]]
    zone_id: pulumi.Output[str]


def made_balancer(
    context: EntryContext, ports: Sequence[int], *, internal: bool, ip_address_type: str, ingress_cidrs: Sequence[str]
) -> Balancer:
    """A load balancer of our own with a security group that lets clients in at ``ports``."""
    child = pulumi.ResourceOptions(parent=context.parent)
    group = aws.ec2.SecurityGroup(
        f"{context.name}-alb",
        vpc_id=context.vpc_id,
        description=f"{context.name}: requests from clients",
        ingress=[_allow("tcp", port, port, ingress_cidrs) for port in ports],
        egress=[_allow("-1", 0, 0, [_EVERYBODY["ipv4"]])],
        tags=context.tags,
        opts=child,
    )
    made = aws.lb.LoadBalancer(
        fitted.in_a_balancer(context.name),
        load_balancer_type="application",
        internal=internal,
        ip_address_type=None if ip_address_type == "ipv4" else ip_address_type,
        subnets=context.subnet_ids,
        security_groups=[group.id],
        tags=context.tags,
        opts=child,
    )
    return Balancer(made.arn, made.dns_name, made.security_groups, made.zone_id)


def _allow(protocol: str, from_port: int, to_port: int, cidrs: Sequence[str]) -> Any:
    blocks = {
        "cidr_blocks": [cidr for cidr in cidrs if ":" not in cidr],
        "ipv6_cidr_blocks": [cidr for cidr in cidrs if ":" in cidr],
    }
    given = {key: block for key, block in blocks.items() if block}
    return {"protocol": protocol, "from_port": from_port, "to_port": to_port, **given}


def found_balancer(arn: pulumi.Input[str], parent: pulumi.Resource) -> Balancer:
    """A load balancer that is there already."""
    balancer = aws.lb.get_load_balancer_output(arn=arn, opts=pulumi.InvokeOutputOptions(parent=parent))
    return Balancer(balancer.arn, balancer.dns_name, balancer.security_groups, balancer.zone_id)


def balancer_arn_of(listener_or_rule_arn: pulumi.Input[str]) -> pulumi.Output[str]:
    """The load balancer's ARN, which a listener's or rule's own ARN holds."""
    return pulumi.Output.from_input(listener_or_rule_arn).apply(_balancer_arn)


def _balancer_arn(arn: str) -> str:
    head, _, tail = arn.replace(":listener-rule/", ":listener/").partition(":listener/")
    return f"{head}:loadbalancer/{'/'.join(tail.split('/')[:3])}"


def listener_arn_of(rule_arn: pulumi.Input[str]) -> pulumi.Output[str]:
    """The ARN of a rule's listener, which the rule's own holds."""
    return pulumi.Output.from_input(rule_arn).apply(
        lambda arn: arn.rpartition("/")[0].replace(":listener-rule/", ":listener/")
    )


def made_listener(
    context: EntryContext,
    name: str,
    balancer_arn: pulumi.Input[str],
    port: int,
    certificates: Sequence[pulumi.Input[str]],
) -> pulumi.Output[str]:
    """A listener that answers 503 by itself: its ARN. The first certificate is the default, others go by SNI."""
    listener = aws.lb.Listener(
        name,
        load_balancer_arn=balancer_arn,
        port=port,
        protocol="HTTPS" if certificates else "HTTP",
        certificate_arn=certificates[0] if certificates else None,
        ssl_policy=TLS_POLICY if certificates else None,
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
        tags=context.tags,
        opts=pulumi.ResourceOptions(parent=context.parent),
    )
    for number, certificate in enumerate(certificates[1:], 1):
        aws.lb.ListenerCertificate(
            f"{name}-{number}",
            listener_arn=listener.arn,
            certificate_arn=certificate,
            opts=pulumi.ResourceOptions(parent=context.parent),
        )
    return listener.arn


def url_of(dns_name: pulumi.Output[str], scheme: pulumi.Input[str], port: pulumi.Input[int]) -> pulumi.Output[str]:
    """``https://HOST``, with the port where it is not the scheme's own."""
    return pulumi.Output.all(dns_name, scheme, port).apply(_url)


def _url(parts: Sequence[Any]) -> str:
    host, scheme, port = parts[0], parts[1], int(parts[2])
    # An emulator's name for a load balancer may have a port of its own.
    return f"{scheme}://{host}" + ("" if port == DEFAULT_PORTS[scheme] or ":" in host else f":{port}")
