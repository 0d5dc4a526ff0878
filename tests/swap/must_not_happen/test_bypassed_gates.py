"""7. Gates are bypassed: nobody was live, the preview was shifted too early, a gate was not understood or not run."""

from __future__ import annotations

import pytest

from bluegreen.rollout.errors import GateUnavailable, InvalidInput, SwapFailed
from bluegreen.rollout.model import Decision, Phase, Weights
from tests.swap.bench import Swap
from tests.swap.must_not_happen.situations import (
    AT_ONCE,
    BLUE,
    is_settled,
    killed_at,
    scripted,
    starting_slowly,
    watched,
)

ANSWERS = {
    "fails": Decision.FAIL,
    "is inconclusive": Decision.INCONCLUSIVE,
    "is never sure": Decision.PENDING,
    "cannot be asked": GateUnavailable("no route to host"),
}
# The most that a color may have got when a gate of that phase has not passed.
AT_MOST = {
    Phase.CONFIRM: 0,
    Phase.BEFORE: 0,
    Phase.INCREASE: 0,
    Phase.HOLD: 10,
    Phase.PROMOTE: 50,
    Phase.BAKE: 100,
}


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("phase", AT_MOST, ids=lambda phase: phase.value)
def test_no_gate_is_bypassed_whenever_it_is_asked_and_whatever_it_says_but_yes(script, phase, answer):
    """argo-rollouts#4503: the analysis before and after the promotion was skipped, and green became live."""
    swap = Swap("gated", gates=[scripted(phase)])
    script.always(ANSWERS[answer])
    with pytest.raises(SwapFailed, match="gate scripted"):
        swap.up("green")
    assert max((weights.of("green") for weights in swap.here.moves), default=0) == AT_MOST[phase]
    assert swap.here.weights == BLUE
    script.always(Decision.PASS)
    swap.retry()
    swap.up("green")
    assert {asked for asked, _ in script.asked} == {phase}
    is_settled(swap, "green")


def by_hand(swap):
    swap.here.weights = Weights()
    swap.here.marks.clear()
    swap.up("green")


def without_the_state(swap):
    _, swap.outputs = swap.service().create(swap.inputs("green"))


def without_the_state_and_the_rule(swap):
    swap.here.weights = Weights()
    without_the_state(swap)


@pytest.mark.parametrize("start", [by_hand, without_the_state, without_the_state_and_the_rule])
def test_no_gate_is_bypassed_where_nobody_is_known_to_be_live(monkeypatch, script, start):
    """argo-rollouts#4750: with an empty active selector, a blackout, the first color to come along became live."""
    swap = Swap("blackout", gates=[scripted(Phase.BEFORE)])
    watch = watched(monkeypatch, swap)
    script.always(Decision.FAIL)
    with pytest.raises(SwapFailed, match="gate scripted failed"):
        start(swap)
    assert watch.writes("green") == []
    script.always(Decision.PASS)
    swap.more["retry"] = "again"
    start(swap)
    is_settled(swap, "green")


@pytest.mark.parametrize("percent", [10, 50, 100])
def test_no_gate_is_bypassed_by_a_swap_that_is_resumed(monkeypatch, script, percent):
    """argo-rollouts#4503, #4750: gates that were skipped; here those of a swap that a kill had interrupted."""
    swap = Swap("resumed", gates=[scripted(Phase.BEFORE, Phase.HOLD, Phase.BAKE)])
    killed_at(swap, percent)
    assert swap.here.weights.of("green") == percent
    watch = watched(monkeypatch, swap)
    script.always(Decision.FAIL)
    with pytest.raises(SwapFailed, match="restored and verified: blue 100 %"):
        swap.up("green")
    assert watch.writes("green") == [], "what it said before the kill counts for nothing"

    script.always(Decision.PASS)
    swap = Swap("resumed", gates=[scripted(Phase.BEFORE, Phase.HOLD, Phase.BAKE)])
    killed_at(swap, percent)
    script.asked.clear()
    swap.up("green")
    left = [(Phase.HOLD, share) for share in (10, 50) if share >= percent]
    assert list(dict.fromkeys(script.asked)) == [(Phase.BEFORE, 0), *left, (Phase.BAKE, 100)]
    is_settled(swap, "green")


