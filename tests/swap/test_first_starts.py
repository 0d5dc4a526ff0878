"""Two first starts, an owned object that leads elsewhere, and what somebody moves before a swap's first write."""

from __future__ import annotations

import pytest

from bluegreen.memory.capacity import MemoryCapacity
from bluegreen.memory.router import MemoryRouter
from bluegreen.rollout.calls import before_write
from bluegreen.rollout.clock import FakeClock
from bluegreen.rollout.errors import LeaseHeld, PlatformError, SwapFailed
from bluegreen.rollout.model import Convergence, Decision, Phase, Readiness, Weights
from bluegreen.swap.lease import LEASE_SECONDS, leases_in
from bluegreen.swap.service import SwapService
from tests.swap.bench import Swap
from tests.swap.must_not_happen.situations import AT_ONCE, BLUE, ELSEWHERE, GREEN, scripted


def first_start(name, **more):
    swap = Swap(name, started=False, **more)
    swap.here.desired = {"blue": 3, "green": 3}
    return swap


@pytest.mark.parametrize("conditional", [True, False], ids=["made if there is none", "looked for"])
@pytest.mark.parametrize("over", [True, False], ids=["the other one is over", "the other one goes on"])
def test_of_two_first_starts_one_wins_and_the_other_one_is_refused(monkeypatch, script, conditional, over):
    swap = first_start("first", gates=[scripted(Phase.BEFORE)])
    if not conditional:
        monkeypatch.delattr(MemoryRouter, "create")
    begun = []

    def start_another(_):
        if not begun:
            begun.append(True)
            SwapService(clock=FakeClock()).create(swap.inputs("green"))
            if not over:
                swap.here.marks["lease.00000001"] = ELSEWHERE
        return Decision.PASS

    script.answer = start_another
    whose = "over by now" if over else "deploy@runner-7"
    with pytest.raises(LeaseHeld, match=whose):
        swap.up("blue")
    assert swap.here.moves == [GREEN]
    assert swap.here.weights == GREEN


def test_a_first_start_whose_reply_was_lost_finds_its_own_object(monkeypatch):
    swap = first_start("lost")
    create = MemoryRouter.create
    tried = []

    def again(router, weights, marks):
        """As a client does that tries again when nothing was heard."""
        tried.append(create(router, weights, marks))
        return create(router, weights, marks)

    monkeypatch.setattr(MemoryRouter, "create", again)
    assert swap.up("blue")["live_color"] == "blue"
    assert tried == [True]
    assert not leases_in(swap.here.marks)


def test_a_first_start_that_stood_still_while_it_made_its_object_writes_no_more(monkeypatch):
    """Some platforms take more than one call for it."""
    swap = first_start("two-calls")
    sent = []

    def two_calls(_router, _weights, _marks):
        before_write()
        sent.append("marks")
        swap.clock.sleep(LEASE_SECONDS)
        before_write()
        sent.append("weights")

    monkeypatch.setattr(MemoryRouter, "create", two_calls)
    with pytest.raises(LeaseHeld, match="stood still"):
        swap.up("blue")
    assert sent == ["marks"]


@pytest.mark.parametrize("begun", [True, False])
def test_a_first_start_whose_platform_has_moved_traffic_by_itself_says_so(monkeypatch, begun):
    swap = first_start("by-itself", **AT_ONCE)
    monkeypatch.setattr(MemoryRouter, "capabilities", frozenset())

    def never_ready(_capacity, _color):
        if begun:
            swap.here.weights = BLUE
        return Readiness(False, 0, 3, "it starts")

    monkeypatch.setattr(MemoryCapacity, "ready", never_ready)
    with pytest.raises(SwapFailed) as failed:
        swap.up("blue")
    assert failed.value.weights == (BLUE if begun else Weights())
    told = (
        "blue has traffic already, which this swap has not sent there: blue 100 %" if begun else "traffic was not moved"
    )
    assert told in failed.value.restored


def test_a_first_start_holds_the_lease_from_its_first_write_on(monkeypatch):
    swap = first_start("held")
    seen = []
    verify = MemoryRouter.verify

    def looking(router, weights):
        seen.append(set(leases_in(swap.here.marks)))
        return verify(router, weights)

    monkeypatch.setattr(MemoryRouter, "verify", looking)
    swap.up("blue")
    assert seen
    assert all(len(holders) == 1 for holders in seen)


