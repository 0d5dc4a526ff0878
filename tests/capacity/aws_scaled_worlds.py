"""Services and groups that others made, with any field that botocore's models know, and what scales them beside."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from tests.routers.aws_store import CONNECTION, Refused, Store
from tests.routers.botocore_strategies import shape, structures

COLORS = ("blue", "green")
#: How many the live color has; the other one has none.
LIVE = 3


@dataclass
class Scaled:
    """The units of the colors.

    Attributes:
        stores: who answers; the first one is the service whose changes are counted.
        seen: all of it, but for what is the swap's.
        capacity: the swap's section.
    """

    stores: tuple[Store, ...]
    seen: Callable[[], Any]
    capacity: dict[str, Any]


def without(fields: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """All but some fields."""
    return {name: copy.deepcopy(value) for name, value in fields.items() if name not in names}


# -- ECS

_CLUSTER, _DEFINITION = "shop", "arn:aws:ecs:eu-central-1:123456789012:task-definition/web:1"
_COUNTS = ("desiredCount", "runningCount", "pendingCount")
_WHERE = {"ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount"}


def _service_arn(color: str) -> str:
    return f"arn:aws:ecs:eu-central-1:123456789012:service/{_CLUSTER}/web-{color}"


def _service(color: str, count: int) -> dict[str, Any]:
    """The description of every service."""
    return {
        "serviceArn": _service_arn(color),
        "serviceName": f"web-{color}",
        "status": "ACTIVE",
        "taskDefinition": _DEFINITION,
        "desiredCount": count,
        "runningCount": count,
        "pendingCount": 0,
        "deployments": [{"id": "ecs-svc/1", "status": "PRIMARY", "rolloutState": "COMPLETED"}],
    }


@st.composite
def services(draw: Any) -> dict[str, Any]:
    """A service for each color, each with or without a scalable target of its owner's."""
    of_service, of_target = shape("ecs", "Service"), shape("application-autoscaling", "ScalableTarget")
    world: dict[str, Any] = {"services": {}, "targets": {}, "actions": {}}
    for color, count in zip(COLORS, (LIVE, 0), strict=True):
        service = world["services"][f"web-{color}"] = draw(structures(of_service, 1, fixed=_service(color, count)))
        # Others than ECS are refused, and would be two thirds of all controllers here; few services have one.
        if service.get("deploymentController", {}).get("type", "ECS") != "ECS" and draw(st.integers(0, 15)):
            service["deploymentController"] = {"type": "ECS"}
        if draw(st.booleans()):
            resource = f"service/{_CLUSTER}/web-{color}"
            limits = {"MinCapacity": draw(st.integers(0, LIVE)), "MaxCapacity": draw(st.integers(LIVE, 9))}
            own = {**_WHERE, "ResourceId": resource, "ScalableTargetARN": f"arn:target/{color}", **limits}
            world["targets"][resource] = draw(structures(of_target, 1, fixed=own))
            action = structures(
                shape("application-autoscaling", "ScheduledAction"),
                1,
                fixed={**_WHERE, "ResourceId": resource, "ScheduledActionName": "mornings"},
            )
            world["actions"][resource, "mornings"] = draw(action)
    return world


