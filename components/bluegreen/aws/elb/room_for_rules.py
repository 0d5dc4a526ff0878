"""Whether a load balancer has room for the rules that a first start makes, for a preview of it.

AWS refuses the rule that is one too many only when it is made. How many there may be is read from the account where it
matters: the number can be raised.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bluegreen.aws.client import AwsConnection, called
from bluegreen.aws.service_limits import LIMITS
from bluegreen.fields import UNKNOWN, Fields
from bluegreen.permissions import Permission
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import COLORS

PERMISSION = Permission(
    "elasticloadbalancing:DescribeAccountLimits", "the preview of a first start at a load balancer with many rules"
)
_QUOTA = "rules-per-application-load-balancer"


def problems_of_room(section: Mapping[str, Any], *places: str) -> list[Problem]:
    """The rules of a first start that the load balancer has no room for: two calls, one more for each further listener.

    Args:
        section: a router's, whose values may be unknown.
        places: where in it a place stands; none is the section itself.

    Raises:
        PlatformError: it could not be reached.
    """
    listener = section.get("listener_arn")
    if not isinstance(listener, str) or "/app/" not in listener:
        return []
    others = [sibling for name in places if isinstance(sibling := section.get(name), Mapping)]
    made = [section, *(one for one in others if _balancer_of(one.get("listener_arn")) == _balancer_of(listener))]
    needed = sum(place.get("priority") is not None for place in made)
    if not needed:
        return []
    # The rules by which a tester reaches the colors are made with the colors' groups.
    if section.get("target_groups") is UNKNOWN or UNKNOWN in _values(section.get("target_groups")):
        needed += len(COLORS) if len(made) > len(others) else 0
    aws = AwsConnection.parse(Fields(section.get("aws") or {}))
    there = _rules_beside(aws, listener)
    most = LIMITS["rules"].most
    if there + needed > most:
        most = max(most, _quota(aws))
    if there + needed <= most:
        return []
    allowed = f"one of a load balancer with room for {needed} more: it has {there} rules, and may have {most}"
    return [Problem("listener_arn", listener, f"{allowed}; remove some, or have the quota raised")]


def _balancer_of(listener_arn: object) -> str:
    return (
        listener_arn.rpartition("/")[0].replace(":listener/", ":loadbalancer/", 1)
        if isinstance(listener_arn, str)
        else ""
    )


def _values(groups: object) -> list[object]:
    return list(groups.values()) if isinstance(groups, Mapping) else []


def _rules_beside(aws: AwsConnection, listener_arn: str) -> int:
    """The number of rules that all listeners of the load balancer have, without their default ones."""
    elb = aws.client("elbv2")
    with called("elasticloadbalancing:DescribeListeners"):
        pages = elb.get_paginator("describe_listeners").paginate(LoadBalancerArn=_balancer_of(listener_arn))
        listeners = [one["ListenerArn"] for page in pages for one in page["Listeners"]]
    count = 0
    for one in listeners:
        with called("elasticloadbalancing:DescribeRules"):
            for page in elb.get_paginator("describe_rules").paginate(ListenerArn=one):
                count += sum(not rule["IsDefault"] for rule in page["Rules"])
    return count


def _quota(aws: AwsConnection) -> int:
    with called("elasticloadbalancing:DescribeAccountLimits"):
        limits = aws.client("elbv2").describe_account_limits()["Limits"]
    return next((int(limit["Max"]) for limit in limits if limit.get("Name") == _QUOTA and limit.get("Max")), 0)
