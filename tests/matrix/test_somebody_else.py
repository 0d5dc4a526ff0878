"""A sample of the strikes of `make matrix`; and that each kind of them would be found out without its guard."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bluegreen.aws.ecs.capacity import EcsCapacity
from bluegreen.aws.ecs.scalable import ScalableTargetApi
from bluegreen.aws.elb import elbv2
from bluegreen.aws.elb import owned_rule as elbv2_owned
from bluegreen.aws.gateways import api_gateway
from bluegreen.cloudfoundry.routes import strangers
from bluegreen.platforms.routers import ROUTERS
from bluegreen.rollout.model import Readiness
from bluegreen.rollout.runner import Runner
from bluegreen.rollout.same_release import SameRelease
from bluegreen.swap import lease
from bluegreen.swap.contract import SwapSpec
from bluegreen.swap.lease import Lease
from dev.matrix.engine import ADAPTERS
from dev.matrix.somebody_else import acts, report
from dev.matrix.somebody_else.points import all_points, sample
from dev.matrix.somebody_else.run import run
from dev.matrix.somebody_else.stages import OTHERS_SAMPLED, SAMPLED, STAGES
from dev.matrix.somebody_else.swaps import PROMOTION, ROLLBACK
from dev.matrix.somebody_else.trial import Trials


@pytest.mark.timeout(900)
def test_nothing_that_somebody_else_does_makes_a_swap_unsafe_or_keeps_the_next_update_from_converging():
    struck = run(stages=sorted(STAGES), most=SAMPLED, others=OTHERS_SAMPLED, workers=0)
    figures = report.figures(struck)
    assert (figures["world_unconverged"], figures["world_unsafe"]) == (0, 0), report.troubles(struck)
    assert {one.point.stage for one in struck.tried} == set(STAGES)
    assert {one.point.act for one in struck.tried} == set(acts.ACTS)


def nothing(*_, **__):
    """In the place of a guard."""


def without_looks(patched):
    patched.setattr(Runner, "_refuse_what_moved", nothing)
    patched.setattr(Runner, "_look_before_the_first_write", nothing)


def without_a_look_at_the_lease(patched):
    for name in ("fence", "check", "judge"):
        patched.setattr(Lease, name, nothing)


def without_either(patched):
    without_looks(patched)
    without_a_look_at_the_lease(patched)


def every_lease_is_dead(patched):
    patched.setattr(Lease, "_wait_for_the_end_of", lambda _, others: dict(others))


def anybody_may_abort(patched):
    patched.setattr(lease, "aborted_by", lambda marks, _: "somebody" if "abort" in marks else None)


def without_health(patched):
    checks = SwapSpec.build_checks
    patched.setattr(
        SwapSpec, "build_checks", lambda *given: [one for one in checks(*given) if one.gate.label == "slow"]
    )
    patched.setattr(Runner, "_catch_up", nothing)


def only_by_its_place(patched):
    patched.setattr(elbv2_owned.Search, "found", lambda search, rules, _: search.at_place(rules))


def only_the_forward(patched):
    patched.setattr(elbv2, "with_forward", lambda _, forward: [{"Type": "forward", "ForwardConfig": dict(forward)}])


def whoever_owns_it(patched):
    patched.setattr(api_gateway.Stage, "is_ours", lambda *_: True)


def retirements_stay(patched):
    patched.setattr(ScalableTargetApi, "unschedule", nothing)


def whatever_it_runs(patched):
    patched.setattr(EcsCapacity, "ready", lambda *_: Readiness(True, 1, 1))


def nothing_of_others_stays(patched):
    patched.setattr(strangers, "at_rest", lambda _: [])


CONTROLS = {
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
MOST = 24


def test_every_kind_of_strike_has_a_control():
    assert set(CONTROLS) == set(acts.ACTS)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("act", CONTROLS, ids=lambda act: act.name)
def test_without_its_guard_a_strike_is_found_out(monkeypatch, act):
    name, take_out = CONTROLS[act]
    assert is_found_out(monkeypatch, name, act, take_out), f"nothing was wrong without {take_out.__name__}"


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", ["ecs_native", "codedeploy", "argo_rollouts"])
def test_where_the_platform_shifts_a_lost_lease_is_found_out_too(monkeypatch, name):
    assert is_found_out(monkeypatch, name, acts.STANDS, without_a_look_at_the_lease)


def is_found_out(monkeypatch, name, act, take_out):
    stage = STAGES[name]()
    with Trials.on(stage) as trials:
        calls = {operation: trials.calls_of(operation) for operation in (PROMOTION, ROLLBACK)}
        points = [point for point in all_points(stage, calls) if point.act is act]
        take_out(monkeypatch)
        wrong = any(
            kind in ("unsafe", "unconverged")
            for point in sample(points, MOST)
            for kind, _ in trials.try_point(point).troubles
        )
        monkeypatch.undo()
    return wrong


def test_every_router_is_struck():
    assert {name.partition(",")[0].split(" with ")[0] for name in STAGES} == set(ROUTERS.entries)


LOOKS = {
    "memory": ("capacity.release", 0),
    "alb with ecs": ("ecs:DescribeServices", 1),
    "alb with asg": ("autoscaling:DescribeAutoScalingGroups", 1),
    "gateway_http_route with kubernetes": ("get deployments/web-green", 0),
}
"""The call that tells which release the new color runs, and how many of that name come after the last step."""


def deployed_before_the_last_step(name, trials, adapters):
    """Another release comes into the new color at the end of the hold, after the last answer of its gates."""
    look, later = LOOKS[name]
    calls = trials.calls_of(PROMOTION)
    number = [at for at, call in enumerate(calls, 1) if call == look][-1 - later]
    points = [one for one in all_points(STAGES[name](), {PROMOTION: calls}) if one.act is acts.DEPLOYS]
    near = [one for one in points if number - 4 < one.number < number]
    assert near
    tried = [trials.try_point(replace(one, adapter=adapter)) for one in near for adapter in adapters]
    return [one for one in tried if any(kind in ("unsafe", "unconverged") for kind, _ in one.troubles)]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", LOOKS)
def test_another_release_at_the_end_of_a_hold_gets_no_more_traffic(name):
    with Trials.on(STAGES[name]()) as trials:
        assert deployed_before_the_last_step(name, trials, ADAPTERS) == []


def test_without_a_look_before_the_step_it_would(monkeypatch):
    name = "gateway_http_route with kubernetes"
    with Trials.on(STAGES[name]()) as trials:
        monkeypatch.setattr(SameRelease, "look", nothing)
        monkeypatch.setitem(LOOKS, name, ("patch httproutes/web", 2))
        assert deployed_before_the_last_step(name, trials, ADAPTERS)
        monkeypatch.undo()
