"""The alarm gate against moto's server, and what moto cannot answer against botocore's Stubber."""

from __future__ import annotations

import json
import time
from datetime import datetime, timedelta, timezone

import boto3
import pytest
from botocore.stub import ANY, Stubber

from bluegreen import gates
from bluegreen.aws.client import AwsConnection
from bluegreen.rollout.errors import GateUnavailable, PlatformError
from bluegreen.rollout.model import Decision, Phase
from tests.metrics.asking import context, gate, problems

BEFORE_THE_SHIFT = {"shifted_at_seconds": None, "phase": Phase.BEFORE}


class Alarms:
    """moto's alarms, which are OK from the start."""

    def __init__(self, url):
        self.client = boto3.client("cloudwatch", region_name="eu-central-1", endpoint_url=url)

    def make(self, *names):
        for name in names:
            self.client.put_metric_alarm(
                AlarmName=name,
                Namespace="Web",
                MetricName="Errors",
                Statistic="Sum",
                Period=60,
                EvaluationPeriods=1,
                Threshold=1,
                ComparisonOperator="GreaterThanThreshold",
            )

    def set(self, name, state, reason="because"):
        self.client.set_alarm_state(AlarmName=name, StateValue=state, StateReason=reason, StateReasonData="{}")


@pytest.fixture
def alarms(moto_url):
    return Alarms(moto_url)


def test_quiet_alarms_pass(alarms, aws):
    alarms.make("quiet-1", "quiet-2")
    asked = gate(gates.cloudwatch_alarms(["quiet-1", "quiet-2"], aws=aws))
    for when in (BEFORE_THE_SHIFT, {"shifted_at_seconds": time.time() + 1}):
        verdict = asked.evaluate(context(**when))
        assert verdict.decision is Decision.PASS
        assert str(verdict) == "none of 2 in ALARM"


def test_one_in_alarm_fails_with_its_reason(alarms, aws):
    alarms.make("loud-1", "loud-2")
    alarms.set("loud-2", "ALARM", "7 of 7 datapoints above 1")
    asked = gate(gates.cloudwatch_alarms(["loud-1", "loud-2"], aws=aws))
    for when in (BEFORE_THE_SHIFT, {}):
        verdict = asked.evaluate(context(**when))
        assert verdict.decision is Decision.FAIL
        assert str(verdict) == "loud-2 is in ALARM against no alarm in ALARM; 7 of 7 datapoints above 1"


def test_no_data_is_pending_unless_it_is_said_to_be_well(alarms, aws):
    alarms.make("silent")
    alarms.set("silent", "INSUFFICIENT_DATA")
    verdict = gate(gates.cloudwatch_alarms(["silent"], aws=aws)).evaluate(context(**BEFORE_THE_SHIFT))
    assert verdict.decision is Decision.PENDING
    assert verdict.value == "silent is in INSUFFICIENT_DATA"
    passing = gate(gates.cloudwatch_alarms(["silent"], insufficient_data="pass", aws=aws))
    assert passing.evaluate(context(**BEFORE_THE_SHIFT)).decision is Decision.PASS


def test_an_alarm_that_nobody_made_is_named(alarms, aws):
    alarms.make("there")
    asked = gate(gates.cloudwatch_alarms(["there", "not-there-1", "not-there-2"], aws=aws))
    with pytest.raises(GateUnavailable, match="CloudWatch shows no alarm not-there-1, not-there-2 "):
        asked.evaluate(context(**BEFORE_THE_SHIFT))


def test_an_alarm_counts_although_another_one_is_missing(alarms, aws):
    alarms.make("loud-3")
    alarms.set("loud-3", "ALARM")
    asked = gate(gates.cloudwatch_alarms(["not-there", "loud-3"], aws=aws))
    assert asked.evaluate(context()).decision is Decision.FAIL


