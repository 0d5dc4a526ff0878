"""A write that takes long to take effect: what is reported, who may stop it, and that nobody takes the swap over."""

from __future__ import annotations

import contextlib
import itertools

import pytest

from bluegreen.memory.router import MemoryRouter
from bluegreen.rollout.errors import SwapAborted, SwapFailed
from bluegreen.rollout.model import Convergence, Weights
from bluegreen.swap import contract
from bluegreen.swap.lease import ABORT, leases_in
from tests.swap.bench import Swap, inputs

AT_ONCE = {"strategy": {"steps": []}, "bake_seconds": 0}


class Slow:
    """Every write takes a while: ``at_each_look`` is called meanwhile."""

    def __init__(self, monkeypatch, swap, seconds):
        self.swap, self.seconds, self.at_each_look = swap, seconds, lambda: None
        self.wrote_at, self.wrote = swap.clock.now_seconds, swap.here.weights
        write, verify = MemoryRouter.write, MemoryRouter.verify

        def slow_write(router, weights):
            if swap.here.weights != weights:
                self.wrote_at = swap.clock.now_seconds
            write(router, weights)

        def slow_verify(router, weights):
            if swap.clock.now_seconds - self.wrote_at < self.seconds:
                self.at_each_look()
                return Convergence.PENDING
            return verify(router, weights)

        monkeypatch.setattr(MemoryRouter, "write", slow_write)
        monkeypatch.setattr(MemoryRouter, "verify", slow_verify)
        monkeypatch.setattr(MemoryRouter, "progress", lambda _: f"stage {int(self.waited // 30) + 1}")

    @property
    def waited(self):
        return self.swap.clock.now_seconds - self.wrote_at


def test_each_stage_is_told_once_while_it_is_waited_for(monkeypatch):
    swap = Swap("waiting", converge_timeout_seconds=120, **AT_ONCE)
    Slow(monkeypatch, swap, seconds=70)
    swap.up("green")
    waits = [text for text in swap.told("wait") if "green 100 %" in text]
    assert waits == [f"waiting for blue 0 %, green 100 % to take effect: stage {n}" for n in (1, 2, 3)]


def test_what_takes_longer_than_its_limit_is_taken_back_and_says_where_it_was(monkeypatch):
    swap = Swap("waiting", converge_timeout_seconds=45, **AT_ONCE)
    slow = Slow(monkeypatch, swap, seconds=1000)
    slow.at_each_look = lambda: setattr(slow, "seconds", 0) if swap.here.weights == Weights.all_on("blue") else None
    with pytest.raises(SwapFailed, match=r"had not taken effect after 45 s: stage 2"):
        swap.up("green")
    assert swap.here.weights == Weights.all_on("blue")


def test_it_can_be_aborted_at_once(monkeypatch):
    swap = Swap("waiting", converge_timeout_seconds=3600, **AT_ONCE)
    slow = Slow(monkeypatch, swap, seconds=3000)

    def abort():
        if slow.waited > 10 and ABORT not in swap.here.marks and swap.here.weights == Weights.all_on("green"):
            (lease,) = leases_in(swap.here.marks)
            swap.here.marks[ABORT] = f"{lease} ada"
            slow.seconds = 20

    slow.at_each_look = abort
    with pytest.raises(SwapAborted, match="aborted by ada"):
        swap.up("green")
    assert swap.here.weights == Weights.all_on("blue")
    assert slow.swap.clock.now_seconds < slow.wrote_at + 60


@pytest.mark.parametrize("while_restoring", [False, True])
def test_its_lease_is_renewed_so_that_nobody_takes_over(monkeypatch, while_restoring):
    swap = Swap("waiting", converge_timeout_seconds=600, **AT_ONCE)
    slow = Slow(monkeypatch, swap, seconds=100)
    seen = {}

    def look():
        if (swap.here.weights == Weights.all_on("blue")) is while_restoring:
            seen.setdefault(next(iter(leases_in(swap.here.marks).values())), slow.waited)

    def look_and_abort():
        look()
        swap.here.marks.setdefault(ABORT, f"{next(iter(leases_in(swap.here.marks)))} ada")

    slow.at_each_look = look_and_abort if while_restoring else look
    with pytest.raises(SwapAborted) if while_restoring else contextlib.nullcontext():
        swap.up("green")
    times = sorted(seen.values())
    assert len(times) > 5
    assert max(later - earlier for earlier, later in itertools.pairwise(times)) < 15


# -- what carries the requests follows later than the platform says


def test_each_shift_waits_until_requests_have_followed():
    steps = [{"weight_percent": 10}, {"weight_percent": 50}]
    swap = Swap("propagating", strategy={"steps": steps}, bake_seconds=0, propagation_seconds=3)
    began = swap.clock.wall_seconds()
    swap.up("green")
    at = [step["at_seconds"] - began for step in swap.outputs["history"][0]["steps"]]
    assert [later - earlier for earlier, later in itertools.pairwise([0, *at])] == [3, 3, 3]
    assert swap.told("wait")[-1] == "blue 0 %, green 100 % is accepted; requests follow within 3 s"


def test_the_first_start_waits_for_it_and_an_update_without_a_swap_does_not():
    swap = Swap("propagating", started=False, propagation_seconds=3, **AT_ONCE)
    began = swap.clock.now_seconds
    swap.up("blue")
    assert swap.clock.now_seconds - began == 3
    swap.up("blue", releases={"blue": "v1", "green": "v3"})
    assert swap.clock.now_seconds - began == 3


def test_meanwhile_it_can_be_aborted_and_what_is_restored_is_waited_for(monkeypatch):
    swap = Swap("propagating", propagation_seconds=30, **AT_ONCE)
    moved_at = []
    sleep = swap.clock.sleep

    def abort(seconds):
        sleep(seconds)
        if swap.here.weights == Weights.all_on("green") and not moved_at:
            (lease,) = leases_in(swap.here.marks)
            swap.here.marks[ABORT] = f"{lease} ada"
            moved_at.append(swap.clock.now_seconds)

    monkeypatch.setattr(swap.clock, "sleep", abort)
    with pytest.raises(SwapAborted, match="restored and verified: blue 100 %"):
        swap.up("green")
    waited = swap.clock.now_seconds - moved_at[0]
    assert 30 <= waited < 45, "all of it after the restore, and next to nothing before"


def test_it_is_the_routers_to_know_and_the_users_to_say():
    def limit(**more):
        return contract.parse({**inputs("propagating"), **more}).limits.propagation_seconds

    assert limit() == MemoryRouter.propagation_seconds == 0
    assert limit(propagation_seconds=4) == 4
    route = {"namespace": "shop", "name": "web", "services": {"blue": "b", "green": "g"}, "owner": "a/b/web"}
    assert limit(router={"kind": "nginx_canary", **route}) == 5
    rules = [{"backendRefs": [{"name": "b", "port": 80}, {"name": "g", "port": 80}]}]
    assert limit(router={"kind": "gateway_http_route", "rules": rules, **route}) == 3
    (problem,) = contract.problems_in({**inputs("propagating"), "propagation_seconds": -1})
    assert problem.field == "propagation_seconds"
