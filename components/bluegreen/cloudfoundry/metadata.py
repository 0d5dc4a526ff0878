"""Annotations of a route and of an app: who owns the route, the marks of its swap, and what it notes on apps. Pure.

An update changes those that it names, and leaves all others alone; a name without a prefix goes to nobody else.

https://v3-apidocs.cloudfoundry.org/#metadata
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

OWNER = "bluegreen.owner"
MARK_PREFIX = "bluegreen.mark."
RETIRE = "bluegreen.retire"
"""On an app: when it may be stopped."""
SHARE = "bluegreen.share"
"""On an app: why it has fewer instances than it is to have. See ``bluegreen.cloudfoundry.routes.shares``."""
LONGEST = 5000
"""Of a value, in characters."""


def of(thing: Mapping[str, Any]) -> dict[str, str]:
    """The annotations of a route or of an app."""
    found = (thing.get("metadata") or {}).get("annotations") or {}
    return {str(name): str(value) for name, value in found.items()}


def marks_in(found: Mapping[str, str]) -> dict[str, str]:
    """The marks among them."""
    return {name.removeprefix(MARK_PREFIX): value for name, value in found.items() if name.startswith(MARK_PREFIX)}


def own(found: Mapping[str, str]) -> dict[str, None]:
    """The removal of those on a route that a swap has set."""
    return {name: None for name in found if name == OWNER or name.startswith(MARK_PREFIX)}


def body(changes: Mapping[str, str | None]) -> dict[str, Any]:
    """An update of just these; ``None`` removes one."""
    return {"metadata": {"annotations": dict(changes)}}
