"""An Application Load Balancer as both of its entries have it: found or made, its listeners' addresses, the colors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from bluegreen.aws.elb import balancer
from bluegreen.aws.elb.balancer import url_of
from bluegreen.aws.elb.preview_rules import host_header
from bluegreen.aws.entry import EntryContext, EntryResources, named_port
from bluegreen.aws.limits import problem_of_protocol, problems_of_networks
from bluegreen.component.base import color_headers
from bluegreen.component.bounds import problems_of_bounds
from bluegreen.component.declaration import known
from bluegreen.component.previewing import PREVIEW_HEADER
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import COLORS, Color

ADDRESS_TYPES = ("ipv4", "dualstack", "dualstack-without-public-ipv4")


@dataclass(frozen=True, slots=True)
class Made:
    """The front of a service.

    Attributes:
        listener_arn: of production's listener.
        url: at which production is reached.
        preview_url: at which a color is reached by its header.
        security_group_ids: of the load balancer.
        groups: the ARN of each color's target group.
        rules: each color's own rule.
        values: of the header that names each color.
    """

    listener_arn: pulumi.Output[str]
    url: pulumi.Output[str]
    preview_url: pulumi.Output[str]
    security_group_ids: pulumi.Output[Sequence[str]]
    groups: Mapping[Color, pulumi.Output[str]]
    rules: Mapping[Color, pulumi.Resource]
    values: Mapping[Color, pulumi.Input[str]]


def resources_of(entry: Any, router: Mapping[str, Any], made: Made) -> EntryResources:
    """The entry's resources for whatever stands behind it.

    Args:
        entry: the options.
        router: its section, but for the target groups.
        made: the front.
    """
    host = host_header(entry.host_headers)
    return EntryResources(
        router={**router, "target_groups": made.groups},
        url=made.url,
        preview_urls=dict.fromkeys(COLORS, made.preview_url),
        preview_headers={color: {PREVIEW_HEADER: made.values[color], **host} for color in COLORS},
        target_group_arns=made.groups,
        ports=named_port(entry.target_groups),
        attachments={color: [made.rules[color]] for color in COLORS},
        security_group_ids=made.security_group_ids,
        listener_arn=made.listener_arn,
    )


def place_of(listener_arn: pulumi.Input[str], rule_arn: pulumi.Input[str] | None) -> dict[str, Any]:
    """Where a forward stands: on a listener, or on a rule that is there already."""
    return {"listener_arn": listener_arn} if rule_arn is None else {"rule_arn": rule_arn}


def preview_headers_of(host_headers: Sequence[str]) -> Mapping[Color, Mapping[str, str]]:
    """The headers by which a color is reached: its name, and the host where the rules are for some alone."""
    host = host_header(host_headers)
    return {color: {**header, **host} for color, header in color_headers().items()}


def url_at(listener_arn: pulumi.Input[str], front: balancer.Balancer, parent: pulumi.Resource) -> pulumi.Output[str]:
    """The address of a listener that was made before."""
    listener = aws.lb.get_listener_output(arn=listener_arn, opts=pulumi.InvokeOutputOptions(parent=parent))
    return url_of(front.dns_name, listener.protocol.apply(str.lower), listener.port)


def balancer_for(entry: Any, context: EntryContext, ports: Sequence[int]) -> balancer.Balancer:
    """The load balancer of an entry: the given one, or one that is made."""
    if entry.load_balancer_arn is not None:
        return balancer.found_balancer(entry.load_balancer_arn, context.parent)
    return balancer.made_balancer(
        context,
        ports,
        internal=entry.internal,
        ip_address_type=entry.ip_address_type,
        ingress_cidrs=_with_ipv6(entry),
    )


def _with_ipv6(entry: Any) -> Sequence[str]:
    everybody = tuple(entry.ingress_cidrs) == ("0.0.0.0/0",)
    return [*entry.ingress_cidrs, "::/0"] if everybody and entry.ip_address_type != "ipv4" else entry.ingress_cidrs


def problems_of_a_balancer(entry: Any) -> list[Problem]:
    """The problems with the options that every entry with an Application Load Balancer has."""
    problems = problems_of_bounds(entry)
    if entry.listener_arn is not None and entry.load_balancer_arn is not None:
        problems.append(Problem("load_balancer_arn", known(entry.load_balancer_arn), "none, where a listener is given"))
    if entry.listener_arn is None and entry.rule_arn is None:  # one that is made here
        protocol = problem_of_protocol(known(entry.target_groups), entry.certificate_arns)
        problems += [] if protocol is None else [protocol]
    return problems + problems_of_networks("ingress_cidrs", known(entry.ingress_cidrs))
