"""A table from a kind's name to the class that does it, loaded when it is first used."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, Generic, TypeVar

from bluegreen.fields import UNKNOWN, Fields

T = TypeVar("T")


class Registry(Generic[T]):
    """``what`` names the section for people; ``entries`` maps a kind to ``module:Class``."""

    def __init__(self, what: str, entries: Mapping[str, str]) -> None:
        self.what = what
        self.entries = dict(entries)

    def load(self, kind: str) -> Any:
        """The class for a kind that is known to be registered."""
        module, _, name = self.entries[kind].partition(":")
        return getattr(import_module(module), name)

    def parse(self, fields: Fields) -> tuple[str, Mapping[str, object]] | None:
        """Check a section by its own ``kind``: the kind and the constructor's arguments, ``None`` when not valid."""
        kind = fields.text("kind", choices=self.entries)
        if kind is UNKNOWN:
            return None
        before = len(fields.problems)
        arguments = self.load(kind).parse(fields)
        fields.done()
        return (kind, arguments) if len(fields.problems) == before else None

    def build(self, parsed: tuple[str, Mapping[str, object]]) -> T:
        """The object itself."""
        kind, arguments = parsed
        made: T = self.load(kind)(**arguments)
        return made
