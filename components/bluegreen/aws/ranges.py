"""The range of units that autoscaling may choose from: declared in a program, given back by a swap. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bluegreen.fields import UNKNOWN, Fields
from bluegreen.options.declared import option, read_options
from bluegreen.options.kinds import Number

RANGE_TAG = "bluegreen:range"
"""On an own scalable target that is at rest or about to be: the range to give back, such as ``2-10``."""
SUSPENDED_TAG = "bluegreen:suspended"
"""On a scalable target whose scale-in the swap suspended, and not its owner."""


@dataclass(frozen=True, slots=True)
class Range:
    """The range of units that autoscaling may choose from."""

    low: int = option("the smallest", Number(1, whole=True), name="min_capacity")
    high: int = option("the largest", Number(1, whole=True), name="max_capacity")

    @classmethod
    def parse(cls, fields: Fields) -> Range | None:
        """Read ``min_capacity`` and ``max_capacity``; ``None`` when they are wrong, or not known yet."""
        # With a least of 0 autoscaling could take the live color's last task.
        low, high = read_options(cls, fields).values()
        if low is UNKNOWN or high is UNKNOWN:
            return None
        if low > high:
            fields.problem("max_capacity", high, f"a whole number, min_capacity ({low}) at least")
            return None
        return cls(low, high)

    @classmethod
    def of_tag(cls, text: str) -> Range | None:
        """The range that a tag holds; ``None`` when somebody has written something else there."""
        match = re.fullmatch(r"(\d+)-(\d+)", text)
        return cls(int(match[1]), int(match[2])) if match else None

    @property
    def fixed(self) -> bool:
        """Whether there is nothing to choose, as at rest."""
        return self.low == self.high

    def __str__(self) -> str:
        return f"{self.low}-{self.high}"