def test_more_alarms_than_a_page_holds(alarms, aws):
    names = [f"many-{number:03}" for number in range(100)]
    alarms.make(*names)
    asked = gate(gates.cloudwatch_alarms(names, aws=aws))
    assert asked.evaluate(context(**BEFORE_THE_SHIFT)).value == "none of 100 in ALARM"
    alarms.set(names[-1], "ALARM")
    assert asked.evaluate(context(**BEFORE_THE_SHIFT)).value == "many-099 is in ALARM"


def test_placeholders_in_names(alarms, aws):
    alarms.make("web-blue-5xx", "web-green-5xx")
    alarms.set("web-green-5xx", "ALARM")
    asked = gate(gates.cloudwatch_alarms(["{service}-{color}-5xx"], aws=aws))
    assert asked.evaluate(context("blue", **BEFORE_THE_SHIFT)).decision is Decision.PASS
    assert asked.evaluate(context("green", **BEFORE_THE_SHIFT)).decision is Decision.FAIL


def test_a_history_that_cannot_be_asked_is_no_pass(alarms, aws):
    """moto has no DescribeAlarmHistory: the alarm is OK again, and nobody can say what it was meanwhile."""
    alarms.make("flapped")
    alarms.set("flapped", "ALARM")
    alarms.set("flapped", "OK")
    client = AwsConnection(**aws).client("cloudwatch")
    asked = gate(gates.cloudwatch_alarms(["flapped"], aws=aws))
    found = client.describe_alarms(AlarmNames=["flapped"])
    with Stubber(client) as stub:
        stub.add_response("describe_alarms", {"MetricAlarms": found["MetricAlarms"]})
        stub.add_client_error("describe_alarm_history", "AccessDenied", "no")
        with pytest.raises(PlatformError, match="cloudwatch:DescribeAlarmHistory: AccessDenied: no"):
            asked.evaluate(context())


# -- what happened between two questions


SHIFTED = datetime(2026, 11, 21, 12, 0, tzinfo=timezone.utc)


def change(former, state, minutes=5, **more):
    data = {"version": "1.0", "oldState": {"stateValue": former}, "newState": {"stateValue": state}}
    return {
        "AlarmName": "web",
        "HistoryItemType": "StateUpdate",
        "Timestamp": SHIFTED + timedelta(minutes=minutes),
        "HistoryData": json.dumps(data),
        "HistorySummary": f"Alarm updated from {former} to {state}",
        **more,
    }


UP, DOWN = change("OK", "ALARM", 4), change("ALARM", "OK")
HARMLESS = change("INSUFFICIENT_DATA", "OK")


