"""The inputs of the swap: every wrong field is named with its value and what is allowed, and nothing is written."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bluegreen.fields import UNKNOWN
from bluegreen.gates.registry import GATES
from bluegreen.memory.router import WORLDS, world
from bluegreen.rollout.clock import FakeClock
from bluegreen.rollout.errors import InvalidInput
from bluegreen.rollout.model import Phase, Step
from bluegreen.swap import contract
from bluegreen.swap.service import SwapService

GOOD = {
    "active_color": "blue",
    "releases": {"blue": "app:v1", "green": "app:v2"},
    "router": {"kind": "memory", "name": "contract"},
    "capacity": {"kind": "memory", "name": "contract"},
    "gates": [{"kind": "http", "path": "/healthz"}],
    "strategy": {"name": "steps", "steps": [{"weight_percent": 10.0, "hold_seconds": 300.0}]},
    "previews": {"blue": {"url": "http://a"}, "green": {"url": "http://a"}},
    "bake_seconds": 600.0,
}


def changed(path, value):
    inputs = copy.deepcopy(GOOD)
    at = inputs
    *way, last = path.split(".")
    for part in way:
        at = at[int(part)] if part.isdigit() else at[part]
    at[int(last) if last.isdigit() else last] = value
    return inputs


def test_good_inputs_are_good_and_numbers_may_be_floats():
    spec = contract.parse(GOOD)
    assert spec.strategy.steps == (Step(10, 300),)
    assert [check.gate.label for check in spec.build_checks()] == ["http /healthz", "target health"]


@pytest.mark.parametrize(
    ("path", "value", "field", "allowed"),
    [
        ("active_color", "purple", "active_color", "blue, green"),
        ("active_color", None, "active_color", "it is required"),
        ("releases.blue", "", "releases.blue", "a text that is not empty"),
        ("router.kind", "nginx", "router.kind", "alb"),
        ("router.colour", "x", "router.colour", "no such field"),
        ("gates.0.kind", "hope", "gates[0].kind", "http"),
        ("gates.0.path", "healthz", "gates[0].path", "begins with /"),
        ("gates.0.failure_limit", -1, "gates[0].failure_limit", "0 to"),
        ("gates.0.interval_seconds", "often", "gates[0].interval_seconds", "a number of seconds"),
        ("strategy.steps.0.weight_percent", 100, "strategy.steps[0].weight_percent", "1 to 99"),
        ("strategy.steps.0.weight_percent", 10.5, "strategy.steps[0].weight_percent", "whole number"),
        ("strategy.steps.0.hold_seconds", float("nan"), "strategy.steps[0].hold_seconds", "0 to"),
        ("strategy.steps", {"a": 1}, "strategy.steps", "a list"),
        ("bake_seconds", -1, "bake_seconds", "0 to"),
        ("bake_secs", 1, "bake_secs", "no such field"),
        ("previews", None, "gates[0].kind", "previews of both colors"),
        ("strategy", "ECSCanary11Percent", "strategy", "ECSCanary10Percent5Minutes"),
        ("promote_to_percent", 0, "promote_to_percent", "1 to 100"),
        ("idle_capacity_percent", 101, "idle_capacity_percent", "0 to 100"),
        ("gates.0.inconclusive_limit", -1, "gates[0].inconclusive_limit", "0 to"),
        ("gates.0.phases", ["later"], "gates[0].phases[0]", "confirm, before, increase, promote, hold, bake, after"),
        ("notifications", [{"kind": "pigeon"}], "notifications[0].kind", "slack, teams, webhook"),
    ],
)
def test_bad_inputs_are_refused_by_field(path, value, field, allowed):
    problems = contract.problems_in(changed(path, value))
    assert field in [problem.field for problem in problems]
    assert allowed in next(problem.allowed for problem in problems if problem.field == field)
    with pytest.raises(InvalidInput, match="is not allowed; allowed:"):
        contract.parse(changed(path, value))


def test_a_presets_name_is_a_strategy():
    assert contract.parse(changed("strategy", "ECSCanary10Percent15Minutes")).strategy.steps == (Step(10, 900),)


def test_a_gate_says_in_which_phases_it_is_asked():
    (_, (gate, policy)) = contract.parse(changed("gates.0.phases", ["hold", "bake"])).gates
    assert gate[0] == "http"
    assert policy.phases == {Phase.HOLD, Phase.BAKE}


@pytest.mark.parametrize(
    ("strategy", "bake", "phases", "when"),
    [
        ({"steps": []}, 0, ["hold", "bake"], "(bake and hold)"),
        ({"steps": [{"weight_percent": 10}]}, 0, ["hold"], "(hold)"),
        ({"steps": []}, 600, ["increase"], "(increase)"),
    ],
)
def test_a_gate_that_would_never_be_asked_is_refused(strategy, bake, phases, when):
    inputs = {**changed("gates.0.phases", phases), "strategy": strategy, "bake_seconds": bake}
    (problem,) = contract.problems_in(inputs)
    assert (problem.field, when in problem.allowed) == ("gates[0].kind", True)


def test_weights_out_of_order_are_refused():
    steps = [{"weight_percent": 50, "hold_seconds": 1}, {"weight_percent": 10, "hold_seconds": 1}]
    (problem,) = contract.problems_in(changed("strategy.steps", steps))
    assert problem.field == "strategy.steps[1].weight_percent"
    assert "51 to 99" in problem.allowed


def test_what_is_not_known_yet_passes():
    for path in ("releases", "releases.blue", "router.name", "gates.0.path", "previews", "previews.blue.url"):
        assert contract.problems_in(changed(path, UNKNOWN)) == []


def test_the_same_values_in_another_form_are_no_change():
    same = changed("bake_seconds", 600)
    same["steady_state_timeout_seconds"] = None
    assert contract.changed_keys(GOOD, same) == []
    assert contract.changed_keys(GOOD, changed("active_color", "green")) == ["active_color"]
    assert contract.changed_keys(GOOD, changed("releases.green", UNKNOWN)) == ["releases"]


def test_where_traffic_is_routed_makes_another_swap():
    assert contract.where_changed(GOOD, changed("router.name", "elsewhere"))
    assert not contract.where_changed(GOOD, changed("router.name", UNKNOWN))
    assert not contract.where_changed(GOOD, changed("router.note", "x"))


def test_a_change_of_what_the_live_color_runs_is_told():
    assert contract.live_release_change(GOOD, changed("releases.blue", "app:v9")) == "blue: app:v1 -> app:v9"
    assert contract.live_release_change(GOOD, changed("releases.green", "app:v9")) is None
    assert contract.live_release_change(GOOD, changed("releases.blue", UNKNOWN)) is None
    promoted = changed("active_color", "green")
    promoted["releases"]["blue"] = "app:v9"
    assert contract.live_release_change(GOOD, promoted) == "blue: app:v1 -> app:v9", "blue is live until the swap"


def test_the_plan_is_the_reviewers_text():
    assert contract.plan_of(changed("active_color", "green")) == [
        "10 % green, 90 % blue for 5 min; gates: target health, http /healthz",
        "100 % green, bake for 10 min; gates: target health, http /healthz",
    ]


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just(UNKNOWN),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
known = st.sampled_from(sorted(contract.INPUT_KEYS))


@given(st.dictionaries(known, junk, max_size=4))
def test_no_input_makes_it_fall_over(broken):
    inputs = {**GOOD, **broken}
    problems = contract.problems_in(inputs)
    assert all(problem.field and problem.allowed for problem in problems)


words = st.sampled_from(
    [
        *("path", "source", "address", "query", "min", "max", "url", "secret", "command", "flag", "provider"),
        *("migrations", "alarms", "requests", "phases", "interval_seconds", "timeout_seconds", "worse", "type"),
    ]
)
entries = st.builds(
    lambda kind, more: {**more, "kind": kind},
    st.sampled_from(sorted(GATES.entries)),
    st.dictionaries(words, junk, max_size=5),
)


@given(st.lists(entries, max_size=3))
def test_no_gate_makes_it_fall_over(gates):
    problems = contract.problems_in({**GOOD, "gates": gates})
    assert all(problem.field.startswith("gates[") and problem.allowed for problem in problems)


@given(st.dictionaries(known, junk, min_size=1, max_size=4))
def test_malformed_input_writes_nothing(broken):
    inputs = {**GOOD, **broken}
    WORLDS.pop("contract", None)
    if contract.problems_in(inputs):
        with pytest.raises(InvalidInput):
            SwapService(clock=FakeClock()).create(inputs)
        assert world("contract").calls == []


@given(known, junk)
def test_no_input_makes_a_preview_fall_over(key, value):
    inputs = {**GOOD, key: value}
    contract.changed_keys(GOOD, inputs)
    contract.where_changed(GOOD, inputs)
    contract.live_release_change(GOOD, inputs)
    if not contract.problems_in(inputs):
        contract.plan_of(inputs)
