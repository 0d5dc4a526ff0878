"""The journal of one swap: its events, collected while they happen and kept as an entry of ``history``.

An update that fails leaves the stack's state as it was, so its entry is kept as a mark on the object that the swap
owns, until the next update or refresh takes it into the state.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

from bluegreen.printable import printable
from bluegreen.records import shown
from bluegreen.rollout.clock import Clock
from bluegreen.rollout.model import Event, Kind, Outcome, Plan
from bluegreen.secrets import redact
from bluegreen.swap.lease import mark_text
from bluegreen.swap.messages import UNTOLD, Messages
from bluegreen.swap.origin import origin

_OUTCOMES = {
    Kind.FIRST: Outcome.STARTED,
    Kind.PROMOTION: Outcome.PROMOTED,
    Kind.RESUME: Outcome.RESUMED,
    Kind.ROLLBACK: Outcome.ROLLED_BACK,
    Kind.HEAL: Outcome.HEALED,
}
_PREFIX = "outcome."
_MARK = re.compile(
    r"([a-z_]{1,40}) (blue|green) (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ) (-?\d{1,12}(?:\.\d{1,6})?)s ?(.*)", re.DOTALL
)
_TIME = "%Y-%m-%dT%H:%M:%SZ"
MARKS_LIMIT = 5
GATES_LIMIT = 50


def outcome_of(plan: Plan) -> Outcome:
    """The outcome of a plan that comes to its end."""
    return Outcome.PAUSED if plan.pauses and plan.kind in (Kind.PROMOTION, Kind.RESUME) else _OUTCOMES[plan.kind]


class Journal:
    """Passes events on to ``listener`` and remembers the shifts, the gates' answers and the API calls among them.

    Attributes:
        calls: the API calls so far.
        id: the swap's, which is its lease's; empty while there is none.
        skipped: why gates are skipped, and who wants that; empty where none are.
    """

    def __init__(
        self,
        clock: Clock,
        listener: Callable[[Event], None],
        finished: Callable[[Mapping[str, Any]], None] = lambda _: None,
    ) -> None:
        self._clock = clock
        self._listener = listener
        #: Called with the entry of a swap that is over, well or not.
        self.finished = finished
        self._began_at_seconds = clock.wall_seconds()
        # How long things took is measured by the other clock: somebody may set the machine's meanwhile.
        self._began_seconds = clock.monotonic_seconds()
        self._steps: list[dict[str, Any]] = []
        self._steps_began: list[float] = []
        self._gates: dict[tuple[object, object], dict[str, object]] = {}
        self.calls: list[str] = []
        #: Those who get messages of it while it runs, and at its end.
        self.messages = Messages("", (), clock, listener)
        self.id = ""
        self.skipped = ""

    def report(self, event: Event) -> None:
        """Take an event; whatever is secret in it is gone from here on."""
        event = replace(event, text=redact(event.text), data=shown(event.data))
        weights = event.data.get("weights")
        if event.kind in ("shift", "restore") and isinstance(weights, dict):
            took = {key: value for key, value in event.data.items() if key == "took_seconds"}  # a restore tells of none
            self._steps.append({"at_seconds": round(event.at_seconds, 3), **took, **weights})
            self._steps_began.append(self._clock.monotonic_seconds())
        if event.kind == "gate" and "gate" in event.data:
            phase, gate = event.data.get("phase"), event.data["gate"]
            if len(self._gates) < GATES_LIMIT or (phase, gate) in self._gates:
                self._gates[phase, gate] = {key: value for key, value in event.data.items() if value != ""}
        self._listener(event)

    def tell(self, kind: str, text: str, **data: object) -> None:
        """Make an event and report it."""
        self.report(Event(self._clock.wall_seconds(), kind, text, data))

    @property
    def began_at_seconds(self) -> float:
        """When it began, in seconds since the epoch."""
        return self._began_at_seconds

    @property
    def took_seconds(self) -> float:
        """The duration of the swap so far, in seconds, also where the machine's clock was set meanwhile."""
        return self._clock.monotonic_seconds() - self._began_seconds

    def entry(self, plan: Plan, outcome: Outcome, release: str, reason: str = "") -> dict[str, Any]:
        """The swap as plain data; times are seconds since the epoch."""
        ends = [*self._steps_began[1:], self._clock.monotonic_seconds()]
        steps = [
            {**step, "seconds": round(end - began, 3)}
            for step, began, end in zip(self._steps, self._steps_began, ends, strict=False)
        ]
        entry = {
            "id": self.id,
            "outcome": outcome.value,
            "from": plan.start.as_dict(),
            "to": plan.target,
            "release": release,
            "started_at_seconds": round(self._began_at_seconds, 3),
            "seconds": round(self.took_seconds, 3),
            "calls": len(self.calls),
            "steps": steps,
            "gates": list(self._gates.values()),
            "by": origin(),
            **({"skipped": self.skipped} if self.skipped else {}),
            **({"reason": reason} if reason else {}),
        }
        return dict(shown(entry))  # it is kept in the state and on the object


