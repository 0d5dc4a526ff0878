"""Autoscaling of both colors: a scalable target each, and the same policies on both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypedDict

import pulumi
import pulumi_aws as aws

from bluegreen.aws.ecs import scheduled_scaling, step_scaling
from bluegreen.aws.ecs.scheduled_scaling import EcsScheduledScaling
from bluegreen.aws.ecs.step_scaling import EcsStepScaling
from bluegreen.aws.ranges import RANGE_TAG, SUSPENDED_TAG, Range
from bluegreen.fields import UNKNOWN, Fields
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import Color

if TYPE_CHECKING:
    from typing_extensions import Required

_METRICS = {
    "target_cpu_percent": "ECSServiceAverageCPUUtilization",
    "target_memory_percent": "ECSServiceAverageMemoryUtilization",
    "target_requests_per_task": "ALBRequestCountPerTarget",
}
# The swap's and autoscaling's own after creation: the range that a color has now, scale-in that is suspended meanwhile,
# and the notes on what to undo. An update that wrote them would scale a color in the middle of a swap.
_NOT_OURS = ["minCapacity", "maxCapacity", "suspendedState", "tags", "tagsAll"]


class EcsAutoscaling(TypedDict, total=False):
    """The policies that both colors scale by, and the live color's range.

    Attributes:
        min_capacity: tasks of the live color, at least.
        max_capacity: tasks of the live color, at most.
        target_cpu_percent: the service's average CPU utilization.
        target_memory_percent: the service's average memory utilization.
        target_requests_per_task: what the load balancer counts; only behind an Application Load Balancer.
        policies: target tracking configurations as ``aws.appautoscaling.Policy`` has them in Python: ``target_value``.
        steps: step scaling, a ``policy`` with the ``alarm`` that starts it: see ``EcsStepScaling``.
        scheduled: ranges that the live color has from some time on: see ``EcsScheduledScaling``.
    """

    min_capacity: Required[int]
    max_capacity: Required[int]
    target_cpu_percent: float
    target_memory_percent: float
    target_requests_per_task: float
    policies: Sequence[Mapping[str, Any]]
    steps: Sequence[EcsStepScaling]
    scheduled: Sequence[EcsScheduledScaling]


def problems_in(autoscaling: Any, desired_count: int, router: str) -> list[Problem]:
    """The problems with an ``autoscaling`` argument. Values that only an update knows (outputs) pass.

    Args:
        autoscaling: as the user gave it.
        desired_count: what the first live color starts with.
        router: the kind of the entry's router; only an Application Load Balancer counts requests.
    """
    fields = Fields(autoscaling, "autoscaling")
    limits = Range.parse(fields)
    by = [fields.number(name, None, least=1, most=100) for name in _METRICS if name.endswith("_percent")]
    by.append(fields.number("target_requests_per_task", None, least=1))
    if not router.startswith("alb") and isinstance(by[-1], (int, float)):
        allowed = "none without an Application Load Balancer in front, which counts requests"
        fields.problem("target_requests_per_task", by[-1], allowed)
    policies = fields.sections("policies")
    for policy in policies:
        policy.number("target_value")
    steps = fields.raw("steps")
    fields.problems.extend(step_scaling.problems_in(steps, "autoscaling.steps"))
    scheduled = fields.raw("scheduled")
    fields.problems.extend(scheduled_scaling.problems_in(scheduled, "autoscaling.scheduled"))
    none = not policies and not any(by) and not steps and not scheduled
    if none and not fields.unknown and fields.raw("policies") is not UNKNOWN:
        allowed = f"at least one of {', '.join(_METRICS)}, policies, steps, scheduled beside the range"
        fields.problem("", autoscaling, allowed)
    fields.done()
    problems = fields.problems
    if limits is not None and not limits.low <= desired_count <= limits.high:
        allowed = f"{limits.low} to {limits.high}, as autoscaling has it"
        problems.append(Problem("desired_count", desired_count, allowed))
    return problems


def capacity_section(autoscaling: Mapping[str, Any] | None) -> dict[str, Any]:
    """The range, and the scheduled actions that move it, as the swap's inputs have them."""
    if autoscaling is None:
        return {"autoscaling": None}
    scheduled = scheduled_scaling.names_of(autoscaling)
    return {
        "autoscaling": {name: autoscaling[name] for name in ("min_capacity", "max_capacity")},
        **({"scheduled_actions": scheduled} if scheduled else {}),
    }


