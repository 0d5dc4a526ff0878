"""Numbers from Amazon CloudWatch."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any, ClassVar

from bluegreen.aws.client import AwsConnection, called
from bluegreen.aws.connection_option import AWS
from bluegreen.fields import UNKNOWN, Fields
from bluegreen.metrics.base import fill
from bluegreen.options.declared import Options, declared, option
from bluegreen.options.kinds import Made, Number, Text, TextMap
from bluegreen.permissions import Permission
from bluegreen.rollout.errors import GateUnavailable
from bluegreen.rollout.model import COLORS, Color
from bluegreen.rollout.ports import GateContext

_STATISTIC = re.compile(
    r"(SampleCount|Average|Sum|Minimum|Maximum|IQM|(p|tm|wm|tc|ts)\d{1,3}(\.\d{1,10})?|(PR|TM|WM|TC|TS)\(.+\))\Z"
)
_ADDED = re.compile(r"Sum|SampleCount|t[cs]\d|T[CS]\(")
_HIGH_RESOLUTION_SECONDS = (1, 5, 10, 20, 30)
# CloudWatch keeps periods of less than a minute for three hours.
_HIGH_RESOLUTION_KEPT_SECONDS = 10_800


def _by_color(fields: Fields, name: str) -> dict[str, Any]:
    section = fields.section(name, None)
    if section is None or section.unknown:
        return {}
    by_color: dict[str, Any] = {color: section.mapping(color) for color in COLORS}
    for color, dimensions in by_color.items():
        if not dimensions and section.raw(color) is None:
            section.problem(color, None, "the dimensions of this color; it is required")
    section.done()
    return by_color


@declared
class CloudWatchSource(Options):
    """A statistic of a CloudWatch metric, for ``metric``, ``minimum_traffic`` and ``baseline``.

    Only periods that began within the window count, so that nothing from before a phase is taken for its traffic.
    """

    permissions: ClassVar[tuple[Permission, ...]] = (
        Permission("cloudwatch:GetMetricData", "gates with a `cloudwatch` source, each time they run"),
    )

    namespace: str = option('such as ``"AWS/ApplicationELB"``', Text(), positional=True)
    metric_name: str = option('such as ``"RequestCount"``', Text(), positional=True)
    dimensions: Mapping[str, str] = option(
        'values by name, with placeholders: ``{"LoadBalancer": "app/web/50dc6c495c0c9188"}``',
        TextMap(later=True),
        default={},
    )
    color_dimensions: Mapping[Color, Mapping[str, str]] = option(
        'those that differ: ``{"blue": {"TargetGroup": ...}, "green": {"TargetGroup": ...}}``',
        Made("Mapping[str, Mapping[str, pulumi.Input[str]]]", _by_color),
        default={},
    )
    statistic: str = option(
        "``Average``, ``Sum``, ``Minimum``, ``Maximum``, ``SampleCount`` or a percentile such as ``p99``. Units are "
        "the metric's own: ``TargetResponseTime`` is in seconds",
        Text(
            fits=_STATISTIC.match,
            allowed="a CloudWatch statistic: Average, Sum, Minimum, Maximum, SampleCount, p99, tm99, ...",
        ),
        default="Average",
    )
    period_seconds: int = option(
        "one sample's length, 1, 5, 10, 20, 30 or a multiple of 60. Less than 60 is for high-resolution metrics alone "
        '(CloudWatch, "MetricStat")',
        Number(1, 86_400, whole=True),
        default=60,
    )
    missing_value: float | None = option(
        "what no data means. 0 suits counts that are only reported when there is something to count, such as "
        "``HTTPCode_Target_5XX_Count``; declare ``minimum_traffic`` beside it",
        Number(),
        default=None,
        absent="no data",
    )
    aws: AwsConnection = option(
        "where to call, with which credentials",
        AWS,
        default=AwsConnection(),
        absent="boto3's own chain",
    )
    name: str = option("how people call it", Text(), default="", absent="the metric's name and the statistic")

    @classmethod
    def check(cls, fields: Fields, values: dict[str, Any]) -> None:
        """Refuse periods that CloudWatch does not have."""
        period = values["period_seconds"]
        if period is not UNKNOWN and period % 60 and period not in _HIGH_RESOLUTION_SECONDS:
            fields.problem("period_seconds", period, "1, 5, 10, 20, 30 or a multiple of 60")

    @property
    def label(self) -> str:
        """The name that people read."""
        return self.name or f"{self.metric_name} {self.statistic}"

    @property
    def least_window_seconds(self) -> float:
        """Two periods: in less, there may be none that began within the window and has ended."""
        return 2 * self.period_seconds if isinstance(self.period_seconds, int) else 0  # not known yet

    def value(self, context: GateContext, color: Color, window_seconds: float) -> float | None:
        """Bring the window's periods together as the statistic allows.

        Sums and counts are added up, the extremes are those of all periods; everything else is the mean, weighted by
        how many samples each period has: exact for ``Average``, close for percentiles.
        """
        periods = self._ask(context, color, window_seconds)
        values = [value for value, _ in periods]
        if not values:
            return self.missing_value
        if self.statistic == "Minimum":
            return min(values)
        if self.statistic == "Maximum":
            return max(values)
        if _ADDED.match(self.statistic):
            return math.fsum(values)
        samples = math.fsum(count for _, count in periods)
        return math.fsum(value * count for value, count in periods) / samples if samples else None

    def series(self, context: GateContext, color: Color, window_seconds: float) -> Sequence[float]:
        """One value a period."""
        return [value for value, _ in self._ask(context, color, window_seconds)]

    def _ask(self, context: GateContext, color: Color, window_seconds: float) -> list[tuple[float, float]]:
        """The periods in order: the statistic, and the number of samples that it was made from."""
        period = self.period_seconds
        if window_seconds > _HIGH_RESOLUTION_KEPT_SECONDS:
            period = max(period, 60)
        end = context.asked_at_seconds
        start = math.ceil((end - window_seconds) / period) * period
        if start >= end:
            return []
        dimensions = {**self.dimensions, **self.color_dimensions.get(color, {})}
        metric = {
            "Namespace": self.namespace,
            "MetricName": self.metric_name,
            "Dimensions": [
                {"Name": name, "Value": fill(value, context, color, window_seconds)}
                for name, value in dimensions.items()
            ],
        }
        queries = [
            {"Id": name, "MetricStat": {"Metric": metric, "Period": period, "Stat": statistic}}
            for name, statistic in (("asked", self.statistic), ("samples", "SampleCount"))
        ]
        values: dict[str, dict[datetime, float]] = {"asked": {}, "samples": {}}
        with called("cloudwatch:GetMetricData"):
            pages = self.aws.client("cloudwatch").get_paginator("get_metric_data")
            for page in pages.paginate(MetricDataQueries=queries, StartTime=_time(start), EndTime=_time(end)):
                for result in page["MetricDataResults"]:
                    self._refuse(result)
                    values[result["Id"]].update(zip(result["Timestamps"], result["Values"], strict=True))
        return [(values["asked"][at], values["samples"].get(at, 0)) for at in sorted(values["asked"])]

    def _refuse(self, result: Mapping[str, Any]) -> None:
        """Refuse an answer with part of the data: the missing part may be the worst. More pages are no such part."""
        if result.get("StatusCode") in ("InternalError", "Forbidden"):
            messages = "; ".join(message.get("Value", "") for message in result.get("Messages", []))
            raise GateUnavailable(f"cloudwatch {self.label}: {result['StatusCode']} {messages}".strip())


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, timezone.utc)