def marks_of(entry: Mapping[str, Any], present: Mapping[str, str]) -> dict[str, str | None]:
    """The mark for a swap that failed, and the removal of the oldest of the object's ``present`` ones."""
    at = datetime.fromtimestamp(entry["started_at_seconds"], timezone.utc)
    text = f"{entry['outcome']} {entry['to']} {at:{_TIME}} {entry['seconds']:.1f}s {entry.get('reason', '')}"
    former = sorted((name for name in present if name.startswith(_PREFIX)), key=lambda name: _began(present[name]))
    too_many: dict[str, str | None] = dict.fromkeys(former[: max(len(former) + 1 - MARKS_LIMIT, 0)])
    return {**too_many, f"{_PREFIX}{entry['id']}": mark_text(text)}


def untold_mark(swap_id: str, outcome: Outcome, target: str, began_at_seconds: float, seconds: float) -> dict[str, str]:
    """The mark for the end of a swap whose message is still to be sent."""
    at = datetime.fromtimestamp(began_at_seconds, timezone.utc)
    return {UNTOLD: mark_text(f"{swap_id} {outcome.value} {target} {at:{_TIME}} {seconds:.1f}s")}


def untold_in(marks: Mapping[str, str], history: Sequence[Any]) -> dict[str, Any] | None:
    """The end of a swap that no message has reported yet; ``None`` where all are, as the history says."""
    swap_id, _, text = marks.get(UNTOLD, "").partition(" ")
    told = {entry.get("id") for entry in history if isinstance(entry, Mapping)}
    if not swap_id or swap_id in told:
        return None
    entries = with_marks([], {f"{_PREFIX}{swap_id}": marks.get(f"{_PREFIX}{swap_id}", text)})
    return {key: value for key, value in entries[0].items() if value != ""} if entries else None


def _began(value: str) -> str:
    match = _MARK.fullmatch(value)
    return match[3] if match else ""


def with_marks(history: Sequence[Any], marks: Mapping[str, str]) -> list[Any]:
    """The history, newest first, with the failed swaps that marks tell of."""
    known = {entry.get("id") for entry in history if isinstance(entry, Mapping)}
    entries = []
    for name, value in marks.items():
        match = _MARK.fullmatch(value)
        if not name.startswith(_PREFIX) or match is None or name.removeprefix(_PREFIX) in known:
            continue
        try:
            began = datetime.strptime(match[3], _TIME).replace(tzinfo=timezone.utc)
        except ValueError:  # no swap of ours began on such a day
            continue
        entries.append(
            {
                "id": printable(name.removeprefix(_PREFIX)),
                "outcome": match[1],
                "to": match[2],
                "started_at_seconds": began.timestamp(),
                "seconds": max(float(match[4]), 0.0),
                "reason": printable(redact(match[5])),
            }
        )
    if not entries:
        return list(history)
    return sorted([*entries, *history], key=lambda entry: -float(entry.get("started_at_seconds", 0)))


def outcome_marks(marks: Mapping[str, str]) -> dict[str, str | None]:
    """The removal of every mark that tells of a failed swap."""
    return dict.fromkeys(name for name in marks if name.startswith(_PREFIX))
