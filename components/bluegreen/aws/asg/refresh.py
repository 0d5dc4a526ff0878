"""Instance refreshes, by which a color at rest gets its new launch template version in place.

Source: https://docs.aws.amazon.com/autoscaling/ec2/userguide/instance-refresh-overview.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from botocore.exceptions import ClientError

from bluegreen.aws.asg.live_groups import GROUPS, Group, GroupApi
from bluegreen.aws.client import called, error_code
from bluegreen.fields import UNKNOWN, Fields
from bluegreen.options.declared import option, read_options
from bluegreen.options.kinds import Number
from bluegreen.permissions import Permission
from bluegreen.rollout.model import Color

_UNDER_WAY = ("Pending", "InProgress", "Baking", "Cancelling", "RollbackInProgress")
_DONE = "Successful"


@dataclass(frozen=True, slots=True)
class RefreshSettings:
    """The settings of an instance refresh."""

    min_healthy_percent: int = option(
        "of the desired capacity that stays in service meanwhile", Number(0, 100, "percent", whole=True), default=90
    )
    max_healthy_percent: int = option(
        "of the desired capacity that may be there at once", Number(100, 200, "percent", whole=True), default=100
    )
    instance_warmup_seconds: int | None = option(
        "until a new instance counts",
        Number(0, unit="seconds", whole=True),
        default=None,
        absent="the group's default warm-up",
    )

    @classmethod
    def parse(cls, fields: Fields) -> RefreshSettings:
        """Read an ``instance_refresh`` section."""
        options = read_options(cls, fields)
        low, high = options["min_healthy_percent"], options["max_healthy_percent"]
        if UNKNOWN not in (low, high) and high - low > 100:
            fields.problem("max_healthy_percent", high, f"100 to {low + 100}, 100 above min_healthy_percent at most")
        return cls(**options)

    @property
    def preferences(self) -> dict[str, Any]:
        """The settings as the API has them. Instances of the wanted version are left alone."""
        preferences: dict[str, Any] = {
            "MinHealthyPercentage": self.min_healthy_percent,
            "MaxHealthyPercentage": self.max_healthy_percent,
            "SkipMatching": True,
        }
        if self.instance_warmup_seconds is not None:
            preferences["InstanceWarmup"] = self.instance_warmup_seconds
        return preferences


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress of a refresh: one line, and whether it has failed finally."""

    text: str
    failed: bool = False


@dataclass(slots=True)
class Refreshes:
    """Both colors' refreshes.

    Attributes:
        api: the calls.
        settings: how instances are replaced.
    """

    permissions: ClassVar[tuple[Permission, ...]] = (
        Permission("autoscaling:StartInstanceRefresh", "a promotion to instances of a former release", GROUPS),
        Permission("autoscaling:DescribeInstanceRefreshes", "the same: its progress"),
    )

    api: GroupApi
    settings: RefreshSettings
    # Within one update: a refresh that failed before it is no reason to give up.
    _followed: dict[Color, str] = field(default_factory=dict)

    def drive(self, color: Color, group: Group) -> Progress:
        """Have former instances replaced: start a refresh, or return its progress. One or two calls."""
        refresh = self._newest(group)
        if refresh is not None and refresh["Status"] in _UNDER_WAY:
            self._followed[color] = refresh["InstanceRefreshId"]
            return Progress(_under_way(refresh))
        if refresh is None or refresh["Status"] == _DONE or self._followed.get(color) != refresh["InstanceRefreshId"]:
            return self._start(color, group)
        return Progress(
            f"the instance refresh ended as {refresh['Status']}: {refresh.get('StatusReason', '')}", failed=True
        )

    def _newest(self, group: Group) -> Mapping[str, Any] | None:
        with called("autoscaling:DescribeInstanceRefreshes"):
            answer = self.api.client.describe_instance_refreshes(AutoScalingGroupName=group.name, MaxRecords=1)
        newest: Mapping[str, Any] | None = next(iter(answer["InstanceRefreshes"]), None)
        return newest

    def _start(self, color: Color, group: Group) -> Progress:
        with called("autoscaling:StartInstanceRefresh"):
            try:
                made = self.api.client.start_instance_refresh(
                    AutoScalingGroupName=group.name, Strategy="Rolling", Preferences=self.settings.preferences
                )
            except ClientError as error:
                if error_code(error) != "InstanceRefreshInProgress":
                    raise
                return Progress("an instance refresh is under way")  # a first try whose reply was lost
        self._followed[color] = made["InstanceRefreshId"]
        return Progress("an instance refresh was started")


def _under_way(refresh: Mapping[str, Any]) -> str:
    left = refresh.get("InstancesToUpdate")
    rest = f", {left} to go" if left is not None else ""
    reason = f" ({refresh['StatusReason']})" if refresh.get("StatusReason") else ""
    return f"the instance refresh is at {refresh.get('PercentageComplete', 0)} %{rest}{reason}"
