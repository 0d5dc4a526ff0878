"""Shared by the units of both colors, whatever their kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
import pulumi_aws as aws


def unit_security_group(
    name: str,
    vpc_id: pulumi.Input[str],
    port: int,
    *,
    from_groups: pulumi.Input[Sequence[str]],
    from_cidrs: Sequence[str] = (),
    transports: Sequence[str] = ("tcp",),
    more_ports: Sequence[int] = (),
    tags: Mapping[str, str],
    parent: pulumi.Resource,
) -> aws.ec2.SecurityGroup:
    """A security group that lets the entry in, and nobody else.

    Args:
        name: the group's.
        vpc_id: where it is.
        port: the port that units listen on.
        from_groups: security groups whose requests are let in.
        from_cidrs: networks, the same.
        transports: by which requests come: ``tcp``, ``udp``.
        more_ports: more ports that units listen on.
        tags: for it.
        parent: the component.
    """
    sources: list[dict[str, Any]] = []
    if from_groups != ():
        sources.append({"security_groups": from_groups})
    if from_cidrs:
        sources.append({"cidr_blocks": list(from_cidrs)})
    rules: list[Any] = [
        {"protocol": transport, "from_port": one, "to_port": one, **source}
        for source in sources
        for one in dict.fromkeys((port, *more_ports))
        for transport in transports
    ]
    return aws.ec2.SecurityGroup(
        name,
        vpc_id=vpc_id,
        description=f"{name}: requests from the load balancer",
        ingress=rules,
        egress=[{"protocol": "-1", "from_port": 0, "to_port": 0, "cidr_blocks": ["0.0.0.0/0"]}],
        tags=tags,
        opts=pulumi.ResourceOptions(parent=parent),
    )
