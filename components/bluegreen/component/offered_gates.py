"""The gate that a component adds by itself: the error rate that its entry counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bluegreen.fields import UNKNOWN, Fields
from bluegreen.metrics import error_counts
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import Strategy
from bluegreen.swap import several, strategies

KIND, SETTING, CHOICES = "error_rate", "error_rate", ("offered", "off")
_INTERVAL_SECONDS = {error_counts.CLOUDWATCH: 60, error_counts.PROMETHEUS: 30}


def offered(inputs: Mapping[str, Any], choice: Any, prometheus: str | None) -> list[dict[str, Any]]:
    """The gates that a swap gets by itself: none, or the error rate.

    It is for promotions with steps of which one is held, or whose bake lasts, as long as the entry's metrics are late.
    It never stops a promotion for want of data.

    Args:
        inputs: the swap's, ``UNKNOWN`` where only an update knows.
        choice: the component's setting ``error_rate``; ``None`` is its default.
        prometheus: where Prometheus is, for entries that are counted there.
    """
    gates = inputs.get("gates")
    if choice not in (None, CHOICES[0]) or not isinstance(gates, (list, tuple)):
        return []
    if any(isinstance(gate, Mapping) and gate.get("kind") == KIND for gate in gates):
        return []
    keepers = {error_counts.counted_by(section.get("kind")) for section in several.sections_of(inputs)} - {""}
    if not prometheus:
        keepers.discard(error_counts.PROMETHEUS)
    if not keepers:
        return []
    late = max(error_counts.LATE_SECONDS[keeper] for keeper in keepers)
    if _longest_seconds(inputs) < late:
        return []
    server = {"prometheus": prometheus} if error_counts.PROMETHEUS in keepers else {}
    interval = max(_INTERVAL_SECONDS[keeper] for keeper in keepers)
    return [{"kind": KIND, "without_data": "pass", "interval_seconds": interval, **server}]


def problems_in(choice: Any) -> list[Problem]:
    """The problems with the setting."""
    fields = Fields({SETTING: choice})
    fields.text(SETTING, None, choices=CHOICES)
    return fields.problems


def _longest_seconds(inputs: Mapping[str, Any]) -> float:
    """The longest hold of a promotion with steps, or its bake; 0 of any other."""
    strategy = strategies.read(Fields({"strategy": inputs.get("strategy")}))
    if not isinstance(strategy, Strategy) or not strategy.steps:
        return 0
    times: Sequence[Any] = [inputs.get("bake_seconds"), *(step.hold_seconds for step in strategy.steps)]
    return max((float(one) for one in times if one is not UNKNOWN and isinstance(one, (int, float))), default=0)
