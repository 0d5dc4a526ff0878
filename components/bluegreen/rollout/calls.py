"""The API calls of an operation: clients announce each one, listeners count them, guards may refuse them.

Per thread: an update runs in one, but for what it reads side by side.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TypeVar

_T = TypeVar("_T")


class _Listeners(threading.local):
    listener: Callable[[str], None] | None = None
    guard: Callable[[], None] | None = None
    pausing: Callable[[float], None] | None = None
    sleep: Callable[[float], None] | None = None
    locking: Callable[[float], AbstractContextManager[None]] | None = None


_here = _Listeners()


def note(call: str) -> None:
    """Say that a call (``elasticloadbalancing:ModifyRule``) is being made."""
    if _here.listener is not None:
        _here.listener(call)


@contextmanager
def counted(listener: Callable[[str], None]) -> Iterator[None]:
    """Tell ``listener`` of each call that this thread makes meanwhile."""
    former, _here.listener = _here.listener, listener
    try:
        yield
    finally:
        _here.listener = former


def side_by_side(*reads: Callable[[], _T]) -> list[_T]:
    """Make several reads at the same time, for answers that do not depend on each other; return their results.

    Their calls are reported when all have ended. Reads alone: no guard runs before they are sent.

    Raises:
        Exception: what the first of them raised that failed.
    """
    calls: list[list[str]] = [[] for _ in reads]

    def one(read: Callable[[], _T], into: list[str]) -> _T:
        with counted(into.append):
            return read()

    with ThreadPoolExecutor(len(reads)) as pool:
        futures = [pool.submit(one, read, into) for read, into in zip(reads, calls, strict=True)]
    for call in (call for made in calls for call in made):
        note(call)
    return [future.result() for future in futures]


def before_write() -> None:
    """Say that a call which changes something is about to be sent, for the first time or once more.

    Raises:
        BluegreenError: it must not be sent any more.
    """
    guard, _here.guard = _here.guard, None  # the guard's own calls are not guarded
    if guard is not None:
        try:
            guard()
        finally:
            _here.guard = guard


def before_pause(seconds: float) -> None:
    """Say that a call waits for its next try, so that whatever cannot wait is done now.

    Args:
        seconds: how long the pause is.
    """
    pausing, _here.pausing = _here.pausing, None  # its own calls may have to wait, too
    if pausing is not None:
        try:
            pausing(seconds)
        finally:
            _here.pausing = pausing


def pause(seconds: float) -> None:
    """Wait within an operation for a platform to follow: by the swap's own clock, which a cancellation wakes up.

    What has to be done meanwhile, such as renewing a lease, is done before.

    Args:
        seconds: how long.

    Raises:
        BluegreenError: the swap must not continue.
    """
    before_pause(seconds)
    (_here.sleep or time.sleep)(seconds)


def locked(seconds: float) -> AbstractContextManager[None]:
    """Say that the write which comes now locks the object: for so long nothing may be noted on it, no lease renewed.

    Args:
        seconds: how long at most.

    Raises:
        BluegreenError: it must not be sent any more.
    """
    return nullcontext() if _here.locking is None else _here.locking(seconds)


@contextmanager
def guarded(
    guard: Callable[[], None],
    pausing: Callable[[float], None] | None = None,
    sleep: Callable[[float], None] | None = None,
    locking: Callable[[float], AbstractContextManager[None]] | None = None,
) -> Iterator[None]:
    """Ask ``guard`` before each write that this thread sends meanwhile; what it raises keeps the write from being sent.

    A call may be tried again for minutes, and a swap that was taken over meanwhile must not write any more.

    Args:
        guard: called before each try of each write.
        pausing: called at each pause between two tries, with its length in seconds.
        sleep: waits, by the swap's own clock; as before where it is absent, by the machine's where there is none.
        locking: entered before a write that locks the object, with how long that lasts at most, in seconds.
    """
    former = (_here.guard, _here.pausing, _here.sleep, _here.locking)
    _here.guard, _here.pausing, _here.sleep, _here.locking = guard, pausing, sleep or _here.sleep, locking
    try:
        yield
    finally:
        _here.guard, _here.pausing, _here.sleep, _here.locking = former


def carried(work: Callable[[], _T]) -> Callable[[], _T]:
    """``work`` for a thread that this one waits for, with the listener, the guard and the clock that this one has."""
    listener, guard, sleep, locking = _here.listener, _here.guard, _here.sleep, _here.locking

    def there() -> _T:
        _here.listener, _here.guard, _here.sleep, _here.locking = listener, guard, sleep, locking
        return work()

    return there
