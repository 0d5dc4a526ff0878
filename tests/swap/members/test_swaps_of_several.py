"""One swap with two and with three routers: promoted, rolled back, failed, and what it says of each."""

from __future__ import annotations

import pytest

from bluegreen.memory.capacity import MemoryCapacity
from bluegreen.memory.router import MemoryRouter, world
from bluegreen.rollout.errors import LeaseHeld, PlatformError, RestoreFailed, SwapFailed
from bluegreen.rollout.model import Weights
from bluegreen.swap.lease import leases_in
from dev.matrix.engine import ADAPTERS
from tests.swap.bench import Swap
from tests.swap.members.bench import Several

BLUE, GREEN = Weights.all_on("blue"), Weights.all_on("green")


@pytest.fixture(params=[("first", "second"), ("first", "second", "third")], ids=["two", "three"])
def names(request):
    return request.param


@pytest.fixture(params=ADAPTERS)
def swap(request, names):
    return Several(*names, adapter=request.param)


def refusing(monkeypatch, *names, weights=None, after=False):
    """Writes of these worlds fail: all, or those of ``weights``; ``after``: only the reply is lost."""
    write = MemoryRouter.write

    def refuse(router, wanted):
        refused = router.name in names and weights in (None, wanted)
        if after or not refused:
            write(router, wanted)
        if refused:
            raise PlatformError("Write", "no answer" if after else "refused")

    monkeypatch.setattr(MemoryRouter, "write", refuse)


def test_a_promotion_moves_all_of_them_step_by_step(swap):
    outputs = swap.up("green")
    for here in swap.worlds:
        assert here.moves == [Weights(90, 10), Weights(50, 50), GREEN]
        assert not leases_in(here.marks)
    assert outputs["members"] == [{"router": name, "blue": 0, "green": 100} for name in swap.names]
    assert not swap.preview("green")


def test_each_step_writes_them_in_the_declared_order_and_verifies_each_before_the_hold(names, monkeypatch):
    swap = Several(*reversed(names))
    said = []
    for method in ("write", "verify"):
        original = getattr(MemoryRouter, method)

        def noting(router, weights, method=method, original=original):
            said.append((method, router.name, weights.green))
            return original(router, weights)

        monkeypatch.setattr(MemoryRouter, method, noting)
    monkeypatch.setattr(
        swap.clock, "sleep", lambda seconds, sleep=swap.clock.sleep: (said.append("rest"), sleep(seconds))
    )
    swap.up("green")
    first = said.index(("write", swap.names[0], 10))
    n = len(names)
    assert said[first : first + 2 * n + 1] == [
        *(("write", name, 10) for name in swap.names),
        *(("verify", name, 10) for name in swap.names),
        "rest",
    ]


def test_a_rollback_is_one_write_each(swap):
    swap.up("green")
    for here in swap.worlds:
        here.moves.clear()
    swap.up("blue")
    assert [here.moves for here in swap.worlds] == [[BLUE]] * len(swap.worlds)


def test_the_lease_is_taken_in_the_order_of_their_places_and_given_back_in_reverse(names, monkeypatch):
    swap = Several(*reversed(names))
    taken, given = [], []
    mark = MemoryRouter.mark

    def noting(router, changes):
        lease = [value for name, value in changes.items() if name.startswith("lease.")]
        if lease:
            (given if lease[0] is None else taken).append(router.name)
        mark(router, changes)

    monkeypatch.setattr(MemoryRouter, "mark", noting)
    swap.up("green")
    assert taken[: len(names)] == sorted(names)
    assert given[-len(names) :] == sorted(names, reverse=True)


def test_a_foreign_lease_on_any_of_them_refuses_the_swap(swap, monkeypatch):
    monkeypatch.setattr("bluegreen.swap.holders.ended_here", lambda *_: None)
    swap.worlds[-1].marks["lease.0000abcd"] = "2026-11-29T10:00:00Z ann@ci pid 7 on 00000000 promotion to green"
    with pytest.raises(LeaseHeld, match="ann@ci"):
        swap.up("green")
    assert swap.weights == ["100/0"] * len(swap.worlds)
    assert not any(leases_in(here.marks) for here in swap.worlds[:-1])


