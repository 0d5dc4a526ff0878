"""Releases that the swap installs itself: it keeps them, readable, in the state, so that no secret may be in them."""

from __future__ import annotations

import asyncio
from typing import Any

import pulumi

from bluegreen.component.declaration import refuse
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import Color


def without_secrets(name: str, color: Color, release: pulumi.Output[Any], allowed: str) -> pulumi.Output[Any]:
    """A release in which no value is a secret of Pulumi's.

    Args:
        name: the component's.
        color: whose release.
        release: as the swap has it.
        allowed: what to do instead, in words.
    """

    async def value() -> Any:
        if await release.is_secret():
            refuse(name, [Problem(color, "***", allowed)])
        return await release.future(with_unknowns=True)

    return pulumi.Output(release.resources(), asyncio.ensure_future(value()), release.is_known())
