"""What a swap does where a call that only looks, or tidies up, is refused or comes to another swap's mark."""

from __future__ import annotations

import pytest

from bluegreen.memory.capacity import MemoryCapacity
from bluegreen.memory.router import MemoryRouter, world
from bluegreen.platforms.routers import ROUTERS
from bluegreen.rollout.errors import LeaseLost, PlatformError, SwapFailed
from bluegreen.rollout.model import Weights
from bluegreen.swap.resting import Resting, others_plans
from tests.swap.bench import Swap

REFUSED = PlatformError("Read", "refused")
LOST = LeaseLost("another swap took over: ada")


class Told:
    """A journal of texts."""

    def __init__(self):
        self.texts = []

    def tell(self, _kind, text, **_data):
        self.texts.append(text)


class Refusing:
    """A router or a capacity whose every call ends so."""

    def __init__(self, error):
        self.error = error

    def __getattr__(self, name):
        def call(*_args, **_more):
            raise self.error

        return call


def resting(capacity, router=None):
    told = Told()
    return Resting(None, router, capacity, told), told.texts


class Spec:
    scale_down_delay_seconds = 0


def test_a_former_capacity_that_cannot_be_asked_is_reported_and_another_swap_ends_this_one():
    rest, told = resting(None)
    rest.leave(None)
    rest.leave(Refusing(REFUSED))
    assert told == ["the former capacity may have a retirement pending: Read: refused"]
    with pytest.raises(LeaseLost):
        rest.leave(Refusing(LOST))


def test_without_a_capacity_nothing_rests():
    rest, told = resting(None, Refusing(REFUSED))
    rest.settle("green")
    rest.retire("green")
    rest.retire_and_look("green", Weights.all_on("blue"))
    assert told == []
    assert rest.overdue(Weights.all_on("blue")) == ()


def test_a_retirement_that_is_due_is_tried_again_by_the_next_update_where_it_is_refused():
    rest, told = resting(Refusing(REFUSED))
    rest.finish(["green"])
    assert told == ["green could not be retired and keeps running: Read: refused"]
    lost, _ = resting(Refusing(LOST))
    with pytest.raises(LeaseLost):
        lost.finish(["green"])


def test_plans_of_others_that_cannot_be_read_are_no_reason_to_fail_a_preview():
    assert others_plans(Refusing(REFUSED), "green") == [
        "scheduled actions of others for green could not be looked at: Read: refused"
    ]
    assert others_plans(object(), "green") == []


def test_weights_that_cannot_be_read_at_the_end_are_reported_as_the_last_ones_known():
    failed = SwapFailed("a gate", weights=Weights.all_on("blue"), next_step="run", restored="restored")
    rest, told = resting(None, Refusing(REFUSED))
    rest.look(Weights.all_on("green"), lambda _marks: None)
    rest.look_after(failed, Refusing(REFUSED), lambda _marks: None)
    assert told == [
        "the weights could not be read once more, after blue 0 %, green 100 %: Read: refused",
        "the weights could not be read once more, after blue 100 %, green 0 %: Read: refused",
    ]
    assert failed.weights == Weights.all_on("blue")


def test_an_object_without_marks_has_nobody_s_lease_to_judge():
    here = world("looked at")
    here.weights, here.marks = Weights.all_on("green"), {}
    judged = []
    rest, _ = resting(None, MemoryRouter("looked at"))
    rest.look(Weights.all_on("green"), judged.append)
    failed = SwapFailed("a gate", weights=Weights.all_on("green"), next_step="run", restored="restored")
    rest.look_after(failed, MemoryRouter("looked at"), judged.append)
    assert judged == []


class Dressed(MemoryRouter):
    """Gives an idle color the live one's settings for the gates; they do not come off."""

    __slots__ = ()
    error = REFUSED

    def try_on(self, color):
        """Nothing happens in memory."""

    def take_off(self):
        """Refused."""
        raise self.error


@pytest.mark.parametrize(
    ("error", "raised", "said"),
    [
        (REFUSED, SwapFailed, "its own settings are not back yet (Read: refused); the next `pulumi up` restores them"),
        (LOST, LeaseLost, "green is not promoted: gate command false failed"),
    ],
)
def test_settings_that_do_not_come_back_are_reported(monkeypatch, error, raised, said):
    monkeypatch.setitem(ROUTERS.entries, "memory", f"{__name__}:Dressed")
    monkeypatch.setattr(Dressed, "error", error)
    swap = Swap("take off")
    with pytest.raises(raised):
        swap.up("green", gates=[{"kind": "command", "command": ["false"], "phases": ["before"]}])
    assert any(said in text for text in swap.told("restore")), swap.told("restore")
    assert swap.here.weights == Weights.all_on("blue")


@pytest.mark.parametrize("capacity_answers", [True, False])
def test_a_restore_says_whether_the_color_it_went_back_to_is_as_declared(monkeypatch, capacity_answers):
    swap = Swap("as declared")
    ready = MemoryCapacity.ready

    def asked(self, color):
        if color == "blue" and not capacity_answers:
            raise REFUSED
        return ready(self, color)

    monkeypatch.setattr(MemoryCapacity, "ready", asked)
    write = MemoryRouter.write

    def breaking(self, weights):
        write(self, weights)
        if weights.of("green") == 10:
            swap.here.broken.add("green")

    monkeypatch.setattr(MemoryRouter, "write", breaking)
    with pytest.raises(SwapFailed, match="restored and verified: blue 100 %, green 0 %"):
        swap.up("green")
    assert swap.here.weights == Weights.all_on("blue")
