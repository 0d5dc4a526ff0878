"""EC2 Auto Scaling's calls for the two groups, with their answers as values.

A group's tags come with its description, so that what a swap has noted there costs no call to read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from botocore.exceptions import ClientError

from bluegreen.aws.client import AwsConnection, called, error_code
from bluegreen.aws.ranges import Range
from bluegreen.permissions import Permission
from bluegreen.rollout.calls import pause
from bluegreen.rollout.errors import PlatformError
from bluegreen.rollout.model import Color

GROUPS = "arn:aws:autoscaling:*:*:autoScalingGroup:*:autoScalingGroupName/*"
_TAGGED = "auto-scaling-group"
# Another change of the same group is under way: over in a moment, and not among what botocore tries again.
# https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_UpdateAutoScalingGroup.html#API_UpdateAutoScalingGroup_Errors
_CONTENTION = ("ResourceContention", "ScalingActivityInProgress")
_AGAIN_AFTER_SECONDS = (0.5, 1, 2, 4, 8)
_NEWEST = 20


@dataclass(frozen=True, slots=True)
class Instance:
    """One instance of a group.

    Attributes:
        state: its lifecycle state, such as ``InService``, ``Pending``, ``Warmed:Stopped``.
        healthy: what the group's health checks say.
        template: the launch template and version that it was launched from: ``lt-0abc:3``.
        protected: whether scale-in leaves it alone.
    """

    state: str
    healthy: bool
    template: str
    protected: bool = False

    @property
    def serves(self) -> bool:
        """Whether it serves; an instance in the warm pool does not."""
        return self.state == "InService" and self.healthy


@dataclass(frozen=True, slots=True)
class Group:
    """An Auto Scaling group as it is.

    Attributes:
        name: its name.
        range: its minimum and maximum.
        desired: how many instances it is to have.
        template: the launch template and version that new instances are launched from: ``lt-0abc:3``.
        instances: its instances.
        tags: its tags.
        suspended: the processes that somebody has suspended.
        pooled: whether it has a warm pool.
        overrides: launch templates that a mixed-instances policy has for some instance types in the place of its own:
            ``lt-0def:2``, with ``*`` for a version that AWS chooses.
    """

    name: str
    range: Range
    desired: int
    template: str
    instances: tuple[Instance, ...]
    tags: Mapping[str, str]
    suspended: frozenset[str]
    pooled: bool
    overrides: frozenset[str] = frozenset()

    @property
    def running(self) -> int:
        """The number of instances that serve."""
        return sum(instance.serves for instance in self.instances)

    def what_keeps(self, due: bool) -> str:
        """The reason why instances stay although the group is scaled down, as the end of a sentence; mostly empty.

        Args:
            due: whether a scheduled action is to scale it down.
        """
        needed = ("ScheduledActions", "Terminate") if due else ("Terminate",)
        said = [f"once its process {process} is resumed" for process in needed if process in self.suspended]
        protected = sum(instance.protected and instance.state == "InService" for instance in self.instances)
        if protected:
            said.append(f"but for {protected} instances that are protected from scale-in: take the protection off")
        return "".join(f", {text}" for text in said)

    @property
    def release(self) -> str:
        """The launch templates and versions that it launches, and any others that instances in service run."""
        return ", ".join([self.template, *sorted(self.overrides), *sorted(set(self._others_than(self.template)))])

    def former(self, template: str) -> int:
        """The number of instances in service with another launch template or version than this one."""
        return len(self._others_than(template))

    def _others_than(self, template: str) -> list[str]:
        present = {template, *(self.overrides if self.template == template else ())}
        return [
            instance.template or "no launch template"
            for instance in self.instances
            if instance.state == "InService"
            and instance.template not in present
            and f"{instance.template.partition(':')[0]}:*" not in present
        ]


@dataclass(frozen=True, slots=True)
class Activity:
    """The newest of a group's scaling activities that tells a problem."""

    started_at: datetime
    failed: bool
    message: str


