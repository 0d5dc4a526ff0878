"""Every call of a promotion and of a rollback fails in every way, one after the other.

Killed before or after the call; refused or its reply lost, once or from then on. Whatever happened, one good color or a
mix of two serves production, a success is one, and the next update puts it right, with the config kept and reverted.
"""

from __future__ import annotations

import copy
import functools
from dataclasses import dataclass

import pytest

from bluegreen.memory.router import WORLDS, MemoryRouter, world
from bluegreen.rollout.clock import FakeClock
from bluegreen.rollout.errors import BluegreenError, PlatformError
from bluegreen.rollout.model import Weights
from bluegreen.swap.lease import leases_in
from dev.matrix.engine import ADAPTERS, Stack
from tests.amounts import every_call
from tests.swap.bench import METHODS, inputs

BLUE = inputs(
    "interrupted",
    strategy={"name": "steps", "steps": [{"weight_percent": 10, "hold_seconds": 5}]},
    bake_seconds=5,
    steady_state_timeout_seconds=10,
)
GREEN = {**BLUE, "active_color": "green"}


class Killed(BaseException):
    """As if the process ended."""


@dataclass
class Fault:
    """Raises ``error`` before or after the call number ``at``, and in each later one where it lasts."""

    error: BaseException
    at: int
    after: bool
    lasting: bool
    calls: int = 0

    def strikes(self) -> bool:
        self.calls += 1
        return self.calls == self.at or (self.lasting and self.calls > self.at)

    def wrap(self, method):
        @functools.wraps(method)
        def call(*arguments):
            strikes = self.strikes()
            if strikes and not self.after:
                raise self.error
            answer = method(*arguments)
            if strikes:
                raise self.error
            return answer

        return call


WAYS = {
    "killed before": (Killed(), False, False),
    "killed after": (Killed(), True, False),
    "refused once": (PlatformError("Call", "throttled"), False, False),
    "reply lost once": (PlatformError("Call", "time-out"), True, False),
    "refused from then on": (PlatformError("Call", "5xx"), False, True),
    "replies lost from then on": (PlatformError("Call", "time-out"), True, True),
}


@functools.cache
def before(operation, adapter):
    """The world and the state before an operation, and what is wanted next."""
    WORLDS.pop("interrupted", None)
    here = world("interrupted")
    here.desired = {"blue": 3, "green": 0}
    stack = Stack(adapter, FakeClock())
    stack.up(BLUE)
    if operation == "promotion":
        return here, stack.state, GREEN
    stack.up(GREEN)
    return here, stack.state, BLUE


def prepared(operation, adapter):
    """A world of its own, and the stack, before the operation, and what is wanted next."""
    here, state, wanted = before(operation, adapter)
    WORLDS["interrupted"] = copy.deepcopy(here)
    return WORLDS["interrupted"], Stack(adapter, FakeClock(2_000), state), wanted


def in_turn(number):
    """The adapters take turns from call to call; what differs between two tests is where they begin."""
    return ADAPTERS[number % 2]


@pytest.mark.parametrize("reverted", [False, True], ids=["kept", "reverted"])
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("operation", ["promotion", "rollback"])
def test_nothing_is_lost_and_the_next_update_puts_it_right(monkeypatch, operation, way, reverted):
    error, after, lasting = WAYS[way]
    for at in every_call(2 * list(WAYS).index(way) + reverted):
        here, stack, wanted = prepared(operation, in_turn(at + reverted))
        before = stack.state.outputs["live_color"]
        fault = Fault(error, at, after, lasting)
        succeeded = False
        with monkeypatch.context() as patched:
            for owner, name in METHODS:
                patched.setattr(owner, name, fault.wrap(getattr(owner, name)))
            try:
                stack.up(wanted)
                succeeded = True
            except (Killed, BluegreenError):
                pass
        where = f"{operation}, call {at}, {way}, {in_turn(at + reverted)}"
        assert here.weights.elsewhere == 0, where
        serving = [color for color in ("blue", "green") if here.weights.of(color)]
        assert all(here.desired[color] for color in serving), where
        if succeeded:
            assert here.weights == Weights.all_on(wanted["active_color"]), f"a success that is none: {where}"
        elif not lasting and error is not WAYS["killed before"][0] and error is not WAYS["killed after"][0]:
            assert here.weights == Weights.all_on(before), f"not restored: {where}"
        goal = {**wanted, "active_color": before} if reverted else wanted
        stack.up(goal)
        assert here.weights == Weights.all_on(goal["active_color"]), where
        assert stack.state.outputs["live_color"] == goal["active_color"], where
        assert not leases_in(here.marks), f"a lease is left: {where}"
        assert not here.held, f"autoscaling is still held: {where}"
        assert not stack.preview(goal), f"it does not settle: {where}"
        if fault.calls < at:
            assert at > 8, "the operation has many calls to fail"
            return


@pytest.mark.parametrize("way", [way for way in WAYS if not way.startswith("killed")])
def test_an_unready_color_gets_no_traffic_whatever_fails(monkeypatch, way):
    error, after, lasting = WAYS[way]
    for at in every_call(list(WAYS).index(way)):
        here, stack, wanted = prepared("promotion", in_turn(at + list(WAYS).index(way)))
        here.broken.add("green")
        written = []
        fault = Fault(error, at, after, lasting)
        with monkeypatch.context() as patched:
            original = MemoryRouter.write

            def noting(self, weights, original=original, written=written):
                written.append(weights)
                original(self, weights)

            patched.setattr(MemoryRouter, "write", noting)
            for owner, name in METHODS:
                patched.setattr(owner, name, fault.wrap(getattr(owner, name)))
            with pytest.raises(BluegreenError):
                stack.up(wanted)
        assert not any(weights.of("green") for weights in written)
        assert here.weights == Weights.all_on("blue")
        if fault.calls < at:
            return
