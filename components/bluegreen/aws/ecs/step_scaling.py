"""Step scaling of both colors, beside target tracking: a policy of each color's, and an alarm that starts it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

import pulumi
import pulumi_aws as aws

from bluegreen.aws import resource_args
from bluegreen.component.declaration import known
from bluegreen.fields import UNKNOWN
from bluegreen.rollout.errors import Problem

REFUSED_OF_AN_ALARM: Mapping[str, str] = {
    "alarm_actions": "none: the color's policy is its action",
    "name": "none: each color's has a name of its own, made from the component's",
    "region": "none: it is the provider's, where the swap calls, too",
}
_SERVICE_NAMESPACE = "AWS/ECS"


def refused_of(kind: type) -> Mapping[str, str]:
    """The advice on arguments of the SDK's class that are refused, by their names."""
    return REFUSED_OF_AN_ALARM if kind is aws.cloudwatch.MetricAlarmArgs else {}


class EcsStepScaling(TypedDict):
    """One policy of step scaling, and the alarm that starts it; both colors get one of each.

    Attributes:
        policy: the step scaling configuration of ``aws.appautoscaling.Policy``: ``adjustment_type``, ``cooldown``,
            ``step_adjustments``.
        alarm: arguments of ``aws.cloudwatch.MetricAlarm``. Where its ``namespace`` is ``AWS/ECS`` and it has no
            ``dimensions``, these are the color's own service.
    """

    policy: aws.appautoscaling.PolicyStepScalingPolicyConfigurationArgs | Mapping[str, Any]
    alarm: aws.cloudwatch.MetricAlarmArgs | Mapping[str, Any]


def problems_in(steps: object, path: str) -> list[Problem]:
    """The problems with a list of them. Values that only an update knows pass."""
    problems: list[Problem] = []
    for index, step in enumerate(steps if isinstance(steps, (list, tuple)) else ()):
        if not isinstance(step, Mapping):
            continue  # the constructor's own check tells
        where = f"{path}[{index}]"
        problems += [
            Problem(f"{where}.{name}", None, "an object with named fields; it is required")
            for name in ("policy", "alarm")
            if step.get(name) is None
        ]
        configuration = aws.appautoscaling.PolicyStepScalingPolicyConfigurationArgs
        problems += resource_args.problems_in(step.get("policy"), configuration, f"{where}.policy", {})
        alarm = aws.cloudwatch.MetricAlarmArgs
        problems += resource_args.problems_in(step.get("alarm"), alarm, f"{where}.alarm", REFUSED_OF_AN_ALARM)
        policy = known(resource_args.plain(step.get("policy") or {}))
        adjustments = policy.get("step_adjustments") if isinstance(policy, Mapping) else UNKNOWN
        if step.get("policy") is not None and not adjustments:
            problems.append(Problem(f"{where}.policy.step_adjustments", adjustments, "a list that is not empty"))
    return problems


def color_steps(
    name: str,
    steps: Sequence[Mapping[str, Any]],
    target: aws.appautoscaling.Target,
    cluster_arn: pulumi.Input[str],
    service_name: pulumi.Input[str],
    parent: pulumi.Resource,
) -> list[pulumi.Resource]:
    """One color's policies and alarms.

    Args:
        name: the component's with the color.
        steps: as the user gave them.
        target: the color's scalable target.
        cluster_arn: the cluster.
        service_name: the color's service.
        parent: the component.
    """
    cluster = pulumi.Output.from_input(cluster_arn).apply(lambda arn: arn.rsplit("/", 1)[-1])
    own = {"ClusterName": cluster, "ServiceName": service_name}
    child = pulumi.ResourceOptions(parent=parent)
    made: list[pulumi.Resource] = []
    for number, step in enumerate(steps, 1):
        configuration, alarm = (resource_args.plain(step[key]) for key in ("policy", "alarm"))
        policy = aws.appautoscaling.Policy(
            f"{name}-step-{number}",
            policy_type="StepScaling",
            service_namespace=target.service_namespace,
            scalable_dimension=target.scalable_dimension,
            resource_id=target.resource_id,
            step_scaling_policy_configuration=configuration,
            opts=child,
        )
        if alarm.get("namespace") == _SERVICE_NAMESPACE and "dimensions" not in alarm:
            alarm = {**alarm, "dimensions": own}
        made += [
            policy,
            aws.cloudwatch.MetricAlarm(f"{name}-step-{number}", **alarm, alarm_actions=[policy.arn], opts=child),
        ]
    return made
