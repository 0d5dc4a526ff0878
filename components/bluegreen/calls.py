"""What clients tell of the API calls of an operation: whoever wants to know listens, whoever must be asked is asked.

Per thread: an update runs in one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class _Listeners(threading.local):
    listener: Callable[[str], None] | None = None
    guard: Callable[[], None] | None = None


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


@contextmanager
def guarded(guard: Callable[[], None]) -> Iterator[None]:
    """Ask ``guard`` before each write that this thread sends meanwhile; what it raises keeps the write from being sent.

    A call may be tried again for minutes, and a swap that was taken over meanwhile must not write any more.
    """
    former, _here.guard = _here.guard, guard
    try:
        yield
    finally:
        _here.guard = former
