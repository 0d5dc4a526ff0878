"""The resources of both colors on EC2: launch templates, Auto Scaling groups and scaling policies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from bluegreen.aws.asg.autoscaling import color_policies
from bluegreen.aws.asg.groups import GroupSettings, InstanceSettings, Template, color_group, color_template
from bluegreen.aws.asg.release import AsgRelease
from bluegreen.aws.entry import EntryResources
from bluegreen.aws.ranges import Range
from bluegreen.aws.service_swap import ServiceSwap, existing_of
from bluegreen.rollout.model import COLORS, Color


@dataclass(frozen=True, slots=True)
class Sizes:
    """The sizes with which groups are created; afterwards they belong to the swap and to autoscaling.

    Attributes:
        first: the instances that each color starts with.
        desired_count: the instances that the first live color starts with.
        autoscaling: the live color's range and what both colors scale by; ``None``: only the swap scales.
        pooled: whether instances wait beside each group.
    """

    first: Mapping[Color, int]
    desired_count: int
    autoscaling: Mapping[str, Any] | None
    pooled: bool

    def limits(self, color: Color, *, live: bool) -> Range:
        """The range of a color's group at its creation."""
        count = self.first[color]
        if self.autoscaling is not None:
            return Range(self.autoscaling["min_capacity"] if live else count, self.autoscaling["max_capacity"])
        # The pool of a color at rest is as large as there is room below the maximum.
        return Range(count, max(count, self.desired_count) if self.pooled else count)


@dataclass(frozen=True, slots=True)
class Colors:
    """The groups of both colors.

    Attributes:
        names: the name of each color's group.
        templates: the launch template of each.
        made: the resources that have to be there before traffic moves.
    """

    names: Mapping[Color, pulumi.Output[str]]
    templates: Mapping[Color, Template]
    made: Sequence[pulumi.Resource]

    @property
    def template_names(self) -> dict[Color, pulumi.Output[str]]:
        """``lt-0abc:3`` by color."""
        return {color: template.name for color, template in self.templates.items()}


def declare_colors(
    swap: ServiceSwap,
    releases: Mapping[Color, AsgRelease],
    entered: EntryResources,
    *,
    instances: InstanceSettings,
    settings: GroupSettings,
    sizes: Sizes,
    parent: pulumi.Resource,
) -> Colors:
    """Declare both colors' groups, as far as no release is a group that exists already.

    Args:
        swap: the checked swap, for names and tags.
        releases: the release of each color.
        entered: the resources of the entry.
        instances: the settings that both colors' instances share.
        settings: the settings that both colors' groups share.
        sizes: the sizes of the groups.
        parent: the component.
    """
    name, existing = swap.draft.name, existing_of(releases)
    templates = {
        color: Template.given(existing[color])
        if color in existing
        else color_template(name, color, release, instances, tags=swap.color_tags[color], parent=parent)
        for color, release in releases.items()
    }
    groups = {
        color: color_group(
            name,
            color,
            templates[color],
            settings,
            entered=entered,
            limits=sizes.limits(color, live=color == swap.active_color),
            first_count=sizes.first[color],
            tags=swap.color_tags[color],
            connection=swap.draft.connection,
            parent=parent,
        )
        for color in COLORS
        if color not in existing
    }
    names = {color: group.name for color, group in groups.items()}
    names |= {color: pulumi.Output.from_input(group["group_name"]) for color, group in existing.items()}
    policies = [
        policy
        for color in (COLORS if sizes.autoscaling is not None else ())
        for policy in color_policies(
            name,
            color,
            sizes.autoscaling or {},
            names[color],
            listener_arn=entered.listener_arn,
            target_group_arn=entered.target_group_arns.get(color),
            parent=parent,
        )
    ]
    return Colors(names, templates, [*groups.values(), *policies])
