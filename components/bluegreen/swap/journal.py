"""What one swap did, collected while it happens and kept as an entry of ``history``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bluegreen.rollout.clock import Clock
from bluegreen.rollout.model import Event, Kind, Outcome, Plan

OUTCOMES = {
    Kind.FIRST: Outcome.STARTED,
    Kind.PROMOTION: Outcome.PROMOTED,
    Kind.RESUME: Outcome.RESUMED,
    Kind.ROLLBACK: Outcome.ROLLED_BACK,
    Kind.HEAL: Outcome.HEALED,
}


class Journal:
    """Passes events on to ``listener`` and remembers the shifts and the API calls among them."""

    def __init__(self, clock: Clock, listener: Callable[[Event], None]) -> None:
        self._clock = clock
        self._listener = listener
        self._began_seconds = clock.wall_seconds()
        self._steps: list[dict[str, object]] = []
        self.calls: list[str] = []

    def report(self, event: Event) -> None:
        """Take an event."""
        weights = event.data.get("weights")
        if event.kind == "shift" and isinstance(weights, dict):
            self._steps.append({"at_seconds": round(event.at_seconds, 3), **weights})
        self._listener(event)

    def tell(self, kind: str, text: str) -> None:
        """Make an event and take it."""
        self.report(Event(self._clock.wall_seconds(), kind, text))

    @property
    def took_seconds(self) -> float:
        """Wall time since the swap began."""
        return self._clock.wall_seconds() - self._began_seconds

    def entry(self, plan: Plan, release: str) -> dict[str, Any]:
        """The finished swap as plain data; times are seconds since the epoch."""
        return {
            "outcome": OUTCOMES[plan.kind].value,
            "from": plan.start.as_dict(),
            "to": plan.target,
            "release": release,
            "started_at_seconds": round(self._began_seconds, 3),
            "seconds": round(self.took_seconds, 3),
            "calls": len(self.calls),
            "steps": self._steps,
        }
