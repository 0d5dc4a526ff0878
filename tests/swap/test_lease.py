"""Two swaps never write at once; whoever is dead holds nobody up for long; an abort reaches a running swap."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bluegreen.memory.router import MemoryRouter
from bluegreen.rollout.calls import before_pause, before_write, guarded, pause
from bluegreen.rollout.clock import FakeClock
from bluegreen.rollout.errors import LeaseHeld, LeaseLost, PlatformError, SwapAborted
from bluegreen.rollout.model import Weights
from bluegreen.swap import holders
from bluegreen.swap.lease import ABORT, LEASE_SECONDS, Lease, holder_of, leases_in, mark_text
from tests.swap.bench import Swap

ELSEWHERE = "2026-11-21T11:00:00Z deploy@runner-7 pid 12 on 00000000 promotion to green"


@pytest.fixture
def swap():
    return Swap("lease")


def lease(swap, clock=None):
    return Lease(MemoryRouter(swap.name), clock or swap.clock, "promotion to green", 1, lambda _: None)


def test_a_running_swap_holds_the_lease_and_gives_it_back(swap):
    seen = []
    write = MemoryRouter.write

    def noting(self, weights):
        seen.append(dict(swap.here.marks))
        write(self, weights)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(MemoryRouter, "write", noting)
        swap.up("green")
    assert all(len(leases_in(marks)) == 1 for marks in seen)
    (holder,) = leases_in(seen[0]).values()
    assert f"pid {os.getpid()}" in holder
    assert holder.endswith("promotion to green")
    assert leases_in(swap.here.marks) == {}


def test_a_second_swap_is_refused_with_the_holders_name_while_the_first_one_renews(swap):
    class Renewing(FakeClock):
        """The other process renews its mark while this one sleeps."""

        def sleep(self, seconds):
            super().sleep(seconds)
            swap.here.marks["lease.aaaaaaaa"] = ELSEWHERE.replace("11:00:00", f"11:00:{self.now_seconds % 60:02.0f}")

    swap.here.marks["lease.aaaaaaaa"] = ELSEWHERE
    swap.clock = Renewing()
    with pytest.raises(LeaseHeld) as refused:
        swap.up("green")
    assert "deploy@runner-7 pid 12 promotion to green" in str(refused.value)
    assert "nothing was written" in str(refused.value)
    assert swap.here.moves == []
    assert list(leases_in(swap.here.marks)) == ["aaaaaaaa"], "the refused one leaves nothing"


def test_a_dead_holders_lease_is_taken_over_when_it_has_expired(swap):
    swap.here.marks["lease.aaaaaaaa"] = ELSEWHERE
    began = swap.clock.now_seconds
    swap.up("green", bake_seconds=0, strategy={"steps": []})
    assert LEASE_SECONDS <= swap.clock.now_seconds - began < LEASE_SECONDS + 5
    assert swap.outputs["live_color"] == "green"
    assert leases_in(swap.here.marks) == {}


def test_a_holder_that_ended_on_this_machine_is_known_to_be_dead_at_once(swap):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    swap.here.marks["lease.aaaaaaaa"] = f"2026-11-21T11:00:00Z me@here pid {ended.pid} on {holders.here()} promotion"
    began = swap.clock.now_seconds
    lease(swap).take(swap.here.marks)
    assert swap.clock.now_seconds == began


def test_a_holder_that_lives_on_this_machine_is_not_taken_for_dead(swap):
    swap.here.marks["lease.aaaaaaaa"] = f"2026-11-21T11:00:00Z me@here pid {os.getppid()} on {holders.here()} promotion"
    began = swap.clock.now_seconds
    lease(swap).take(swap.here.marks)
    assert swap.clock.now_seconds - began >= LEASE_SECONDS, "it waited to see whether the lease is renewed"


@pytest.mark.parametrize("round_", range(20))
def test_of_two_that_start_together_at_most_one_goes_on(swap, round_):
    ready = threading.Barrier(2)
    taken, refused = [], []

    def run():
        mine = lease(swap, FakeClock())
        marks = dict(swap.here.marks)
        ready.wait()
        try:
            mine.take(marks)
            taken.append(mine.id)
        except LeaseHeld:
            refused.append(mine.id)

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) <= 1
    assert len(taken) + len(refused) == 2
    assert set(leases_in(swap.here.marks)) == set(taken)


def test_a_first_start_that_finds_another_ones_lease_on_what_it_has_made_steps_back(swap, monkeypatch):
    """On a platform that makes an object in more than one call both may have thought that they were first."""
    create = MemoryRouter.create

    def both(router, weights, marks):
        made = create(router, weights, marks)
        swap.here.marks["lease.bbbbbbbb"] = ELSEWHERE
        return made

    monkeypatch.setattr(MemoryRouter, "create", both)
    swap.here.weights, mine = Weights(), lease(swap)
    mine.take({})
    with pytest.raises(LeaseHeld, match="deploy@runner-7 pid 12 promotion to green"):
        mine.place(Weights.all_on("blue"))
    assert list(leases_in(swap.here.marks)) == ["bbbbbbbb"], "the other one finds nothing in its way"


def test_a_swap_whose_lease_was_taken_over_writes_nothing_more(swap):
    class Overslept(FakeClock):
        """In the first hold another swap takes over and goes its own way."""

        def sleep(self, seconds):
            super().sleep(seconds)
            if swap.here.weights == Weights.split("green", 10):
                swap.here.marks = {"lease.bbbbbbbb": ELSEWHERE}
                swap.here.weights = Weights.split("green", 33)

    swap.clock = Overslept()
    with pytest.raises(LeaseLost, match="now held by 2026-11-21T11:00:00Z deploy@runner-7"):
        swap.up("green")
    assert swap.here.weights == Weights.split("green", 33), "not even a restore"
    assert "bbbbbbbb" in leases_in(swap.here.marks)


def test_a_restore_is_not_written_over_a_swap_that_took_over(swap):
    class Meddled(FakeClock):
        def sleep(self, seconds):
            super().sleep(seconds)
            if swap.here.weights == Weights.split("green", 10):
                swap.here.broken.add("green")  # the gate will say no
                swap.here.marks = {"lease.bbbbbbbb": ELSEWHERE}

    swap.clock = Meddled()
    with pytest.raises(LeaseLost):
        swap.up("green", poll_interval_seconds=60)
    assert swap.here.moves == [Weights.split("green", 10)]


def test_a_lease_is_renewed_while_the_swap_goes_on(swap):
    seen = set()

    class Watched(FakeClock):
        def sleep(self, seconds):
            super().sleep(seconds)
            seen.update(leases_in(swap.here.marks).values())

    swap.clock = Watched()
    swap.up("green")
    assert len(seen) >= (30 + 30 + 60) / 10 - 1


def test_an_abort_restores_within_one_poll(swap):
    at = []

    class Asking(FakeClock):
        def sleep(self, seconds):
            super().sleep(seconds)
            if swap.here.weights == Weights.split("green", 50) and not at:
                (running,) = leases_in(swap.here.marks)
                swap.here.marks[ABORT] = f"{running} ops@desk at 2026-11-21 too many errors"
                at.append(self.now_seconds)

    swap.clock = Asking()
    with pytest.raises(SwapAborted, match="aborted by ops@desk at 2026-11-21 too many errors"):
        swap.up("green")
    assert swap.here.weights == Weights.all_on("blue")
    assert swap.clock.now_seconds - at[0] <= 1
    assert not {ABORT, *leases_in(swap.here.marks)} & set(swap.here.marks)


def test_a_wish_to_abort_an_earlier_swap_stops_nothing(swap):
    swap.here.marks[ABORT] = "0badf00d ops@desk"
    assert swap.up("green")["live_color"] == "green"
    assert ABORT not in swap.here.marks


def test_the_adapters_own_wish_to_stop_restores(swap):
    service = swap.service(cancelled=lambda: swap.here.weights.of("green") > 0)
    with pytest.raises(SwapAborted):
        service.update(swap.outputs, swap.inputs("green"))
    assert swap.here.weights == Weights.all_on("blue")


def test_marks_that_cannot_be_read_for_as_long_as_a_lease_lasts_end_the_swap(swap, monkeypatch):
    def refused(self):
        if swap.here.weights.of("green"):
            raise PlatformError("Marks", "throttled")
        return dict(swap.here.marks)

    monkeypatch.setattr(MemoryRouter, "marks", refused)
    with pytest.raises(Exception, match="Marks: throttled"):
        swap.up("green", strategy={"steps": [{"weight_percent": 10, "hold_seconds": 600}]})
    assert swap.here.weights == Weights.all_on("blue"), "traffic goes back although the marks cannot be read"


@given(st.text(max_size=400))
def test_a_marks_text_fits_every_platform(text):
    found = mark_text(text)
    assert len(found) <= 250
    assert all(letter.isascii() and (letter.isalnum() or letter in " +-=._:/@") for letter in found)


def test_the_holder_is_for_people():
    assert "00000000" not in holder_of(ELSEWHERE)


def test_a_lease_whose_machine_stood_still_is_not_kept_by_a_look_that_fails(swap, monkeypatch):
    """Somebody may have waited for its end meanwhile: only its own mark says that nobody has."""
    held = lease(swap)
    held.take(dict(swap.here.marks))
    swap.clock.sleep(LEASE_SECONDS)
    looks, marks = [], MemoryRouter.marks

    def once(self):
        looks.append(1)
        if len(looks) > 1:
            raise PlatformError("Read", "refused")
        return marks(self)

    monkeypatch.setattr(MemoryRouter, "marks", once)
    with pytest.raises(PlatformError):
        held._renewed()
    assert len(looks) == 2, "one before it is renewed, one after"


def test_a_write_that_locks_the_object_renews_the_lease_once_and_none_where_there_is_none(swap):
    nothing_held = lease(swap)
    with nothing_held.locked(5):
        pass
    nothing_held.give_back()
    assert leases_in(swap.here.marks) == {}
    held = lease(swap)
    held.take(dict(swap.here.marks))
    swap.here.calls.clear()
    with held.locked(5):
        renewed = swap.here.calls.count("router.mark")
        with held.locked(5):
            assert swap.here.calls.count("router.mark") == renewed == 1
    held.give_back()
    assert leases_in(swap.here.marks) == {}


def paused_after(swap, monkeypatch, seconds, *, written_again=False):
    """A platform on which marks are gone at once, and which says so some time later: its changes are operations."""
    mark = MemoryRouter.mark

    def slow(router, changes):
        before_write()
        mark(router, changes)
        for _ in range(seconds if None in changes.values() else 0):
            before_pause(1)
            swap.clock.sleep(1)
        if written_again:
            before_write()

    monkeypatch.setattr(MemoryRouter, "mark", slow)


@pytest.mark.parametrize("seconds", [14, int(LEASE_SECONDS) - 1, 2 * int(LEASE_SECONDS)])
@pytest.mark.parametrize("written_again", [False, True], ids=["one write", "two writes"])
@pytest.mark.parametrize("more", [{}, {"outcome": "live"}], ids=["alone", "with marks"])
def test_a_lease_that_is_given_back_slowly_is_not_renewed_behind_that(swap, monkeypatch, more, written_again, seconds):
    held = lease(swap)
    held.take(dict(swap.here.marks))
    paused_after(swap, monkeypatch, seconds, written_again=written_again)
    with guarded(held.fence, held.outlast, swap.clock.sleep):
        held.give_back(more)
    assert leases_in(swap.here.marks) == {}
    assert more.items() <= swap.here.marks.items()


def test_nothing_more_is_written_once_somebody_else_has_come_while_it_was_given_back(swap, monkeypatch):
    held = lease(swap)
    held.take(dict(swap.here.marks))
    mark, written = MemoryRouter.mark, []

    def in_two_writes(router, changes):
        mark(router, {name: value for name, value in changes.items() if value is None})
        swap.clock.sleep(LEASE_SECONDS)
        swap.here.marks["lease.aaaaaaaa"] = ELSEWHERE
        before_write()
        written.append(changes)

    monkeypatch.setattr(MemoryRouter, "mark", in_two_writes)
    with guarded(held.fence, held.outlast, swap.clock.sleep), pytest.raises(LeaseLost, match="deploy@runner-7"):
        held.give_back({"outcome": "live"})
    assert written == []
    assert list(leases_in(swap.here.marks)) == ["aaaaaaaa"]


def test_a_lease_that_could_not_be_renewed_within_a_call_is_no_fresh_one(swap, monkeypatch):
    """The pause goes on; the try after it is the one that is not sent, since others may have taken over by then."""
    held = lease(swap)
    held.take(dict(swap.here.marks))

    def refused(_router, _changes):
        raise PlatformError("mark", "no")

    monkeypatch.setattr(MemoryRouter, "mark", refused)
    swap.clock.sleep(LEASE_SECONDS * 0.39)
    with guarded(held.fence, held.outlast, swap.clock.sleep):
        pause(1)
        with pytest.raises(PlatformError, match="mark: no"):
            before_write()


def test_whoever_steps_back_slowly_leaves_nothing_either(swap, monkeypatch):
    first, second = lease(swap), lease(swap)
    before = dict(swap.here.marks)
    first.take(before)
    paused_after(swap, monkeypatch, 14)
    with guarded(second.fence, second.outlast, swap.clock.sleep), pytest.raises(LeaseHeld):
        second.take(before)
    assert list(leases_in(swap.here.marks)) == [first.id]


def test_a_swap_whose_marks_take_their_time_leaves_no_lease(swap, monkeypatch):
    paused_after(swap, monkeypatch, 14)
    swap.up("green", bake_seconds=0, strategy={"steps": []})
    assert leases_in(swap.here.marks) == {}
    swap.up("blue")
    assert leases_in(swap.here.marks) == {}
