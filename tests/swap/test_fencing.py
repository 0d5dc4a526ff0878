"""A write that waited long for its turn, while another swap may have taken over."""

from __future__ import annotations

import pytest

from bluegreen.memory.router import WORLDS, MemoryRouter, world
from bluegreen.rollout.calls import before_write, guarded
from bluegreen.rollout.clock import FakeClock
from bluegreen.rollout.errors import LeaseLost, PlatformError
from bluegreen.rollout.model import Decision, Phase, Weights
from bluegreen.swap.lease import (
    FENCE_SECONDS,
    LEASE_SECONDS,
    RENEW_SECONDS,
    SLOW_LEASE_SECONDS,
    Lease,
    holder_of,
    lasting_seconds,
    leases_in,
)
from bluegreen.swap.service import SwapService
from tests.swap.bench import Swap
from tests.swap.must_not_happen.situations import scripted

LONGEST_TRY_SECONDS = 15
"""How long one try of a call may be under way; see the clients."""


@pytest.fixture
def lease():
    WORLDS.pop("fencing", None)
    here = world("fencing")
    here.weights = Weights.all_on("blue")
    held = Lease(MemoryRouter("fencing"), FakeClock(), "promotion to green", 1, lambda _: None)
    held.take({})
    here.calls.clear()
    return held


def test_the_times_fit_together():
    assert RENEW_SECONDS < FENCE_SECONDS
    assert FENCE_SECONDS + LONGEST_TRY_SECONDS < LEASE_SECONDS


def test_while_the_lease_is_fresh_nothing_is_asked(lease):
    lease.clock.sleep(FENCE_SECONDS - 1)
    lease.fence()
    assert world("fencing").calls == []


def test_an_old_lease_is_renewed_and_looked_at(lease):
    before = dict(world("fencing").marks)
    lease.clock.sleep(FENCE_SECONDS)
    lease.fence()
    assert world("fencing").calls == ["router.mark", "router.marks"]
    assert world("fencing").marks.keys() == before.keys()
    assert world("fencing").marks != before
    lease.fence()
    assert len(world("fencing").calls) == 2


@pytest.mark.parametrize("removed", [True, False], ids=["the rival has tidied up", "the rival is about to"])
def test_whoever_was_taken_over_writes_no_more_and_leaves_no_lease_that_is_not_taken_away(lease, removed):
    marks = world("fencing").marks
    own = dict(leases_in(marks))
    if removed:
        marks.clear()
    marks["lease.00000001"] = "2026-11-21T11:00:00Z ada@desk pid 1 on 00000000 promotion to blue"
    lease.clock.sleep(LEASE_SECONDS + 1)
    with pytest.raises(LeaseLost, match=r"another swap took over: .*ada@desk"):
        lease.fence()
    rest = {name: value for name, value in leases_in(marks).items() if name != "00000001"}
    assert rest == ({} if removed else own), "as the rival has seen it: renewed, it would step back as well"


def test_two_that_step_back_from_each_other_leave_a_note_for_the_next_update(lease, monkeypatch):
    """The rival's mark comes between the look and the renewal of one that stood still."""
    mark, rival = MemoryRouter.mark, {"lease.00000001": "2026-11-21T11:00:00Z ada@desk pid 1 on 00000000 promotion"}

    def late(router, changes):
        world("fencing").marks.update(rival)
        mark(router, changes)

    monkeypatch.setattr(MemoryRouter, "mark", late)
    lease.clock.sleep(LEASE_SECONDS + 1)
    with pytest.raises(LeaseLost, match=r"another swap took over: .*ada@desk"):
        lease.fence()
    assert set(leases_in(world("fencing").marks)) == {"00000001", lease.id}


@pytest.mark.parametrize("taken_over", [False, True])
def test_a_swap_whose_marks_were_removed_leaves_one_and_one_that_was_taken_over_none(lease, taken_over):
    here = world("fencing")
    mine = lease.id
    here.marks.clear()
    if taken_over:
        here.marks[f"taken.{mine}"] = "somebody"
    with pytest.raises(LeaseLost, match="held by nobody"):
        lease.judge(here.marks)
    lease.leave_behind()
    assert set(leases_in(here.marks)) == (set() if taken_over else {mine})


