"""Two swaps of one object, one call at a time: a scheduler says before which calls the other one has its turn.

Each swap runs in a thread of its own, and only one of them runs at any time. Whoever has not its turn stands still, as
a stopped process does, while the other one's waits move the time that both have. A write is requested as clients ask:
right before it is sent, and nothing comes between that and its effect.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from bluegreen.memory.capacity import MemoryCapacity
from bluegreen.memory.router import MemoryRouter, MemoryWorld
from bluegreen.rollout.calls import before_write
from bluegreen.rollout.errors import BluegreenError
from bluegreen.swap.lease import Lease, leases_in
from tests.swap import bench

METHODS = [*bench.METHODS, (MemoryRouter, "create"), (MemoryRouter, "delete"), (MemoryCapacity, "delete")]
WRITES = {
    "write",
    "create",
    "delete",
    "mark",
    "prepare",
    "suspend_scale_in",
    "resume_scaling",
    "retire",
    "cancel_retirement",
}
assert {name for _, name in METHODS} >= WRITES, "a write has another name: nobody would be asked before it"
STUCK_SECONDS = 60


@dataclass
class Actor:
    """One swap: what it does, and how it ended.

    Attributes:
        name: for people.
        work: returns what it leaves.
        lease: its own, once it has one.
        holding: whether it took the lease, and has neither given it back nor found it lost.
        result: what ``work`` returned.
        error: what it raised.
    """

    name: str
    work: Callable[[], Any]
    lease: Lease | None = None
    holding: bool = False
    result: Any = None
    error: BaseException | None = None
    over: bool = False
    turn: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))


class Turns:
    """Runs two actors against one world.

    Args:
        here: the world.
        actors: the first one begins.
        switches: the numbers of the calls, from 1, before which the turn goes to the other one.
        before: called before each call with its number, for what somebody else does then.
        in_flight: whether the turn may also change between the sending of a write and its effect.
    """

    def __init__(
        self,
        here: MemoryWorld,
        actors: Iterable[Actor],
        switches: Iterable[int] = (),
        before: Callable[[int], None] = lambda _: None,
        *,
        in_flight: bool = False,
    ) -> None:
        self.here = here
        self.actors = list(actors)
        self.switches = frozenset(switches)
        self.before = before
        self.in_flight = in_flight
        self.calls = 0
        #: The numbers of the calls before which the turn could change.
        self.chances: list[int] = []
        #: What must not happen, and did.
        self.wrong: list[str] = []
        self._threads: dict[threading.Thread, Actor] = {}

    def run(self) -> Turns:
        """Until both have ended."""
        for actor in self.actors:
            self._threads[threading.Thread(target=self._run, args=(actor,), daemon=True)] = actor
        with _played(self):
            for thread in self._threads:
                thread.start()
            self.actors[0].turn.release()
            for thread in self._threads:
                thread.join(STUCK_SECONDS)
                assert not thread.is_alive(), "a swap does not end"
        return self

    def _run(self, actor: Actor) -> None:
        actor.turn.acquire()
        try:
            actor.result = actor.work()
        except BaseException as error:  # noqa: BLE001 - looked at by the test
            actor.error = error
            if not isinstance(error, BluegreenError):
                self.wrong.append(f"{actor.name}: {error!r}")
        actor.over, actor.holding = True, False
        for waiting in self.actors:
            if not waiting.over:
                waiting.turn.release()

    def me(self) -> Actor | None:
        """Whose thread this is."""
        return self._threads.get(threading.current_thread())

    def point(self, actor: Actor) -> None:
        """Right before a call."""
        self.calls += 1
        self.before(self.calls)
        waiting = next((other for other in self.actors if other is not actor and not other.over), None)
        if waiting is not None:
            self.chances.append(self.calls)
        if self.calls in self.switches and waiting is not None:
            waiting.turn.release()
            actor.turn.acquire()

    def effect(self, actor: Actor, name: str) -> None:
        """Right when something is written.

        A making that finds something there is none, nor is a scaling of one's own color while there is no object.
        """
        lease, there = actor.lease, leases_in(self.here.marks)
        if lease is None or lease.lost:
            self.wrong.append(f"{actor.name} sent {name} without a lease")
            return
        if not lease.placed and (name.startswith("capacity.") or there):
            return
        if lease.placed and lease.id not in there:
            self.wrong.append(f"{actor.name} sent {name}, and its lease is gone")
        for other in self.actors:
            if other is not actor and other.holding and other.lease is not None and other.lease.id in there:
                self.wrong.append(f"{actor.name} sent {name} while {other.name} held the lease")


@contextmanager
def _played(turns: Turns) -> Iterator[None]:
    originals = [(owner, name, getattr(owner, name)) for owner, name in METHODS]
    take, give_back = Lease.take, Lease.give_back

    def wrap(owner: type, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        side = "router" if owner is MemoryRouter else "capacity"

        @functools.wraps(method)
        def call(self: Any, *arguments: Any) -> Any:
            actor = turns.me()
            if actor is None:
                return method(self, *arguments)
            turns.point(actor)
            if name in WRITES:
                before_write()
                if turns.in_flight:
                    turns.point(actor)
                if name != "mark":
                    turns.effect(actor, f"{side}.{name}")
            return method(self, *arguments)

        return call

    def taking(lease: Lease, *arguments: Any) -> bool:
        actor = turns.me()
        if actor is not None:
            actor.lease = lease
        taken = take(lease, *arguments)
        if actor is not None:
            actor.holding = True
        return taken

    def giving_back(lease: Lease, *arguments: Any) -> None:
        actor = turns.me()
        give_back(lease, *arguments)
        if actor is not None:
            actor.holding = False

    for owner, name, method in originals:
        setattr(owner, name, wrap(owner, name, method))
    Lease.take, Lease.give_back = taking, giving_back  # type: ignore[method-assign]
    try:
        yield
    finally:
        for owner, name, method in originals:
            setattr(owner, name, method)
        Lease.take, Lease.give_back = take, give_back  # type: ignore[method-assign]
