import pytest

import bluegreen
from bluegreen.rollout.model import Step, Strategy
from bluegreen.rollout.presets import preset
from bluegreen.rollout.strategy import problems_of, untrue


def test_the_named_strategies_are_lists_of_steps():
    assert bluegreen.all_at_once().steps == ()
    assert bluegreen.canary(10, hold_seconds=300).steps == (Step(10, 300),)
    assert [step.weight_percent for step in bluegreen.linear(25, hold_seconds=60).steps] == [25, 50, 75]
    assert [step.weight_percent for step in bluegreen.linear(30, hold_seconds=60).steps] == [30, 60, 90]
    assert bluegreen.steps([(10, 5), Step(50, 6)]).steps == (Step(10, 5), Step(50, 6))


@pytest.mark.parametrize(
    ("strategy", "field"),
    [
        (bluegreen.steps([(50, 1), (10, 1)]), "strategy.steps[1].weight_percent"),
        (bluegreen.steps([(10, 1), (10, 1)]), "strategy.steps[1].weight_percent"),
        (bluegreen.canary(0, hold_seconds=1), "strategy.steps[0].weight_percent"),
        (bluegreen.canary(100, hold_seconds=1), "strategy.steps[0].weight_percent"),
        (bluegreen.linear(0, hold_seconds=1), "strategy.steps[0].weight_percent"),
        (bluegreen.canary(10, hold_seconds=-1), "strategy.steps[0].hold_seconds"),
    ],
)
def test_a_strategy_that_cannot_be_is_told_by_field(strategy, field):
    assert [problem.field for problem in problems_of(strategy, "strategy")] == [field]


def named(name, *weights):
    return Strategy(name, tuple(Step(weight, 60) for weight in weights))


@pytest.mark.parametrize(
    ("strategy", "field"),
    [
        (named("all_at_once", 10), "strategy.name"),
        (named("canary"), "strategy.steps"),
        (named("linear"), "strategy.steps"),
        (named("linear", 10, 30), "strategy.steps"),
        (named("linear", 10, 50), "strategy.steps"),
    ],
)
def test_a_name_that_promises_other_steps_is_refused(strategy, field):
    (problem,) = untrue(strategy, "strategy")
    assert problem.field == field


@pytest.mark.parametrize(
    "strategy", [named("all_at_once"), named("canary", 10), named("linear", 25, 50, 75), named("mine", 10, 70)]
)
def test_a_name_that_says_what_is_done_is_none(strategy):
    assert untrue(strategy, "strategy") == []


def test_a_presets_name_has_its_steps():
    known = preset("ECSCanary10Percent5Minutes")
    assert untrue(known, "strategy", known) == []
    (problem,) = untrue(named(known.name, 10), "strategy", known)
    assert "these are not the steps of that preset" in problem.allowed
    assert preset("ECSCanary11Percent5Minutes") == "ECSCanary11Percent5Minutes", "the contract refuses it"
