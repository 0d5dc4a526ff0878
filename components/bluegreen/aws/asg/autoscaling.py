"""Autoscaling of both colors' groups: the same policies on both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypedDict

import pulumi
import pulumi_aws as aws

from bluegreen.aws.ranges import Range
from bluegreen.fields import UNKNOWN, Fields
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import Color

if TYPE_CHECKING:
    from typing_extensions import Required

_REQUESTS = "target_requests_per_instance"
_METRICS = {"target_cpu_percent": "ASGAverageCPUUtilization", _REQUESTS: "ALBRequestCountPerTarget"}


# Whose load balancer counts requests by target group.
_COUNTING = ("alb", "alb_listeners")


class AsgAutoscaling(TypedDict, total=False):
    """The policies that both colors scale by, and the live color's range.

    Attributes:
        min_capacity: instances of the live color, at least.
        max_capacity: instances of the live color, at most.
        target_cpu_percent: the group's average CPU utilization.
        target_requests_per_instance: what the load balancer counts; only behind an Application Load Balancer.
        policies: target tracking configurations as ``aws.autoscaling.Policy`` has them in Python: ``target_value``.
    """

    min_capacity: Required[int]
    max_capacity: Required[int]
    target_cpu_percent: float
    target_requests_per_instance: float
    policies: Sequence[Mapping[str, Any]]


def problems_in(autoscaling: Any, desired_count: int, router_kind: str) -> list[Problem]:
    """The problems with an ``autoscaling`` argument. Values that only an update knows (outputs) pass."""
    fields = Fields(autoscaling, "autoscaling")
    limits = Range.parse(fields)
    by = [fields.number("target_cpu_percent", None, least=1, most=100), fields.number(_REQUESTS, None, least=1)]
    policies = fields.sections("policies")
    for policy in policies:
        policy.number("target_value")
    if not fields.unknown and not policies and not any(by) and fields.raw("policies") is not UNKNOWN:
        fields.problem("", autoscaling, f"at least one of {', '.join(_METRICS)}, policies beside the range")
    if fields.raw(_REQUESTS) is not None and router_kind not in _COUNTING:
        fields.problem(_REQUESTS, fields.raw(_REQUESTS), f"none with {router_kind}: {', '.join(_COUNTING)} count them")
    fields.done()
    problems = fields.problems
    if limits is not None and not limits.low <= desired_count <= limits.high:
        allowed = f"{limits.low} to {limits.high}, as autoscaling has it"
        problems.append(Problem("desired_count", desired_count, allowed))
    return problems


def color_policies(
    name: str,
    color: Color,
    autoscaling: Mapping[str, Any],
    group_name: pulumi.Input[str],
    *,
    listener_arn: pulumi.Input[str] | None,
    target_group_arn: pulumi.Input[str] | None,
    parent: pulumi.Resource,
) -> list[pulumi.Resource]:
    """One color's policies.

    Args:
        name: the component's.
        color: whose.
        autoscaling: the component's argument.
        group_name: the Auto Scaling group's.
        listener_arn: names the load balancer whose requests are counted.
        target_group_arn: whose requests are counted.
        parent: the component.
    """
    trackings: dict[str, Any] = {}
    for field, metric in _METRICS.items():
        if autoscaling.get(field) is not None:
            specification: dict[str, Any] = {"predefined_metric_type": metric}
            if field == _REQUESTS:
                specification["resource_label"] = pulumi.Output.all(listener_arn, target_group_arn).apply(_label)
            trackings[field.split("_")[1]] = {
                "target_value": autoscaling[field],
                "predefined_metric_specification": specification,
            }
    for number, policy in enumerate(autoscaling.get("policies") or (), 1):
        trackings[f"policy-{number}"] = policy
    return [
        aws.autoscaling.Policy(
            f"{name}-{color}-{key}",
            policy_type="TargetTrackingScaling",
            autoscaling_group_name=group_name,
            target_tracking_configuration=tracking,
            opts=pulumi.ResourceOptions(parent=parent),
        )
        for key, tracking in trackings.items()
    ]


def _label(listener_and_group: Sequence[str]) -> str:
    """``app/NAME/ID/targetgroup/NAME/ID``; a listener's ARN holds its load balancer's name and ID."""
    listener, group = listener_and_group
    balancer = listener.partition(":listener/")[2].rpartition("/")[0]
    return f"{balancer}/{group.rpartition(':')[2]}"
