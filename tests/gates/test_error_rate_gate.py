"""The gate that needs no names: what it says of counts, whole promotions under it, and how AWS' metrics are read."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from botocore.exceptions import ClientError

from bluegreen import gates
from bluegreen.aws.client import clients_by
from bluegreen.gates.error_rate_gate import ErrorRateGate
from bluegreen.memory.router import MemoryRouter
from bluegreen.metrics import error_counts
from bluegreen.metrics.error_counts import Counts
from bluegreen.permissions import policy_document
from bluegreen.rollout.errors import GateUnavailable, PlatformError, SwapFailed
from bluegreen.rollout.model import Decision, Weights
from tests.metrics.asking import context, problems
from tests.swap.bench import Swap

NOW = 1_800_000_000
LISTENER = "arn:aws:elasticloadbalancing:eu-central-1:1:listener/app/web/50dc/f2f7"
GROUPS = {color: f"arn:aws:elasticloadbalancing:eu-central-1:1:targetgroup/{color}/1" for color in ("blue", "green")}
LONG = {"name": "steps", "steps": [{"weight_percent": 10, "hold_seconds": 300}]}


class Entry:
    """An entry that counts what the test wants, and remembers the windows of its calls."""

    def __init__(self, counts, late_seconds=180, mixed=False):
        self.answers, self.late_seconds, self.mixed = counts, late_seconds, mixed
        self.asked = []

    def counts(self, context, color, window_seconds):
        self.asked.append((color, window_seconds))
        answer = self.answers.get(color) if isinstance(self.answers, dict) else self.answers
        if isinstance(answer, Exception):
            raise answer
        return answer


def verdict_of(counts, **options):
    entry = Entry(counts)
    return ErrorRateGate(entries=(entry,), **options).evaluate(context("green", asked_at_seconds=NOW))


@pytest.mark.parametrize(
    ("counts", "decision", "value"),
    [
        (Counts(1_000, 50), Decision.FAIL, "5 % (50 of 1000 requests failed)"),
        (Counts(1_000, 10), Decision.PASS, "1 % (10 of 1000 requests failed)"),
        (Counts(20, 0), Decision.PASS, "0 % (0 of 20 requests failed)"),
        (Counts(20, 1), Decision.PASS, "5 % (1 of 20 requests failed)"),  # a single one is no rate
        (Counts(3, 2), Decision.FAIL, "66.7 % (2 of 3 requests failed)"),
        (Counts(19, 0), Decision.PENDING, "no data"),
        (None, Decision.PENDING, "no data"),
    ],
)
def test_a_share_of_failed_requests_is_told_with_its_limit(counts, decision, value):
    verdict = verdict_of(counts)
    assert (verdict.decision, verdict.value, verdict.limit) == (decision, value, "at most 1 %")


def test_without_data_it_can_be_inactive():
    verdict = verdict_of(Counts(3, 0), without_data="pass")
    assert (verdict.decision, verdict.value) == (Decision.PASS, "inactive")
    assert verdict.reason == "3 requests of green counted so far, 20 make a rate"
    refused = PlatformError("cloudwatch:GetMetricData", "AccessDenied")
    assert "cloudwatch:GetMetricData" in verdict_of(refused, without_data="pass").reason
    with pytest.raises(PlatformError):
        verdict_of(refused)
    assert verdict_of(Counts(100, 50), without_data="pass").decision is Decision.FAIL


def test_several_entries_are_counted_together():
    one, other = Entry(Counts(90, 0)), Entry(Counts(10, 5))
    gate = ErrorRateGate(entries=(one, other, Entry(None)))
    assert gate.evaluate(context("green", asked_at_seconds=NOW)).value == "5 % (5 of 100 requests failed)"


def test_only_what_came_after_the_first_shift_counts():
    apart, mixed = Entry(Counts(100, 0)), Entry(Counts(100, 0), mixed=True)
    gate = ErrorRateGate(entries=(apart, mixed), window_seconds=600)
    asked = {"asked_at_seconds": NOW, "shifted_at_seconds": NOW - 400, "phase_began_at_seconds": NOW - 100}
    gate.evaluate(context("green", weight_percent=10, **asked))
    gate.evaluate(context("green", weight_percent=100, **asked))
    gate.evaluate(context("green", weight_percent=10, **asked | {"shifted_at_seconds": NOW - 9_999}))
    assert [window for _, window in apart.asked] == [400, 400, 600]
    assert [window for _, window in mixed.asked] == [400, 100, 600]  # at 100 % from when on all were its own


def test_a_swap_whose_entry_counts_nothing_says_so():
    with pytest.raises(GateUnavailable, match="entries on Kubernetes need `prometheus`"):
        ErrorRateGate().entered([{"kind": "route53"}, {"kind": "istio_virtual_service"}]).evaluate(context("green"))


@pytest.mark.parametrize("field", [{"max_percent": 101}, {"requests": 0}, {"without_data": "no"}, {"prometheus": 3}])
def test_what_cannot_be_is_refused_by_name(field):
    assert set(problems({"kind": "error_rate", **field})) == set(field)


def test_its_permission_is_in_the_printed_policy():
    statements = policy_document(["alb", "error_rate"])["Statement"]
    assert ["cloudwatch:GetMetricData"] in [statement["Action"] for statement in statements]


# -- whole promotions


@pytest.fixture
def counted(monkeypatch):
    """A promotion in the memory world, whose entry counts what the test says."""

    def made(counts, **more):
        entry = Entry(counts)
        monkeypatch.setattr(MemoryRouter, "counted_by", "cloudwatch", raising=False)
        monkeypatch.setattr(MemoryRouter, "error_counts", staticmethod(lambda *_: entry), raising=False)
        return Swap("error-rate", strategy=LONG, **more), entry

    return made


def test_a_green_that_fails_5_percent_of_its_requests_is_taken_back_with_value_and_limit(counted):
    swap, _ = counted({"blue": Counts(9_000, 0), "green": Counts(1_000, 50)})
    with pytest.raises(SwapFailed, match=r"gate error rate failed: 5 % \(50 of 1000 requests failed\) against at most"):
        swap.up("green", gates=[gates.error_rate()])
    assert swap.here.moves == [Weights.split("green", 10), Weights.all_on("blue")]


def test_a_green_that_answers_is_promoted_and_its_rate_is_in_the_history(counted):
    swap, _ = counted(Counts(1_000, 2))
    entry = swap.up("green", gates=[gates.error_rate()])["history"][0]
    assert entry["outcome"] == "promoted"
    assert "0.2 % (2 of 1000 requests failed)" in [gate.get("value") for gate in entry["gates"]]


def test_no_data_is_no_pass_where_the_gate_was_asked_for(counted):
    swap, _ = counted(None)
    with pytest.raises(SwapFailed, match="did not pass in time: no data against at most 1 %"):
        swap.up("green", gates=[gates.error_rate()])


@pytest.mark.parametrize("answer", [None, PlatformError("cloudwatch:GetMetricData", "AccessDenied")])
def test_the_one_that_is_offered_stops_nothing_for_want_of_data(counted, answer):
    swap, _ = counted(answer)
    assert swap.up("green", gates=[gates.error_rate(without_data="pass")])["live_color"] == "green"


@pytest.mark.parametrize(
    ("counts", "hold_seconds", "said"),
    [
        ({"blue": Counts(5_000, 0)}, 300, None),
        ({"blue": Counts(4, 0)}, 300, "4 requests of blue were counted in the last hour, 20 make a rate"),
        (
            PlatformError("cloudwatch:GetMetricData", "AccessDenied"),
            300,
            "its metrics cannot be read: cloudwatch:GetMetricData",
        ),
        ({"blue": Counts(5_000, 0)}, 60, "metrics are up to 180 s late, and the longest hold is 60 s"),
    ],
)
def test_a_preview_says_why_it_will_be_of_no_use(counted, counts, hold_seconds, said):
    swap, _ = counted(counts)
    steps = {"name": "steps", "steps": [{"weight_percent": 10, "hold_seconds": hold_seconds}]}
    for without_data, words in (("pass", "is inactive"), ("pending", "will not pass as things are")):
        wanted = [gates.error_rate(without_data=without_data)]
        notes = (
            swap.service().diff(swap.outputs, swap.inputs("green", gates=wanted, strategy=steps, bake_seconds=60)).notes
        )
        about = [note for note in notes if note.startswith("gate error rate")]
        assert len(about) == (said is not None)
        assert all(said in note and words in note for note in about)


# -- AWS


class CloudWatch:
    """Sums by metric and dimensions, each with its minute; ``calls`` are the queries."""

    def __init__(self, sums):
        self.sums, self.calls = sums, []

    def __call__(self, connection, service):
        assert connection.region == "eu-central-1"
        return self

    def get_rest_api(self, **asked):
        return {"name": f"name of {asked['restApiId']}"}

    def get_paginator(self, name):
        assert name == "get_metric_data"
        return self

    def paginate(self, **wanted):
        results = []
        for query in wanted["MetricDataQueries"]:
            metric = query["MetricStat"]["Metric"]
            dimensions = tuple(sorted((one["Name"], one["Value"]) for one in metric["Dimensions"]))
            asked = (metric["Namespace"], metric["MetricName"], dimensions)
            self.calls.append(asked)
            if isinstance(self.sums, Exception):
                raise self.sums
            minutes = self.sums.get(asked, {})
            inside = [value for at, value in minutes.items() if wanted["StartTime"] <= _time(at) < wanted["EndTime"]]
            results.append({"Id": query["Id"], "Values": inside, "StatusCode": "Complete"})
        return [{"MetricDataResults": results}]


def _time(seconds):
    return datetime.fromtimestamp(seconds, timezone.utc)


def asked(section, sums, *, weight_percent=10, window_seconds=300, **more):
    server = CloudWatch(sums)
    entry = error_counts.counts_of({**section, "aws": {"region": "eu-central-1"}}, None)
    times = {"asked_at_seconds": NOW, "shifted_at_seconds": NOW - 300} | more
    with clients_by(server):
        return entry.counts(context("green", weight_percent=weight_percent, **times), "green", window_seconds), server


@pytest.mark.parametrize(
    "place",
    [
        {"kind": "alb", "listener_arn": LISTENER, "priority": 3},
        {"kind": "alb", "rule_arn": LISTENER.replace(":listener/", ":listener-rule/") + "/9683"},
        {"kind": "alb_listeners", "listener_arn": LISTENER},
    ],
)
def test_a_load_balancer_counts_by_target_group(place):
    group = (("LoadBalancer", "app/web/50dc"), ("TargetGroup", "targetgroup/green/1"))
    sums = {
        ("AWS/ApplicationELB", "RequestCount", group): {NOW - 240: 60, NOW - 60: 40, NOW - 360: 1_000},
        ("AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", group): {NOW - 60: 4},
        ("AWS/ApplicationELB", "TargetConnectionErrorCount", group): {NOW - 60: 1},
    }
    assert asked({**place, "target_groups": GROUPS}, sums)[0] == Counts(100, 5)


def test_a_network_load_balancer_has_no_such_counts():
    assert error_counts.counts_of({"kind": "nlb", "listener_arn": LISTENER, "target_groups": GROUPS}, None) is None
    network = LISTENER.replace("/app/", "/net/")
    assert error_counts.counts_of({"kind": "alb", "listener_arn": network, "target_groups": GROUPS}, None) is None


@pytest.mark.parametrize("function", ["orders", "arn:aws:lambda:eu-central-1:123456789012:function:orders"])
def test_a_function_counts_by_version_and_with_all_traffic_by_its_alias(function):
    section = {"kind": "lambda_alias", "function_name": function, "alias_name": "live"}
    section["versions"] = {"blue": "3", "green": "4"}
    alias = (("FunctionName", "orders"), ("Resource", "orders:live"))
    by_version = (("ExecutedVersion", "4"), *alias)
    sums = {
        ("AWS/Lambda", "Invocations", by_version): {NOW - 60: 10},
        ("AWS/Lambda", "Errors", by_version): {NOW - 60: 2},
        ("AWS/Lambda", "Invocations", alias): {NOW - 60: 100},
    }
    assert asked(section, sums)[0] == Counts(10, 2)
    assert asked(section, sums, weight_percent=100)[0] == Counts(100, 0)


def test_a_stage_counts_both_colors_together_and_the_new_ones_part_is_worked_out():
    section = {"kind": "rest_api_canary", "rest_api_id": "api", "stage_name": "prod"}
    stage = (("ApiName", "name of api"), ("Stage", "prod"))
    # Blue fails 1 of 100, as before. Green has 100 of 1,000 requests, and fails 5 of them.
    sums = {
        ("AWS/ApiGateway", "Count", stage): {NOW - 480: 1_000, NOW - 60: 1_000},
        ("AWS/ApiGateway", "5XXError", stage): {NOW - 480: 10, NOW - 60: 9 + 5},
    }
    found, server = asked(section, sums)
    assert (found.requests, found.errors) == (100, pytest.approx(5))
    assert len(server.calls) == 4
    assert asked(section, sums, weight_percent=100)[0] == Counts(1_000, 14)
    as_before = {**sums, ("AWS/ApiGateway", "5XXError", stage): {NOW - 480: 10, NOW - 60: 8}}
    assert asked(section, as_before)[0] == Counts(100, 0)


def test_an_http_api_counts_by_stage():
    section = {"kind": "http_api_stage", "api_id": "api", "stage_name": "$default"}
    stage = (("ApiId", "api"), ("Stage", "$default"))
    sums = {("AWS/ApiGateway", "Count", stage): {NOW - 60: 50}, ("AWS/ApiGateway", "5xx", stage): {NOW - 60: 50}}
    assert asked(section, sums, weight_percent=100)[0] == Counts(50, 50)


def test_no_whole_minute_yet_and_no_requests_are_no_data():
    section = {"kind": "http_api_stage", "api_id": "api", "stage_name": "prod"}
    assert asked(section, {}, weight_percent=100)[0] is None
    found, server = asked(section, {}, weight_percent=100, window_seconds=30, asked_at_seconds=NOW + 50)
    assert (found, server.calls) == (None, [])


def test_a_missing_permission_is_told_by_its_name():
    denied = ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "GetMetricData")
    with pytest.raises(PlatformError, match="cloudwatch:GetMetricData"):
        asked({"kind": "http_api_stage", "api_id": "api", "stage_name": "prod"}, denied)
