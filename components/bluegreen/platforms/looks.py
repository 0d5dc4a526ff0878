"""When what was read may be written over: right after the read, with nothing in between."""

from __future__ import annotations

from dataclasses import dataclass

from bluegreen.rollout.clock import steady_seconds

_FRESH_SECONDS = 5.0


@dataclass(slots=True)
class Look:
    """Whether what was read last is fresh enough to write over: only right after the read, and only once."""

    _until_seconds: float = 0

    def taken(self) -> None:
        """Something was read."""
        self._until_seconds = steady_seconds() + _FRESH_SECONDS

    def spent(self) -> bool:
        """Whether nothing has come after the read but this; whatever comes then has to look again."""
        fresh, self._until_seconds = steady_seconds() < self._until_seconds, 0
        return fresh
