"""Whole promotions, in the memory world, behind a real Prometheus and moto's CloudWatch."""

from __future__ import annotations

import time

import boto3
import pytest

from bluegreen import gates
from bluegreen.rollout.clock import FakeClock
from bluegreen.rollout.errors import SwapFailed
from bluegreen.rollout.model import Weights
from tests.swap.bench import Swap


class Clock(FakeClock):
    """Waits cost nothing; the time of day is the servers'. ``then`` is done once, when ``weights`` are reached."""

    def __init__(self, swap, weights=None, then=lambda: None):
        super().__init__()
        self.swap, self.weights, self.then = swap, weights, then

    def wall_seconds(self):
        return time.time()

    def sleep(self, seconds):
        super().sleep(seconds)
        if self.swap.here.weights == self.weights:
            self.weights = None
            self.then()


@pytest.fixture
def swap():
    return Swap("metrics")


@pytest.fixture
def alarm(moto_url):
    client = boto3.client("cloudwatch", region_name="eu-central-1", endpoint_url=moto_url)
    client.put_metric_alarm(
        AlarmName="swap",
        Namespace="Web",
        MetricName="Errors",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )

    def state(value):
        client.set_alarm_state(AlarmName="swap", StateValue=value, StateReason="a test", StateReasonData="{}")

    state("OK")
    return state


@pytest.mark.parametrize("weights", [Weights.split("green", 10), Weights.all_on("green")], ids=["hold", "bake"])
def test_an_alarm_during_hold_or_bake_restores(swap, alarm, aws, weights):
    swap.clock = Clock(swap, weights, lambda: alarm("ALARM"))
    with pytest.raises(SwapFailed, match=r"gate cloudwatch alarms.* failed: swap: ALARM|swap"):
        swap.up("green", gates=[gates.cloudwatch_alarms(["swap"], aws=aws)])
    assert weights in swap.here.moves
    assert swap.here.weights == Weights.all_on("blue")


def test_an_alarm_before_the_shift_lets_nothing_move(swap, alarm, aws):
    alarm("ALARM")
    with pytest.raises(SwapFailed, match="traffic was not moved"):
        swap.up("green", gates=[gates.cloudwatch_alarms(["swap"], aws=aws)])
    assert swap.here.moves == []


def test_quiet_alarms_let_a_promotion_through(swap, alarm, aws):
    swap.clock = Clock(swap)
    swap.up("green", gates=[gates.cloudwatch_alarms(["swap"], aws=aws)])
    assert swap.here.weights == Weights.all_on("green")


@pytest.mark.parametrize(
    ("gate", "value"),
    [(gates.success_rate, r"0\.9\d* against at least 0\.99"), (gates.p99, r"0\.99\d* against at most 0\.5")],
)
def test_a_green_that_answers_badly_or_slowly_is_taken_back(swap, prometheus_url, gate, value):
    swap.clock = Clock(swap)
    with pytest.raises(SwapFailed, match=value):
        swap.up("green", gates=[gate(prometheus_url, window_seconds=10)])
    assert swap.here.moves == [Weights.split("green", 10), Weights.all_on("blue")]


def test_a_color_that_answers_well_is_promoted_and_its_values_are_in_the_history(swap, prometheus_url):
    swap.clock = Clock(swap)
    asked = [
        gate(prometheus_url, window_seconds=10, selector='color="blue"') for gate in (gates.success_rate, gates.p99)
    ]
    entry = swap.up("green", gates=asked)["history"][0]
    assert entry["outcome"] == "promoted"
    values = {found["gate"]: found["value"] for found in entry["gates"] if found["phase"] == "bake"}
    assert len(values) == 3
    assert "1" in values.values()


def test_too_little_traffic_is_no_pass(swap, prometheus_url):
    swap.clock = Clock(swap)
    source = gates.prometheus_source(prometheus_url, 'sum(increase(idle_requests_total{color="{color}"}[{window}]))')
    with pytest.raises(SwapFailed, match="did not pass in time: 0 of at least 100 requests"):
        swap.up("green", gates=[gates.minimum_traffic(100, source=source)])
    assert swap.here.moves == [Weights.split("green", 10), Weights.all_on("blue")]