def test_a_first_start_that_fails_after_its_write_takes_it_back(monkeypatch):
    swap = first_start("back", gates=[], bake_seconds=0)
    write = MemoryRouter.write
    refused = []

    def flaky(router, weights):
        if weights == Weights() and not refused:
            refused.append(True)
            write(router, weights)
            raise PlatformError("Write", "no answer")
        write(router, weights)

    monkeypatch.setattr(MemoryRouter, "write", flaky)
    monkeypatch.setattr(MemoryRouter, "verify", _only_nothing)
    with pytest.raises(SwapFailed, match="restored and verified: blue 0 %, green 0 %"):
        swap.up("blue", converge_timeout_seconds=5)
    assert swap.here.weights == Weights()


def _only_nothing(router, weights):
    return Convergence.CONVERGED if weights == Weights() else Convergence.PENDING


@pytest.mark.parametrize("color", ["blue", "green"])
def test_an_owned_object_that_leads_elsewhere_takes_a_lease_like_any_other(color):
    swap = Swap("elsewhere", **AT_ONCE)
    swap.here.weights = Weights()  # a maintenance page, say: the object is there, and so are its marks
    swap.here.marks["lease.aaaaaaaa"] = ELSEWHERE
    began = swap.clock.now_seconds
    swap.here.desired["green"] = 3
    swap.up(color)
    assert swap.clock.now_seconds - began >= LEASE_SECONDS, "another one may be going on"
    assert swap.here.weights == Weights.all_on(color)
    assert not leases_in(swap.here.marks)


# -- what somebody moves


@pytest.mark.parametrize("phase", [Phase.CONFIRM, Phase.BEFORE, Phase.INCREASE, Phase.PROMOTE])
@pytest.mark.parametrize("to", [GREEN, Weights.split("green", 30), Weights()], ids=str)
def test_what_somebody_moved_before_the_first_write_is_not_written_over(script, phase, to):
    more = AT_ONCE if phase is Phase.PROMOTE else {"bake_seconds": 0}
    swap = Swap("moved", gates=[scripted(phase)], **more)
    swap.here.desired["green"] = 3

    def move(context):
        if context.phase is phase and not swap.here.moves:
            swap.here.moves.append(to)
            swap.here.weights = to
        return Decision.PASS

    script.answer = move
    with pytest.raises(SwapFailed, match="somebody else moved them meanwhile") as failed:
        swap.up("green")
    assert swap.here.weights == to
    assert swap.here.moves == [to], "nothing was written"
    assert failed.value.weights == to
    assert "traffic is where somebody else put it" in failed.value.restored
    assert not leases_in(swap.here.marks)
    assert swap.here.desired["green"] == 3
    assert "green" not in swap.here.retiring or not to.of("green")


def test_a_rehearsal_puts_nothing_back_that_somebody_moves_while_a_gate_is_asked(script):
    swap = Swap("rehearsal", gates=[scripted(Phase.CONFIRM)])

    def move(_):
        swap.here.weights = GREEN
        return Decision.FAIL

    swap.here.desired["green"] = 3
    swap.here.broken.add("blue")
    script.answer = move
    with pytest.raises(SwapFailed):
        swap.up("green")
    assert swap.here.weights == GREEN, "blue is broken: it does not get them back"
    assert BLUE not in swap.here.moves


def test_a_pause_is_lowered_only_to_a_color_that_is_sized_and_healthy():
    swap = Swap("lowered", bake_seconds=0)
    swap.up("green", promote_to_percent=50)
    swap.here.desired["blue"] = 1  # it was scaled down by hand; green has the whole size
    swap.here.moves.clear()
    swap.up("green", promote_to_percent=10)
    assert swap.here.desired["blue"] == 3
    assert swap.here.weights == Weights.split("green", 10)


