"""A network load balancer and listeners on it: made, or taken as they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
import pulumi_aws as aws

from bluegreen.aws import fitted
from bluegreen.aws.elb.balancer import DEFAULT_PORTS, TLS_POLICY, Balancer
from bluegreen.aws.entry import EntryContext


def made_network_balancer(
    context: EntryContext,
    cidrs_by_port: Mapping[int, Sequence[str]],
    protocol: str,
    *,
    internal: bool,
    ip_address_type: str,
    cross_zone: bool,
    allocation_ids: Sequence[pulumi.Input[str]],
) -> Balancer:
    """A load balancer of our own with a security group, which it can only be given now, for each port's clients."""
    child = pulumi.ResourceOptions(parent=context.parent)
    anywhere: Any = {"protocol": "-1", "from_port": 0, "to_port": 0, "cidr_blocks": ["0.0.0.0/0"]}
    group = aws.ec2.SecurityGroup(
        f"{context.name}-nlb",
        vpc_id=context.vpc_id,
        description=f"{context.name}: connections from clients",
        ingress=[
            _allow(transport, port, cidrs)
            for port, cidrs in cidrs_by_port.items()
            for transport in transports(protocol)
        ],
        egress=[anywhere],
        tags=context.tags,
        opts=child,
    )
    made = aws.lb.LoadBalancer(
        fitted.in_a_balancer(context.name),
        load_balancer_type="network",
        internal=internal,
        ip_address_type=None if ip_address_type == "ipv4" else ip_address_type,
        enable_cross_zone_load_balancing=cross_zone,
        subnets=None if allocation_ids else context.subnet_ids,
        subnet_mappings=_with_addresses(context.subnet_ids, allocation_ids) if allocation_ids else None,
        security_groups=[group.id],
        tags=context.tags,
        opts=child,
    )
    return Balancer(made.arn, made.dns_name, made.security_groups, made.zone_id)


def transports(protocol: str) -> list[str]:
    """The listeners' protocol as a security group names it; two where it is both."""
    return {"UDP": ["udp"], "TCP_UDP": ["tcp", "udp"]}.get(protocol, ["tcp"])


def _allow(transport: str, port: int, cidrs: Sequence[str]) -> Any:
    blocks = {
        "cidr_blocks": [cidr for cidr in cidrs if ":" not in cidr],
        "ipv6_cidr_blocks": [cidr for cidr in cidrs if ":" in cidr],
    }
    given = {key: value for key, value in blocks.items() if value}
    return {"protocol": transport, "from_port": port, "to_port": port, **given}


def _with_addresses(
    subnet_ids: pulumi.Input[Sequence[pulumi.Input[str]]], allocation_ids: Sequence[pulumi.Input[str]]
) -> Any:
    """An elastic IP address for each subnet, in their order."""

    def mapped(known: Sequence[Any]) -> list[dict[str, str]]:
        subnets, allocations = known
        if len(subnets) != len(allocations):
            raise pulumi.RunError(
                f"allocation_ids: {len(allocations)} is not allowed; allowed: one for each of {len(subnets)} subnets"
            )
        return [{"subnet_id": one, "allocation_id": address} for one, address in zip(subnets, allocations, strict=True)]

    return pulumi.Output.all(subnet_ids, list(allocation_ids)).apply(mapped)


def network_listener(
    context: EntryContext,
    name: str,
    balancer_arn: pulumi.Input[str],
    port: int,
    protocol: str,
    certificates: Sequence[pulumi.Input[str]],
    target_group_arn: pulumi.Input[str],
    *,
    swapped: bool,
    idle_seconds: int | None = None,
    tags: Mapping[str, str] | None = None,
) -> aws.lb.Listener:
    """A listener that forwards to one group. The first certificate is the default, others go by SNI.

    Args:
        context: what to build on.
        name: the listener's.
        balancer_arn: its load balancer.
        port: its port.
        protocol: its protocol.
        certificates: for TLS.
        target_group_arn: where it forwards to.
        swapped: whether the swap owns that after the creation, and keeps its own marks in the listener's tags.
        idle_seconds: how long a TCP connection may be idle.
        tags: those of what both colors share, if not said.
    """
    listener = aws.lb.Listener(
        name,
        load_balancer_arn=balancer_arn,
        port=port,
        protocol=protocol,
        certificate_arn=certificates[0] if certificates else None,
        ssl_policy=TLS_POLICY if certificates else None,
        tcp_idle_timeout_seconds=idle_seconds,
        default_actions=[{"type": "forward", "target_group_arn": target_group_arn}],
        tags=context.tags if tags is None else tags,
        opts=pulumi.ResourceOptions(
            parent=context.parent,
            # Such a listener cannot be without a default action, and has no rule that the swap could own instead.
            ignore_changes=["defaultActions", "tags", "tagsAll"] if swapped else None,
        ),
    )
    for number, certificate in enumerate(certificates[1:], 1):
        aws.lb.ListenerCertificate(
            f"{name}-{number}",
            listener_arn=listener.arn,
            certificate_arn=certificate,
            opts=pulumi.ResourceOptions(parent=context.parent),
        )
    return listener


def network_url(host: pulumi.Input[str], protocol: pulumi.Input[str], port: pulumi.Input[int], *, http: bool) -> Any:
    """The URL of a listener: ``http(s)://`` where units speak HTTP, else ``tcp://``, ``tls://``, ``udp://``."""

    def join(known: Sequence[Any]) -> str:
        name, spoken, number = str(known[0]), str(known[1]).lower().partition("_")[0], int(known[2])
        scheme = {"tcp": "http", "tls": "https"}.get(spoken, spoken) if http else spoken
        return f"{scheme}://{name}" + ("" if DEFAULT_PORTS.get(scheme) == number else f":{number}")

    return pulumi.Output.all(host, protocol, port).apply(join)
