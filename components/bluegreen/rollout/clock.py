"""Time, as the core sees it: a clock that tests can turn by hand."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Wall time for records, monotonic time for limits, and sleep."""

    def wall_seconds(self) -> float:
        """Seconds since the epoch."""
        ...

    def monotonic_seconds(self) -> float:
        """Seconds that never go backwards."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class SystemClock:
    """The machine's own clock."""

    def wall_seconds(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    def monotonic_seconds(self) -> float:
        """Seconds that never go backwards."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


class FakeClock:
    """A clock for tests: sleeping moves it on at once. ``now_seconds`` is the time on both scales."""

    def __init__(self, now_seconds: float = 1_000.0) -> None:
        self.now_seconds = now_seconds

    def wall_seconds(self) -> float:
        """The fake time."""
        return self.now_seconds

    def monotonic_seconds(self) -> float:
        """The fake time."""
        return self.now_seconds

    def sleep(self, seconds: float) -> None:
        """Move the fake time on."""
        self.now_seconds += max(seconds, 0)
