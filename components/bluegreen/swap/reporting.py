"""The reports of a swap: to whoever runs it, the event log, traces, metrics and the notifiers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Any

from bluegreen.rollout.clock import Clock
from bluegreen.rollout.errors import BluegreenError, SwapFailed
from bluegreen.rollout.model import Event, Kind, Plan
from bluegreen.secrets import redact
from bluegreen.swap.contract import SwapSpec
from bluegreen.swap.journal import Journal
from bluegreen.swap.messages import Messages
from bluegreen.telemetry.event_log import EventLog
from bluegreen.telemetry.metrics import SwapMetrics
from bluegreen.telemetry.tracing import Tracing


class Reporting:
    """A context around one update; its ``journal`` is what the update tells. No text leaves it with a secret in it."""

    def __init__(self, spec: SwapSpec, clock: Clock, report: Callable[[Event], None]) -> None:
        self._spec = spec
        self._clock = clock
        self._report = report
        self._entry: dict[str, Any] | None = None
        self._tracing = Tracing(tell=self._note)
        self._metrics = SwapMetrics(spec.name, self._note)
        self._traced = False
        self._log = (
            EventLog(spec.event_log, spec.name, self._note)
            if spec.event_log
            else EventLog.from_environment(spec.name, self._note)
        )
        self.journal = Journal(clock, self._on_event, self._finished)
        self._messages = Messages(spec.name, spec.notifications, clock, report)
        self.journal.messages = self._messages

    def __enter__(self) -> Journal:
        return self.journal

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None and not isinstance(error, Exception):
            return  # the process ends: there is no time left
        _redact(error)
        if error is not None and self._traced:
            self.journal.tell("failed", str(error))
        if self._traced:
            outcome = self._entry["outcome"] if self._entry is not None else None
            self._tracing.end(outcome, error, self._clock.wall_seconds(), {"swap": self.journal.id})
        self._metrics.end(self._entry, self._clock.wall_seconds())
        if self._entry is not None:
            self._notify(self._entry, error)
        if isinstance(error, SwapFailed) and error.interruption is not None:
            raise error.interruption from None  # traffic is back, which was reported: now the process may end

    def _on_event(self, event: Event) -> None:
        if not self._traced:
            self._traced = True
            known = {"service": self._spec.name, "target": self._spec.active_color}
            self._tracing.begin("bluegreen.swap", known, event.at_seconds)
        self._log.swap_id = self.journal.id
        self._report(event)
        self._log.on_event(event)
        self._tracing.on_event(event)
        self._metrics.on_event(event)
        self._messages.on_event(event)

    def _finished(self, entry: Mapping[str, Any]) -> None:
        self._entry = dict(entry)

    def _notify(self, entry: Mapping[str, Any], error: BaseException | None) -> None:
        if not self._messages.wanted:
            return
        record = dict(entry)
        if isinstance(error, SwapFailed):
            record |= {"restored": error.restored, "next_step": error.next_step}
        self._messages.send(record)
        if error is not None:  # the state stays as it was, and so does not say that this has been reported
            self._messages.all_told()

    def _note(self, text: str) -> None:
        self._report(Event(self._clock.wall_seconds(), "note", redact(text)))


def headline(plan: Plan) -> str:
    """The plan of a swap in one line."""
    words = {
        Kind.FIRST: f"first start: {plan.target} takes the traffic",
        Kind.PROMOTION: f"promotion to {plan.target} from {plan.start}",
        Kind.RESUME: f"resuming a swap to {plan.target} that was interrupted at {plan.start}",
        Kind.ROLLBACK: f"rollback to {plan.goal}: {'still warm' if plan.warm else 'made ready first'}, one write",
        Kind.HEAL: f"healing drift: {plan.start} goes back to {plan.goal}",
    }
    return words[plan.kind] + (f", up to {plan.goal.of(plan.target)} %" if plan.pauses and plan.analysis else "")


@contextmanager
def without_secrets() -> Iterator[None]:
    """Take secrets out of every error that is raised within."""
    try:
        yield
    except Exception as error:
        _redact(error)
        raise


def _redact(error: BaseException | None) -> None:
    """Take the secrets out of an error and of what caused it: adapters and tracebacks show all of them."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        texts = (str(error),) if isinstance(error, BluegreenError) else error.args
        error.args = tuple(redact(text) if isinstance(text, str) else text for text in texts)
        if isinstance(error, BluegreenError):  # such as a failure's reason, or a platform's
            vars(error).update({name: redact(text) for name, text in vars(error).items() if isinstance(text, str)})
        error = error.__cause__ or error.__context__
