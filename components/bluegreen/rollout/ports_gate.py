"""What a gate is, and what it is told when it is asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from bluegreen.fields import Fields
from bluegreen.rollout.model import Color, Phase, Readiness, Verdict, other

UNDER_TRAFFIC = frozenset({Phase.HOLD, Phase.BAKE})
"""For gates that measure real traffic: there is none before the first step."""
THROUGHOUT = UNDER_TRAFFIC | {Phase.BEFORE}
"""For gates that can be asked before the first step, too."""


@dataclass(frozen=True, slots=True)
class Preview:
    """How to reach one color without production traffic: a base URL, and headers that select the color."""

    url: str
    headers: Mapping[str, str]


def _nothing_is_known() -> Readiness:
    return Readiness(False, reason="nobody knows")


@dataclass(frozen=True, slots=True)
class GateContext:
    """What a gate may look at. Made anew for each question.

    Attributes:
        color: the color under test.
        preview: how to reach it, where the platform can.
        health: the health of its targets now; each call asks the platform.
        service: what the service is called.
        releases: what is installed in each color.
        phase: when in the swap it is asked.
        weight_percent: the new color's share of production traffic now.
        phase_began_at_seconds: wall-clock time at which this phase began, seconds since the epoch.
        shifted_at_seconds: the same of the swap's first shift; ``None`` before it.
        asked_at_seconds: the same of this question.
    """

    color: Color
    preview: Preview | None = None
    health: Callable[[], Readiness] = _nothing_is_known
    service: str = ""
    releases: Mapping[Color, str] = field(default_factory=dict)
    phase: Phase = Phase.BEFORE
    weight_percent: int = 0
    phase_began_at_seconds: float = 0
    shifted_at_seconds: float | None = None
    asked_at_seconds: float = 0

    @property
    def other_color(self) -> Color:
        """The color that carried the traffic before."""
        return other(self.color)


class Gate(Protocol):
    """One check. It raises ``GateUnavailable`` when it cannot be asked; that is never a pass."""

    @classmethod
    def parse(cls, fields: Fields) -> Mapping[str, object]:
        """Check one entry of ``gates`` and return the constructor's keyword arguments."""
        ...

    @property
    def label(self) -> str:
        """How people call it, for plans and logs: ``http /healthz``."""
        ...

    @property
    def needs_preview(self) -> bool:
        """Whether it needs a way to reach the color before it is live."""
        ...

    @property
    def phases(self) -> frozenset[Phase]:
        """When it is asked, unless the entry's own ``phases`` say otherwise."""
        ...

    @property
    def offline(self) -> bool:
        """Whether it looks at local files alone, so that a preview can ask it, too."""
        ...

    def evaluate(self, context: GateContext) -> Verdict:
        """Ask once."""
        ...
