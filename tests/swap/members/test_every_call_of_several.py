"""Every call at one of several routers fails in every way: no member is left with another color than the others.

As ``tests/swap/test_interruptions.py`` does it for one router, with every strike at the second of two, and of three.
"""

from __future__ import annotations

import copy
import functools
import itertools

import pytest

from bluegreen.memory.router import WORLDS, MemoryRouter
from bluegreen.rollout.clock import FakeClock
from bluegreen.rollout.errors import BluegreenError
from bluegreen.rollout.model import Weights
from bluegreen.swap.lease import leases_in
from dev.matrix.engine import Stack
from tests.amounts import every_call
from tests.swap.members.bench import NAMES, Several, sections
from tests.swap.test_interruptions import WAYS, Fault, Killed, in_turn

pytestmark = pytest.mark.sweep

CALLS = ("read", "marks", "mark", "write", "verify", "health", "create")
QUICK = {
    "strategy": {"name": "steps", "steps": [{"weight_percent": 10, "hold_seconds": 5}]},
    "bake_seconds": 5,
    "steady_state_timeout_seconds": 10,
}
KILLED = ("killed before", "killed after")


@functools.cache
def before(operation, names, adapter):
    """The worlds and the state before an operation, and the inputs that are wanted next."""
    swap = Several(*names, adapter=adapter, started=operation != "first start", **QUICK)
    wanted = swap.inputs("blue" if operation in ("first start", "rollback") else "green")
    if operation == "rollback":
        swap.up("green")
    if operation == "addition":
        wanted = swap.inputs("blue", routers=sections("third", *names))
    return {name: WORLDS[name] for name in NAMES}, swap.state, wanted


def prepared(operation, names, adapter):
    worlds, state, wanted = before(operation, names, adapter)
    WORLDS.update(copy.deepcopy(worlds))
    return Stack(adapter, FakeClock(2_000), state), wanted


def struck(monkeypatch, fault, name):
    """The fault is in the calls of this world alone."""
    for method in CALLS:
        original = getattr(MemoryRouter, method)
        faulty = fault.wrap(original)

        def call(router, *arguments, original=original, faulty=faulty):
            return (faulty if router.name == name else original)(router, *arguments)

        monkeypatch.setattr(MemoryRouter, method, call)


TWO, THREE = ("first", "second"), ("third", "second", "first")
CASES = [
    *itertools.product((TWO, THREE), ("promotion", "rollback"), (False, True)),
    *itertools.product((TWO, THREE), ("first start",), (False,)),  # there is nothing to revert to
    (TWO, "addition", False),
]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("names", "operation", "reverted"), CASES, ids=str)
def test_whatever_strikes_the_second_nothing_is_lost_and_the_next_update_puts_all_right(
    monkeypatch, names, operation, way, reverted
):
    error, after, lasting = WAYS[way]
    for at in every_call(2 * list(WAYS).index(way) + reverted):
        stack, wanted = prepared(operation, names, in_turn(at + reverted))
        there = stack.state.outputs["live_color"] if stack.state is not None else None
        struck_one = "third" if operation == "addition" else "second"
        fault, succeeded = Fault(error, at, after, lasting), False
        with monkeypatch.context() as patched:
            struck(patched, fault, struck_one)
            try:
                stack.up(wanted)
                succeeded = True
            except (Killed, BluegreenError):
                pass
        worlds = [WORLDS[section["name"]] for section in wanted["routers"]]
        where = f"{operation}, call {at}, {way}, {in_turn(at + reverted)}"
        for here in worlds if there else []:
            colors = [color for color in ("blue", "green") if here.weights.of(color)]
            assert all(here.desired[color] for color in colors), where
            assert here.weights.elsewhere == 0 or here is WORLDS["third"], where
        if succeeded:
            assert {here.weights for here in worlds} == {Weights.all_on(wanted["active_color"])}, where
        elif not lasting and way not in KILLED and operation != "addition":
            left = Weights() if there is None else Weights.all_on(there)
            assert {here.weights for here in worlds} == {left}, f"not restored: {where}"
        elif lasting and there and operation != "addition":
            well = [here for here in worlds if here is not WORLDS["second"]]
            assert {here.weights for here in well} == {Weights.all_on(there)}, f"kept from going back: {where}"
        goal = {**wanted, "active_color": there} if reverted else wanted
        stack.up(goal)
        assert {here.weights for here in worlds} == {Weights.all_on(goal["active_color"])}, where
        assert stack.state.outputs["live_color"] == goal["active_color"], where
        assert not any(leases_in(here.marks) for here in worlds), f"a lease is left: {where}"
        assert not stack.preview(goal), f"it does not settle: {where}"
        if fault.calls < at:
            assert at > 4, "the operation has many calls to fail"
            return
