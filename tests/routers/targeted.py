"""A router in memory whose colors are targets with names, as a load balancer's are: requests go to one of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from bluegreen.memory.router import MemoryRouter, world
from bluegreen.options.declared import option
from bluegreen.options.kinds import Both, Text
from bluegreen.rollout.model import COLORS, Color, Convergence, Traffic, Weights

LED: dict[str, Mapping[Color, str]] = {}
"""The targets of the last write, by the world's name."""


@dataclass(slots=True)
class TargetedRouter(MemoryRouter):
    """Whoever names other targets than those of the last write sees that requests go elsewhere."""

    target_keys: ClassVar[frozenset[str]] = frozenset({"targets"})

    targets: Mapping[Color, str] = option("each color's target", Both(Text()), default={})

    def read(self) -> Traffic:
        """The live weights and the marks."""
        traffic = MemoryRouter.read(self)
        led = LED.get(self.name, {})
        if any(traffic.weights.of(color) and led.get(color) != self.targets[color] for color in COLORS):
            return Traffic(Weights(), traffic.marks)
        return traffic

    def glance(self, *, fresh: bool = False) -> Traffic:
        """The same."""
        return self.read()

    def write(self, weights: Weights) -> None:
        """Set the live weights, and lead them to these targets."""
        MemoryRouter.write(self, weights)
        LED[self.name] = self.targets

    def create(self, weights: Weights, marks: Mapping[str, str]) -> bool:
        """Make the object."""
        made = MemoryRouter.create(self, weights, marks)
        if made:
            LED[self.name] = self.targets
        return made

    def verify(self, weights: Weights) -> Convergence:
        """Whether they are set, at these targets."""
        led = LED.get(self.name) == self.targets
        return MemoryRouter.verify(self, weights) if led else Convergence.PENDING


def section(name: str) -> dict[str, object]:
    """A router's, of a world made anew."""
    LED.pop(name, None)
    here = world(name)
    here.weights = Weights()
    here.marks.clear()
    return {"kind": "targeted", "name": name, "targets": {"blue": "blue-1", "green": "green-1"}}
