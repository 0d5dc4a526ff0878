"""The metric gates' verdicts on values, whatever source they are from, and their refusals."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field

import pytest

from bluegreen import gates
from bluegreen.fields import UNKNOWN
from bluegreen.gates.baseline_gate import BaselineGate
from bluegreen.gates.metric_gate import MetricGate
from bluegreen.gates.minimum_traffic_gate import MinimumTrafficGate
from bluegreen.metrics.registry import METRICS
from bluegreen.rollout.errors import GateUnavailable
from bluegreen.rollout.model import Decision, Phase
from bluegreen.swap import contract
from tests.metrics.asking import context, gate, problems

URL = "http://prometheus:9090"
SOURCE = gates.prometheus_source(URL, "up")


@dataclass
class Values:
    """A source that says what the test wants, and remembers its queries."""

    answer: float | None = None
    samples: dict = field(default_factory=dict)
    asked: list = field(default_factory=list)
    label: str = "errors"
    least_window_seconds: float = 0

    def value(self, context, color, window_seconds):
        self.asked.append((color, window_seconds))
        return self.answer

    def series(self, context, color, window_seconds):
        self.asked.append((color, window_seconds))
        return self.samples[color]


# -- metric


@pytest.mark.parametrize(
    ("limits", "answers"),
    [
        (
            {"least": 1},
            {0.999: "fail", 1: "pass", 9e9: "pass", float("-inf"): "fail", None: "pending"},
        ),
        ({"most": -1}, {-0.5: "fail", -1: "pass", float("inf"): "fail"}),
        ({"least": 1, "most": 2}, {0: "fail", 1: "pass", 2: "pass", 3: "fail"}),
        ({"least": 1, "fail_below": 0.5}, {0.4: "fail", 0.5: "inconclusive", 0.9: "inconclusive", 1: "pass"}),
        ({"most": 1, "fail_above": 2}, {2.1: "fail", 2: "inconclusive", 1.1: "inconclusive", 1: "pass"}),
        (
            {"least": 1, "most": 2, "fail_above": 3},
            {0.9: "fail", 2.5: "inconclusive", 3.5: "fail", 1.5: "pass"},
        ),
    ],
)
def test_metric(limits, answers):
    for answer, expected in answers.items():
        values = Values(answer)
        verdict = MetricGate(source=values, window_seconds=90, **limits).evaluate(context("blue"))
        assert verdict.decision is Decision(expected), answer
        assert values.asked == [("blue", 90)]


def test_metric_says_value_and_limit():
    verdict = MetricGate(source=Values(0.123456789), least=0.5, most=1, fail_below=0.25).evaluate(context())
    assert (verdict.value, verdict.limit) == ("0.123457", "at least 0.5, at most 1")
    assert verdict.reason == "fails below 0.25"


# -- minimum traffic


@pytest.mark.parametrize(
    ("count", "decision", "value"),
    [
        (None, Decision.PENDING, "0 of at least 100 requests"),
        (0, Decision.PENDING, "0 of at least 100 requests"),
        (3, Decision.PENDING, "3 of at least 100 requests"),
        (99.99, Decision.PENDING, "99 of at least 100 requests"),
        (100, Decision.PASS, "100 of at least 100 requests"),
        (4321.9, Decision.PASS, "4321 of at least 100 requests"),
    ],
)
def test_minimum_traffic(count, decision, value):
    verdict = MinimumTrafficGate(Values(count), 100).evaluate(context())
    assert (verdict.decision, verdict.value) == (decision, value)


@pytest.mark.parametrize(("ago_seconds", "window_seconds"), [(300, 300), (1.5, 1.5), (0.2, 1), (0, 1)])
def test_minimum_traffic_looks_back_to_the_beginning_of_the_phase(ago_seconds, window_seconds):
    values = Values(1)
    MinimumTrafficGate(values, 1).evaluate(context(asked_at_seconds=10_000, ago_seconds=ago_seconds))
    assert values.asked == [("green", pytest.approx(window_seconds))]


# -- baseline


def spread(middle, count=20):
    return [middle + number / 1000 for number in range(count)]


@pytest.mark.parametrize(
    ("new", "old", "options", "decision"),
    [
        (spread(2), spread(1), {}, Decision.FAIL),
        (spread(1), spread(2), {}, Decision.PASS),  # better
        (spread(1), spread(2), {"worse": "lower"}, Decision.FAIL),
        (spread(2), spread(1), {"worse": "lower"}, Decision.PASS),
        (spread(1), spread(1), {}, Decision.PASS),
        ([1.0] * 20, [1.0] * 20, {}, Decision.PASS),
        (spread(1.04), spread(1), {}, Decision.PASS),  # significant, and less than 5 % worse
        (spread(1.04), spread(1), {"tolerance_percent": 3}, Decision.FAIL),
        ([0.1] * 20, [0.0] * 20, {}, Decision.FAIL),  # of nothing, 5 % is nothing
        (spread(-1), spread(-2), {}, Decision.FAIL),
        ([*spread(1), 90], spread(1), {}, Decision.PASS),  # an outlier is no difference
        (spread(2, 6), spread(1, 6), {"min_samples": 5, "significance": 0.0005}, Decision.PASS),
        (spread(2, 6), spread(1, 6), {"min_samples": 5, "significance": 0.01}, Decision.FAIL),
        (spread(2, 9), spread(1), {}, Decision.PENDING),
        (spread(2), spread(1, 9), {}, Decision.PENDING),
        ([], [], {}, Decision.PENDING),
        ([float("inf")] * 20, [float("inf")] * 20, {}, Decision.PASS),
        ([float("inf")] * 20, spread(1), {}, Decision.FAIL),
    ],
)
def test_baseline(new, old, options, decision):
    asked = BaselineGate(Values(samples={"green": new, "blue": old}), **{"worse": "higher", **options})
    assert asked.evaluate(context()).decision is decision


def test_baseline_says_both_medians_and_how_sure_it_is():
    asked = BaselineGate(Values(samples={"green": spread(2, 21), "blue": spread(1, 21)}), "higher")
    verdict = asked.evaluate(context())
    assert verdict.value == "median 2.01 (green), 1.01 (blue), p = 1.6e-08"
    assert verdict.limit == "not higher by more than 5 % with p < 0.01"


@pytest.mark.parametrize(("shifted_seconds_ago", "window_seconds"), [(1_000, 300), (120, 120), (None, 300), (0, 1)])
def test_baseline_asks_both_colors_for_the_same_window(shifted_seconds_ago, window_seconds):
    values = Values(samples={"green": [], "blue": []})
    shifted = None if shifted_seconds_ago is None else 10_000 - shifted_seconds_ago
    BaselineGate(values, "higher").evaluate(context("blue", asked_at_seconds=10_000, shifted_at_seconds=shifted))
    assert values.asked == [("blue", window_seconds), ("green", window_seconds)]


def test_baseline_without_scipy_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy.stats", None)
    asked = BaselineGate(Values(samples={"green": spread(1), "blue": spread(1)}), "higher")
    with pytest.raises(GateUnavailable, match=r"pip install 'bluegreen\[analysis\]'"):
        asked.evaluate(context())


# -- what is declared


def test_labels_phases_and_needs():
    labels = {
        gate(inputs).label: gate(inputs).phases
        for inputs in (
            gates.success_rate(URL),
            gates.p99(URL),
            gates.prometheus(URL, "up   ==\n 1", min=1),
            gates.prometheus(URL, "x" * 100, min=1),
            gates.cloudwatch("AWS/ApplicationELB", "TargetResponseTime", max=1, statistic="p99"),
            gates.minimum_traffic(100, source=SOURCE),
            gates.baseline(gates.prometheus_source(URL, "up", name="latency"), worse="higher"),
        )
    }
    under_traffic = {Phase.HOLD, Phase.BAKE}
    assert labels == {
        "metric success rate": under_traffic,
        "metric p99 seconds": under_traffic,
        "metric up == 1": under_traffic,
        "metric " + "x" * 59 + "…": under_traffic,
        "metric TargetResponseTime p99": under_traffic,
        "at least 100 requests": under_traffic,
        "baseline latency": {Phase.HOLD},
    }
    for inputs in (gates.success_rate(URL), gates.minimum_traffic(1, source=SOURCE)):
        assert not gate(inputs).needs_preview
        assert not gate(inputs).offline


def test_what_is_not_said_is_not_in_the_inputs():
    assert gates.baseline(SOURCE, worse="lower", interval_seconds=5) == {
        "kind": "baseline",
        "source": {"kind": "prometheus", "address": URL, "query": "up"},
        "worse": "lower",
        "interval_seconds": 5,
    }


def test_the_swap_takes_them_with_their_limits():
    everything = [
        gates.success_rate(URL, token={"env": "PROMETHEUS_BEARER"}, failure_limit=1),
        gates.p99(URL, interval_seconds=5),
        gates.cloudwatch("N", "M", max=1, phases=["bake"]),
        gates.cloudwatch_alarms(["a"], consecutive_error_limit=2),
        gates.minimum_traffic(10, source=SOURCE, interval_seconds=1),
        gates.baseline(SOURCE, worse="higher", inconclusive_limit=2),
    ]
    inputs = {
        "active_color": "blue",
        "releases": {"blue": "app:v1", "green": "app:v2"},
        "router": {"kind": "memory", "path": "x"},
        "strategy": {"steps": [{"weight_percent": 10, "hold_seconds": 60}]},
        "bake_seconds": 60,
        "gates": everything,
    }
    assert [problem for problem in contract.problems_in(inputs) if problem.field.startswith("gates")] == []


@pytest.mark.parametrize(
    ("inputs", "field", "allowed"),
    [
        (gates.prometheus(URL, "up"), "min", "one of both is required"),
        (gates.prometheus(URL, "up", min="1"), "min", "a number"),
        (gates.prometheus(URL, "up", max=float("nan")), "max", "a number"),
        (gates.prometheus(URL, "up", max=True), "max", "a number"),
        (gates.prometheus(URL, "up", min=2, max=1), "max", "a number that is not below min (2)"),
        (gates.prometheus(URL, "up", max=1, fail_below=0), "fail_below", "only together with min"),
        (gates.prometheus(URL, "up", min=1, fail_above=2), "fail_above", "only together with max"),
        (gates.prometheus(URL, "up", min=1, fail_below=2), "fail_below", "a number that is not above min (1)"),
        (gates.prometheus(URL, "up", max=1, fail_above=0), "fail_above", "a number that is not below max (1)"),
        (gates.prometheus(URL, "up", min=1, window_seconds=0.5), "window_seconds", "a number of seconds, 1 to"),
        (gates.prometheus(URL, "", min=1), "source.query", "a PromQL query"),
        (gates.prometheus("prometheus:9090", "up", min=1), "source.address", "a URL that begins with http"),
        (gates.prometheus("http://me:pw@prometheus", "up", min=1), "source.address", "without credentials"),
        (gates.prometheus(URL + "?key=1", "up", min=1), "source.address", "a URL without ? and #"),
        (gates.prometheus(URL, "up", min=1, token={"value": "x"}), "source.token", "a reference"),
        (gates.metric(gates.prometheus_source(URL, "up", step_seconds=0), min=1), "source.step_seconds", "1 to 3600"),
        ({"kind": "metric", "min": 1}, "source", "it is required"),
        ({"kind": "metric", "min": 1, "source": {"kind": "influx"}}, "source.kind", "cloudwatch, prometheus"),
        ({"kind": "metric", "min": 1, "source": {**SOURCE, "querry": "x"}}, "source.querry", "no such field"),
        (gates.minimum_traffic(0, source=SOURCE), "requests", "1 to"),
        (gates.minimum_traffic(1.5, source=SOURCE), "requests", "a whole number"),
        (gates.baseline(SOURCE, worse="up"), "worse", "higher, lower"),
        (gates.baseline(SOURCE, worse=None), "worse", "it is required"),
        (gates.baseline(SOURCE, worse="lower", significance=0), "significance", "1e-06 to 0.5"),
        (gates.baseline(SOURCE, worse="lower", tolerance_percent=-1), "tolerance_percent", "0 to 1000"),
        (gates.baseline(SOURCE, worse="lower", min_samples=4), "min_samples", "5 or more: fewer are never significant"),
        (
            gates.baseline(SOURCE, worse="lower", significance=1e-6),
            "min_samples",
            "12 or more: fewer are never significant at 1e-06",
        ),
    ],
)
def test_refused(inputs, field, allowed):
    found = problems(inputs)
    assert list(found) == [field]
    assert allowed in found[field]


def test_a_password_in_an_address_is_not_told():
    problem = contract.problems_in({"gates": [gates.prometheus("http://me:pw-4711@prometheus", "up", min=1)]})
    assert any("gates[0].source.address" in str(one) for one in problem)
    assert "4711" not in " ".join(map(str, problem))


@pytest.mark.parametrize(
    "inputs",
    [
        {**gates.success_rate(URL), "source": UNKNOWN},
        {**gates.success_rate(URL), "min": UNKNOWN},
        gates.prometheus(UNKNOWN, UNKNOWN, min=1, fail_below=UNKNOWN, window_seconds=UNKNOWN),
        gates.cloudwatch("N", UNKNOWN, max=1, dimensions={"A": UNKNOWN}, color_dimensions=UNKNOWN),
        {
            **gates.cloudwatch("N", "M", max=1, statistic=UNKNOWN),
            "source": {**gates.cloudwatch_source("N", "M"), "period_seconds": UNKNOWN},
        },
        gates.cloudwatch_alarms([UNKNOWN, "a"], insufficient_data=UNKNOWN),
        {"kind": "cloudwatch_alarms", "alarms": UNKNOWN},
        gates.minimum_traffic(UNKNOWN, source=SOURCE),
        gates.baseline(SOURCE, worse=UNKNOWN, significance=UNKNOWN, min_samples=UNKNOWN, window_seconds=UNKNOWN),
        {**gates.baseline(SOURCE, worse="lower"), "source": UNKNOWN},
    ],
)
def test_what_is_not_known_yet_is_no_problem(inputs):
    assert problems(inputs) == {}
    assert gate(inputs).label  # a preview asks for it


def test_every_source_can_be_loaded():
    assert set(METRICS.entries) == {"cloudwatch", "prometheus"}
    for kind in METRICS.entries:
        assert METRICS.load(kind)
