"""Amazon CloudWatch alarms that must stay quiet."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any, ClassVar, Literal

from bluegreen.aws.client import AwsConnection, called
from bluegreen.aws.connection_option import AWS
from bluegreen.metrics.base import fill
from bluegreen.options.declared import Options, declared, option
from bluegreen.options.kinds import Text, Texts
from bluegreen.permissions import Permission
from bluegreen.rollout.errors import GateUnavailable
from bluegreen.rollout.model import Decision, Phase, Verdict
from bluegreen.rollout.ports import THROUGHOUT, GateContext

# Without the types, only metric alarms are returned.
_TYPES = ["MetricAlarm", "CompositeAlarm"]
_MOST_ALARMS = 100  # of one DescribeAlarms
_SHOWN = 3
_LIMIT = "no alarm in ALARM"


@declared
class CloudWatchAlarmsGate(Options):
    """Alarms of which none may be in ALARM before the first shift, and none at any time from there to the bake's end.

    The rule is CodeDeploy's ("Monitoring deployments with CloudWatch alarms"): an alarm that activates stops the
    deployment. One that went to ALARM and back between two questions is found in its history.
    """

    permissions: ClassVar[tuple[Permission, ...]] = (
        Permission("cloudwatch:DescribeAlarms", "each time the gate runs; composite alarms need it on `*`"),
        Permission("cloudwatch:DescribeAlarmHistory", "when an alarm has changed its state since the first shift"),
    )

    alarms: Sequence[str] = option(
        "names of metric alarms or composite alarms of one account and region, with placeholders",
        Texts(least=1, most=_MOST_ALARMS, allowed=f"a list of 1 to {_MOST_ALARMS} alarm names"),
        argument="names",
        positional=True,
    )
    insufficient_data: Literal["pending", "pass"] = option(
        "what an alarm without data is", Text(choices=("pending", "pass")), default="pending"
    )
    aws: AwsConnection = option(
        "where to call, with which credentials",
        AWS,
        default=AwsConnection(),
        absent="boto3's own chain",
    )
    only_reads: ClassVar[bool] = True
    needs_preview: bool = False
    phases: frozenset[Phase] = THROUGHOUT
    offline: bool = False

    @property
    def label(self) -> str:
        """The name that people read."""
        more = f" and {len(self.alarms) - _SHOWN} more" if len(self.alarms) > _SHOWN else ""
        return f"alarms {', '.join(self.alarms[:_SHOWN])}{more}"

    def evaluate(self, context: GateContext) -> Verdict:
        """Ask for the alarms, and for the history of those that have changed since the first shift."""
        names = list(dict.fromkeys(fill(name, context, context.color) for name in self.alarms))
        alarms = self._describe(names)
        for name, alarm in alarms.items():
            if alarm["StateValue"] == "ALARM":
                return Verdict(Decision.FAIL, f"{name} is in ALARM", _LIMIT, alarm.get("StateReason", ""))
        unclear = []
        for name, alarm in alarms.items():
            was_in_alarm = self._was_in_alarm(alarm, context.shifted_at_seconds)
            if was_in_alarm:
                return Verdict(Decision.FAIL, f"{name} was in ALARM since the first shift", _LIMIT)
            if was_in_alarm is None:
                unclear.append(f"{name} has changed and its history does not say from what yet")
            elif alarm["StateValue"] != "OK" and self.insufficient_data == "pending":
                unclear.append(f"{name} is in {alarm['StateValue']}")
        missing = [name for name in names if name not in alarms]
        if missing:
            raise GateUnavailable(
                f"CloudWatch shows no alarm {', '.join(missing)} (composite alarms need cloudwatch:DescribeAlarms on *)"
            )
        if unclear:
            return Verdict(Decision.PENDING, "; ".join(unclear), _LIMIT)
        return Verdict(Decision.PASS, f"none of {len(alarms)} in ALARM")

    def _describe(self, names: Sequence[str]) -> dict[str, Mapping[str, Any]]:
        alarms = {}
        with called("cloudwatch:DescribeAlarms"):
            pages = self.aws.client("cloudwatch").get_paginator("describe_alarms")
            for page in pages.paginate(AlarmNames=names, AlarmTypes=_TYPES):
                for alarm in [*page.get("MetricAlarms", []), *page.get("CompositeAlarms", [])]:
                    alarms[alarm["AlarmName"]] = alarm
        return alarms

    def _was_in_alarm(self, alarm: Mapping[str, Any], since_seconds: float | None) -> bool | None:
        """Whether it was in ALARM between two questions; ``None`` when that cannot be said yet."""
        changed: datetime | None = alarm.get("StateTransitionedTimestamp")
        at = changed or alarm.get("StateUpdatedTimestamp")
        if since_seconds is None or at is None or at.timestamp() < since_seconds:
            return False
        states: set[str] = set()
        with called("cloudwatch:DescribeAlarmHistory"):
            pages = self.aws.client("cloudwatch").get_paginator("describe_alarm_history")
            for page in pages.paginate(
                AlarmName=alarm["AlarmName"],
                AlarmTypes=_TYPES,
                HistoryItemType="StateUpdate",
                StartDate=datetime.fromtimestamp(since_seconds, timezone.utc),
            ):
                for item in page.get("AlarmHistoryItems", []):
                    states |= _states_in(item)
        if "ALARM" in states:
            return True
        # A change that its history does not show yet; without its time there may have been none.
        return None if changed is not None and not states else False


def _states_in(item: Mapping[str, Any]) -> set[str]:
    """The states before and after one change: the first one was the state at the shift."""
    try:
        data = json.loads(item["HistoryData"])
        return {str(data[side]["stateValue"]) for side in ("oldState", "newState")}
    except (KeyError, TypeError, ValueError):
        # "Alarm updated from OK to ALARM"
        return set(str(item.get("HistorySummary", "")).replace("updated", "").split()) & {
            "OK",
            "ALARM",
            "INSUFFICIENT_DATA",
        }
