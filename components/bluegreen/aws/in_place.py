"""Another release in an ECS service that has production traffic, stopped before Pulumi brings it in place.

Pulumi updates a service before its swap is asked, and ECS then replaces the tasks with no gate and no step. So right
before the update of a color's service the router is read: where that color has traffic and the release is another
one, the update ends. What both colors share (memory, roles) is no release, and passes.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.settings import get_monitor

from bluegreen.hosting import hosted
from bluegreen.rollout.model import Color, other

ALLOWED = "allowLiveChanges"
"""The stack's setting, of ``bluegreen:``, by which a live color may be changed in place."""
_RELEASE = ("command", "entryPoint", "environment", "image", "secrets")
"""What tells a container's release; the rest of a definition is said by the component, or a setting of both colors."""


def guard(
    service: str,
    color: Color,
    definitions: pulumi.Input[str],
    router: Mapping[str, Any] | Sequence[Mapping[str, Any]],
    connection: Mapping[str, str],
) -> pulumi.ResourceHookBinding | None:
    """The hook of a color's service.

    Args:
        service: the resource's name.
        color: whose.
        definitions: the container definitions of its new task definition, as JSON.
        router: the swap's section, or several of them, with outputs in it; none of them may be the service's own.
        connection: where and as whom the swap calls AWS.

    Returns:
        ``None`` where nobody would call it (Pulumi's mocks), where the plugin hosts the component, whose hooks end
        with its construction, and where the stack allows such a change.
    """
    allowed = pulumi.Config("bluegreen").get_bool(ALLOWED)
    if isinstance(get_monitor(), MockMonitor) or hosted() or allowed:
        return None

    async def before_update(args: pulumi.ResourceHookArgs) -> None:
        former = (args.old_outputs or {}).get("taskDefinition")
        if not isinstance(former, str) or former == (args.new_inputs or {}).get("taskDefinition"):
            return
        sections = [router] if isinstance(router, Mapping) else router
        found: Any = await pulumi.Output.all(*map(dict, sections)).future()
        wanted: Any = await pulumi.Output.from_input(definitions).future()
        if found is None or wanted is None:
            return  # not known: nothing can be said
        said = await asyncio.to_thread(look, color, former, json.loads(wanted), found, connection)
        if said:
            raise RuntimeError(f"{service} {said}")

    hook = pulumi.ResourceHook(f"bluegreen guards {service}", before_update)
    return pulumi.ResourceHookBinding(before_update=[hook])


def look(
    color: Color,
    former: str,
    wanted: Sequence[Mapping[str, Any]],
    routers: Sequence[Mapping[str, Any]],
    connection: Mapping[str, str],
) -> str:
    """Why a service may not be updated; empty where it may: a read of each router, and one call.

    Args:
        color: whose it is.
        former: the ARN of the task definition that it has.
        wanted: the container definitions that it shall get.
        routers: the swap's sections.
        connection: where and as whom to call.
    """
    from bluegreen.clients.aws import AwsConnection, called  # noqa: PLC0415 - only for a change
    from bluegreen.fields import Fields  # noqa: PLC0415
    from bluegreen.routers.registry import ROUTERS  # noqa: PLC0415

    try:
        parsed = [ROUTERS.parse(Fields(router, "router")) for router in routers]
        # Where something is wrong with a section, the swap says what.
        percent = max((ROUTERS.build(one).read().weights.of(color) for one in parsed if one is not None), default=0)
        if not percent:
            return ""
        ecs = AwsConnection(**connection).client("ecs")
        with called("ecs:DescribeTaskDefinition"):
            found = ecs.describe_task_definition(taskDefinition=former)["taskDefinition"]["containerDefinitions"]
    except Exception as error:  # noqa: BLE001 - whatever it is, the update is not this hook's to fail
        pulumi.log.warn(f"nobody could see whether {color} is live and gets another release in place: {error}")
        return ""
    what = another(found, wanted)
    if not what:
        return ""
    return (
        f"was not updated: {color} has {percent} % of production traffic and would get another release in place "
        f"({what}), with no gate and no step. Deploy it to {other(color)} and promote that. Where it has to be in "
        f"place: `pulumi config set bluegreen:{ALLOWED} true`, and take that back afterwards"
    )


def another(found: Sequence[Mapping[str, Any]], wanted: Sequence[Mapping[str, Any]]) -> str:
    """What makes container definitions another release, in a few words; empty where nothing does. Pure."""
    before, after = ({str(one.get("name")): one for one in side} for side in (found, wanted))
    for name in sorted(before.keys() ^ after.keys()):
        return f"container {name} {'is new' if name in after else 'goes'}"
    for name, one in sorted(after.items()):
        for key in _RELEASE:
            if _plain(before[name].get(key)) != _plain(one.get(key)):
                shown = f" {before[name].get(key)} -> {one.get(key)}" if key == "image" else ""  # others may be secret
                return f"{key} of container {name}{shown}"
    return ""


def _plain(value: Any) -> Any:
    """Empty is absent, and pairs have no order."""
    if isinstance(value, list) and value and isinstance(value[0], Mapping):
        return sorted(value, key=lambda pair: str(pair.get("name")))
    return value or None
