"""Several entries in front of the same pods, as one: the swap moves them together, in their order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from bluegreen.component import entries as entering
from bluegreen.kubernetes.entry import Entry, EntryContext, EntryResources
from bluegreen.kubernetes.routes.weighted_entry import WeightedEntry
from bluegreen.kubernetes.selectors.entry import ServiceEntry
from bluegreen.kubernetes.workloads.retire import Condition
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import Color


@dataclass(frozen=True, slots=True)
class Entries:
    """Entries by name, the one that has the component's own name first, with an empty one.

    Attributes:
        entries: each with its name, in the declared order.
    """

    entries: Sequence[tuple[str, Entry]]

    @property
    def preview_headers(self) -> Mapping[Color, Mapping[str, str]]:
        """The first entry's headers: gates ask there."""
        return self.entries[0][1].preview_headers

    @property
    def converge_timeout_seconds(self) -> float:
        """The longest one of the entries, in seconds."""
        return max(entry.converge_timeout_seconds for _, entry in self.entries)

    @property
    def least_idle_percent(self) -> float:
        """The largest share that one of them needs at rest."""
        return max(float(getattr(entry, "least_idle_percent", 0)) for _, entry in self.entries)

    def problems(self, context: EntryContext) -> list[Problem]:
        """The problems with any of them."""
        problems, index = list[Problem](), 0
        for called, entry in self.entries:
            problems += entering.problems_at(index, called, entry.problems(_context(context, called)))
            index += bool(called)
        return problems

    def router(self, context: EntryContext) -> list[dict[str, Any]]:
        """The sections of all entries."""
        return [entry.router(_context(context, called)) for called, entry in self.entries]

    def retire_conditions(self, context: EntryContext) -> Mapping[Color, Condition]:
        """The conditions of the first entry that has some: all move together."""
        conditions = (entry.retire_conditions(_context(context, called)) for called, entry in self.entries)
        return next((condition for condition in conditions if condition), {})

    def declare(self, context: EntryContext) -> EntryResources:
        """Declare the resources of all entries."""
        made = [(called, entry, entry.declare(_context(context, called))) for called, entry in self.entries]
        return replace(
            made[0][2],
            services={
                f"{use}-{called}" if called else use: service
                for called, _, one in made
                for use, service in one.services.items()
            },
            made=[resource for _, _, one in made for resource in one.made],
            reached=[
                entering.reached(
                    called or context.name, one.url, one.preview_urls, one.preview_headers or entry.preview_headers
                )
                for called, entry, one in made
            ],
        )


def entry_of(
    name: str, entry: Entry | None, entries: Sequence[Entry] | None, names: Sequence[str] | None, default: Entry
) -> Entry:
    """The entry of a component: its only one, or several as one.

    Args:
        name: the component's.
        entry: the one with the component's own name.
        entries: more of them.
        names: what these are called.
        default: where none is given.

    Raises:
        pulumi.RunError: naming what is wrong. Nothing was written.
    """
    named = entering.named(name, entry, entries, names, _kind)
    return entering.one_of(named, default, lambda several: cast("Entry", Entries(several)))


def each_of(entry: Entry, name: str) -> list[tuple[Entry, str]]:
    """An entry, or each of several, with the name that its objects are called after."""
    if isinstance(entry, Entries):
        return [(one, entering.suffixed(name, called)) for called, one in entry.entries]
    return [(entry, name)]


def production_ports(entry: Entry, context: EntryContext) -> dict[str, list[Mapping[str, Any]] | None]:
    """The Services that stay whatever color is live, by name, and their ports; ``None`` where others know."""
    by_service: dict[str, list[Mapping[str, Any]] | None] = {}
    for one, name in each_of(entry, context.name):
        if isinstance(one, ServiceEntry):
            by_service |= one.production_ports(replace(context, name=name))
    return by_service


def _kind(entry: Entry) -> str:
    if isinstance(entry, WeightedEntry):
        return entry.platform.kind.replace("_", "-")
    return type(entry).__name__.removesuffix("Entry").lower()


def _context(context: EntryContext, called: str) -> EntryContext:
    return replace(
        context, name=entering.suffixed(context.name, called), owner=entering.owner_for(context.owner, called)
    )
