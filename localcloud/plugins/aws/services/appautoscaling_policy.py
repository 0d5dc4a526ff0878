# ruff: noqa: ARG001 - the signatures are those of `ResourceType`
"""Application Auto Scaling: policies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from localcloud.plugins.aws.checker import longest, one_of
from localcloud.plugins.aws.model import REGION, Change, Failure, P, Props, ResourceType
from localcloud.plugins.aws.services.appautoscaling import MISSING, SERVICE, WHERE, WHERE_PROPS, down, lookup, up, where
from localcloud.plugins.aws.session import Aws

_STEP: Final = "stepScalingPolicyConfiguration"
_TRACKING: Final = "targetTrackingScalingPolicyConfiguration"
_AT: Final = f"{_TRACKING}.customizedMetricSpecification"


def _put_policy(aws: Aws, props: Props) -> str:
    step = up(props.get(_STEP))
    for adjustment in (step or {}).get("StepAdjustments", []):
        for bound in ("MetricIntervalLowerBound", "MetricIntervalUpperBound"):  # strings in Pulumi, numbers in the API
            if bound in adjustment:
                adjustment[bound] = float(adjustment[bound])
    aws.call(
        SERVICE,
        "PutScalingPolicy",
        **where(props),
        PolicyName=props["name"],
        PolicyType=props["policyType"],
        StepScalingPolicyConfiguration=step,
        TargetTrackingScalingPolicyConfiguration=up(props.get(_TRACKING)),
    )
    return str(props["name"])


def _read_policy(aws: Aws, name: str, props: Props) -> Props | None:
    answer = aws.find(
        SERVICE,
        "DescribeScalingPolicies",
        MISSING,
        **lookup(props),
        ResourceId=props["resourceId"],
        PolicyNames=[name],
    )
    policies = [policy for policy in (answer or {}).get("ScalingPolicies", []) if policy["PolicyName"] == name]
    if not policies:
        return None
    policy = policies[0]
    step = down(policy.get("StepScalingPolicyConfiguration"))
    for adjustment in (step or {}).get("stepAdjustments", []):
        for bound in ("metricIntervalLowerBound", "metricIntervalUpperBound"):
            if bound in adjustment:
                adjustment[bound] = f"{adjustment[bound]:g}"
    return {
        **{key: policy[api] for key, api in WHERE.items()},
        "alarmArns": [alarm["AlarmARN"] for alarm in policy.get("Alarms", [])],
        "arn": policy["PolicyARN"],
        "name": name,
        "policyType": policy["PolicyType"],
        _STEP: step,
        _TRACKING: down(policy.get("TargetTrackingScalingPolicyConfiguration")),
    }


def _update_policy(aws: Aws, name: str, change: Change) -> None:
    if change.changed:
        _put_policy(aws, change.new)


def _delete_policy(aws: Aws, name: str, props: Props) -> None:
    aws.find(SERVICE, "DeleteScalingPolicy", MISSING, **where(props), PolicyName=name)


def _same_number(one: Any, other: Any) -> bool:
    try:
        return float(one) == float(other)
    except (TypeError, ValueError):
        return bool(one == other)


def _validate_policy(props: Props) -> Iterator[Failure]:
    needed = {"StepScaling": _STEP, "TargetTrackingScaling": _TRACKING}.get(props["policyType"])
    if needed is not None and needed not in props:
        yield Failure(needed, f"is needed when `policyType` is {props['policyType']!r}")


TYPES: Final = [
    ResourceType(
        token="aws:appautoscaling/policy:Policy",
        props={
            **WHERE_PROPS,
            "name": P(force_new=True, check=longest(255)),
            "policyType": P(default="StepScaling", check=one_of("StepScaling", "TargetTrackingScaling")),
            _STEP: P(),
            f"{_STEP}.adjustmentType": P(check=one_of("ChangeInCapacity", "PercentChangeInCapacity", "ExactCapacity")),
            f"{_STEP}.cooldown": P(),
            f"{_STEP}.metricAggregationType": P(check=one_of("Average", "Minimum", "Maximum")),
            f"{_STEP}.minAdjustmentMagnitude": P(),
            f"{_STEP}.stepAdjustments": P(unordered=True),
            f"{_STEP}.stepAdjustments[].metricIntervalLowerBound": P(same=_same_number),
            f"{_STEP}.stepAdjustments[].metricIntervalUpperBound": P(same=_same_number),
            f"{_STEP}.stepAdjustments[].scalingAdjustment": P(),
            _TRACKING: P(),
            f"{_TRACKING}.targetValue": P(),
            f"{_TRACKING}.disableScaleIn": P(default=False),
            f"{_TRACKING}.scaleInCooldown": P(),
            f"{_TRACKING}.scaleOutCooldown": P(),
            f"{_TRACKING}.predefinedMetricSpecification": P(),
            f"{_TRACKING}.predefinedMetricSpecification.predefinedMetricType": P(),
            f"{_TRACKING}.predefinedMetricSpecification.resourceLabel": P(),
            _AT: P(),
            **{f"{_AT}.{name}": P() for name in ("metricName", "namespace", "statistic", "unit")},
            f"{_AT}.dimensions": P(unordered=True),
            f"{_AT}.dimensions[].name": P(),
            f"{_AT}.dimensions[].value": P(),
            "region": REGION,
        },
        create=_put_policy,
        read=_read_policy,
        update=_update_policy,
        delete=_delete_policy,
        validate=_validate_policy,
        name_max=255,
        taggable=False,
    ),
]
