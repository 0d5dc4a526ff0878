"""The owners of a Kubernetes object's fields: the effects of an apply and a merge patch on both. Pure.

https://kubernetes.io/docs/reference/using-api/server-side-apply/
"""

from __future__ import annotations

import copy
import itertools
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

Path = tuple[str, ...]
_BOOKS = ("managedFields", "uid", "resourceVersion", "generation", "name", "namespace", "creationTimestamp")
_numbers = itertools.count(1)


def new(path: str, body: Mapping[str, Any]) -> dict[str, Any]:
    pieces = path.split("/")
    metadata = {
        "name": unquote(pieces[-1]),
        "namespace": unquote(pieces[-3]),
        "uid": f"uid-{next(_numbers)}",
        "resourceVersion": "0",
        "generation": 0,
        "managedFields": [],
    }
    return {"apiVersion": body.get("apiVersion"), "kind": body.get("kind"), "metadata": metadata}


def _leaves(value: Mapping[str, Any], kind: str, at: Path = ()) -> Iterator[Path]:
    """The paths of the fields that can have an owner each."""
    for key, one in value.items():
        path = (*at, key)
        if path[:1] in (("apiVersion",), ("kind",)) or (path[:1] == ("metadata",) and key in _BOOKS):
            continue
        whole = kind == "Service" and path == ("spec", "selector")
        if isinstance(one, Mapping) and one and not whole:
            yield from _leaves(one, kind, path)
        else:
            yield path


def applied(now: Mapping[str, Any], body: Mapping[str, Any], manager: str) -> dict[str, Any]:
    """As with ``force``: what others had is this manager's now, what it had and does not name has no owner and goes."""
    made = copy.deepcopy(dict(now))
    books = _read(made)
    mine = set(_leaves(body, str(now["kind"])))
    former = books.get((manager, "Apply"), set())
    for path in former - mine:
        shared = any(path in owned for who, owned in books.items() if who != (manager, "Apply"))
        if not shared and not any(other[: len(path)] == path for other in mine):
            _set(made, path, None)
    for path in mine:
        wanted = _at(body, path)
        if wanted == {} and isinstance(_at(made, path), Mapping):
            continue  # an object without fields changes none of those that are there
        changed = _at(made, path) != wanted
        for who, owned in books.items():
            if who != (manager, "Apply") and changed:
                owned.difference_update({one for one in owned if one[: len(path)] == path or path[: len(one)] == one})
        _set(made, path, wanted)
    books[manager, "Apply"] = mine
    _write(made, books)
    return made


def merged(now: Mapping[str, Any], body: Mapping[str, Any], manager: str) -> dict[str, Any]:
    made = copy.deepcopy(dict(now))
    entries = (body.get("metadata") or {}).pop("managedFields", None)
    if entries is not None:
        made["metadata"]["managedFields"] = [entry for entry in entries if entry]
    wanted = {key: value for key, value in body.items() if key not in ("apiVersion", "kind")}
    before = copy.deepcopy(made)
    _merge(made, wanted)
    books = _read(made)
    kind = str(now["kind"])
    was, has = set(_leaves(before, kind)), set(_leaves(made, kind))
    changed = {path for path in has if path not in was or _at(before, path) != _at(made, path)}
    for owned in books.values():
        owned.difference_update(changed | {path for path in owned if path not in has})
    if changed:
        books.setdefault((manager, "Update"), set()).update(changed)
    for key in ("uid", "resourceVersion", "generation", "name", "namespace"):
        made["metadata"][key] = now["metadata"][key]
    _write(made, books)
    return made


def _merge(into: dict[str, Any], patch: Mapping[str, Any]) -> None:
    for key, value in patch.items():
        if value is None:
            into.pop(key, None)
        elif isinstance(value, Mapping):
            here = into.get(key)
            into[key] = dict(here) if isinstance(here, Mapping) else {}
            _merge(into[key], value)
        else:
            into[key] = value


def _read(found: Mapping[str, Any]) -> dict[tuple[str, str], set[Path]]:
    return {
        (entry["manager"], entry["operation"]): set(_from_fields(entry.get("fieldsV1") or {}))
        for entry in found["metadata"]["managedFields"]
    }


def _write(found: dict[str, Any], books: Mapping[tuple[str, str], set[Path]]) -> None:
    found["metadata"]["managedFields"] = [
        {"manager": manager, "operation": operation, "apiVersion": found["apiVersion"], "fieldsV1": _to_fields(owned)}
        for (manager, operation), owned in books.items()
        if owned
    ]


def _to_fields(paths: set[Path]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for path in sorted(paths):
        here = made
        for key in path:
            here = here.setdefault(f"f:{key}", {})
    return made


def _from_fields(fields: Mapping[str, Any], at: Path = ()) -> Iterator[Path]:
    for key, inner in fields.items():
        path = (*at, key.removeprefix("f:"))
        if inner:
            yield from _from_fields(inner, path)
        else:
            yield path


def _at(found: Any, path: Path) -> Any:
    for key in path:
        if not isinstance(found, Mapping) or key not in found:
            return None
        found = found[key]
    return found


def _set(found: dict[str, Any], path: Path, value: Any) -> None:
    *parents, last = path
    here = found
    for key in parents:
        here = here.setdefault(key, {})
    if value is None:
        here.pop(last, None)
    else:
        here[last] = copy.deepcopy(value)


def plain(found: Mapping[str, Any]) -> dict[str, Any]:
    return {**found, "metadata": {key: value for key, value in found["metadata"].items() if key != "managedFields"}}
