"""Acts of somebody in the last calls of a swap, and the swap's message then."""

from __future__ import annotations

import pytest

from bluegreen.memory.capacity import MemoryCapacity
from bluegreen.memory.router import MemoryRouter
from bluegreen.rollout.calls import before_write
from bluegreen.rollout.clock import FakeClock
from bluegreen.rollout.errors import LeaseLost, NotOwned, SwapFailed
from bluegreen.rollout.model import Decision, Phase, Readiness, Weights
from bluegreen.swap.lease import LEASE_SECONDS, Lease
from tests.swap.bench import Swap
from tests.swap.must_not_happen.situations import AT_ONCE, BLUE, GREEN, scripted

IN_STEPS = {"strategy": {"steps": [{"weight_percent": 10, "hold_seconds": 2}]}, "bake_seconds": 0}


def after_retiring(monkeypatch, swap, weights):
    """Somebody moves traffic right after a retirement was handed over."""
    retire = MemoryCapacity.retire

    def retired(capacity, *arguments):
        said = retire(capacity, *arguments)
        swap.here.weights = weights
        return said

    monkeypatch.setattr(MemoryCapacity, "retire", retired)


@pytest.mark.parametrize("moved", [BLUE, Weights(blue=50, green=50), Weights()], ids=str)
def test_what_moves_while_a_color_is_retired_is_no_success_and_keeps_the_color(monkeypatch, moved):
    swap = Swap("retired", scale_down_delay_seconds=600, **AT_ONCE)
    after_retiring(monkeypatch, swap, moved)
    with pytest.raises(SwapFailed, match="somebody else moved them") as failed:
        swap.up("green")
    assert failed.value.weights == swap.here.weights == moved
    assert ("blue" in swap.here.retiring) is (moved.blue == 0)
    monkeypatch.undo()
    swap.up("green")
    assert swap.here.weights == GREEN


FOLLOWING = {"propagation_seconds": 5, "poll_interval_seconds": 2, "strategy": {"steps": []}, "bake_seconds": 0}


def while_it_follows(monkeypatch, swap, weights):
    """Somebody moves traffic when a write has taken effect, and what carries the requests follows."""
    verify = MemoryRouter.verify

    def verified(router, wanted):
        found = verify(router, wanted)
        swap.here.weights = weights
        return found

    monkeypatch.setattr(MemoryRouter, "verify", verified)


@pytest.mark.parametrize("scaled", [True, False], ids=["with units", "without"])
@pytest.mark.parametrize("goal", ["first start", "promotion", "pause", "heal", "rollback"])
def test_what_moves_while_what_carries_the_requests_follows_is_no_success(monkeypatch, scaled, goal):
    more = {} if scaled else {"capacity": None}
    swap = Swap("follows", started=goal != "first start", scale_down_delay_seconds=600, **FOLLOWING, **more)
    if not scaled:
        swap.here.desired["green"] = 3
    if goal == "rollback":
        swap.up("green")
    if goal == "heal":
        swap.here.weights = GREEN
    elsewhere = Weights(blue=40, green=60)
    while_it_follows(monkeypatch, swap, elsewhere)
    paused = {"promote_to_percent": 20} if goal == "pause" else {}
    with pytest.raises(SwapFailed, match="somebody else moved them") as failed:
        swap.up("green" if goal in ("promotion", "pause") else "blue", **paused)
    assert failed.value.weights == swap.here.weights == elsewhere


def test_a_restore_says_that_somebody_moved_traffic_after_it(script, monkeypatch):
    script.answer = lambda context: Decision.FAIL if context.phase is Phase.HOLD else Decision.PASS
    swap = Swap("restored", gates=[scripted(Phase.HOLD)], scale_down_delay_seconds=600, **IN_STEPS)
    after_retiring(monkeypatch, swap, GREEN)
    with pytest.raises(SwapFailed, match="then somebody else moved traffic: blue 0 %, green 100 %") as failed:
        swap.up("green")
    assert failed.value.weights == GREEN
    assert failed.value.verdict == "gate"
    assert not swap.here.retiring


def once_it_is_back(monkeypatch, swap, act):
    """Somebody acts, once, when a restore has been sent and what carries the requests follows."""
    write, wait = MemoryRouter.write, FakeClock.sleep
    back = []

    def written(router, weights):
        write(router, weights)
        back.extend([weights] if swap.told("restore") else [])

    def waited(clock, seconds):
        wait(clock, seconds)
        if len(back) == 1:
            back.append("acted")
            act()

    monkeypatch.setattr(MemoryRouter, "write", written)
    monkeypatch.setattr(FakeClock, "sleep", waited)


def following(script, goal, scaled, **other):
    """A swap whose gates refuse green during holds, and what its next update asks for."""
    more = {**FOLLOWING, **IN_STEPS, **({} if scaled else {"capacity": None}), **other}
    swap = Swap("follows", gates=[scripted(Phase.HOLD)], **more)
    if not scaled:
        swap.here.desired["green"] = 3
    if goal == "pause raised":
        swap.up("green", promote_to_percent=10)
    script.answer = lambda context: Decision.FAIL if context.phase is Phase.HOLD else Decision.PASS
    return swap, {"promotion": {}, "pause": {"promote_to_percent": 15}, "pause raised": {"promote_to_percent": 20}}[
        goal
    ]


