"""Calls of a platform's own API over HTTP: connections of a thread's own, bounded in time, and bounded retries.

A call that fails is tried five times with full jitter. One that is throttled was not done: it may be tried more often,
and the platform says how long to wait.
"""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Callable, Mapping
from typing import Any

import httpx

from bluegreen._version import __version__
from bluegreen.clients.http import Answer, Http
from bluegreen.rollout.calls import pause
from bluegreen.rollout.errors import PlatformError

TIMEOUT_SECONDS = 20.0
"""Of one exchange as a whole."""
MOST_BYTES = 16_000_000
"""Of one answer."""
_ATTEMPTS, _THROTTLED_ATTEMPTS = 5, 12
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.5, 20.0
_AGAIN = frozenset({408, 429, 500, 502, 503, 504})
_THROTTLED = 429
_NOTHING = frozenset({b"", b"{}", b"null"})


class Wire:
    """Exchanges of several threads, each over a connection of its own."""

    def __init__(self) -> None:
        self._of_thread = threading.local()

    def exchange(
        self,
        verb: str,
        url: str,
        peer: str,
        headers: Mapping[str, str],
        query: Mapping[str, str] | None,
        content: bytes | None,
    ) -> tuple[Answer | None, str]:
        """One exchange, which nothing repeats: the answer, or ``None`` and why there is none.

        Args:
            verb: such as ``GET``.
            url: where to.
            peer: who does not answer, in the words of an error.
            headers: beside the ``User-Agent``.
            query: the parameters.
            content: the body.
        """
        http = getattr(self._of_thread, "http", None) or Http()
        self._of_thread.http = None  # one that failed is not used again
        try:
            answer = http.send(
                verb,
                url,
                timeout_seconds=TIMEOUT_SECONDS,
                most_bytes=MOST_BYTES,
                headers={**headers, "User-Agent": f"bluegreen/{__version__}"},
                params=query,
                content=content,
            )
        except (httpx.TransportError, httpx.InvalidURL) as error:
            return None, f"{peer} could not be reached: {error or type(error).__name__}"
        if answer.late or answer.cut:
            why = f"within {TIMEOUT_SECONDS:g} s" if answer.late else f"within {MOST_BYTES:,} bytes"
            return None, f"an answer of {peer} did not end {why}"
        self._of_thread.http = http
        return answer, ""


def until_answered(action: str, once: Callable[[], tuple[Answer | None, str]]) -> Answer:
    """The answer of a call that may be repeated: the first one that is clear, or the last one.

    Args:
        action: the call's name.
        once: one try: the answer, or ``None`` and why there is none.

    Raises:
        PlatformError: there was no answer at all.
    """
    for attempt in range(1, _THROTTLED_ATTEMPTS + 1):
        answer, problem = once()
        if answer is not None and answer.status not in _AGAIN:
            return answer
        throttled = answer is not None and answer.status == _THROTTLED
        if attempt >= (_THROTTLED_ATTEMPTS if throttled else _ATTEMPTS):
            break
        pause(_pause_seconds(attempt, answer))
    if answer is None:
        raise PlatformError(action, problem)
    return answer


def _pause_seconds(attempt: int, answer: Answer | None) -> float:
    longest = min(_FIRST_PAUSE_SECONDS * 2 ** (attempt - 1), _LONGEST_PAUSE_SECONDS)
    asked = answer.headers.get("Retry-After", "") if answer is not None else ""
    asked_seconds = min(float(asked), _LONGEST_PAUSE_SECONDS) if asked.isdigit() else 0.0
    return asked_seconds + random.uniform(0, longest)  # noqa: S311 - jitter, not a secret


def object_of(answer: Answer, action: str) -> dict[str, Any]:
    """The JSON object that an answer to a reading is; empty where it has no body.

    Args:
        answer: one that says yes.
        action: the call's name.

    Raises:
        PlatformError: it is anything else. An empty object in its place would say that nothing is there.
    """
    found = object_in(answer)
    if not found and answer.body.strip() not in _NOTHING:
        begin = answer.body[:60].decode(errors="replace").strip()
        raise PlatformError(action, f"the answer is no object of an API, but {begin!r}: is a proxy in between?")
    return found


def object_in(answer: Answer) -> dict[str, Any]:
    """The JSON object in an answer; empty where there is none."""
    try:
        body = json.loads(answer.body) if answer.body else {}
    except ValueError:
        body = {}
    return body if isinstance(body, dict) else {}
