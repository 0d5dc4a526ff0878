"""A custom role of Azure with just the actions that kinds declare."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bluegreen.permissions import needed

_PROVIDER = "Microsoft."
ANYWHERE = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/shop"
"""A scope to be replaced by one's own."""


def definition(wanted: Iterable[str], scope: str = ANYWHERE, name: str = "bluegreen swap") -> dict[str, Any]:
    """The role as ``az role definition create`` takes it. Actions of other platforms are left out.

    Args:
        wanted: kinds of router, capacity, gates and metrics.
        scope: what it may be assigned at: a subscription, a resource group, a resource.
        name: the role's.

    Raises:
        ValueError: a kind is not known.
    """
    actions = {one.action for one in needed(wanted) if one.action.startswith(_PROVIDER)}
    return {"Name": name, "IsCustom": True, "Actions": sorted(actions), "AssignableScopes": [scope]}
