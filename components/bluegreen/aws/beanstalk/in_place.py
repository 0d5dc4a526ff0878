"""Another version in an environment that has production's name, stopped before Pulumi brings it in place.

An environment is updated before its swap runs, by a deployment of Beanstalk's own: under traffic, with no gate.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pulumi

from bluegreen.component import guarding
from bluegreen.rollout.model import Color


def guard(
    environment: str, color: Color, cname_prefix: str, connection: Mapping[str, str]
) -> pulumi.ResourceHookBinding | None:
    """The hook of a color's environment; ``None`` where nobody would call it, or where a change is allowed.

    Args:
        environment: the resource's name.
        color: whose.
        cname_prefix: production's name up to its first dot.
        connection: where and as whom the swap calls AWS.
    """
    if not guarding.is_called():
        return None

    async def before_update(args: pulumi.ResourceHookArgs) -> None:
        old, wanted = await guarding.plain(args.old_inputs), await guarding.plain(args.new_inputs)
        there = await guarding.plain(args.old_outputs)
        former, new = ((side or {}).get("version") for side in (old, wanted))
        name = (there or {}).get("name")
        if name is None or wanted is None or former == new:
            return
        said = await asyncio.to_thread(look, color, str(name), former, new, cname_prefix, connection)
        if said:
            raise RuntimeError(f"{environment} {said}")

    return guarding.binding(environment, before_update)


def look(
    color: Color, name: str, former: object, wanted: object, cname_prefix: str, connection: Mapping[str, str]
) -> str:
    """Why an environment may not be updated; empty where it may: one call.

    Args:
        color: whose it is.
        name: the environment's.
        former: the label of the version that it runs.
        wanted: of the one that it should get.
        cname_prefix: production's name up to its first dot.
        connection: where to call, with which credentials.
    """
    from bluegreen.aws.beanstalk.environments import described  # noqa: PLC0415 - only for a change
    from bluegreen.aws.client import AwsConnection  # noqa: PLC0415

    try:
        found = described(AwsConnection(**connection).client("elasticbeanstalk"), [name]).get(name)
    except Exception as error:  # noqa: BLE001 - whatever it is, the update is not this hook's to fail
        guarding.unseen(color, error)
        return ""
    if found is None or found.prefix != cname_prefix.lower():
        return ""
    return guarding.refusal(color, 100, f"version {former} -> {wanted}")
