"""The messages of one update: that traffic begins to move, that somebody's word is waited for, held, and the end.

Each is sent once, also where the process is killed: what has been reported stands on the swap's object. ``untold`` is
set by the call that lets go of the lease, and is the end of a swap whose message may not have got out; a later update
sends it, unless the state has that swap in its history, which is kept after the message. ``told`` names what a person
was advised to do. Nothing here holds a swap up: until its end, messages are sent beside it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bluegreen.notifications.base import notify_all
from bluegreen.notifications.registry import NOTIFIERS
from bluegreen.notifications.words import BEGUN, HELD, WAITING
from bluegreen.records import shown
from bluegreen.rollout.clock import Clock
from bluegreen.rollout.model import Decision, Event, Kind, Phase, Plan
from bluegreen.secrets import redact

UNTOLD, TOLD = "untold", "told"
_ANSWERED_BY_PEOPLE = frozenset({Phase.CONFIRM.value, Phase.INCREASE.value, Phase.PROMOTE.value})
# What the slowest notifier may take in all: the end is reported after what came before it.
_BEFORE_THE_END_SECONDS = 15.0


class Messages:
    """Sends records of one update.

    Args:
        service: whose.
        notifications: whom to tell, each parsed.
        clock: time.
        report: takes events: what got through and what did not.
    """

    def __init__(
        self,
        service: str,
        notifications: Sequence[tuple[str, Mapping[str, object]]],
        clock: Clock,
        report: Callable[[Event], None],
    ) -> None:
        self._service = service
        self._notifications = notifications
        self._clock = clock
        self._report = report
        self._beside: list[threading.Thread] = []
        self._sent: set[str] = set()
        #: Whether something of that name is reported for the first time; a swap asks its object.
        self.first: Callable[[str], bool] = lambda _: True
        #: Takes the note away that something is still to be reported.
        self.all_told: Callable[[], None] = lambda: None
        #: The plan that is carried out, its color's release and its id; none as long as nothing is.
        self.swap: tuple[Plan, str, str] | None = None

    @property
    def wanted(self) -> bool:
        """Whether there is anybody to notify."""
        return bool(self._notifications)

    def on_event(self, event: Event) -> None:
        """Send what an event is worth: a promotion's first shift, a gate that waits for a person. Never raises."""
        if not self.wanted or self.swap is None or self.swap[0].kind not in (Kind.PROMOTION, Kind.RESUME):
            return
        plan, release, swap_id = self.swap
        record = {"id": swap_id, "from": plan.start.as_dict(), "to": plan.target, "release": release}
        if event.kind == "shift" and plan.kind is Kind.PROMOTION:
            self._send_beside(BEGUN, {**record, "outcome": BEGUN, "weights": event.data.get("weights")})
        phase, gate = event.data.get("phase"), event.data.get("gate")
        pending = event.data.get("decision") == Decision.PENDING.value
        if event.kind == "gate" and pending and phase in _ANSWERED_BY_PEOPLE:
            about = f"{plan.target} {phase} {gate}"
            self._send_beside(about, {**record, "outcome": WAITING, "reason": event.text}, once=True)

    def held(self, verdict_id: str, record: Mapping[str, Any]) -> None:
        """Send that an update is held, once for each verdict."""
        if self.wanted and self.first(f"{HELD} {verdict_id}"):
            self.send({**record, "outcome": HELD})

    def send(self, record: Mapping[str, Any]) -> None:
        """Send a record now, after those before it. Never raises."""
        if not self.wanted:
            return
        for thread in self._beside:
            thread.join(_BEFORE_THE_END_SECONDS)
        self._send(record)

    def _send_beside(self, what: str, record: Mapping[str, Any], *, once: bool = False) -> None:
        if what in self._sent:
            return
        self._sent.add(what)
        if once and not self.first(what):
            return
        before = self._beside[-1:]

        def send() -> None:
            for thread in before:
                thread.join()
            self._send(record)

        thread = threading.Thread(target=send, name="message", daemon=True)
        self._beside.append(thread)
        try:
            thread.start()
        except RuntimeError:  # no thread can be started any more
            self._beside.pop()

    def _send(self, record: Mapping[str, Any]) -> None:
        try:
            notifiers = [NOTIFIERS.build(parsed) for parsed in self._notifications]
        except Exception as problem:  # noqa: BLE001 - whatever is wrong with telling of a swap is no matter of the swap
            self._tell("note", redact(f"no notification was sent: {problem}"))
            return
        sleep = getattr(self._clock, "sleep_beside", self._clock.sleep)
        notify_all(notifiers, shown({"service": self._service, **record}), self._tell, sleep)

    def _tell(self, kind: str, text: str) -> None:
        self._report(Event(self._clock.wall_seconds(), kind, text))
