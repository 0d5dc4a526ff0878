"""Ends of a swap that need somebody else, or a second fault, at one certain moment."""

from __future__ import annotations

import pytest

from bluegreen.memory.capacity import MemoryCapacity
from bluegreen.memory.router import WORLDS, MemoryRouter, world
from bluegreen.rollout.errors import LeaseLost, PlatformError, SwapFailed, TrafficMoved
from bluegreen.rollout.model import Decision, Kind, Plan, Readiness, Step, Weights
from bluegreen.rollout.restoring import Restoring
from tests.rollout.test_runner import Bench, ScriptedGate

BLUE, GREEN, MIX = Weights.all_on("blue"), Weights.all_on("green"), Weights(50, 50)


@pytest.fixture
def here():
    WORLDS.pop("runner", None)
    made = world("runner")
    made.weights = BLUE
    made.desired = {"blue": 3, "green": 0}
    return made


class Meanwhile(ScriptedGate):
    """Something happens while it is evaluated."""

    def __init__(self, does, *answers):
        super().__init__(*answers)
        self.does = does

    def evaluate(self, context):
        self.does()
        return super().evaluate(context)


class Raced(MemoryRouter):
    """Somebody is faster at its first write."""

    __slots__ = ()

    def write(self, weights):
        if weights != BLUE:
            world(self.name).weights = MIX
            raise TrafficMoved("Write", self.name, BLUE, MIX)
        MemoryRouter.write(self, weights)


class Pair(Raced):
    """The same of several, of which others may have been written."""

    __slots__ = ()
    names = ("first", "second")


def test_traffic_that_somebody_moved_at_the_first_write_stays_where_they_put_it(here):
    with pytest.raises(SwapFailed, match="somebody else moved them"):
        Bench(router=Raced("runner")).run()
    assert here.weights == MIX


def test_of_several_those_that_were_written_go_back(here):
    with pytest.raises(SwapFailed, match="restored and verified"):
        Bench(router=Pair("runner")).run()
    assert here.weights == BLUE


def test_a_heal_in_steps_looks_at_the_weights_alone(here):
    here.desired["green"] = 3
    Bench().run(kind=Kind.HEAL)
    assert here.moves == [Weights(90, 10), GREEN]


def test_a_live_color_that_never_stops_growing_is_not_waited_for(here, monkeypatch):
    bench = Bench(Meanwhile(lambda: bench.clock.sleep(1), Decision.PASS))
    prepare = MemoryCapacity.prepare

    def growing(self, color, size):
        prepare(self, color, size)
        here.desired["blue"] += 1

    monkeypatch.setattr(MemoryCapacity, "prepare", growing)
    bench.run(steps=((100, 0),))
    assert here.weights == GREEN
    assert here.calls.count("capacity.read") < 10


def test_a_new_color_that_is_no_longer_ready_before_its_first_traffic_is_made_ready_again(here, monkeypatch):
    late = []

    def passes():
        bench.clock.sleep(1)
        late.append("asked")

    bench = Bench(Meanwhile(passes, Decision.PASS))
    ready = MemoryCapacity.ready

    def restarted(self, color):
        if late and late.pop():
            return Readiness(False, 2, 3, "a unit was restarted")
        return ready(self, color)

    monkeypatch.setattr(MemoryCapacity, "ready", restarted)
    bench.run(steps=((100, 0),))
    assert late == [], "it was asked once more"
    assert here.weights == GREEN


def first_start(bench):
    bench.runner.run(Plan(Kind.FIRST, "green", Weights(), (Step(100, 0),), 0, Weights(), analysis=False, goal=GREEN))


def test_a_first_start_that_is_refused_leaves_traffic_that_somebody_has_brought_meanwhile(here):
    here.weights = Weights()

    def somebody():
        here.weights = MIX

    with pytest.raises(SwapFailed, match="traffic was left where somebody else has moved it"):
        first_start(Bench(Meanwhile(somebody, Decision.FAIL)))
    assert here.weights == MIX


def test_a_first_start_that_is_refused_and_cannot_look_says_what_it_knows(here, monkeypatch):
    here.weights = Weights()

    def gone():
        def refused(_self):
            raise PlatformError("Read", "refused")

        monkeypatch.setattr(MemoryRouter, "read", refused)

    with pytest.raises(SwapFailed, match="traffic was not moved: blue 0 %, green 0 %"):
        first_start(Bench(Meanwhile(gone, Decision.FAIL)))


def test_a_lease_that_is_lost_while_a_retirement_is_stopped_ends_the_restore(here, monkeypatch):
    here.weights, here.desired = GREEN, {"blue": 3, "green": 3}

    def lost(_self, _color):
        raise LeaseLost("another swap took over: ada")

    def taken():
        monkeypatch.setattr(MemoryCapacity, "cancel_retirement", lost)

    with pytest.raises(LeaseLost):
        Bench(Meanwhile(taken, Decision.FAIL)).run(kind=Kind.RESUME, start=GREEN, steps=((100, 0),))
    assert here.weights == GREEN, "it is the other swap's to move"


def test_a_second_interruption_ends_a_restore(monkeypatch):
    def interrupted(*_args, **_more):
        raise KeyboardInterrupt

    monkeypatch.setattr(Restoring, "_after", interrupted)
    with pytest.raises(KeyboardInterrupt):
        Restoring.__new__(Restoring).after(None, "a gate", moved=True, aborted=False, interruption=KeyboardInterrupt())
