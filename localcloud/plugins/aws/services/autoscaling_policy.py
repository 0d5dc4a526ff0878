# ruff: noqa: ARG001 - the signatures are those of `ResourceType`
"""Auto Scaling groups: target tracking policies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from localcloud.plugins.aws.checker import longest, one_of
from localcloud.plugins.aws.model import REGION, Change, Failure, P, Props, ResourceType
from localcloud.plugins.aws.services.appautoscaling import down, up
from localcloud.plugins.aws.services.autoscaling import MISSING, SERVICE
from localcloud.plugins.aws.session import Aws

_TRACKING: Final = "targetTrackingConfiguration"
_PREDEFINED: Final = f"{_TRACKING}.predefinedMetricSpecification"
_CUSTOMIZED: Final = f"{_TRACKING}.customizedMetricSpecification"
_DIMENSIONS: Final = f"{_CUSTOMIZED}.metricDimensions"


def _put(aws: Aws, props: Props) -> str:
    tracking = up(props.get(_TRACKING))
    customized = (tracking or {}).get("CustomizedMetricSpecification")
    if customized:
        customized["Dimensions"] = customized.pop("MetricDimensions", [])
    aws.call(
        SERVICE,
        "PutScalingPolicy",
        AutoScalingGroupName=props["autoscalingGroupName"],
        PolicyName=props["name"],
        PolicyType=props["policyType"],
        TargetTrackingConfiguration=tracking,
        EstimatedInstanceWarmup=props.get("estimatedInstanceWarmup"),
        Enabled=props["enabled"],
    )
    return str(props["name"])


def _read(aws: Aws, name: str, props: Props) -> Props | None:
    group = props["autoscalingGroupName"]
    answer = aws.find(SERVICE, "DescribePolicies", MISSING, AutoScalingGroupName=group, PolicyNames=[name])
    policies = (answer or {}).get("ScalingPolicies", [])
    if not policies:
        return None
    tracking = down(policies[0].get("TargetTrackingConfiguration"))
    customized = (tracking or {}).get("customizedMetricSpecification")
    if customized:
        customized["metricDimensions"] = customized.pop("dimensions", [])
    return {
        "arn": policies[0]["PolicyARN"],
        "autoscalingGroupName": group,
        "enabled": policies[0].get("Enabled", True),
        "estimatedInstanceWarmup": policies[0].get("EstimatedInstanceWarmup"),
        "name": name,
        "policyType": policies[0]["PolicyType"],
        _TRACKING: tracking,
    }


def _update(aws: Aws, name: str, change: Change) -> None:
    if change.changed:
        _put(aws, change.new)


def _delete(aws: Aws, name: str, props: Props) -> None:
    group = props["autoscalingGroupName"]
    aws.find(SERVICE, "DeletePolicy", MISSING, AutoScalingGroupName=group, PolicyName=name)


def _validate(props: Props) -> Iterator[Failure]:
    if _TRACKING not in props:
        yield Failure(_TRACKING, "is needed when `policyType` is 'TargetTrackingScaling'")


TYPES: Final = [
    ResourceType(
        token="aws:autoscaling/policy:Policy",
        props={
            "autoscalingGroupName": P(force_new=True),
            "name": P(force_new=True, check=longest(255)),
            "enabled": P(default=True),
            "estimatedInstanceWarmup": P(),
            # The real provider's default is SimpleScaling, and there are two more: this stand-in has one.
            "policyType": P(default="SimpleScaling", check=one_of("TargetTrackingScaling")),
            _TRACKING: P(),
            f"{_TRACKING}.disableScaleIn": P(default=False),
            f"{_TRACKING}.targetValue": P(),
            _PREDEFINED: P(),
            f"{_PREDEFINED}.predefinedMetricType": P(),
            f"{_PREDEFINED}.resourceLabel": P(),
            _CUSTOMIZED: P(),
            **{f"{_CUSTOMIZED}.{name}": P() for name in ("metricName", "namespace", "statistic", "unit")},
            _DIMENSIONS: P(unordered=True),
            f"{_DIMENSIONS}[].name": P(),
            f"{_DIMENSIONS}[].value": P(),
            "region": REGION,
        },
        create=_put,
        read=_read,
        update=_update,
        delete=_delete,
        validate=_validate,
        name_max=255,
        taggable=False,
    )
]
