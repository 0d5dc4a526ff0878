"""The acts of somebody else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from unittest import mock

from bluegreen.rollout.clock import FakeClock
from bluegreen.rollout.errors import BluegreenError
from bluegreen.swap import holders
from dev.matrix.engine import DYNAMIC, Stack, State
from dev.matrix.somebody_else.stage import Stage
from dev.matrix.somebody_else.swaps import Operation, inputs
from dev.matrix.somebody_else.tape import Tape

LONG_SECONDS = 700.0
"""Longer than any lease lasts."""
ELSEWHERE = "2026-11-21T11:00:00Z deploy@runner-7 pid 12 on 00000000 promotion to green"
"""The lease of a swap on another machine."""
FORGED = "0000beef"
_RIVALS_CALLS = 14


class Killed(BaseException):
    """A process ends: nothing that comes after it in the code counts."""


@dataclass(slots=True)
class Scene:
    """In which an act takes place.

    Attributes:
        stage: where.
        operation: what runs.
        turn: a number that differs from point to point: acts have two ways.
        state: what the engine kept before the operation.
        clock: time.
        heard: lets another tape hear the calls for a while: ``heard(tape)`` returns the former one.
        rival: what a second swap has left; ``None`` where there was none.
    """

    stage: Stage
    operation: Operation
    turn: int
    state: State | None
    clock: FakeClock
    heard: Callable[[Tape], Tape]
    rival: State | None = None

    @property
    def target(self) -> str:
        """The color that is to get traffic."""
        return self.operation.active

    @property
    def old(self) -> str:
        """The other one."""
        return "blue" if self.target == "green" else "green"

    @property
    def one_or_other(self) -> str:
        """The target or the other color, in turns."""
        return (self.target, self.old)[self.turn % 2]


def _moves_weights(scene: Scene) -> None:
    if scene.stage.look().served:
        scene.stage.move({scene.one_or_other: 100})


def _halves(scene: Scene) -> None:
    if scene.stage.look().served:
        scene.stage.move({"blue": 50, "green": 50})


def _unmarks(scene: Scene) -> None:
    scene.stage.mark(dict.fromkeys(scene.stage.look().marks))


def _forges_a_lease(scene: Scene) -> None:
    scene.stage.mark({f"lease.{FORGED}": ELSEWHERE})


def _forges(scene: Scene) -> None:
    if scene.turn % 2:
        scene.stage.mark({"incarnation": "00c0ffee", "abort": "00000000 somebody"})
    else:
        scene.stage.mark({"verdict": "no verdict at all", "outcome.x": "promoted purple", "abort": "now"})


def _hand(name: str) -> Callable[[Scene], None]:
    return lambda scene: scene.stage.act(name, scene.one_or_other)


def _scales(scene: Scene) -> None:
    scene.stage.scale(scene.one_or_other, 0)


def _second_swap(scene: Scene) -> None:
    _rival(scene, 0)


def _second_swap_goes_on(scene: Scene) -> None:
    _rival(scene, _RIVALS_CALLS + scene.turn % 5)


def _rival(scene: Scene, calls: int) -> None:
    """Another copy of the project: it waits until this one's lease is over, and takes over.

    Args:
        scene: where.
        calls: after how many it is seen for the last time; 0 is at its end.
    """

    def ends() -> None:
        raise Killed

    tape = Tape(scene.clock, scene.stage.look, number=calls, act=ends)
    former = scene.heard(tape)
    stack = Stack(DYNAMIC, scene.clock, scene.state)
    try:
        # On another machine: nobody there knows that this process is alive.
        elsewhere = mock.Mock(return_value="00000001")
        with mock.patch.object(holders, "here", elsewhere):
            stack.up(inputs(scene.stage, scene.one_or_other))
    except (BluegreenError, Killed):
        pass  # refused, or still running
    finally:
        scene.heard(former)
    scene.rival = stack.state


def _stands_still(scene: Scene) -> None:
    scene.clock.sleep(LONG_SECONDS)


@dataclass(frozen=True, slots=True)
class Act:
    """One kind of what somebody does.

    Attributes:
        name: as the table says it.
        do: does it.
        hand: what a stage must be able to do for it; empty is nothing special.
        splits: whether the stage must be able to split traffic.
    """

    name: str
    do: Callable[[Scene], None]
    hand: str = ""
    splits: bool = False

    def __reduce__(self) -> tuple[object, ...]:
        return _named, (self.name,)  # it goes from process to process by its name

    def possible(self, stage: Stage) -> bool:
        """Whether it can be done there."""
        return (not self.hand or self.hand in stage.hands) and (stage.splits or not self.splits)


MOVES = Act("moves all traffic", _moves_weights)
HALVES = Act("halves the traffic", _halves, splits=True)
RELOCATES = Act("moves the object", _hand("moves"), "moves")
ADDS = Act("adds to the object", _hand("adds"), "adds")
UNMARKS = Act("removes the marks", _unmarks)
LEASE = Act("forges a lease", _forges_a_lease)
FORGES = Act("forges other marks", _forges)
TAKES = Act("makes it somebody else's", _hand("takes"), "takes")
DELETES = Act("deletes the object", _hand("deletes"), "deletes")
SCALES = Act("scales a color to 0", _scales, "scales")
RESETS = Act("resets suspensions and tags", _hand("resets"), "resets")
DEPLOYS = Act("deploys another release", _hand("deploys"), "deploys")
RIVAL = Act("runs a second swap", _second_swap)
RIVAL_GOES_ON = Act("runs a second swap that continues", _second_swap_goes_on)
STANDS = Act("stops the process for longer than a lease", _stands_still)
JOINS = Act("adds a backend", _hand("joins"), "joins")
ACTS = (
    MOVES,
    HALVES,
    RELOCATES,
    ADDS,
    UNMARKS,
    LEASE,
    FORGES,
    TAKES,
    DELETES,
    SCALES,
    RESETS,
    DEPLOYS,
    RIVAL,
    RIVAL_GOES_ON,
    STANDS,
    JOINS,
)


def _named(name: str) -> Act:
    return next(act for act in ACTS if act.name == name)
