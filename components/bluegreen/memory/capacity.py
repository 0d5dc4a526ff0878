"""Capacity in memory, over the same world as the memory router."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import ClassVar

from bluegreen.memory.router import world
from bluegreen.options.declared import Options, option
from bluegreen.options.kinds import Number, Text
from bluegreen.rollout.model import COLORS, Color, Readiness, Size


@dataclass(slots=True)
class MemoryCapacity(Options):
    """Scales the colors of the world called ``name``."""

    where: ClassVar[frozenset[str]] = frozenset({"kind", "name"})

    name: str = option("the world's", Text())
    desired_count: int = option(
        "units that a color starts with when none run anywhere", Number(1, whole=True), default=1
    )

    @property
    def declared_size(self) -> int:
        """The declared count."""
        return self.desired_count

    def read(self) -> Mapping[Color, Size]:
        """The sizes of both colors."""
        here = world(self.name)
        here.calls.append("capacity.read")
        return {
            color: Size(here.desired[color], 0 if color in here.broken else here.desired[color]) for color in COLORS
        }

    def prepare(self, color: Color, size: int) -> None:
        """Scale."""
        world(self.name).calls.append("capacity.prepare")
        world(self.name).desired[color] = size

    def ready(self, color: Color) -> Readiness:
        """Whether the units run."""
        here = world(self.name)
        here.calls.append("capacity.ready")
        units = here.desired[color]
        reason = "" if units else "scaled to 0"
        return Readiness(units > 0, units, units, reason, release=here.runs.get(color, ""))

    def release(self, color: Color) -> str:
        """The color's release in the world."""
        world(self.name).calls.append("capacity.release")
        return world(self.name).runs.get(color, "")

    def preflight(self, color: Color, size: int, retires: bool = True) -> None:  # noqa: ARG002 - nothing is tried
        """Do nothing: nothing can be refused here."""
        world(self.name).calls.append("capacity.preflight")

    def suspend_scale_in(self) -> None:
        """Suspend scale-in."""
        world(self.name).calls.append("capacity.suspend_scale_in")
        world(self.name).held = True

    def resume_scaling(self, serving: Collection[Color]) -> None:  # noqa: ARG002 - both colors are alike here
        """Resume scale-in."""
        world(self.name).calls.append("capacity.resume_scaling")
        world(self.name).held = False

    def retire(self, color: Color, size: int, after_seconds: float) -> str:
        """Scale down at once, or note that it is due."""
        here = world(self.name)
        here.calls.append("capacity.retire")
        if after_seconds <= 0:
            here.desired[color] = size
            return f"{color} is scaled to {size}"
        here.retiring[color] = size
        return f"{color} is scaled to {size} in {after_seconds:g} s"

    def cancel_retirement(self, color: Color) -> None:
        """Forget that it is due."""
        world(self.name).calls.append("capacity.cancel_retirement")
        world(self.name).retiring.pop(color, None)

    def delete(self) -> None:
        """Forget what is due."""
        world(self.name).calls.append("capacity.delete")
        world(self.name).retiring.clear()