def test_no_gate_is_bypassed_by_a_swap_that_is_resumed_past_its_last_step(monkeypatch, script):
    """argo-rollouts#4503: gates that were skipped; here those of a hold that has no step any more to run in."""
    swap = Swap("past", bake_seconds=0, gates=[scripted(Phase.HOLD)])
    former = {"steps": [{"weight_percent": share, "hold_seconds": 30} for share in (10, 60)]}
    killed_at(swap, 60, strategy=former)
    watch = watched(monkeypatch, swap)
    script.always(Decision.FAIL)
    with pytest.raises(SwapFailed, match="restored and verified: blue 100 %"):
        swap.up("green")
    assert watch.writes("green") == [], "100 % is above every step, and nobody has said yes to it"

    script.always(Decision.PASS)
    swap.retry()
    killed_at(swap, 60, strategy=former)
    script.asked.clear()
    watch.seen.clear()
    began = swap.clock.now_seconds
    swap.up("green")
    assert set(script.asked) == {(Phase.HOLD, 60)}
    (write,) = watch.writes("green")
    assert 30 <= write.at_seconds - began < 60, "held once"
    is_settled(swap, "green")


def test_no_gate_is_bypassed_by_asking_it_before_the_color_is_ready(monkeypatch, script):
    """argo-rollouts#2641: the preview was switched before the new side was ready, so what was tested was not it."""
    swap = Swap("early", gates=[scripted(Phase.BEFORE)])
    starting_slowly(monkeypatch, swap, "green", seconds_a_unit=10)
    healthy = []
    script.tell = lambda context, decision: healthy.append(context.health().healthy)
    swap.up("green")
    assert set(healthy) == {3}


BAD_GATES = {
    "an unknown kind": ({"kind": "hope"}, "gates[0].kind: 'hope'"),
    "a misspelled option": ({"kind": "target_health", "min_healthy": 50}, "gates[0].min_healthy"),
    "a phase that there is not": ({"kind": "target_health", "phases": ["later"]}, "gates[0].phases[0]"),
    "in a hold that there is not": ({"kind": "target_health", "phases": ["hold"]}, "gates[0].kind"),
    "in a bake that there is not": ({"kind": "target_health", "phases": ["bake"]}, "gates[0].kind"),
    "before steps that there are not": ({"kind": "target_health", "phases": ["increase"]}, "gates[0].kind"),
    "no way to reach the color": ({"kind": "http", "path": "/healthz"}, "gates[0].kind"),
}


@pytest.mark.parametrize("bad", BAD_GATES)
def test_no_gate_is_bypassed_because_it_is_not_understood_or_never_asked(bad):
    """argo-rollouts#4503: an analysis that was declared and had no effect looked like one that had passed."""
    swap = Swap("refused", **AT_ONCE)
    gate, field = BAD_GATES[bad]
    news = swap.inputs("green", gates=[gate])
    _, problems = swap.service().check(swap.outputs, news)
    assert [str(problem).startswith(field) for problem in problems] == [True]
    with pytest.raises(InvalidInput):
        swap.service().update(swap.outputs, news)
    assert swap.here.calls == [], "not even a read"


@pytest.mark.parametrize("declared", [None, [], [{"kind": "target_health", "phases": ["after"]}]])
def test_no_gate_is_bypassed_by_declaring_none(monkeypatch, declared):
    """argo-rollouts#4750: a release that never comes up; the platform's own health checks decide without any gate."""
    swap = Swap("health", gates=declared)
    watch = watched(monkeypatch, swap)
    swap.here.broken.add("green")
    with pytest.raises(SwapFailed, match="green is not ready for traffic"):
        swap.up("green")
    assert watch.writes("green") == []
