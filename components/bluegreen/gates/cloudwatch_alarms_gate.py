"""Amazon CloudWatch alarms that must stay quiet."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, ClassVar, Literal

from bluegreen.clients.aws import AwsConnection, called
from bluegreen.fields import Fields
from bluegreen.gates.base import THROUGHOUT, GateContext
from bluegreen.metrics.base import fill
from bluegreen.permissions import Permission
from bluegreen.rollout.errors import GateUnavailable
from bluegreen.rollout.model import Decision, Phase, Verdict

# Without the types, only metric alarms are returned.
_TYPES = ["MetricAlarm", "CompositeAlarm"]
_MOST_ALARMS = 100  # of one DescribeAlarms
_SHOWN = 3
_LIMIT = "no alarm in ALARM"


@dataclass(frozen=True, slots=True)
class CloudWatchAlarmsGate:
    """Fails when an alarm is in ALARM now, or was since the swap's first shift.

    Attributes:
        alarms: names of metric alarms and composite alarms, with placeholders.
        insufficient_data: what an alarm in INSUFFICIENT_DATA means.
        aws: where and as whom to call.
    """

    permissions: ClassVar[tuple[Permission, ...]] = (
        Permission("cloudwatch:DescribeAlarms", "each time the gate is asked; composite alarms need it on `*`"),
        Permission("cloudwatch:DescribeAlarmHistory", "when an alarm has changed its state since the first shift"),
    )

    alarms: Sequence[str]
    insufficient_data: Literal["pending", "pass"] = "pending"
    aws: AwsConnection = field(default_factory=AwsConnection)
    needs_preview: bool = False
    phases: frozenset[Phase] = THROUGHOUT
    offline: bool = False

    @classmethod
    def parse(cls, fields: Fields) -> Mapping[str, object]:
        """Check one entry of ``gates``."""
        alarms = fields.texts("alarms")
        if (not fields.raw("alarms") and not fields.unknown) or len(alarms) > _MOST_ALARMS:
            fields.problem("alarms", list(alarms), f"a list of 1 to {_MOST_ALARMS} alarm names")
        return {
            "alarms": alarms,
            "insufficient_data": fields.text("insufficient_data", "pending", choices=("pending", "pass")),
            "aws": AwsConnection.parse(fields.section("aws", None)),
        }

    @property
    def label(self) -> str:
        """What people call it."""
        more = f" and {len(self.alarms) - _SHOWN} more" if len(self.alarms) > _SHOWN else ""
        return f"alarms {', '.join(self.alarms[:_SHOWN])}{more}"

    def evaluate(self, context: GateContext) -> Verdict:
        """Ask for the alarms, and for the history of those that have changed since the first shift."""
        names = list(dict.fromkeys(fill(name, context, context.color) for name in self.alarms))
        found = self._describe(names)
        for name, alarm in found.items():
            if alarm["StateValue"] == "ALARM":
                return Verdict(Decision.FAIL, f"{name} is in ALARM", _LIMIT, alarm.get("StateReason", ""))
        unclear = []
        for name, alarm in found.items():
            was_in_alarm = self._was_in_alarm(alarm, context.shifted_at_seconds)
            if was_in_alarm:
                return Verdict(Decision.FAIL, f"{name} was in ALARM since the first shift", _LIMIT)
            if was_in_alarm is None:
                unclear.append(f"{name} has changed and its history does not say from what yet")
            elif alarm["StateValue"] != "OK" and self.insufficient_data == "pending":
                unclear.append(f"{name} is in {alarm['StateValue']}")
        missing = [name for name in names if name not in found]
        if missing:
            raise GateUnavailable(
                f"CloudWatch shows no alarm {', '.join(missing)} (composite alarms need cloudwatch:DescribeAlarms on *)"
            )
        if unclear:
            return Verdict(Decision.PENDING, "; ".join(unclear), _LIMIT)
        return Verdict(Decision.PASS, f"none of {len(found)} in ALARM")

    def _describe(self, names: Sequence[str]) -> dict[str, Mapping[str, Any]]:
        found = {}
        with called("cloudwatch:DescribeAlarms"):
            pages = self.aws.client("cloudwatch").get_paginator("describe_alarms")
            for page in pages.paginate(AlarmNames=names, AlarmTypes=_TYPES):
                for alarm in [*page.get("MetricAlarms", []), *page.get("CompositeAlarms", [])]:
                    found[alarm["AlarmName"]] = alarm
        return found

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
