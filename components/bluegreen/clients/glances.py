"""What one preview was just answered, for the previews right after it and beside it.

The check of a swap looks at what is live and its diff looks again, and 64 swaps of one listener look at that listener.
Within previews an answer is good for ``LASTS_SECONDS``. Whatever writes, refreshes or deletes asks for itself, and no
preview goes by an answer from before this process' own last change of what it is about.
"""

from __future__ import annotations

import functools
import math
import threading
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, ParamSpec, TypeVar

from bluegreen.rollout.clock import steady_seconds

_P = ParamSpec("_P")
_T = TypeVar("_T")
LASTS_SECONDS = 2.0


class _Here(threading.local):
    # Of the thread's preview: how old its answers may be at the most, as a point of time. None is no preview.
    since_seconds: float | None = None


_here = _Here()
_lock = threading.Lock()
_changed_at_seconds: dict[str, float] = {}


def preview(place: Callable[_P, str]) -> Callable[[Callable[_P, _T]], Callable[_P, _T]]:
    """A function that is a preview: its thread's reads may be answered by what was answered a moment ago.

    Args:
        place: what the preview is about, by the function's own arguments; empty is not known: then all is asked anew.
    """

    def decorated(function: Callable[_P, _T]) -> Callable[_P, _T]:
        @functools.wraps(function)
        def there(*given: _P.args, **named: _P.kwargs) -> _T:
            what = place(*given, **named)
            with _lock:
                since_seconds = _changed_at_seconds.get(what, -math.inf) if what else math.inf
            former, _here.since_seconds = _here.since_seconds, since_seconds
            try:
                return function(*given, **named)
            finally:
                _here.since_seconds = former

        return there

    return decorated


@contextmanager
def changing(place: str) -> Iterator[None]:
    """Until its end, and with answers from before that, no preview of the same place goes by what is known.

    Args:
        place: as previews name it.
    """
    with _lock:
        _changed_at_seconds[place] = math.inf
    try:
        yield
    finally:
        with _lock:
            _changed_at_seconds[place] = steady_seconds()


@dataclass(slots=True)
class Answers:
    """What one client was answered in previews."""

    _kept: dict[Hashable, tuple[float, Any]] = field(default_factory=dict, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    def find(self, asked: Hashable) -> Any:
        """What the same was answered a moment ago; ``None`` where it has to be asked, and outside of previews."""
        since_seconds = _here.since_seconds
        if since_seconds is None:
            return None
        with self._lock:
            at_seconds, answer = self._kept.get(asked, (-math.inf, None))
        fresh = at_seconds > max(since_seconds, steady_seconds() - LASTS_SECONDS)
        return answer if fresh else None

    def keep(self, asked: Hashable, at_seconds: float, answer: Any) -> None:
        """Keep it, if a preview has asked.

        Args:
            asked: the question.
            at_seconds: when it was sent, by ``steady_seconds``.
            answer: what it was answered; it is handed out as it is, to be read alone.
        """
        if _here.since_seconds is None:
            return
        old_seconds = steady_seconds() - LASTS_SECONDS
        with self._lock:
            self._kept = {key: one for key, one in self._kept.items() if one[0] > old_seconds}
            self._kept[asked] = (at_seconds, answer)
