"""The resources that run a color on EC2: launch template and Auto Scaling group, and the settings that both share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict

import pulumi
import pulumi_aws as aws

from bluegreen.aws.asg import release as asg_release
from bluegreen.aws.asg.in_place import guard
from bluegreen.aws.entry import EntryResources
from bluegreen.aws.ranges import Range
from bluegreen.fields import Fields
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import Color

# The swap's and autoscaling's own after creation: an update that wrote them would scale a color in mid-swap.
_NOT_OURS = ["minSize", "maxSize", "desiredCapacity"]


class WarmPool(TypedDict, total=False):
    """Instances that wait beside each group.

    Attributes:
        min_size: how many wait at least, default 0.
        max_group_prepared_capacity: how many there are at most, with those in service; default ``desired_count``.
        pool_state: ``Stopped`` (default), ``Running`` or ``Hibernated``.
        reuse_on_scale_in: whether a color that retires goes there, default true.
    """

    min_size: int
    max_group_prepared_capacity: int
    pool_state: str
    reuse_on_scale_in: bool


class InstanceRefresh(TypedDict, total=False):
    """The instance refresh by which a color at rest gets a new launch template version before it is promoted.

    Attributes:
        min_healthy_percent: of the group, while instances are replaced, default 90.
        max_healthy_percent: of the group, while instances are replaced, default 100.
        instance_warmup_seconds: until a new instance counts; the group's when absent.
    """

    min_healthy_percent: float
    max_healthy_percent: float
    instance_warmup_seconds: float


@dataclass(frozen=True, slots=True)
class Template:
    """The launch template of a group.

    Attributes:
        id: the launch template's.
        version: the version's number.
        image_id: the machine image, where it is known.
    """

    id: pulumi.Output[str]
    version: pulumi.Output[str]
    image_id: pulumi.Input[str] | None = None

    @property
    def name(self) -> pulumi.Output[str]:
        """``lt-0abc:3``."""
        return pulumi.Output.all(self.id, self.version).apply(asg_release.template_name)

    @property
    def release(self) -> pulumi.Output[str]:
        """The release, as people read it."""
        return pulumi.Output.all(self.image_id, self.id, self.version).apply(asg_release.release_name)

    @classmethod
    def given(cls, described: Mapping[str, Any]) -> Template:
        """Make it from a launch template that is there already."""
        version = pulumi.Output.from_input(described["version"]).apply(asg_release.version_text)
        return cls(pulumi.Output.from_input(described["launch_template_id"]), version)


@dataclass(frozen=True, slots=True)
class InstanceSettings:
    """The settings that both colors' instances share: parity by construction."""

    instance_type: pulumi.Input[str]
    security_group_ids: Sequence[pulumi.Input[str]]
    instance_profile_arn: pulumi.Input[str] | None
    key_name: pulumi.Input[str] | None
    assign_public_ip: bool


@dataclass(frozen=True, slots=True)
class GroupSettings:
    """The settings that both colors' groups share."""

    subnet_ids: pulumi.Input[Sequence[pulumi.Input[str]]]
    health_check_grace_seconds: int
    warm_pool: Mapping[str, Any] | None


def warm_pool_problems(warm_pool: Any) -> list[Problem]:
    """The problems with a ``warm_pool`` argument. Values that only an update knows (outputs) pass."""
    fields = Fields(warm_pool, "warm_pool")
    fields.whole("min_size", 0)
    fields.whole("max_group_prepared_capacity", None)
    fields.text("pool_state", "Stopped", choices=("Stopped", "Running", "Hibernated"))
    fields.raw("reuse_on_scale_in")
    fields.done()
    return fields.problems


def warm_pool_inputs(warm_pool: Mapping[str, Any], desired_count: int) -> dict[str, Any]:
    """A warm pool as ``aws.autoscaling.Group`` has it: instances of a color at rest wait in it."""
    return {
        "min_size": warm_pool.get("min_size", 0),
        # AWS' own default is the group's maximum: a color at rest would keep as many.
        "max_group_prepared_capacity": warm_pool.get("max_group_prepared_capacity", desired_count),
        "pool_state": warm_pool.get("pool_state", "Stopped"),
        "instance_reuse_policy": {"reuse_on_scale_in": warm_pool.get("reuse_on_scale_in", True)},
    }


def color_template(
    name: str,
    color: Color,
    release: Mapping[str, Any],
    settings: InstanceSettings,
    *,
    tags: Mapping[str, str],
    parent: pulumi.Resource,
) -> Template:
    """One color's launch template, or the one that is given. Each change is a version of its own."""
    if "launch_template_id" in release:
        return Template.given(release)
    groups = list(settings.security_group_ids)
    network: dict[str, Any] = {"vpc_security_group_ids": groups}
    if settings.assign_public_ip:
        interface = {"device_index": 0, "associate_public_ip_address": "true", "security_groups": groups}
        network = {"network_interfaces": [interface]}
    user_data = release.get("user_data")
    profile = settings.instance_profile_arn
    made = aws.ec2.LaunchTemplate(
        f"{name}-{color}",
        **{
            "image_id": release["image_id"],
            "instance_type": release.get("instance_type") or settings.instance_type,
            "user_data": None if user_data is None else pulumi.Output.from_input(user_data).apply(asg_release.encoded),
            "key_name": settings.key_name,
            "iam_instance_profile": None if profile is None else {"arn": profile},
            "metadata_options": {"http_tokens": "required"},
            # Instances get theirs from the group; volumes from here alone.
            "tag_specifications": [{"resource_type": "volume", "tags": dict(tags)}],
            "tags": tags,
            **network,
            **release.get("template", {}),
        },
        opts=pulumi.ResourceOptions(parent=parent),
    )
    return Template(made.id, made.latest_version.apply(asg_release.version_text), release["image_id"])


def color_group(
    name: str,
    color: Color,
    template: Template,
    settings: GroupSettings,
    *,
    entered: EntryResources,
    limits: Range,
    first_count: int,
    tags: Mapping[str, str],
    connection: Mapping[str, str],
    parent: pulumi.Resource,
) -> aws.autoscaling.Group:
    """One color's group. Its sizes are set once: afterwards they belong to the swap and to autoscaling."""
    groups = entered.groups_of(color)
    propagated: list[Any] = [
        {"key": key, "value": value, "propagate_at_launch": True} for key, value in sorted(tags.items())
    ]
    pool: Any = settings.warm_pool
    return aws.autoscaling.Group(
        f"{name}-{color}",
        launch_template={"id": template.id, "version": template.version},
        min_size=limits.low,
        max_size=limits.high,
        desired_capacity=first_count,
        vpc_zone_identifiers=settings.subnet_ids,
        target_group_arns=groups or None,
        health_check_type="ELB" if groups else "EC2",
        health_check_grace_period=settings.health_check_grace_seconds,
        # The swap waits for instances before it moves traffic, and says why they do not come.
        wait_for_capacity_timeout="0",
        warm_pool=pool,
        tags=propagated,
        # A target group that no listener forwards to is not checked: its instances would count as healthy unseen.
        opts=pulumi.ResourceOptions(
            parent=parent,
            depends_on=list(entered.attachments.get(color, ())),
            ignore_changes=_NOT_OURS,
            hooks=guard(f"{name}-{color}", color, entered.router, connection),
        ),
    )
