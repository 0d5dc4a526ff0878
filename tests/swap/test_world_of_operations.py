"""The engine's own operations in any order, on two stacks that share a world: what is not ours is what it was.

Beside promotions there are replacements, refreshes, states that are lost, set back, or of an older version, resources
that are renamed, and a place that moves. An object that has another incarnation's mark is never removed, and
production is never taken away by anything but the destroy of the resource that owns it.
"""

from __future__ import annotations

import itertools

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bluegreen.memory.router import WORLDS, world
from bluegreen.rollout.errors import BluegreenError
from bluegreen.rollout.model import COLORS, Weights, other
from bluegreen.swap.incarnation import MARK, recorded
from bluegreen.swap.lease import leases_in
from dev.matrix.engine import ADAPTERS, State
from tests.amounts import examples
from tests.swap.bench import Swap

_numbers = itertools.count()
_NEWER = ("incarnation", "state_version")


class Operations(RuleBasedStateMachine):
    """A stack, another one that names the same place, and what an engine can do with their states."""

    @initialize(adapter=st.sampled_from(ADAPTERS))
    def start(self, adapter):
        self.swap = Swap(f"operations-{next(_numbers)}", adapter)
        self.neighbor = Swap(f"neighbor-{next(_numbers)}", adapter)
        self.untouched = (self.neighbor.here.weights, dict(self.neighbor.here.marks), dict(self.neighbor.here.desired))
        self.wanted = "blue"
        self.label = ""
        self.place = self.swap.name
        self.pending: list[State] = []  # what the engine has still to delete
        self.backup = (self.swap.state, [*self.pending])

    def teardown(self):
        if hasattr(self, "swap"):
            for name in (self.swap.name, self._other_place, self.neighbor.name):
                WORLDS.pop(name, None)

    @property
    def here(self):
        return world(self.place)

    @property
    def _other_place(self):
        moved = f"{self.swap.name}-moved"
        return self.swap.name if self.place == moved else moved

    def _up(self):
        try:
            self.swap.up(self.wanted, **self._named())
        except BluegreenError:
            return False
        return True

    def _named(self):
        return {"router": {"kind": "memory", "name": self.place, **({"note": self.label} if self.label else {})}}

    # -- the engine's operations

    @rule()
    def up(self):
        assert self._up()
        self._is_ours()

    @rule()
    def promote_or_revert(self):
        self.wanted = other(self.wanted)

    @rule()
    def refresh(self):
        self.swap.refresh()

    @rule()
    def target_another_resource(self):
        """`--target`: nothing of this one is called."""
        before = list(self.here.calls)
        self.neighbor.refresh()
        assert self.here.calls == before

    @precondition(lambda self: self.swap.state is not None)
    @rule(delete_fails=st.booleans())
    def replace(self, delete_fails):
        """`--replace`, or another way to name the same place: the new one first, then the old one's delete."""
        old = self.swap.state
        self.swap.state = None
        if not self._up():
            self.swap.state = old
            return
        self.pending.append(old)
        if not delete_fails:
            self.pending_deletes()
        self._is_ours()

    @rule()
    def pending_deletes(self):
        """Do the deletes that an earlier replacement has left."""
        while self.pending:
            weights = self.here.weights
            self.swap.service().delete(self.pending.pop().outputs)
            assert self.here.weights == weights, "a replaced resource took production away"

    @rule()
    def lose_the_state(self):
        """`pulumi state delete`; the next update makes the resource once more."""
        self.swap.state = None
        assert self._up()
        self._is_ours()

    @precondition(lambda self: self.swap.state is not None)
    @rule()
    def keep_a_backup(self):
        self.backup = (self.swap.state, [*self.pending])

    @rule()
    def set_the_state_back(self):
        """`pulumi stack import` of an older one, in which the deletes to come stand, too."""
        state, pending = self.backup
        self.swap.state, self.pending = state, [*pending]

    @precondition(lambda self: self.swap.state is not None)
    @rule()
    def downgrade_and_come_back(self):
        """An older version knows neither incarnations nor versions of states."""
        state = self.swap.state
        kept = {key: value for key, value in state.outputs.items() if key not in _NEWER}
        self.swap.state = State(state.inputs, kept, state.adapter, state.read_first)

    @precondition(lambda self: self.swap.state is not None)
    @rule(field=st.sampled_from(["router", "capacity"]))
    def a_newer_version_has_written_the_state(self, field):
        state = self.swap.state
        section = {**state.outputs[field], "unknown-to-us": True}
        outputs = {**state.outputs, field: section, "state_version": 9}
        self.swap.state = State(state.inputs, outputs, state.adapter, state.read_first)
        assert self.swap.service().read(outputs)["weights"] == self.here.weights.as_dict()

    @precondition(lambda self: self.swap.state is not None and recorded(self.swap.outputs) and not self.pending)
    @rule()
    def move_the_place(self):
        """Production is declared elsewhere: the engine makes that first, and deletes the swap of the old place then."""
        old, former = self.swap.state, self.place
        own = world(former).marks.get(MARK) == recorded(old.outputs)
        self.place = self._other_place
        for part in ("desired", "broken", "retiring"):  # the same units stand behind both
            setattr(self.here, part, getattr(world(former), part))
        self.swap.state = None
        assert self._up()
        self._is_ours()
        before = world(former).weights
        self.swap.service().delete(old.outputs)
        assert world(former).weights == (Weights() if own else before)
        self.backup = (self.swap.state, [*self.pending])
        world(former).weights = Weights()  # what had no mark is tidied up by hand
        world(former).marks.clear()

    @rule(label=st.sampled_from(["", "renamed"]))
    def rename(self, label):
        """A setting of the router that says nothing of the place."""
        self.label = label

    @precondition(lambda self: all(recorded(state.outputs) for state in self.pending))
    @rule()
    def strip_the_marks(self):
        """Somebody tidies up tags. What a state from before marks still deletes could not tell (docs/safety.md)."""
        if not leases_in(self.here.marks):
            self.here.marks.clear()

    @precondition(lambda self: self.swap.state is not None)
    @rule()
    def destroy_and_start_again(self):
        """Whatever the destroy removes or leaves, it says so, and another start is possible."""
        marked = self.here.marks.get(MARK)
        ours = self.swap.outputs.get("incarnation")
        before = self.here.weights
        self.swap.destroy()
        if marked == ours:
            assert self.here.weights == Weights()
        else:
            assert self.here.weights == before, "what bears another mark was removed"
        assert self._up()
        self._is_ours()

    # -- what holds

    def _is_ours(self):
        assert self.here.weights == Weights.all_on(self.wanted)
        if "incarnation" in self.swap.outputs:  # else it is an older version's state, and nothing was to be done
            assert self.swap.outputs["incarnation"] == self.here.marks[MARK]
        assert self.swap.outputs["live_color"] == self.wanted

    @invariant()
    def all_traffic_is_on_one_color_that_runs(self):
        if hasattr(self, "swap"):
            (color,) = (color for color in COLORS if self.here.weights.of(color) == 100)
            assert self.here.desired[color] > 0

    @invariant()
    def what_is_not_ours_is_what_it_was(self):
        if hasattr(self, "swap"):
            there = self.neighbor.here
            assert (there.weights, there.marks, there.desired) == self.untouched

    @invariant()
    def nothing_is_left_of_what_ended(self):
        if hasattr(self, "swap"):
            assert not leases_in(self.here.marks)


Operations.TestCase.settings = settings(max_examples=examples(60), stateful_step_count=25, deadline=None)
TestOperations = Operations.TestCase
