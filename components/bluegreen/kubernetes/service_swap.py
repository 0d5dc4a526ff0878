"""The swap of every component with a workload for each color: over an entry and both, checked, then declared."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pulumi

from bluegreen.adapters.resource import SwapResource
from bluegreen.component import base as swapping
from bluegreen.component import swap_settings
from bluegreen.component.declaration import known
from bluegreen.component.previewing import named
from bluegreen.fields import UNKNOWN
from bluegreen.kubernetes.component import SwapSettings, draft
from bluegreen.kubernetes.entry import Entry, EntryContext, EntryResources
from bluegreen.kubernetes.workloads import retirement
from bluegreen.kubernetes.workloads.retire import Condition
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import COLORS, Color


@dataclass(frozen=True, slots=True, kw_only=True)
class Workloads:
    """The workloads of the colors, as the swap scales them.

    Attributes:
        kind: ``Deployment`` or ``StatefulSet``.
        names: a workload for each color.
        replicas: pods that the first live color starts with.
        autoscalers: an autoscaler's name for each color that has one.
        autoscaling: the range that autoscaling has on the live color, where it is the component's.
        retire_image: for the CronJob that scales a color down.
        retire_service_account: as whom; ``None``: one is made.
    """

    kind: str
    names: Mapping[Color, Any]
    replicas: int
    autoscalers: Mapping[Color, Any] = field(default_factory=dict)
    autoscaling: Mapping[str, Any] | None = None
    retire_image: pulumi.Input[str] | None = None
    retire_service_account: str | None = None

    def section(self, context: EntryContext, only_if: Mapping[Color, Condition]) -> dict[str, Any]:
        """The swap's ``capacity``."""
        account = self.retire_service_account or retirement.account_name(context.name)
        return {
            "kind": "kubernetes",
            **context.place.section,
            "workload_kind": self.kind,
            "workloads": dict(self.names),
            "replicas": self.replicas,
            **({"autoscalers": dict(self.autoscalers)} if self.autoscalers else {}),
            **({} if self.autoscaling is None else {"autoscaling": dict(self.autoscaling)}),
            "retire": retirement.section(account, self.retire_image, only_if),
        }


@dataclass(frozen=True, slots=True)
class ServiceSwap:
    """A swap that is checked.

    Attributes:
        swapping: its inputs.
        context: what the entry builds on.
        entry: how requests reach the colors.
        workloads: what runs in them.
        only_if: what must be so for a color to be scaled down.
    """

    swapping: swapping.Draft
    context: EntryContext
    entry: Entry
    workloads: Workloads
    only_if: Mapping[Color, Condition]

    def declare(
        self,
        component: pulumi.Resource,
        releases: Mapping[Color, pulumi.Input[str]],
        digests: Mapping[Color, pulumi.Input[str]],
        color_objects: Callable[[], Sequence[pulumi.Resource]],
    ) -> tuple[SwapResource, EntryResources]:
        """Declare the entry, the colors, as whom they retire, and the swap.

        Args:
            component: the parent of all.
            releases: what each color runs, as people read it.
            digests: the same, identified by a digest of the thing itself, where there is one.
            color_objects: declares what runs in the colors.
        """
        # Where a header names a color, it does so by the stack's own secret.
        entries = [one for _, one in getattr(self.entry, "entries", [("", self.entry)])]
        by_header = any(headers for one in entries for headers in one.preview_headers.values())
        context = replace(self.context, named=named(self.context.name, component)) if by_header else self.context
        only_if = self.entry.retire_conditions(context)
        entered = self.entry.declare(context)
        made = list(color_objects())
        if self.workloads.retire_service_account is None:
            made += retirement.declare_account(
                self.context.name,
                self.context.place.namespace,
                self.workloads.kind,
                workloads=self.workloads.names,
                autoscalers=self.workloads.autoscalers,
                only_if=only_if,
                labels=self.context.labels,
                parent=component,
            )
        swap = self.swapping.declare(
            component,
            router=self.entry.router(context),
            releases=releases,
            digests=digests,
            capacity=self.workloads.section(context, only_if),
            preview_urls=entered.preview_urls,
            preview_headers=entered.preview_headers,
            depends_on=[*made, *entered.made],
        )
        return swap, entered


def checked(
    context: EntryContext,
    active_color: str,
    entry: Entry,
    workloads: Workloads,
    settings: SwapSettings,
    problems: Sequence[Problem],
) -> ServiceSwap:
    """Check everything that a component was given, before it declares anything.

    Raises:
        pulumi.RunError: naming each wrong field, its value and what is allowed. Nothing was written.
    """
    only_if = entry.retire_conditions(context)
    swapping = draft(
        context.name,
        active_color,
        settings,
        router=entry.router(context),
        capacity=workloads.section(context, only_if),
        preview_headers=entry.preview_headers,
        converge_timeout_seconds=entry.converge_timeout_seconds,
        problems=[*problems, *entry.problems(context), *_resting_problems(entry, settings)],
    )
    return ServiceSwap(swapping, context, entry, workloads, only_if)


def resting(entry: Entry, settings: SwapSettings) -> SwapSettings:
    """The settings with the share that a color has at rest behind an entry that needs both colors alive."""
    least = _least_idle_percent(entry)
    return {"idle_capacity_percent": least, **settings} if least else settings


def _least_idle_percent(entry: Entry) -> float:
    return float(getattr(entry, "least_idle_percent", 0))


def _resting_problems(entry: Entry, settings: SwapSettings) -> list[Problem]:
    least, given = _least_idle_percent(entry), known(settings.get("idle_capacity_percent", 0))
    if given is UNKNOWN or not isinstance(given, (int, float)) or given >= least:
        return []
    allowed = f"{least:g} to 100: this entry answers no request while the color of its main object is empty"
    return [Problem("idle_capacity_percent", given, allowed)]


def first_counts(active_color: str, replicas: int, settings: swap_settings.SwapSettings) -> dict[Color, int]:
    """The pods that each color starts with: the live one all, the other one its share at rest."""
    at_rest = math.ceil(replicas * settings.get("idle_capacity_percent", 0) / 100)
    return {color: replicas if color == active_color else at_rest for color in COLORS}
