"""The metrics of swaps in Prometheus' text format: written, and read again where a later update continues counting.

Format: https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

COUNTER, GAUGE = "counter", "gauge"


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric.

    Attributes:
        name: with its unit at the end.
        kind: ``counter`` or ``gauge``.
        help: for people, in one line.
        labels: the names of its labels, in order.
    """

    name: str
    kind: str
    help: str
    labels: tuple[str, ...]


WEIGHT = Metric(
    "bluegreen_weight_percent", GAUGE, "Production traffic of a color, as it was last written.", ("service", "color")
)
SWAPS = Metric(
    "bluegreen_swaps_total", COUNTER, "Swaps that came to an end, by how they ended.", ("service", "outcome")
)
DURATION = Metric(
    "bluegreen_swap_duration_seconds", GAUGE, "How long the last swap with this outcome took.", ("service", "outcome")
)
WAIT = Metric(
    "bluegreen_wait_seconds", GAUGE, "What the last swap waited for, and how long in all.", ("service", "for")
)
GATE = Metric(
    "bluegreen_gate_value",
    GAUGE,
    "The number in a gate's last answer, in the gate's own unit.",
    ("service", "gate", "phase"),
)
METRICS = (WEIGHT, SWAPS, DURATION, WAIT, GATE)

Series = tuple[str, tuple[str, ...]]
"""A metric's name, and the values of its labels in order."""

_BY_NAME: Mapping[str, Metric] = {metric.name: metric for metric in METRICS}
_SAMPLE = re.compile(r"(\w+)\{(.*)\} (\S+)\Z")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)",?')
_ESCAPES = {"\\": "\\\\", "\n": "\\n", '"': '\\"'}
_UNESCAPES = {"\\\\": "\\", "\\n": "\n", '\\"': '"'}


def text_of(samples: Mapping[Series, float]) -> str:
    """The samples as text, by metric."""
    lines: list[str] = []
    for metric in METRICS:
        own = sorted((labels, value) for (name, labels), value in samples.items() if name == metric.name)
        if own:
            lines += [f"# HELP {metric.name} {metric.help}", f"# TYPE {metric.name} {metric.kind}"]
            lines += [f"{metric.name}{{{_labels(metric, labels)}}} {value:.15g}" for labels, value in own]
    return "".join(f"{line}\n" for line in lines)


def samples_in(text: str) -> dict[Series, float]:
    """The samples of this package in a text; whatever else is in it is left out."""
    found: dict[Series, float] = {}
    for line in text.splitlines():
        match = _SAMPLE.match(line)
        metric = _BY_NAME.get(match[1]) if match else None
        if match is None or metric is None:
            continue
        given = {name: re.sub(r"\\[\\n\"]", lambda one: _UNESCAPES[one[0]], value) for name, value in _pairs(match[2])}
        try:
            found[metric.name, tuple(given[name] for name in metric.labels)] = float(match[3])
        except (KeyError, ValueError):
            continue
    return found


def gone_on(former: Mapping[Series, float], service: str, samples: Mapping[Series, float]) -> dict[Series, float]:
    """The samples after an update: counters continue, other services' samples stay, the rest is the update's own.

    Args:
        former: what was reported before.
        service: whose update it was.
        samples: the update's; of counters what came to them.
    """
    kept = {
        series: value
        for series, value in former.items()
        if series[1][0] != service or series[0] in (SWAPS.name, DURATION.name)
    }
    counted = {
        series: former.get(series, 0) + value if _BY_NAME[series[0]].kind == COUNTER else value
        for series, value in samples.items()
    }
    return {**kept, **counted}


def _labels(metric: Metric, values: Iterable[str]) -> str:
    escaped = (re.sub(r'[\\\n"]', lambda one: _ESCAPES[one[0]], value) for value in values)
    return ",".join(f'{name}="{value}"' for name, value in zip(metric.labels, escaped, strict=True))


def _pairs(text: str) -> list[tuple[str, str]]:
    return [(match[1], match[2]) for match in _LABEL.finditer(text)]
