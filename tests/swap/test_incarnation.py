"""A delete removes only its own incarnation's object, whoever came to own the place meanwhile."""

from __future__ import annotations

import pytest

from bluegreen.memory.router import MemoryRouter
from bluegreen.rollout.errors import LeaseHeld
from bluegreen.rollout.model import Weights
from bluegreen.swap.incarnation import MARK
from bluegreen.swap.lease import leases_in
from bluegreen.swap.states import STATE_VERSION
from tests.swap.bench import Swap


@pytest.fixture
def swap(request):
    return Swap(f"incarnation-{request.node.name}")


def without_mark(swap):
    swap.here.marks.pop(MARK)


def test_the_object_bears_the_incarnation_that_the_outputs_have(swap):
    assert swap.outputs["incarnation"] == swap.here.marks[MARK]
    assert swap.outputs["state_version"] == STATE_VERSION
    swap.up("green")
    assert swap.outputs["incarnation"] == swap.here.marks[MARK]


def test_an_incarnation_stays_the_same_for_the_whole_life_of_a_resource(swap):
    first = swap.outputs["incarnation"]
    swap.up("green")
    swap.up("blue")
    assert swap.outputs["incarnation"] == first
    assert Swap("another").outputs["incarnation"] != first


def test_a_replacement_at_the_same_place_keeps_the_traffic(swap):
    old = swap.outputs
    _, new = swap.service().create(swap.inputs("blue"))
    swap.service().delete(old)
    assert swap.here.weights == Weights.all_on("blue")
    assert swap.here.marks[MARK] == new["incarnation"]
    assert new["incarnation"] != old["incarnation"]
    assert "has the mark of another incarnation" in swap.told("kept")[0]
    swap.service().delete(new)
    assert swap.here.weights == Weights()


def test_a_foreign_delete_leaves_the_capacity_alone_too(swap):
    swap.up("green")
    old = swap.outputs
    assert swap.here.retiring == {"blue": 0}
    swap.service().create(swap.inputs("green"))
    swap.service().delete(old)
    assert swap.here.retiring == {"blue": 0}


def test_an_object_without_the_mark_that_the_state_has_is_not_removed(swap):
    without_mark(swap)
    swap.destroy()
    assert swap.here.weights == Weights.all_on("blue")
    assert "has no incarnation's mark" in swap.told("kept")[0]


def test_an_object_that_is_gone_needs_no_mark(swap):
    swap.here.weights = Weights()
    swap.here.marks.clear()
    swap.destroy()
    assert not swap.told("kept")


def test_a_mark_that_somebody_took_away_is_set_again(swap):
    without_mark(swap)
    assert swap.preview("blue")
    moves = list(swap.here.moves)
    swap.up("blue")
    assert swap.here.marks[MARK] == swap.outputs["incarnation"]
    assert swap.here.moves == moves
    assert not swap.preview("blue")


def test_a_state_that_was_set_back_takes_its_object_over_again(swap):
    kept = swap.state
    swap.state = None
    swap.up("blue")
    swap.state = kept
    assert swap.preview("blue")
    assert any("stamps it anew" in text for _, text in swap.said)
    swap.up("blue")
    assert swap.here.marks[MARK] == kept.outputs["incarnation"]


def test_an_older_state_is_given_one_silently_by_the_first_update(swap):
    without_mark(swap)
    swap.outputs = {key: value for key, value in swap.outputs.items() if key not in ("incarnation", "state_version")}
    service = swap.service()
    assert not service.diff(swap.outputs, swap.inputs("blue")).changes
    swap.up("green")
    assert swap.here.marks[MARK] == swap.outputs["incarnation"]
    assert not swap.preview("green")


def test_an_older_state_is_destroyed_as_ever_unless_somebody_has_taken_over(swap):
    without_mark(swap)
    older = {key: value for key, value in swap.outputs.items() if key != "incarnation"}
    swap.service().create(swap.inputs("blue"))
    swap.service().delete(older)
    assert swap.here.weights == Weights.all_on("blue")
    without_mark(swap)
    swap.service().delete(older)
    assert swap.here.weights == Weights()


def test_who_is_refused_leaves_the_mark_of_who_is_going_on(swap, monkeypatch):
    mark, first = swap.here.marks[MARK], []
    marks = MemoryRouter.marks

    def seen(router):
        first.append(1)
        return {**marks(router), "lease.aaaaaaaa": f"2026-11-21T11:00:00Z me@there number {len(first)}"}

    monkeypatch.setattr(MemoryRouter, "marks", seen)
    with pytest.raises(LeaseHeld):
        swap.service().create(swap.inputs("green"))
    assert swap.here.marks[MARK] == mark
    assert not leases_in(swap.here.marks)


def test_the_mark_costs_no_call(swap):
    swap.up("green")
    swap.here.calls.clear()
    swap.up("blue")
    assert swap.here.calls.count("router.mark") == 2, "the lease with the mark, and the end of the lease"
