"""The keeper beside a running swap: the lease is renewed and an abort heard while something blocks."""

from __future__ import annotations

import threading
from contextlib import contextmanager

import pytest

from bluegreen.memory.router import MemoryRouter
from bluegreen.rollout.calls import before_pause, before_write
from bluegreen.rollout.clock import FakeClock, SystemClock
from bluegreen.rollout.errors import LeaseLost, PlatformError, SwapAborted
from bluegreen.rollout.model import Decision, Phase, Weights
from bluegreen.swap.keeper import STEPS_IN_SECONDS, Keeper
from bluegreen.swap.lease import ABORT, LEASE_SECONDS, SLOW_LEASE_SECONDS, Lease, lasting_seconds, leases_in
from tests.swap.bench import Swap
from tests.swap.must_not_happen.situations import AT_ONCE, BLUE, ELSEWHERE, scripted


class KeptClock(FakeClock):
    """A clock that runs the work beside a swap each second that it is moved, without a thread."""

    def __init__(self):
        super().__init__()
        self.works = []
        self.at_each_second = lambda: None

    @contextmanager
    def beside(self, work, every_seconds):
        self.works.append(work)
        yield
        self.works.remove(work)

    def sleep(self, seconds):
        until = self.now_seconds + seconds
        while self.now_seconds < until:
            super().sleep(min(1, until - self.now_seconds))
            self.at_each_second()
            for work in self.works:
                work()


@pytest.fixture
def swap():
    made = Swap("kept", **AT_ONCE)
    made.here.desired["green"] = 3
    made.clock = KeptClock()
    return made


def taken(swap, poll_seconds=1.0):
    lease = Lease(MemoryRouter(swap.name), swap.clock, "promotion to green", poll_seconds, lambda _: None)
    lease.take({})
    return lease


def ages_of(swap):
    """How old the lease's mark was, at each second."""
    ages, last = [], {}

    def look():
        for holder, value in leases_in(swap.here.marks).items():
            if last.get("value") != value:
                last.update(value=value, since=swap.clock.now_seconds)
            ages.append((holder, swap.clock.now_seconds - last["since"]))

    swap.clock.at_each_second = look
    return ages


@pytest.mark.parametrize("phase", [Phase.CONFIRM, Phase.BEFORE, Phase.BAKE])
def test_a_lease_is_renewed_while_a_gate_blocks(swap, script, phase):
    ages = ages_of(swap)

    def slow(_):
        swap.clock.sleep(600)
        return Decision.PASS

    script.answer = slow
    swap.up("green", gates=[scripted(phase)], bake_seconds=60 if phase is Phase.BAKE else 0)
    assert len(ages) >= 600
    assert max(age for _, age in ages) < LEASE_SECONDS / 2
    assert len({holder for holder, _ in ages}) == 1
    assert swap.here.weights == Weights.all_on("green")


def test_a_lease_is_renewed_and_an_abort_heard_within_a_long_poll_interval(swap):
    ages, asked = ages_of(swap), []
    look = swap.clock.at_each_second

    def ask():
        look()
        if swap.here.weights == Weights.split("green", 10) and not asked:
            (running,) = leases_in(swap.here.marks)
            swap.here.marks[ABORT] = f"{running} ops@desk"
            asked.append(swap.clock.now_seconds)

    swap.clock.at_each_second = ask
    with pytest.raises(SwapAborted, match="ops@desk"):
        swap.up("green", poll_interval_seconds=60, strategy={"steps": [{"weight_percent": 10, "hold_seconds": 600}]})
    assert max(age for _, age in ages) < LEASE_SECONDS / 2
    assert swap.clock.now_seconds - asked[0] <= LEASE_SECONDS / 2
    assert swap.here.weights == BLUE


def test_an_abort_that_comes_while_a_gate_blocks_counts_although_the_gate_passes(swap, script):
    def slow(_):
        (running,) = leases_in(swap.here.marks)
        swap.here.marks[ABORT] = f"{running} ops@desk"
        swap.clock.sleep(600)
        return Decision.PASS

    script.answer = slow
    swap.here.moves.clear()
    with pytest.raises(SwapAborted, match="ops@desk"):
        swap.up("green", gates=[scripted(Phase.BEFORE)])
    assert swap.here.moves == []


