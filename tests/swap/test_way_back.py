"""The way back of a live color that leads to another target: what is read from the former one, and what of the new."""

from __future__ import annotations

import pytest

from bluegreen.memory.router import MemoryRouter, world
from bluegreen.rollout.clock import FakeClock
from bluegreen.rollout.errors import PlatformError
from bluegreen.rollout.model import Weights
from bluegreen.rollout.stopping import Moved
from bluegreen.swap.lease import Lease
from bluegreen.swap.shared import Shared
from bluegreen.swap.way_back import WayBack, leading_back
from tests.swap.bench import inputs

BLUE, GREEN = Weights.all_on("blue"), Weights.all_on("green")


@pytest.fixture
def lease():
    return Lease(MemoryRouter("new"), FakeClock(), "promotion to green", 1, lambda _text: None)


@pytest.fixture
def way_back(lease):
    world("new").weights = world("former").weights = BLUE
    return WayBack(Shared(MemoryRouter("new"), lease), Shared(MemoryRouter("former"), lease), same_units=True)


def test_a_former_target_that_cannot_be_asked_is_taken_to_serve(way_back, monkeypatch):
    def refused(_self, _color):
        raise PlatformError("Health", "refused")

    monkeypatch.setattr(MemoryRouter, "health", refused)
    assert way_back.former_serves("blue") is True


def test_a_look_before_the_write_sees_that_somebody_moved_the_former_target(way_back):
    assert way_back.glance().weights == BLUE
    world("former").weights = GREEN
    with pytest.raises(Moved):
        way_back.glance()


def test_the_commands_that_put_it_back_by_hand_are_the_former_target_s(way_back):
    assert way_back.commands(BLUE) == ("set the world former to blue 100 %, green 0 %",)


def test_where_the_former_routers_cannot_be_made_out_there_is_no_way_back(lease):
    olds = {**inputs("former"), "router": {"kind": "memory", "name": "new", "note": 5}}
    router = Shared(MemoryRouter("new"), lease)
    assert leading_back(router, lease, olds, inputs("new"), same_units=True) is None
