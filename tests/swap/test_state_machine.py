"""Promotions, reverts, kills, drift, faults, aborts and autoscaling in any order: the promises hold throughout.

The machine plays a team that changes its config, a platform that fails, and a process that is killed at any call. After
every rule production is on colors that run, and whenever an update says that it is done, it is. The swap goes from one
adapter to the other at any time.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import threading

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bluegreen.gates.registry import GATES
from bluegreen.memory.router import WORLDS
from bluegreen.rollout.errors import BluegreenError, PlatformError, RestoreFailed, SwapFailed
from bluegreen.rollout.model import COLORS, Decision, Phase, Traffic, Weights, other
from bluegreen.swap import pauses
from bluegreen.swap.cancelling import Cancelled
from bluegreen.swap.lease import ABORT, leases_in
from bluegreen.swap.verdicts import CLEARED, VERDICT, kept, standing
from dev.matrix.engine import ADAPTERS, NATIVE
from tests.amounts import examples
from tests.swap.bench import METHODS, Swap
from tests.swap.must_not_happen.situations import BEFORE_IT_IS_OVER, Script, ScriptedGate, scripted

pytestmark = pytest.mark.sweep

_numbers = itertools.count()
# The calls before the first shift are few, and each is worth being interrupted.
points = st.integers(1, 20) | st.integers(1, 60)
WRITES = {
    "router.write",
    "router.mark",
    "capacity.prepare",
    "capacity.retire",
    "capacity.suspend_scale_in",
    "capacity.resume_scaling",
}


class Killed(BaseException):
    """As if the process ended."""


@contextlib.contextmanager
def interfering(before=lambda call: None, after=lambda call: None):
    """Calls ``before`` and ``after`` around every call of the platform, with the call's number."""
    calls = itertools.count(1)
    originals = [(owner, name, getattr(owner, name)) for owner, name in METHODS]

    def wrap(method):
        @functools.wraps(method)
        def call(*arguments):
            number = next(calls)
            before(number)
            answer = method(*arguments)
            after(number)
            return answer

        return call

    for owner, name, method in originals:
        setattr(owner, name, wrap(method))
    try:
        yield
    finally:
        for owner, name, method in originals:
            setattr(owner, name, method)


