"""The rules that the package ships: its own kinds keep them, and what breaks one learns what it breaks."""

from __future__ import annotations

import dataclasses
import subprocess
import sys

import pytest

from bluegreen.gates.http_gate import HttpGate
from bluegreen.gates.registry import GATES
from bluegreen.memory.capacity import MemoryCapacity
from bluegreen.memory.router import WORLDS, MemoryRouter
from bluegreen.metrics.registry import METRICS
from bluegreen.notifications.registry import NOTIFIERS
from bluegreen.rollout.model import Convergence, Decision, Readiness, Verdict, Weights
from bluegreen.testing import capacities, gates, metrics, notifications, routers
from tests import least


@pytest.fixture(autouse=True)
def worlds():
    WORLDS.pop("rules", None)
    yield
    WORLDS.pop("rules", None)


@pytest.mark.parametrize("rule", routers.RULES, ids=lambda rule: rule.__name__)
def test_the_memory_router_keeps_its_contract(rule):
    rule(routers.RouterCase({"kind": "memory", "name": "rules"}))


@pytest.mark.parametrize("rule", capacities.RULES, ids=lambda rule: rule.__name__)
def test_the_memory_capacity_keeps_its_contract(rule):
    rule(capacities.CapacityCase({"kind": "memory", "name": "rules"}))


@pytest.mark.parametrize("kind", GATES.entries)
@pytest.mark.parametrize("rule", gates.RULES, ids=lambda rule: rule.__name__)
def test_every_gate_keeps_its_contract(rule, kind, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "none")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    rule(gates.GateCase(least.section(GATES, kind)))


@pytest.mark.parametrize("kind", METRICS.entries)
@pytest.mark.parametrize("rule", metrics.RULES, ids=lambda rule: rule.__name__)
def test_every_metric_source_keeps_its_contract(rule, kind, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "none")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    rule(metrics.MetricCase(least.section(METRICS, kind)))


@pytest.mark.parametrize("kind", NOTIFIERS.entries)
@pytest.mark.parametrize("rule", notifications.RULES, ids=lambda rule: rule.__name__)
def test_every_notifier_keeps_its_contract(rule, kind):
    rule(notifications.NotifierCase(least.section(NOTIFIERS, kind)))


def broken(rules, case):
    """The rules that a case does not keep."""
    found = set()
    for rule in rules:
        WORLDS.pop("rules", None)
        try:
            rule(case)
        except AssertionError as error:
            found.add(str(error) and rule.__name__.partition("_blue_")[0].partition("_green_")[0])
    return found


def patched(monkeypatch, cls, **methods):
    for name, method in methods.items():
        monkeypatch.setattr(cls, name, method)


@pytest.mark.parametrize(
    ("name", "method", "rule"),
    [
        ("verify", lambda self, weights: Convergence.CONVERGED, "other_weights_are_not_converged"),
        ("verify", lambda self, weights: Convergence.PENDING, "what_is_written_is_read"),
        ("write", lambda self, weights: None, "what_is_written_is_read"),
        ("marks", lambda self: {}, "a_write_keeps_the_marks"),
        ("delete", lambda self: None, "deleting_twice_is_fine"),
        ("health", lambda self, color: Readiness(True, 1, 2), "health_is_counts_and_a_reason"),
        ("commands", lambda self, weights: ("",), "the_commands_by_hand_are_text"),
        ("parse", classmethod(lambda cls, fields: {"name": fields.raw("name")} | _seen(fields)), "its_options"),
    ],
)
def test_a_router_that_breaks_a_rule_is_found_out(monkeypatch, name, method, rule):
    patched(monkeypatch, MemoryRouter, **{name: method})
    found = broken(routers.RULES, routers.RouterCase({"kind": "memory", "name": "rules"}))
    assert any(one.startswith(rule) for one in found), found


def _seen(fields):
    fields.done = lambda: None
    return {}


@pytest.mark.parametrize(
    ("name", "method", "rule"),
    [
        ("retire", lambda self, color, size, after: "", "a_later_retirement_leaves_the_size_until_then"),
        ("ready", lambda self, color: Readiness(False), "who_is_not_ready_says_why"),
        ("prepare", lambda self, color, size: None, "what_is_prepared_becomes_ready"),
    ],
)
def test_a_capacity_that_breaks_a_rule_is_found_out(monkeypatch, name, method, rule):
    patched(monkeypatch, MemoryCapacity, **{name: method})
    assert rule in broken(capacities.RULES, capacities.CapacityCase({"kind": "memory", "name": "rules"}))


def raising(self, context):
    raise OSError("no network")


@pytest.mark.parametrize(
    ("method", "rule"),
    [
        (raising, "it_answers_or_says_that_it_cannot_be_asked"),
        (lambda self, context: True, "it_answers_or_says_that_it_cannot_be_asked"),
        (lambda self, context: Verdict(Decision.FAIL, ""), "it_answers_or_says_that_it_cannot_be_asked"),
        (lambda self, context: Verdict(Decision.PASS, "well"), "without_a_preview_it_is_not_passed"),
    ],
)
def test_a_gate_that_breaks_a_rule_is_found_out(monkeypatch, method, rule):
    patched(monkeypatch, HttpGate, evaluate=method)
    assert rule in broken(gates.RULES, gates.GateCase({"kind": "http", "path": "/"}))


def test_a_rule_needs_no_pytest_and_no_cloud():
    code = (
        "import sys\n"
        "sys.modules['pytest'] = sys.modules['boto3'] = sys.modules['kubernetes'] = None\n"
        "from bluegreen.testing import capacities, gates, metrics, notifications, routers\n"
        "case = routers.RouterCase({'kind': 'memory', 'name': 'alone'})\n"
        "[rule(case) for rule in routers.RULES[:2]]\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_what_is_built_is_a_dataclass_with_its_fields():
    case = routers.RouterCase({"kind": "memory", "name": "rules"})
    assert case.has("name")
    assert not case.has("clock")
    assert dataclasses.is_dataclass(case)
    assert case.build().read().weights == Weights()
