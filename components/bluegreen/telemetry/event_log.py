"""The event log: each event as one line of JSON in a file, and as a record of the standard ``logging``."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from bluegreen.records import shown
from bluegreen.rollout.asking import interrupts
from bluegreen.rollout.model import Event

VARIABLE = "BLUEGREEN_EVENT_LOG"
"""The environment variable that names the file."""

_LEVELS = {"failed": logging.ERROR, "restore": logging.WARNING}
_logger = logging.getLogger("bluegreen.events")
# As a library should: without a handler of the program's own nothing is printed a second time.
logging.getLogger("bluegreen").addHandler(logging.NullHandler())


class EventLog:
    """A sink for events.

    A line has ``time`` (ISO 8601, UTC), ``service``, ``swap`` (the swap's id), ``kind``, ``text`` and ``data``, without
    secrets. Swaps of several processes may share a file: each line is one appending write.

    Attributes:
        swap_id: the ``swap`` of the lines to come; known once a swap has its lease.
    """

    def __init__(
        self, path: str | Path | None, service: str = "", tell: Callable[[str], None] = lambda _: None
    ) -> None:
        """Take the settings; the file is opened with the first event.

        Args:
            path: the file, made with mode 0600 where it is missing; ``None`` leaves the standard logging alone.
            service: whose swaps these are.
            tell: called once, if the file cannot be written.
        """
        self.swap_id = ""
        self._path = Path(path) if path else None
        self._service = service
        self._tell = tell
        self._told = False
        self._torn = False

    @classmethod
    def from_environment(
        cls, service: str = "", tell: Callable[[str], None] = lambda _: None, environ: Mapping[str, str] = os.environ
    ) -> EventLog:
        """The log that ``BLUEGREEN_EVENT_LOG`` names; without it the standard logging alone."""
        return cls(environ.get(VARIABLE), service, tell)

    def on_event(self, event: Event) -> None:
        """Write one event. Never raises."""
        try:
            record = self._record(event)
            _logger.log(_LEVELS.get(event.kind, logging.INFO), "%s", record["text"], extra={"bluegreen": record})
            if self._path is not None:
                self._append(self._path, json.dumps(record, ensure_ascii=False).encode("utf-8", "replace") + b"\n")
        except BaseException as error:
            if interrupts(error):
                raise
            self._complain(error)  # neither a full disk nor what a handler of the program's raises stops a swap

    def _record(self, event: Event) -> dict[str, Any]:
        at = datetime.fromtimestamp(event.at_seconds, timezone.utc)
        return {
            "time": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "service": shown(self._service),
            "swap": self.swap_id,
            "kind": event.kind,
            "text": shown(event.text),
            "data": shown(event.data),
        }

    def _append(self, path: Path, line: bytes) -> None:
        # Not blocking: a named pipe that nobody reads is an error and not a wait without an end.
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_NONBLOCK", 0)
        descriptor = os.open(path, flags, 0o600)
        try:
            whole = b"\n" + line if self._torn else line
            self._torn = os.write(descriptor, whole) != len(whole)
        finally:
            os.close(descriptor)
        if self._torn:
            raise OSError("a line was written in part")

    def _complain(self, error: BaseException) -> None:
        if self._told:
            return
        self._told = True
        try:
            why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            self._tell(f"events are not written to {self._path}: {why}")
        except Exception:  # noqa: BLE001 - there is nobody left to tell
            return
