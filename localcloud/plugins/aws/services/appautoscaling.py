# ruff: noqa: ARG001 - the signatures are those of `ResourceType`
"""Application Auto Scaling: targets, policies, scheduled actions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from localcloud.plugins.aws.checker import ARN, between, both, longest, matches, one_of
from localcloud.plugins.aws.model import REGION, TAGS, ApiError, Change, Failure, P, Props, ResourceType
from localcloud.plugins.aws.session import Aws, tag_change

_SERVICE: Final = "application-autoscaling"
_MISSING: Final = ("ObjectNotFoundException",)
_NAMESPACES: Final = (
    *("ecs", "ec2", "elasticmapreduce", "appstream", "dynamodb", "rds", "sagemaker", "custom-resource", "comprehend"),
    *("lambda", "cassandra", "kafka", "elasticache", "neptune", "workspaces"),
)
_WHERE: Final = {
    "serviceNamespace": "ServiceNamespace",
    "resourceId": "ResourceId",
    "scalableDimension": "ScalableDimension",
}
_WHERE_PROPS: Final = {
    "serviceNamespace": P(force_new=True, check=one_of(*_NAMESPACES)),
    "resourceId": P(force_new=True),
    "scalableDimension": P(force_new=True),
}
_SUSPENDED: Final = {
    "dynamicScalingInSuspended": "DynamicScalingInSuspended",
    "dynamicScalingOutSuspended": "DynamicScalingOutSuspended",
    "scheduledScalingSuspended": "ScheduledScalingSuspended",
}


def _where(props: Props) -> dict[str, Any]:
    return {api: props[name] for name, api in _WHERE.items()}


def _lookup(props: Props) -> dict[str, Any]:
    return {"ServiceNamespace": props["serviceNamespace"], "ScalableDimension": props["scalableDimension"]}


def _pascal(name: str) -> str:
    return name[0].upper() + name[1:]


def _up(value: Any) -> Any:
    """camelCase as PascalCase, at every level: Pulumi's names are the API's but for that."""
    if isinstance(value, dict):
        return {_pascal(key): _up(item) for key, item in value.items() if item is not None}
    return [_up(item) for item in value] if isinstance(value, list) else value


def _down(value: Any) -> Any:
    if isinstance(value, dict):
        return {key[0].lower() + key[1:]: _down(item) for key, item in value.items()}
    return [_down(item) for item in value] if isinstance(value, list) else value


# Targets.


def _put_target(aws: Aws, props: Props) -> str:
    suspended = props.get("suspendedState")
    aws.call(
        _SERVICE,
        "RegisterScalableTarget",
        **_where(props),
        MinCapacity=props["minCapacity"],
        MaxCapacity=props["maxCapacity"],
        RoleARN=props.get("roleArn"),
        SuspendedState={_SUSPENDED[k]: v for k, v in suspended.items()} if suspended else None,
        Tags=props.get("tags") or None,
    )
    return str(props["resourceId"])


def _read_target(aws: Aws, resource_id: str, props: Props) -> Props | None:
    answer = aws.call(_SERVICE, "DescribeScalableTargets", **_lookup(props), ResourceIds=[resource_id])
    if not answer["ScalableTargets"]:
        return None
    found = answer["ScalableTargets"][0]
    arn = found.get("ScalableTargetARN")
    suspended = found.get("SuspendedState") or {}
    return {
        **{name: found[api] for name, api in _WHERE.items()},
        "arn": arn,
        "minCapacity": found["MinCapacity"],
        "maxCapacity": found["MaxCapacity"],
        "roleArn": found.get("RoleARN"),
        "suspendedState": {name: suspended.get(api, False) for name, api in _SUSPENDED.items()},
        "tags": aws.call(_SERVICE, "ListTagsForResource", ResourceARN=arn)["Tags"] if arn else {},
    }


def _update_target(aws: Aws, resource_id: str, change: Change) -> None:
    if change.changed - {"tags"}:
        # A register call takes tags for a new target alone.
        wanted = {key: value for key, value in change.new.items() if key != "tags"}
        if "suspendedState" in change.changed and "suspendedState" not in wanted:
            wanted["suspendedState"] = dict.fromkeys(_SUSPENDED, False)
        _put_target(aws, wanted)
    if "tags" in change.changed:
        added, removed = tag_change(change.old.get("tags"), change.new.get("tags"))
        if added:
            aws.call(_SERVICE, "TagResource", ResourceARN=change.old["arn"], Tags=added)
        if removed:
            aws.call(_SERVICE, "UntagResource", ResourceARN=change.old["arn"], TagKeys=removed)


def _delete_target(aws: Aws, resource_id: str, props: Props) -> None:
    aws.find(_SERVICE, "DeregisterScalableTarget", _MISSING, **_where(props))


def _validate_target(props: Props) -> Iterator[Failure]:
    low, high = props["minCapacity"], props["maxCapacity"]
    if isinstance(low, int) and isinstance(high, int) and low > high:
        yield Failure("minCapacity", f"must not be greater than `maxCapacity`, {low} > {high}")


# Policies.
_STEP: Final = "stepScalingPolicyConfiguration"
_TRACKING: Final = "targetTrackingScalingPolicyConfiguration"
_AT: Final = f"{_TRACKING}.customizedMetricSpecification"


def _put_policy(aws: Aws, props: Props) -> str:
    step = _up(props.get(_STEP))
    for adjustment in (step or {}).get("StepAdjustments", []):
        for bound in ("MetricIntervalLowerBound", "MetricIntervalUpperBound"):  # strings in Pulumi, numbers in the API
            if bound in adjustment:
                adjustment[bound] = float(adjustment[bound])
    aws.call(
        _SERVICE,
        "PutScalingPolicy",
        **_where(props),
        PolicyName=props["name"],
        PolicyType=props["policyType"],
        StepScalingPolicyConfiguration=step,
        TargetTrackingScalingPolicyConfiguration=_up(props.get(_TRACKING)),
    )
    return str(props["name"])


def _read_policy(aws: Aws, name: str, props: Props) -> Props | None:
    answer = aws.find(
        _SERVICE,
        "DescribeScalingPolicies",
        _MISSING,
        **_lookup(props),
        ResourceId=props["resourceId"],
        PolicyNames=[name],
    )
    found = [policy for policy in (answer or {}).get("ScalingPolicies", []) if policy["PolicyName"] == name]
    if not found:
        return None
    policy = found[0]
    step = _down(policy.get("StepScalingPolicyConfiguration"))
    for adjustment in (step or {}).get("stepAdjustments", []):
        for bound in ("metricIntervalLowerBound", "metricIntervalUpperBound"):
            if bound in adjustment:
                adjustment[bound] = f"{adjustment[bound]:g}"
    return {
        **{key: policy[api] for key, api in _WHERE.items()},
        "alarmArns": [alarm["AlarmARN"] for alarm in policy.get("Alarms", [])],
        "arn": policy["PolicyARN"],
        "name": name,
        "policyType": policy["PolicyType"],
        _STEP: step,
        _TRACKING: _down(policy.get("TargetTrackingScalingPolicyConfiguration")),
    }


def _update_policy(aws: Aws, name: str, change: Change) -> None:
    if change.changed:
        _put_policy(aws, change.new)


def _delete_policy(aws: Aws, name: str, props: Props) -> None:
    aws.find(_SERVICE, "DeleteScalingPolicy", _MISSING, **_where(props), PolicyName=name)


def _same_number(one: Any, other: Any) -> bool:
    try:
        return float(one) == float(other)
    except (TypeError, ValueError):
        return bool(one == other)


def _validate_policy(props: Props) -> Iterator[Failure]:
    needed = {"StepScaling": _STEP, "TargetTrackingScaling": _TRACKING}.get(props["policyType"])
    if needed is not None and needed not in props:
        yield Failure(needed, f"is needed when `policyType` is {props['policyType']!r}")


# Scheduled actions.


def _put_action(aws: Aws, props: Props) -> str:
    sizes = props["scalableTargetAction"]
    aws.call(
        _SERVICE,
        "PutScheduledAction",
        **_where(props),
        ScheduledActionName=props["name"],
        Schedule=props["schedule"],
        Timezone=props["timezone"],
        StartTime=_time(props.get("startTime")),
        EndTime=_time(props.get("endTime")),
        ScalableTargetAction=_up(sizes),
    )
    return f"{props['name']}-{props['serviceNamespace']}-{props['resourceId']}"


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text.replace("Z", "+00:00")) if text else None


def _iso(moment: datetime | None) -> str | None:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None


def _read_action(aws: Aws, resource_id: str, props: Props) -> Props | None:
    if "name" not in props:
        raise ApiError(
            _SERVICE, "DescribeScheduledActions", "ImportNotSupported", "scheduled actions cannot be imported"
        )
    answer = aws.find(
        _SERVICE,
        "DescribeScheduledActions",
        _MISSING,
        **_lookup(props),
        ResourceId=props["resourceId"],
        ScheduledActionNames=[props["name"]],
    )
    found = [one for one in (answer or {}).get("ScheduledActions", []) if one["ScheduledActionName"] == props["name"]]
    if not found:
        return None
    action = found[0]
    return {
        **{name: action[api] for name, api in _WHERE.items()},
        "arn": action["ScheduledActionARN"],
        "endTime": _iso(action.get("EndTime")),
        "name": props["name"],
        "scalableTargetAction": _down(action.get("ScalableTargetAction")),
        "schedule": action["Schedule"],
        "startTime": _iso(action.get("StartTime")),
        "timezone": action.get("Timezone", "UTC"),
    }


def _update_action(aws: Aws, resource_id: str, change: Change) -> None:
    if change.changed:
        _put_action(aws, change.new)


def _delete_action(aws: Aws, resource_id: str, props: Props) -> None:
    aws.find(_SERVICE, "DeleteScheduledAction", _MISSING, **_where(props), ScheduledActionName=props["name"])


def _validate_action(props: Props) -> Iterator[Failure]:
    sizes = props["scalableTargetAction"]
    if isinstance(sizes, dict) and not {"minCapacity", "maxCapacity"} & set(sizes):
        yield Failure("scalableTargetAction", "needs `minCapacity`, `maxCapacity` or both")


def _same_time(one: Any, other: Any) -> bool:
    try:
        return _time(one) == _time(other)
    except (TypeError, ValueError):
        return bool(one == other)


_RFC3339: Final = matches(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", "an RFC 3339 time")
TYPES: Final = [
    ResourceType(
        token="aws:appautoscaling/target:Target",
        props={
            **_WHERE_PROPS,
            "minCapacity": P(check=between(0, 2**31 - 1)),
            "maxCapacity": P(check=between(0, 2**31 - 1)),
            "roleArn": P(computed=True, force_new=True, check=ARN),
            "suspendedState": P(computed=True),
            **{f"suspendedState.{name}": P(default=False) for name in _SUSPENDED},
            "tags": TAGS,
            "region": REGION,
        },
        create=_put_target,
        read=_read_target,
        update=_update_target,
        delete=_delete_target,
        validate=_validate_target,
    ),
    ResourceType(
        token="aws:appautoscaling/policy:Policy",
        props={
            **_WHERE_PROPS,
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
    ResourceType(
        token="aws:appautoscaling/scheduledAction:ScheduledAction",
        props={
            **_WHERE_PROPS,
            "name": P(force_new=True, check=both(longest(256), matches(r"[^|:/]+", "a name without | : /"))),
            "schedule": P(check=matches(r"(at|rate|cron)\(.+\)", "at(…), rate(…) or cron(…)")),
            "timezone": P(default="UTC"),
            "startTime": P(check=_RFC3339, same=_same_time),
            "endTime": P(check=_RFC3339, same=_same_time),
            "scalableTargetAction": P(),
            "scalableTargetAction.minCapacity": P(check=between(0, 2**31 - 1)),
            "scalableTargetAction.maxCapacity": P(check=between(0, 2**31 - 1)),
            "region": REGION,
        },
        create=_put_action,
        read=_read_action,
        update=_update_action,
        delete=_delete_action,
        validate=_validate_action,
        name_max=256,
        taggable=False,
    ),
]
