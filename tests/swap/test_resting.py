"""The color without traffic: its size at rest, and what an interrupted swap left of it."""

from __future__ import annotations

import pytest

from bluegreen.memory.capacity import MemoryCapacity
from bluegreen.memory.router import MemoryRouter
from bluegreen.rollout.errors import PlatformError
from bluegreen.rollout.model import Weights
from tests.swap.bench import Swap


class Killed(BaseException):
    """As if the process ended."""


@pytest.mark.parametrize(("percent", "retiring"), [(0, {"blue": 0}), (50, {"blue": 2}), (100, {})])
def test_the_old_color_rests_at_its_share_of_the_live_colors_size(percent, retiring):
    swap = Swap("resting", idle_capacity_percent=percent)
    swap.up("green")
    assert swap.here.retiring == retiring


@pytest.mark.parametrize(("percent", "retires"), [(0, True), (99, True), (100, False)])
def test_a_retirement_is_rehearsed_where_there_will_be_one(monkeypatch, percent, retires):
    rehearsed = []
    monkeypatch.setattr(MemoryCapacity, "preflight", lambda self, *told: rehearsed.append(told))
    Swap("resting", idle_capacity_percent=percent).up("green")
    assert [told[-1] for told in rehearsed] == [retires]


def test_a_new_share_takes_effect_without_a_swap():
    swap = Swap("resting")
    swap.up("blue", idle_capacity_percent=100)
    assert swap.here.desired["green"] == 3
    assert swap.here.moves == []
    swap.up("blue", idle_capacity_percent=50)
    assert swap.here.retiring == {"green": 2}


def test_autoscaling_is_held_during_a_promotion_and_works_again_after_it():
    swap = Swap("resting")
    held = []
    with pytest.MonkeyPatch.context() as patched:
        verify = MemoryRouter.verify

        def noting(self, weights):
            held.append(swap.here.held)
            return verify(self, weights)

        patched.setattr(MemoryRouter, "verify", noting)
        swap.up("green")
    assert held
    assert all(held)
    assert not swap.here.held


@pytest.mark.parametrize(("started", "size"), [(True, 3), (False, 1)], ids=["live", "without traffic"])
def test_a_color_without_which_nobody_reaches_the_other_one_is_brought_back_from_nothing(monkeypatch, started, size):
    monkeypatch.setattr(MemoryRouter, "least_idle_percent", 1, raising=False)
    swap = Swap("least", started=started, idle_capacity_percent=1)
    swap.here.desired.update(blue=0, green=3)
    swap.up("green")
    assert swap.here.weights == Weights.all_on("green")
    assert [event.text for event in swap.events if "scale blue from 0" in event.text] == [
        f"scale blue from 0 to {size}: without it no request reaches green"
    ]


def test_after_a_failure_autoscaling_works_again(monkeypatch):
    swap = Swap("resting")
    swap.here.broken.add("green")
    with pytest.raises(Exception, match="not ready"):
        swap.up("green")
    assert not swap.here.held


@pytest.mark.parametrize("wanted", ["green", "blue"])
def test_after_a_kill_the_next_update_lets_autoscaling_work_again(monkeypatch, wanted):
    swap = Swap("resting")

    def killed(self, color):
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(MemoryCapacity, "ready", killed)
        with pytest.raises(Killed):
            swap.up("green")
    assert swap.here.held
    difference = swap.service().diff(swap.outputs, swap.inputs(wanted))
    assert "a swap runs, or was interrupted" in " ".join(difference.warnings)
    assert difference.changes, "the weights are as they were; what is left is the lease"
    swap.up(wanted)
    assert not swap.here.held
    assert swap.here.retiring == {("green" if wanted == "blue" else "blue"): 0}, "the color that was scaled up rests"


def test_what_could_not_be_tidied_up_is_tidied_up_by_the_next_update(monkeypatch):
    swap = Swap("resting")

    mark = MemoryRouter.mark

    def refused(self, changes):
        if None in changes.values() and swap.here.weights.of("green"):
            raise PlatformError("Unmark", "AccessDenied")
        mark(self, changes)

    with monkeypatch.context() as patched:
        patched.setattr(MemoryRouter, "mark", refused)
        swap.up("green")
    assert swap.outputs["live_color"] == "green", "a swap that is done is done"
    assert "Unmark: AccessDenied" in swap.told("lease")[-1]
    swap.clock.sleep(60)
    swap.up("green")
    assert set(swap.here.marks) == {"incarnation"}


def test_a_retirement_that_failed_is_taken_up_by_the_next_update(monkeypatch):
    swap = Swap("resting")

    def refused(self, color, size, after_seconds):
        raise PlatformError("PutScheduledAction", "throttled")

    with monkeypatch.context() as patched:
        patched.setattr(MemoryCapacity, "retire", refused)
        assert swap.up("green")["live_color"] == "green", "traffic is where it shall be"
    assert "blue could not be retired and keeps running: PutScheduledAction: throttled" in swap.told("retire")
    assert swap.here.retiring == {}
    assert not swap.here.held
    assert swap.service().diff(swap.outputs, swap.inputs("green")).changes
    swap.up("green")
    assert swap.here.retiring == {"blue": 0}
    assert swap.here.moves == [Weights.split("green", 10), Weights.split("green", 50), Weights.all_on("green")]
    assert not swap.service().diff(swap.outputs, swap.inputs("green")).changes


@pytest.mark.parametrize("capacity", [None, {"kind": "memory", "name": "scaled-elsewhere"}])
def test_what_is_scaled_no_more_does_not_retire_any_more_either(capacity):
    swap = Swap("left")
    swap.up("green")
    assert swap.here.retiring == {"blue": 0}
    swap.up("green", capacity=capacity)
    assert swap.here.retiring == {}, "blue may get traffic again, and nobody would look for it"
    assert swap.up("blue", capacity=capacity)["live_color"] == "blue"


def test_what_goes_on_being_scaled_retires_as_it_was_arranged():
    swap = Swap("stays-arranged")
    swap.up("green")
    swap.up("green", capacity={"kind": "memory", "name": "stays-arranged", "desired_count": 5})
    assert swap.here.retiring == {"blue": 0}


def test_a_color_that_shall_keep_its_size_from_now_on_is_not_retired_by_what_was_arranged():
    swap = Swap("keeps")
    swap.up("green")
    swap.up("green", idle_capacity_percent=100)
    assert swap.here.retiring == {}
