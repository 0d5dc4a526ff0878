"""The calls of one run, one after the other; after one of them somebody else acts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from bluegreen.rollout.clock import FakeClock
from bluegreen.swap.lease import leases_in
from dev.matrix.somebody_else.sight import Sight

CALL_SECONDS = 0.02
"""How long each call takes on the clock."""


@dataclass(frozen=True, slots=True)
class Write:
    """A call of the swap that may have changed something, once somebody else had acted.

    Attributes:
        number: which call it was, from 1.
        name: what it is called.
        at_seconds: when it was answered.
        before: what there was before it.
        after: what there was after it.
    """

    number: int
    name: str
    at_seconds: float
    before: Sight
    after: Sight


@dataclass(slots=True)
class Tape:
    """The record of one run of the swap.

    Attributes:
        clock: time; each call takes a moment of it.
        look: what is there at this moment.
        number: the call after which somebody acts; 0 is none.
        act: what is done.
        calls: the names of all calls.
        writes: those that came after the act.
        looks: the numbers of the calls after the act that looked at where traffic goes.
        began_at_seconds: when somebody began to act; ``None`` before.
        acted_at_seconds: when that was done.
        left: what there was right after it.
        taken_over: whether a lease that was there before it was gone after it.
        disturbed: whether where requests go, or what could serve them, was another after it.
    """

    clock: FakeClock
    look: Callable[[], Sight]
    number: int = 0
    act: Callable[[], None] = lambda: None
    calls: list[str] = field(default_factory=list)
    writes: list[Write] = field(default_factory=list)
    looks: list[int] = field(default_factory=list)
    began_at_seconds: float | None = None
    acted_at_seconds: float | None = None
    left: Sight | None = None
    taken_over: bool = False
    disturbed: bool = False
    _before: Sight | None = None
    _held: frozenset[str] = frozenset()
    _deaf: bool = False

    def called(self, name: str, *, writes: bool, looks: bool) -> None:
        """A call has been answered."""
        if self._deaf:
            return
        self.calls.append(name)
        self.clock.now_seconds += CALL_SECONDS
        with self.unheard():
            if self._before is not None:
                if writes:
                    after = self.look()
                    self.writes.append(Write(len(self.calls), name, self.clock.now_seconds, self._before, after))
                    self._before = after
                if looks:
                    self.looks.append(len(self.calls))
            if len(self.calls) == self.number - 1:
                # Set by the very next call, a lease is not held yet: its holder looks first, and reads traffic anew.
                self._held = frozenset(leases_in(self.look().marks))
            if len(self.calls) == self.number:
                self.strike()

    def strike(self) -> None:
        """Act, and see what is left of it."""
        self.began_at_seconds = self.clock.now_seconds
        with self.unheard():
            before = self.look()
            self.act()
            self.left = self._before = self.look()
            held = self._held & set(leases_in(before.marks))
            self.taken_over = not held <= set(leases_in(self.left.marks))
            self.disturbed = before.serving != self.left.serving
            self.acted_at_seconds = self.clock.now_seconds

    def watch(self) -> None:
        """Watch every write from now on; nobody acts."""
        with self.unheard():
            self.left = self._before = self.look()
            self.began_at_seconds = self.acted_at_seconds = self.clock.now_seconds

    def went_on(self) -> None:
        """The platform itself has done something, which is no write of the swap's."""
        if self._before is not None:
            with self.unheard():
                self._before = self.look()

    @contextmanager
    def unheard(self) -> Iterator[None]:
        """Calls that are not the swap's."""
        former, self._deaf = self._deaf, True
        try:
            yield
        finally:
            self._deaf = former


class OneByOne:
    """In the place of a pool of threads: calls that go side by side have an order here, the same each time."""

    def __init__(self, *_: Any) -> None: ...

    def __enter__(self) -> OneByOne:
        return self

    def __exit__(self, *_: object) -> None: ...

    def submit(self, work: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """Do it at once."""
        done: Future[Any] = Future()
        try:
            done.set_result(work(*arguments))
        except Exception as error:  # noqa: BLE001 - it is raised where the result is requested
            done.set_exception(error)
        return done
