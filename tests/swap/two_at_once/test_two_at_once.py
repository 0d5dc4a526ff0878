"""The real service in memory, two swaps of one object, every interleaving: never two that write at once.

``make test`` tries each interleaving with one switch, and a fixed sample of those with two and three;
``make interleavings``, or ``BLUEGREEN_INTERLEAVINGS=all``, tries all of them.
"""

from __future__ import annotations

import os
import random

import pytest

from bluegreen.rollout.clock import FakeClock
from bluegreen.rollout.errors import BluegreenError, LeaseHeld, LeaseLost, SwapAborted
from bluegreen.rollout.model import COLORS, Weights
from bluegreen.swap import holders
from bluegreen.swap.lease import ABORT, leases_in
from bluegreen.swap.service import SwapService
from tests.amounts import examples, stride
from tests.swap.bench import Swap
from tests.swap.must_not_happen.situations import AT_ONCE
from tests.swap.two_at_once.every import SWITCHES, end_of, explore
from tests.swap.two_at_once.turns import Actor, Turns

pytestmark = pytest.mark.sweep

ALL = os.environ.get("BLUEGREEN_INTERLEAVINGS") == "all"
SAMPLE, PARTS = examples(120), 4
IN_STEPS = {"strategy": {"steps": [{"weight_percent": 10, "hold_seconds": 2}]}, "bake_seconds": 0}


@pytest.fixture(autouse=True)
def on_two_machines(monkeypatch):
    """Neither knows more of the other one than its lease says; and no test runs what it does not play."""
    monkeypatch.setattr(holders, "ended_here", lambda *_: False)


class Situation:
    """A world, and two who want something of it. Made anew for each interleaving."""

    def __init__(self, wants, started=True, **more):
        self.swap = Swap("two", started=started, **more)
        self.swap.here.desired = {"blue": 3, "green": 3}
        self.olds = self.swap.outputs
        self.actors = [Actor(f"{name} {number}", self._work(want)) for number, (name, want) in enumerate(wants, 1)]

    def _work(self, want):
        service = SwapService(clock=self.swap.clock)
        return lambda: want(service, self.swap, self.olds)


def promotion(service, swap, olds):
    return service.update(olds, swap.inputs("green"))


def set_back(service, swap, olds):
    """The config reverted, with something to write wherever traffic is."""
    router = {**swap.inputs("blue")["router"], "note": "another"}
    return service.update(olds, swap.inputs("blue", router=router))


def removal(service, swap, olds):
    service.delete(olds)


def first_start(color):
    return lambda service, swap, olds: service.create(swap.inputs(color))[1]


SITUATIONS = {
    "two promotions": lambda: Situation([("promotion", promotion)] * 2, **AT_ONCE),
    "two promotions in steps": lambda: Situation([("promotion", promotion)] * 2, **IN_STEPS),
    "a promotion and its set-back": lambda: Situation([("promotion", promotion), ("set-back", set_back)], **AT_ONCE),
    "a promotion in steps and its set-back": lambda: Situation(
        [("promotion", promotion), ("set-back", set_back)], **IN_STEPS
    ),
    "a set-back and a promotion": lambda: Situation([("set-back", set_back), ("promotion", promotion)], **AT_ONCE),
    "a promotion and a removal": lambda: Situation([("promotion", promotion), ("removal", removal)], **AT_ONCE),
    "a removal and a promotion": lambda: Situation([("removal", removal), ("promotion", promotion)], **AT_ONCE),
    "two first starts": lambda: Situation(
        [("first start", first_start("blue")), ("first start", first_start("green"))], started=False, **AT_ONCE
    ),
}


def sample(situation):
    """Which calls the turn changes before: all with one change, more of them as a fixed sample."""
    calls = Turns(*_world(situation())).run().calls + 8  # whoever waits for the other one's end makes some more
    found = [(), *((call,) for call in range(1, calls + 1, stride(3)))]
    for switches in range(2, SWITCHES + 1):
        chance = random.Random(f"{calls} {switches}")
        found += [tuple(sorted(chance.sample(range(1, calls + 1), switches))) for _ in range(SAMPLE)]
    return found


def _world(situation):
    return situation.swap.here, situation.actors


def held_to_the_promises(situation, turns, switches):
    here, said = situation.swap.here, f"switches before {switches}"
    assert turns.wrong == [], said
    for actor in turns.actors:
        if actor.error is not None:
            assert isinstance(actor.error, BluegreenError), (said, actor.error)
            if isinstance(actor.error, (LeaseHeld, LeaseLost)):
                assert "another" in str(actor.error) or "held by" in str(actor.error), said
    serving = [color for color in COLORS if here.weights.of(color)]
    assert all(here.desired[color] and color not in here.retiring for color in serving), (said, here)


