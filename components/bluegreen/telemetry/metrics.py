"""Metrics of swaps, for whoever keeps them: a file for node_exporter, a Pushgateway, or OpenTelemetry's OTLP.

Nobody runs between two updates, so an update leaves its samples with somebody who does. Counters continue from what was
left before. The environment says where to; without its variables nothing happens, and nothing here ever raises.
"""

from __future__ import annotations

import os
import re
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bluegreen.records import shown
from bluegreen.rollout.asking import contained
from bluegreen.rollout.model import COLORS, Event
from bluegreen.secrets import redact
from bluegreen.telemetry import exposition
from bluegreen.telemetry.exposition import DURATION, GATE, SWAPS, WAIT, WEIGHT, Series

FILE, PUSH = "BLUEGREEN_METRICS_FILE", "BLUEGREEN_PUSHGATEWAY"
"""The environment variables that say where samples are left."""

_WAITED_FOR = {
    "lease": "lease",
    "prepare": "ready",
    "verify": "gates",
    "shift": "hold",
    "bake": "bake",
    "restore": "restore",
    "retire": "retire",
}
_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?")
_PUSH_SECONDS = 5.0
_PUSH_BYTES = 4 << 20
_GATES_LIMIT = 50


class SwapMetrics:
    """The samples of one update.

    Args:
        service: whose.
        tell: called, once for each way, why samples did not get there.
        environ: says where to.
    """

    def __init__(
        self, service: str, tell: Callable[[str], None] = lambda _: None, environ: Mapping[str, str] = os.environ
    ) -> None:
        self._service = str(shown(service))
        self._tell = tell
        self._environ = environ
        self._samples: dict[Series, float] = {}
        self._waits: dict[str, float] = {}
        self._since: tuple[str, float] | None = None
        self._complained: set[str] = set()

    @property
    def wanted(self) -> bool:
        """Whether somebody takes samples."""
        return bool(self._environ.get(FILE) or self._environ.get(PUSH)) or _otlp_wanted(self._environ)

    def on_event(self, event: Event) -> None:
        """Take a sample of an event; a file has each weight as soon as it is written."""
        if not self.wanted:
            return
        self._wait(event)
        weights = event.data.get("weights")
        if event.kind in ("shift", "restore") and isinstance(weights, Mapping):
            for color in COLORS:
                self._samples[WEIGHT.name, (self._service, color)] = float(weights.get(color, 0))
            self._leave_in_file()
        number = _NUMBER.match(str(event.data.get("value", ""))) if event.kind == "gate" else None
        if number is not None and len(self._samples) < _GATES_LIMIT:
            labels = (self._service, str(event.data.get("gate", "")), str(event.data.get("phase", "")))
            self._samples[GATE.name, labels] = float(number[0])

    def end(self, entry: Mapping[str, Any] | None, at_seconds: float) -> None:
        """Leave the samples of a swap that is over, well or not.

        Args:
            entry: the swap as the history has it; ``None`` where there was none.
            at_seconds: now, since the epoch.
        """
        if entry is None or not self.wanted:
            return
        self._wait(Event(at_seconds, "done", ""))
        of_outcome = (self._service, str(entry.get("outcome")))
        self._samples[SWAPS.name, of_outcome] = 1
        self._samples[DURATION.name, of_outcome] = float(entry.get("seconds", 0))
        for what, seconds in self._waits.items():
            self._samples[WAIT.name, (self._service, what)] = round(seconds, 3)
        self._leave_in_file()
        self._guard(PUSH, self._push)
        self._guard("OTLP", self._export)

    def _wait(self, event: Event) -> None:
        """Add up how long each kind of step took: it lasts until the next one begins."""
        if event.kind not in _WAITED_FOR and event.kind != "done":
            return
        if self._since is not None:
            kind, began = self._since
            self._waits[kind] = self._waits.get(kind, 0) + max(0.0, event.at_seconds - began)
        self._since = (_WAITED_FOR[event.kind], event.at_seconds) if event.kind in _WAITED_FOR else None

    def _leave_in_file(self) -> None:
        self._guard(FILE, self._write)

    def _write(self) -> None:
        given = self._environ.get(FILE)
        if not given:
            return
        path = Path(given)
        with _alone(path):  # several swaps of several processes may share it
            former = exposition.samples_in(path.read_text("utf-8")) if path.exists() else {}
            made = path.with_name(f".{path.name}.{os.getpid()}")  # not what node_exporter reads: *.prom
            made.write_text(exposition.text_of(exposition.gone_on(former, self._service, self._samples)), "utf-8")
            made.replace(path)

    def _push(self) -> None:
        given = self._environ.get(PUSH)
        if not given:
            return
        from bluegreen.clients.http import fetch  # noqa: PLC0415 - where somebody wants it

        base = given.rstrip("/")
        answer = fetch("GET", f"{base}/metrics", timeout_seconds=_PUSH_SECONDS, most_bytes=_PUSH_BYTES)
        former = exposition.samples_in(_without_grouping(answer.body.decode("utf-8", "replace")))
        own = {series: value for series, value in former.items() if series[1][0] == self._service}
        body = exposition.text_of(exposition.gone_on(own, self._service, self._samples)).encode()
        group = urllib.parse.quote(self._service, safe="")
        url = f"{base}/metrics/job/bluegreen/service/{group}"
        done = fetch("PUT", url, content=body, timeout_seconds=_PUSH_SECONDS, most_bytes=1 << 16)
        if not 200 <= done.status < 300:
            raise OSError(f"status {done.status}: {done.body[:200].decode('utf-8', 'replace')}")

    def _export(self) -> None:
        if _otlp_wanted(self._environ):
            from bluegreen.telemetry.otlp_metrics import export  # noqa: PLC0415 - its SDK is an optional package

            export(self._samples, self._environ)

    def _guard(self, where: str, work: Callable[[], None]) -> None:
        error = contained(work).error
        if error is not None and where not in self._complained:
            self._complained.add(where)
            why = redact(str(error) or type(error).__name__)
            contained(lambda: self._tell(f"metrics did not get to {where}: {why}"))


def _otlp_wanted(environ: Mapping[str, str]) -> bool:
    exporter = environ.get("OTEL_METRICS_EXPORTER", "")
    if exporter:
        return exporter != "none"
    return bool(environ.get("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT") or environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"))


def _without_grouping(text: str) -> str:
    """A Pushgateway's own text, without the labels by which it groups."""
    return re.sub(r'(\{|,)(instance|job)="[^"]*"(,)?', lambda one: one[1] if one[1] == "{" or one[3] else "", text)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold the file's lock, where the platform has one."""
    try:
        import fcntl  # noqa: PLC0415 - Windows has none
    except ImportError:
        yield
        return
    descriptor = os.open(path.with_name(f".{path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
