"""A promotion and a rollback make no more calls than they are allowed, on every platform that has a stand-in."""

from __future__ import annotations

import pytest

from dev.matrix.lanes import without_backoff
from dev.matrix.somebody_else.budgets import DOCS, renewed
from dev.matrix.somebody_else.counting import SWAPS, calls_of
from dev.matrix.somebody_else.stages import STAGED

AT_MOST = {name: staged.at_most for name, staged in STAGED.items() if staged.at_most is not None}


@pytest.mark.parametrize("stage", AT_MOST)
def test_a_swap_makes_no_more_calls_than_it_may(stage):
    without_backoff()
    made = calls_of(STAGED[stage].make())
    allowed = AT_MOST[stage]
    by_swap = zip(SWAPS, (allowed.promotion, allowed.in_two_steps, allowed.rollback), strict=True)
    limits = {name: limit for name, limit in by_swap if limit is not None}
    assert made.keys() == limits.keys()
    too_many = {name: made[name] for name, limit in limits.items() if len(made[name]) > limit}
    assert not too_many, {name: (len(calls), limits[name]) for name, calls in too_many.items()}


def test_every_stage_has_a_budget_but_where_the_platform_takes_its_time():
    """How often a platform's own deployment is looked at is a matter of how long it lasts."""
    assert set(STAGED) - set(AT_MOST) == {"ecs_native", "codedeploy", "argo_rollouts"}


def test_the_table_in_the_docs_says_so():
    page = DOCS.read_text()
    assert renewed(page) == page
    assert all(f"| `{stage}` |" in page for stage in AT_MOST if not stage.startswith("memory"))