def settles(situation, color="blue"):
    """Whatever the two did, the next update puts everything right."""
    swap = situation.swap
    swap.clock.sleep(700)
    swap.up(color)
    assert swap.here.weights == Weights.all_on(color)
    assert not leases_in(swap.here.marks)
    assert not swap.here.held
    assert not swap.preview(color)


@pytest.mark.parametrize("name", SITUATIONS)
def test_never_two_write_at_once_whenever_the_turn_changes(name):
    for switches in sample(SITUATIONS[name]):
        situation = SITUATIONS[name]()
        turns = Turns(*_world(situation), switches).run()
        held_to_the_promises(situation, turns, switches)
        if len(switches) < SWITCHES:
            settles(situation)


def explored(name, part=0, parts=1):
    """Every interleaving of a situation, or a part of them, held to the promises; how many there were."""
    ends = set()

    def judge(situation, turns, switches):
        held_to_the_promises(situation, turns, switches)
        end = end_of(situation)
        if end not in ends:
            ends.add(end)
            try:
                settles(situation)
            except AssertionError as error:
                raise AssertionError(f"{name} does not settle, with switches before {switches}") from error

    return explore(SITUATIONS[name], judge, part, parts)


@pytest.mark.skipif(not ALL, reason="minutes: `make interleavings`, or BLUEGREEN_INTERLEAVINGS=all")
@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("name", SITUATIONS)
def test_never_two_write_at_once_in_any_interleaving(name, part):
    assert explored(name, part, PARTS)


def test_each_interleaving_is_tried_once_and_none_that_does_not_happen():
    tried = []
    explore(SITUATIONS["two first starts"], lambda _situation, turns, switches: tried.append((turns, switches)), 1, 12)
    assert len({switches for _, switches in tried}) == len(tried)
    for turns, switches in tried:
        assert set(switches) <= set(turns.chances), "each change of turns took place"
    assert {len(switches) for _, switches in tried} == {1, 2, SWITCHES}


@pytest.mark.parametrize("name", [name for name in SITUATIONS if "first" not in name and "removal" not in name])
def test_an_abort_beside_two_swaps_stops_the_one_that_runs(name):
    aborted = 0
    for at in range(1, Turns(*_world(SITUATIONS[name]())).run().calls + 1, stride(3)):
        for switch in (at + 1, at + 6):
            situation = SITUATIONS[name]()
            here = situation.swap.here

            def abort(number, here=here, at=at):
                if number == at:
                    for running in leases_in(here.marks):
                        here.marks[ABORT] = f"{running} ops@desk"

            turns = Turns(*_world(situation), (switch,), abort).run()
            held_to_the_promises(situation, turns, (at, switch))
            settles(situation)
            aborted += any(isinstance(actor.error, SwapAborted) for actor in turns.actors)
    assert aborted or "steps" not in name


@pytest.mark.parametrize("name", [name for name in SITUATIONS if "first" not in name and "removal" not in name])
def test_a_request_in_flight_is_what_no_look_can_close_and_the_next_update_puts_it_right(name):
    late = 0
    for switch in range(1, Turns(*_world(SITUATIONS[name]()), in_flight=True).run().calls + 1, stride(3)):
        situation = SITUATIONS[name]()
        turns = Turns(*_world(situation), (switch,), in_flight=True).run()
        late += bool(turns.wrong)
        assert all("its lease is gone" in wrong or "held the lease" in wrong for wrong in turns.wrong), turns.wrong
        assert len(turns.wrong) <= 2, "the one that was under way, and none after it"
        situation.swap.up("blue", **AT_ONCE)
        situation.swap.up("green", **AT_ONCE)  # an autoscaling that was suspended late works again with the next swap
        settles(situation)
    assert late, "the test would see it"


def test_time_is_the_same_for_both():
    assert isinstance(SITUATIONS["two promotions"]().swap.clock, FakeClock)


def test_a_first_start_that_comes_second_lets_nothing_go_that_is_the_other_ones():
    """The first one's lease comes right after the second one has made the object, which steps back then."""
    name = "two first starts"
    for calls in range(3, 24):
        situation = SITUATIONS[name]()
        switches = (2, calls, calls + 1)
        turns = Turns(*_world(situation), switches).run()
        held_to_the_promises(situation, turns, switches)
