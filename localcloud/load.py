"""Load on a loopback address, from a process of its own, with every request recorded.

    with Load(f"http://127.0.0.1:{port}/") as load:
        ...
    assert load.result.failed == 0

Half of the clients keep their connection, half open a new one for each request. A request failed if it got anything but
a 200 with a color; none is tried again. Its time is when it was sent, in seconds since the epoch, as a swap's history
has it.
"""

from __future__ import annotations

import dataclasses
import ipaddress
import json
import subprocess
import sys
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

from localcloud.errors import LocalCloudError
from localcloud.load_worker import COLUMNS, Options

MAX_RATE_PER_SECOND = 5000.0
MAX_CONNECTIONS = 64
STOP_SECONDS = 30.0
"""What a process may take to end, beside the requests it waits for."""


@dataclasses.dataclass(frozen=True, slots=True)
class Sample:
    """One request. `color` and `error` are empty where there is none; `status` is 0 where no answer came."""

    at: float
    latency: float
    status: int
    color: str
    error: str
    kept: bool
    target: int = 0
    """Which of several targets it was for; 0 is the URL itself."""

    @property
    def answered_at(self) -> float:
        """The time when the whole answer was there, or the error."""
        return self.at + self.latency


@dataclasses.dataclass(frozen=True, slots=True)
class Bucket:
    """A slice of time: successful requests a second by color, and failed ones."""

    at: float
    per_second: dict[str, float]
    failed_per_second: float


class Result:
    """Everything that was seen, in columns; samples are in order of time."""

    def __init__(
        self,
        columns: dict[str, array[Any]],
        colors: list[str],
        errors: list[str],
        stopped_by: str = "asked",
        cpu_seconds: float = 0,
    ) -> None:
        order = sorted(range(len(columns["at"])), key=columns["at"].__getitem__)
        self._columns = {name: array(code, [columns[name][i] for i in order]) for name, code in COLUMNS}
        self._colors = colors
        self._errors = errors
        self.stopped_by = stopped_by
        """`asked`, or the limit that ended it early: `max_seconds` or `max_requests`."""
        self.cpu_seconds = cpu_seconds
        """What the generator itself took."""

    def __len__(self) -> int:
        return len(self._columns["at"])

    def samples(self) -> Iterator[Sample]:
        """One at a time."""
        columns = (self._columns[name] for name, _ in COLUMNS)
        for at, latency, status, color, error, kept, target in zip(*columns, strict=True):
            yield Sample(
                at=at,
                latency=latency,
                status=int(status),
                color=self._colors[int(color)] if color >= 0 else "",
                error=self._errors[int(error)] if error >= 0 else "",
                kept=bool(kept),
                target=int(target),
            )

    @property
    def requests(self) -> int:
        """The number of requests."""
        return len(self)

    @property
    def failed(self) -> int:
        """The number of failed requests."""
        return sum(number >= 0 for number in self._columns["error"])

    @property
    def errors(self) -> dict[str, int]:
        """The number of failures of each kind."""
        return dict(Counter(self._errors[int(number)] for number in self._columns["error"] if number >= 0))

    @property
    def first_at(self) -> float:
        """The time when the first request was sent."""
        return float(self._columns["at"][0])

    @property
    def last_at(self) -> float:
        """The time when the last request was sent."""
        return float(self._columns["at"][-1])

    @property
    def requests_per_second(self) -> float:
        """The mean rate from the first request to the last."""
        return len(self) / (self.last_at - self.first_at) if len(self) > 1 else 0.0

    def between(self, start: float, end: float) -> dict[str, int]:
        """Successful requests by color that were sent at `start` or later, and before `end`."""
        by_color = Counter(s.color for s in self.samples() if start <= s.at < end and not s.error)
        return dict(by_color)

    def failed_between(self, start: float, end: float) -> int:
        """Failed requests that were sent at `start` or later, and before `end`."""
        return sum(start <= s.at < end and bool(s.error) for s in self.samples())

    def within(self, start: float, end: float) -> dict[str, int]:
        """Successful requests by color that were sent at `start` or later and answered before `end`.

        What was in effect from `start` to `end` has served all of these, however slow the machine is.
        """
        by_color = Counter(s.color for s in self.samples() if start <= s.at and s.answered_at < end and not s.error)
        return dict(by_color)

    def share_percent(self, color: str, start: float, end: float) -> float | None:
        """The color's share of the successful requests within two times; None if there was none."""
        counts = self.within(start, end)
        total = sum(counts.values())
        return 100 * counts.get(color, 0) / total if total else None

    def buckets(self, seconds: float) -> list[Bucket]:
        """Slices of equal length from the first request to the last; the last one is left out if it is not whole."""
        if not len(self):
            return []
        start = self.first_at
        whole = int((self.last_at - start) / seconds)
        good: list[Counter[str]] = [Counter() for _ in range(whole)]
        bad = [0] * whole
        for sample in self.samples():
            number = int((sample.at - start) / seconds)
            if number >= whole:
                break
            if sample.error:
                bad[number] += 1
            else:
                good[number][sample.color] += 1
        return [
            Bucket(start + number * seconds, {c: n / seconds for c, n in good[number].items()}, bad[number] / seconds)
            for number in range(whole)
        ]

    def latency_milliseconds(self, percent: float) -> float:
        """The latency that this percentage of all requests stayed within."""
        ordered = sorted(self._columns["latency"])
        return 1000 * ordered[min(int(len(ordered) * percent / 100), len(ordered) - 1)] if ordered else 0.0