@pytest.mark.parametrize("kind", ["MetricAlarms", "CompositeAlarms"])
@pytest.mark.parametrize(
    ("state", "times", "pages", "decision", "says"),
    [
        ("OK", {"StateTransitionedTimestamp": 5}, [[DOWN, UP]], Decision.FAIL, "web was in ALARM since the first"),
        ("OK", {"StateTransitionedTimestamp": 5}, [[HARMLESS], [DOWN]], Decision.FAIL, "was in ALARM"),
        ("OK", {"StateUpdatedTimestamp": 5}, [[DOWN, UP]], Decision.FAIL, "was in ALARM"),
        ("INSUFFICIENT_DATA", {"StateTransitionedTimestamp": 6}, [[DOWN, UP]], Decision.FAIL, "was in ALARM"),
        ("OK", {"StateTransitionedTimestamp": 5}, [[HARMLESS]], Decision.PASS, "none of 1 in ALARM"),
        # Evaluated again, not changed.
        ("OK", {"StateTransitionedTimestamp": -9, "StateUpdatedTimestamp": 5}, [], Decision.PASS, "none of 1"),
        ("OK", {"StateUpdatedTimestamp": 5}, [[]], Decision.PASS, "none of 1 in ALARM"),
        ("OK", {"StateTransitionedTimestamp": 5}, [[]], Decision.PENDING, "its history does not say from what yet"),
        ("OK", {"StateTransitionedTimestamp": -1}, [], Decision.PASS, "none of 1 in ALARM"),
        # Without data, the summary says it.
        ("OK", {"StateTransitionedTimestamp": 5}, [[{**DOWN, "HistoryData": "?"}]], Decision.FAIL, "was in ALARM"),
        ("OK", {"StateTransitionedTimestamp": 5}, [[{**HARMLESS, "HistoryData": "?"}]], Decision.PASS, "none of 1"),
    ],
)
def test_an_alarm_that_went_and_came_back(moto_url, kind, state, times, pages, decision, says):
    """Stubber: moto has neither DescribeAlarmHistory, nor StateTransitionedTimestamp, nor composite alarms."""
    aws = {"region": "eu-north-1", "endpoint_url": moto_url}
    alarm = {"AlarmName": "web", "StateValue": state}
    alarm |= {name: SHIFTED + timedelta(minutes=minutes) for name, minutes in times.items()}
    types = ["MetricAlarm", "CompositeAlarm"]
    with Stubber(AwsConnection(**aws).client("cloudwatch")) as stub:
        stub.add_response("describe_alarms", {kind: [alarm]}, {"AlarmNames": ["web"], "AlarmTypes": types})
        asked = {"AlarmName": "web", "AlarmTypes": types, "HistoryItemType": "StateUpdate", "StartDate": SHIFTED}
        for number, items in enumerate(pages):
            more = {"NextToken": str(number)} if number + 1 < len(pages) else {}
            expected = asked | ({"NextToken": str(number - 1)} if number else {})
            stub.add_response("describe_alarm_history", {"AlarmHistoryItems": items, **more}, expected)
        verdict = gate(gates.cloudwatch_alarms(["web"], aws=aws)).evaluate(
            context(shifted_at_seconds=SHIFTED.timestamp(), asked_at_seconds=SHIFTED.timestamp() + 900)
        )
        stub.assert_no_pending_responses()
    assert verdict.decision is decision
    assert says in str(verdict)


def test_before_the_first_shift_no_history_counts(moto_url):
    """Stubber: it would refuse a second call."""
    aws = {"region": "eu-north-1", "endpoint_url": moto_url}
    alarm = {"AlarmName": "web", "StateValue": "OK", "StateTransitionedTimestamp": datetime.now(timezone.utc)}
    with Stubber(AwsConnection(**aws).client("cloudwatch")) as stub:
        stub.add_response("describe_alarms", {"MetricAlarms": [alarm]}, {"AlarmNames": ANY, "AlarmTypes": ANY})
        asked = gate(gates.cloudwatch_alarms(["web"], aws=aws))
        assert asked.evaluate(context(**BEFORE_THE_SHIFT)).decision is Decision.PASS


# -- what is refused


@pytest.mark.parametrize(
    ("names", "options", "field", "allowed"),
    [
        ([], {}, "alarms", "a list of 1 to 100 alarm names"),
        ([f"a{number}" for number in range(101)], {}, "alarms", "a list of 1 to 100 alarm names"),
        (["a", 7], {}, "alarms[1]", "a text that is not empty"),
        (["a"], {"insufficient_data": "fail"}, "insufficient_data", "pass, pending"),
        (["a"], {"aws": {"zone": "a"}}, "aws.zone", "no such field"),
    ],
)
def test_refused(names, options, field, allowed):
    found = problems(gates.cloudwatch_alarms(names, **options))
    assert list(found) == [field]
    assert allowed in found[field]


def test_it_is_asked_throughout_and_has_a_label_for_people():
    few = gate(gates.cloudwatch_alarms(["a", "b"]))
    assert few.label == "alarms a, b"
    assert few.phases == {Phase.BEFORE, Phase.HOLD, Phase.BAKE}
    assert gate(gates.cloudwatch_alarms(list("abcdef"))).label == "alarms a, b, c and 3 more"
