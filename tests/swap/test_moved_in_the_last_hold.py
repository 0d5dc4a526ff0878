"""Traffic that somebody moves while a swap holds for the last time, and the restore of a failed first start."""

from __future__ import annotations

import pytest

from bluegreen.memory.router import MemoryRouter
from bluegreen.rollout.errors import SwapFailed
from bluegreen.rollout.model import Convergence, Decision, Phase, Weights
from tests.swap.bench import Swap
from tests.swap.must_not_happen.situations import BLUE, GREEN, scripted

MIX = Weights(blue=50, green=50)


def when_asked(swap, script, phase, act):
    """``act`` is done once, while the scripted gate runs in a phase."""
    done = []

    def answer(context):
        if context.phase is phase and not done:
            done.append(True)
            act(swap.here)
        return Decision.PASS

    script.answer = answer


@pytest.mark.parametrize("moved", [BLUE, MIX], ids=str)
def test_traffic_that_somebody_moves_during_the_bake_is_seen_before_the_former_color_is_retired(script, moved):
    swap = Swap("baked", gates=[scripted(Phase.BAKE)])
    when_asked(swap, script, Phase.BAKE, lambda here: setattr(here, "weights", moved))
    with pytest.raises(SwapFailed, match="somebody else moved them"):
        swap.up("green")
    assert swap.here.weights == BLUE
    assert "blue" not in swap.here.retiring


def test_a_pause_is_no_success_where_somebody_has_moved_traffic_meanwhile(script):
    swap = Swap("held", gates=[scripted(Phase.HOLD)], promote_to_percent=10)
    when_asked(swap, script, Phase.HOLD, lambda here: setattr(here, "weights", GREEN))
    with pytest.raises(SwapFailed, match="the live weights are blue 0 %, green 100 % instead of blue 90 %"):
        swap.up("green")
    assert swap.here.weights == BLUE


def test_a_color_that_dies_while_a_slow_gate_is_asked_beside_its_health_gets_no_more(script):
    swap = Swap("died", gates=[scripted(Phase.HOLD)], strategy={"steps": [{"weight_percent": 10, "hold_seconds": 3}]})

    def slow(here):
        swap.clock.sleep(30)
        here.broken.add("green")

    when_asked(swap, script, Phase.HOLD, slow)
    with pytest.raises(SwapFailed, match="target health"):
        swap.up("green")
    assert swap.here.moves == [Weights(blue=90, green=10), BLUE]


def test_a_first_start_that_fails_takes_nothing_away_that_somebody_else_has_set(monkeypatch):
    swap = Swap("left", started=False)
    swap.here.desired = {"blue": 3, "green": 3}

    def verify(router, _):
        swap.here.weights = MIX
        return Convergence.PENDING

    monkeypatch.setattr(MemoryRouter, "verify", verify)
    with pytest.raises(SwapFailed) as caught:
        swap.up("blue")
    assert swap.here.weights == MIX
    assert caught.value.weights == MIX
    assert "left where somebody else has moved it" in str(caught.value)