@contextlib.contextmanager
def of_services(world: dict[str, Any]) -> Iterator[Scaled]:
    """Two services of a cluster."""
    there = copy.deepcopy(world)
    services, targets, actions = there["services"], there["targets"], there["actions"]
    tags = {one["ScalableTargetARN"]: {"team": "orders"} for one in targets.values()}

    def ecs(call: str, given: dict[str, Any]) -> dict[str, Any]:
        names = [name.rpartition("/")[2] for name in given.get("services", [given.get("service", "")])]
        if call == "DescribeServices":
            return {"services": [services[name] for name in names], "failures": []}
        if call == "UpdateService":
            count = given["desiredCount"]
            assert given.keys() <= {"cluster", "service", "desiredCount", "forceNewDeployment"}
            services[names[0]] |= {"desiredCount": count, "runningCount": count}
            return {"service": services[names[0]]}
        if call in ("ListTasks", "DescribeTasks"):
            return {"taskArns": []} if call == "ListTasks" else {"tasks": []}
        raise AssertionError(call)

    def scaling(call: str, given: dict[str, Any]) -> dict[str, Any]:
        resource, arn = given.get("ResourceId", ""), given.get("ResourceARN", "")
        if call == "DescribeScalableTargets":
            return {"ScalableTargets": [targets[one] for one in given["ResourceIds"] if one in targets]}
        if call == "RegisterScalableTarget":
            made = {**_WHERE, "ScalableTargetARN": f"arn:made/{resource}", "RoleARN": "arn:role", "CreationTime": 0}
            one = targets.setdefault(resource, {**made, "ResourceId": resource})
            tags.setdefault(one["ScalableTargetARN"], {}).update(given.pop("Tags", {}))
            one |= given
            service = services[resource.rpartition("/")[2]]
            count = min(max(service["desiredCount"], one["MinCapacity"]), one["MaxCapacity"])
            service |= {"desiredCount": count, "runningCount": count}
            return {"ScalableTargetARN": one["ScalableTargetARN"]}
        if call == "DeregisterScalableTarget":
            if resource not in targets:
                raise Refused("ObjectNotFoundException")
            tags.pop(targets.pop(resource)["ScalableTargetARN"])
            for key in [key for key in actions if key[0] == resource]:
                del actions[key]
        elif call == "ListTagsForResource":
            return {"Tags": tags[arn]}
        elif call == "TagResource":
            tags[arn].update(given["Tags"])
        elif call == "UntagResource":
            for key in given["TagKeys"]:
                tags[arn].pop(key, None)
        elif call == "PutScheduledAction":
            actions[resource, given["ScheduledActionName"]] = given
        elif call == "DeleteScheduledAction":
            if actions.pop((resource, given["ScheduledActionName"]), None) is None:
                raise Refused("ObjectNotFoundException")
        elif call == "DescribeScheduledActions":
            return {"ScheduledActions": [one for (place, _), one in actions.items() if place == resource]}
        else:
            raise AssertionError(call)
        return {}

    section = {
        "kind": "ecs",
        "cluster": _CLUSTER,
        "services": {color: f"web-{color}" for color in COLORS},
        "task_definitions": dict.fromkeys(COLORS, _DEFINITION),
        "aws": CONNECTION,
    }

    def suspended(one: Mapping[str, Any]) -> dict[str, bool]:
        return {name: value for name, value in (one.get("SuspendedState") or {}).items() if value}

    def seen() -> Any:
        told = {name: without(one, *_COUNTS) for name, one in services.items()}
        ranges = {name: {**without(one, "SuspendedState"), "on": suspended(one)} for name, one in targets.items()}
        return told, ranges, copy.deepcopy(actions), copy.deepcopy(tags)

    with (
        contextlib.closing(Store("ecs", ecs)) as first,
        contextlib.closing(Store("application-autoscaling", scaling)) as second,
    ):
        yield Scaled((first, second), seen, section)


# -- EC2 Auto Scaling

_TEMPLATE = {"LaunchTemplateId": "lt-0aaaaaaaaaaaaaaaa", "Version": "3"}
_SIZES = ("MinSize", "MaxSize", "DesiredCapacity", "Instances")


def _instances(count: int, protected: bool) -> list[dict[str, Any]]:
    one = {"LifecycleState": "InService", "HealthStatus": "Healthy", "AvailabilityZone": "eu-central-1a"}
    own = {**one, "ProtectedFromScaleIn": protected, "LaunchTemplate": _TEMPLATE}
    return [{**own, "InstanceId": f"i-{number}"} for number in range(count)]


@st.composite
def groups(draw: Any) -> dict[str, Any]:
    """A group for each color, launched by a template alone or by a mixed-instances policy."""
    of_group, of_action = shape("autoscaling", "AutoScalingGroup"), shape("autoscaling", "ScheduledUpdateGroupAction")
    world: dict[str, Any] = {"groups": {}, "actions": {}}
    left_out = ("Status", "Instances", "LaunchTemplate", "MixedInstancesPolicy", "Tags", "LaunchConfigurationName")
    for color, count in zip(COLORS, (LIVE, 0), strict=True):
        name = f"web-{color}"
        limits = {"MinSize": draw(st.integers(0, count)), "MaxSize": draw(st.integers(LIVE, 9))}
        fixed = {"AutoScalingGroupName": name, **limits, "DesiredCapacity": count}
        group = draw(structures(of_group, 1, without=left_out, fixed=fixed))
        if draw(st.booleans()):
            policy = structures(
                shape("autoscaling", "LaunchTemplate"), 3, fixed={"LaunchTemplateSpecification": _TEMPLATE}
            )
            mixed = draw(structures(of_group.members["MixedInstancesPolicy"], 2, without=("LaunchTemplate",)))
            group["MixedInstancesPolicy"] = {**mixed, "LaunchTemplate": draw(policy)}
            for override in group["MixedInstancesPolicy"]["LaunchTemplate"].get("Overrides", ()):
                if "LaunchTemplateSpecification" in override:
                    override["LaunchTemplateSpecification"]["LaunchTemplateId"] = "lt-0bbbbbbbbbbbbbbbb"
        else:
            group["LaunchTemplate"] = _TEMPLATE
        group["Instances"] = _instances(count, bool(group.get("NewInstancesProtectedFromScaleIn")))
        tag = {"ResourceId": name, "ResourceType": "auto-scaling-group", "Key": "team", "Value": "orders"}
        group["Tags"] = [{**tag, "PropagateAtLaunch": True}]
        world["groups"][name] = group
        if draw(st.booleans()):
            action = {"AutoScalingGroupName": name, "ScheduledActionName": "mornings"}
            world["actions"][name, "mornings"] = draw(structures(of_action, 1, fixed=action))
    return world


