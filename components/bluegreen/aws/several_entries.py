"""Several entries in front of the same units, as one: the swap moves them together, in their order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import pulumi

from bluegreen.aws.entry import Entry, EntryContext, EntryResources
from bluegreen.component import entries as entering
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import COLORS, Color


@dataclass(frozen=True, slots=True)
class Entries:
    """Entries by name, the one that has the component's own name first, with an empty one.

    Attributes:
        name: the component's.
        entries: each with its name, in the declared order.
    """

    name: str
    entries: Sequence[tuple[str, Entry]]

    @property
    def preview_headers(self) -> Mapping[Color, Mapping[str, str]]:
        """The first entry's headers: gates ask there."""
        return self.entries[0][1].preview_headers

    @property
    def converge_timeout_seconds(self) -> float:
        """The longest one of the entries, in seconds."""
        return max(entry.converge_timeout_seconds for _, entry in self.entries)

    def problems(self, settings: Mapping[str, Any]) -> list[Problem]:
        """The problems with any of them, and with their names."""
        problems: list[Problem] = []
        for index, (called, entry) in enumerate(self._others()):
            problems += entering.problems_at(index, called, entry.problems(settings))
        if len(self._others()) < len(self.entries):
            problems += entering.problems_at(0, "", self.entries[0][1].problems(settings))
        return problems

    def draft(self, owner: str, connection: Mapping[str, str]) -> list[dict[str, Any]]:
        """The sections of all entries."""
        return [entry.draft(entering.owner_for(owner, called), connection) for called, entry in self.entries]

    def declare(self, context: EntryContext) -> EntryResources:
        """Declare the resources of all entries; units register with all of them."""
        made = [entry.declare(self._context(context, called)) for called, entry in self.entries]
        groups = {
            color: {
                called: one.target_group_arns[color]
                for (called, _), one in zip(self.entries, made, strict=True)
                if color in one.target_group_arns
            }
            for color in COLORS
        }
        first = made[0]
        balanced = next((one for one in made if _counts(cast("Mapping[str, Any]", one.router)["kind"])), None)
        balanced = balanced or next((one for one in made if one.listener_arn is not None), first)
        registered = next((one for one in made if one.service_registry_arns), first)
        return replace(
            first,
            router=[cast("Mapping[str, Any]", one.router) for one in made],
            target_group_arns=balanced.target_group_arns,
            all_target_group_arns={color: arns for color, arns in groups.items() if arns},
            service_registry_arns=registered.service_registry_arns,
            attachments={color: [one for each in made for one in each.attachments.get(color, ())] for color in COLORS},
            security_group_ids=_together(one.security_group_ids for one in made),
            source_cidrs=list(dict.fromkeys(cidr for one in made for cidr in one.source_cidrs)),
            transports=list(dict.fromkeys(transport for one in made for transport in one.transports)),
            listener_arn=balanced.listener_arn,
            ports={called: one.ports[""] for (called, _), one in zip(self.entries, made, strict=True) if one.ports},
            reached=[
                self._reached(called, entry, one) for (called, entry), one in zip(self.entries, made, strict=True)
            ],
        )

    def _others(self) -> list[tuple[str, Entry]]:
        return [(called, entry) for called, entry in self.entries if called]

    def _context(self, context: EntryContext, called: str) -> EntryContext:
        return replace(
            context,
            name=entering.suffixed(context.name, called),
            owner=entering.owner_for(context.owner, called),
            target_groups=context.target_groups if not called else {},
        )

    def _reached(self, called: str, entry: Entry, entered: EntryResources) -> dict[str, Any]:
        headers = entered.preview_headers or entry.preview_headers
        return entering.reached(called or self.name, entered.url, entered.preview_urls, headers)


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
    return entering.one_of(named, default, lambda several: cast("Entry", Entries(name, several)))


def each_of(entry: Entry) -> list[Entry]:
    """An entry, or each of several."""
    return [one for _, one in entry.entries] if isinstance(entry, Entries) else [entry]


def counting_kind(router: Any) -> str:
    """The kind of a draft's router; of several that of the one that counts requests, where there is one."""
    kinds = [str(section["kind"]) for section in (router if isinstance(router, list) else [router])]
    return next((kind for kind in kinds if _counts(kind)), kinds[0])


def number_of_groups(entry: Entry) -> int:
    """The number of target groups in which a unit registers."""
    sections = entry.draft("", {})
    return sum("target_groups" in section for section in (sections if isinstance(sections, list) else [sections]))


def _counts(kind: object) -> bool:
    return str(kind).startswith("alb")


def _kind(entry: Entry) -> str:
    return type(entry).__name__.removesuffix("Entry").lower()


def _together(groups: Iterable[pulumi.Input[Sequence[str]]]) -> pulumi.Input[Sequence[str]]:
    given = [group for group in groups if group != ()]
    if not given:
        return ()
    return pulumi.Output.all(*given).apply(lambda lists: list(dict.fromkeys(one for each in lists for one in each)))
