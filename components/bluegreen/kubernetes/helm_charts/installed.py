"""The objects of a release that Helm keeps, as far as its resource names them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import Color

_WITH_PODS = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob")
_BY_ITSELF = ("CronJob", "DaemonSet")


def problem_of_the_default_selector(
    color: Color, workload: str, resource_names: Mapping[str, Sequence[str]] | None
) -> Problem | None:
    """The problem with a selector by which production's Service would take pods of other workloads, too.

    Args:
        color: whose release it is.
        workload: what the swap scales there.
        resource_names: the release's objects, ``NAMESPACE/NAME`` by kind and version; ``None``: not known.
    """
    others = [f"{kind}/{name}" for kind, name in _with_pods(resource_names or {}) if name != workload]
    if not others:
        return None
    allowed = (
        f"labels for each color that the pods of {workload} alone have: by default all pods of the release would get "
        f"production's requests, those of {', '.join(sorted(others))} as well"
    )
    return Problem(f"selectors.{color}", None, allowed)


def acting_by_themselves(resource_names: Mapping[str, Sequence[str]] | None) -> list[str]:
    """The objects that act whatever color is live; only the chart's values can suspend them."""
    return sorted(f"{kind}/{name}" for kind, name in _with_pods(resource_names or {}) if kind in _BY_ITSELF)


def _with_pods(resource_names: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, str]]:
    for key, names in resource_names.items():
        kind = re.split(r"[./]", key, maxsplit=1)[0]  # `Deployment/apps/v1`, `Deployment.apps/v1`
        if kind in _WITH_PODS:
            yield from ((kind, str(name).rpartition("/")[2]) for name in names or ())
