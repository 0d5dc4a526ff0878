"""The engine's own operations among promotions, pauses, gates that say no, kills and faults: every promise holds.

What `test_state_machine` plays continues here while resources are replaced, states are lost or set back, a swap has
another name, and another stack that nobody has named lives beside it.
"""

from __future__ import annotations

import itertools

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from bluegreen.memory.router import WORLDS
from bluegreen.rollout.errors import BluegreenError
from dev.matrix.engine import ADAPTERS
from tests.amounts import examples
from tests.swap.bench import Swap
from tests.swap.test_state_machine import BlueGreen

_numbers = itertools.count()


class EngineOperations(BlueGreen):
    """A team whose engine does more than updates."""

    @initialize(adapter=st.sampled_from(ADAPTERS), idle=st.sampled_from([0, 50, 100]), forced=st.booleans())
    def start(self, adapter, idle, forced):
        super().start(adapter, idle, forced)
        self.neighbor = Swap(f"beside-{next(_numbers)}", adapter)
        there = self.neighbor.here
        self.untouched = (there.weights, dict(there.marks), dict(there.desired))
        self.name = "web"
        self.pending = []  # the states that the engine has still to delete
        self.backup = self._all_of_it()

    def teardown(self):
        super().teardown()
        if hasattr(self, "neighbor"):
            WORLDS.pop(self.neighbor.name, None)

    def _config(self):
        return {**super()._config(), "name": self.name}

    def _all_of_it(self):
        """Check the stack's export, and the program beside it."""
        return self.swap.state, list(self.pending), dict(self.releases), self.name, self.wanted, self.percent

    @precondition(lambda self: self.swap.state is not None)
    @rule(delete_fails=st.booleans())
    def replace(self, delete_fails):
        """`--replace`, a taint, another way to name the same place: the new one first, then the old one's delete."""
        old, self.swap.state = self.swap.state, None
        if not self._up():
            self.swap.state = old
            return
        self.pending.append(old)
        if not delete_fails:
            self.pending_deletes()

    @rule()
    def pending_deletes(self):
        """Do the deletes that earlier replacements have left; a swap that runs refuses them."""
        for state in list(self.pending):
            before = self.here.weights
            try:
                self.swap.service().delete(state.outputs)
            except BluegreenError:
                continue
            finally:
                assert self.here.weights == before, "a replaced resource took production away"
            self.pending.remove(state)

    @rule()
    def keep_a_backup(self):
        self.backup = self._all_of_it()

    @rule()
    def set_the_state_back(self):
        """`pulumi stack import` of an older one, with the program of then."""
        self.swap.state, pending, releases, self.name, self.wanted, self.percent = self.backup
        self.pending, self.releases = list(pending), dict(releases)

    @rule(name=st.sampled_from(["web", "shop"]))
    def rename_by_alias(self, name):
        """The state stays, and the swap is called otherwise."""
        self.name = name

    @rule()
    def target_another_resource(self):
        """`--target`: nothing of this one is called."""
        before = list(self.here.calls)
        self.neighbor.refresh()
        self.neighbor.preview("blue")
        assert self.here.calls == before

    @invariant()
    def what_is_not_ours_is_what_it_was(self):
        if hasattr(self, "untouched"):
            there = self.neighbor.here
            assert (there.weights, there.marks, there.desired) == self.untouched


EngineOperations.TestCase.settings = settings(max_examples=examples(40), stateful_step_count=30, deadline=None)
TestEngineOperations = EngineOperations.TestCase