def test_autoscaling_that_a_swap_suspended_works_again_after_its_marks_were_removed(script, monkeypatch):
    script.answer = lambda context: Decision.FAIL if context.phase is Phase.HOLD else Decision.PASS
    steps = {"strategy": {"steps": [{"weight_percent": 10, "hold_seconds": 2}]}, "bake_seconds": 0}
    swap = Swap("unmarked", gates=[scripted(Phase.HOLD)], propagation_seconds=5, poll_interval_seconds=2, **steps)
    verify = MemoryRouter.verify

    def unmarked(router, wanted):
        if wanted == Weights.all_on("blue") and swap.here.weights == wanted:
            swap.here.marks.clear()
        return verify(router, wanted)

    with monkeypatch.context() as patched:
        patched.setattr(MemoryRouter, "verify", unmarked)
        with pytest.raises(LeaseLost):
            swap.up("green")
    assert swap.here.held
    assert swap.here.weights == Weights.all_on("blue")
    swap.up("blue")
    assert not swap.here.held
    assert not leases_in(swap.here.marks)


def test_a_lease_that_cannot_be_renewed_in_time_is_no_licence(lease, monkeypatch):
    mark = MemoryRouter.mark

    def slow(router, changes):
        lease.clock.sleep(SLOW_LEASE_SECONDS / 2)
        mark(router, changes)

    monkeypatch.setattr(MemoryRouter, "mark", slow)
    lease.clock.sleep(FENCE_SECONDS)
    with pytest.raises(PlatformError, match="could not be renewed within 240 s; nothing more was written"):
        lease.fence()


def test_whoever_is_throttled_has_a_longer_lease_and_says_so(lease, monkeypatch):
    mark = MemoryRouter.mark

    def throttled(router, changes):
        lease.clock.sleep(17)
        mark(router, changes)

    monkeypatch.setattr(MemoryRouter, "mark", throttled)
    lease.clock.sleep(FENCE_SECONDS)
    lease.fence()
    (value,) = leases_in(world("fencing").marks).values()
    assert lasting_seconds(value) == SLOW_LEASE_SECONDS
    assert "for 600 s" not in holder_of(value), "that is for machines"
    monkeypatch.setattr(MemoryRouter, "mark", mark)
    rival = Lease(MemoryRouter("fencing"), FakeClock(), "rollback to blue", 1, lambda _: None)
    monkeypatch.setattr("bluegreen.swap.holders.ended_here", lambda *_: False)
    began = rival.clock.monotonic_seconds()
    rival.take(dict(world("fencing").marks))
    assert rival.clock.monotonic_seconds() - began >= SLOW_LEASE_SECONDS, "it waited as long as the mark says"


def test_a_guard_is_asked_before_each_write_and_not_for_its_own_calls():
    asked = []

    def guard():
        asked.append("guard")
        before_write()

    before_write()
    with guarded(guard):
        before_write()
        before_write()
    before_write()
    assert asked == ["guard", "guard"]


def test_a_shift_that_waited_while_another_swap_took_over_is_not_sent(monkeypatch):
    """A throttled call is tried again for a minute; meanwhile the lease has run out, and somebody else's began."""
    swap = Swap("late", strategy={"steps": []}, bake_seconds=0)
    write, waited = MemoryRouter.write, []

    def throttled(router, weights):
        if weights == Weights.all_on("green") and not waited:
            waited.append(None)
            swap.clock.sleep(60)
            swap.here.marks = {"lease.00000001": "2026-11-21T11:00:00Z ada@desk pid 1 on 00000000 rollback to blue"}
        before_write()  # as a client does
        write(router, weights)

    monkeypatch.setattr(MemoryRouter, "write", throttled)
    with pytest.raises(LeaseLost, match="another swap took over"):
        SwapService(clock=swap.clock).update(swap.outputs, swap.inputs("green"))
    assert swap.here.moves == []
    assert set(leases_in(swap.here.marks)) == {"00000001"}