class BlueGreen(RuleBasedStateMachine):
    """The acts of a team, a platform and bad luck on one swap."""

    @initialize(adapter=st.sampled_from(ADAPTERS), idle=st.sampled_from([0, 50, 100]), forced=st.booleans())
    def start(self, adapter, idle, forced):
        GATES.entries["scripted"] = f"{ScriptedGate.__module__}:{ScriptedGate.__name__}"
        self.script = ScriptedGate.script = Script()
        self.swap = Swap(f"machine-{next(_numbers)}", adapter, idle_capacity_percent=idle)
        self.swap.forced = forced
        self.wanted = "blue"
        self.percent = 100
        self.releases = {"blue": "v1", "green": "v2"}
        self.versions = itertools.count(3)
        self.retry = ""
        self.unhealthy_when_moved = []
        self.unproved_when_moved = []
        self._watch_moves()

    def teardown(self):
        if hasattr(self, "swap"):
            WORLDS.pop(self.swap.name, None)
            GATES.entries.pop("scripted", None)

    def _watch_moves(self):
        here, machine = self.here, self

        class Moves(list):
            """Notes each move that gives more traffic to a color that is not healthy, or has not proved itself."""

            def append(self, weights):
                for color in COLORS:
                    more = weights.of(color) > here.weights.of(color)
                    if more and (color in here.broken or not here.desired[color]):
                        machine.unhealthy_when_moved.append((color, here.weights, weights))
                    more = weights.of(color) > max(here.weights.of(color), machine.began.of(color))
                    if more and color not in machine.proved and machine.script.said.get(color) is not Decision.PASS:
                        machine.unproved_when_moved.append((color, here.weights, weights))
                super().append(weights)

        here.moves = Moves()

    @property
    def here(self):
        return self.swap.here

    def _config(self):
        return {
            "promote_to_percent": self.percent,
            "releases": dict(self.releases),
            "gates": [scripted(*BEFORE_IT_IS_OVER)],
            "retry": self.retry,
        }

    def _proved(self):
        """The colors that were live with what they run now; at a first start whoever comes."""
        outputs = self.swap.outputs
        remembered = pauses.remembered(Traffic(self.here.weights, self.here.marks))
        if remembered is not None and not outputs.get("live_color"):
            return {remembered.live_color}
        stands = standing(Traffic(self.here.weights, self.here.marks), outputs)
        if stands is not None and not outputs.get("live_color"):
            return {kept(stands, None)}  # the state is lost, and the object still says which color was refused
        previous = outputs.get("previous") or {}
        same = self.releases.get(previous.get("color")) == previous.get("release")
        return {outputs.get("live_color"), *([previous["color"]] if previous and same else [])}

    def _up(self):
        """`pulumi up`; returns whether it succeeded."""
        before = self.swap.state
        self.error = None
        self.proved, self.began = self._proved(), self.here.weights
        self.script.said.clear()
        stands = standing(Traffic(self.here.weights, self.here.marks), self.swap.outputs)
        shares = [self.here.weights]
        moves = len(self.here.moves)
        try:
            self.swap.up(self.wanted, **self._config())
        except BluegreenError as error:
            self.error = error
            self._failure_left(before)
        shares += self.here.moves[moves:]
        if self.swap.outputs.get("held") and stands is not None and self.error is None:
            held = self.swap.outputs["held"]["color"]
            assert held == self.wanted
            assert max(weights.of(held) for weights in shares) == shares[0].of(held), "it got more of nobody"
        return self.error is None

    def _failure_left(self, before):
        """The state of the last update that was finished, with what is true now where the adapter can say so."""
        left, error = self.swap.state, self.error
        if before is None:
            return
        told = isinstance(error, SwapFailed) and error.outputs is not None and self.swap.adapter == NATIVE
        if told:
            assert left.failed
            assert left.outputs["history"][0]["outcome"] in ("restored", "aborted", "not_restored")
            if not isinstance(error, RestoreFailed):
                assert left.outputs["weights"] == self.here.weights.as_dict()
        if told or before.read_first:  # a read finds the live weights, and marks of failures
            now = {key: left.outputs.get(key) for key in ("weights", "history", "held", "proved")}
            assert {**left.outputs, **now, "__provider": None} == {**before.outputs, **now, "__provider": None}
            assert left.inputs == before.inputs
        else:
            assert left == before

    # -- the team

    @rule()
    def up(self):
        if self._up():
            self._is_done()

    @rule()
    def promote_or_revert(self):
        self.wanted = other(self.wanted)

    @rule(percent=st.sampled_from([5, 10, 50, 75, 100]))
    def pause_or_go_on(self, percent):
        self.percent = percent

    @rule(color=st.sampled_from(COLORS))
    def deploy(self, color):
        if self.here.weights.of(color) == 0:
            self.releases[color] = f"v{next(self.versions)}"

    @rule()
    def lose_the_state(self):
        """And what the swap may go back to with it: whoever gets more traffic then has to prove itself anew."""
        self.swap.state = None

    @rule()
    def retry_by_command(self):
        self.swap.retry()

    @rule()
    def retry_by_input(self):
        self.retry = f"{next(self.versions)}"

    @rule(phase=st.sampled_from(BEFORE_IT_IS_OVER), decision=st.sampled_from([Decision.FAIL, Decision.INCONCLUSIVE]))
    def a_gate_says_no(self, phase, decision):
        """Once: from then on it says yes, and nobody has said that the color may try again."""
        before = self.here.weights
        self.script.always(decision, phase)
        succeeded = self._up()
        self.script.always(Decision.PASS)
        if succeeded or not any(self.script.said.values()) or phase is Phase.CONFIRM:
            return
        if Decision.FAIL not in self.script.said.values() and Decision.INCONCLUSIVE not in self.script.said.values():
            return
        if isinstance(self.error, SwapFailed) and not isinstance(self.error, RestoreFailed):
            assert VERDICT in self.here.marks
            assert CLEARED not in self.here.marks
            assert self.here.weights in (before, Weights.all_on(other(self.wanted)))

    @rule()
    def refresh(self):
        self.swap.refresh()

    @rule()
    def move_to_the_other_adapter(self):
        """Where nothing else is to be done, the update that takes over writes nothing."""
        settled = not self.swap.preview(self.wanted, **self._config())
        self.swap.adapter = next(name for name in ADAPTERS if name != self.swap.adapter)
        if settled:
            self.here.calls.clear()
            marks = dict(self.here.marks)
            assert self._up()
            assert not WRITES & set(self.here.calls)
            assert self.here.marks == marks
            assert not self.swap.preview(self.wanted, **self._config()), "moved is moved"

    @rule(at=points)
    def abort(self, at):
        """Somebody asks a running swap to stop."""

        def ask(number):
            if number >= at:
                for lease in leases_in(self.here.marks):
                    self.here.marks[ABORT] = f"{lease} ops@desk"

        with interfering(before=ask):
            self._up()

    @rule(at=points)
    def cancel(self, at):
        """Ctrl-C during a call: what has begun is over at once, with production where one color was before."""
        before, marks = self.here.weights, dict(self.here.marks)

        def press(number):
            if number == at:
                self.swap.cancelled.set()

        with interfering(before=press):
            succeeded = self._up()
        self.swap.cancelled = threading.Event()
        if succeeded:
            self._is_done()
        elif isinstance(self.error, Cancelled):
            assert (self.here.weights, self.here.marks) == (before, marks), "it had not begun"
        elif isinstance(self.error, SwapFailed) and not isinstance(self.error, RestoreFailed):
            live = self.swap.outputs.get("live_color")  # none where the state is lost
            assert self.here.weights in (before, *([Weights.all_on(live)] if live else []))
            assert not leases_in(self.here.marks)
            assert not self.here.held

    # -- the platform, and bad luck

    @rule(at=points, after=st.booleans())
    def kill(self, at, after):
        def die(number):
            if number == at:
                raise Killed

        hooks = {"after": die} if after else {"before": die}
        with interfering(**hooks), contextlib.suppress(Killed):
            self._up()

    @rule(at=points, lost=st.booleans(), lasting=st.booleans())
    def fault(self, at, lost, lasting):
        def fail(number):
            if number == at or (lasting and number > at):
                raise PlatformError("Call", "throttled")

        hooks = {"after": fail} if lost else {"before": fail}
        with interfering(**hooks):
            self._up()

    @rule(share=st.integers(0, 100))
    def drift(self, share):
        """By hand, and only to colors that run and should continue: a person can do worse, which nothing can
        prevent."""
        weights = Weights.split("green", share)
        if all(self._serves(color) and color not in self.here.retiring for color in COLORS if weights.of(color)):
            self.here.weights = weights

    @rule(color=st.sampled_from(COLORS))
    def degrade_an_idle_color(self, color):
        if self.here.weights.of(color) == 0:
            self.here.broken.add(color)

    @rule()
    def mend(self):
        self.here.broken.clear()

    @rule(size=st.integers(1, 9))
    def autoscale(self, size):
        live = max(COLORS, key=self.here.weights.of)
        self.here.desired[live] = size

    @rule()
    def retirements_fall_due(self):
        for color, size in self.here.retiring.items():
            self.here.desired[color] = min(self.here.desired[color], size)
        self.here.retiring.clear()

    def _serves(self, color):
        return self.here.desired[color] > 0 and color not in self.here.broken

    # -- the promises

    def _is_done(self):
        """Check the world that an update left which succeeded."""
        held = self.swap.outputs["held"]
        color = other(self.wanted) if held else self.wanted
        percent = self.here.weights.of(color)
        assert self.here.weights.elsewhere == 0
        assert (VERDICT in self.here.marks) == bool(held)
        assert percent == 100 or (
            not held and percent == self.percent and self.swap.outputs["paused"]["color"] == color
        )
        assert self.swap.outputs["weights"] == self.here.weights.as_dict()
        assert not leases_in(self.here.marks)
        assert not self.here.held

    @invariant()
    def all_traffic_is_on_colors_that_run(self):
        if hasattr(self, "swap"):
            assert self.here.weights.elsewhere == 0, self.here
            assert all(self._serves(color) for color in COLORS if self.here.weights.of(color)), self.here

    @invariant()
    def no_color_got_traffic_before_it_was_healthy(self):
        if hasattr(self, "swap"):
            assert self.unhealthy_when_moved == []

    @invariant()
    def no_color_got_more_traffic_without_its_gates(self):
        """A promotion's, a resumed one's, and a pause's that is left upward."""
        if hasattr(self, "swap"):
            assert self.unproved_when_moved == []

    @invariant()
    def what_serves_is_not_about_to_be_scaled_down(self):
        if hasattr(self, "swap"):
            # An interrupted swap may have come between: the next update, which sees its lease, cancels it.
            serving = {color for color in COLORS if self.here.weights.of(color)}
            assert not serving & self.here.retiring.keys()

    @precondition(lambda self: hasattr(self, "swap") and not self.here.broken)
    @rule(reverted=st.booleans())
    def with_healthy_colors_the_next_update_puts_everything_right(self, reverted):
        if reverted:
            self.wanted, self.percent = self.swap.outputs.get("live_color") or self.wanted, 100
        assert self._up()
        self._is_done()
        assert not self.swap.preview(self.wanted, **self._config()), "it settles"


BlueGreen.TestCase.settings = settings(max_examples=examples(400), stateful_step_count=40, deadline=None)
TestBlueGreen = BlueGreen.TestCase
