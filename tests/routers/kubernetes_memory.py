"""An API server in memory, no kinder than the real one: field managers, optimistic locks, atomic lists, defaults.

It stands where a session of the client stands, so the client itself is what is tested with it. What it knows of kinds
is their defaults and which of their fields are taken as a whole: every list is (no list here has merge keys), and so is
a Service's selector. https://kubernetes.io/docs/reference/using-api/server-side-apply/
"""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from bluegreen.clients import kubernetes
from bluegreen.clients.kubernetes import KubernetesConnection, Resource
from bluegreen.clients.kubernetes_session import Refused, Request

Path = tuple[str, ...]
_BOOKS = ("managedFields", "uid", "resourceVersion", "generation", "name", "namespace", "creationTimestamp")
_numbers = itertools.count(1)


class Server:
    """One cluster.

    Attributes:
        objects: what is there, by path.
        requests: all that came, as ``"PATCH /api/v1/..."``.
        between: called before each request with its method and path: the world, which may act then.
    """

    def __init__(self) -> None:
        self.objects: dict[str, dict[str, Any]] = {}
        self.requests: list[str] = []
        self.between: Callable[[str, str], None] = lambda _method, _path: None
        self.cluster = KubernetesConnection(context=f"memory-{next(_numbers)}")
        kubernetes._sessions[self.cluster] = self  # type: ignore[assignment]
        self._versions = itertools.count(1)
        self._busy = False

    # -- what the client calls

    def send(self, request: Request) -> dict[str, Any]:
        """Answer one request."""
        if not self._busy:
            self.requests.append(f"{request.method} {request.path}")
            self._busy = True  # what the world does meanwhile is none of the swap's requests
            try:
                self.between(request.method, request.path)
            finally:
                self._busy = False
        path, _, status = request.path.partition("/status")
        if request.method == "GET":
            return self._get(path, request)
        if request.method == "DELETE":
            if self.objects.pop(path, None) is None:
                raise _missing(path)
            return {}
        return self._patch(
            path, request, part="status" if status == "" and request.path.endswith("/status") else "spec"
        )

    def _get(self, path: str, request: Request) -> dict[str, Any]:
        if _is_object(path):
            if path not in self.objects:
                raise _missing(path)
            return copy.deepcopy(self.objects[path])
        wanted = request.query.get("labelSelector", "")
        found = [one for at, one in sorted(self.objects.items()) if at.rpartition("/")[0] == path]
        return {"items": copy.deepcopy([one for one in found if _chosen(one, wanted)])}

    def _patch(self, path: str, request: Request, part: str) -> dict[str, Any]:
        applies = "apply-patch" in request.content_type
        body: dict[str, Any] = copy.deepcopy(dict(request.body or {}))
        manager, now = request.query["fieldManager"], self.objects.get(path)
        asked = body.get("metadata") or {}
        if now is None:
            if not applies:
                raise _missing(path)
            if asked.get("uid"):
                raise Refused(409, "uid mismatch: the provided object specified uid, and no existing object was found")
            now = _new(path, body)
        if asked.get("uid", now["metadata"]["uid"]) != now["metadata"]["uid"]:
            raise Refused(409, f"Precondition failed: UID in precondition: {asked['uid']}", kind="objects")
        if asked.get("resourceVersion", now["metadata"]["resourceVersion"]) != now["metadata"]["resourceVersion"]:
            raise Refused(409, "the object has been modified; please apply your changes to the latest version")
        if part == "status":
            body = {key: value for key, value in body.items() if key in ("status", "metadata")}
        made = _applied(now, body, manager) if applies else _merged(now, body, manager)
        _defaults(made)
        if _plain(made) == _plain(now) and made["metadata"]["managedFields"] == now["metadata"]["managedFields"]:
            made = now
        if "dryRun" in request.query:
            return copy.deepcopy(made)
        if made is not now or path not in self.objects:
            made["metadata"]["resourceVersion"] = str(next(self._versions))
            if made.get("spec") != now.get("spec"):
                made["metadata"]["generation"] = int(now["metadata"]["generation"]) + 1
            self.objects[path] = made
        return copy.deepcopy(self.objects[path])

    # -- what a test does

    def declare(self, what: Resource, fields: Mapping[str, Any], manager: str = "pulumi-kubernetes") -> None:
        """Make or change an object as a stack does."""
        self._by_the_world(lambda: self.cluster.apply(what, fields, manager))

    def edit(self, what: Resource, fields: Mapping[str, Any], manager: str = "kubectl-edit") -> None:
        """Change an object as a person does."""
        self._by_the_world(lambda: self.cluster.merge(what, fields, manager))

    def say(self, what: Resource, status: Mapping[str, Any]) -> None:
        """Write a status as a controller does."""
        named = Resource(what.api_version, what.kind, what.plural, what.namespace, what.name, "status")
        self._by_the_world(lambda: self.cluster.merge(named, {"status": status}, "a-controller"))

    def remove(self, what: Resource) -> None:
        """Delete an object."""
        self.objects.pop(what.path, None)

    def get(self, what: Resource) -> dict[str, Any]:
        """The object as it is."""
        return copy.deepcopy(self.objects[what.path])

    def _by_the_world(self, act: Callable[[], object]) -> None:
        before, self._busy = self._busy, True
        try:
            act()
        finally:
            self._busy = before


