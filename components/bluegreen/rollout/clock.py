"""Time, as the core sees it: a clock that tests can turn by hand."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol


def _through_a_suspend() -> int | None:
    """The id of the monotonic clock that runs on while the machine is asleep; ``None`` where the default one does."""
    named = "CLOCK_MONOTONIC" if sys.platform == "darwin" else "CLOCK_BOOTTIME"
    return getattr(time, named, None)


_THROUGH_A_SUSPEND = _through_a_suspend()


def steady_seconds() -> float:
    """Seconds that never go backwards, those too in which the machine was suspended: for the age of what was read.

    Linux' and macOS' plain monotonic clocks stand still in a suspend, and whoever wakes up would take its lease, or
    what it has seen, for fresh; Windows' one does not.
    """
    return time.monotonic() if _THROUGH_A_SUSPEND is None else time.clock_gettime(_THROUGH_A_SUSPEND)


class Clock(Protocol):
    """Wall time for records, monotonic time for limits, and sleep."""

    def wall_seconds(self) -> float:
        """Seconds since the epoch."""
        ...

    def monotonic_seconds(self) -> float:
        """Seconds that never go backwards, those too in which the machine was suspended."""
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
        """Seconds that never go backwards, those too in which the machine was suspended."""
        return steady_seconds()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)

    @contextmanager
    def beside(self, work: Callable[[], None], every_seconds: float) -> Iterator[None]:
        """Do something every so often in a thread of its own, until the context ends; nobody waits for its end.

        Args:
            work: must not raise.
            every_seconds: the pause before each time.
        """
        over = threading.Event()

        def go_on() -> None:
            while not over.wait(every_seconds):
                work()

        threading.Thread(target=go_on, name="bluegreen-beside", daemon=True).start()
        try:
            yield
        finally:
            over.set()


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
