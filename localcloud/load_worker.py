"""The load generator's own process: `python -m localcloud.load_worker OPTIONS`, started by `localcloud.load`.

It runs until its standard input ends, so that it never outlives the program that started it, or until a limit is
reached. Then it writes a line of JSON and after it the samples, an array a column. It needs the standard library only
and starts in a moment.
"""

from __future__ import annotations

import dataclasses
import http.client
import json
import os
import sys
import threading
import time
from array import array
from collections.abc import Callable
from typing import Any

COLOR_HEADER = "X-Color"
# name, array type code: one value a request.
COLUMNS = (
    ("at", "d"),
    ("latency", "f"),
    ("status", "H"),
    ("color", "h"),
    ("error", "h"),
    ("kept", "b"),
    ("target", "H"),
)
KINDS_LIMIT = 1000
MORE_KINDS = "(more kinds of errors than are kept apart)"


@dataclasses.dataclass(frozen=True)
class Options:
    """The options of the process."""

    host: str
    port: int
    path: str
    connections_kept: int
    connections_new: int
    rate_per_second: float
    timeout_seconds: float
    max_seconds: float
    max_requests: int
    more_ports: list[int] = dataclasses.field(default_factory=list)
    """Other targets of the same host, in turns."""
    host_header: str = ""
    """Whom the requests are for, where the Host header says it."""


class Names:
    """Texts by number, so that a sample is a few bytes."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._numbers: dict[str, int] = {}
        self._lock = threading.Lock()

    def number(self, text: str) -> int:
        """The number of a text, a new one if need be; -1 is no text."""
        if not text:
            return -1
        number = self._numbers.get(text)
        return self._add(text) if number is None else number

    def _add(self, text: str) -> int:
        with self._lock:
            if len(self.texts) >= KINDS_LIMIT:
                text = MORE_KINDS
            if text not in self._numbers:
                self._numbers[text] = len(self.texts)
                self.texts.append(text)
            return self._numbers[text]


class Worker(threading.Thread):
    """One client: a request at each of its turns, to each target in turn, on a kept connection or on a new one."""

    def __init__(self, options: Options, number: int, colors: Names, errors: Names, ended: threading.Event) -> None:
        super().__init__(daemon=True)
        self._options = options
        self._workers = options.connections_kept + options.connections_new
        self._number = number
        self._ports = [options.port, *options.more_ports]
        self._connections: dict[int, http.client.HTTPConnection] = {}
        self._kept = number < options.connections_kept
        self._headers = {} if self._kept else {"Connection": "close"}
        if options.host_header:
            self._headers["Host"] = options.host_header
        self._colors, self._errors = colors, errors
        self._ended = ended
        self.columns: dict[str, array[Any]] = {name: array(code) for name, code in COLUMNS}

    def run(self) -> None:
        """Requests at a fixed rate. A client that falls behind makes up for it, for a second's worth at most."""
        interval = self._workers / self._options.rate_per_second
        limit = self._options.max_requests // self._workers
        due = time.monotonic() + interval * self._number / self._workers
        turn = self._number
        while not self._ended.is_set() and len(self.columns["at"]) < limit:
            pause = due - time.monotonic()
            if pause > 0:
                time.sleep(pause)
            due = max(due + interval, time.monotonic() - 1)
            self._request(turn % len(self._ports))
            turn += 1
        for connection in self._connections.values():
            connection.close()

    def _connection(self, target: int) -> http.client.HTTPConnection:
        connection = self._connections.pop(target, None)
        timeout = self._options.timeout_seconds
        return connection or http.client.HTTPConnection(self._options.host, self._ports[target], timeout=timeout)

    def _request(self, target: int) -> None:
        """One request, never tried again: what a client would see as an error is an error."""
        status, color, error = 0, "", ""
        connection = self._connection(target)
        at, began = time.time(), time.perf_counter()
        try:
            connection.request("GET", self._options.path, headers=self._headers)
            response = connection.getresponse()
            response.read()
            status, color = response.status, response.getheader(COLOR_HEADER, "")
        except Exception as problem:  # noqa: BLE001 - whatever it is, the client got no answer
            error = f"{type(problem).__name__}: {problem}"
        latency = time.perf_counter() - began
        if not error and status != 200:
            error = f"status {status}"
        elif not error and not color:
            error = f"status {status} without {COLOR_HEADER}"
        row = (at, latency, status, self._colors.number(color), self._errors.number(error), self._kept, target)
        for (name, _), value in zip(COLUMNS, row, strict=True):
            self.columns[name].append(value)
        if self._kept and not error:
            self._connections[target] = connection
        else:
            connection.close()


def generate(options: Options, wait: Callable[[float], bool]) -> tuple[dict[str, object], dict[str, array[Any]]]:
    """Make requests until `wait` (called with the seconds) returns or a limit is reached: a summary and the samples."""
    colors, errors, ended = Names(), Names(), threading.Event()
    clients = options.connections_kept + options.connections_new
    workers = [Worker(options, number, colors, errors, ended) for number in range(clients)]
    for worker in workers:
        worker.start()
    asked = wait(options.max_seconds)
    reached = any(not worker.is_alive() for worker in workers)
    ended.set()
    for worker in workers:
        worker.join()
    columns: dict[str, array[Any]] = {name: array(code) for name, code in COLUMNS}
    for worker in workers:
        for name, column in columns.items():
            column.extend(worker.columns[name])
    stopped_by = "max_requests" if reached else "asked" if asked else "max_seconds"
    cpu = time.process_time()
    summary = {"stopped_by": stopped_by, "cpu_seconds": cpu, "colors": colors.texts, "errors": errors.texts}
    return summary, columns


def main() -> None:
    """Generate load as the arguments say."""
    options = Options(**json.loads(sys.argv[1]))
    stop = threading.Event()

    def listen() -> None:
        while os.read(sys.stdin.fileno(), 4096):  # not its buffer: a thread that waits in that breaks the exit
            pass
        stop.set()

    threading.Thread(target=listen, daemon=True).start()
    output = sys.stdout.buffer
    output.write(b"ready\n")
    output.flush()
    summary, columns = generate(options, stop.wait)
    output.write(json.dumps({**summary, "requests": len(columns["at"])}).encode() + b"\n")
    for name, _ in COLUMNS:
        output.write(columns[name].tobytes())
    output.flush()


if __name__ == "__main__":
    main()
