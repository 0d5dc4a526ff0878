"""The CloudWatch source against moto's server, and what moto cannot answer against botocore's Stubber."""

from __future__ import annotations

import time
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler

import boto3
import botocore.endpoint
import httpx
import pytest
from botocore.stub import ANY, Stubber

from bluegreen import gates
from bluegreen.aws.client import AwsConnection
from bluegreen.metrics.registry import METRICS
from bluegreen.rollout.errors import GateUnavailable, PlatformError
from bluegreen.rollout.model import Decision
from tests.metrics.asking import context, gate, problems, source
from tests.metrics.conftest import serve

MINUTE = 60
# A context is read at this time: the samples of a minute are 10 seconds into it.
NOW = int(time.time()) // MINUTE * MINUTE
NAMESPACE = "Web"


@pytest.fixture(scope="module")
def measured(moto_url):
    """Response times and requests of the last minutes: green has more, and slower ones."""
    client = boto3.client(
        "cloudwatch",
        region_name="eu-central-1",
        endpoint_url=moto_url,
        aws_access_key_id="test",
        aws_secret_access_key="test-only",
    )
    for color, group, minutes in (
        ("blue", "targetgroup/b/1", {5: (9.0,), 3: (0.1, 0.1), 2: (0.2,), 1: (0.1,)}),
        ("green", "targetgroup/g/2", {5: (9.0,), 3: (1, 2, 3), 2: (8,), 1: (6, 6)}),
    ):
        for ago, values in minutes.items():
            at = datetime.fromtimestamp(NOW - ago * MINUTE + 10, timezone.utc)
            for value in values:
                client.put_metric_data(
                    Namespace=NAMESPACE,
                    MetricData=[
                        {"MetricName": "Time", "Value": value, "Timestamp": at, "Dimensions": dimensions}
                        for dimensions in (
                            [{"Name": "LoadBalancer", "Value": "app/web"}, {"Name": "TargetGroup", "Value": group}],
                            [{"Name": "Color", "Value": color}, {"Name": "Release", "Value": "app:v2"}],
                        )
                    ],
                )


def cloudwatch(aws, statistic, **options):
    options = {
        "dimensions": {"LoadBalancer": "app/web"},
        "color_dimensions": {"blue": {"TargetGroup": "targetgroup/b/1"}, "green": {"TargetGroup": "targetgroup/g/2"}},
        **options,
    }
    return gates.cloudwatch_source(NAMESPACE, "Time", statistic=statistic, aws=aws, **options)


def at(ago_seconds=0):
    return context(asked_at_seconds=NOW - ago_seconds)


@pytest.mark.parametrize(
    ("statistic", "window_seconds", "expected"),
    [
        ("Sum", 180, 26),
        ("SampleCount", 180, 6),
        ("Minimum", 180, 1),
        ("Maximum", 180, 8),
        ("Average", 180, 26 / 6),  # each sample counts the same, whichever minute it is in
        ("Sum", 179, 20),  # a minute that began before the window is not part of it
        ("Sum", 60, 12),
        ("Sum", 30, None),
    ],
)
def test_a_value(measured, aws, statistic, window_seconds, expected):
    assert source(cloudwatch(aws, statistic)).value(at(), "green", window_seconds) == expected


def test_each_color_has_its_own_dimensions(measured, aws):
    asked = source(cloudwatch(aws, "Sum"))
    assert asked.value(at(), "blue", 180) == pytest.approx(0.5)
    assert asked.series(at(), "blue", 180) == pytest.approx([0.2, 0.2, 0.1])
    assert asked.series(at(), "green", 180) == [6, 8, 12]


def test_placeholders_in_dimensions(measured, aws):
    by_name = {"dimensions": {"Color": "{color}", "Release": "{release}"}, "color_dimensions": None}
    asked = source(cloudwatch(aws, "Sum", **by_name))
    assert asked.value(at(), "green", 180) == 26
    assert asked.value(at(), "blue", 180) is None  # blue's release is app:v1


def test_no_data_and_what_it_may_mean(measured, aws):
    nothing = {"dimensions": {"LoadBalancer": "nobody"}}
    assert source(cloudwatch(aws, "Sum", **nothing)).value(at(), "green", 180) is None
    assert source(cloudwatch(aws, "Sum", missing_value=0, **nothing)).value(at(), "green", 180) == 0
    assert source(cloudwatch(aws, "Sum", missing_value=7)).value(at(), "green", 180) == 26


def test_the_gate(measured, aws):
    same = {"dimensions": {"Color": "{color}", "Release": "app:v2"}, "aws": aws, "window_seconds": 180}
    for limits, decision, value in (
        ({"max": 5}, Decision.PASS, "4.33333"),
        ({"max": 4}, Decision.FAIL, "4.33333"),
        ({"max": 4, "fail_above": 4.5}, Decision.INCONCLUSIVE, "4.33333"),
    ):
        verdict = gate(gates.cloudwatch(NAMESPACE, "Time", **limits, **same)).evaluate(at())
        assert (verdict.decision, verdict.value) == (decision, value)
    nobody = gate(gates.cloudwatch(NAMESPACE, "Nothing", max=1, **same)).evaluate(at())
    assert (nobody.decision, nobody.value) == (Decision.PENDING, "no data")


