"""The controls: with the guard against an act taken out, the same strikes are found to be unsafe or not to converge.

A column that is 0 without its guard, too, would prove nothing.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any
from unittest import mock

from bluegreen.aws.ecs.capacity import EcsCapacity
from bluegreen.aws.ecs.scalable import ScalableTargetApi
from bluegreen.aws.elb import elbv2
from bluegreen.aws.elb import owned_rule as elbv2_owned
from bluegreen.aws.gateways import api_gateway
from bluegreen.cloudfoundry.routes import strangers
from bluegreen.rollout.model import Readiness
from bluegreen.rollout.runner import Runner
from bluegreen.swap import lease
from bluegreen.swap.contract import SwapSpec
from bluegreen.swap.lease import Lease
from dev.matrix.lanes import without_backoff
from dev.matrix.somebody_else import acts
from dev.matrix.somebody_else.acts import ACTS, Act
from dev.matrix.somebody_else.points import all_points, sample
from dev.matrix.somebody_else.stages import STAGES
from dev.matrix.somebody_else.swaps import PROMOTION, ROLLBACK
from dev.matrix.somebody_else.trial import Trials, Tried
from localcloud.progress import Progress, Silent

MOST = 24
"""How many points of an act are tried without its guard."""

TakeOut = Callable[[ExitStack], None]
"""Takes a guard out until the stack is closed."""


@dataclass(frozen=True, slots=True)
class Controlled:
    """The outcome of one control.

    Attributes:
        act: the act's name.
        stage: where it was tried.
        wrong: how many of the points were unsafe or did not converge.
        points: how many were tried.
    """

    act: str
    stage: str
    wrong: int
    points: int

    def __str__(self) -> str:
        return f"{self.wrong} of {self.points} ({self.stage})"


def nothing(*_: Any, **__: Any) -> None:
    """In the place of a guard."""


def instead(patched: ExitStack, owner: object, name: str, by: object = nothing) -> None:
    """Put something else in the place of a guard.

    Args:
        patched: until when.
        owner: the class or module that has it.
        name: its name there.
        by: what is there meanwhile.
    """
    patched.enter_context(mock.patch.object(owner, name, by))


def without_looks(patched: ExitStack) -> None:
    """No look before a write."""
    instead(patched, Runner, "_refuse_what_moved")
    instead(patched, Runner, "_look_before_the_first_write")


def without_a_look_at_the_lease(patched: ExitStack) -> None:
    """Nobody sees that a lease is lost."""
    for name in ("fence", "check", "judge"):
        instead(patched, Lease, name)


def without_either(patched: ExitStack) -> None:
    """Neither of the two."""
    without_looks(patched)
    without_a_look_at_the_lease(patched)


def every_lease_is_dead(patched: ExitStack) -> None:
    """Another one's lease is not waited for."""
    instead(patched, Lease, "_wait_for_the_end_of", lambda _, others: dict(others))


def anybody_may_abort(patched: ExitStack) -> None:
    """An abort counts whoever has written it."""
    instead(patched, lease, "aborted_by", lambda marks, _: "somebody" if "abort" in marks else None)


def without_health(patched: ExitStack) -> None:
    """Nobody asks whether a color's targets are healthy."""
    checks = SwapSpec.build_checks
    instead(
        patched,
        SwapSpec,
        "build_checks",
        lambda *given: [one for one in checks(*given) if one.gate.label == "slow"],
    )
    instead(patched, Runner, "_catch_up")


def only_by_its_place(patched: ExitStack) -> None:
    """A rule that has moved is not looked for."""
    instead(patched, elbv2_owned.Search, "found", lambda search, rules, _: search.at_place(rules))


def only_the_forward(patched: ExitStack) -> None:
    """The actions that others have added to a rule are not sent back."""
    instead(patched, elbv2, "with_forward", lambda _, forward: [{"Type": "forward", "ForwardConfig": dict(forward)}])


def whoever_owns_it(patched: ExitStack) -> None:
    """The owner is not requested."""
    instead(patched, api_gateway.Stage, "is_ours", lambda *_: True)


def retirements_stay(patched: ExitStack) -> None:
    """A retirement that was handed over is not taken back."""
    instead(patched, ScalableTargetApi, "unschedule")


def whatever_it_runs(patched: ExitStack) -> None:
    """Nobody asks which release a color runs."""
    instead(patched, EcsCapacity, "ready", lambda *_: Readiness(True, 1, 1))


def nothing_of_others_stays(patched: ExitStack) -> None:
    """The destinations of others that have no requests are not sent back."""
    instead(patched, strangers, "staying", lambda *_: [])


CONTROLS: Mapping[Act, tuple[str, TakeOut]] = {
    acts.MOVES: ("memory", without_looks),
    acts.HALVES: ("alb", without_looks),
    acts.RELOCATES: ("alb", only_by_its_place),
    acts.ADDS: ("alb", only_the_forward),
    acts.UNMARKS: ("memory", without_a_look_at_the_lease),
    acts.LEASE: ("memory", every_lease_is_dead),
    acts.FORGES: ("memory", anybody_may_abort),
    acts.TAKES: ("http_api_stage", whoever_owns_it),
    acts.DELETES: ("alb", without_either),
    acts.SCALES: ("memory", without_health),
    acts.RESETS: ("alb with ecs", retirements_stay),
    acts.DEPLOYS: ("alb with ecs", whatever_it_runs),
    acts.RIVAL: ("memory", without_a_look_at_the_lease),
    acts.RIVAL_GOES_ON: ("memory", without_a_look_at_the_lease),
    acts.STANDS: ("memory", without_a_look_at_the_lease),
    acts.JOINS: ("cloudfoundry", nothing_of_others_stays),
}
"""Of each act: where its guard is taken out, and which one that is."""


def controlled(act: Act, stage: str, take_out: TakeOut, *, first_alone: bool = False) -> Controlled:
    """Try an act's points in promotions and rollbacks without its guard.

    Args:
        act: what somebody does.
        stage: where.
        take_out: takes the guard out.
        first_alone: whether one point that is wrong is enough.
    """
    found = STAGES[stage]()
    with Trials.on(found) as trials, ExitStack() as patched:
        calls = {operation: trials.calls_of(operation) for operation in (PROMOTION, ROLLBACK)}
        points = [point for point in all_points(found, calls) if point.act is act]
        take_out(patched)
        wrong = tried = 0
        for point in sample(points, MOST):
            wrong, tried = wrong + _is_wrong(trials.try_point(point)), tried + 1
            if wrong and first_alone:
                break
    return Controlled(act.name, stage, wrong, tried)


def run(progress: Progress | None = None, workers: int = 2) -> list[Controlled]:
    """Every control, in the order of the acts.

    Args:
        progress: shows how far it is.
        workers: how many processes.
    """
    found: list[Controlled] = []
    with (
        (progress or Silent()).step("The same without its guard") as note,
        multiprocessing.get_context("spawn").Pool(workers) as pool,
    ):
        for one in pool.imap(_controlled, range(len(ACTS))):
            found.append(one)
            note(f"{len(found)} of {len(ACTS)} acts")
    return found


def _controlled(number: int) -> Controlled:
    without_backoff()
    act = ACTS[number]
    return controlled(act, *CONTROLS[act])


def _is_wrong(tried: Tried) -> bool:
    return any(kind in ("unsafe", "unconverged") for kind, _ in tried.troubles)
