"""Scalable targets that were just found, for the step that comes right after: one pass asks for them once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bluegreen.aws.ecs.scalable import Target
from bluegreen.aws.ranges import Range
from bluegreen.rollout.clock import steady_seconds
from bluegreen.rollout.model import Color

# One step follows the other without a pause. Whoever stood still in between asks again.
_FRESH_SECONDS = 1.0


@dataclass(slots=True)
class Targets:
    """Both colors' scalable targets as they were found last, with what the swap itself has changed of them since.

    Each finding is for one named step, and for nothing that comes later or instead.
    """

    _found: dict[Color, Target] | None = field(default=None, init=False)
    _step: str = field(default="", init=False)
    _until_seconds: float = field(default=0, init=False)

    def keep(self, targets: Mapping[Color, Target], step: str) -> None:
        """Keep targets that were found, for ``step`` to go by."""
        self._found, self._step = dict(targets), step
        self._until_seconds = steady_seconds() + _FRESH_SECONDS

    def take(self, step: str) -> dict[Color, Target] | None:
        """Return the targets kept for a step, and forget them; ``None`` where they are old or kept for another step."""
        targets, self._found = self._found, None
        return targets if self._step == step and steady_seconds() < self._until_seconds else None

    def registered(self, color: Color, target: Target, limits: Range | None, held: bool | None) -> None:
        """Note that the swap has changed a target.

        Args:
            color: whose.
            target: as it was.
            limits: its range now; ``None`` leaves it.
            held: whether its scale-in is suspended now; ``None`` leaves that.
        """
        if self._found is not None:
            self._found[color] = target.with_changes(limits, held)

    def deregistered(self, color: Color) -> None:
        """Note that the swap has removed a target."""
        if self._found is not None:
            self._found.pop(color, None)
