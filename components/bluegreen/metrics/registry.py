"""Name to metric source class."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from bluegreen.fields import UNKNOWN, Fields
from bluegreen.metrics.base import MetricSource
from bluegreen.options.kinds import Made, Number
from bluegreen.registry import Registry

METRICS: Registry[MetricSource] = Registry(
    "metric source",
    {
        "cloudwatch": "bluegreen.metrics.cloudwatch:CloudWatchSource",
        "prometheus": "bluegreen.metrics.prometheus:PrometheusSource",
    },
    "bluegreen.metrics",
)


def _source(fields: Fields, name: str) -> MetricSource | object:
    """A gate's section with its source; ``UNKNOWN`` while it is not known or not valid."""
    section = fields.section(name)
    if section is None or section.unknown:
        return UNKNOWN
    parsed = METRICS.parse(section)
    return UNKNOWN if parsed is None else METRICS.build(parsed)


SOURCE = Made("Mapping[str, Any]", _source)
"""The kind of a gate's option ``source``."""
WINDOW = Number(1, 86_400, "seconds")
"""The kind of a gate's option ``window_seconds``."""


def check_window(fields: Fields, values: Mapping[str, Any]) -> None:
    """Note a ``window_seconds`` that is too short for its ``source`` to have a value."""
    source, window_seconds = values["source"], values["window_seconds"]
    if source is UNKNOWN or window_seconds is UNKNOWN:
        return
    least = cast("MetricSource", source).least_window_seconds
    if window_seconds < least:
        allowed = f"{least:g} seconds or more: the source has no values of less"
        fields.problem("window_seconds", window_seconds, allowed)
