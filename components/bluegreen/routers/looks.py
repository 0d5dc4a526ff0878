"""When what was read may be written over: right after the read, with nothing in between."""

from __future__ import annotations

import time
from dataclasses import dataclass

_FRESH_SECONDS = 5.0


@dataclass(slots=True)
class Look:
    """Whether what was read last is fresh enough to write over: only right after the read, and only once."""

    _until_seconds: float = 0

    def taken(self) -> None:
        """Something was read."""
        self._until_seconds = time.monotonic() + _FRESH_SECONDS

    def spent(self) -> bool:
        """Whether nothing has come after the read but this; whatever comes then has to look again."""
        fresh, self._until_seconds = time.monotonic() < self._until_seconds, 0
        return fresh
