"""What controllers of the Gateway API say of a route. Pure.

Every parent (a Gateway, or the Service of a mesh) has conditions of its own, of which ``Accepted`` and ``ResolvedRefs``
say whether the route is used: https://gateway-api.sigs.k8s.io/guides/implementers/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bluegreen.rollout.errors import PlatformError

_ASKED = ("Accepted", "ResolvedRefs")


def waited_for(found: Mapping[str, Any], call: str) -> str:
    """What is still to come before the route is used as it is now; empty when nothing is.

    Raises:
        PlatformError: a parent says no.
    """
    parents = (found.get("status") or {}).get("parents") or []
    if not parents:
        return "no controller has said a word about the route: is one running, and are parentRefs right?"
    generation, used = found["metadata"].get("generation"), False
    for parent in parents:
        said = {condition["type"]: condition for condition in _of_now(parent, generation)}
        for name in _ASKED:
            if said.get(name, {}).get("status") == "False":
                raise PlatformError(call, f"{_named(parent)} says that {name} is false: {_why(said[name])}")
        used = used or said.get("Accepted", {}).get("status") == "True"
    return "" if used else f"{', '.join(map(_named, parents))} has not looked at the route as it is now"


def _of_now(parent: Mapping[str, Any], generation: object) -> Iterator[Mapping[str, Any]]:
    """The conditions that are about the route as it is. Linkerd says no generation: what it says counts as it is."""
    for condition in parent.get("conditions") or ():
        if condition.get("observedGeneration", generation) == generation:
            yield condition


def _named(parent: Mapping[str, Any]) -> str:
    ref = parent.get("parentRef") or {}
    return f"{ref.get('kind', 'Gateway')} {ref.get('name', '')} ({parent.get('controllerName', 'unknown')})"


def _why(condition: Mapping[str, Any]) -> str:
    return ": ".join(str(condition[key]) for key in ("reason", "message") if condition.get(key))