def test_a_lease_that_one_does_not_take_is_left_on_none(swap, monkeypatch):
    mark = MemoryRouter.mark

    def refuse(router, changes):
        if router.name == swap.names[-1] and any(value for name, value in changes.items() if name.startswith("lease.")):
            raise PlatformError("Mark", "refused")
        mark(router, changes)

    monkeypatch.setattr(MemoryRouter, "mark", refuse)
    with pytest.raises(PlatformError, match=f"{swap.names[-1]}: refused"):
        swap.up("green")
    assert not any(leases_in(here.marks) for here in swap.worlds)


@pytest.mark.parametrize("after", [False, True], ids=["refused", "reply lost"])
def test_when_one_fails_it_and_all_before_it_go_back(swap, monkeypatch, after):
    refusing(monkeypatch, swap.names[1], weights=Weights(50, 50), after=after)
    with pytest.raises(SwapFailed, match=f"{swap.names[1]}: ") as failed:
        swap.up("green")
    assert "restored and verified: blue 100 %" in str(failed.value)
    assert swap.weights == ["100/0"] * len(swap.worlds)
    assert not any(leases_in(here.marks) for here in swap.worlds)


def one_way(monkeypatch, name):
    """Once a write of this world has moved something, its platform says no to every other one."""
    write, moved = MemoryRouter.write, []

    def refuse(router, weights):
        if router.name == name and moved:
            raise PlatformError("Write", "refused")
        write(router, weights)
        if router.name == name and weights == Weights(90, 10):
            moved.append(True)
            raise PlatformError("Write", "no answer")

    monkeypatch.setattr(MemoryRouter, "write", refuse)


def test_one_that_cannot_go_back_keeps_no_other_from_it_and_is_told_with_its_command(swap, monkeypatch):
    one_way(monkeypatch, swap.names[1])
    with pytest.raises(RestoreFailed) as failed:
        swap.up("green")
    said = str(failed.value)
    assert [weights for weights in swap.weights if weights != "100/0"] == ["90/10"]
    assert f"{swap.names[1]} has blue 90 %, green 10 %" in said
    assert f"{swap.names[0]} has blue 100 %, green 0 %" in said
    assert f"set the world {swap.names[1]} to blue 100 %" in said
    assert f"set the world {swap.names[0]} to" not in said
    assert all(leases_in(here.marks) for here in swap.worlds), "the lease stays"


@pytest.mark.parametrize("goal", ["blue", "green"])
def test_a_swap_whose_restore_was_not_confirmed_is_put_right_by_the_next_update(swap, monkeypatch, goal):
    with monkeypatch.context() as patched:
        one_way(patched, swap.names[1])
        with pytest.raises(RestoreFailed):
            swap.up("green")
    swap.up(goal)
    assert [here.weights for here in swap.worlds] == [Weights.all_on(goal)] * len(swap.worlds)
    assert not any(leases_in(here.marks) for here in swap.worlds)


@pytest.mark.parametrize("goal", ["blue", "green"])
def test_an_interrupted_shift_is_said_as_such_and_put_right_on_all(swap, goal):
    swap.worlds[0].weights = Weights(90, 10)
    assert swap.preview(goal)
    told = " ".join(str(text) for text in swap.said)
    swap.up(goal)
    assert [here.weights for here in swap.worlds] == [Weights.all_on(goal)] * len(swap.worlds)
    if swap.adapter == "native":
        assert "interrupted shift" in told
        assert f"{swap.names[0]}: blue 90 %, green 10 %" in told
    assert not swap.preview(goal)


