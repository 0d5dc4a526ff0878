"""A color's HorizontalPodAutoscaler: its manifest, and its section in the swap. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypedDict

from bluegreen.fields import UNKNOWN, Fields
from bluegreen.kubernetes.objects import metadata
from bluegreen.rollout.errors import Problem

if TYPE_CHECKING:
    from typing_extensions import Required

MINIMUM = ("spec.minReplicas",)
"""Of an autoscaler that is declared without it: it is the swap's."""
_TARGETS = {"target_cpu_percent": "cpu", "target_memory_percent": "memory"}


class AutoscalingRange(TypedDict):
    """The live color's range.

    Attributes:
        min_replicas: pods of the live color, at least.
        max_replicas: pods of the live color, at most.
    """

    min_replicas: int
    max_replicas: int


class PodAutoscaling(TypedDict, total=False):
    """The policies that both colors scale by, and the live color's range.

    Attributes:
        min_replicas: pods of the live color, at least.
        max_replicas: pods of the live color, at most.
        target_cpu_percent: of what the containers request.
        target_memory_percent: of what the containers request.
        metrics: as a HorizontalPodAutoscaler has them.
        behavior: as a HorizontalPodAutoscaler has it.
    """

    min_replicas: Required[int]
    max_replicas: Required[int]
    target_cpu_percent: int
    target_memory_percent: int
    metrics: Sequence[Mapping[str, Any]]
    behavior: Mapping[str, Any]


def problems_in(autoscaling: Mapping[str, Any], replicas: int) -> list[Problem]:
    """The problems with the range and the metrics. Values that only an update knows pass."""
    fields = Fields(autoscaling, "autoscaling")
    least, most = _range(fields)
    if UNKNOWN not in (least, most) and not least <= replicas <= most:
        fields.problems.append(Problem("replicas", replicas, f"{least} to {most}, the range of autoscaling"))
    # Of what the containers request; above 100 is over the requests, below the limits.
    targets = [name for name in _TARGETS if fields.whole(name, None, least=1, most=1000) is not None]
    metrics = fields.sections("metrics")
    for metric in metrics:
        metric.text("type")
    if not targets and not metrics and autoscaling.get("metrics") is not UNKNOWN:
        allowed = f"at least one of {', '.join(_TARGETS)}, metrics"
        fields.problem("", dict(autoscaling), allowed)
    fields.section("behavior", None)
    fields.done()
    return fields.problems


def range_problems(autoscaling: Mapping[str, Any]) -> list[Problem]:
    """The problems with the range alone, where the autoscaler is somebody else's."""
    fields = Fields(autoscaling, "autoscaling")
    _range(fields)
    fields.done()
    return fields.problems


def _range(fields: Fields) -> tuple[Any, Any]:
    least = fields.whole("min_replicas", least=0)
    most = fields.whole("max_replicas", least=1)
    if UNKNOWN not in (least, most) and most < least:
        fields.problem("max_replicas", most, f"min_replicas, {least}, or more")
        return UNKNOWN, UNKNOWN
    return least, most


def autoscaler(
    name: str,
    namespace: str,
    workload_kind: str,
    autoscaling: Mapping[str, Any],
    labels: Mapping[str, Any],
) -> dict[str, Any]:
    """The HorizontalPodAutoscaler of one color's workload, which has its name.

    ``minReplicas`` is not among its fields: the swap owns it, raises it while it moves traffic, and puts it back.
    """
    metrics = [
        {
            "type": "Resource",
            "resource": {"name": resource, "target": {"type": "Utilization", "averageUtilization": autoscaling[key]}},
        }
        for key, resource in _TARGETS.items()
        if autoscaling.get(key) is not None
    ]
    spec: dict[str, Any] = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": workload_kind, "name": name},
        "maxReplicas": autoscaling["max_replicas"],
        "metrics": [*metrics, *(autoscaling.get("metrics") or ())],
    }
    if autoscaling.get("behavior"):
        spec["behavior"] = autoscaling["behavior"]
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": metadata(name, namespace, labels),
        "spec": spec,
    }


def capacity_section(autoscaling: Mapping[str, Any]) -> dict[str, Any]:
    """The range, as the swap's ``capacity`` has it."""
    return {key: autoscaling.get(key, UNKNOWN) for key in ("min_replicas", "max_replicas")}
