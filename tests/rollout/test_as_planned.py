"""Traffic that counts as moved by somebody else since the plan was made."""

from __future__ import annotations

import pytest

from bluegreen.rollout.model import Kind, Plan, Step, Weights
from bluegreen.rollout.ports import Capability
from bluegreen.rollout.restoring import as_planned

BLUE, GREEN = Weights.all_on("blue"), Weights.all_on("green")


class Splits:
    capabilities = frozenset({Capability.WEIGHTS})


class Whole:
    capabilities = frozenset()


def back_to_blue(kind=Kind.ROLLBACK, *, analysis=False):
    return Plan(kind, "blue", GREEN, (Step(100, 0),), 0, restore_to=GREEN, analysis=analysis, goal=BLUE)


@pytest.mark.parametrize("router", [Splits(), Whole()])
def test_what_is_where_it_was_is_as_planned_and_what_is_elsewhere_is_not(router):
    assert as_planned(router, GREEN, back_to_blue())
    assert not as_planned(router, Weights(50, 0), back_to_blue())


def test_an_engine_that_gives_traffic_back_with_making_a_color_ready_has_not_been_moved_by_somebody():
    assert as_planned(Whole(), BLUE, back_to_blue())
    assert not as_planned(Splits(), BLUE, back_to_blue())
    assert not as_planned(Whole(), BLUE, back_to_blue(Kind.PROMOTION, analysis=True)), "that color is not proved"


def test_from_a_mix_that_a_platform_without_weights_is_in_it_goes_to_either_color_by_itself():
    half = Weights.split("green", 50)
    healing = Plan(Kind.HEAL, "blue", half, (Step(100, 0),), 0, restore_to=BLUE, analysis=False, goal=BLUE)
    assert as_planned(Whole(), GREEN, healing)
    assert as_planned(Whole(), BLUE, healing)
    assert not as_planned(Whole(), Weights(50, 0), healing)
    assert not as_planned(Splits(), GREEN, healing)
