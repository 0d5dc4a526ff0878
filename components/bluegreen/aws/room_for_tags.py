"""Whether a resource that is handed in has room for a swap's tags, for a preview of the first start."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from bluegreen.aws.client import AwsConnection
from bluegreen.aws.service_limits import LIMITS, TAGS_OF_A_SWAP
from bluegreen.fields import Fields
from bluegreen.rollout.errors import Problem


def connection_of(section: Mapping[str, Any]) -> AwsConnection:
    """The connection of a section that was checked."""
    return AwsConnection.parse(Fields(section.get("aws") or {}))


def texts_of(section: Mapping[str, Any], *names: str) -> list[str]:
    """Values of a section; none of them where one is not known yet."""
    texts = [section.get(name) for name in names]
    known = [value for value in texts if isinstance(value, str)]
    return known if len(known) == len(texts) else []


def problems_of_tags_there(field: str, value: str, tags: Collection[str]) -> list[Problem]:
    """The problem with a resource that has too many tags.

    Args:
        field: the section's, which names the thing.
        value: what it says.
        tags: the keys of the tags that are there.
    """
    over = len(tags) + TAGS_OF_A_SWAP - LIMITS["tags"].most
    if over <= 0:
        return []
    allowed = f"one with room for the {TAGS_OF_A_SWAP} tags that a swap needs at most: it has {len(tags)} of the "
    return [Problem(field, value, f"{allowed}{LIMITS['tags'].most} that AWS allows; take {over} away")]