@contextlib.contextmanager
def of_groups(world: dict[str, Any]) -> Iterator[Scaled]:
    """Two Auto Scaling groups."""
    there = copy.deepcopy(world)
    groups, actions = there["groups"], there["actions"]

    def answer(call: str, given: dict[str, Any]) -> dict[str, Any]:
        name = given.get("AutoScalingGroupName", "")
        if call == "DescribeAutoScalingGroups":
            return {"AutoScalingGroups": [groups[one] for one in given["AutoScalingGroupNames"]]}
        if call == "UpdateAutoScalingGroup":
            assert given.keys() <= {"AutoScalingGroupName", *_SIZES}
            group = groups[name]
            group |= given
            count = min(max(group["DesiredCapacity"], group["MinSize"]), group["MaxSize"])
            protected = bool(group.get("NewInstancesProtectedFromScaleIn"))
            group |= {"DesiredCapacity": count, "Instances": _instances(count, protected)}
        elif call in ("CreateOrUpdateTags", "DeleteTags"):
            for tag in given["Tags"]:
                group = groups[tag["ResourceId"]]
                group["Tags"] = [one for one in group["Tags"] if one["Key"] != tag["Key"]]
                group["Tags"] += [tag] if call == "CreateOrUpdateTags" else []
        elif call == "PutScheduledUpdateGroupAction":
            actions[name, given["ScheduledActionName"]] = given
        elif call == "DeleteScheduledAction":
            actions.pop((name, given["ScheduledActionName"]), None)
        elif call == "DescribeScheduledActions":
            return {"ScheduledUpdateGroupActions": [one for (place, _), one in actions.items() if place == name]}
        elif call == "DescribeScalingActivities":
            return {"Activities": []}
        else:
            raise AssertionError(call)
        return {}

    section = {
        "kind": "asg",
        "groups": {color: f"web-{color}" for color in COLORS},
        "launch_templates": dict.fromkeys(COLORS, f"{_TEMPLATE['LaunchTemplateId']}:{_TEMPLATE['Version']}"),
        "aws": CONNECTION,
    }

    def seen() -> Any:
        told = {name: without(one, *_SIZES) for name, one in groups.items()}
        for one in told.values():
            one["Tags"].sort(key=str)
        return told, copy.deepcopy(actions)

    with contextlib.closing(Store("autoscaling", answer)) as store:
        yield Scaled((store,), seen, section)


def plain(capacity: str, more: Mapping[str, Any]) -> dict[str, Any]:
    """Both colors with these fields beside what every one has."""
    pairs = list(zip(COLORS, (LIVE, 0), strict=True))
    if capacity == "ecs":
        made = {f"web-{color}": {**_service(color, count), **more} for color, count in pairs}
        return {"services": made, "targets": {}, "actions": {}}
    protected = bool(more.get("NewInstancesProtectedFromScaleIn"))
    own = {"MinSize": 0, "MaxSize": 9, "LaunchTemplate": _TEMPLATE, "Tags": []}
    by_color = {
        f"web-{color}": {
            "AutoScalingGroupName": f"web-{color}",
            **own,
            "DesiredCapacity": count,
            "Instances": _instances(count, protected),
            **more,
        }
        for color, count in pairs
    }
    return {"groups": by_color, "actions": {}}


CAPACITIES = {"ecs": (services(), of_services), "asg": (groups(), of_groups)}
