"""An API server of Kubernetes as far as swaps use one: objects, merge patches, server-side apply and its books.

Lists are taken as a whole, as in custom resources without a schema of their own. Nothing runs here: what controllers
would write is played by whoever made this.
"""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from bluegreen.clients.kubernetes_session import Refused, Request

Object = dict[str, Any]
Path = tuple[str, ...]
_APPLY = "application/apply-patch+yaml"
_KEPT = (("metadata", "name"), ("metadata", "namespace"), ("metadata", "uid"), ("metadata", "resourceVersion"))


class ClusterApi:
    """One cluster's objects by path.

    Attributes:
        objects: by the path of their own.
        played: the collections that are made up when they are listed: the end of a path to what is in them.
        after: told of each object that was written, and may change it: a controller that is quick.
    """

    def __init__(self) -> None:
        self.objects: dict[str, Object] = {}
        self.played: dict[str, Callable[[Mapping[str, str]], list[Object]]] = {}
        self.after: Callable[[Object], None] = lambda _: None
        self._numbers = itertools.count(1)

    def send(self, request: Request) -> Object:
        """Answer a request.

        Raises:
            Refused: as the API server refuses.
        """
        if request.method == "GET":
            return self._get(request)
        path, _, subresource = _split(request.path)
        if request.method == "DELETE":
            if self.objects.pop(path, None) is None:
                raise _missing(path)
            return {}
        if request.method == "POST":
            return self._made(f"{path}/{(request.body or {})['metadata']['name']}", request.body or {}, request)
        found = self.objects.get(path)
        if found is None:
            if request.content_type != _APPLY or ((request.body or {}).get("metadata") or {}).get("uid"):
                raise _missing(path) if request.content_type != _APPLY else Refused(409, "another uid", "x")
            return self._made(path, request.body or {}, request)
        return self._patched(path, found, subresource, request)

    # -- reads

    def _get(self, request: Request) -> Object:
        path, _, subresource = _split(request.path)
        if path in self.objects:
            found = self.objects[path]
            if subresource == "scale":
                return {"metadata": _header(found), "spec": {"replicas": (found.get("spec") or {}).get("replicas", 1)}}
            return copy.deepcopy(found)
        labels = dict(pair.partition("=")[::2] for pair in request.query.get("labelSelector", "").split(",") if pair)
        for end, made in self.played.items():
            if request.path.endswith(end):
                return {"items": made(labels)}
        inside = [found for at, found in self.objects.items() if at.rpartition("/")[0] == request.path]
        if not inside and not request.path.endswith("s"):
            raise _missing(path)
        if not inside and request.path.count("/") > _collection_depth(request.path):
            raise _missing(path)
        return {"items": [copy.deepcopy(one) for one in inside if _matches(one, labels)]}

    # -- writes

    def _made(self, path: str, body: Mapping[str, Any], request: Request) -> Object:
        made: Object = copy.deepcopy(dict(body))
        made["metadata"] = {**(made.get("metadata") or {}), "uid": f"uid-{next(self._numbers)}", "generation": 1}
        made["metadata"]["managedFields"] = _booked([], request, set(_leaves(body)))
        return self._kept(path, made, request)

    def _kept(self, path: str, made: Object, request: Request) -> Object:
        made["metadata"]["resourceVersion"] = str(next(self._numbers))
        if "dryRun" not in request.query:
            self.objects[path] = made
            self.after(made)
        return copy.deepcopy(made)

    def _patched(self, path: str, found: Object, subresource: str, request: Request) -> Object:
        body = copy.deepcopy(dict(request.body or {}))
        metadata = body.get("metadata") or {}
        if metadata.get("uid") not in (None, found["metadata"]["uid"]):
            raise Refused(409, "Precondition failed: UID in precondition", "objects")
        if metadata.get("resourceVersion") not in (None, found["metadata"]["resourceVersion"]):
            raise Refused(409, "the object has been modified; please apply your changes to the latest version", "x")
        made = copy.deepcopy(found)
        books: list[Object] = made["metadata"].get("managedFields") or []
        said = metadata.pop("managedFields", None)
        leaves = {path for path in _leaves(body) if path not in _KEPT and path[0] not in ("apiVersion", "kind")}
        if request.content_type == _APPLY:
            manager = request.query["fieldManager"]
            former = _owned(books, manager, "Apply")
            others = [entry for entry in books if entry.get("manager") != manager]
            elsewhere = {path for entry in others for path in _of(entry)}
            for gone in former - leaves - elsewhere:
                _remove(made, gone)
            for leaf in leaves:
                _set(made, leaf, _at(body, leaf))
        else:
            _merge(made, body)
        made["metadata"]["managedFields"] = said if said is not None else _booked(books, request, leaves)
        if said == [{}]:
            made["metadata"]["managedFields"] = []
        if subresource != "status" and made.get("spec") != found.get("spec"):
            made["metadata"]["generation"] = found["metadata"].get("generation", 1) + 1
        return self._kept(path, made, request)


