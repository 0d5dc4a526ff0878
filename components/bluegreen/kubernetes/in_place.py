"""Another release in a workload that has production traffic, stopped before Pulumi brings it in place.

The same as for ECS (``bluegreen.aws.in_place``): a Deployment is updated before its swap is asked, and Kubernetes then
replaces the pods. What its pods run is told by their containers; the rest of a pod is a setting of both colors.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any

import pulumi

from bluegreen import guarding
from bluegreen.kubernetes.release import CONFIG_DIGEST
from bluegreen.rollout.model import Color

_RELEASE = ("args", "command", "env", "envFrom", "image")


def guard(workload: str, namespace: str, color: Color, router: guarding.Routers) -> pulumi.ResourceHookBinding | None:
    """The hook of a color's workload; ``None`` where nobody would call it, or a change is allowed.

    Args:
        workload: its name.
        namespace: where it is.
        color: whose.
        router: none of its outputs may be the workload's own.
    """
    if not guarding.is_called():
        return None

    async def before_update(args: pulumi.ResourceHookArgs) -> None:
        what = another(args.old_inputs or {}, args.new_inputs or {})
        routers = await guarding.known(router) if what else None
        said = "" if routers is None else await asyncio.to_thread(look, color, what, routers)
        if said:
            raise RuntimeError(f"{workload} {said}")

    return guarding.binding(f"{namespace}/{workload}", before_update)


def look(color: Color, what: str, routers: Any) -> str:
    """Why a workload with another release may not be updated; empty where it may."""
    try:
        percent = guarding.percent_of(color, routers)
    except Exception as error:  # noqa: BLE001 - whatever it is, the update is not this hook's to fail
        guarding.unseen(color, error)
        return ""
    return guarding.refusal(color, percent, what) if percent else ""


def another(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> str:
    """What makes a workload's inputs another release, in a few words; empty where nothing does. Pure."""
    before, after = (dict(_parts(side)) for side in (found, wanted))
    if not before:
        return ""  # as it was adopted, or nobody knows
    for where in sorted(before.keys() | after.keys()):
        if before.get(where) != after.get(where):
            # What a variable holds may be secret.
            shown = f" {before.get(where)} -> {after.get(where)}" if where.startswith("image of ") else ""
            return f"{where}{shown}"
    return ""


def _parts(inputs: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    template = (inputs.get("spec") or {}).get("template") or {}
    digest = ((template.get("metadata") or {}).get("annotations") or {}).get(CONFIG_DIGEST)
    if digest:
        yield "its configuration", digest
    spec = template.get("spec") or {}
    for container in (*(spec.get("initContainers") or ()), *(spec.get("containers") or ())):
        for key in _RELEASE:
            if container.get(key):
                yield f"{key} of container {container.get('name')}", container[key]
