"""A holder that stood still for longer than its lease, clocks that are set, removals while a swap runs."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from bluegreen.memory.router import MemoryRouter
from bluegreen.rollout.calls import before_pause, before_write
from bluegreen.rollout.clock import FakeClock, SystemClock
from bluegreen.rollout.errors import LeaseHeld, LeaseLost, PlatformError, SwapFailed
from bluegreen.rollout.model import Decision, Phase, Weights
from bluegreen.swap import holders
from bluegreen.swap.lease import LEASE_SECONDS, Lease, holder_of, leases_in
from bluegreen.swap.service import SwapService
from tests.swap.bench import Swap
from tests.swap.must_not_happen.situations import AT_ONCE, ELSEWHERE, scripted


class Asleep(FakeClock):
    """Wall time continues in a suspend, and the monotonic clock stands still: a paused virtual machine's does."""

    slept_seconds = 0.0

    def wall_seconds(self):
        return self.now_seconds + self.slept_seconds


class SetBack(FakeClock):
    """Somebody sets the machine's clock back while it runs."""

    off_seconds = 0.0

    def wall_seconds(self):
        return self.now_seconds + self.off_seconds


@pytest.fixture
def elsewhere(monkeypatch):
    """Whoever holds a lease is on another machine: nothing but the lease is known of it."""
    monkeypatch.setattr(holders, "ended_here", lambda *_: False)


def held(swap, clock=None):
    lease = Lease(MemoryRouter(swap.name), clock or swap.clock, "promotion to green", 1, lambda _: None)
    lease.take(dict(swap.here.marks))
    return lease


@pytest.mark.skipif(not hasattr(time, "CLOCK_BOOTTIME"), reason="another clock runs through a suspend here")
def test_time_goes_on_in_a_suspend():
    began = time.clock_gettime(time.CLOCK_BOOTTIME)
    assert began <= SystemClock().monotonic_seconds() <= time.clock_gettime(time.CLOCK_BOOTTIME)


@pytest.mark.parametrize("seconds", [LEASE_SECONDS, 3600])
def test_whoever_slept_past_its_lease_writes_nothing_although_the_other_one_is_over_already(
    monkeypatch, elsewhere, seconds
):
    swap = Swap("asleep", **AT_ONCE)
    swap.clock = Asleep()
    write, slept = MemoryRouter.write, []

    def slow(router, weights):
        if weights == Weights.all_on("green") and not slept:
            slept.append(True)
            swap.clock.slept_seconds = seconds
            other = SwapService(clock=FakeClock(9_000))
            other.update(swap.outputs, swap.inputs("blue", router={**swap.inputs("blue")["router"], "note": "x"}))
            assert not leases_in(swap.here.marks)
        before_write()  # as a client does before each try
        write(router, weights)

    monkeypatch.setattr(MemoryRouter, "write", slow)
    with pytest.raises(LeaseLost, match="another swap took over"):
        swap.up("green")
    assert swap.here.weights == Weights.all_on("blue")
    assert not leases_in(swap.here.marks)


def test_the_note_of_a_take_over_is_seen_in_the_moment_between_a_look_and_a_renewal(monkeypatch, elsewhere):
    swap = Swap("moment")
    lease = held(swap)
    swap.clock.sleep(LEASE_SECONDS)
    mark = MemoryRouter.mark

    def taken_over_first(router, changes):
        monkeypatch.setattr(MemoryRouter, "mark", mark)
        rival = held(swap, FakeClock())
        rival.give_back()
        mark(router, changes)

    monkeypatch.setattr(MemoryRouter, "mark", taken_over_first)
    with pytest.raises(LeaseLost):
        lease.fence()
    assert not leases_in(swap.here.marks)
    swap.up("green", **AT_ONCE)
    assert not [name for name in swap.here.marks if name.startswith("taken")], "the next swap takes the note away"


@pytest.mark.parametrize(("seconds", "passes"), [(LEASE_SECONDS / 2, True), (LEASE_SECONDS, False)])
def test_a_lease_that_was_renewed_in_time_needs_no_look_that_fails(monkeypatch, seconds, passes):
    swap = Swap("unreadable")
    lease = held(swap)
    swap.clock.sleep(seconds)

    def unreadable(router):
        raise PlatformError("Marks", "throttled")

    monkeypatch.setattr(MemoryRouter, "marks", unreadable)
    if passes:
        lease.fence()
    else:
        with pytest.raises(PlatformError, match="throttled"):
            lease.fence()


def test_a_newcomer_beside_a_lease_that_is_fresh_stops_nobody():
    swap = Swap("newcomer")
    lease = held(swap)
    swap.here.marks["lease.00000001"] = ELSEWHERE
    swap.clock.sleep(LEASE_SECONDS / 2)
    lease.fence()
    assert lease.judge(swap.here.marks) is None


def test_a_mark_beside_a_lease_that_ran_out_stops_its_holder_restores_included():
    swap = Swap("ran-out")
    lease = held(swap)
    swap.here.marks["lease.00000001"] = ELSEWHERE
    swap.clock.sleep(LEASE_SECONDS)
    with pytest.raises(LeaseLost, match="deploy@runner-7"):
        lease.judge(swap.here.marks)


