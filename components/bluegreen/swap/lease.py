"""The lease of a running swap: a mark on the object that the swap owns, so that two swaps never write at once.

Every holder has a mark of its own (``lease.3fa9c1d2``): whoever finds another's mark after having set its own steps
back, so two can never both continue, although no platform's tags can be compared and swapped. A holder renews its
mark; one that stays the same for ``LEASE_SECONDS`` of the reader's own clock is dead, whatever the clocks of the two
machines say. A holder whose calls are throttled cannot renew it so often: its mark says that it lasts longer. So does
that of a holder whose next write locks the object, marks and all: it is set before that write. One that ended on this
machine is known to be dead at once.

A holder may have stood still for longer than its lease (a stopped process, a suspended machine). It looks before it
renews a mark that may have run out, and once more afterwards; whoever took over leaves a note of whose place it took
(``taken.3fa9c1d2``), so that it is known also when that one is over already.

The mark ``abort`` names the lease of the swap that should stop, so that a wish for an earlier one stops nothing.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from threading import RLock
from typing import cast

from bluegreen.rollout.clock import Clock
from bluegreen.rollout.errors import BluegreenError, LeaseHeld, LeaseLost, PlatformError
from bluegreen.rollout.model import Weights
from bluegreen.rollout.ports import MakesItsObject, TrafficRouter
from bluegreen.swap import holders
from bluegreen.swap.marks import (
    ABORT,
    LEASE_PREFIX,
    LEASE_SECONDS,
    LONGEST_LEASE_SECONDS,
    SLOW_LEASE_SECONDS,
    TAKEN_PREFIX,
    aborted_by,
    holder_of,
    lasting_seconds,
    lease_text,
    leases_in,
    mark_text,
    who,
)

__all__ = ["ABORT", "FENCE_SECONDS", "LEASE_SECONDS", "RENEW_SECONDS", "SLOW_LEASE_SECONDS", "Lease"]
__all__ += ["aborted_by", "holder_of", "lasting_seconds", "leases_in", "mark_text", "who"]
_SLOW_CALL_SECONDS = 5.0
_STOOD_STILL = "one that took over while this one stood still, and may be over by now"
# Of how long a lease lasts: when it is renewed, and how old it may be when something is written. The second is more
# than a swap that looks at its marks all the time needs, and leaves the time that one try of a call may take.
_RENEW_AT, _FENCE_AT = 1 / 3, 0.4
RENEW_SECONDS, FENCE_SECONDS = LEASE_SECONDS * _RENEW_AT, LEASE_SECONDS * _FENCE_AT
_FENCE_TRIES = 3
# Up to here nobody can have waited for the end of a lease: another's mark beside it is a newcomer's, who steps back.
_SAFE_UNTIL = 0.9
# How much longer than an object is locked the lease lasts: nobody may come before that is over.
_ROOM = 1.25


@dataclass(slots=True)
class Lease:
    """One swap's hold on its object.

    Attributes:
        router: whose marks are used.
        clock: time.
        purpose: what the swap does, for whoever is refused: ``promotion to green``.
        poll_seconds: how often a running swap looks at the marks.
        tell: called when it waits.
    """

    router: TrafficRouter
    clock: Clock
    purpose: str
    poll_seconds: float
    tell: Callable[[str], None]
    id: str = ""
    #: Marks that are set together with the lease when it is taken.
    stamp: Mapping[str, str] = field(default_factory=dict)
    #: Whether the object has it: there may be no object yet.
    placed: bool = True
    #: Whether the object was there at first.
    found: bool = True
    #: Who wants the swap to stop, once somebody does.
    asked_by: str | None = None
    #: Held by whoever reads or writes the object, and what is known of it: the swap and its keeper take turns.
    lock: RLock = field(default_factory=RLock)
    #: Why it is held no more.
    lost: str = ""
    _seen_seconds: float = 0
    _renewed_seconds: float = 0
    _renewed_at_seconds: float = 0
    _renewals: int = 0
    _notes: tuple[str, ...] = ()
    #: What the mark says, and what the next one should say.
    _lasts_seconds: float = LEASE_SECONDS
    _wanted_seconds: float = LEASE_SECONDS
    #: How many writes at this moment keep it from being renewed.
    _locks: int = 0
    #: Whether the object is being made this swap's, in more than one call on some platforms.
    _placing: bool = False
    #: Whether its mark is being taken away, which on some platforms takes its time.
    _leaving: bool = False

    def take(self, marks: Mapping[str, str], read_at_seconds: float | None = None) -> bool:
        """Take the lease; ``marks`` are those that were read before.

        Args:
            marks: of the owned object.
            read_at_seconds: when they were read, on the monotonic clock, in seconds; ``None`` is now.

        Returns:
            Whether time passed in which the world may have changed.

        Raises:
            LeaseHeld: another swap runs.
        """
        with self.lock:
            return self._take(marks, read_at_seconds)

    def _take(self, marks: Mapping[str, str], read_at_seconds: float | None) -> bool:
        self.forget()
        self.id = secrets.token_hex(4)
        holders.active.add(self.id)
        began = self.clock.monotonic_seconds() if read_at_seconds is None else read_at_seconds
        others = leases_in(marks)
        dead = self._wait_for_the_end_of(others) if others else {}
        stamp = dict(self.stamp.items() - marks.items())  # not again: whoever takes it meanwhile is not stamped over
        self._renew(stamp)
        leases = leases_in(self.router.marks())
        self.placed = self.found = self.id in leases
        self._seen_seconds = self.clock.monotonic_seconds()
        # With an object there, its mark is only gone where somebody has taken it away.
        if not self.placed and (leases or marks) and self.age_seconds >= self._lasts_seconds * _SAFE_UNTIL:
            raise LeaseHeld(_STOOD_STILL)
        rivals = {name: value for name, value in leases.items() if name != self.id and dead.get(name) != value}
        if rivals:
            self._drop({name: marks.get(name) for name in stamp})
            raise LeaseHeld(holder_of(next(iter(rivals.values()))))
        # Not in the same call as the new one: the leftovers go only once the lease is safe.
        left: dict[str, str | None] = {LEASE_PREFIX + name: None for name in leases if name != self.id}
        unknown = [name for name in leases if name in dead and holders.ended_here(name, dead[name]) is False]
        notes = {TAKEN_PREFIX + name: mark_text(who()) for name in unknown}
        if left or notes or ABORT in marks:
            self.router.mark({**left, **notes, ABORT: None})
        self._notes = tuple(name for name in marks if name.startswith(TAKEN_PREFIX))
        return bool(others) or self._seen_seconds - began > 1

    def place(self, weights: Weights) -> None:
        """Make the object that the swap owns, and the lease with it: of two first starts one wins.

        Args:
            weights: where it sends traffic from then on.

        Raises:
            LeaseHeld: another first start came first; nothing was written.
        """
        if hasattr(self.router, "create"):
            self._began_to_renew()
            self._placing = True
            if not cast("MakesItsObject", self.router).create(
                weights, {LEASE_PREFIX + self.id: self._text(), **self.stamp}
            ):
                self._refuse_who_came_first(self.router.marks())
            self._placing = False
        else:
            traffic = self.router.read()
            if traffic.weights != Weights():
                self._refuse_who_came_first(traffic.marks)
            self.router.write(weights)
            self._renew(self.stamp)
        marks = self.router.marks()
        self.placed, self._seen_seconds = True, self.clock.monotonic_seconds()
        if len(leases_in(marks)) > 1 or self.id not in leases_in(marks):
            self._drop()
            self._refuse_who_came_first(
                {name: value for name, value in marks.items() if name != LEASE_PREFIX + self.id}
            )

    def _refuse_who_came_first(self, marks: Mapping[str, str]) -> None:
        """Refuse, unless the object is this swap's own and only the reply to its making was lost."""
        held = leases_in(marks)
        if self.id not in held:
            raise LeaseHeld(holder_of(next(iter(held.values()), "another first start, which is over by now")))

    def _wait_for_the_end_of(self, others: Mapping[str, str]) -> dict[str, str]:
        """Wait for the other leases to end; return those whose holders are dead, when all are."""
        for name, value in others.items():
            if holders.ended_here(name, value) is None:
                raise LeaseHeld(holder_of(value))
        alive = {name: value for name, value in others.items() if not holders.ended_here(name, value)}
        limit = max(map(lasting_seconds, alive.values()), default=0)
        deadline = self.clock.monotonic_seconds() + limit
        if alive:
            self.tell(f"waiting up to {limit:g} s to see whether {holder_of(next(iter(alive.values())))} lives")
        while alive:
            if self.clock.monotonic_seconds() >= deadline:
                break
            self.clock.sleep(min(self.poll_seconds, LEASE_SECONDS / 10))
            now = leases_in(self.router.marks())
            fresh = [value for name, value in now.items() if others.get(name) != value]
            if fresh:
                raise LeaseHeld(holder_of(fresh[0]))
            alive = {name: value for name, value in alive.items() if name in now}
        return dict(others)

    def check(self) -> str | None:
        """Look at the marks when it is time, and renew the lease when it is time.

        Returns:
            Who wants the swap to stop, if somebody did.

        Raises:
            LeaseLost: another swap took over.
            PlatformError: the marks could not be read for as long as a lease lasts.
        """
        with self.lock:
            if not self.id or not self.placed:
                return None
            self._refuse_if_lost()
            unseen_seconds = self.unseen_seconds
            if unseen_seconds < min(self.poll_seconds, LEASE_SECONDS * _RENEW_AT):
                return self.asked_by
            try:
                marks = self.router.marks()
                # One that was made longer for a write that is over is shortened again.
                if self.age_seconds >= min(self._lasts_seconds, self._wanted_seconds) * _RENEW_AT:
                    self.judge(marks)
                    marks = self._renewed()
            except PlatformError:
                if unseen_seconds >= self._lasts_seconds:
                    raise
                return self.asked_by
            return self.judge(marks)

    def judge(self, marks: Mapping[str, str]) -> str | None:
        """Look at marks that were read anyway; as ``check``."""
        if not self.id or not self.placed:
            return None
        self._refuse_if_lost()
        self._seen_seconds = self.clock.monotonic_seconds()
        others = " and ".join(holder_of(value) for name, value in leases_in(marks).items() if name != self.id)
        stood_still = self.age_seconds >= self._lasts_seconds * _SAFE_UNTIL
        if self.id not in leases_in(marks) or TAKEN_PREFIX + self.id in marks or (stood_still and others):
            self.lost = f"this swap's lease is gone; the swap is now held by {others or 'nobody'}"
            self._refuse_if_lost()
        self.asked_by = aborted_by(marks, self.id) or self.asked_by
        return self.asked_by

    @property
    def unseen_seconds(self) -> float:
        """Seconds since anybody looked at the marks."""
        return self.clock.monotonic_seconds() - self._seen_seconds

    @property
    def age_seconds(self) -> float:
        """Seconds since the last renewal: the larger of two clocks, since each may stand still or be set back."""
        wall_seconds = self.clock.wall_seconds() - self._renewed_at_seconds
        return max(self.clock.monotonic_seconds() - self._renewed_seconds, wall_seconds)

    def _refuse_if_lost(self) -> None:
        if self.lost:
            raise LeaseLost(self.lost)

    def _renewed(self) -> Mapping[str, str]:
        """Renew the lease, then read and return the marks.

        Raises:
            LeaseLost: another swap took over.
        """
        stood_still = self.age_seconds >= self._lasts_seconds * _SAFE_UNTIL
        marks = self.router.marks() if stood_still else {}
        taken = stood_still and self.id not in leases_in(marks)
        # Whoever waited for the end of it continues where it stays as it is.
        if len(leases_in(marks)) <= 1 and not taken:
            self._renew()
            try:
                marks = self.router.marks()
            except PlatformError:
                if stood_still:
                    raise
                # Renewed in time, so nobody can have waited for its end: a restore is not held up by a look that fails.
                return {LEASE_PREFIX + self.id: ""}
            taken = self.id not in leases_in(marks) or TAKEN_PREFIX + self.id in marks
        others = [holder_of(value) for name, value in leases_in(marks).items() if name != self.id]
        if taken or (stood_still and others):
            whose = " and ".join(others) or marks.get(TAKEN_PREFIX + self.id, "an unknown holder")
            self.lost = f"another swap took over: {whose}"
            # Where the other one has not taken over yet the mark stays, for it to remove. It may have seen it renewed
            # and step back as well: the next update then finds the mark, and puts right what both leave.
            if taken:
                with contextlib.suppress(PlatformError):
                    self.router.mark({LEASE_PREFIX + self.id: None})
            self._refuse_if_lost()
        return marks

    def _renew(self, more: Mapping[str, str] | None = None) -> None:
        self._began_to_renew()
        wanted = self._wanted_seconds
        self.router.mark({LEASE_PREFIX + self.id: self._text(), **(more or {})})
        self._lasts_seconds = wanted
        if self.age_seconds > _SLOW_CALL_SECONDS:
            self._wanted_seconds = SLOW_LEASE_SECONDS

    def _began_to_renew(self) -> None:
        self._renewed_seconds = self.clock.monotonic_seconds()
        self._renewed_at_seconds = self.clock.wall_seconds()

    def _text(self) -> str:
        """The text of the mark from now on."""
        self._renewals += 1
        return lease_text(
            self._renewed_at_seconds, holders.here(), self._wanted_seconds, self._renewals - 1, self.purpose
        )

    def fence(self) -> None:
        """Make sure, right before a write, that this swap still holds its object: no call while the lease is fresh.

        A call may have waited long for its turn. Renewed first and looked at then: whoever waits for the end of this
        lease begins to wait anew, and whoever did not wait any longer is seen.

        Raises:
            LeaseHeld: this swap stood still while it made the object its own.
            LeaseLost: another swap took over.
            PlatformError: the lease could not be renewed, or the marks not be read.
        """
        with self.lock:
            if self._placing and self.age_seconds >= self._lasts_seconds * _SAFE_UNTIL:
                raise LeaseHeld(_STOOD_STILL)
            if not self.id or not self.placed:
                return
            self._refuse_if_lost()
            for _ in range(_FENCE_TRIES):
                if self.age_seconds < self._lasts_seconds * self._old_at or self._has_left():
                    return
                self._renewed()
        limit = self._lasts_seconds * _FENCE_AT
        raise PlatformError("lease", f"it could not be renewed within {limit:g} s; nothing more was written")

    def outlast(self, seconds: float) -> None:
        """Make the lease last through a pause within a call, in which nobody can renew it. Never raises.

        One that could not be renewed is as old as before, so that the try after the pause finds it too old.

        Args:
            seconds: how long the pause is; one more try follows it.
        """
        with self.lock:
            former = self._renewed_seconds, self._renewed_at_seconds
            if not (
                self.id
                and self.placed
                and not self.lost
                and not self._leaving
                and self.age_seconds + seconds > self._lasts_seconds * self._old_at
            ):
                return
            self._wanted_seconds = max(self._wanted_seconds, SLOW_LEASE_SECONDS)
            try:
                self._renewed()
            except BluegreenError:
                self._renewed_seconds, self._renewed_at_seconds = former

    @property
    def _old_at(self) -> float:
        """Of how long it lasts: how old it may be. Where it cannot be renewed it is let grow older."""
        return _SAFE_UNTIL if self._locks else _FENCE_AT

    @contextlib.contextmanager
    def locked(self, seconds: float) -> Iterator[None]:
        """Make it last through a write that locks the object, before that write; until then nothing is renewed.

        Args:
            seconds: how long the object is locked at most.

        Raises:
            LeaseLost: another swap took over.
            PlatformError: it could not be renewed: nothing may be sent.
        """
        with self.lock:
            former = self._wanted_seconds
            if self.id and self.placed:
                self._refuse_if_lost()
                self._wanted_seconds = max(former, min(seconds * _ROOM + LEASE_SECONDS, LONGEST_LEASE_SECONDS))
                if self._lasts_seconds < self._wanted_seconds or self._locks == 0:
                    self._renewed()
            self._locks += 1
        try:
            yield
        finally:
            with self.lock:
                self._locks -= 1
                self._wanted_seconds = former

    def _drop(self, marks: Mapping[str, str | None] | None = None) -> None:
        """Take the mark away, and set others in the same call."""
        with self.leaving():
            self.router.mark({LEASE_PREFIX + self.id: None, **(marks or {})})

    @contextlib.contextmanager
    def leaving(self) -> Iterator[None]:
        """Say that the mark goes meanwhile, by itself or with the object.

        A pause in which the platform follows does not renew it, which would put it back; and that it is gone before a
        further write is this swap's own doing.
        """
        self._leaving = True
        try:
            yield
        finally:
            self._leaving = False

    def _has_left(self) -> bool:
        """Whether its mark is gone by its own doing, before a further write of the same call.

        Raises:
            LeaseLost: somebody else has come since.
        """
        if not self._leaving:
            return False
        marks = self.router.marks()
        leases = leases_in(marks)
        if leases.keys() - {self.id} or TAKEN_PREFIX + self.id in marks:
            self.judge(marks)
        return self.id not in leases

    def leave_behind(self) -> None:
        """Note that this swap did not come to its end, where its lease is gone and nobody else holds one. Never raises.

        Somebody has removed the marks: without this note the next update would not know that there is something to
        tidy up. Only a mark is written; whoever took over has left one of its own.
        """
        with self.lock, contextlib.suppress(BluegreenError):
            if self.id and self.placed and self.lost:
                marks = self.router.marks()
                if not leases_in(marks) and TAKEN_PREFIX + self.id not in marks:
                    self.router.mark({LEASE_PREFIX + self.id: self._text()})

    def forget(self) -> None:
        """Note that the swap is over, whether its mark could be removed or not."""
        holders.active.discard(self.id)

    def give_back(self, marks: Mapping[str, str | None] | None = None) -> None:
        """Release the lease, and set other marks in the same call. Nothing is sent where there is nothing to change."""
        with self.lock:
            if self.id and self.placed:
                self._drop({ABORT: None, **dict.fromkeys(self._notes), **(marks or {})})
                self.forget()
                self.id = ""
            elif marks:
                self.router.mark(marks)