def _split(path: str) -> tuple[str, str, str]:
    """The object's path, its name and the subresource."""
    parts = path.split("/")
    depth = _collection_depth(path)
    name = parts[depth + 1] if len(parts) > depth + 1 else ""
    return "/".join(parts[: depth + 2]), name, "/".join(parts[depth + 2 :])


def _collection_depth(path: str) -> int:
    """Where the plural stands: ``/api/v1/namespaces/web/services``."""
    return 6 if path.startswith("/apis/") else 5


def _missing(path: str) -> Refused:
    return Refused(404, f"{path} not found", "objects")


def _header(found: Mapping[str, Any]) -> Object:
    return {key: found["metadata"][key] for key in ("name", "uid", "resourceVersion") if key in found["metadata"]}


def _matches(found: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    return labels.items() <= (found["metadata"].get("labels") or {}).items()


def _leaves(value: Any, at: Path = ()) -> Iterator[Path]:
    if isinstance(value, Mapping) and (value or not at):
        for key, inner in value.items():
            yield from _leaves(inner, (*at, key))
    elif at:
        yield at


def _at(value: Any, path: Path) -> Any:
    for key in path:
        value = value[key]
    return value


def _set(found: Object, path: Path, value: Any) -> None:
    for key in path[:-1]:
        inner = found.get(key)
        if not isinstance(inner, dict):
            inner = found[key] = {}
        found = inner
    found[path[-1]] = copy.deepcopy(value)


def _remove(found: Object, path: Path) -> None:
    for key in path[:-1]:
        found = found.get(key) or {}
    found.pop(path[-1], None)


def _merge(found: Object, changes: Mapping[str, Any]) -> None:
    for key, value in changes.items():
        if value is None:
            found.pop(key, None)
        elif isinstance(value, Mapping):
            inner = found.get(key)
            if not isinstance(inner, dict):
                inner = found[key] = {}
            _merge(inner, value)
        else:
            found[key] = copy.deepcopy(value)


# -- the books


def _booked(books: list[Object], request: Request, leaves: set[Path]) -> list[Object]:
    """Who wrote what, after a write: an apply owns what it says, a patch what it changed; others lose it."""
    manager = request.query.get("fieldManager", "unknown")
    operation = "Apply" if request.content_type == _APPLY else "Update"
    mine = leaves if operation == "Apply" else leaves | _owned(books, manager, operation)
    removed = {leaf for leaf in leaves if operation == "Update" and _at(request.body, leaf) is None}
    found = []
    for entry in books:
        if (entry.get("manager"), entry.get("operation")) != (manager, operation):
            left = _of(entry) - leaves
            if left:
                found.append({**entry, "fieldsV1": _fields(left)})
    if mine - removed:
        found.append({"manager": manager, "operation": operation, "fieldsV1": _fields(mine - removed)})
    return found


def _owned(books: list[Object], manager: str, operation: str) -> set[Path]:
    entries = [one for one in books if (one.get("manager"), one.get("operation")) == (manager, operation)]
    return {path for entry in entries for path in _of(entry)}


def _of(entry: Mapping[str, Any]) -> set[Path]:
    def paths(value: Mapping[str, Any], at: Path) -> Iterator[Path]:
        for key, inner in value.items():
            here = (*at, key.removeprefix("f:"))
            if inner:
                yield from paths(inner, here)
            else:
                yield here

    return set(paths(entry.get("fieldsV1") or {}, ()))


def _fields(paths: set[Path]) -> Object:
    made: Object = {}
    for path in sorted(paths):
        here = made
        for key in path:
            here = here.setdefault(f"f:{key}", {})
    return made