@pytest.mark.parametrize("scaled", [True, False], ids=["with units", "without"])
@pytest.mark.parametrize("goal", ["promotion", "pause", "pause raised"])
@pytest.mark.parametrize("moved", [GREEN, Weights(blue=50, green=50)], ids=str)
def test_a_restore_says_what_is_live_once_requests_have_followed(script, monkeypatch, scaled, goal, moved):
    swap, asked = following(script, goal, scaled)
    once_it_is_back(monkeypatch, swap, lambda: setattr(swap.here, "weights", moved))
    with pytest.raises(SwapFailed, match="then somebody else moved traffic") as failed:
        swap.up("green", **asked)
    assert failed.value.weights == swap.here.weights == moved
    assert failed.value.verdict == "gate"


def test_a_restore_after_which_another_swap_took_over_says_that(script, monkeypatch):
    swap, asked = following(script, "promotion", scaled=False, propagation_seconds=1)

    def taken_over():
        marks = swap.here.marks
        (mine,) = (name for name in marks if name.startswith("lease."))
        marks["lease.other"] = marks.pop(mine)

    once_it_is_back(monkeypatch, swap, taken_over)
    with pytest.raises(LeaseLost, match="restored and verified: blue 100 %, green 0 %; then"):
        swap.up("green", **asked)


def taken_over_at_the_very_end(monkeypatch, swap):
    """The call that gives autoscaling back waits long for its turn, and is fenced as each write is."""

    def resumed(_capacity, _serving):
        marks = swap.here.marks
        (mine,) = (name for name in marks if name.startswith("lease."))
        marks["lease.00000001"] = marks.pop(mine)
        swap.clock.sleep(LEASE_SECONDS)
        before_write()

    monkeypatch.setattr(MemoryCapacity, "resume_scaling", resumed)


def test_a_promotion_after_which_another_swap_took_over_is_no_success(monkeypatch):
    swap = Swap("overtaken", **AT_ONCE)
    taken_over_at_the_very_end(monkeypatch, swap)
    with pytest.raises(LeaseLost, match="another swap took over"):
        swap.up("green")
    assert [name for name in swap.here.marks if name.startswith("lease.")] == ["lease.00000001"]
    assert swap.outputs["live_color"] == "blue", "the state says what the last finished update left"


def test_a_restore_at_whose_very_end_another_swap_took_over_says_both(script, monkeypatch):
    script.answer = lambda context: Decision.FAIL if context.phase is Phase.HOLD else Decision.PASS
    swap = Swap("overtaken", gates=[scripted(Phase.HOLD)], **IN_STEPS)
    taken_over_at_the_very_end(monkeypatch, swap)
    with pytest.raises(LeaseLost, match="restored and verified: blue 100 %, green 0 %; then another swap took over"):
        swap.up("green")
    assert swap.here.weights == BLUE


def test_a_restore_to_a_color_with_another_release_says_so(script, monkeypatch):
    script.answer = lambda context: Decision.FAIL if context.phase is Phase.HOLD else Decision.PASS
    swap = Swap("changed", gates=[scripted(Phase.HOLD)], **IN_STEPS)
    ready = MemoryCapacity.ready

    def other_blue(capacity, color):
        return Readiness(False, 1, 1, "it runs v9") if color == "blue" else ready(capacity, color)

    monkeypatch.setattr(MemoryCapacity, "ready", other_blue)
    with pytest.raises(SwapFailed, match="green 0 %; but blue is not as declared: it runs v9"):
        swap.up("green")
    assert swap.here.weights == BLUE


def test_a_restore_ends_at_once_where_the_object_is_somebody_elses_by_now(script, monkeypatch):
    script.answer = lambda context: Decision.FAIL if context.phase is Phase.HOLD else Decision.PASS
    swap = Swap("taken", gates=[scripted(Phase.HOLD)], **IN_STEPS)
    write, tries = MemoryRouter.write, []

    def taken(router, weights):
        if weights == BLUE and swap.here.weights != BLUE:
            tries.append(weights)
            raise NotOwned("Write", "it is owned by shop")
        write(router, weights)

    monkeypatch.setattr(MemoryRouter, "write", taken)
    with pytest.raises(LeaseLost, match="it is owned by shop; nothing more was written"):
        swap.up("green")
    assert tries == [BLUE]


def test_a_lease_does_not_stamp_over_what_bears_the_stamp_already(monkeypatch):
    swap = Swap("stamped")
    sent, mark = [], MemoryRouter.mark

    def marked(router, changes):
        sent.extend(changes)
        mark(router, changes)

    monkeypatch.setattr(MemoryRouter, "mark", marked)
    router = MemoryRouter("stamped")
    for stamp, wanted in ({**swap.here.marks}, False), ({"incarnation": "another"}, True):
        lease = Lease(router, swap.clock, "a test", 1, lambda _: None, stamp=stamp)
        lease.take(dict(swap.here.marks))
        lease.give_back()
        assert ("incarnation" in sent) is wanted


def test_a_color_that_dies_in_the_last_wait_of_a_hold_gets_no_more(monkeypatch):
    strategy = {"steps": [{"weight_percent": 10, "hold_seconds": 6}]}
    swap = Swap("dies", strategy=strategy, bake_seconds=0, poll_interval_seconds=4)
    sleep = FakeClock.sleep

    def slept(clock, seconds):
        sleep(clock, seconds)
        if swap.here.weights.green == 10 and seconds == 2:
            swap.here.broken.add("green")

    monkeypatch.setattr(FakeClock, "sleep", slept)
    with pytest.raises(SwapFailed, match="target health"):
        swap.up("green")
    assert swap.here.moves[-2:] == [Weights(blue=90, green=10), BLUE]