def test_a_failure_after_an_interrupted_shift_goes_to_the_recorded_color_on_all(swap, monkeypatch):
    swap.worlds[0].weights = Weights(50, 50)
    refusing(monkeypatch, swap.names[-1], weights=GREEN)
    with pytest.raises(SwapFailed):
        swap.up("green")
    assert swap.weights == ["100/0"] * len(swap.worlds)


def test_the_targets_of_each_have_to_be_healthy(swap):
    last = swap.worlds[-1]
    last.broken = {"green"}
    with pytest.raises(SwapFailed, match=f"{swap.names[-1]}: its health check fails"):
        swap.up("green")
    assert swap.weights == ["100/0"] * len(swap.worlds)
    assert not any(here.moves for here in swap.worlds)


def test_one_whose_former_color_is_dead_stays_where_it_is_and_the_others_go_back(swap, monkeypatch):
    second, verify = swap.worlds[1], MemoryRouter.verify

    def dying(router, weights):
        if router.name == swap.names[1] and weights == Weights(50, 50):
            second.broken = {"blue"}
            raise PlatformError("Verify", "no answer")
        return verify(router, weights)

    monkeypatch.setattr(MemoryRouter, "verify", dying)
    with pytest.raises(RestoreFailed, match=f"{swap.names[1]} has blue 50 %, green 50 % .blue has 0 of 3 healthy"):
        swap.up("green")
    assert [weights for weights in swap.weights if weights != "100/0"] == ["50/50"]


def test_a_color_is_retired_only_when_it_has_no_traffic_anywhere(swap, monkeypatch):
    seen = []
    retire = MemoryCapacity.retire

    def noting(capacity, color, *arguments):
        seen.append([here.weights.of(color) for here in swap.worlds])
        return retire(capacity, color, *arguments)

    monkeypatch.setattr(MemoryCapacity, "retire", noting)
    swap.up("green")
    assert seen == [[0] * len(swap.worlds)]


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_the_calls_of_a_member_are_those_of_a_swap_of_its_own(names, adapter):
    alone = Swap("alone", adapter)
    several = Several(*names, adapter=adapter)
    for color in ("green", "blue"):
        alone.here.calls.clear()
        for here in several.worlds:
            here.calls.clear()
        alone.up(color)
        several.up(color)
        wanted = [call for call in alone.here.calls if call.startswith("router.")]
        for here in several.worlds:
            assert [call for call in here.calls if call.startswith("router.")] == wanted


def test_a_first_start_makes_all_or_is_taken_back(names, monkeypatch):
    swap = Several(*names, started=False)
    create = MemoryRouter.create

    def refuse(router, weights, marks):
        if router.name == swap.names[1]:
            raise PlatformError("Create", "refused")
        return create(router, weights, marks)

    with monkeypatch.context() as patched:
        patched.setattr(MemoryRouter, "create", refuse)
        with pytest.raises(SwapFailed):
            swap.up("blue")
    assert swap.weights == ["0/0"] * len(names)
    swap.up("blue")
    assert swap.weights == ["100/0"] * len(names)


def test_of_two_first_starts_that_share_a_place_one_wins_and_takes_nothing_with_it(names):
    swap = Several(*names, started=False)
    rival = world(names[-1])
    create = MemoryRouter.create

    def first(router, weights, marks):
        if router.name == names[-1] and not rival.marks:
            rival.weights, rival.marks["lease.rival"] = GREEN, "2026-11-29T10:00:00Z ann@ci pid 7 on 00000000 first"
        return create(router, weights, marks)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(MemoryRouter, "create", first)
        with pytest.raises(LeaseHeld, match="ann@ci"):
            swap.up("blue")
    assert swap.weights == ["0/0"] * (len(names) - 1) + ["0/100"]
    assert list(rival.marks) == ["lease.rival"]


def test_a_destroy_removes_all_of_them_but_what_somebody_else_has_taken_over(swap):
    swap.worlds[0].marks["incarnation"] = "another"
    swap.destroy()
    assert swap.weights == ["100/0"] + ["0/0"] * (len(swap.worlds) - 1)
