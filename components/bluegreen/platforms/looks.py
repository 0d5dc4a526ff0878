"""The time in which a reading may be written over: right after it, with nothing in between."""

from __future__ import annotations

from dataclasses import dataclass

from bluegreen.rollout.clock import steady_seconds

_FRESH_SECONDS = 5.0


@dataclass(slots=True)
class Look:
    """Whether the last reading is fresh enough to write over: only right after it, and only once."""

    _until_seconds: float = 0

    def taken(self) -> None:
        """Note a reading."""
        self._until_seconds = steady_seconds() + _FRESH_SECONDS

    def spent(self) -> bool:
        """Use up the reading: ``True`` right after it, ``False`` for every later call, which has to read again."""
        fresh, self._until_seconds = steady_seconds() < self._until_seconds, 0
        return fresh
