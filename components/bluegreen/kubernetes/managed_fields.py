"""The owners of an object's fields, as Kubernetes records them in ``metadata.managedFields``. Pure.

https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any


def managers_of(manifest: Mapping[str, Any], path: Iterable[str]) -> list[str]:
    """The managers that wrote ``path`` (``("spec", "selector")``) or a part of it, sorted; none when nobody owns it."""
    keys = [f"f:{name}" for name in path]
    return sorted({str(entry.get("manager")) for entry in _entries(manifest) if _at(entry, keys) is not None})


def without(manifest: Mapping[str, Any], managers: Collection[str]) -> list[Mapping[str, Any]]:
    """The ``managedFields`` without these managers: the values stay, and have no owner."""
    left = [entry for entry in _entries(manifest) if entry.get("manager") not in managers]
    # An empty list would mean "leave the books as they are"; one empty entry is an empty book.
    return left or [{}]


def annotations_by(manifest: Mapping[str, Any], managers: Collection[str]) -> list[str]:
    """The annotations that these managers wrote, sorted."""
    theirs = [entry for entry in _entries(manifest) if entry.get("manager") in managers]
    names = {name for entry in theirs for name in _at(entry, ["f:metadata", "f:annotations"]) or ()}
    return sorted(name.removeprefix("f:") for name in names if name.startswith("f:"))


def _entries(manifest: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    entries: list[Mapping[str, Any]] = manifest["metadata"].get("managedFields") or []
    return entries


def _at(entry: Mapping[str, Any], keys: Iterable[str]) -> Mapping[str, Any] | None:
    here: Any = entry.get("fieldsV1")
    for key in keys:
        if not isinstance(here, Mapping) or key not in here:
            return None
        here = here[key]
    return here if isinstance(here, Mapping) else None
