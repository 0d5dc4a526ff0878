"""Another release in a workload that has production traffic, stopped before Pulumi brings it in place.

The same as for ECS (``bluegreen.aws.ecs.in_place``): a Deployment is updated before its swap runs, and Kubernetes
then replaces the pods. What its pods run is identified by their containers; the rest of a pod is a setting of both
colors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pulumi

from bluegreen.component import guarding
from bluegreen.kubernetes.workloads.release import CONFIG_DIGEST
from bluegreen.rollout.model import Color

_CHECKSUM = "checksum/"
_RELEASE = ("args", "command", "env", "envFrom", "image")


def guard(
    workload: str,
    namespace: str,
    color: Color,
    router: guarding.Routers,
    compare: Callable[[Mapping[str, Any], Mapping[str, Any]], str] | None = None,
) -> pulumi.ResourceHookBinding | None:
    """The hook of a color's workload; ``None`` where nobody would call it, or where a change is allowed.

    Args:
        workload: its name.
        namespace: where it is.
        color: whose.
        router: none of its outputs may be the workload's own.
        compare: what tells another release, of the inputs before and after; ``None``: ``another``.
    """
    return guarding.over_inputs(f"{namespace}/{workload}", workload, color, router, compare or another)


def another(former: Mapping[str, Any], wanted: Mapping[str, Any]) -> str:
    """Say in a few words why a workload's inputs are another release; empty where they are none. Pure."""
    before, after = (dict(_parts(side)) for side in (former, wanted))
    if not before:
        return ""  # as it was adopted, or nobody knows
    for where in sorted(before.keys() | after.keys()):
        if before.get(where) != after.get(where):
            # What a variable holds may be secret.
            shown = f" {before.get(where)} -> {after.get(where)}" if where.startswith("image of ") else ""
            return f"{where}{shown}"
    return ""


def another_chart(former: Mapping[str, Any], wanted: Mapping[str, Any]) -> str:
    """Say in a few words why a Helm release's chart or values are another release; empty where they are not. Pure."""
    if not former or not wanted:
        return ""
    for key in ("chart", "version", "repositoryOpts", "values"):
        before, after = former.get(key) or None, wanted.get(key) or None
        if before != after:
            return f"{key} {before} -> {after}" if key in ("chart", "version") else f"its {key}"  # may be secret
    return ""


def _parts(inputs: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    template = (inputs.get("spec") or {}).get("template") or {}
    annotations = (template.get("metadata") or {}).get("annotations") or {}
    if annotations.get(CONFIG_DIGEST):
        yield "its configuration", annotations[CONFIG_DIGEST]
    for name, digest in annotations.items():
        if name.startswith(_CHECKSUM):  # as charts tell pods of another ConfigMap
            yield f"its {name}", digest
    spec = template.get("spec") or {}
    for container in (*(spec.get("initContainers") or ()), *(spec.get("containers") or ())):
        for key in _RELEASE:
            if container.get(key):
                yield f"{key} of container {container.get('name')}", container[key]
