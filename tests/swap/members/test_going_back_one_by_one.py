"""A restore of several: what is true of a color is read again before each further member goes back to it."""

from __future__ import annotations

import pytest

from bluegreen.memory.router import MemoryRouter
from bluegreen.rollout.errors import RestoreFailed
from bluegreen.rollout.model import Decision, Phase
from tests.swap.members.bench import Several
from tests.swap.must_not_happen.situations import BLUE, scripted

IN_STEPS = {"strategy": {"steps": [{"weight_percent": 10, "hold_seconds": 2}]}, "bake_seconds": 0}


def test_a_color_that_went_away_while_the_first_members_went_back_gets_nothing_from_the_others(script, monkeypatch):
    script.answer = lambda context: Decision.FAIL if context.phase is Phase.HOLD else Decision.PASS
    swap = Several("first", "second", "third", gates=[scripted(Phase.HOLD)], **IN_STEPS)
    write = MemoryRouter.write

    def gone_after(router, weights):
        write(router, weights)
        if weights == BLUE and swap.weights == ["90/10", "90/10", "100/0"]:
            swap.here.desired["blue"] = 0

    monkeypatch.setattr(MemoryRouter, "write", gone_after)
    with pytest.raises(RestoreFailed, match="so traffic was left where it is"):
        swap.up("green")
    assert swap.weights == ["90/10", "90/10", "100/0"]