def test_a_swap_whose_lease_was_taken_while_a_gate_blocks_writes_nothing_more(swap, script):
    def slow(_):
        swap.here.marks = {"lease.bbbbbbbb": ELSEWHERE}
        swap.clock.sleep(60)
        return Decision.PASS

    script.answer = slow
    swap.here.moves.clear()
    with pytest.raises(LeaseLost, match="deploy@runner-7"):
        swap.up("green", gates=[scripted(Phase.BEFORE)])
    assert swap.here.moves == []
    assert swap.here.marks == {"lease.bbbbbbbb": ELSEWHERE}


def test_a_swap_that_looks_by_itself_makes_no_call_more_for_its_keeper(swap):
    def calls_of(clock):
        one = Swap("counted")
        one.clock = clock
        one.up("green")
        return one.here.calls

    assert calls_of(KeptClock()) == calls_of(FakeClock())


def test_a_keeper_leaves_alone_what_is_being_written(swap):
    lease = taken(swap)
    swap.clock.sleep(LEASE_SECONDS)
    swap.here.calls.clear()
    beaten = threading.Event()

    def beat():
        Keeper(lease).beat()
        beaten.set()

    with lease.lock:
        threading.Thread(target=beat).start()
        assert beaten.wait(60)
        assert swap.here.calls == []
    Keeper(lease).beat()
    assert "router.mark" in swap.here.calls


@pytest.mark.parametrize("seconds", [0, STEPS_IN_SECONDS - 1])
def test_a_keeper_steps_in_only_where_nobody_has_looked_for_a_while(swap, seconds):
    lease = taken(swap)
    swap.clock.sleep(seconds)
    swap.here.calls.clear()
    Keeper(lease).beat()
    assert swap.here.calls == []


def test_a_keeper_never_raises_and_is_heard_of_at_the_next_write(swap, monkeypatch):
    lease = taken(swap)
    swap.here.marks.clear()
    swap.clock.sleep(STEPS_IN_SECONDS)
    Keeper(lease).beat()
    with pytest.raises(LeaseLost):
        lease.fence()

    def unreadable(self):
        raise PlatformError("Marks", "throttled")

    another = taken(swap)
    monkeypatch.setattr(MemoryRouter, "marks", unreadable)
    swap.clock.sleep(2 * LEASE_SECONDS)
    Keeper(another).beat()


def test_a_keeper_has_nothing_to_do_once_the_lease_is_given_back(swap):
    lease = taken(swap)
    lease.give_back()
    swap.clock.sleep(LEASE_SECONDS)
    swap.here.calls.clear()
    Keeper(lease).beat()
    assert swap.here.calls == []


def test_a_lease_is_lengthened_before_a_pause_within_a_call_that_it_would_not_last_through(swap, monkeypatch):
    """The object is held by the call that waits, so that its keeper cannot renew the lease."""
    write, seen = MemoryRouter.write, []

    def throttled(router, weights):
        if weights == Weights.all_on("green"):
            for _ in range(3):
                before_write()
                before_pause(20)
                swap.clock.sleep(20)
                (value,) = leases_in(swap.here.marks).values()
                seen.append(lasting_seconds(value))
        before_write()
        write(router, weights)

    monkeypatch.setattr(MemoryRouter, "write", throttled)
    swap.up("green")
    assert seen == [SLOW_LEASE_SECONDS] * 3
    assert swap.here.weights == Weights.all_on("green")


def test_a_short_pause_lengthens_nothing(swap):
    lease = taken(swap)
    swap.here.calls.clear()
    lease.outlast(1)
    assert swap.here.calls == []


def test_something_goes_on_beside_the_work_in_a_thread_of_its_own():
    done, threads = threading.Event(), set()

    def work():
        threads.add(threading.current_thread())
        done.set()

    with SystemClock().beside(work, 0.001):
        assert done.wait(60)
    assert threading.current_thread() not in threads
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive(), "it ends with the work"
