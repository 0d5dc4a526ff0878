"""Both colors' services with what scales them: made here, or there already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from bluegreen.aws import service_swap
from bluegreen.aws.component import SwapSettings
from bluegreen.aws.ecs import autoscaling as ecs_autoscaling
from bluegreen.aws.ecs import scheduled_scaling
from bluegreen.aws.ecs.autoscaling import ColorAutoscaling, Scaled, color_autoscaling
from bluegreen.aws.ecs.release import EcsRelease
from bluegreen.aws.ecs.tasks import TaskSettings, color_service
from bluegreen.aws.entry import EntryResources
from bluegreen.aws.service_swap import ServiceSwap, existing_of
from bluegreen.component.declaration import known
from bluegreen.rollout.model import COLORS, Color


def target_groups_of(releases: Mapping[Color, EcsRelease]) -> dict[Color, pulumi.Input[str]]:
    """The target groups of the services that are there already, by color."""
    return {color: existing["target_group_arn"] for color, existing in existing_of(releases).items()}


def made_here(releases: Mapping[Color, EcsRelease]) -> list[EcsRelease]:
    """The releases whose services are made here."""
    return [release for release in releases.values() if "existing" not in release]


class ServicePair:
    """The services of both colors.

    Args:
        component: the parent of all.
        swap: what was checked.
        entered: how requests reach the tasks.
        tasks: what both colors share.
        desired_count: the tasks that the first live color starts with.
        settings: how swaps go.

    Attributes:
        made: the resources that have to be there before traffic moves.
    """

    def __init__(
        self,
        component: pulumi.Resource,
        swap: ServiceSwap,
        entered: EntryResources,
        tasks: TaskSettings,
        desired_count: int,
        settings: SwapSettings,
    ) -> None:
        self.made: list[pulumi.Resource] = []
        self._component, self._swap, self._entered, self._tasks = component, swap, entered, tasks
        self._live: Color = "green" if swap.active_color == "green" else "blue"
        self._first_counts = service_swap.first_counts(self._live, desired_count, settings)
        self._shares = known(settings.get("promote_to_percent")) not in (None, 100)
        self._names: dict[Color, pulumi.Output[str]] = {}
        self._definitions: dict[Color, pulumi.Output[Any]] = {}
        self._scaling: dict[Color, ColorAutoscaling] = {}

    def add_services(self, releases: Mapping[Color, EcsRelease], depends_on: Sequence[pulumi.Resource]) -> None:
        """Declare those that are not there already.

        Args:
            releases: both colors'.
            depends_on: what they need beside the entry.
        """
        existing = existing_of(releases)
        for color, release in releases.items():
            if color in existing:
                continue
            service = color_service(
                self._swap.draft.name,
                color,
                release,
                self._tasks,
                entered=self._entered,
                # Only at creation: afterwards the count belongs to the swap and to autoscaling.
                first_count=self._first_counts[color],
                tags=self._swap.color_tags[color],
                connection=self._swap.draft.connection,
                parent=self._component,
                depends_on=depends_on,
            )
            self._names[color], self._definitions[color] = service.name, service.task_definition
            self.made.append(service)
        for color, there in existing.items():
            self._names[color] = pulumi.Output.from_input(there["service_arn"]).apply(_name_in)
            self._definitions[color] = pulumi.Output.from_input(there["task_definition_arn"])

    def add_autoscaling(self, autoscaling: Mapping[str, Any] | None) -> None:
        """Declare a range and the policies for each; nothing where ``None``."""
        for color in COLORS if autoscaling is not None else ():
            group = self._entered.target_group_arns.get(color)
            self._scaling[color] = color_autoscaling(
                self._swap.draft.name,
                color,
                autoscaling or {},
                Scaled(self._tasks.cluster_arn, self._names[color], self._entered.listener_arn, group),
                least_at_rest=None if color == self._live else self._first_counts[color],
                parent=self._component,
            )
            self.made += self._scaling[color].resources

    def add_schedule(self, autoscaling: Mapping[str, Any] | None, swap: pulumi.Resource) -> None:
        """Declare the ranges that come with time, after the swap: the color with traffic has them."""
        scheduled_scaling.color_actions(
            self._swap.draft.name,
            (autoscaling or {}).get("scheduled") or (),
            {color: scaled.target for color, scaled in self._scaling.items()},
            self._live,
            swap,
            self._component,
            shares=self._shares,
        )

    def capacity_section(self, autoscaling: Mapping[str, Any] | None) -> dict[str, Any]:
        """The part of the swap's ``capacity`` that only an update knows."""
        return {
            "cluster": self._tasks.cluster_arn,
            "services": self._names,
            "task_definitions": self._definitions,
            **ecs_autoscaling.capacity_section(autoscaling),
        }


def _name_in(service_arn: str) -> str:
    return service_arn.rpartition("/")[2]
