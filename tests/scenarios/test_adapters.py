"""Nothing that a scenario shows is shown of one adapter alone."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

from tests.scenarios import test_scenarios
from tests.scenarios.adapters import A_SWAP, ADAPTERS, ELSEWHERE, WITNESS, WITNESSED, in_turn, runs
from tests.scenarios.variants import VARIANTS


@pytest.mark.parametrize("chosen", ["", "full"])
@pytest.mark.parametrize("kubernetes", [False, True])
def test_every_scenario_runs_over_both_adapters(kubernetes, chosen):
    scenarios = range(len(test_scenarios.scenarios()))
    every = [run for run in runs(chosen) if run.variant.startswith("kubernetes") == kubernetes and not run.plugin]
    found = {(number, run.adapter_of(number)) for run in every for number in scenarios if run.plays(number)}
    assert found == set(product(scenarios, ADAPTERS))


def test_every_variant_is_swapped_and_stopped_by_a_gate_and_one_of_its_kind_plays_the_rest():
    played = {run.variant: run for run in runs("") if not run.plugin}
    assert set(played) == set(VARIANTS) - set(ELSEWHERE)
    assert all((Path(__file__).parents[2] / test).is_file() for test in ELSEWHERE.values())
    for name, run in played.items():
        assert all(run.plays(number) for number in range(A_SWAP)), name
        assert all(played[WITNESS.get(name, name)].plays(number) for number in range(len(test_scenarios.scenarios())))
    (last,) = [name for number, name in enumerate(test_scenarios.scenarios(), 1) if number == A_SWAP]
    assert last == test_scenarios.test_a_gate_that_fails_keeps_it_where_it_is.__name__


def test_tests_of_the_engine_that_take_turns_run_over_one_adapter_and_in_full_over_both():
    assert [in_turn(number, "") for number in range(4)] == [("native",), ("dynamic",), ("native",), ("dynamic",)]
    assert {in_turn(number, "full") for number in range(4)} == {ADAPTERS}


def test_in_full_every_variant_plays_all():
    assert all(run.scenarios is None for chosen in ("full", "kubernetes-plugin") for run in runs(chosen))


def test_with_pulumis_own_plugin_each_scenario_has_the_adapter_that_it_has_not_with_the_stand_in():
    turns = {run.plugin: [run.adapter_of(0), run.adapter_of(1)] for run in runs("") if run.variant == WITNESSED[0]}
    assert turns[True] == turns[False][::-1]
    every = runs("kubernetes-plugin")
    assert {run.variant for run in every} == {name for name in VARIANTS if name.startswith("kubernetes_")}
    assert all(run.plugin for run in every)


def test_in_full_each_variant_runs_over_both_from_its_first_scenario_to_its_last():
    every = runs("full")
    for name in VARIANTS:
        assert {run.adapter_of(number) for run in every if run.variant == name for number in (0, 1)} == set(ADAPTERS)
        assert all(run.adapter_of(0) == run.adapter_of(1) for run in every if run.variant == name)
