"""Which of the two adapters does the swaps of which scenario.

Moving a swap from one to the other moves no traffic, so both take turns within a variant's one stack, and every second
variant begins with the other one. `make scenarios` runs every scenario of every variant over both.

On Kubernetes the objects are made by a stand-in for Pulumi's plugin, and in two runs more by that plugin itself, where
it is built already; `make scenarios-kubernetes-plugin` builds it and runs every variant on Kubernetes with it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Literal

from tests.scenarios.variants import VARIANTS

Adapter = Literal["native", "dynamic"]
ADAPTERS: tuple[Adapter, ...] = ("native", "dynamic")
CHOSEN = os.environ.get("BLUEGREEN_SCENARIOS", "")
"""Empty in `make test`; ``full``, or ``kubernetes-plugin``."""
WITNESSED = ("kubernetes_service", "kubernetes_gateway")
"""What runs with Pulumi's own plugin in `make test`, too."""


@dataclass(frozen=True, slots=True)
class Run:
    """One stack's way through the scenarios.

    Attributes:
        variant: its variant's name.
        adapter: who does all of its swaps; ``None``: both take turns.
        plugin: whether Pulumi's own plugin makes the objects on Kubernetes.
    """

    variant: str
    adapter: Adapter | None = None
    plugin: bool = False

    def __str__(self) -> str:
        return ", ".join(filter(None, [self.variant, self.adapter, "Pulumi's plugin" if self.plugin else ""]))

    def adapter_of(self, number: int) -> Adapter:
        """Who does the swaps of a scenario, counted from 0."""
        return self.adapter or ADAPTERS[(list(VARIANTS).index(self.variant) + self.plugin + number) % len(ADAPTERS)]


def runs(chosen: str = CHOSEN) -> list[Run]:
    """All of them."""
    if chosen == "kubernetes-plugin":
        return [Run(name, plugin=True) for name in VARIANTS if name.startswith("kubernetes_")]
    if chosen == "full":
        return [Run(name, adapter) for name in VARIANTS for adapter in ADAPTERS]
    return [*(Run(name) for name in VARIANTS), *(Run(name, plugin=True) for name in WITNESSED)]
