"""A sample of the strikes of `make matrix`; and that each kind of them would be found out without its guard."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bluegreen.platforms.routers import ROUTERS
from bluegreen.rollout.same_release import SameRelease
from dev.matrix.engine import ADAPTERS
from dev.matrix.somebody_else import acts, report
from dev.matrix.somebody_else.controls import CONTROLS, Controlled, controlled, nothing, without_a_look_at_the_lease
from dev.matrix.somebody_else.points import all_points
from dev.matrix.somebody_else.run import Struck, run
from dev.matrix.somebody_else.stages import OTHERS_SAMPLED, SAMPLED, STAGES
from dev.matrix.somebody_else.swaps import PROMOTION
from dev.matrix.somebody_else.trial import Trials


@pytest.mark.timeout(900)
def test_nothing_that_somebody_else_does_makes_a_swap_unsafe_or_keeps_the_next_update_from_converging():
    struck = run(stages=sorted(STAGES), most=SAMPLED, others=OTHERS_SAMPLED, workers=0)
    figures = report.figures(struck)
    assert (figures["world_unconverged"], figures["world_unsafe"]) == (0, 0), report.troubles(struck)
    assert {one.point.stage for one in struck.tried} == set(STAGES)
    assert {one.point.act for one in struck.tried} == set(acts.ACTS)


def test_every_kind_of_strike_has_a_control():
    assert set(CONTROLS) == set(acts.ACTS)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("act", CONTROLS, ids=lambda act: act.name)
def test_without_its_guard_a_strike_is_found_out(act):
    name, take_out = CONTROLS[act]
    assert controlled(act, name, take_out, first_alone=True).wrong, f"nothing was wrong without {take_out.__name__}"


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", ["ecs_native", "codedeploy", "argo_rollouts"])
def test_where_the_platform_shifts_a_lost_lease_is_found_out_too(name):
    assert controlled(acts.STANDS, name, without_a_look_at_the_lease, first_alone=True).wrong


def test_a_control_that_finds_nothing_is_told_and_fails():
    found = [Controlled(act.name, "memory", 0 if act is acts.MOVES else 3, 24) for act in acts.ACTS]
    assert report.without_effect(found) == [acts.MOVES.name]
    table = report.table(Struck(), found)
    assert table.count("| 3 of 24 (memory) |") == len(acts.ACTS) - 1
    assert "| 0 of 24 (memory) |" in table
    assert "without its guard" in table
    assert "without its guard" not in report.table(Struck())


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
