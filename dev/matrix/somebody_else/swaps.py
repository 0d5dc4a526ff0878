"""The operations while somebody else acts, and the declaration that they begin with."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, ClassVar
from unittest import mock

from bluegreen.component.base import routed
from bluegreen.fields import Fields
from bluegreen.gates.registry import GATES
from bluegreen.rollout.clock import FakeClock
from bluegreen.rollout.model import Decision, Phase, Verdict
from bluegreen.rollout.ports import GateContext
from dev.matrix.somebody_else.stage import Stage

GATE_SECONDS = 2.0
"""How long the gate takes for an answer: what it says is about a moment that is over."""


class SlowGate:
    """Takes its time, and says no where the test wants it."""

    label = "slow"
    needs_preview = False
    offline = False
    phases = frozenset({Phase.BEFORE, Phase.HOLD, Phase.BAKE})
    clock: ClassVar[FakeClock] = FakeClock()
    #: The phases in which it says no.
    refuses: ClassVar[frozenset[Phase]] = frozenset()
    #: When it said yes.
    passed_at_seconds: ClassVar[list[float]] = []

    @classmethod
    def parse(cls, _: Fields) -> Mapping[str, object]:
        """It has no settings."""
        return {}

    def evaluate(self, context: GateContext) -> Verdict:
        """Say yes or no."""
        self.clock.sleep(GATE_SECONDS)
        if context.phase in self.refuses:
            return Verdict(Decision.FAIL, "0.5", "0.99")
        self.passed_at_seconds.append(self.clock.now_seconds)
        return Verdict(Decision.PASS, "1", "0.99")


def known() -> AbstractContextManager[object]:
    """Meanwhile the gate is one of those that a swap's inputs may name."""
    return mock.patch.dict(GATES.entries, {"slow": f"{SlowGate.__module__}:{SlowGate.__qualname__}"})


@dataclass(frozen=True, slots=True)
class Operation:
    """One update of a swap, and those before it.

    Attributes:
        name: what it is called in the table.
        before: the updates that come first: the active color and the percent that it pauses at.
        active: the active color.
        percent: where it pauses; 100 is not at all.
        refused: whether a gate says no once there is traffic.
        splits: whether it takes a router that can split.
    """

    name: str
    before: tuple[tuple[str, int], ...]
    active: str
    percent: int = 100
    refused: bool = False
    splits: bool = False

    @property
    def goal(self) -> dict[str, int]:
        """The weights after it when nobody else acts."""
        if self.refused:
            return {"blue": 100}
        return weights_of(self.active, self.percent)

    @property
    def former(self) -> tuple[str, int]:
        """The config that it changes."""
        return self.before[-1] if self.before else (self.active, self.percent)

    @property
    def analyzed(self) -> bool:
        """Whether gates and steps come before traffic."""
        return bool(self.before) and self.active == "green"


def weights_of(active: str, percent: int) -> dict[str, int]:
    """The weights without zeros."""
    other = {"blue": "green", "green": "blue"}[active]
    return {color: share for color, share in ((active, percent), (other, 100 - percent)) if share}


FIRST = Operation("first start", (), "blue")
PROMOTION = Operation("promotion", (("blue", 100),), "green")
ROLLBACK = Operation("rollback", (("blue", 100), ("green", 100)), "blue")
PAUSE = Operation("pause", (("blue", 100),), "green", percent=10, splits=True)
RAISE = Operation("pause raised", (("blue", 100), ("green", 10)), "green", splits=True)
RESTORE = Operation("restore", (("blue", 100),), "green", refused=True)
OPERATIONS = (FIRST, PROMOTION, ROLLBACK, PAUSE, RAISE, RESTORE)


def inputs(stage: Stage, active: str, percent: int = 100) -> dict[str, Any]:
    """A swap's declaration."""
    phases = [phase.value for phase in ((Phase.HOLD,) if stage.splits else ()) + (Phase.BEFORE, Phase.BAKE)]
    return {
        "name": "web",
        "active_color": active,
        "releases": {"blue": "app:v1", "green": "app:v2"},
        **routed(stage.router()),
        "strategy": {"name": "steps", "steps": [{"weight_percent": 10, "hold_seconds": 20}] if stage.splits else []},
        "gates": [{"kind": "slow", "phases": phases, "interval_seconds": 5}],
        "bake_seconds": 8,
        "scale_down_delay_seconds": 3600,
        "steady_state_timeout_seconds": 20,
        "poll_interval_seconds": 4,
        **({} if stage.capacity() is None else {"capacity": stage.capacity()}),
        **getattr(stage, "more", {}),
        **({"promote_to_percent": percent} if percent != 100 else {}),
    }


@dataclass(slots=True)
class Refusing:
    """For a while the gate says no."""

    phases: frozenset[Phase] = field(default_factory=frozenset)

    def __enter__(self) -> None:
        SlowGate.refuses = self.phases
        SlowGate.passed_at_seconds.clear()

    def __exit__(self, *_: object) -> None:
        SlowGate.refuses = frozenset()
