import pytest

import bluegreen
from bluegreen.rollout.model import Step
from bluegreen.rollout.strategy import problems_of


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
