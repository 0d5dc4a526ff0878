"""Another release in an ECS service that has production traffic, stopped before Pulumi brings it in place.

Pulumi updates a service before its swap runs, and ECS then replaces the tasks with no gate and no step. So right
before the update of a color's service the router is read: where that color has traffic and the release is another
one, the update ends. What both colors share (memory, roles) is no release, and passes.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from bluegreen.component import guarding
from bluegreen.rollout.model import Color

_RELEASE = ("command", "entryPoint", "environment", "image", "secrets")
"""What tells a container's release; the rest of a definition is said by the component, or a setting of both colors."""


def guard(
    service: str,
    color: Color,
    definitions: pulumi.Input[str],
    router: guarding.Routers,
    connection: Mapping[str, str],
) -> pulumi.ResourceHookBinding | None:
    """The hook of a color's service; ``None`` where nobody would call it, or where a change is allowed.

    Args:
        service: the resource's name.
        color: whose.
        definitions: the container definitions of its new task definition, as JSON, or the ARN of one that was made
            elsewhere.
        router: none of its outputs may be the service's own.
        connection: where and as whom the swap calls AWS.
    """
    if not guarding.is_called():
        return None

    async def before_update(args: pulumi.ResourceHookArgs) -> None:
        former = (args.old_outputs or {}).get("taskDefinition")
        if not isinstance(former, str) or former == (args.new_inputs or {}).get("taskDefinition"):
            return
        routers, wanted = await guarding.known(router), await pulumi.Output.from_input(definitions).future()
        if routers is None or wanted is None:
            return  # nothing can be said
        shall = wanted if wanted.startswith("arn:") else json.loads(wanted)
        said = await asyncio.to_thread(look, color, former, shall, routers, connection)
        if said:
            raise RuntimeError(f"{service} {said}")

    return guarding.binding(service, before_update)


def look(
    color: Color,
    former: str,
    wanted: Sequence[Mapping[str, Any]] | str,
    routers: Sequence[Mapping[str, Any]],
    connection: Mapping[str, str],
) -> str:
    """Why a service may not be updated; empty where it may: a read of each router, and a call for each ARN.

    Args:
        color: whose it is.
        former: the ARN of the task definition that it has.
        wanted: the container definitions that it should get, or the ARN of the task definition that has them.
        routers: the swap's sections.
        connection: where to call, with which credentials.
    """
    from bluegreen.aws.client import AwsConnection  # noqa: PLC0415 - only for a change

    try:
        percent = guarding.percent_of(color, routers)
        if not percent:
            return ""
        ecs = AwsConnection(**connection).client("ecs")
        former_containers = _definitions(ecs, former)
        shall = _definitions(ecs, wanted) if isinstance(wanted, str) else wanted
    except Exception as error:  # noqa: BLE001 - whatever it is, the update is not this hook's to fail
        guarding.unseen(color, error)
        return ""
    what = another(former_containers, shall)
    return guarding.refusal(color, percent, what) if what else ""


def _definitions(ecs: Any, arn: str) -> Sequence[Mapping[str, Any]]:
    from bluegreen.aws.client import called  # noqa: PLC0415 - only for a change

    with called("ecs:DescribeTaskDefinition"):
        containers: Sequence[Mapping[str, Any]] = ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"][
            "containerDefinitions"
        ]
    return containers


def another(running: Sequence[Mapping[str, Any]], wanted: Sequence[Mapping[str, Any]]) -> str:
    """Say in a few words why container definitions are another release; empty where they are none. Pure."""
    before, after = ({str(one.get("name")): one for one in side} for side in (running, wanted))
    for name in sorted(before.keys() ^ after.keys()):
        return f"container {name} {'is new' if name in after else 'goes'}"
    for name, one in sorted(after.items()):
        for key in _RELEASE:
            if _plain(before[name].get(key)) != _plain(one.get(key)):
                shown = f" {before[name].get(key)} -> {one.get(key)}" if key == "image" else ""  # others may be secret
                return f"{key} of container {name}{shown}"
    return ""


def _plain(value: Any) -> Any:
    """A value in a form to compare: empty is absent, and pairs have no order."""
    if isinstance(value, list) and value and isinstance(value[0], Mapping):
        return sorted(value, key=lambda pair: str(pair.get("name")))
    return value or None
