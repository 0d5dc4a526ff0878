"""Shared by stages of one object that everybody may note something on: its owner, the swap's marks, others' notes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping

from dev.matrix.somebody_else.memory_stage import MemorySizes
from dev.matrix.somebody_else.sight import Sight
from dev.matrix.somebody_else.stage import STRANGER, STRANGERS_MARK

_OURS = "bluegreen"
"""The beginning of the names of all that a swap notes, whatever the platform."""


class TaggedStage(MemorySizes, ABC):
    """One object with notes; sizes are in memory.

    Attributes:
        owner_note: the name of the note of who owns it.
        mark_prefix: what the names of marks begin with.
    """

    owner_note: str
    mark_prefix: str
    hands = frozenset({"adds", "takes"})

    @property
    @abstractmethod
    def noted(self) -> dict[str, str]:
        """All that is noted on it; a copy, or the notes themselves."""

    @abstractmethod
    def note(self, notes: Mapping[str, str]) -> None:
        """Note this and nothing else."""

    def capacity(self) -> None:
        """Nothing is scaled."""

    def sight(self, weights: Mapping[str, int]) -> Sight:
        """The notes beside these weights."""
        there = self.noted
        theirs = {f"note {name}": value for name, value in there.items() if not name.startswith(_OURS)}
        if there.get(self.owner_note) == STRANGER:
            theirs["owner"] = STRANGER
        prefix = self.mark_prefix
        marks = {name.removeprefix(prefix): value for name, value in there.items() if name.startswith(prefix)}
        return Sight(dict(weights), self.sized(), self.retiring(), self.suspended(), marks, theirs)

    def mark(self, changes: Mapping[str, str | None]) -> None:
        """Notes of the swap's kind."""
        there = dict(self.noted)
        if self.owner_note not in there:
            return
        for name, value in changes.items():
            if value is None:
                there.pop(self.mark_prefix + name, None)
            else:
                there[self.mark_prefix + name] = value
        self.note(there)

    def act(self, hand: str, color: str) -> None:  # noqa: ARG002 - there is no choice here
        """A note; another owner."""
        there = dict(self.noted)
        if self.owner_note not in there:
            return
        if hand == "adds":
            self.note({**there, "team": "shop"})
        elif hand == "takes":
            self.note({**there, self.owner_note: STRANGER, f"{self.mark_prefix}incarnation": STRANGERS_MARK})

    def mend(self) -> None:
        """The swap may continue refusing."""
