"""Name to metric source class."""

from __future__ import annotations

from typing import Any, cast

from bluegreen.fields import UNKNOWN, Fields
from bluegreen.metrics.base import MetricSource
from bluegreen.registry import Registry

METRICS: Registry[MetricSource] = Registry(
    "metric source",
    {
        "cloudwatch": "bluegreen.metrics.cloudwatch:CloudWatchSource",
        "prometheus": "bluegreen.metrics.prometheus:PrometheusSource",
    },
)


def parse_source(fields: Fields) -> MetricSource | object:
    """Read a gate's ``source`` section; ``UNKNOWN`` while it is not known or not valid."""
    section = fields.section("source")
    if section is None or section.unknown:
        return UNKNOWN
    parsed = METRICS.parse(section)
    return UNKNOWN if parsed is None else METRICS.build(parsed)


def parse_window(fields: Fields, source: MetricSource | object, default_seconds: float) -> Any:
    """Read a gate's ``window_seconds``, which must be one in which its source can have something to say."""
    found = fields.number("window_seconds", default_seconds, least=1, most=86_400, unit="seconds")
    least = 0 if source is UNKNOWN else cast("MetricSource", source).least_window_seconds
    if found is not UNKNOWN and found < least:
        fields.problem("window_seconds", found, f"{least:g} seconds or more: the source has no values of less")
    return found
