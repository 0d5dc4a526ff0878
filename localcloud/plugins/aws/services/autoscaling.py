# ruff: noqa: ARG001 - the signatures are those of `ResourceType`
"""Auto Scaling groups."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from localcloud.plugins.aws.checker import ARN, between, longest, one_of
from localcloud.plugins.aws.model import REGION, ApiError, Change, Failure, P, Props, ProviderError, ResourceType
from localcloud.plugins.aws.services.appautoscaling import down, up
from localcloud.plugins.aws.session import Aws

SERVICE: Final = "autoscaling"
MISSING: Final = ("ValidationError",)
_DELETE_SECONDS: Final = 600.0
# Pulumi's name -> the API's, of what both creation and update take as it is.
_PLAIN: Final = {
    "minSize": "MinSize",
    "maxSize": "MaxSize",
    "desiredCapacity": "DesiredCapacity",
    "healthCheckType": "HealthCheckType",
    "healthCheckGracePeriod": "HealthCheckGracePeriod",
    "protectFromScaleIn": "NewInstancesProtectedFromScaleIn",
}
# Sets that are changed by what comes and goes: the API's key, and its two calls.
_SETS: Final = {
    "targetGroupArns": ("TargetGroupARNs", "AttachLoadBalancerTargetGroups", "DetachLoadBalancerTargetGroups"),
    "suspendedProcesses": ("ScalingProcesses", "SuspendProcesses", "ResumeProcesses"),
}
_UNITS: Final = {"s": 1.0, "m": 60.0, "h": 3600.0}


def _written(props: Props) -> dict[str, Any]:
    written = {api: props[name] for name, api in _PLAIN.items() if props.get(name) is not None}
    if props.get("vpcZoneIdentifiers") is not None:
        written["VPCZoneIdentifier"] = ",".join(props["vpcZoneIdentifiers"])
    if props.get("launchTemplate") is not None:
        template = props["launchTemplate"]
        where = {"LaunchTemplateId": template["id"]} if "id" in template else {"LaunchTemplateName": template["name"]}
        written["LaunchTemplate"] = {**where, "Version": template.get("version", "$Default")}
    return written


def _tags(name: str, tags: list[Props]) -> list[dict[str, Any]]:
    where = {"ResourceId": name, "ResourceType": "auto-scaling-group"}
    return [{**where, **up(tag)} for tag in tags]


def find_group(aws: Aws, name: str) -> dict[str, Any] | None:
    groups = aws.call(SERVICE, "DescribeAutoScalingGroups", AutoScalingGroupNames=[name])["AutoScalingGroups"]
    return dict(groups[0]) if groups else None


def _create(aws: Aws, props: Props) -> str:
    name = str(props["name"])
    aws.call(
        SERVICE,
        "CreateAutoScalingGroup",
        AutoScalingGroupName=name,
        **_written(props),
        TargetGroupARNs=props.get("targetGroupArns") or None,
        Tags=_tags(name, props.get("tags", [])) or None,
    )
    if props.get("warmPool"):
        _put_warm_pool(aws, name, props["warmPool"])
    return name


def _put_warm_pool(aws: Aws, name: str, pool: Props) -> None:
    aws.call(SERVICE, "PutWarmPool", AutoScalingGroupName=name, **up(pool))


def _read(aws: Aws, name: str, props: Props) -> Props | None:
    group = find_group(aws, name)
    if group is None or group.get("Status"):
        return None
    template = group.get("LaunchTemplate") or {}
    declared = {tag["key"] for tag in props.get("tags", [])}
    pool = down(group.get("WarmPoolConfiguration"))
    return {
        **{key: group.get(api) for key, api in _PLAIN.items()},
        "arn": group["AutoScalingGroupARN"],
        "availabilityZones": group["AvailabilityZones"],
        "defaultCooldown": group["DefaultCooldown"],
        "launchTemplate": {
            "id": template.get("LaunchTemplateId"),
            "name": template.get("LaunchTemplateName"),
            "version": template.get("Version"),
        },
        "name": name,
        "predictedCapacity": group.get("PredictedCapacity", 0),
        "serviceLinkedRoleArn": group.get("ServiceLinkedRoleARN"),
        "suspendedProcesses": [process["ProcessName"] for process in group.get("SuspendedProcesses", [])],
        # Others put tags on groups, too: the real provider looks at the declared ones alone.
        "tags": [
            {"key": tag["Key"], "value": tag["Value"], "propagateAtLaunch": tag["PropagateAtLaunch"]}
            for tag in group.get("Tags", [])
            if tag["Key"] in declared
        ],
        "targetGroupArns": group.get("TargetGroupARNs", []),
        "vpcZoneIdentifiers": [subnet for subnet in group.get("VPCZoneIdentifier", "").split(",") if subnet],
        "warmPool": pool,
        "warmPoolSize": group.get("WarmPoolSize", 0),
    }


def _update(aws: Aws, name: str, change: Change) -> None:
    new = change.new
    written = _written(change.subset(*_PLAIN, "vpcZoneIdentifiers", "launchTemplate"))
    if written:
        aws.call(SERVICE, "UpdateAutoScalingGroup", AutoScalingGroupName=name, **written)
    for field, (key, adds, removes) in _SETS.items():
        before, after = (set(side.get(field, [])) for side in (change.old, new))
        for call, items in ((adds, after - before), (removes, before - after)):
            if field in change.changed and items:
                aws.call(SERVICE, call, AutoScalingGroupName=name, **{key: sorted(items)})
    if "tags" in change.changed:
        _update_tags(aws, name, change)
    if "warmPool" in change.changed:
        if new.get("warmPool"):
            _put_warm_pool(aws, name, new["warmPool"])
        else:
            aws.call(SERVICE, "DeleteWarmPool", AutoScalingGroupName=name, ForceDelete=new["forceDeleteWarmPool"])


def _update_tags(aws: Aws, name: str, change: Change) -> None:
    kept = {tag["key"] for tag in change.new.get("tags", [])}
    gone = [tag for tag in change.old.get("tags", []) if tag["key"] not in kept]
    if gone:
        aws.call(SERVICE, "DeleteTags", Tags=_tags(name, gone))
    if kept:
        aws.call(SERVICE, "CreateOrUpdateTags", Tags=_tags(name, change.new["tags"]))


def _wait(aws: Aws, name: str, props: Props, timeout: float) -> None:
    """Until all wanted instances are in service, for as long as `waitForCapacityTimeout` says; 0 is not at all."""
    seconds = _seconds(props["waitForCapacityTimeout"])

    def arrived() -> bool | None:
        group = find_group(aws, name) or {}
        states = [one["LifecycleState"] for one in group.get("Instances", []) if one["HealthStatus"] == "Healthy"]
        return True if states.count("InService") >= group.get("DesiredCapacity", 0) else None

    if seconds:
        try:
            aws.wait(f"capacity of Auto Scaling group {name}", arrived, seconds)
        except ProviderError as error:
            activities = aws.call(SERVICE, "DescribeScalingActivities", AutoScalingGroupName=name)["Activities"]
            said = next((one["StatusMessage"] for one in activities if one.get("StatusMessage")), "")
            raise ProviderError(f"{error}: {said}".rstrip(": ")) from None


def _seconds(text: str) -> float:
    match = re.fullmatch(r"(\d+)([smh]?)", text)
    return float(match[1]) * _UNITS.get(match[2], 1.0) if match else 600.0


def _delete(aws: Aws, name: str, props: Props) -> None:
    group = find_group(aws, name)
    if group is None:
        return
    if group.get("WarmPoolConfiguration"):
        aws.call(SERVICE, "DeleteWarmPool", AutoScalingGroupName=name, ForceDelete=props.get("forceDeleteWarmPool"))
    if not props.get("forceDelete"):
        none = {"MinSize": 0, "MaxSize": 0, "DesiredCapacity": 0}
        aws.call(SERVICE, "UpdateAutoScalingGroup", AutoScalingGroupName=name, **none)
        drained = lambda: not (find_group(aws, name) or {}).get("Instances") or None  # noqa: E731
        aws.wait(f"the instances of Auto Scaling group {name} to end", drained, _DELETE_SECONDS)

    def act() -> None:
        try:
            aws.call(SERVICE, "DeleteAutoScalingGroup", AutoScalingGroupName=name, ForceDelete=props.get("forceDelete"))
        except ApiError:
            if find_group(aws, name) is not None:
                raise

    aws.retry(("ResourceInUse", "ScalingActivityInProgress"), _DELETE_SECONDS, act)
    aws.wait(f"Auto Scaling group {name} to be gone", lambda: find_group(aws, name) is None or None, _DELETE_SECONDS)


def _validate(props: Props) -> Iterator[Failure]:
    if "launchTemplate" not in props:
        yield Failure("launchTemplate", "is needed: this stand-in for the AWS provider launches from nothing else")
    elif not {"id", "name"} & props["launchTemplate"].keys():
        yield Failure("launchTemplate", "one of `id`, `name` is needed")


TYPES: Final = [
    ResourceType(
        token="aws:autoscaling/group:Group",
        props={
            "name": P(force_new=True, check=longest(255)),
            "minSize": P(check=between(0, 10_000)),
            "maxSize": P(check=between(0, 10_000)),
            "desiredCapacity": P(computed=True, check=between(0, 10_000)),
            "availabilityZones": P(computed=True, unordered=True),
            "defaultCooldown": P(computed=True),
            "forceDelete": P(default=False, state_only=True),
            "forceDeleteWarmPool": P(default=False, state_only=True),
            "healthCheckGracePeriod": P(default=300),
            "healthCheckType": P(computed=True, check=one_of("EC2", "ELB")),
            "launchTemplate": P(),
            "launchTemplate.id": P(computed=True),
            "launchTemplate.name": P(computed=True),
            "launchTemplate.version": P(default="$Default"),
            "protectFromScaleIn": P(default=False),
            "serviceLinkedRoleArn": P(computed=True, check=ARN),
            "suspendedProcesses": P(unordered=True),
            "tags": P(unordered=True),
            "tags[].key": P(),
            "tags[].propagateAtLaunch": P(),
            "tags[].value": P(),
            "targetGroupArns": P(computed=True, unordered=True),
            "targetGroupArns[]": P(check=ARN),
            "vpcZoneIdentifiers": P(computed=True, unordered=True),
            "waitForCapacityTimeout": P(default="10m", state_only=True),
            "warmPool": P(),
            "warmPool.instanceReusePolicy": P(),
            "warmPool.instanceReusePolicy.reuseOnScaleIn": P(default=False),
            "warmPool.maxGroupPreparedCapacity": P(),
            "warmPool.minSize": P(default=0),
            "warmPool.poolState": P(default="Stopped", check=one_of("Stopped", "Running", "Hibernated")),
            "region": REGION,
        },
        create=_create,
        read=_read,
        update=_update,
        delete=_delete,
        wait=_wait,
        validate=_validate,
        name_max=255,
        taggable=False,
    )
]
