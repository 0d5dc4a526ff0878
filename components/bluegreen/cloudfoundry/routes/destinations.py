"""The destinations of a route: which apps its requests reach. Pure.

https://v3-apidocs.cloudfoundry.org/#the-destination-object
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Destination = Mapping[str, Any]


def of(route: Mapping[str, Any]) -> list[Destination]:
    """A route's destinations."""
    return list(route.get("destinations") or ())


def app_guid(one: Destination) -> str:
    """Whose process it is."""
    return str((one.get("app") or {}).get("guid") or "")


def kind(one: Destination) -> str:
    """The process' type."""
    return str(((one.get("app") or {}).get("process") or {}).get("type") or "web")


def leads_to(one: Destination, guid: str, process: str) -> bool:
    """Whether it is this process of this app."""
    return app_guid(one) == guid and kind(one) == process


def unfit(found: Sequence[Destination]) -> str:
    """Why destinations cannot be moved; empty if they can."""
    if any(one.get("weight") is not None for one in found):
        return "its destinations have weights, which only the beta of a service mesh goes by: take them off"
    return ""


def sent(one: Destination) -> dict[str, Any]:
    """A destination that is there, as it is sent back: whatever is known of it, but for what Cloud Foundry gives it."""
    return {key: value for key, value in one.items() if key not in ("guid", "links") and value is not None}


def made(guid: str, process: str, port: int | None, like: Destination | None) -> dict[str, Any]:
    """A destination that is not there yet.

    Args:
        guid: the app's.
        process: the type of its process.
        port: that it listens on, where that is declared.
        like: the destination of the other color, whose port and protocol it gets.
    """
    kept = {key: like[key] for key in ("port", "protocol") if like and like.get(key) is not None}
    told = {} if port is None else {"port": port}
    return {"app": {"guid": guid, "process": {"type": process}}, **kept, **told}
