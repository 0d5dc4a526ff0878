"""9. A rollback runs the whole flow again, while production burns. 10. It sends traffic to the broken side."""

from __future__ import annotations

import pytest

from bluegreen.rollout.errors import RestoreFailed, SwapFailed
from bluegreen.rollout.model import Decision, Phase, Weights
from bluegreen.swap.lease import LEASE_SECONDS, leases_in
from tests.swap.bench import Swap
from tests.swap.must_not_happen.situations import (
    BEFORE_IT_IS_OVER,
    BLUE,
    ELSEWHERE,
    GREEN,
    is_settled,
    killed_at,
    scripted,
    starting_slowly,
    watched,
)

# -- 9: a rollback runs the whole flow again


@pytest.mark.parametrize("starting_seconds", [0, 40], ids=["warm", "scaled to nothing"])
def test_a_rollback_does_not_run_the_whole_flow_again(monkeypatch, script, starting_seconds):
    """argo-rollouts#537, #127, #3304: steps, pauses, analyses on the way back; containers-roadmap#117: under 60 s."""
    swap = Swap("back", gates=[scripted(*BEFORE_IT_IS_OVER)])
    swap.up("green")
    if starting_seconds:
        swap.here.desired["blue"] = 0
        swap.here.retiring.clear()
        starting_slowly(monkeypatch, swap, "blue", seconds_a_unit=starting_seconds / 3)
    script.always(Decision.FAIL)
    script.asked.clear()
    swap.here.moves.clear()
    watch = watched(monkeypatch, swap)
    began = swap.clock.now_seconds
    swap.up("blue")
    assert swap.clock.now_seconds - began <= starting_seconds + 1, "no hold and no bake"
    assert script.asked == [], "the release proved itself when it was live"
    assert len(watch.named("router.write")) == 1
    assert bool(watch.named("capacity.prepare")) == bool(starting_seconds)
    is_settled(swap, "blue")


@pytest.mark.parametrize("waited_seconds", [0, LEASE_SECONDS], ids=["of this machine", "of another machine"])
@pytest.mark.parametrize("percent", [10, 50, 100])
def test_a_rollback_in_mid_promotion_does_not_run_the_whole_flow_again(script, percent, waited_seconds):
    """argo-rollouts#3304: rollbacks that got stuck or needed a hand; here in the middle of a promotion."""
    swap = Swap("back", gates=[scripted(*BEFORE_IT_IS_OVER)])
    killed_at(swap, percent)
    if waited_seconds:
        (lease,) = leases_in(swap.here.marks)
        swap.here.marks[f"lease.{lease}"] = ELSEWHERE
    script.always(Decision.FAIL)
    script.asked.clear()
    swap.here.moves.clear()
    began = swap.clock.now_seconds
    swap.up("blue")
    assert swap.here.moves == [BLUE]
    assert script.asked == []
    assert waited_seconds <= swap.clock.now_seconds - began < waited_seconds + 5, "at most for the dead process's lease"
    is_settled(swap, "blue")


# -- 10: a "rollback" sends traffic to the broken side


@pytest.mark.parametrize("phase", [Phase.HOLD, Phase.PROMOTE, Phase.BAKE], ids=lambda phase: phase.value)
def test_a_rollback_does_not_send_traffic_to_the_broken_side(monkeypatch, script, phase):
    """flagger#1931, #1932: after the failure all traffic went to the side that was not healthy."""
    swap = Swap("broken", gates=[scripted(phase)])
    watch = watched(monkeypatch, swap)
    script.tell = lambda context, decision: watch.note(decision.value)
    script.always(Decision.FAIL)
    with pytest.raises(SwapFailed):
        swap.up("green")
    after = watch.seen[watch.seen.index(watch.named("fail")[0]) :]
    written = [seen.arguments[0] for seen in after if seen.name == "router.write"]
    assert written == [BLUE], "one write, and all of it to the color that was live before"
    assert swap.here.weights == BLUE
    assert "blue" not in swap.here.retiring


@pytest.mark.parametrize("kind", ["unhealthy", "not registered", "not scaled by the swap"])
def test_a_rollback_does_not_send_traffic_to_a_color_that_is_half_down(monkeypatch, kind):
    """flagger#1931: traffic went to a side whose units were not healthy."""
    swap = Swap("broken", **({"capacity": None} if kind == "not scaled by the swap" else {}))
    swap.here.desired["green"] = 3
    swap.up("green")
    starting_slowly(monkeypatch, swap, "blue", seconds_a_unit=10, registered=kind != "not registered")
    began = swap.clock.now_seconds
    swap.clock.sleep(10)  # one of the three is there
    watch = watched(monkeypatch, swap)
    swap.up("blue")
    (write,) = watch.writes("blue")
    assert write.at_seconds - began >= 30, "all three of them, as many as green has"


def test_a_rollback_does_not_send_traffic_back_to_what_was_rolled_back_from(monkeypatch, script):
    """flagger#1932: what is right after a failure; here the side that was left has to prove itself again."""
    swap = Swap("broken", gates=[scripted(Phase.BEFORE)])
    swap.up("green")
    swap.up("blue")
    watch = watched(monkeypatch, swap)
    script.always(Decision.FAIL)
    with pytest.raises(SwapFailed):
        swap.up("green")
    assert watch.writes("green") == [], "green is warm and was live before, and is asked all the same"


def test_a_resumed_swap_that_fails_does_not_send_traffic_back_to_a_dead_color(monkeypatch, script):
    """flagger#1931: the healthy side was scaled to nothing, and all traffic routed to the one that was not."""
    swap = Swap("broken", gates=[scripted(Phase.HOLD)])
    killed_at(swap, 50)
    swap.here.broken.add("blue")
    script.always(Decision.FAIL)
    watch = watched(monkeypatch, swap)
    with pytest.raises(RestoreFailed, match="traffic was left where it is"):
        swap.up("green")
    assert watch.writes("blue") == []
    assert swap.here.weights == Weights.split("green", 50)
    assert swap.here.desired == {"blue": 3, "green": 3}
    assert swap.here.retiring == {}


@pytest.mark.parametrize("aborted", [False, True], ids=["the gate fails", "aborted"])
def test_a_rollback_does_not_send_traffic_to_a_color_that_died_after_it_had_been_at_100(monkeypatch, script, aborted):
    """flagger#1931: here the color that was live before dies while the new one, which works, bakes at 100 %."""
    swap = Swap("died", gates=[scripted(Phase.BAKE)])

    def blue_dies(context):
        swap.here.broken.add("blue")
        return Decision.PASS if aborted else Decision.FAIL

    script.answer = blue_dies
    watch = watched(monkeypatch, swap)
    service = swap.service(cancelled=lambda: aborted and "blue" in swap.here.broken)
    with pytest.raises(RestoreFailed, match="traffic was left where it is") as failed:
        service.update(swap.outputs, swap.inputs("green"))
    assert ("aborted" if aborted else "gate scripted failed") in failed.value.reason
    assert watch.writes("blue") == []
    assert swap.here.weights == GREEN
    assert swap.here.desired == {"blue": 3, "green": 3}
    assert swap.here.retiring == {}
    script.always(Decision.PASS)
    swap.up("green")
    is_settled(swap, "green")
