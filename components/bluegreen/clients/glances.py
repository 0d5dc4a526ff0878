"""Answers of a preview's reads, shared with the preview right after it and with those beside it.

The check of a swap looks at what is live and its diff looks again, and 64 swaps of one listener look at that listener.
Within previews an answer is good for ``LASTS_SECONDS``, and for one check and its diff: the next preview of the same
place asks anew. Whatever writes, refreshes or deletes asks for itself.
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


@dataclass(frozen=True, slots=True)
class _Last:
    """The last preview and the last change of a place.

    Attributes:
        since_seconds: answers from after that were good enough for it.
        ended_at_seconds: when it ended; infinite while it runs.
        goes_on: whether it was a check, whose diff is the same preview.
    """

    since_seconds: float
    ended_at_seconds: float
    goes_on: bool


_here = _Here()
_lock = threading.Lock()
_last: dict[str, _Last] = {}


def check(place: Callable[..., str]) -> Callable[[Callable[_P, _T]], Callable[_P, _T]]:
    """Decorate a function that begins a preview: its thread's reads may reuse answers of other previews.

    Args:
        place: what the preview is about, by the function's own arguments; empty is not known: then all is read anew.
    """
    return _preview(place, goes_on=True)


def diff(place: Callable[..., str]) -> Callable[[Callable[_P, _T]], Callable[_P, _T]]:
    """Decorate a function that ends a preview: it may reuse the answers of the check right before it, too.

    Args:
        place: as for ``check``.
    """
    return _preview(place, goes_on=False)


def _preview(place: Callable[..., str], *, goes_on: bool) -> Callable[[Callable[_P, _T]], Callable[_P, _T]]:
    def decorated(function: Callable[_P, _T]) -> Callable[_P, _T]:
        @functools.wraps(function)
        def there(*given: _P.args, **named: _P.kwargs) -> _T:
            what = place(*given, **named)
            since_seconds = _since_seconds(what, goes_on=goes_on)
            former, _here.since_seconds = _here.since_seconds, since_seconds
            try:
                return function(*given, **named)
            finally:
                _here.since_seconds = former
                _done(what, since_seconds, goes_on=goes_on)

        return there

    return decorated


def _since_seconds(place: str, *, goes_on: bool) -> float:
    if not place:
        return math.inf
    with _lock:
        last = _last.get(place)
    if last is None:
        return -math.inf
    return last.since_seconds if last.goes_on and not goes_on else last.ended_at_seconds


def _done(place: str, since_seconds: float, *, goes_on: bool) -> None:
    with _lock:
        last = _last.get(place)
        if place and (last is None or last.ended_at_seconds < math.inf):  # else it is being changed
            _last[place] = _Last(since_seconds, steady_seconds(), goes_on)


@contextmanager
def changing(place: str) -> Iterator[None]:
    """Let no preview of a place reuse answers until the end of a change, nor those from before it.

    Args:
        place: as previews name it.
    """
    with _lock:
        _last[place] = _Last(math.inf, math.inf, goes_on=False)
    try:
        yield
    finally:
        with _lock:
            _last[place] = _Last(math.inf, steady_seconds(), goes_on=False)


@dataclass(slots=True)
class Answers:
    """The answers that one client got in previews."""

    _kept: dict[Hashable, tuple[float, Any]] = field(default_factory=dict, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    def find(self, asked: Hashable) -> Any:
        """The answer to the same request a moment ago; ``None`` where there is none, and outside of previews."""
        since_seconds = _here.since_seconds
        if since_seconds is None:
            return None
        with self._lock:
            at_seconds, answer = self._kept.get(asked, (-math.inf, None))
        fresh = at_seconds > max(since_seconds, steady_seconds() - LASTS_SECONDS)
        return answer if fresh else None

    def keep(self, asked: Hashable, at_seconds: float, answer: Any) -> None:
        """Keep an answer, if a preview has requested it.

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
