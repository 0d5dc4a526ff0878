# ruff: noqa: ARG001 - the signatures are those of `ResourceType`
"""Application Auto Scaling: targets and scheduled actions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from localcloud.plugins.aws.checker import ARN, between, both, longest, matches, one_of
from localcloud.plugins.aws.model import REGION, TAGS, ApiError, Change, Failure, P, Props, ResourceType
from localcloud.plugins.aws.session import Aws, tag_change

SERVICE: Final = "application-autoscaling"
MISSING: Final = ("ObjectNotFoundException",)
_NAMESPACES: Final = (
    *("ecs", "ec2", "elasticmapreduce", "appstream", "dynamodb", "rds", "sagemaker", "custom-resource", "comprehend"),
    *("lambda", "cassandra", "kafka", "elasticache", "neptune", "workspaces"),
)
WHERE: Final = {
    "serviceNamespace": "ServiceNamespace",
    "resourceId": "ResourceId",
    "scalableDimension": "ScalableDimension",
}
WHERE_PROPS: Final = {
    "serviceNamespace": P(force_new=True, check=one_of(*_NAMESPACES)),
    "resourceId": P(force_new=True),
    "scalableDimension": P(force_new=True),
}
_SUSPENDED: Final = {
    "dynamicScalingInSuspended": "DynamicScalingInSuspended",
    "dynamicScalingOutSuspended": "DynamicScalingOutSuspended",
    "scheduledScalingSuspended": "ScheduledScalingSuspended",
}


def where(props: Props) -> dict[str, Any]:
    return {api: props[name] for name, api in WHERE.items()}


def lookup(props: Props) -> dict[str, Any]:
    return {"ServiceNamespace": props["serviceNamespace"], "ScalableDimension": props["scalableDimension"]}


def _pascal(name: str) -> str:
    return name[0].upper() + name[1:]


def up(value: Any) -> Any:
    """camelCase as PascalCase, at every level: Pulumi's names are the API's but for that."""
    if isinstance(value, dict):
        return {_pascal(key): up(item) for key, item in value.items() if item is not None}
    return [up(item) for item in value] if isinstance(value, list) else value


def down(value: Any) -> Any:
    if isinstance(value, dict):
        return {key[0].lower() + key[1:]: down(item) for key, item in value.items()}
    return [down(item) for item in value] if isinstance(value, list) else value


# Targets.


def _put_target(aws: Aws, props: Props) -> str:
    suspended = props.get("suspendedState")
    aws.call(
        SERVICE,
        "RegisterScalableTarget",
        **where(props),
        MinCapacity=props["minCapacity"],
        MaxCapacity=props["maxCapacity"],
        RoleARN=props.get("roleArn"),
        SuspendedState={_SUSPENDED[k]: v for k, v in suspended.items()} if suspended else None,
        Tags=props.get("tags") or None,
    )
    return str(props["resourceId"])


def _read_target(aws: Aws, resource_id: str, props: Props) -> Props | None:
    answer = aws.call(SERVICE, "DescribeScalableTargets", **lookup(props), ResourceIds=[resource_id])
    if not answer["ScalableTargets"]:
        return None
    target = answer["ScalableTargets"][0]
    arn = target.get("ScalableTargetARN")
    suspended = target.get("SuspendedState") or {}
    return {
        **{name: target[api] for name, api in WHERE.items()},
        "arn": arn,
        "minCapacity": target["MinCapacity"],
        "maxCapacity": target["MaxCapacity"],
        "roleArn": target.get("RoleARN"),
        "suspendedState": {name: suspended.get(api, False) for name, api in _SUSPENDED.items()},
        "tags": aws.call(SERVICE, "ListTagsForResource", ResourceARN=arn)["Tags"] if arn else {},
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
            aws.call(SERVICE, "TagResource", ResourceARN=change.old["arn"], Tags=added)
        if removed:
            aws.call(SERVICE, "UntagResource", ResourceARN=change.old["arn"], TagKeys=removed)


def _delete_target(aws: Aws, resource_id: str, props: Props) -> None:
    aws.find(SERVICE, "DeregisterScalableTarget", MISSING, **where(props))


def _validate_target(props: Props) -> Iterator[Failure]:
    low, high = props["minCapacity"], props["maxCapacity"]
    if isinstance(low, int) and isinstance(high, int) and low > high:
        yield Failure("minCapacity", f"must not be greater than `maxCapacity`, {low} > {high}")


# Scheduled actions.


def _put_action(aws: Aws, props: Props) -> str:
    sizes = props["scalableTargetAction"]
    aws.call(
        SERVICE,
        "PutScheduledAction",
        **where(props),
        ScheduledActionName=props["name"],
        Schedule=props["schedule"],
        Timezone=props["timezone"],
        StartTime=_time(props.get("startTime")),
        EndTime=_time(props.get("endTime")),
        ScalableTargetAction=up(sizes),
    )
    return f"{props['name']}-{props['serviceNamespace']}-{props['resourceId']}"


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text.replace("Z", "+00:00")) if text else None


def _iso(moment: datetime | None) -> str | None:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None


def _read_action(aws: Aws, resource_id: str, props: Props) -> Props | None:
    if "name" not in props:
        raise ApiError(
            SERVICE, "DescribeScheduledActions", "ImportNotSupported", "scheduled actions cannot be imported"
        )
    answer = aws.find(
        SERVICE,
        "DescribeScheduledActions",
        MISSING,
        **lookup(props),
        ResourceId=props["resourceId"],
        ScheduledActionNames=[props["name"]],
    )
    actions = [one for one in (answer or {}).get("ScheduledActions", []) if one["ScheduledActionName"] == props["name"]]
    if not actions:
        return None
    action = actions[0]
    return {
        **{name: action[api] for name, api in WHERE.items()},
        "arn": action["ScheduledActionARN"],
        "endTime": _iso(action.get("EndTime")),
        "name": props["name"],
        "scalableTargetAction": down(action.get("ScalableTargetAction")),
        "schedule": action["Schedule"],
        "startTime": _iso(action.get("StartTime")),
        "timezone": action.get("Timezone", "UTC"),
    }


def _update_action(aws: Aws, resource_id: str, change: Change) -> None:
    if change.changed:
        _put_action(aws, change.new)


def _delete_action(aws: Aws, resource_id: str, props: Props) -> None:
    aws.find(SERVICE, "DeleteScheduledAction", MISSING, **where(props), ScheduledActionName=props["name"])


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
            **WHERE_PROPS,
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
        token="aws:appautoscaling/scheduledAction:ScheduledAction",
        props={
            **WHERE_PROPS,
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
