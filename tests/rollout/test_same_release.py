"""Only a proved release gets the traffic: another one that comes into the new color meanwhile stops the swap."""

from __future__ import annotations

import pytest

from bluegreen.memory.capacity import MemoryCapacity
from bluegreen.memory.router import WORLDS, world
from bluegreen.rollout.errors import SwapFailed
from bluegreen.rollout.model import Decision, Kind, Phase, Readiness, Verdict, Weights
from bluegreen.rollout.same_release import SameRelease
from bluegreen.rollout.stopping import Stopped
from tests.rollout.test_runner import Bench


@pytest.fixture
def here():
    WORLDS.pop("runner", None)
    made = world("runner")
    made.weights = Weights.all_on("blue")
    made.desired = {"blue": 3, "green": 3}
    made.runs = {"blue": "app:v1", "green": "app:v2"}
    return made


class Acting:
    """A gate that always says yes, and does something meanwhile."""

    label = "acting"
    needs_preview = False
    offline = False

    def __init__(self, act, *phases):
        self.act, self.phases = act, frozenset(phases)

    def evaluate(self, context):
        self.act()
        return Verdict(Decision.PASS)


@pytest.mark.parametrize(
    ("phase", "most"), [(Phase.BEFORE, 0), (Phase.HOLD, 10), (Phase.INCREASE, 0), (Phase.PROMOTE, 50)]
)
def test_another_release_gets_no_more_traffic_whatever_gate_it_comes_with(here, phase, most):
    def deploys():
        bench.clock.sleep(1)
        here.runs["green"] = "app:another"

    bench = Bench(Acting(deploys, phase))
    with pytest.raises(SwapFailed, match=r"green runs app:another instead of app:v2: another release") as failed:
        bench.run(steps=((10, 60), (50, 60), (100, 0)))
    assert here.weights == Weights.all_on("blue")
    assert max((weights.green for weights in here.moves), default=0) == most
    assert not failed.value.verdict, "an accident, which the next update tries again"


def test_a_color_that_grows_or_is_not_all_there_at_the_moment_is_the_same_release(here, monkeypatch):
    def grow():
        here.desired["green"] = 5
        monkeypatch.setattr(
            MemoryCapacity, "ready", lambda *_: Readiness(False, 3, 5, "3 of 5 run", release=here.runs["green"])
        )

    Bench(Acting(grow, Phase.HOLD)).run(steps=((10, 60), (50, 60), (100, 0)))
    assert here.weights == Weights.all_on("green")


def test_each_further_step_looks_once_and_the_first_one_goes_by_what_it_knows(here):
    Bench().run(steps=((10, 60), (50, 60), (100, 0)))
    assert here.calls.count("capacity.release") == 2
    here.calls.clear()
    here.weights = Weights.all_on("blue")
    Bench().run(steps=((100, 0),))
    assert here.calls.count("capacity.release") == 0


def test_the_release_is_looked_at_before_the_weights_so_that_who_moved_them_is_known_last(here):
    Bench().run(steps=((10, 60), (100, 0)))
    look = here.calls.index("capacity.release")
    assert here.calls[look + 1 : look + 3] == ["router.read", "router.write"]


def test_what_nobody_can_tell_is_not_asked(here, monkeypatch):
    here.runs.clear()
    Bench().run(steps=((10, 60), (100, 0)))
    assert "capacity.release" not in here.calls
    here.weights, here.runs = Weights.all_on("blue"), {"green": "app:v2"}
    monkeypatch.delattr(MemoryCapacity, "release")
    Bench().run(steps=((10, 60), (100, 0)))
    assert here.weights == Weights.all_on("green")


def test_the_way_back_is_not_held_up_by_what_runs_where_traffic_comes_from(here):
    Bench(Acting(lambda: here.runs.update({"blue": "app:another"}), Phase.BEFORE)).run(
        steps=((100, 0),), kind=Kind.ROLLBACK
    )
    assert here.weights == Weights.all_on("green")


def test_a_release_that_comes_while_the_color_is_prepared_is_the_one_that_is_asked_about():
    same = SameRelease("green", None)
    same.refuse_another("app:v1")
    same.is_ready_with("app:v2")
    same.is_ready_with("app:v2")
    same.refuse_another("")
    with pytest.raises(Stopped):
        same.is_ready_with("app:v3")
    same.look()
