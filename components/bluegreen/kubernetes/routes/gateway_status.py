"""The conditions that controllers of the Gateway API report of a route. Pure.

Every parent (a Gateway, or the Service of a mesh) has conditions of its own, of which ``Accepted`` and ``ResolvedRefs``
say whether the route is used: https://gateway-api.sigs.k8s.io/guides/implementers/ They are about all of the route and
all that others have in it, so only what became false by a write is an answer to it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from bluegreen.rollout.errors import PlatformError

_ASKED = ("Accepted", "ResolvedRefs")
Parent = tuple[str, ...]


def waited_for(
    current: Mapping[str, Any],
    call: str,
    before: Mapping[str, Any] | None = None,
    services: Collection[str] = (),
    *,
    first: bool = True,
) -> str:
    """The condition that is missing before the route is used as it is now; empty when there is none.

    Args:
        current: the route.
        call: what requested it, for an error.
        before: the route as it was before it was written.
        services: what has been written into it: a word about one of them is about the write.
        first: whether no color was live before, so that some parent has to take the route.

    Raises:
        PlatformError: a parent says no that did not before.
    """
    parents = (current.get("status") or {}).get("parents") or []
    if not parents:
        return "no controller has said a word about the route: is one running, and are parentRefs right?"
    generation, used, former = current["metadata"].get("generation"), False, _false_in(before)
    old: list[str] = []
    for parent in parents:
        said = {condition["type"]: condition for condition in _of_now(parent, generation)}
        for name in _ASKED:
            if said.get(name, {}).get("status") != "False":
                continue
            text = f"{_named(parent)} says that {name} is false: {_why(said[name])}"
            was = former.get((*_key(parent), name))
            if was is None or any(service in text and service not in was for service in services):
                raise PlatformError(call, text)
            if name == "Accepted":
                old.append(text)
        used = used or said.get("Accepted", {}).get("status") == "True"
    if used:
        return ""
    if len(old) == len(parents):  # nobody took the route before, and nobody does now
        if first:
            raise PlatformError(call, old[0])
        return ""
    return f"{', '.join(map(_named, parents))} has not looked at the route as it is now"


def _false_in(before: Mapping[str, Any] | None) -> dict[Parent, str]:
    """The conditions that were false already, with their messages, of whichever version of the route."""
    parents = ((before or {}).get("status") or {}).get("parents") or []
    return {
        (*_key(parent), str(condition.get("type"))): _why(condition)
        for parent in parents
        for condition in parent.get("conditions") or ()
        if condition.get("status") == "False"
    }


def _key(parent: Mapping[str, Any]) -> Parent:
    ref = parent.get("parentRef") or {}
    of_it = (ref.get(key) for key in ("group", "kind", "namespace", "name", "sectionName", "port"))
    return (str(parent.get("controllerName")), *map(str, of_it))


def _of_now(parent: Mapping[str, Any], generation: object) -> Iterator[Mapping[str, Any]]:
    """The conditions that are about the route as it is. Linkerd says no generation: its conditions always count."""
    for condition in parent.get("conditions") or ():
        if condition.get("observedGeneration", generation) == generation:
            yield condition


def _named(parent: Mapping[str, Any]) -> str:
    ref = parent.get("parentRef") or {}
    return f"{ref.get('kind', 'Gateway')} {ref.get('name', '')} ({parent.get('controllerName', 'unknown')})"


def _why(condition: Mapping[str, Any]) -> str:
    return ": ".join(str(condition[key]) for key in ("reason", "message") if condition.get(key))
