"""A notifier, and the sending of a record to all of them, which never fails a swap nor holds it up for long."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Protocol

from bluegreen.fields import Fields
from bluegreen.notifications.words import STAGES
from bluegreen.rollout.errors import BluegreenError
from bluegreen.rollout.model import Outcome
from bluegreen.secrets import redact

TIMEOUT_SECONDS = 5.0
_TRIES = 2
_PAUSE_SECONDS = 0.5


class NotificationFailed(BluegreenError):
    """A notification did not get through; ``again`` says whether another try may help."""

    def __init__(self, reason: str, *, again: bool = True) -> None:
        self.again = again
        super().__init__(reason)


class Notifier(Protocol):
    """Tells somebody how a swap runs, and how it ended."""

    @classmethod
    def parse(cls, fields: Fields) -> Mapping[str, object]:
        """Check one entry of ``notifications`` and return the constructor's keyword arguments."""
        ...

    @property
    def label(self) -> str:
        """Its name for people, without anything secret."""
        ...

    @property
    def outcomes(self) -> Sequence[str]:
        """The outcomes that are reported; empty for all of them."""
        ...

    @property
    def timeout_seconds(self) -> float:
        """The limit of one try, in seconds."""
        ...

    def notify(self, record: Mapping[str, object]) -> None:
        """Send the record once.

        Args:
            record: at a stage ``id``, ``outcome`` (one of ``words.STAGES``), ``to`` and what is known; at the end the
                swap as ``history`` has it (``id``, ``outcome``, ``from``, ``to``, ``release``, ``seconds``,
                ``steps``, ``reason``) and whose it is (``service``); after a failure also ``restored`` and
                ``next_step``. Any of it may be absent.

        Raises:
            Exception: it did not get through.
        """
        ...


OUTCOMES = (*STAGES, *(outcome.value for outcome in Outcome))
"""What notifiers get messages of, as entries of ``notifications`` name it: the stages of swaps, and how they end."""


def notify_all(
    notifiers: Sequence[Notifier],
    record: Mapping[str, object],
    tell: Callable[[str, str], None],
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Tell everybody whom the record's outcome concerns, side by side, two tries each. Never raises.

    Args:
        notifiers: whom to tell.
        record: see ``Notifier.notify``.
        tell: takes an event's kind (``notify``) and its text: what got through and what did not.
        sleep: waits before a second try, in a thread of the notifier's own; the machine's by default.
    """
    due = [notifier for notifier in notifiers if not notifier.outcomes or record.get("outcome") in notifier.outcomes]
    problems: dict[int, str] = {}

    def run(index: int, notifier: Notifier) -> None:
        problems[index] = _problem(notifier, record, sleep)

    # A peer that answers a byte a second outlives every timeout of a connection: its thread is left behind then.
    threads = [threading.Thread(target=run, args=item, daemon=True) for item in enumerate(due)]
    began = time.monotonic()
    # The swap is over: nothing here may change how it ended.
    with suppress(Exception):
        for thread in threads:
            thread.start()
        for index, (notifier, thread) in enumerate(zip(due, threads, strict=True)):
            limit = _TRIES * notifier.timeout_seconds + _PAUSE_SECONDS + 1
            thread.join(max(0.0, began + limit - time.monotonic()))
            problem = problems.get(index, f"no end in {limit:g} s")
            text = f"{notifier.label} could not be notified: {problem}" if problem else f"{notifier.label} was notified"
            tell("notify", redact(text))


def _problem(notifier: Notifier, record: Mapping[str, object], sleep: Callable[[float], None]) -> str:
    """Send a record; return why it did not get through, or an empty text."""
    problem, again = _once(notifier, record)
    if problem and again:
        sleep(_PAUSE_SECONDS)
        problem, _ = _once(notifier, record)
    return problem


def _once(notifier: Notifier, record: Mapping[str, object]) -> tuple[str, bool]:
    try:
        notifier.notify(record)
    except BaseException as error:  # noqa: BLE001 - whatever it is (its module may call sys.exit), it is reported and no more
        return str(error) or type(error).__name__, bool(getattr(error, "again", True))
    return "", False
