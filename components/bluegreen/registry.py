"""A table from a kind's name to the class that does it, loaded when it is first used.

A package of one's own adds kinds by entry points, in the group that the table names (``bluegreen.gates``, say)::

    [project.entry-points."bluegreen.gates"]
    queue = "my_package.queue_gate:QueueGate"
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import lru_cache
from importlib import import_module, metadata
from typing import Any, Generic, Protocol, TypeVar

from bluegreen.fields import UNKNOWN, Fields

T = TypeVar("T")


class Kind(Protocol):
    """The part that every registered class shares: how its section becomes its arguments."""

    @classmethod
    def parse(cls, fields: Fields) -> Mapping[str, object]:
        """Check the section and return the constructor's keyword arguments.

        Problems are collected in ``fields``; nothing is read or written.
        """
        ...


class Registry(Generic[T]):
    """Kinds of one thing.

    Args:
        what: names the section for people.
        entries: the kinds of this package, each with its ``module:Class``.
        group: the entry points of other packages' kinds.
    """

    def __init__(self, what: str, entries: Mapping[str, str], group: str) -> None:
        self.what = what
        self.entries = dict(entries)
        self.group = group

    def __contains__(self, kind: object) -> bool:
        """Whether there is such a kind, here or in another installed package."""
        return isinstance(kind, str) and (kind in self.entries or kind in installed(self.group))

    def load(self, kind: str) -> Any:
        """The class for a kind that is known to be registered."""
        target = self.entries.get(kind) or installed(self.group)[kind]
        module, _, name = target.partition(":")
        # A swap asks hundreds of times; most times it is there already, and not only halfway.
        found = getattr(sys.modules.get(module), name, None)
        return getattr(import_module(module), name) if found is None else found

    def parse(self, fields: Fields) -> tuple[str, Mapping[str, object]] | None:
        """Check a section by its own ``kind``: the kind and the constructor's arguments, ``None`` when not valid."""
        given = fields.raw("kind")
        # Other packages are looked for only where a kind is not of this one: that takes time.
        own = not isinstance(given, str) or given in self.entries
        kind = fields.text("kind", choices=self.entries if own else self.kinds())
        if kind is UNKNOWN:
            return None
        before = len(fields.problems)
        arguments = self.load(kind).parse(fields)
        fields.done()
        return (kind, arguments) if len(fields.problems) == before else None

    def kinds(self) -> list[str]:
        """All of them, other packages' among them."""
        return sorted({*self.entries, *installed(self.group)})

    def build(self, parsed: tuple[str, Mapping[str, object]]) -> T:
        """The object itself."""
        kind, arguments = parsed
        made: T = self.load(kind)(**arguments)
        return made


@lru_cache(maxsize=16)
def installed(group: str) -> Mapping[str, str]:
    """The kinds that installed packages add to a group, each with its ``module:Class``."""
    return {entry_point.name: entry_point.value for entry_point in metadata.entry_points(group=group)}