def test_minimum_traffic_leaves_out_what_was_before_the_phase(measured, aws):
    asked = gate(gates.minimum_traffic(6, source=cloudwatch(aws, "SampleCount")))
    counted = [asked.evaluate(context(asked_at_seconds=NOW, ago_seconds=ago)) for ago in (185, 180, 179, 20)]
    assert [(verdict.decision, verdict.value) for verdict in counted] == [
        (Decision.PASS, "6 of at least 6 requests"),
        (Decision.PASS, "6 of at least 6 requests"),
        (Decision.PENDING, "3 of at least 6 requests"),
        (Decision.PENDING, "0 of at least 6 requests"),
    ]


def test_a_percentile_comes_from_the_periods_by_their_weight(moto_url):
    """Stubber: moto answers no percentiles. Two pages, out of order, as CloudWatch may send them."""
    aws = {"region": "eu-west-1", "endpoint_url": moto_url}
    first, second = (datetime.fromtimestamp(NOW - ago, timezone.utc) for ago in (120, 60))
    metric = {"Namespace": NAMESPACE, "MetricName": "Time", "Dimensions": []}
    asked = {
        "MetricDataQueries": [
            {"Id": name, "MetricStat": {"Metric": metric, "Period": 60, "Stat": statistic}}
            for name, statistic in (("asked", "p99"), ("samples", "SampleCount"))
        ],
        "StartTime": first,
        "EndTime": datetime.fromtimestamp(NOW, timezone.utc),
    }
    with Stubber(AwsConnection(**aws).client("cloudwatch")) as stub:
        late = [
            {"Id": "asked", "Timestamps": [second], "Values": [0.1], "StatusCode": "PartialData"},
            {"Id": "samples", "Timestamps": [second], "Values": [30.0], "StatusCode": "PartialData"},
        ]
        early = [
            {"Id": "asked", "Timestamps": [first], "Values": [0.5], "StatusCode": "Complete"},
            {"Id": "samples", "Timestamps": [first], "Values": [10.0], "StatusCode": "Complete"},
        ]
        for _ in range(2):
            stub.add_response("get_metric_data", {"MetricDataResults": late, "NextToken": "more"}, asked)
            stub.add_response("get_metric_data", {"MetricDataResults": early}, {**asked, "NextToken": "more"})
        p99 = source(gates.cloudwatch_source(NAMESPACE, "Time", statistic="p99", aws=aws))
        assert p99.series(at(), "green", 120) == [0.5, 0.1]
        assert p99.value(at(), "green", 120) == pytest.approx((0.5 * 10 + 0.1 * 30) / 40)
        stub.assert_no_pending_responses()


@pytest.mark.parametrize("status", ["InternalError", "Forbidden"])
def test_part_of_the_data_is_no_answer(moto_url, status):
    """Stubber: moto has no such failure."""
    aws = {"region": "eu-west-2", "endpoint_url": moto_url}
    with Stubber(AwsConnection(**aws).client("cloudwatch")) as stub:
        result = {"Id": "asked", "Timestamps": [], "Values": [], "StatusCode": status}
        message = {"Code": status, "Value": "try later"}
        stub.add_response("get_metric_data", {"MetricDataResults": [{**result, "Messages": [message]}]})
        with pytest.raises(GateUnavailable, match=f"cloudwatch Time Sum: {status} try later"):
            source(gates.cloudwatch_source(NAMESPACE, "Time", statistic="Sum", aws=aws)).value(at(), "green", 120)


def test_periods_of_less_than_a_minute_are_kept_three_hours(moto_url):
    """Stubber: moto keeps everything. What is older than three hours can be requested by the minute alone."""
    aws = {"region": "eu-west-3", "endpoint_url": moto_url}
    high = source(gates.cloudwatch_source(NAMESPACE, "Time", period_seconds=10, aws=aws))
    for window_seconds, period in ((3_600, 10), (14_400, 60)):
        with Stubber(AwsConnection(**aws).client("cloudwatch")) as stub:
            queries = [
                {"Id": name, "MetricStat": {"Metric": ANY, "Period": period, "Stat": ANY}}
                for name in ("asked", "samples")
            ]
            expected = {"MetricDataQueries": queries, "StartTime": ANY, "EndTime": ANY}
            stub.add_response("get_metric_data", {"MetricDataResults": []}, expected)
            assert high.value(at(), "green", window_seconds) is None


# -- what is between us and CloudWatch


