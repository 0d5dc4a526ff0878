"""Two memory routers that one swap moves; somebody else acts on the second one alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bluegreen.memory.router import WORLDS, MemoryWorld, world
from bluegreen.rollout.model import COLORS, Weights
from dev.matrix.somebody_else.memory_stage import THEIRS, MemoryStage
from dev.matrix.somebody_else.sight import Sight
from dev.matrix.somebody_else.stage import STRANGER, Calls, Staged

_SECOND = "somebody-else, the second"


class MembersStage(MemoryStage):
    """Both members have the same units behind them. Half of the requests come to each."""

    name = "memory, two of one swap"
    # Of one member alone: a look at both lies between the one at the release and the write.
    hands = MemoryStage.hands - {"deploys"}

    @property
    def second(self) -> MemoryWorld:
        """Where somebody acts."""
        return world(_SECOND)

    def put_back(self) -> None:
        """New worlds."""
        super().put_back()
        WORLDS.pop(_SECOND, None)
        self.second.desired, self.second.broken = self.here.desired, self.here.broken

    def router(self) -> Any:
        """A section for each."""
        return [super().router(), {"kind": "memory", "name": _SECOND}]

    def look(self) -> Sight:
        """Where most requests go; the marks are the second one's."""
        first = super().look()
        weights = {color: (self.here.weights.of(color) + self.second.weights.of(color)) / 2 for color in COLORS}
        return Sight(
            {color: round(share) for color, share in weights.items() if share},
            first.fit,
            first.retiring,
            first.held,
            {name: value for name, value in self.second.marks.items() if name != THEIRS},
            {name: value for name, value in self.second.marks.items() if name == THEIRS},
            first.changed,
        )

    def move(self, weights: Mapping[str, int]) -> None:
        """Other weights of the second one."""
        self.second.weights = Weights(**dict(weights))

    def mark(self, changes: Mapping[str, str | None]) -> None:
        """Other marks of the second one, where it has an object."""
        for name, value in changes.items():
            if value is None:
                self.second.marks.pop(name, None)
            elif self.second.weights != Weights():
                self.second.marks[name] = value

    def act(self, hand: str, color: str) -> None:
        """Add a note to the second one, delete it; the units are both members'."""
        if hand == "adds":
            self.mark({THEIRS: STRANGER})
        elif hand == "deletes":
            self.second.weights = Weights()
            self.second.marks.clear()
        else:
            super().act(hand, color)


STAGES = {
    MembersStage.name: Staged(MembersStage, Calls(24, 32, 18)),
}
