"""Counting the API calls of an operation: clients note each call, whoever wants to know listens.

Per thread: an update runs in one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class _Listeners(threading.local):
    listener: Callable[[str], None] | None = None


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
