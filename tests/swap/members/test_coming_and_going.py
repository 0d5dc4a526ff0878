"""A router that is added is made with what is live, one that is taken out is removed alone; no other one moves."""

from __future__ import annotations

import pytest

from bluegreen.memory.router import WORLDS, MemoryRouter, world
from bluegreen.rollout.errors import BluegreenError, PlatformError
from bluegreen.rollout.model import Weights
from bluegreen.swap import contract
from bluegreen.swap.lease import leases_in
from dev.matrix.engine import ADAPTERS
from tests.swap.bench import Swap
from tests.swap.members.bench import Several, sections

BLUE, GREEN = Weights.all_on("blue"), Weights.all_on("green")


@pytest.fixture(params=ADAPTERS)
def swap(request):
    return Several("first", "second", adapter=request.param)


def declared(swap, *names):
    """From now on the swap has these."""
    swap.names = names
    swap.more["routers"] = sections(*names)


@pytest.mark.parametrize("goal", ["blue", "green"])
def test_one_that_is_added_is_made_with_what_is_live(swap, goal):
    declared(swap, "first", "third", "second")
    outputs = swap.up(goal)
    wanted = Weights.all_on(goal)
    assert [here.weights for here in swap.worlds] == [wanted] * 3
    assert world("third").moves[0] == BLUE
    assert [member["router"] for member in outputs["members"]] == ["first", "third", "second"]
    assert not swap.preview(goal)
    if goal == "blue":
        assert not world("first").moves
        assert not world("second").moves


@pytest.mark.parametrize("goal", ["blue", "green"])
def test_one_that_is_taken_out_is_removed_alone(swap, goal):
    declared(swap, "second")
    outputs = swap.up(goal)
    assert world("first").weights == Weights()
    assert world("second").weights == Weights.all_on(goal)
    assert "members" not in outputs
    assert not leases_in(world("second").marks)
    assert not swap.preview(goal)


def test_a_single_router_becomes_one_of_several_and_back():
    swap = Swap("first")
    WORLDS.pop("second", None)
    world("second").desired = swap.here.desired
    several = {"router": None, "routers": sections("second", "first")}
    swap.up("green", **several)
    assert [world(name).weights for name in ("first", "second")] == [GREEN, GREEN]
    assert not swap.preview("green", **several)
    swap.here.moves.clear()
    swap.up("green")
    assert [world(name).weights for name in ("first", "second")] == [GREEN, Weights()]
    assert not swap.here.moves
    swap.destroy()
    assert swap.here.weights == Weights()


def test_other_routers_altogether_are_another_swap_and_some_are_not():
    old = {"routers": sections("first", "second")}
    assert contract.where_changed(old, {"routers": sections("third")})
    assert contract.where_changed(old, {"router": sections("third")[0]})
    assert not contract.where_changed(old, {"routers": sections("third", "second")})
    assert not contract.where_changed(old, {"routers": sections("second", "first")})
    assert not contract.where_changed(old, {"router": sections("first")[0]})
    assert not contract.where_changed({"router": sections("first")[0]}, old)


def test_another_order_moves_nothing(swap):
    declared(swap, "second", "first")
    swap.up("blue")
    assert not any(here.moves for here in swap.worlds)


def test_one_that_cannot_be_made_leaves_the_others_alone(swap, monkeypatch):
    declared(swap, "first", "second", "third")
    with monkeypatch.context() as patched:
        patched.setattr(MemoryRouter, "create", lambda *_: (_ for _ in ()).throw(PlatformError("Create", "refused")))
        with pytest.raises(PlatformError, match="third: refused"):
            swap.up("green")
    assert not any(here.moves for here in swap.worlds)
    assert not any(leases_in(here.marks) for here in swap.worlds)
    swap.up("green")
    assert [here.weights for here in swap.worlds] == [GREEN] * 3


def test_one_that_cannot_be_removed_is_removed_by_the_next_update(swap, monkeypatch):
    declared(swap, "first")
    with monkeypatch.context() as patched:
        patched.setattr(MemoryRouter, "delete", lambda *_: (_ for _ in ()).throw(PlatformError("Delete", "refused")))
        with pytest.raises(BluegreenError, match="refused"):
            swap.up("green")
    assert not any(here.moves for here in swap.worlds)
    swap.up("green")
    assert world("second").weights == Weights()
    assert world("first").weights == GREEN


def test_what_somebody_else_has_taken_over_is_not_removed_when_it_is_taken_out(swap):
    world("second").marks["incarnation"] = "another"
    declared(swap, "first")
    swap.up("green")
    assert world("second").weights == BLUE
    assert world("second").marks == {"incarnation": "another"}


def test_one_whose_object_is_gone_is_made_again_and_the_others_stay(swap):
    world("second").weights = Weights()
    world("second").marks.clear()
    assert swap.preview("blue")
    swap.up("blue")
    assert [here.weights for here in swap.worlds] == [BLUE, BLUE]
    assert not world("first").moves
    assert world("second").marks["incarnation"].startswith(world("first").marks["incarnation"].partition(".")[0])


def test_a_rollback_is_still_the_fast_one_after_a_router_was_added():
    swap = Several("first", "second", routers=sections("first", "second", versions={"blue": "1", "green": "2"}))
    swap.up("green")
    more = sections("first", "second", "third", versions={"blue": "1", "green": "2"})
    swap.up("green", routers=more)
    world("third").moves.clear()
    swap.up("blue", routers=more)
    assert world("third").moves == [BLUE]
    assert swap.outputs["history"][0]["outcome"] == "rolled_back"


def test_a_preview_says_what_comes_and_goes(swap):
    declared(swap, "first", "third")
    assert swap.preview("blue")
    if swap.adapter == "native":
        told = " ".join(text for _, text in swap.said)
        assert "added: memory (name third): it is made with what is live: blue 100 %, green 0 %" in told
        assert "removed: memory (name second): its object is deleted" in told
        assert "drift" not in told


def test_a_release_under_traffic_is_refused_by_the_routers_index(swap):
    swap = Several("first", "second", routers=sections("first", "second", versions={"blue": "1", "green": "2"}))
    other = [
        *sections("first", versions={"blue": "1", "green": "2"}),
        *sections("second", versions={"blue": "3", "green": "2"}),
    ]
    with pytest.raises(BluegreenError, match=r"routers\[1\]\.versions\.blue"):
        swap.up("blue", routers=other)
