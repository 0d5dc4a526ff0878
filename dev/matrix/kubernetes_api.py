"""An API server in memory, no kinder than the real one: field managers, optimistic locks, atomic lists, defaults.

It stands where a session of the client stands, so the client itself is what is tested with it. What it knows of kinds
is their defaults and which of their fields are taken as a whole: every list is (no list here has merge keys), and so is
a Service's selector. https://kubernetes.io/docs/reference/using-api/server-side-apply/
"""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable, Mapping
from typing import Any

from bluegreen.kubernetes import client as kubernetes
from bluegreen.kubernetes.client import KubernetesConnection, Resource
from bluegreen.kubernetes.session import Refused, Request
from dev.matrix.kubernetes_books import applied, merged, new, plain

Object = dict[str, Any]
_SUBRESOURCES = ("status", "scale")
_numbers = itertools.count(1)


class Server:
    """One cluster.

    Attributes:
        objects: what is there, by path.
        requests: all that came, as ``"PATCH /api/v1/..."``.
        between: called before each request with its method and path: the world, which may act then.
        played: collections that are made up when they are listed, by the end of their paths: from the labels that are
            requested to what is in them.
        after: called with each object that is written, and may change it: a controller that is quick.
    """

    def __init__(self) -> None:
        self.objects: dict[str, Object] = {}
        self.requests: list[str] = []
        self.between: Callable[[str, str], None] = lambda _method, _path: None
        self.played: dict[str, Callable[[Mapping[str, str]], list[Object]]] = {}
        self.after: Callable[[Object], None] = lambda _made: None
        self.cluster = KubernetesConnection(context=f"memory-{next(_numbers)}")
        kubernetes.reach(self.cluster, self)
        self._versions = itertools.count(1)
        self._busy = False

    # -- what the client calls

    def send(self, request: Request) -> Object:
        """Answer one request."""
        if not self._busy:
            self.requests.append(f"{request.method} {request.path}")
            self._busy = True  # what the world does meanwhile is not the swap's requests
            try:
                self.between(request.method, request.path)
            finally:
                self._busy = False
        path, part = _split(request.path)
        if request.method == "GET":
            return self._get(path, part, request)
        if request.method == "DELETE":
            if self.objects.pop(path, None) is None:
                raise _missing(path)
            return {}
        if request.method == "POST":
            return self._post(path, request)
        return self._patch(path, request, part)

    def _get(self, path: str, part: str, request: Request) -> Object:
        if _is_object(path):
            if path not in self.objects:
                raise _missing(path)
            found = copy.deepcopy(self.objects[path])
            return _scale(found) if part == "scale" else found
        wanted = request.query.get("labelSelector", "")
        for end, made in self.played.items():
            if path.endswith(end):
                return {"items": copy.deepcopy(made(_labels(wanted)))}
        inside = [one for at, one in sorted(self.objects.items()) if at.rpartition("/")[0] == path]
        return {"items": copy.deepcopy([one for one in inside if _chosen(one, wanted)])}

    def _post(self, path: str, request: Request) -> Object:
        made = f"{path}/{(request.body or {})['metadata']['name']}"
        if made in self.objects:
            raise Refused(409, f"{made} already exists", kind="objects")
        query = {"fieldManager": "unknown", **request.query}
        return self._patch(made, Request("PATCH", made, query, request.body, "application/apply-patch+yaml"), "")

    def _patch(self, path: str, request: Request, part: str) -> Object:
        applies = "apply-patch" in request.content_type
        body: dict[str, Any] = copy.deepcopy(dict(request.body or {}))
        manager, now = request.query["fieldManager"], self.objects.get(path)
        asked = body.get("metadata") or {}
        if now is None:
            if not applies:
                raise _missing(path)
            if asked.get("uid"):
                raise Refused(409, "uid mismatch: the provided object specified uid, and no existing object was found")
            now = new(path, body)
        if asked.get("uid", now["metadata"]["uid"]) != now["metadata"]["uid"]:
            raise Refused(409, f"Precondition failed: UID in precondition: {asked['uid']}", kind="objects")
        if asked.get("resourceVersion", now["metadata"]["resourceVersion"]) != now["metadata"]["resourceVersion"]:
            raise Refused(409, "the object has been modified; please apply your changes to the latest version")
        if part == "status":
            body = {key: value for key, value in body.items() if key in ("status", "metadata")}
        made = applied(now, body, manager) if applies else merged(now, body, manager)
        _defaults(made)
        if plain(made) == plain(now) and made["metadata"]["managedFields"] == now["metadata"]["managedFields"]:
            made = now
        if "dryRun" in request.query:
            return copy.deepcopy(made)
        if made is not now or path not in self.objects:
            made["metadata"]["resourceVersion"] = str(next(self._versions))
            if made.get("spec") != now.get("spec"):
                made["metadata"]["generation"] = int(now["metadata"]["generation"]) + 1
            self.after(made)
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

    def get(self, what: Resource) -> Object:
        """The object as it is."""
        return copy.deepcopy(self.objects[what.path])

    def _by_the_world(self, act: Callable[[], object]) -> None:
        before, self._busy = self._busy, True
        try:
            act()
        finally:
            self._busy = before


# -- kinds


def _defaults(found: Object) -> None:
    """Fill in the defaults of the published schemas."""
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


def _split(path: str) -> tuple[str, str]:
    """An object's path, and which part of it is meant; empty for the whole."""
    before, _, last = path.rpartition("/")
    return (before, last) if last in _SUBRESOURCES and _is_object(before) else (path, "")


def _scale(found: Object) -> Object:
    header = {key: found["metadata"][key] for key in ("name", "uid", "resourceVersion")}
    return {"metadata": header, "spec": {"replicas": (found.get("spec") or {}).get("replicas", 1)}}


def _labels(wanted: str) -> dict[str, str]:
    """The labels of a selector that have to have one value each."""
    return dict(one.partition("=")[::2] for one in _requirements(wanted) if "=" in one)


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
