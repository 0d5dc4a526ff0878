"""Two swaps of the same two routers, each with another order of them, every interleaving with one switch."""

from __future__ import annotations

import pytest

from bluegreen.rollout.model import Weights
from bluegreen.swap import holders
from bluegreen.swap.lease import leases_in
from tests.swap.members.bench import Several, sections
from tests.swap.must_not_happen.situations import AT_ONCE
from tests.swap.two_at_once.test_two_at_once import IN_STEPS, Situation, held_to_the_promises, promotion, settles
from tests.swap.two_at_once.turns import Actor, Turns

pytestmark = pytest.mark.sweep


class OfTwo(Situation):
    """The second one has the members the other way round."""

    def __init__(self, wants, **more):
        super().__init__([], started=False, **AT_ONCE)
        self.swap = Several("first", "second", **more)
        self.swap.here.desired.update(blue=3, green=3)
        self.olds = self.swap.outputs
        self.actors = [Actor(f"swap {number}", self._work(want)) for number, want in enumerate(wants, 1)]


def turned(service, swap, olds):
    """The same promotion with the members in another order."""
    return service.update(olds, {**swap.inputs("green"), "routers": sections("second", "first")})


@pytest.fixture(autouse=True)
def on_two_machines(monkeypatch):
    monkeypatch.setattr(holders, "ended_here", lambda *_: False)


@pytest.mark.parametrize("steps", [AT_ONCE, IN_STEPS], ids=["at once", "in steps"])
def test_never_two_write_at_once_and_both_members_are_the_same_in_the_end(steps):
    def situation():
        return OfTwo([promotion, turned], **steps)

    first = situation()
    calls = Turns(first.swap.here, first.actors).run().calls + 8
    for switch in range(1, calls + 1):
        made = situation()
        turns = Turns(made.swap.here, made.actors, (switch,)).run()
        held_to_the_promises(made, turns, (switch,))
        settles(made)
        assert [here.weights for here in made.swap.worlds] == [Weights.all_on("blue")] * 2, switch
        assert not any(leases_in(here.marks) for here in made.swap.worlds), switch