def test_a_router_that_asks_nobody_before_its_writes_is_fenced_all_the_same(monkeypatch, script):
    swap = Swap("unfenced", gates=[scripted(Phase.BEFORE)], **AT_ONCE)

    def overslept(_):
        swap.clock.sleep(LEASE_SECONDS)
        swap.here.marks["lease.00000001"] = ELSEWHERE
        return Decision.PASS

    script.answer = overslept
    with pytest.raises(LeaseLost, match="deploy@runner-7"):
        swap.up("green")
    assert swap.here.weights == Weights.all_on("blue")


def test_whoever_lost_its_lease_once_never_writes_again():
    swap = Swap("once")
    lease = held(swap)
    ours = dict(swap.here.marks)
    swap.here.marks.clear()
    with pytest.raises(LeaseLost):
        lease.judge(swap.here.marks)
    swap.here.marks.update(ours)
    for ask in (lease.fence, lease.check, lambda: lease.judge(ours)):
        with pytest.raises(LeaseLost):
            ask()


def test_a_renewal_shows_also_where_the_clock_was_set_back_by_just_as_much():
    swap = Swap("same-second")
    swap.clock = SetBack()
    lease = held(swap)
    before = dict(swap.here.marks)
    swap.clock.sleep(15)
    swap.clock.off_seconds = -15
    lease.fence()
    assert swap.here.marks != before
    (value,) = leases_in(swap.here.marks).values()
    assert holder_of(value).endswith("promotion to green")
    assert " no 1" not in holder_of(value)


def test_how_a_swap_ended_is_known_also_where_the_clock_was_set_back(monkeypatch):
    swap = Swap("back")
    swap.clock = SetBack()
    swap.here.broken.add("green")
    monkeypatch.setattr(SetBack, "off_seconds", property(lambda self: -3600 if self.now_seconds > 1_010 else 0))
    with pytest.raises(SwapFailed):
        swap.up("green")
    swap.refresh()
    newest = swap.outputs["history"][0]
    assert (newest["outcome"], newest["seconds"]) == ("restored", 60.0)


def test_a_slow_gate_is_asked_once_before_each_step(script):
    phases = (Phase.CONFIRM, Phase.BEFORE, Phase.INCREASE, Phase.PROMOTE)
    steps = {"steps": [{"weight_percent": 10, "hold_seconds": 5}]}
    swap = Swap("slow", strategy=steps, bake_seconds=0, gates=[scripted(*phases), scripted(*phases)])

    def slow(_):
        swap.clock.sleep(600)
        return Decision.PASS

    script.asked.clear()
    script.answer = slow
    swap.up("green")
    assert [phase for phase, _ in script.asked] == [phase for phase in phases for _ in range(2)]


@pytest.mark.parametrize(
    "ends", [RuntimeError("x"), SystemExit(3), KeyboardInterrupt()], ids=lambda end: type(end).__name__
)
def test_a_swap_that_is_over_is_recorded_whatever_a_gate_does_afterwards(script, ends):
    swap = Swap("after", gates=[scripted(Phase.AFTER)], **AT_ONCE)

    def end(_):
        assert not leases_in(swap.here.marks), "it is let go already"
        assert "blue" in swap.here.retiring
        raise ends

    script.answer = end
    assert swap.up("green")["live_color"] == "green"
    assert swap.outputs["history"][0]["outcome"] == "promoted"
    assert not swap.preview("green")


# -- removal


def test_nothing_is_removed_while_a_swap_goes_on(script):
    swap = Swap("removal", gates=[scripted(Phase.HOLD)])
    refused = []

    def destroy(_):
        if not refused:
            with pytest.raises(LeaseHeld, match="promotion to green") as held_by:
                SwapService(clock=FakeClock()).delete(swap.outputs)
            refused.append(held_by.value)
            assert swap.here.weights == Weights.split("green", 10)
        return Decision.PASS

    script.answer = destroy
    swap.up("green")
    assert refused
    assert swap.here.weights == Weights.all_on("green")


@pytest.mark.parametrize("seconds", [14, int(LEASE_SECONDS) - 1, 2 * int(LEASE_SECONDS)])
def test_a_removal_in_two_writes_may_take_longer_than_a_lease(monkeypatch, seconds):
    """The first one takes the lease away with the object: nobody else has."""
    swap = Swap("removal-slow")
    delete, written = MemoryRouter.delete, []

    def in_two_writes(router):
        before_write()
        delete(router)
        for _ in range(seconds):
            before_pause(1)
            swap.clock.sleep(1)
        before_write()
        written.append(router.name)

    monkeypatch.setattr(MemoryRouter, "delete", in_two_writes)
    swap.destroy()
    assert written == [swap.name]
    assert swap.here.marks == {}


def test_a_removal_waits_for_the_end_of_a_dead_holders_lease():
    swap = Swap("removal-dead")
    swap.here.marks["lease.aaaaaaaa"] = ELSEWHERE
    began = swap.clock.now_seconds
    swap.destroy()
    assert swap.clock.now_seconds - began >= LEASE_SECONDS
    assert swap.here.weights == Weights()
    assert swap.here.marks == {}


def test_a_holder_that_ended_here_delays_no_removal():
    swap = Swap("removal-ended")
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    swap.here.marks["lease.aaaaaaaa"] = f"2026-11-21T11:00:00Z me@here pid {ended.pid} on {holders.here()} promotion"
    began = swap.clock.now_seconds
    swap.destroy()
    assert swap.clock.now_seconds == began
