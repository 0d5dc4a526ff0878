"""Operations that run after their request has been answered: one at a time on each resource.

https://learn.microsoft.com/azure/azure-resource-manager/management/async-operations
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from localcloud.azure.errors import ArmError

Steps = Iterator[float]
"""An operation as a generator: it changes the world, and yields the seconds until it continues. It runs under the
world's lock, which is free while it waits. An `ArmError` that it raises is how it fails."""


@dataclass
class Running:
    """One, also when it is over; `result` is what its result's address tells, where that is not the resource."""

    kind: str
    resource: str
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    status: str = "InProgress"
    error: ArmError | None = None
    started: datetime = field(default_factory=lambda: datetime.now(timezone.utc))
    ended: datetime | None = None
    result: Any = None

    @property
    def over(self) -> bool:
        return self.status != "InProgress"

    def told(self, path: str) -> dict[str, Any]:
        """As `Azure-AsyncOperation` tells it."""
        body: dict[str, Any] = {
            "id": path,
            "name": self.id,
            "status": self.status,
            "startTime": self.started.isoformat(),
        }
        if self.ended is not None:
            body["endTime"] = self.ended.isoformat()
        if self.error is not None:
            body["error"] = {"code": self.error.code, "message": self.error.message}
        return body


class Operations:
    """All of them.

    Args:
        lock: the world's.
        changed: called under it after each step.
    """

    def __init__(self, lock: threading.RLock, changed: Callable[[], None]) -> None:
        self._lock, self._changed = lock, changed
        self._all: dict[str, Running] = {}
        self._threads: list[threading.Thread] = []
        self._ended = threading.Event()
        self._free = threading.Event()
        self._free.set()

    @contextmanager
    def held(self) -> Iterator[Callable[[], None]]:
        """None runs by itself in here: a test decides when one ends, whatever the machine is busy with.

        What it yields lets all of them continue, and returns once they are over.
        """
        self._free.clear()
        try:
            yield self.let_go
        finally:
            self.let_go()

    def let_go(self) -> None:
        """Let those that are held continue to their end."""
        self._free.set()
        for one in tuple(self._threads):
            one.join(timeout=60)

    def busy(self, resource: str) -> Running | None:
        """The one that runs on this resource."""
        return next((one for one in self._all.values() if one.resource == resource.lower() and not one.over), None)

    def find(self, operation_id: str) -> Running | None:
        """The one of this id."""
        return self._all.get(operation_id)

    def start(self, kind: str, resource: str, steps: Steps) -> Running:
        """Begin one: its first step is done when this returns.

        Args:
            kind: its name, for messages.
            resource: the id of what it changes.
            steps: what it does.
        """
        running = Running(kind, resource.lower())
        self._all[running.id] = running
        pause = self._step(running, steps)
        if pause is not None:
            thread = threading.Thread(target=self._go_on, args=(running, steps, pause), daemon=True)
            self._threads = [one for one in self._threads if one.is_alive()]
            self._threads.append(thread)
            thread.start()
        return running

    def _go_on(self, running: Running, steps: Steps, pause: float) -> None:
        seconds: float | None = pause
        while seconds is not None and not self._ended.wait(seconds):
            self._free.wait()
            with self._lock:
                if self._ended.is_set():
                    return
                seconds = self._step(running, steps)

    def _step(self, running: Running, steps: Steps) -> float | None:
        """One more; the seconds until the next, or None after the last."""
        try:
            pause = next(steps, None)
        except ArmError as error:
            pause, running.error, running.status = None, error, "Failed"
        except BaseException:
            running.error, running.status = ArmError(500, "InternalServerError", "defect in the stand-in"), "Failed"
            raise
        else:
            if pause is None:
                running.status = "Succeeded"
        if pause is None:
            running.ended = datetime.now(timezone.utc)
        self._changed()
        return pause

    def end(self) -> None:
        """None runs after this."""
        self._ended.set()
        self._free.set()
        for one in self._threads:
            one.join(timeout=60)
