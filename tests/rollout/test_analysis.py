"""The gates of one phase: who lost the lease asks no further."""

from __future__ import annotations

import pytest

from bluegreen.rollout.analysis import Analysis, GatedCheck
from bluegreen.rollout.clock import FakeClock, SystemClock
from bluegreen.rollout.errors import LeaseLost
from bluegreen.rollout.ports import THROUGHOUT, GateContext


class Losing:
    label = "losing"
    needs_preview = False
    offline = False
    phases = THROUGHOUT

    def evaluate(self, context):
        raise LeaseLost("another swap took over")


def test_a_gate_in_which_the_lease_is_lost_is_no_gate_that_cannot_be_asked():
    told = []
    analysis = Analysis(
        [GatedCheck(Losing())], lambda: GateContext("green"), FakeClock(), lambda *said: told.append(said)
    )
    with pytest.raises(LeaseLost, match="another swap took over"):
        analysis.poll()
    assert told == []


def test_the_machines_clock_does_not_go_backwards_while_it_waits():
    clock = SystemClock()
    before = clock.monotonic_seconds()
    clock.sleep(0)
    assert clock.monotonic_seconds() >= before
