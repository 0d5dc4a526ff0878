"""Which of the two adapters does the swaps of which scenario.

Moving a swap from one to the other moves no traffic, so both take turns within a variant's one stack, and every second
variant begins with the other one. `make scenarios` runs every scenario of every variant over both.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Literal

from tests.scenarios.variants import VARIANTS

Adapter = Literal["native", "dynamic"]
ADAPTERS: tuple[Adapter, ...] = ("native", "dynamic")
IN_FULL = os.environ.get("BLUEGREEN_SCENARIOS") == "full"


@dataclass(frozen=True, slots=True)
class Run:
    """One stack's way through the scenarios.

    Attributes:
        variant: its variant's name.
        adapter: who does all of its swaps; ``None``: both take turns.
    """

    variant: str
    adapter: Adapter | None = None

    def __str__(self) -> str:
        return self.variant if self.adapter is None else f"{self.variant}, {self.adapter}"

    def adapter_of(self, number: int) -> Adapter:
        """Who does the swaps of a scenario, counted from 0."""
        return self.adapter or ADAPTERS[(list(VARIANTS).index(self.variant) + number) % len(ADAPTERS)]


def runs(*, in_full: bool = IN_FULL) -> list[Run]:
    """All of them."""
    return [Run(name, adapter) for name in VARIANTS for adapter in (ADAPTERS if in_full else (None,))]
