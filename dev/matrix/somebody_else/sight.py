"""The sight of a stage, by its own API and not by the product's code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Sight:
    """A stage at one moment.

    Attributes:
        weights: percent of the requests by color, as they really go; what reaches neither is left out.
        fit: the colors that could serve: healthy, and of some size.
        retiring: the colors that a scheduled action will take units away from.
        held: the colors whose autoscaling is kept from working.
        marks: the notes on the object: name to value.
        changed: the colors that run another release than the swap knows.
        theirs: what somebody else has added, which does not concern the swap: name to value.
    """

    weights: Mapping[str, int]
    fit: frozenset[str]
    retiring: frozenset[str] = frozenset()
    held: frozenset[str] = frozenset()
    marks: Mapping[str, str] = field(default_factory=dict)
    theirs: Mapping[str, str] = field(default_factory=dict)
    changed: frozenset[str] = frozenset()

    @property
    def serving(self) -> object:
        """Where requests go, and what could serve them now and later."""
        return dict(self.weights), self.fit, self.retiring, self.changed

    def all_on(self, color: str) -> bool:
        """Whether a color has every request."""
        return dict(self.weights) == {color: 100}

    def of(self, color: str) -> int:
        """A color's percent."""
        return self.weights.get(color, 0)

    @property
    def served(self) -> int:
        """The percent that reaches either color."""
        return sum(self.weights.values())