@dataclass(frozen=True, slots=True)
class GroupApi:
    """The calls, by color.

    Attributes:
        names: each color's group.
        aws: where to call, with which credentials.
    """

    permissions: ClassVar[tuple[Permission, ...]] = (
        Permission("autoscaling:DescribeAutoScalingGroups", "previews of a rollback, updates"),
        Permission("autoscaling:DescribeScalingActivities", "to find out why instances do not come into service"),
        Permission("autoscaling:UpdateAutoScalingGroup", "scaling, keeping scale-in off", GROUPS),
        Permission("autoscaling:CreateOrUpdateTags", "what is to be undone is noted on the group", GROUPS),
        Permission("autoscaling:DeleteTags", "the same, once it is undone", GROUPS),
        Permission("autoscaling:PutScheduledUpdateGroupAction", "handing over a retirement", GROUPS),
        Permission("autoscaling:DeleteScheduledAction", "cancelling a retirement", GROUPS),
        Permission("autoscaling:DescribeScheduledActions", "previews: actions of others on a color that is to rest"),
    )

    names: Mapping[Color, str]
    aws: AwsConnection

    @property
    def client(self) -> Any:
        """The client."""
        return self.aws.client("autoscaling")

    def find(self, *colors: Color) -> dict[Color, Group]:
        """The groups that there are, with everything about them: one call for all."""
        with called("autoscaling:DescribeAutoScalingGroups"):
            answer = self.client.describe_auto_scaling_groups(
                AutoScalingGroupNames=[self.names[color] for color in colors]
            )
        # One that is being deleted has a status.
        by_name = {one["AutoScalingGroupName"]: one for one in answer["AutoScalingGroups"] if not one.get("Status")}
        return {color: _group(by_name[self.names[color]]) for color in colors if self.names[color] in by_name}

    def get(self, *colors: Color) -> dict[Color, Group]:
        """The groups; an error where one of them does not exist.

        Raises:
            PlatformError: naming the groups that are not.
        """
        groups = self.find(*colors)
        missing = [self.names[color] for color in colors if color not in groups]
        if missing:
            raise PlatformError("autoscaling:DescribeAutoScalingGroups", f"no group {', '.join(missing)}")
        return groups

    def update(self, group: Group, limits: Range | None = None, desired: int | None = None) -> None:
        """Set a group's range, its desired capacity, or both.

        AWS brings the desired capacity into the range at once.
        """
        changes: dict[str, int] = {}
        if limits is not None:
            changes |= {"MinSize": limits.low, "MaxSize": limits.high}
        if desired is not None:
            changes["DesiredCapacity"] = desired
        with called("autoscaling:UpdateAutoScalingGroup"):
            _patiently(lambda: self.client.update_auto_scaling_group(AutoScalingGroupName=group.name, **changes))

    def tag(self, group: Group, tags: Mapping[str, str]) -> None:
        """Set tags of the group alone: instances do not get them."""
        entries = [{**_key(group, key), "Value": value, "PropagateAtLaunch": False} for key, value in tags.items()]
        with called("autoscaling:CreateOrUpdateTags"):
            _patiently(lambda: self.client.create_or_update_tags(Tags=entries))

    def untag(self, group: Group, keys: Sequence[str]) -> None:
        """Remove tags. None there is fine."""
        entries = [_key(group, key) for key in keys]
        with called("autoscaling:DeleteTags"):
            _patiently(lambda: self.client.delete_tags(Tags=entries))

    def put(self, group: Group, name: str, due: datetime, **sizes: int) -> None:
        """Set a one-time scheduled action (``MinSize``, ``MaxSize``, ``DesiredCapacity``)."""
        wanted = {"AutoScalingGroupName": group.name, "ScheduledActionName": name, "StartTime": due, **sizes}
        with called("autoscaling:PutScheduledUpdateGroupAction"):
            _patiently(lambda: self.client.put_scheduled_update_group_action(**wanted))

    def unschedule(self, group: Group, name: str) -> None:
        """Remove a scheduled action. None there is fine: one that has run is gone by itself."""

        def delete() -> None:
            try:
                self.client.delete_scheduled_action(AutoScalingGroupName=group.name, ScheduledActionName=name)
            except ClientError as error:
                if error_code(error) != "ValidationError" or "not found" not in str(error):
                    raise

        with called("autoscaling:DeleteScheduledAction"):
            _patiently(delete)

    def scheduled(self, color: Color) -> list[Mapping[str, Any]]:
        """Every scheduled action of a group: one call for 50 of them."""
        with called("autoscaling:DescribeScheduledActions"):
            pages = self.client.get_paginator("describe_scheduled_actions").paginate(
                AutoScalingGroupName=self.names[color]
            )
            return [action for page in pages for action in page["ScheduledUpdateGroupActions"]]

    def trouble(self, color: Color) -> Activity | None:
        """The newest failure or replacement among a group's activities; ``None`` when the newest went well."""
        with called("autoscaling:DescribeScalingActivities"):
            activities = self.client.describe_scaling_activities(
                AutoScalingGroupName=self.names[color], MaxRecords=_NEWEST
            )["Activities"]
        for activity in activities:
            if activity["StatusCode"] in ("Failed", "Cancelled"):
                said = activity.get("StatusMessage") or activity["Description"]
                return Activity(activity["StartTime"], failed=True, message=said)
            if "health check" in activity.get("Cause", ""):
                return Activity(activity["StartTime"], failed=False, message=activity["Cause"])
        return None


def _patiently(change: Callable[[], object]) -> None:
    """Make a change, again where another one of the same group is under way."""
    for pause_seconds in _AGAIN_AFTER_SECONDS:
        try:
            change()
            return
        except ClientError as error:
            if error_code(error) not in _CONTENTION:
                raise
        pause(pause_seconds)
    change()


def _key(group: Group, key: str) -> dict[str, str]:
    return {"ResourceId": group.name, "ResourceType": _TAGGED, "Key": key}


def _template(reference: Mapping[str, Any] | None) -> str:
    return f"{reference['LaunchTemplateId']}:{reference['Version']}" if reference else ""


def _override(reference: Mapping[str, Any]) -> str:
    """An override's launch template; the version may be one that AWS chooses: ``$Latest``, ``$Default`` or none."""
    version = str(reference.get("Version", ""))
    return f"{reference['LaunchTemplateId']}:{version if version.isdecimal() else '*'}"


def _group(described: Mapping[str, Any]) -> Group:
    policy = (described.get("MixedInstancesPolicy") or {}).get("LaunchTemplate", {})
    mixed = policy.get("LaunchTemplateSpecification")
    return Group(
        name=described["AutoScalingGroupName"],
        range=Range(described["MinSize"], described["MaxSize"]),
        desired=described["DesiredCapacity"],
        template=_template(described.get("LaunchTemplate") or mixed),
        instances=tuple(
            Instance(
                one["LifecycleState"],
                one["HealthStatus"].lower() == "healthy",
                _template(one.get("LaunchTemplate")),
                bool(one.get("ProtectedFromScaleIn")),
            )
            for one in described.get("Instances", ())
        ),
        tags={tag["Key"]: tag.get("Value", "") for tag in described.get("Tags", ())},
        suspended=frozenset(process.get("ProcessName", "") for process in described.get("SuspendedProcesses", ())),
        pooled=bool(described.get("WarmPoolConfiguration")),
        overrides=frozenset(
            _override(one["LaunchTemplateSpecification"])
            for one in policy.get("Overrides", ())
            if one.get("LaunchTemplateSpecification")
        ),
    )
