"""Moments at which a swap does nothing more, since somebody else acts at the same object."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from bluegreen.fields import UNKNOWN
from bluegreen.rollout.clock import FakeClock
from bluegreen.rollout.errors import LeaseLost, PlatformError, SwapFailed
from bluegreen.rollout.model import Kind, Traffic, Weights
from bluegreen.swap import installing
from bluegreen.swap.service import SwapService
from bluegreen.swap.update import Update
from tests.swap.bench import Swap, inputs

BLUE, GREEN = Weights.all_on("blue"), Weights.all_on("green")


def test_an_object_that_comes_and_goes_is_not_written():
    looks = []

    def read():
        looks.append("read")
        return Traffic(BLUE, {})

    swap = SimpleNamespace(
        _lease=SimpleNamespace(take=lambda _marks, _at: True, placed=False),
        _router=SimpleNamespace(read=read),
        _clock=FakeClock(),
        _unexplained=lambda _traffic: False,
    )
    with pytest.raises(PlatformError, match="comes and goes: nothing was written"):
        Update._held_still(swap, Traffic(BLUE, {}), SimpleNamespace(kind=Kind.PROMOTION), 0)
    assert len(looks) > 1


@pytest.mark.parametrize(("live", "retired"), [(Weights(50, 50), []), (GREEN, ["blue"])])
def test_an_interrupted_swap_is_tidied_up_and_a_color_with_traffic_is_not_brought_to_rest(live, retired):
    called = []
    swap = SimpleNamespace(
        _changed=lambda *_keys: False,
        _takes_over=False,
        _target="green",
        _journal=SimpleNamespace(tell=lambda *_told: None),
        _shared=SimpleNamespace(take_off=lambda: called.append("take off")),
        _resting=SimpleNamespace(retire=called.append),
        _held=False,
    )
    Update._settle(swap, live, interrupted=True)
    assert called == ["take off", *retired]


def test_a_lease_that_is_lost_while_the_former_color_gets_its_release_ends_the_update(monkeypatch):
    def lost(*_args, **_more):
        raise LeaseLost("another swap took over: ada")

    monkeypatch.setattr(installing, "missing", lost)
    told = SimpleNamespace(tell=lambda *_told: None)
    news = inputs("left")
    with pytest.raises(LeaseLost):
        installing.bring_afterwards("blue", GREEN, news, news, SimpleNamespace(stamp={}, lock=nothing()), told)


class nothing:  # noqa: N801 - a lock
    def __enter__(self):
        return self

    def __exit__(self, *_error):
        return None


def test_a_failure_before_there_are_outputs_leaves_the_state_as_it_is(monkeypatch):
    swap = Swap("left as it is")

    def failed(_self):
        raise SwapFailed("a gate", weights=BLUE, next_step="run", restored="nothing was moved")

    monkeypatch.setattr(Update, "run", failed)
    with pytest.raises(SwapFailed) as raised:
        swap.service().update(swap.outputs, swap.inputs("green"))
    assert raised.value.outputs is None


def test_members_are_among_the_outputs_that_only_an_update_knows_where_there_may_be_several():
    several = {
        **inputs("first"),
        "router": None,
        "routers": [{"kind": "memory", "name": name} for name in ("first", "second")],
    }
    assert SwapService().predicted_outputs({}, several)["members"] is UNKNOWN
    assert "members" not in SwapService().predicted_outputs({}, inputs("first"))