# -- the books


def _new(path: str, body: Mapping[str, Any]) -> dict[str, Any]:
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
    """Where the fields are that can have an owner each."""
    for key, one in value.items():
        path = (*at, key)
        if path[:1] in (("apiVersion",), ("kind",)) or (path[:1] == ("metadata",) and key in _BOOKS):
            continue
        whole = kind == "Service" and path == ("spec", "selector")
        if isinstance(one, Mapping) and one and not whole:
            yield from _leaves(one, kind, path)
        else:
            yield path


def _applied(now: Mapping[str, Any], body: Mapping[str, Any], manager: str) -> dict[str, Any]:
    """As with ``force``: what others had is this manager's now, what it had and does not name is nobody's, and goes."""
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


def _merged(now: Mapping[str, Any], body: Mapping[str, Any], manager: str) -> dict[str, Any]:
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


def _plain(found: Mapping[str, Any]) -> dict[str, Any]:
    return {**found, "metadata": {key: value for key, value in found["metadata"].items() if key != "managedFields"}}


# -- kinds


def _defaults(found: dict[str, Any]) -> None:
    """What the published schemas fill in."""
    if found["kind"] not in ("HTTPRoute", "GRPCRoute"):
        return
    spec = found.setdefault("spec", {})
    everything = [{"path": {"type": "PathPrefix", "value": "/"}}]
    if found["kind"] == "HTTPRoute":
        spec.setdefault("rules", [{"matches": copy.deepcopy(everything)}])
    for rule in spec.get("rules") or ():
        if found["kind"] == "HTTPRoute":
            rule.setdefault("matches", copy.deepcopy(everything))
            for match in rule["matches"]:
                match.setdefault("path", {"type": "PathPrefix", "value": "/"})
                match["path"].setdefault("type", "PathPrefix")
                for header in match.get("headers") or ():
                    header.setdefault("type", "Exact")
        for backend in rule.get("backendRefs") or ():
            for key, value in (("group", ""), ("kind", "Service"), ("weight", 1)):
                backend.setdefault(key, value)


def _is_object(path: str) -> bool:
    """``/api/v1/namespaces/NS/PLURAL/NAME`` and ``/apis/GROUP/VERSION/namespaces/NS/PLURAL/NAME``."""
    pieces = path.strip("/").split("/")
    return len(pieces) == (6 if pieces[0] == "api" else 7)


def _missing(path: str) -> Refused:
    return Refused(404, f"{path} not found", kind="objects")


def _chosen(found: Mapping[str, Any], wanted: str) -> bool:
    labels = found["metadata"].get("labels") or {}
    for one in _requirements(wanted):
        key, _, values = one.partition(" in ")
        if values:
            if labels.get(key.strip()) not in values.strip("() ").split(","):
                return False
        elif "=" in one:
            name, _, value = one.partition("=")
            if labels.get(name) != value:
                return False
        elif one not in labels:
            return False
    return True


def _requirements(wanted: str) -> list[str]:
    found, depth = [""], 0
    for letter in wanted:
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if letter == "," and not depth:
            found.append("")
        else:
            found[-1] += letter
    return [one for one in found if one]
