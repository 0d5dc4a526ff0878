"""A color's health: what made a color ready says it to its first gate, too."""

from __future__ import annotations

from collections.abc import Callable

from bluegreen.rollout.clock import Clock
from bluegreen.rollout.model import Color, Phase, Readiness

# Where nothing was waited for in between, a gate's own question would have the same answer.
_FRESH_SECONDS = 0.25


class FreshHealth:
    """Asks for it, and keeps the last answer for a moment.

    Args:
        ask: asks the platform.
        clock: time.
    """

    def __init__(self, ask: Callable[[Color], Readiness], clock: Clock) -> None:
        self._ask = ask
        self._clock = clock
        self._last: tuple[Color, Readiness] | None = None
        self._asked_at_seconds = 0.0

    def now(self, color: Color) -> Readiness:
        """What the platform says at this moment: one call."""
        self._last, self._asked_at_seconds = None, self._clock.monotonic_seconds()
        found = self._ask(color)
        self._last = color, found
        return found

    def told(self, color: Color, phase: Phase) -> Readiness:
        """What a gate is told: before traffic what ``now`` has just said of this color, once and without a call.

        Where time has passed, and under traffic, the platform is asked.
        """
        last, self._last = self._last, None
        age_seconds = self._clock.monotonic_seconds() - self._asked_at_seconds
        if phase is Phase.BEFORE and last is not None and last[0] == color and 0 <= age_seconds < _FRESH_SECONDS:
            return last[1]
        return self._ask(color)
