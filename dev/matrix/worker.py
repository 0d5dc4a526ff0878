"""One process of a matrix: a world of its own, and its share of the points."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bluegreen.rollout.errors import BluegreenError
from dev.matrix import checks, points
from dev.matrix.checks import Trouble
from dev.matrix.engine import ADAPTERS, DYNAMIC, Stack, State
from dev.matrix.lanes import Lane, without_backoff
from dev.matrix.points import (
    AUTOSCALED_PROMOTION,
    AUTOSCALED_ROLLBACK,
    COLD,
    OPERATIONS,
    PROMOTION,
    ROLLBACK,
    UNREADY,
    Operation,
    Point,
)
from dev.matrix.strikes import Faults, Make, MatrixError, Missed, Outcome, calls_of, fresh_clock, killed, make_stack
from dev.matrix.world import World

_TRIES, _DRY_RUNS = 6, 2


@dataclass(frozen=True, slots=True)
class Tried:
    """A point, and what went wrong with it; nothing is how it should be."""

    point: Point
    troubles: tuple[Trouble, ...]


class Worker:
    """Tries points in one world.

    Args:
        world: built, and warm.
        make: makes what the next update is done by.
    """

    def __init__(self, world: World, make: Make = make_stack) -> None:
        without_backoff()
        self._world = world
        self._make = make
        self._lane = Lane()
        self._faults: Faults | None = None
        self._before: dict[tuple[Operation, str], State] = {}
        self.calls = self._dry_runs()

    def close(self) -> None:
        """End what was started."""
        if self._faults is not None:
            self._faults.stop()

    def _dry_runs(self) -> dict[Operation, list[str]]:
        """The calls that each operation makes when nothing goes wrong; its first state is noted."""
        found: dict[Operation, list[str]] = {}
        for operation in OPERATIONS:
            self._world.put_back("blue")
            stack = Stack(DYNAMIC, fresh_clock())
            with self._lane.used():
                stack.up(points.inputs(self._world, operation, "blue"))
            self._starts_from(operation, stack.state)
        for promotion, rollback in ((PROMOTION, ROLLBACK), (AUTOSCALED_PROMOTION, AUTOSCALED_ROLLBACK)):
            promoted = self._dry_run(promotion, found)
            if promoted is None:
                raise MatrixError(f"a promotion failed in which nothing went wrong: {found}")
            self._starts_from(rollback, promoted)
            if self._dry_run(rollback, found) is None:
                raise MatrixError("a rollback failed in which nothing went wrong")
        self._dry_run(COLD, found)  # on a clock that does not wait: its first calls are what matters
        if self._dry_run(UNREADY, found) is not None:
            raise MatrixError("what is never healthy was promoted")
        return found

    def _starts_from(self, operation: Operation, state: State | None) -> None:
        """With either adapter: what one has left is the other's, too."""
        assert state is not None
        for adapter in ADAPTERS:
            self._before[operation, adapter] = State.left_by(adapter, state.inputs, state.outputs)

    def _dry_run(self, operation: Operation, found: dict[Operation, list[str]]) -> State | None:
        """The state after it. Its calls are those of the shorter run: on a busy machine some are made once more."""
        news, state = points.inputs(self._world, operation, operation.wanted), None
        for _ in range(1 if operation.cold else _DRY_RUNS):
            self._put_back(operation)
            calls, state = calls_of(self._lane, DYNAMIC, self._before[operation, DYNAMIC], news)
            found[operation] = min(found.get(operation, calls), calls, key=len)
        return state

    def _put_back(self, operation: Operation) -> None:
        empty = operation.part(operation.wanted) if operation.cold else ""
        self._world.put_back(operation.before, empty=empty, autoscaled=operation.autoscaled)

    def try_point(self, point: Point) -> Tried:
        """Interrupt, look, continue, look again."""
        operation, world = point.operation, self._world
        for left in reversed(range(_TRIES)):
            self._put_back(operation)
            news = points.inputs(world, operation, operation.wanted)
            try:
                outcome = self._strike(point, news)
                break
            except Missed:
                if not left:
                    raise
        troubles = checks.after_the_strike(operation, outcome, world.look())
        if operation.lame:
            troubles += self._fails_again(point, outcome, news)
        color = operation.before if point.reverted or operation.lame else operation.wanted
        with self._lane.used():
            outputs, more = checks.recover(
                self._make,
                point.adapter,
                outcome.state,
                points.inputs(world, operation, color),
                checks.clock_for(operation),
            )
        troubles += more + checks.after_the_recovery(operation, color, outputs, world.look())
        return Tried(point, tuple(troubles))

    def _strike(self, point: Point, news: Mapping[str, Any]) -> Outcome:
        state = self._before[point.operation, point.adapter]
        if point.crash:
            if self._faults is not None:
                raise MatrixError("a process with threads cannot be forked: crashes come first")
            return killed(self._lane, point, state, news)
        if self._faults is None:
            self._faults = Faults(os.environ["AWS_ENDPOINT_URL"])
        return self._faults.struck(point, state, news, self._world.weights_of)

    def _fails_again(self, point: Point, outcome: Outcome, news: Mapping[str, Any]) -> list[Trouble]:
        """Check that with the config kept a release that is never healthy is refused again, or held."""
        stack = Stack(point.adapter, fresh_clock(), outcome.state)
        with self._lane.used(), contextlib.suppress(BluegreenError):
            stack.update(news)
        outcome.state = stack.state or outcome.state
        # An update that a verdict holds succeeds, too, and says that the former color is live.
        promoted = outcome.state.outputs.get("live_color") != point.operation.before
        look = self._world.look()
        found = checks.unsafe_traffic(look, "after the same update again")
        if promoted or not look.all_on(point.operation.before):
            found.append(("unsafe", f"what was never healthy was promoted: the rule has {dict(look.weights)}"))
        return found
