"""The programs that the language host runs: none outlives it, and what they write is handed on at once."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import threading
from collections.abc import Iterator
from typing import IO, Any


class Children:
    """The processes that this host started, each in a group of its own, so that none outlives it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._closed = False

    def start(self, command: list[str], **options: Any) -> subprocess.Popen[bytes]:
        with self._lock:
            if self._closed:
                raise InterruptedError("the language host is shutting down")
            child = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True, **options)
            self._running.add(child)
            return child

    def finished(self, child: subprocess.Popen[bytes]) -> None:
        with self._lock:
            self._running.discard(child)

    def kill(self, child: subprocess.Popen[bytes]) -> None:
        if child.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)

    def close(self) -> None:
        with self._lock:
            self._closed = True
            running = list(self._running)
        for child in running:
            self.kill(child)


def chunks(child: subprocess.Popen[bytes]) -> Iterator[tuple[str, bytes]]:
    """The output of a child, from both streams, as soon as it is there."""
    written: queue.Queue[tuple[str, bytes]] = queue.Queue()

    def read(name: str, stream: IO[bytes]) -> None:
        while data := os.read(stream.fileno(), 65536):
            written.put((name, data))
        written.put((name, b""))

    assert child.stdout is not None
    assert child.stderr is not None
    for name, stream in (("stdout", child.stdout), ("stderr", child.stderr)):
        threading.Thread(target=read, args=(name, stream), daemon=True).start()
    still_open = 2
    while still_open:
        name, data = written.get()
        if data:
            yield name, data
        else:
            still_open -= 1
