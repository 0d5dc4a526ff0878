"""Tags of a resource: who owns it, and the marks of a swap. Each call changes what it names, and leaves the rest alone.

https://learn.microsoft.com/rest/api/resources/tags/update-at-scope
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bluegreen.azure.client import Busy, Session
from bluegreen.azure.tag_names import USUAL, Names
from bluegreen.rollout.calls import pause

VERSION = "2025-04-01"
OWNER_TAG, MARK_PREFIX = USUAL.owner, USUAL.mark
WRITE = "Microsoft.Resources/tags/write"
_BUSY_SECONDS, _BUSY_PAUSE_SECONDS = 120.0, 2.0


def marks_in(tags: Mapping[str, str], names: Names = USUAL) -> dict[str, str]:
    """The marks among an object's tags."""
    return {name.removeprefix(names.mark): value for name, value in tags.items() if name.startswith(names.mark)}


def own_in(tags: Mapping[str, str], names: Names = USUAL) -> dict[str, str]:
    """The tags among an object's that a swap has set."""
    own = (names.owner, *names.others)
    return {name: value for name, value in tags.items() if name in own or name.startswith(names.mark)}


def change_marks(
    session: Session,
    resource_id: str,
    there: Mapping[str, str],
    changes: Mapping[str, str | None],
    owner: str,
    *,
    names: Names = USUAL,
    busy_seconds: float = _BUSY_SECONDS,
) -> dict[str, str]:
    """Set and remove marks, a call for each of the two; a former owner's name gives way to the present one.

    Args:
        session: who calls.
        resource_id: whose tags.
        there: its tags as they were read.
        changes: each mark's new text; ``None`` removes it.
        owner: the present one.
        names: what the tags are called.
        busy_seconds: how long each call waits for an operation on the resource to end.

    Returns:
        The tags that it has then.
    """
    kept = {names.mark + name: value for name, value in changes.items() if value is not None}
    gone = {names.mark + name for name, value in changes.items() if value is None} & there.keys()
    stamp = {} if there.get(names.owner) == owner else {names.owner: owner}
    set_tags(session, resource_id, {**stamp, **kept}, busy_seconds=busy_seconds)
    remove_tags(session, resource_id, {name: there[name] for name in gone}, busy_seconds=busy_seconds)
    return {name: value for name, value in {**there, **stamp, **kept}.items() if name not in gone}


def set_tags(
    session: Session, resource_id: str, tags: Mapping[str, str], *, busy_seconds: float = _BUSY_SECONDS
) -> None:
    """Set these, and leave the others as they are: one call.

    Args:
        session: who calls.
        resource_id: whose tags.
        tags: name to value.
        busy_seconds: how long it waits for an operation on the resource to end.
    """
    _change(session, resource_id, "Merge", tags, busy_seconds)


def remove_tags(
    session: Session, resource_id: str, tags: Mapping[str, str], *, busy_seconds: float = _BUSY_SECONDS
) -> None:
    """Remove those of these names that have these values: one call."""
    _change(session, resource_id, "Delete", tags, busy_seconds)


def _change(session: Session, resource_id: str, operation: str, tags: Mapping[str, str], busy_seconds: float) -> None:
    if not tags:
        return
    body: dict[str, Any] = {"operation": operation, "properties": {"tags": dict(tags)}}
    path = f"{resource_id}/providers/Microsoft.Resources/tags/default"
    # A resource may be locked as long as Azure works on it: the tags come right after.
    for _ in range(int(busy_seconds / _BUSY_PAUSE_SECONDS)):
        if _sent(session, path, body) is None:
            return
        pause(_BUSY_PAUSE_SECONDS)
    session.change("PATCH", path, VERSION, WRITE, body)


def _sent(session: Session, path: str, body: Mapping[str, Any]) -> Busy | None:
    try:
        session.change("PATCH", path, VERSION, WRITE, body)
    except Busy as busy:
        return busy
    return None
