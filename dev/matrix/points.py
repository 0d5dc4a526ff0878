"""The points of a matrix: which operation, which of its calls, what goes wrong there, and how the user continues."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dev.matrix.engine import ADAPTERS
from dev.matrix.shapes import LAME, PRIORITY
from dev.matrix.world import World
from localcloud.fault_api import WAYS

KILLS = ("killed before", "killed after")
ONCE, ONCE_TRIED_AGAIN, FOR_EVER = (1, False), (2, False), (1, True)
"""How often a client tries a call, and whether the fault lasts."""


@dataclass(frozen=True, slots=True)
class Operation:
    """The operation that is interrupted.

    Attributes:
        name: what it is called in the table.
        before: the color that is live before it.
        wanted: the color that it makes live.
        green: the part that stands for green.
        cold: whether the wanted color starts from no task at all.
        autoscaled: whether both colors have an autoscaling of the user's own.
    """

    name: str
    before: str
    wanted: str
    green: str = "green"
    cold: bool = False
    autoscaled: bool = False

    @property
    def lame(self) -> bool:
        """Whether it must never succeed."""
        return self.green == LAME

    def part(self, color: str) -> str:
        """The part of the world that a color is."""
        return self.green if color == "green" else color


PROMOTION = Operation("promotion", "blue", "green")
ROLLBACK = Operation("rollback", "green", "blue")
AUTOSCALED_PROMOTION = Operation("autoscaled promotion", "blue", "green", autoscaled=True)
AUTOSCALED_ROLLBACK = Operation("autoscaled rollback", "green", "blue", autoscaled=True)
COLD = Operation("from no task", "blue", "green", cold=True)
UNREADY = Operation("never healthy", "blue", "green", LAME)
OPERATIONS = (PROMOTION, ROLLBACK, AUTOSCALED_PROMOTION, AUTOSCALED_ROLLBACK, COLD, UNREADY)


def inputs(world: World, operation: Operation, active: str) -> dict[str, Any]:
    """A swap's declaration."""
    parts = {color: operation.part(color) for color in ("blue", "green")}
    return {
        "name": world.name,
        "active_color": active,
        "releases": {"blue": "app:v1", "green": "app:v2"},
        "router": {
            "kind": "alb",
            "listener_arn": world.listener,
            "priority": PRIORITY,
            "target_groups": {color: world.groups[part] for color, part in parts.items()},
            "owner": world.owner,
        },
        "capacity": {
            "kind": "ecs",
            "cluster": world.name,
            "services": parts,
            "task_definitions": {color: world.definitions[part] for color, part in parts.items()},
            "desired_count": 1,
        },
        "strategy": {"name": "steps", "steps": [{"weight_percent": 10, "hold_seconds": 5}]},
        "bake_seconds": 5,
        "scale_down_delay_seconds": 3600,
        # Two looks at what never gets ready, and time for real tasks to start, however busy this machine is.
        "steady_state_timeout_seconds": 5 if operation.lame else 300 if operation.cold else 60,
        # As long as a hold: asking the same twice in a row makes no new point.
        "poll_interval_seconds": 1 if operation.cold else 5,
    }


@dataclass(frozen=True, slots=True)
class Point:
    """One thing that goes wrong.

    Attributes:
        operation: what is interrupted.
        number: the call, from 1.
        call: its name in a run in which nothing goes wrong.
        way: ``killed before``, ``killed after``, or a fault of the proxy.
        attempts: how often a client tries a call; 0 where the process is killed.
        lasting: whether every later call fails, too.
        reverted: whether the next update has the config reverted, else kept.
        adapter: which one the swap has, before and after.
    """

    operation: Operation
    number: int
    call: str
    way: str
    attempts: int
    lasting: bool
    reverted: bool
    adapter: str

    @property
    def crash(self) -> bool:
        """Whether the process is killed."""
        return self.way in KILLS

    def __str__(self) -> str:
        how = "" if self.crash else f" {'for ever' if self.lasting else 'once'}, {self.attempts} attempt(s)"
        config = "reverted" if self.reverted else "kept"
        return (
            f"{self.operation.name}, call {self.number} {self.call}, {self.way}{how}, config {config}, {self.adapter}"
        )


def all_points(calls: Mapping[Operation, Sequence[str]], adapters: Sequence[str] = ADAPTERS) -> list[Point]:
    """Every point of the operations with each adapter; crashes come first.

    Args:
        calls: of each operation, as a run without faults has listed them.
        adapters: which ones.
    """
    crashes = [point for adapter in adapters for point in _crashes(calls, adapter)]
    return [*crashes, *(point for adapter in adapters for point in _faults(calls, adapter))]


def calls_struck(points: Sequence[Point]) -> dict[str, int]:
    """The number of calls of each operation that go wrong in these points."""
    numbers: dict[str, set[int]] = {}
    for point in points:
        numbers.setdefault(point.operation.name, set()).add(point.number)
    return {name: len(found) for name, found in numbers.items()}


def _crashes(calls: Mapping[Operation, Sequence[str]], adapter: str) -> Iterator[Point]:
    for operation, number, call in _struck(calls):
        for turn, way in enumerate(KILLS, start=number):
            for reverted in _configs(operation, turn):
                yield Point(operation, number, call, way, 0, False, reverted, adapter)


def _configs(operation: Operation, turn: int) -> tuple[bool, ...]:
    if operation.lame:
        return (False,)  # it must fail again with the config kept, and is then reverted: one point for both
    return (turn % 2 == 0,) if operation.autoscaled else (False, True)


def _faults(calls: Mapping[Operation, Sequence[str]], adapter: str) -> Iterator[Point]:
    for operation, number, call in _struck(calls):
        for turn, way in enumerate(WAYS, start=number):
            for (attempts, lasting), reverted in _series(operation, turn):
                yield Point(operation, number, call, way, attempts, lasting, reverted, adapter)


def _series(operation: Operation, turn: int) -> list[tuple[tuple[int, bool], bool]]:
    """The series, each with the config kept or reverted; some take turns, from call to call and from way to way."""
    if operation.lame:
        return [(ONCE, False), (FOR_EVER, False)]
    if operation.autoscaled:  # what differs is what a fault leaves behind; the ways take turns
        return [(FOR_EVER, turn % 2 == 0)] if turn % 3 == 0 else []
    found = [(ONCE, turn % 2 == 0), (FOR_EVER, turn % 2 == 1)]
    # A client that tries again comes through: nothing is left to be done.
    return found if operation.cold or turn % 3 else [*found, (ONCE_TRIED_AGAIN, False)]


def _struck(calls: Mapping[Operation, Sequence[str]]) -> Iterator[tuple[Operation, int, str]]:
    for operation, names in calls.items():
        # From no task at all only what scales up is new: each of these points waits for real tasks.
        last = max((number for number, call in enumerate(names, start=1) if call == "ecs:UpdateService"), default=0)
        for number, call in enumerate(names, start=1):
            if not operation.cold or number == last:
                yield operation, number, call
