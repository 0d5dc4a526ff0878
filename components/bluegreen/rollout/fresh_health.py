"""The health of a color, which the wait for readiness shares with the first gate."""

from __future__ import annotations

from collections.abc import Callable

from bluegreen.rollout.clock import Clock
from bluegreen.rollout.model import Color, Phase, Readiness

# Where nothing was waited for in between, a gate's own question would have the same answer.
_FRESH_SECONDS = 0.25


class FreshHealth:
    """Asks for a color's health, and keeps the last answer for a moment.

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
        """Ask the platform at this moment: one call."""
        self._last, self._asked_at_seconds = None, self._clock.monotonic_seconds()
        readiness = self._ask(color)
        self._last = color, readiness
        return readiness

    def for_gate(self, color: Color, phase: Phase) -> Readiness:
        """The health for a gate.

        Before traffic that is the last answer of ``now`` for this color, once and without a call.

        Where time has passed, and under traffic, the platform is read.
        """
        last, self._last = self._last, None
        age_seconds = self._clock.monotonic_seconds() - self._asked_at_seconds
        if phase is Phase.BEFORE and last is not None and last[0] == color and 0 <= age_seconds < _FRESH_SECONDS:
            return last[1]
        return self._ask(color)
