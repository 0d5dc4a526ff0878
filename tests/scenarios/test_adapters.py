"""Nothing that a scenario shows is shown of one adapter alone."""

from __future__ import annotations

from itertools import product

import pytest

from tests.scenarios import test_scenarios
from tests.scenarios.adapters import ADAPTERS, runs
from tests.scenarios.variants import VARIANTS


@pytest.mark.parametrize("in_full", [False, True])
@pytest.mark.parametrize("kubernetes", [False, True])
def test_every_scenario_runs_over_both_adapters(kubernetes, in_full):
    scenarios = range(len(test_scenarios.scenarios()))
    chosen = [run for run in runs(in_full=in_full) if run.variant.startswith("kubernetes") == kubernetes]
    found = {(number, run.adapter_of(number)) for run in chosen for number in scenarios}
    assert found == set(product(scenarios, ADAPTERS))


def test_in_full_each_variant_runs_over_both_from_its_first_scenario_to_its_last():
    every = runs(in_full=True)
    for name in VARIANTS:
        assert {run.adapter_of(number) for run in every if run.variant == name for number in (0, 1)} == set(ADAPTERS)
        assert all(run.adapter_of(0) == run.adapter_of(1) for run in every if run.variant == name)
