"""Cancellation by the user, for both adapters: running swaps wake up and restore, and none begins."""

from __future__ import annotations

import threading
import time

from bluegreen.rollout.clock import SystemClock
from bluegreen.rollout.errors import BluegreenError


class CancellableClock(SystemClock):
    """The machine's clock, whose sleep ends when the user cancels: the swap looks up at once, and restores.

    What sleeps afterwards, the restore itself, sleeps as ever.
    """

    def __init__(self, cancelled: threading.Event) -> None:
        self._cancelled = cancelled
        self._woken = False

    def sleep(self, seconds: float) -> None:
        """Wait, at most until the user cancels, which may have been just before."""
        if self._woken:
            time.sleep(seconds)
        else:
            self._woken = self._cancelled.wait(seconds)

    def sleep_beside(self, seconds: float) -> None:
        """Wait in a thread beside the swap: it must not take a cancellation from the swap's own."""
        time.sleep(seconds)


class Cancelled(BluegreenError):
    """The update was cancelled before the swap had begun; nothing was written."""


def refuse_when(cancelled: threading.Event) -> None:
    """Begin no swap any more once the user has cancelled.

    Raises:
        Cancelled: the user has.
    """
    if cancelled.is_set():
        raise Cancelled("the update was cancelled before this swap began: nothing was written")
