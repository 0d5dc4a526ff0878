"""An operation that is interrupted at one point: the process is killed, or a call goes wrong."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn, Protocol

from botocore.config import Config

from bluegreen.rollout.clock import Clock, FakeClock
from bluegreen.rollout.errors import BluegreenError, RestoreFailed, SwapFailed
from dev.matrix.engine import Stack, State
from dev.matrix.lanes import Lane
from dev.matrix.points import Point
from localcloud.fault_proxy import Fault, FaultProxy

REAL_PATIENCE_SECONDS, REAL_ATTEMPTS = 15.0, 5
"""What the product has. A call that hangs here is given up far sooner, and its clock gets the time."""


_ENDED, _ANOTHER_CALL, _FAILED = 3, 4, 5
"""How a process ends that was to be killed."""


class Updates(Protocol):
    """How the user continues."""

    @property
    def state(self) -> State | None:
        """The state that is kept, also after a failure."""
        ...

    def preview(self, news: Mapping[str, Any]) -> bool:
        """Whether there is something to do."""
        ...

    def up(self, news: Mapping[str, Any]) -> None:
        """Do it."""
        ...


Make = Callable[[str, Clock, State], Updates]


def make_stack(adapter: str, clock: Clock, state: State) -> Updates:
    """The product's own."""
    return Stack(adapter, clock, state)


class MatrixError(Exception):
    """The matrix itself does not do what it should: no result is better than a wrong one."""


class Missed(MatrixError):
    """The fault, or the kill, met another call than it was for, or none.

    On a busy machine a call before it may have been given up, or what was read has grown old and was read again.
    """


@dataclass(slots=True)
class Outcome:
    """The outcome of an operation.

    Attributes:
        state: what the next update starts from.
        succeeded: whether it said so.
        claim: the weights that a failure says are live now, confirmed.
        wrong_error: an error that is not of the package.
        written: the weights that were sent, by part.
        error: what it said.
    """

    state: State
    succeeded: bool = False
    claim: Mapping[str, int] | None = None
    wrong_error: str = ""
    written: list[dict[str, int]] = field(default_factory=list)
    error: str = ""


def fresh_clock() -> FakeClock:
    """A clock on which waiting costs nothing, at the true time."""
    return FakeClock(time.time())


def calls_of(lane: Lane, adapter: str, state: State, news: Mapping[str, Any]) -> tuple[list[str], State | None]:
    """Run an operation in which nothing goes wrong: its calls, and the state that it leaves if it succeeded."""
    calls: list[str] = []
    stack = Stack(adapter, fresh_clock(), state)
    with lane.used():
        lane.sending = calls.append
        try:
            stack.update(news)
        except BluegreenError:
            return calls, None
    return calls, stack.state


def killed(lane: Lane, point: Point, state: State, news: Mapping[str, Any]) -> Outcome:
    """Run it in a process of its own that dies by SIGKILL exactly there."""
    lane.close()
    child = os.fork()
    if child == 0:
        _die(lane, point, state, news)
    _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status) and os.WEXITSTATUS(status) in (_ENDED, _ANOTHER_CALL):
        raise Missed(f"{point}: the process made other calls than those that it was to be killed at")
    if not os.WIFSIGNALED(status) or os.WTERMSIG(status) != signal.SIGKILL:
        raise MatrixError(f"{point}: the process ended with status {status} before it was killed")
    return Outcome(state)


def _die(lane: Lane, point: Point, state: State, news: Mapping[str, Any]) -> NoReturn:
    sent = 0

    def sending(call: str) -> None:
        nonlocal sent
        sent += 1
        if sent == point.number and call != point.call:
            os._exit(_ANOTHER_CALL)
        if sent == point.number and point.way == "killed before":
            os.kill(os.getpid(), signal.SIGKILL)

    def answered(_: str) -> None:
        if sent == point.number and point.way == "killed after":
            os.kill(os.getpid(), signal.SIGKILL)

    try:
        with lane.used():
            lane.sending, lane.answered = sending, answered
            Stack(point.adapter, fresh_clock(), state).update(news)
        os._exit(_ENDED)
    finally:
        os._exit(_FAILED)


class Faults:
    """Operations whose calls go through a proxy that makes one of them fail, or all from there on."""

    def __init__(self, endpoint: str) -> None:
        self._proxy = FaultProxy(endpoint).start()
        self._lanes = {attempts: Lane(self._proxy.url, _settings(attempts)) for attempts in (1, 2)}

    def stop(self) -> None:
        """End the proxy."""
        self._proxy.stop()

    def struck(
        self,
        point: Point,
        state: State,
        news: Mapping[str, Any],
        weights_of: Callable[[list[Mapping[str, Any]]], dict[str, int]],
    ) -> Outcome:
        """Run it, with what is wrong; afterwards nothing is wrong any more."""
        clock, lane, outcome = fresh_clock(), self._lanes[point.attempts], Outcome(state)
        stack = Stack(point.adapter, clock, state)
        fault = Fault(point.way, point.number, point.lasting)  # type: ignore[arg-type]
        self._proxy.reset()
        self._proxy.fault = fault
        sent = 0

        def sending(_: str) -> bool:
            nonlocal sent
            sent += 1
            hangs = fault.way == "timeout" and fault.strikes(sent)
            if hangs:
                clock.sleep(REAL_PATIENCE_SECONDS * REAL_ATTEMPTS / point.attempts)
            return hangs

        def note(_: str, parameters: dict[str, Any]) -> None:
            if "Actions" in parameters:
                outcome.written.append(weights_of(parameters["Actions"]))

        try:
            with lane.used():
                lane.sending, lane.parameters = sending, note
                stack.update(news)
                outcome.succeeded = True
        except BluegreenError as error:
            outcome.error = f"{type(error).__name__}: {error}"
            if isinstance(error, SwapFailed) and not isinstance(error, RestoreFailed):
                outcome.claim = {color: percent for color, percent in error.weights.as_dict().items() if percent}
        except Exception as error:  # noqa: BLE001 - that it is another one is the finding
            outcome.wrong_error = f"{type(error).__name__}: {error}"
        outcome.state = stack.state or state
        calls = list(self._proxy.calls)
        self._proxy.reset()
        if calls[point.number - 1 : point.number] != [point.call]:
            raise Missed(f"{point}: the calls were {calls}")
        return outcome


def _settings(attempts: int) -> Config:
    return Config(retries={"mode": "standard", "total_max_attempts": attempts})
