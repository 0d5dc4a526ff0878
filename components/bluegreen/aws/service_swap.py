"""The swap of every component with an entry: checked, then declared over the entry and the units."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi

from bluegreen.adapters.resource import SwapResource
from bluegreen.aws.component import Draft, SwapSettings, connection_of, draft, tags_of
from bluegreen.aws.entry import Entry, EntryContext, EntryResources
from bluegreen.aws.several_entries import counting_kind
from bluegreen.component.base import owner_of
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import COLORS, Color


@dataclass(frozen=True, slots=True)
class Network:
    """The network of the units, and their port.

    Attributes:
        vpc_id: where everything runs.
        subnet_ids: of the load balancer and the units.
        port: the port that units listen on.
        target_type: how units register: ``ip`` or ``instance``.
        target_groups: groups that are there already, by color; the entry makes the others.
    """

    vpc_id: pulumi.Input[str]
    subnet_ids: pulumi.Input[Sequence[pulumi.Input[str]]]
    port: int
    target_type: str
    target_groups: Mapping[Color, pulumi.Input[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ServiceSwap:
    """A swap that is checked.

    Attributes:
        draft: its inputs.
        active_color: who carries production traffic.
        entry: how requests reach the colors.
        tags: for what both colors share.
        color_tags: for what belongs to a color.
    """

    draft: Draft
    active_color: str
    entry: Entry
    tags: Mapping[str, str]
    color_tags: Mapping[Color, Mapping[str, str]]

    def enter(
        self,
        component: pulumi.Resource,
        network: Network,
        color_tags: Mapping[Color, Mapping[str, Any]] | None = None,
    ) -> EntryResources:
        """Declare the entry.

        Args:
            component: the parent of all.
            network: where units run.
            color_tags: for what belongs to a color; as checked when absent.
        """
        return self.entry.declare(
            EntryContext(
                name=self.draft.name,
                owner=self.draft.owner,
                active_color=self.active_color,
                vpc_id=network.vpc_id,
                subnet_ids=network.subnet_ids,
                port=network.port,
                target_type=network.target_type,
                connection=self.draft.connection,
                tags=self.tags,
                color_tags=color_tags or self.color_tags,
                parent=component,
                target_groups=network.target_groups,
            )
        )

    def enter_with_group(
        self, component: pulumi.Resource, network: Network, group_name: str
    ) -> tuple[EntryResources, pulumi.Output[str]]:
        """Declare the entry, and a security group that lets it reach the units: the entry's resources, the group's id.

        Args:
            component: the parent of all.
            network: where units run.
            group_name: the security group's name.
        """
        entered = self.enter(component, network)
        return entered, self.let_in(component, entered, network, group_name)

    def let_in(
        self, component: pulumi.Resource, entered: EntryResources, network: Network, group_name: str
    ) -> pulumi.Output[str]:
        """Declare a security group that lets the entry reach the units: its id.

        Args:
            component: the parent of all.
            entered: what the entry has made.
            network: where units run.
            group_name: the security group's name.
        """
        # Components on two clusters import this module as well, and have no use for the AWS SDK's.
        from bluegreen.aws.units import unit_security_group  # noqa: PLC0415

        group = unit_security_group(
            group_name,
            network.vpc_id,
            network.port,
            from_groups=entered.security_group_ids,
            from_cidrs=entered.source_cidrs,
            transports=entered.transports,
            more_ports=[*entered.ports.values()],
            tags=self.tags,
            parent=component,
        )
        return group.id

    def declare(
        self,
        component: pulumi.Resource,
        entered: EntryResources,
        *,
        releases: Mapping[Color, pulumi.Input[str]],
        digests: Mapping[Color, pulumi.Input[str]],
        capacity: Mapping[str, Any] | None = None,
        made: Sequence[pulumi.Resource] = (),
    ) -> SwapResource:
        """Declare the swap.

        Args:
            component: the parent of all.
            entered: what the entry has made.
            releases: what each color runs, as people read it.
            digests: the same, identified by a digest of the thing itself.
            capacity: its section, with outputs in it; ``None``: nothing is scaled.
            made: what has to be there before traffic moves.
        """
        attached = [resource for color in COLORS for resource in entered.attachments.get(color, ())]
        return self.draft.declare(
            component,
            router=entered.router,
            releases=releases,
            digests=digests,
            capacity=capacity,
            preview_urls=entered.preview_urls,
            preview_headers=entered.preview_headers,
            listener_arn=entered.listener_arn,
            target_group_arns=entered.target_group_arns,
            depends_on=[*made, *attached],
        )


def checked(
    name: str,
    active_color: str,
    entry: Entry,
    settings: SwapSettings,
    *,
    tags: Mapping[str, str] | None,
    problems: Sequence[Problem],
    capacity: Mapping[str, Any] | None = None,
) -> ServiceSwap:
    """Check all arguments of a component, before it declares anything.

    Args:
        name: the component's.
        active_color: who carries production traffic.
        entry: how requests reach the colors.
        settings: how swaps go.
        tags: for every resource.
        problems: what the component itself has found.
        capacity: its section, ``UNKNOWN`` where only an update knows; ``None``: nothing is scaled.

    Raises:
        pulumi.RunError: naming each wrong field, its value and what is allowed. Nothing was written.
    """
    # What is never scaled stays as it is after a swap, as colors of full idle capacity do.
    resting = settings if capacity is not None else {**settings, "idle_capacity_percent": 100}
    drafted = draft(
        name,
        active_color,
        settings,
        router=entry.draft(owner_of(name), connection_of(settings)),
        capacity=capacity,
        preview_headers=entry.preview_headers,
        converge_timeout_seconds=entry.converge_timeout_seconds,
        problems=[*entry.problems(resting), *problems],
    )
    shared, of_colors = tags_of(name, tags)
    return ServiceSwap(drafted, active_color, entry, shared, of_colors)


def existing_of(releases: Mapping[Color, Mapping[str, Any]]) -> dict[Color, Mapping[str, Any]]:
    """The units that exist already, by color: what a release has as ``existing``."""
    return {color: release["existing"] for color, release in releases.items() if "existing" in release}


def kind_that_counts(name: str, entry: Entry, settings: SwapSettings) -> str:
    """The kind of the router that counts requests, where there is one; else the first one's."""
    return counting_kind(entry.draft(owner_of(name), connection_of(settings)))


def first_counts(active_color: str, desired_count: int, settings: SwapSettings) -> dict[Color, int]:
    """The units that each color starts with: the live one all, the other one its share at rest."""
    at_rest = math.ceil(desired_count * settings.get("idle_capacity_percent", 0) / 100)
    return {color: desired_count if color == active_color else at_rest for color in COLORS}