@dataclass(frozen=True, slots=True)
class ColorAutoscaling:
    """A color's scalable target, and what works on it."""

    target: aws.appautoscaling.Target
    policies: Sequence[pulumi.Resource]

    @property
    def resources(self) -> Sequence[pulumi.Resource]:
        """All of them."""
        return [self.target, *self.policies]


@dataclass(frozen=True, slots=True)
class Scaled:
    """The resource that a color's target scales, and the metrics that are counted for it."""

    cluster_arn: pulumi.Input[str]
    service_name: pulumi.Input[str]
    listener_arn: pulumi.Input[str] | None
    target_group_arn: pulumi.Input[str] | None


def color_autoscaling(
    name: str,
    color: Color,
    autoscaling: Mapping[str, Any],
    scaled: Scaled,
    *,
    least_at_rest: int | None,
    parent: pulumi.Resource,
) -> ColorAutoscaling:
    """One color's scalable target and policies.

    Args:
        name: the component's.
        color: whose.
        autoscaling: the component's argument.
        scaled: the service and what is in front of it.
        least_at_rest: the minimum for a color that has no traffic at creation; ``None``: the declared one. The maximum
            is the declared one for both, since a target's creation brings a service's count into the range at once, and
            whichever color has the traffic must not lose tasks by it.
        parent: the component.
    """
    at_rest: dict[str, Any] = {}
    if least_at_rest is not None and autoscaling.get("scheduled"):
        # As a swap leaves it that brings a color to rest. Else it could not tell its range from one that an action set.
        whole = Range(autoscaling["min_capacity"], autoscaling["max_capacity"])
        at_rest = {
            "suspended_state": {"dynamic_scaling_in_suspended": True},
            "tags": {RANGE_TAG: str(whole), SUSPENDED_TAG: color},
        }
    target = aws.appautoscaling.Target(
        f"{name}-{color}",
        service_namespace="ecs",
        scalable_dimension="ecs:service:DesiredCount",
        resource_id=pulumi.Output.all(scaled.cluster_arn, scaled.service_name).apply(_resource_id),
        min_capacity=autoscaling["min_capacity"] if least_at_rest is None else least_at_rest,
        max_capacity=autoscaling["max_capacity"],
        **at_rest,
        opts=pulumi.ResourceOptions(parent=parent, ignore_changes=_NOT_OURS),
    )
    policies = [
        aws.appautoscaling.Policy(
            f"{name}-{color}-{key}",
            policy_type="TargetTrackingScaling",
            service_namespace=target.service_namespace,
            scalable_dimension=target.scalable_dimension,
            resource_id=target.resource_id,
            target_tracking_scaling_policy_configuration=tracking,
            opts=pulumi.ResourceOptions(parent=parent),
        )
        for key, tracking in _trackings(autoscaling, scaled).items()
    ]
    steps = step_scaling.color_steps(
        f"{name}-{color}", autoscaling.get("steps") or (), target, scaled.cluster_arn, scaled.service_name, parent
    )
    return ColorAutoscaling(target, [*policies, *steps])


def _trackings(autoscaling: Mapping[str, Any], scaled: Scaled) -> dict[str, Any]:
    """Target tracking configurations by the last part of the policy's name."""
    configurations: dict[str, Any] = {}
    for field, metric in _METRICS.items():
        if autoscaling.get(field) is not None:
            specification: dict[str, Any] = {"predefined_metric_type": metric}
            if field == "target_requests_per_task":
                arns = pulumi.Output.all(scaled.listener_arn, scaled.target_group_arn)
                specification["resource_label"] = arns.apply(_resource_label)
            configurations[field.split("_")[1]] = {
                "target_value": autoscaling[field],
                "predefined_metric_specification": specification,
            }
    for number, policy in enumerate(autoscaling.get("policies") or (), 1):
        configurations[f"policy-{number}"] = policy
    return configurations


def _resource_id(cluster_and_service: Sequence[str]) -> str:
    cluster, service = cluster_and_service
    return f"service/{cluster.rsplit('/', 1)[-1]}/{service}"


def _resource_label(listener_and_group: Sequence[str]) -> str:
    """``app/NAME/ID/targetgroup/NAME/ID``; a listener's ARN holds its load balancer's name and ID."""
    listener, group = listener_and_group
    balancer = listener.partition(":listener/")[2].rpartition("/")[0]
    return f"{balancer}/{group.rpartition(':')[2]}"