class Faulty(BaseHTTPRequestHandler):
    """Says no as often as it has to, then hands on to moto."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked += 1
        if self.server.asked <= self.server.faults:
            # botocore chooses between two protocols.
            in_cbor = self.headers.get("smithy-protocol") == "rpc-v2-cbor"
            headers = {"smithy-protocol": "rpc-v2-cbor"} if in_cbor else {"Content-Type": "application/x-amz-json-1.0"}
            status, *bodies = self.server.fault
            self._answer(status, bodies[in_cbor], headers)
            return
        asked = {name: value for name, value in self.headers.items() if name not in ("Host", "Content-Length")}
        answer = httpx.post(self.server.behind + self.path, content=body, headers=asked)
        kept = ("content-type", "smithy-protocol")
        self._answer(
            answer.status_code, answer.content, {name: answer.headers[name] for name in kept if name in answer.headers}
        )

    def _answer(self, status, content, headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


@pytest.fixture
def faulty(moto_url, monkeypatch):
    # What is tested is how often it tries, not how long it waits in between.
    monkeypatch.setattr(botocore.endpoint.time, "sleep", lambda _seconds: None)
    server = serve(Faulty)
    server.asked, server.behind = 0, moto_url
    yield server
    server.shutdown()
    server.server_close()


# The status, and the body as JSON and as CBOR.
THROTTLED = (400, b'{"__type": "Throttling"}', b"\xa1\x66__type\x6aThrottling")
FAULT = (503, b"", b"")


@pytest.mark.parametrize("fault", [FAULT, THROTTLED])
def test_calls_are_tried_again(measured, faulty, fault):
    faulty.faults, faulty.fault = 2, fault
    aws = {"region": "eu-central-1", "endpoint_url": f"http://127.0.0.1:{faulty.server_address[1]}"}
    assert source(cloudwatch(aws, "Sum")).value(at(), "green", 180) == 26
    assert faulty.asked == 3


@pytest.mark.parametrize(("fault", "says", "tries"), [(FAULT, "503", 5), (THROTTLED, "Throttling", 12)])
def test_calls_are_given_up_in_the_end(faulty, monkeypatch, fault, says, tries):
    monkeypatch.setattr(botocore.endpoint.time, "sleep", lambda _seconds: None)
    faulty.faults, faulty.fault = 1_000, fault
    aws = {"region": "eu-central-1", "endpoint_url": f"http://127.0.0.1:{faulty.server_address[1]}"}
    with pytest.raises(PlatformError, match=f"cloudwatch:GetMetricData: {says}"):
        source(cloudwatch(aws, "Sum")).value(at(), "green", 180)
    assert faulty.asked == tries


def test_nobody_there(moto_url, monkeypatch):
    monkeypatch.setattr(botocore.endpoint.time, "sleep", lambda _seconds: None)
    aws = {"region": "eu-central-1", "endpoint_url": "http://127.0.0.1:9"}
    with pytest.raises(PlatformError, match=r"cloudwatch:GetMetricData: .*127\.0\.0\.1:9"):
        source(cloudwatch(aws, "Sum")).value(at(), "green", 180)


# -- what is refused


@pytest.mark.parametrize(
    ("options", "field", "allowed"),
    [
        ({"statistic": "Mean"}, "statistic", "a CloudWatch statistic: Average, Sum"),
        ({"period_seconds": 45}, "period_seconds", "1, 5, 10, 20, 30 or a multiple of 60"),
        ({"color_dimensions": {"blue": {"A": "b"}}}, "color_dimensions.green", "the dimensions of this color"),
        ({"color_dimensions": {"blue": {}, "green": {}, "red": {}}}, "color_dimensions.red", "no such field"),
        ({"dimensions": {"A": 1}}, "dimensions.A", "a text"),
        ({"missing_value": "0"}, "missing_value", "a number"),
        ({"aws": {"zone": "a"}}, "aws.zone", "no such field"),
    ],
)
def test_refused(options, field, allowed):
    found = problems(gates.cloudwatch_source(NAMESPACE, "Time", **options), METRICS)
    assert list(found) == [field]
    assert allowed in found[field]


@pytest.mark.parametrize("statistic", ["Average", "p99", "p99.9", "tm90", "TM(2%:98%)", "PR(:300)", "IQM"])
def test_statistics_that_are_some(statistic):
    assert problems(gates.cloudwatch_source(NAMESPACE, "Time", statistic=statistic), METRICS) == {}


def test_a_window_without_a_whole_period_is_refused():
    assert problems(gates.cloudwatch(NAMESPACE, "Time", max=1, window_seconds=119)) == {
        "window_seconds": "120 seconds or more: the source has no values of less"
    }
    slow = gates.cloudwatch(NAMESPACE, "Time", max=1, period_seconds=300)
    assert slow["window_seconds"] == 600
    assert problems(slow) == {}
    assert gates.cloudwatch(NAMESPACE, "Time", max=1)["window_seconds"] == 300