class Load:
    """A load generator: `start`, `stop`, or both as a context.

    Bounded in rate, connections, time and count, and for loopback addresses only: it must not become a weapon.
    """

    def __init__(
        self,
        url: str,
        connections_kept: int = 8,
        connections_new: int = 8,
        rate_per_second: float = 700,
        timeout_seconds: float = 10,
        max_seconds: float = 900,
        max_requests: int = 1_000_000,
        more_ports: Sequence[int] = (),
        host_header: str = "",
    ) -> None:
        self._timeout_seconds = timeout_seconds
        host, port, path = loopback(url)
        if min(connections_kept, connections_new) < 0 or not 1 <= connections_kept + connections_new <= MAX_CONNECTIONS:
            raise ValueError(
                f"connections: {connections_kept} + {connections_new}; allowed: 1 to {MAX_CONNECTIONS} in all"
            )
        if not 0 < rate_per_second <= MAX_RATE_PER_SECOND:
            raise ValueError(f"rate_per_second: {rate_per_second}; allowed: above 0, at most {MAX_RATE_PER_SECOND:g}")
        self._options = Options(
            host=host,
            port=port,
            path=path,
            connections_kept=connections_kept,
            connections_new=connections_new,
            rate_per_second=rate_per_second,
            timeout_seconds=timeout_seconds,
            max_seconds=max_seconds,
            max_requests=max_requests,
            more_ports=list(more_ports),
            host_header=host_header,
        )
        self._process: subprocess.Popen[bytes] | None = None
        self._result: Result | None = None

    @property
    def running(self) -> bool:
        """Whether requests are being made."""
        return self._process is not None and self._process.poll() is None

    @property
    def result(self) -> Result:
        """The result, once the load has been stopped."""
        if self._result is None:
            raise LocalCloudError("the load generator has not been stopped yet")
        return self._result

    def start(self) -> Load:
        """Begin. The process ends with this one, whatever happens to it: it lives as long as its standard input."""
        if self._process is not None:
            raise LocalCloudError("the load generator was started already")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "localcloud.load_worker", json.dumps(dataclasses.asdict(self._options))],
            cwd=Path(__file__).resolve().parent.parent,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # a Ctrl-C in the terminal is for whoever started it
        )
        assert self._process.stdout is not None
        if self._process.stdout.readline() != b"ready\n":
            self.kill()
            raise LocalCloudError("the load generator did not start")
        return self

    def stop(self) -> Result:
        """End it and return what was seen; a second call returns the same."""
        if self._result is not None:
            return self._result
        if self._process is None:
            raise LocalCloudError("the load generator was not started")
        try:
            output, _ = self._process.communicate(timeout=self._timeout_seconds + STOP_SECONDS)
        except BaseException:
            self.kill()
            raise
        if self._process.returncode:
            raise LocalCloudError(f"the load generator failed with status {self._process.returncode}")
        self._result = _decoded(output)
        return self._result

    def kill(self) -> None:
        """End it at once, without a result."""
        if self._process is None:
            return
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def __enter__(self) -> Load:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.stop()
        else:
            self.kill()


def loopback(url: str) -> tuple[str, int, str]:
    """Host, port and path of an HTTP URL, whose host must be a loopback address: a name could lead anywhere."""
    parts = urlsplit(url)
    try:
        allowed = parts.scheme == "http" and ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        allowed = False
    if not allowed:
        raise ValueError(f"url: {url!r} is refused; allowed: http:// on a loopback address such as 127.0.0.1")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return str(parts.hostname), parts.port or 80, path


def _decoded(output: bytes) -> Result:
    line, _, data = output.partition(b"\n")
    summary = json.loads(line)
    columns: dict[str, array[Any]] = {}
    for name, code in COLUMNS:
        column: array[Any] = array(code)
        size = column.itemsize * summary["requests"]
        column.frombytes(data[:size])
        data = data[size:]
        columns[name] = column
    return Result(columns, summary["colors"], summary["errors"], summary["stopped_by"], summary["cpu_seconds"])
