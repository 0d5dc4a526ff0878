"""One point: an operation, a call of it, and what somebody does after that call."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from unittest import mock

from bluegreen.rollout import calls
from bluegreen.rollout import clock as clocks
from bluegreen.rollout.clock import FakeClock
from bluegreen.rollout.errors import BluegreenError, RestoreFailed, SwapFailed
from bluegreen.rollout.model import Phase
from dev.matrix.engine import DYNAMIC, Stack, State
from dev.matrix.somebody_else import judge
from dev.matrix.somebody_else.acts import Act, Scene
from dev.matrix.somebody_else.judge import Ended, Trouble
from dev.matrix.somebody_else.stage import Stage
from dev.matrix.somebody_else.swaps import Operation, Refusing, SlowGate, inputs, known
from dev.matrix.somebody_else.tape import OneByOne, Tape, Write

_BEGAN_AT_SECONDS, _BETWEEN_SECONDS = 1_800_000_000.0, 3_600.0
_LATER_SECONDS = 900.0
"""When the next update comes: no lease lives any more."""


@dataclass(frozen=True, slots=True)
class Point:
    """One trial: a stage, an operation, an act, and the call that it follows.

    Attributes:
        stage: its name.
        operation: what runs.
        number: after which of its calls somebody acts, from 1.
        act: what is done.
        adapter: the swap's.
        reverted: whether the next update has the config set back, else kept.
    """

    stage: str
    operation: Operation
    number: int
    act: Act
    adapter: str
    reverted: bool

    def __str__(self) -> str:
        config = "reverted" if self.reverted else "kept"
        return (
            f"{self.stage}, {self.operation.name}, after call {self.number} somebody {self.act.name}, "
            f"config {config}, {self.adapter}"
        )


@dataclass(frozen=True, slots=True)
class Tried:
    """A point and what went wrong with it.

    Attributes:
        point: the point.
        call: the call after which somebody acted.
        troubles: nothing is how it should be.
    """

    point: Point
    call: str
    troubles: tuple[Trouble, ...]


class TimeOf:
    """In the place of the ``time`` module for clocks that nobody handed in: how old something is, and a wait."""

    def __init__(self, clock: FakeClock) -> None:
        self.monotonic, self.time, self.sleep = clock.monotonic_seconds, clock.wall_seconds, clock.sleep

    def clock_gettime(self, _: int) -> float:
        """The same clock, by whatever name."""
        return self.monotonic()

    def __getattr__(self, name: str) -> Any:
        return getattr(time, name)


class Trials:
    """Tries points on one stage, which is open."""

    #: Continues from stage to stage: what this process still knows of the last one is never of the future.
    _clock: ClassVar[FakeClock] = FakeClock(_BEGAN_AT_SECONDS)

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._tape = Tape(self._clock, stage.look)
        self._warned: list[str] = []

    @classmethod
    @contextlib.contextmanager
    def on(cls, stage: Stage) -> Iterator[Trials]:
        """With the stage open."""
        made = cls(stage)
        one_by_one = mock.patch.object(calls, "ThreadPoolExecutor", OneByOne)
        # What was read grows old on the clock that is turned by hand, too.
        one_clock = mock.patch.object(clocks, "time", TimeOf(made._clock))
        with known(), one_by_one, one_clock, stage.opened(lambda: made._tape):
            yield made

    def _heard(self, tape: Tape) -> Tape:
        former, self._tape = self._tape, tape
        return former

    def calls_of(self, operation: Operation) -> list[str]:
        """Its calls when nobody acts."""
        news, state = self._begin(operation, DYNAMIC)
        tape = Tape(self._clock, self._stage.look)
        self._run(tape, Stack(DYNAMIC, self._clock, state), news, operation)
        return tape.calls

    def try_point(self, point: Point) -> Tried:
        """Let it happen, look, run the next update, look again."""
        operation, stage = point.operation, self._stage
        news, state = self._begin(operation, point.adapter)
        scene = Scene(stage, operation, point.number, state, self._clock, self._heard)
        tape = Tape(self._clock, stage.look, point.number, lambda: point.act.do(scene))
        stack = self._stack(point.adapter, state)
        ended = self._run(tape, stack, news, operation)
        if tape.left is None:
            tape.number = len(tape.calls)
            tape.strike()
        found = [
            *judge.of_writes(operation, point.act, tape, lambda write: self._proved(tape, write), ended),
            *judge.of_words(operation, point.act, tape, ended),
        ]
        found += self._next_update(point, stack.state)
        call = tape.calls[point.number - 1] if point.number <= len(tape.calls) else "the end"
        return Tried(point, call, tuple(found))

    def _begin(self, operation: Operation, adapter: str) -> tuple[dict[str, Any], State | None]:
        """The updates that come first, and the declaration of the one that is tried."""
        self._clock.sleep(_BETWEEN_SECONDS)  # never set back: what is known of an earlier point is old
        SlowGate.clock = self._clock
        stage, state = self._stage, None
        with self._tape.unheard():
            stage.put_back()
            for active, percent in operation.before:
                stack = Stack(DYNAMIC, self._clock, state)
                stack.up(inputs(stage, active, percent))
                state = stack.state
                self._clock.sleep(60)
            news = inputs(stage, operation.active, operation.percent)
        return news, None if state is None else State.left_by(adapter, state.inputs, state.outputs)

    def _stack(self, adapter: str, state: State | None) -> Stack:
        self._warned.clear()
        return Stack(adapter, self._clock, state, tell=self._told)

    def _told(self, kind: str, text: str) -> None:
        if kind == "warning" and "could not be looked at" in text:
            self._warned.append(text)

    def _run(self, tape: Tape, stack: Stack, news: Mapping[str, Any], operation: Operation | None) -> Ended:
        refused = frozenset({Phase.HOLD, Phase.BAKE}) if operation is not None and operation.refused else frozenset()
        former, claim, error, wrong_error, succeeded = self._heard(tape), None, "", "", False
        try:
            with Refusing(refused):
                stack.up(news)
                succeeded = True
        except BluegreenError as failed:
            error = f"{type(failed).__name__}: {failed}"
            if isinstance(failed, SwapFailed) and not isinstance(failed, RestoreFailed):
                claim = {color: percent for color, percent in failed.weights.as_dict().items() if percent}
        except Exception as failed:  # noqa: BLE001 - that it is another one is the finding
            wrong_error = f"{type(failed).__name__}: {failed}"
        finally:
            self._heard(former)
        with former.unheard():
            return Ended(
                succeeded,
                claim,
                error,
                wrong_error,
                " ".join(self._warned),
                self._clock.now_seconds,
                self._stage.look(),
            )

    @staticmethod
    def _proved(tape: Tape, write: Write) -> bool:
        """Whether the gate said yes between the act and a write."""
        assert tape.acted_at_seconds is not None
        return any(tape.acted_at_seconds < at <= write.at_seconds for at in SlowGate.passed_at_seconds)

    def _next_update(self, point: Point, state: State | None) -> list[Trouble]:
        operation = point.operation
        config = operation.former if point.reverted else (operation.active, operation.percent)
        self._clock.sleep(_LATER_SECONDS)
        with self._tape.unheard():
            self._stage.mend()
        tape = Tape(self._clock, self._stage.look)
        tape.watch()
        healed = state is not None and state.outputs.get("live_color") == config[0]
        news = inputs(self._stage, *config)
        stack = self._stack(point.adapter, state)
        ended = self._run(tape, stack, news, None)
        outputs = stack.state.outputs if stack.state is not None else {}
        left = None
        if ended.succeeded:
            with contextlib.suppress(BluegreenError), self._tape.unheard():
                left = stack.preview(news)
        after = Operation("the next update", () if healed else operation.before, config[0])
        found = list(judge.of_writes(after, point.act, tape, lambda write: self._proved(tape, write), ended))
        return found + list(judge.of_recovery(config, tape, ended, outputs, left))