def test_a_pause_is_not_lowered_to_a_color_that_is_not_healthy():
    swap = Swap("refused", bake_seconds=0)
    swap.up("green", promote_to_percent=50)
    swap.here.broken.add("blue")
    swap.here.moves.clear()
    with pytest.raises(SwapFailed, match="blue is not ready for traffic") as failed:
        swap.up("green", promote_to_percent=10)
    assert swap.here.moves == []
    assert failed.value.weights == Weights.split("green", 50)
    assert failed.value.moved is False


def test_drift_of_a_pause_is_healed_only_to_a_color_that_is_sized_and_healthy():
    swap = Swap("drifted", bake_seconds=0)
    swap.up("green", promote_to_percent=10)
    swap.here.weights, swap.here.desired["blue"] = Weights.split("green", 60), 1
    swap.up("green", promote_to_percent=10)
    assert swap.here.desired["blue"] == 3
    assert swap.here.weights == Weights.split("green", 10)


def test_what_somebody_moves_under_an_object_that_led_elsewhere_is_not_written_over(script):
    swap = Swap("maintained", bake_seconds=0, gates=[scripted(Phase.BEFORE)])
    swap.here.weights, swap.state = Weights(), None  # a maintenance page, and the stack's state is lost
    script.tell = lambda *_: setattr(swap.here, "weights", GREEN)  # the page goes while the gate runs
    with pytest.raises(SwapFailed, match="somebody else moved them meanwhile"):
        swap.up("blue")
    assert swap.here.weights == GREEN


# -- what a failed first start does not remove


def test_a_first_start_over_an_object_that_leads_elsewhere_does_not_remove_it_when_it_fails(monkeypatch):
    swap = Swap("maintained", bake_seconds=0)
    swap.here.weights, swap.state = Weights(), None  # a maintenance page, and the stack's state is lost
    monkeypatch.setattr(MemoryRouter, "verify", _only_nothing)
    with pytest.raises(SwapFailed, match="what this swap has not made is not removed") as failed:
        swap.up("blue", converge_timeout_seconds=5)
    assert swap.here.weights == failed.value.weights == BLUE
    assert swap.here.marks
    assert not leases_in(swap.here.marks)


@pytest.mark.parametrize("over", [True, False], ids=["the other one is over", "the other one goes on"])
def test_a_first_start_whose_making_failed_does_not_remove_what_another_one_has_made(monkeypatch, over):
    swap = first_start("failed")

    def fails(router, weights, _):
        swap.here.weights = weights
        swap.here.marks["incarnation"] = "00c0ffee00c0ffee"
        if not over:
            swap.here.marks["lease.00000001"] = ELSEWHERE
        raise PlatformError("Create", "it is there already")

    monkeypatch.setattr(MemoryRouter, "create", fails)
    with pytest.raises(SwapFailed, match="it is there already") as failed:
        swap.up("blue")
    assert swap.here.weights == failed.value.weights == BLUE
    assert swap.here.marks["incarnation"] == "00c0ffee00c0ffee"


def test_a_first_start_whose_making_got_through_and_was_not_heard_of_takes_it_back(monkeypatch):
    swap = first_start("unheard")
    create = MemoryRouter.create

    def unheard(router, weights, marks):
        create(router, weights, marks)
        raise PlatformError("Create", "no answer")

    monkeypatch.setattr(MemoryRouter, "create", unheard)
    with pytest.raises(SwapFailed, match="restored and verified: blue 0 %, green 0 %"):
        swap.up("blue")
    assert swap.here.weights == Weights()


def test_a_swap_that_stood_still_while_it_took_its_lease_is_refused_where_another_one_was_there_meanwhile(monkeypatch):
    swap = Swap("stood", **AT_ONCE)
    swap.here.desired["green"] = 3
    mark = MemoryRouter.mark
    moves = list(swap.here.moves)

    def stands_still(router, changes):
        mark(router, changes)
        for name in leases_in(changes):
            swap.clock.sleep(LEASE_SECONDS + 1)
            mark(router, {f"lease.{name}": None})
            swap.here.weights = GREEN

    monkeypatch.setattr(MemoryRouter, "mark", stands_still)
    with pytest.raises(LeaseHeld, match="took over while this one stood still"):
        swap.up("green", promote_to_percent=10)
    assert swap.here.weights == GREEN
    assert swap.here.moves == moves, "nothing was written"
