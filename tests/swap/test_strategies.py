"""A strategy that says canary is one: in the contract, whoever declares the swap."""

from __future__ import annotations

import pytest

from bluegreen.fields import UNKNOWN
from bluegreen.rollout.errors import InvalidInput
from bluegreen.rollout.presets import PRESETS
from bluegreen.swap import contract
from tests.swap.bench import Swap, inputs


def problems(strategy):
    return [str(problem) for problem in contract.problems_in(inputs("strategies", strategy=strategy, bake_seconds=60))]


def step(weight=10, **more):
    return {"weight_percent": weight, **more}


@pytest.mark.parametrize(
    ("strategy", "field"),
    [
        ({}, "strategy.steps"),
        ("", "strategy"),
        ("canary", "strategy"),
        ({"name": "canary"}, "strategy.steps"),
        ({"name": "canary", "steps": []}, "strategy.steps"),
        ({"name": "canary", "steps": None}, "strategy.steps"),
        ({"name": "all_at_once", "steps": [step()]}, "strategy.name"),
        ({"name": "linear", "steps": [step(10), step(20)]}, "strategy.steps"),
        ({"name": "ECSCanary10Percent5Minutes"}, "strategy.name"),
        ({"name": "ECSCanary10Percent5Minutes", "steps": [step(10, hold_seconds=5)]}, "strategy.name"),
        ({"steps": [step(hold_seconds=None)]}, "strategy.steps[0].hold_seconds"),
        ({"steps": [step(10), step(50, hold_seconds=None)]}, "strategy.steps[1].hold_seconds"),
    ],
)
def test_what_says_more_than_it_does_is_refused(strategy, field):
    (told,) = problems(strategy)
    assert told.startswith(f"{field}: ")


@pytest.mark.parametrize(
    "strategy",
    [
        None,
        UNKNOWN,
        {"steps": []},
        {"name": "all_at_once"},
        {"name": "all_at_once", "steps": []},
        {"name": "canary", "steps": [step()]},
        {"name": "canary", "steps": [step(UNKNOWN)]},
        {"name": "canary", "steps": UNKNOWN},
        {"name": UNKNOWN, "steps": [step()]},
        {"name": "linear", "steps": [step(40), step(80)]},
        {"name": "our own", "steps": [step(1), step(99)]},
        *PRESETS,
        *(
            {
                "name": name,
                "steps": [
                    {"weight_percent": one.weight_percent, "hold_seconds": one.hold_seconds} for one in found.steps
                ],
            }
            for name, found in PRESETS.items()
        ),
    ],
)
def test_what_is_what_it_says_is_taken(strategy):
    assert problems(strategy) == []


def test_a_hold_that_is_not_there_moves_no_traffic():
    swap = Swap("hold", bake_seconds=0)
    with pytest.raises(InvalidInput, match="hold_seconds"):
        swap.up("green", strategy={"name": "canary", "steps": [step(hold_seconds=None)]})
    assert swap.here.moves == []
