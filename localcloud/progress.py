"""The display while something takes long: a line that moves on a terminal, plain lines elsewhere."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Protocol, TextIO

from rich.console import Console
from rich.progress import Progress as RichProgress
from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

HEARTBEAT_SECONDS = 20.0

Note = Callable[[str], None]
"""Tells what a running step is doing now."""


class Progress(Protocol):
    """The receiver of reports from the parts of the local cloud; calls come from several threads."""

    def say(self, text: str) -> None:
        """One finished thing, in a line."""

    def step(self, title: str) -> contextlib.AbstractContextManager[Note]:
        """A step from start to end, whether it fails or not."""


class Silent:
    """For tests and for programs that have a display of their own."""

    def say(self, text: str) -> None:
        """Say nothing."""

    @contextlib.contextmanager
    def step(self, title: str) -> Iterator[Note]:  # noqa: ARG002
        yield lambda _text: None


class Lines:
    """For logs: a line at each start and end, and a sign of life in between."""

    def __init__(self, stream: TextIO | None = None, heartbeat_seconds: float = HEARTBEAT_SECONDS) -> None:
        self._stream = stream or sys.stderr
        self._heartbeat_seconds = heartbeat_seconds

    def say(self, text: str) -> None:
        print(text, file=self._stream, flush=True)

    @contextlib.contextmanager
    def step(self, title: str) -> Iterator[Note]:
        started = time.monotonic()
        latest = [""]
        ended = threading.Event()

        def elapsed() -> str:
            return f"{time.monotonic() - started:.0f} s"

        def beat() -> None:
            while not ended.wait(self._heartbeat_seconds):
                self.say(f"  {title}: {elapsed()}" + (f", {latest[0]}" if latest[0] else ""))

        self.say(f"{title} ...")
        thread = threading.Thread(target=beat, daemon=True)
        thread.start()
        failed = True
        try:
            yield lambda text: latest.__setitem__(0, text)
            failed = False
        finally:
            ended.set()
            thread.join()
            self.say(f"{title}: {'failed' if failed else 'done'} after {elapsed()}")


class Terminal:
    """For people: a spinner a step, with the time and what it is at."""

    def __init__(self) -> None:
        self._console = Console(stderr=True)
        self._lock = threading.Lock()
        self._steps = 0
        self._display = self._new_display()

    def _new_display(self) -> RichProgress:
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}"),
            TimeElapsedColumn(),
            TextColumn("{task.fields[now]}"),
        )
        return RichProgress(*columns, console=self._console, transient=True)

    def say(self, text: str) -> None:
        self._console.print(text, markup=False, highlight=False)

    @contextlib.contextmanager
    def step(self, title: str) -> Iterator[Note]:
        with self._lock:
            if not self._steps:
                self._display = self._new_display()
                self._display.start()
            self._steps += 1
            display = self._display
        task = display.add_task(title, now="")
        started = time.monotonic()
        mark = "✗"
        try:
            yield lambda text: display.update(task, now=text[:60])
            mark = "✓"
        finally:
            display.remove_task(task)
            with self._lock:
                self._steps -= 1
                if not self._steps:
                    display.stop()
            self.say(f"{mark} {title} ({time.monotonic() - started:.1f} s)")


def for_terminal() -> Progress:
    """The display that suits stderr; stdout stays free for what is meant to be read by programs."""
    return Terminal() if sys.stderr.isatty() else Lines()
