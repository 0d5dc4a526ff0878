"""OpenTelemetry traces: a span for a swap and one for each of its steps, with the gates' answers as span events.

Without the ``opentelemetry`` packages, or where nobody requested traces, nothing happens.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from bluegreen.records import shown
from bluegreen.rollout.asking import contained
from bluegreen.rollout.model import Event, Kind
from bluegreen.secrets import redact
from bluegreen.telemetry.provider import provider_for

FLUSH_SECONDS = 2.0
_STEPS = frozenset({"prepare", "verify", "shift", "bake", "retire", "restore"})
_KINDS = frozenset(kind.value for kind in Kind)
_PREFIX = "bluegreen."


class Tracing:
    """Makes one trace of one swap: ``begin``, every event, ``end``. No method ever raises."""

    def __init__(
        self,
        provider: Any = None,
        environ: Mapping[str, str] = os.environ,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Take the settings; the tracer is made in ``begin``.

        Args:
            provider: a tracer provider; by default the program's own, or one that is made from ``environ``.
            environ: OpenTelemetry's variables, and ``TRACEPARENT`` (W3C) of whatever started this.
            tell: called once, if traces were requested and cannot be made.
        """
        self._provider = provider
        self._environ = environ
        self._tell = tell
        self._tracer: Any = None
        self._root: Any = None
        self._step: Any = None
        self._step_kind = ""

    def begin(self, name: str, attributes: Mapping[str, object], at_seconds: float | None = None) -> None:
        """Open the swap's span.

        Args:
            name: of the span, the same for all swaps: ``bluegreen.swap``.
            attributes: what is known of the swap (``service``, ``target``), named ``bluegreen.*`` in the span.
            at_seconds: wall-clock time, seconds since the epoch; now by default.
        """
        self._guard(self._begin, name, attributes, at_seconds)

    def on_event(self, event: Event) -> None:
        """Open, close or write into a step's span."""
        if self._root is not None:
            self._guard(self._event, event)

    def end(
        self,
        outcome: str | None,
        error: object = None,
        at_seconds: float | None = None,
        attributes: Mapping[str, object] | None = None,
    ) -> None:
        """Close the swap's span and send everything, for at most ``FLUSH_SECONDS``.

        Args:
            outcome: how the swap ended; ``None`` when nobody knows.
            error: why it failed; ``None`` when it did not.
            at_seconds: wall-clock time, seconds since the epoch; now by default.
            attributes: what was not known at the beginning, such as the swap's id (``swap``, as in the event log).
        """
        if self._root is not None:
            self._guard(self._end, outcome, error, at_seconds, attributes or {})

    def _guard(self, do: Callable[..., None], *arguments: object) -> None:
        # A swap does not fail for its trace, whatever an exporter or a span's processor does: also where it exits.
        error = contained(lambda: do(*arguments)).error
        if error is not None:
            self._root = None
            if not isinstance(error, ImportError):  # not installed, and so not requested
                self._say(f"tracing is off: {redact(str(error) or type(error).__name__)}")

    def _say(self, text: str) -> None:
        try:
            self._tell(text)
        except Exception:  # noqa: BLE001 - there is nobody left to tell
            return

    def _begin(self, name: str, attributes: Mapping[str, object], at_seconds: float | None) -> None:
        self._provider = self._provider or provider_for(self._environ)
        if self._provider is None:
            return
        self._tracer = self._provider.get_tracer("bluegreen")
        self._root = self._tracer.start_span(
            name, context=self._parent(), attributes=_attributes(attributes), start_time=_nanoseconds(at_seconds)
        )

    def _parent(self) -> Any:
        from opentelemetry import context, trace  # noqa: PLC0415 - an optional package
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator  # noqa: PLC0415

        if trace.get_current_span().get_span_context().is_valid:
            return context.get_current()
        headers = {key.lower(): self._environ[key] for key in ("TRACEPARENT", "TRACESTATE") if self._environ.get(key)}
        return TraceContextTextMapPropagator().extract(headers, context=context.get_current())

    def _event(self, event: Event) -> None:
        at = _nanoseconds(event.at_seconds)
        attributes = _attributes({"text": event.text, **event.data})
        if event.kind in _STEPS and (event.kind != self._step_kind or event.kind == "shift"):
            self._close_step(at, failed=event.text if event.kind == "restore" else None)
            self._open_step(event.kind, attributes, at)
            return
        if event.kind in ("done", "failed"):
            self._close_step(at, failed=event.text if event.kind == "failed" else None)
        if event.kind in _KINDS:
            self._root.set_attribute(f"{_PREFIX}kind", event.kind)
        (self._step or self._root).add_event(event.kind, attributes, timestamp=at)

    def _open_step(self, kind: str, attributes: Mapping[str, Any], at: int) -> None:
        from opentelemetry import trace  # noqa: PLC0415 - an optional package

        within = trace.set_span_in_context(self._root)
        self._step = self._tracer.start_span(kind, context=within, attributes=attributes, start_time=at)
        self._step_kind = kind

    def _close_step(self, at: int, failed: str | None = None) -> None:
        if self._step is None:
            return
        if failed is not None:
            self._fail(self._step, failed)
        self._step.end(end_time=at)
        self._step, self._step_kind = None, ""

    def _end(
        self, outcome: str | None, error: object, at_seconds: float | None, attributes: Mapping[str, object]
    ) -> None:
        root, at = self._root, _nanoseconds(at_seconds)
        self._close_step(at)
        self._root = None
        root.set_attributes(_attributes({**attributes, "outcome": outcome}))  # an attribute of None is left out
        if error is not None:
            self._fail(root, str(error) or type(error).__name__)
        root.end(end_time=at)
        self._flush()

    @staticmethod
    def _fail(span: Any, reason: str) -> None:
        from opentelemetry.trace import Status, StatusCode  # noqa: PLC0415 - an optional package

        span.set_status(Status(StatusCode.ERROR, redact(reason)))

    def _flush(self) -> None:
        flush = getattr(self._provider, "force_flush", None)
        if flush is None:
            return
        # The SDK's batch processor does not keep to the time that it is given.
        thread = threading.Thread(target=_quietly, args=(flush, int(FLUSH_SECONDS * 1000)), daemon=True)
        thread.start()
        thread.join(FLUSH_SECONDS)


def _quietly(flush: Callable[[int], object], milliseconds: int) -> None:
    try:
        flush(milliseconds)
    except BaseException:  # noqa: BLE001 - what cannot be sent is lost
        return


def _nanoseconds(at_seconds: float | None) -> int:
    return int((time.time() if at_seconds is None else at_seconds) * 1e9)


def _attributes(values: Mapping[str, object]) -> dict[str, Any]:
    """Attributes named ``bluegreen.*``, without secrets; nested values are named by path, lists of objects are JSON."""
    flat: dict[str, Any] = {}
    for key, value in shown(values).items():
        if isinstance(value, dict):
            flat.update({f"{_PREFIX}{key}.{name[len(_PREFIX) :]}": item for name, item in _attributes(value).items()})
        elif isinstance(value, list):
            flat[f"{_PREFIX}{key}"] = json.dumps(value)
        elif value is not None:
            flat[f"{_PREFIX}{key}"] = value
    return flat
