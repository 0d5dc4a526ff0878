"""The calls of EC2 Auto Scaling that the emulator lacks, over what it has.

Scheduled actions run; an instance refresh replaces instances, all of them at once, since the emulator cannot end a
chosen one; policies and warm pools are kept and nothing more.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

from localcloud.autoscaling.wire import Refused

_SIZES = ("MinSize", "MaxSize", "DesiredCapacity")
_ACTIVE = ("Pending", "InProgress")


@dataclass
class Extras:
    """The properties of one group that the emulator does not keep."""

    suspended: list[str] = field(default_factory=list)
    scheduled: dict[str, dict[str, Any]] = field(default_factory=dict)
    refreshes: list[dict[str, Any]] = field(default_factory=list)
    policies: dict[str, dict[str, Any]] = field(default_factory=dict)
    warm_pool: dict[str, Any] | None = None


class Missing:
    """Answers the calls. ``client`` is a boto3 client for the emulator itself."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._lock = threading.RLock()
        self._groups: dict[str, Extras] = {}
        self.calls: dict[str, Callable[[Mapping[str, Any]], Mapping[str, Any]]] = {
            "PutScheduledUpdateGroupAction": self._put_action,
            "DescribeScheduledActions": self._describe_actions,
            "DeleteScheduledAction": self._delete_action,
            "SuspendProcesses": self._suspend,
            "ResumeProcesses": self._resume,
            "StartInstanceRefresh": self._start_refresh,
            "DescribeInstanceRefreshes": self._describe_refreshes,
            "PutScalingPolicy": self._put_policy,
            "DescribePolicies": self._describe_policies,
            "DeletePolicy": self._delete_policy,
            "PutWarmPool": self._put_warm_pool,
            "DescribeWarmPool": self._describe_warm_pool,
            "DeleteWarmPool": self._delete_warm_pool,
        }

    def answer(self, action: str, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        """One call's result.

        Raises:
            Refused: as AWS refuses it.
        """
        with self._lock:
            return self.calls[action](asked)

    # -- time

    def run_due(self, within_seconds: float = 0) -> None:
        """Run the scheduled actions whose time has come, or will have come then."""
        now = datetime.now(timezone.utc) + timedelta(seconds=within_seconds)
        with self._lock:
            for name, extras in self._groups.items():
                if "ScheduledActions" in extras.suspended:
                    continue
                for key, action in list(extras.scheduled.items()):
                    if action["StartTime"] <= now:
                        del extras.scheduled[key]  # it is a one-time action
                        self._resize(name, {size: action[size] for size in _SIZES if size in action})

    # -- sizes

    def sizes(self, name: str, asked: Mapping[str, Any]) -> dict[str, int]:
        """The sizes that an update sets, as AWS has it: the desired capacity stays within the limits, or is refused."""
        group = self._group(name)
        new = {size: int(asked.get(size, group[size])) for size in _SIZES}
        low, high, desired = (new[size] for size in _SIZES)
        if low > high:
            raise Refused("ValidationError", f"Max bound, {high}, must be greater than or equal to min bound, {low}")
        if "DesiredCapacity" in asked and not low <= desired <= high:
            said = f"Desired capacity:{desired} must be between the specified min size:{low} and max size:{high}"
            raise Refused("ValidationError", said)
        return {**new, "DesiredCapacity": min(max(desired, low), high)}

    def _resize(self, name: str, asked: Mapping[str, Any]) -> None:
        self._client.update_auto_scaling_group(AutoScalingGroupName=name, **self.sizes(name, asked))

    def _group(self, name: str) -> Mapping[str, Any]:
        groups = self._client.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"]
        if not groups:
            raise Refused("ValidationError", f"AutoScalingGroup name not found - {name}")
        group: Mapping[str, Any] = groups[0]
        return group

    # -- what a description has in addition

    def of(self, name: str) -> Extras:
        """The extras of a group."""
        return self._groups.setdefault(name, Extras())

    def forget(self, name: str) -> None:
        """A group is gone."""
        self._groups.pop(name, None)

    def _asked(self, asked: Mapping[str, Any]) -> Extras:
        name = asked["AutoScalingGroupName"]
        self._group(name)
        return self.of(name)

    # -- scheduled actions

    def _put_action(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        extras = self._asked(asked)
        sizes = {size: int(asked[size]) for size in _SIZES if size in asked}
        due = datetime.fromisoformat(asked["StartTime"].replace("Z", "+00:00"))
        if not sizes:
            raise Refused("ValidationError", "At least one of MinSize, MaxSize, DesiredCapacity is required")
        if due <= datetime.now(timezone.utc):
            raise Refused("ValidationError", "Given start time is in the past")
        name = asked["ScheduledActionName"]
        if any(other["StartTime"] == due for key, other in extras.scheduled.items() if key != name):
            raise Refused("AlreadyExists", "Another scheduled action has this start time")
        group = {"AutoScalingGroupName": asked["AutoScalingGroupName"], "ScheduledActionName": name}
        extras.scheduled[name] = {**group, "StartTime": due, **sizes}
        return {}

    def _describe_actions(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"ScheduledUpdateGroupActions": list(self._asked(asked).scheduled.values())}

    def _delete_action(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        if self._asked(asked).scheduled.pop(asked["ScheduledActionName"], None) is None:
            raise Refused("ValidationError", f"Scheduled action name not found: {asked['ScheduledActionName']}")
        return {}

    # -- processes

    def _suspend(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        extras = self._asked(asked)
        extras.suspended = sorted({*extras.suspended, *asked["ScalingProcesses"]})
        return {}

    def _resume(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        extras = self._asked(asked)
        extras.suspended = sorted(set(extras.suspended) - set(asked["ScalingProcesses"]))
        return {}

    # -- instance refreshes

    def _start_refresh(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        extras = self._asked(asked)
        if any(refresh["Status"] in _ACTIVE for refresh in extras.refreshes):
            raise Refused("InstanceRefreshInProgress", "An Instance Refresh is already in progress")
        made = {
            "InstanceRefreshId": str(uuid.uuid4()),
            "AutoScalingGroupName": asked["AutoScalingGroupName"],
            "Status": "Pending",
            "StartTime": datetime.now(timezone.utc),
            "PercentageComplete": 0,
            "InstancesToUpdate": self._group(asked["AutoScalingGroupName"])["DesiredCapacity"],
            "Preferences": asked.get("Preferences"),
        }
        extras.refreshes.insert(0, made)
        return {"InstanceRefreshId": made["InstanceRefreshId"]}

    def _describe_refreshes(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        """Each look brings a running one a step further: no clock decides what is seen."""
        name, extras = asked["AutoScalingGroupName"], self._asked(asked)
        wanted = asked.get("InstanceRefreshIds")
        refreshes = [one for one in extras.refreshes if not wanted or one["InstanceRefreshId"] in wanted]
        told = [dict(one) for one in refreshes[: int(asked.get("MaxRecords", 50))]]
        for refresh in extras.refreshes:
            if refresh["Status"] == "Pending":
                refresh |= {"Status": "InProgress", "PercentageComplete": 50}
            elif refresh["Status"] == "InProgress":
                group = self._group(name)
                self._resize(name, {"MinSize": 0, "DesiredCapacity": 0})
                self._resize(name, {size: group[size] for size in _SIZES})
                done = {"EndTime": datetime.now(timezone.utc), "InstancesToUpdate": 0}
                refresh |= {"Status": "Successful", "PercentageComplete": 100, **done}
        return {"InstanceRefreshes": told}

    # -- policies and warm pools

    def _put_policy(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        name, policy = asked["AutoScalingGroupName"], asked["PolicyName"]
        group = self._group(name)["AutoScalingGroupARN"]
        known = {key: value for key, value in asked.items() if key not in ("Action", "Version")}
        arn = f"{group.replace(':autoScalingGroup:', ':scalingPolicy:')}:policyName/{policy}"
        self.of(name).policies[policy] = {**known, "PolicyARN": arn, "Enabled": True}
        return {"PolicyARN": arn, "Alarms": []}

    def _describe_policies(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        policies = list(self._asked(asked).policies.values())
        wanted = asked.get("PolicyNames")
        return {"ScalingPolicies": [one for one in policies if not wanted or one["PolicyName"] in wanted]}

    def _delete_policy(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        if self._asked(asked).policies.pop(asked["PolicyName"], None) is None:
            raise Refused("ValidationError", f"No policy {asked['PolicyName']} found")
        return {}

    def _put_warm_pool(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        names = ("MaxGroupPreparedCapacity", "MinSize", "PoolState", "InstanceReusePolicy")
        pool = {name: asked[name] for name in names if name in asked}
        self._asked(asked).warm_pool = {"MinSize": 0, "PoolState": "Stopped", **pool}
        return {}

    def _describe_warm_pool(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"WarmPoolConfiguration": self._asked(asked).warm_pool, "Instances": []}

    def _delete_warm_pool(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        self._asked(asked).warm_pool = None
        return {}
