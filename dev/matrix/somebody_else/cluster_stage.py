"""Kubernetes: a Service's selector, and the objects of every platform that splits by weights."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any
from unittest import mock

from bluegreen.clients import glances
from bluegreen.kubernetes import client as kubernetes
from bluegreen.kubernetes import live_object as kubernetes_object
from bluegreen.kubernetes.routes import rules
from bluegreen.kubernetes.selectors import router as kubernetes_service
from bluegreen.kubernetes.session import Request
from bluegreen.platforms.routers import ROUTERS
from dev.matrix.kubernetes_api import Object, Server
from dev.matrix.shapes import COLORS
from dev.matrix.somebody_else.memory_stage import MemorySizes
from dev.matrix.somebody_else.sight import Sight
from dev.matrix.somebody_else.stage import STRANGER, STRANGERS_MARK, Calls, Heard, Staged

OWNER = "project/stack/web"
_STACK = "pulumi-kubernetes"
_SERVICES: Any = {"blue": "web-blue", "green": "web-green"}
_SELECTORS = {color: {"app": "web", "color": color} for color in COLORS}
_WANTED = rules.Wanted(services=_SERVICES, port=80, cookie="")
_OWNER_NOTE, _MARK = "bluegreen/owner", "bluegreen/mark."
_THEIRS = "team.example.com/note"
_BACKEND = {"service": {"name": "web-green", "port": {"number": 80}}}
_PATH = {"path": "/", "pathType": "Prefix"}

Entries = Callable[[Mapping[str, Any]], list[Object]]


def _route(spec: Mapping[str, Any], section: Mapping[str, Any]) -> tuple[Object, Object]:
    return {"spec": dict(spec)}, dict(section)


_GATEWAY = {"parentRefs": [{"name": "edge"}], "hostnames": ["web.example.com"]}
_HTTP = [*rules.http_route_preview(_WANTED), *rules.http_route_production(_WANTED)]
_GRPC = [*rules.grpc_route_preview(_WANTED), *rules.grpc_route_production(_WANTED)]
_PLANS: dict[str, tuple[Object, Object]] = {
    "kubernetes_service": _route({"ports": [{"port": 80, "targetPort": 8080}]}, {"selectors": _SELECTORS}),
    "gateway_http_route": _route(_GATEWAY, {"rules": _HTTP}),
    "gateway_grpc_route": _route(_GATEWAY, {"rules": _GRPC}),
    "linkerd_http_route": _route(
        {"parentRefs": [{"group": "core", "kind": "Service", "name": "web", "port": 80}]}, {"rules": _HTTP}
    ),
    "traefik_service": _route({}, {"weighted": rules.traefik_weighted(_WANTED)}),
    "istio_virtual_service": _route(
        {"hosts": ["web.example.com"], "gateways": ["edge"], "http": rules.istio_placeholder()},
        {"http": [*rules.istio_preview(_WANTED), *rules.istio_production(_WANTED)]},
    ),
    "contour_http_proxy": _route(
        {"virtualhost": {"fqdn": "web.example.com"}},
        {"routes": [*rules.contour_preview(_WANTED), *rules.contour_production(_WANTED)]},
    ),
}
NGINX, ALB = "nginx_canary", "aws_load_balancer_ingress"
ACTION = "web"
_PLANS[NGINX] = (
    {
        "metadata": {"annotations": rules.nginx_canary_annotations()},
        "spec": {"rules": [{"host": "web.example.com", "http": {"paths": [{**_PATH, "backend": _BACKEND}]}}]},
    },
    {},
)
_PLANS[ALB] = (
    {"spec": {"rules": [{"host": "web.example.com", "http": {"paths": rules.alb_paths(_WANTED, ACTION)}}]}},
    {"action": ACTION, "forward": rules.alb_forward(_WANTED)},
)
_WAY: dict[str, tuple[str, ...]] = {
    "gateway_http_route": ("spec", "rules", "-1", "backendRefs"),
    "gateway_grpc_route": ("spec", "rules", "-1", "backendRefs"),
    "linkerd_http_route": ("spec", "rules", "-1", "backendRefs"),
    "traefik_service": ("spec", "weighted", "services"),
    "istio_virtual_service": ("spec", "http", "-1", "route"),
    "contour_http_proxy": ("spec", "routes", "-1", "services"),
}
KINDS = tuple(name for name in _PLANS if name not in (NGINX, ALB))


_ASSETS = "assets"
"""A Service of somebody else's."""


def _backend(entry: Mapping[str, Any]) -> str | None:
    return entry.get("name") or (entry.get("destination") or {}).get("host")


def _leading_to(entry: Object, service: str, share: int) -> Object:
    if "destination" in entry:
        return {**entry, "destination": {**entry["destination"], "host": service}, "weight": share}
    return {**entry, "name": service, "weight": share}


class _Session:
    """In the place of a connection."""

    def __init__(self, api: Server, heard: Heard, looks: Callable[[str], bool]) -> None:
        self._api, self._heard, self._looks = api, heard, looks

    def send(self, request: Request) -> Object:
        """Answer, and tell of it."""
        verb = request.method.lower()
        try:
            return self._api.send(request)
        finally:
            dry = "dryRun" in request.query
            name = f"{verb} {request.path.rpartition('/namespaces/shop/')[2]}"
            reads = verb == "get"
            self._heard().called(name, writes=not reads and not dry, looks=reads and self._looks(request.path))


class ClusterStage(MemorySizes):
    """One kind of object; sizes are in memory, and a pod of each size is there and ready.

    Args:
        name: the router's kind.
    """

    def __init__(self, name: str = "kubernetes_service") -> None:
        self.name = self._router = name
        self.splits = name != "kubernetes_service"
        self.hands = frozenset({"scales", "adds", "takes", "deletes", *(["joins"] if name in _WAY else [])})
        self.api = Server()
        own: Any = getattr(ROUTERS.load(name), "kind", ("v1", "Service", "services"))
        version, kind, plural = own
        root = "/apis/" if "/" in version else "/api/"
        self._collection = f"{root}{version}/namespaces/shop/{plural}"
        self._kind, self._version, self._generation = kind, version, 0

    @property
    def _path(self) -> str:
        return f"{self._collection}/web"

    @contextmanager
    def opened(self, heard: Heard) -> Iterator[None]:
        """Every connection leads here."""
        session = _Session(self.api, heard, lambda path: path.startswith(self._path))
        self.api.played = {"/pods": self._pods, "/endpointslices": self._slices}
        self.api.after = self._controller
        with (
            kubernetes.reached_by(session),
            # Nothing waits here: what was just answered would be so for all the time that the clock is turned on.
            mock.patch.object(kubernetes_object, "ANSWER_LASTS_SECONDS", 0.0),
            mock.patch.object(kubernetes_service, "ANSWER_LASTS_SECONDS", 0.0),
            mock.patch.object(glances, "LASTS_SECONDS", 0.0),
            self.sizes_heard(heard),
        ):
            yield

    def put_back(self) -> None:
        """The object as its stack declares it, and a Service of each color."""
        self.sizes_put_back()
        self.api.objects.clear()
        declared = _PLANS[self._router][0]
        self._apply(self._path, {"apiVersion": self._version, "kind": self._kind, **declared}, _STACK)
        for color, name in _SERVICES.items():
            spec = {"selector": _SELECTORS[color], "ports": [{"port": 80, "targetPort": 8080}]}
            self._apply(f"/api/v1/namespaces/shop/services/{name}", {"kind": "Service", "spec": spec}, _STACK)

    def _apply(self, path: str, fields: Mapping[str, Any], manager: str) -> None:
        body = {**fields, "metadata": {**(fields.get("metadata") or {}), "name": path.rpartition("/")[2]}}
        query = {"fieldManager": manager, "force": "true"}
        self.api.send(Request("PATCH", path, query, body, "application/apply-patch+yaml"))

    def _patch(self, fields: Mapping[str, Any], manager: str = "kubectl-edit") -> None:
        if self._path in self.api.objects:
            self._patched(self._path, fields, manager)

    def _patched(self, path: str, fields: Mapping[str, Any], manager: str = "kubectl-edit") -> None:
        self.api.send(Request("PATCH", path, {"fieldManager": manager}, fields, "application/merge-patch+json"))

    def router(self) -> dict[str, Any]:
        """The ``router`` section."""
        place = {"service": "web"} if not self.splits else {"name": "web", "services": _SERVICES}
        return {"kind": self._router, "namespace": "shop", "owner": OWNER, **place, **_PLANS[self._router][1]}

    # -- what runs there

    def _pods(self, labels: Mapping[str, str]) -> list[Object]:
        return [pod for color in COLORS if labels.items() <= (pod := self._pod(color))["metadata"]["labels"].items()
                and color in self.sized()]  # fmt: skip

    def _pod(self, color: Any) -> Object:
        ready = {"type": "Ready", "status": "True"}
        labels = {**_SELECTORS[color], "bluegreen/color": color}
        return {
            "metadata": {"name": f"web-{color}-1", "uid": f"pod-{color}", "labels": labels},
            "spec": {"containers": [{"name": "app", "ports": [{"containerPort": 8080}]}]},
            "status": {"phase": "Running", "conditions": [ready]},
        }

    def _slices(self, labels: Mapping[str, str]) -> list[Object]:
        service = self.api.objects.get(f"/api/v1/namespaces/shop/services/{labels['kubernetes.io/service-name']}")
        selector = ((service or {}).get("spec") or {}).get("selector")
        pods = self._pods(selector) if selector else []
        endpoints = [
            {
                "addresses": ["10.0.0.9"],
                "conditions": {"ready": True, "serving": True, "terminating": False},
                "targetRef": {"kind": "Pod", "name": pod["metadata"]["name"], "uid": pod["metadata"]["uid"]},
            }
            for pod in pods
        ]
        return [{"metadata": {"name": "web-1"}, "ports": [{"port": 8080}], "endpoints": endpoints}]

    def _controller(self, made: Object) -> None:
        generation = made["metadata"].get("generation", 1)
        conditions = [
            {"type": name, "status": "True", "reason": name, "observedGeneration": generation}
            for name in ("Accepted", "ResolvedRefs", "Valid")
        ]
        if made.get("kind") in ("HTTPRoute", "GRPCRoute"):
            ref = made["spec"]["parentRefs"][0]
            made["status"] = {"parents": [{"parentRef": ref, "controllerName": "x/y", "conditions": conditions[:2]}]}
        elif made.get("kind") == "HTTPProxy":
            made["status"] = {"currentStatus": "valid", "conditions": conditions[2:]}

    # -- looking

    def look(self) -> Sight:
        """Where the object leads."""
        found = self.api.objects.get(self._path)
        if found is None:
            return Sight({}, self.sized(), self.retiring(), changed=self.changed())
        notes: dict[str, str] = found["metadata"].get("annotations") or {}
        theirs = {name: value for name, value in notes.items() if name == _THEIRS}
        if (found["spec"].get("sessionAffinity"), found["spec"].get("hostnames")) != (None, _GATEWAY["hostnames"]):
            theirs |= {"spec": json.dumps([found["spec"].get(key) for key in ("sessionAffinity", "hostnames")])}
        if any(_backend(entry) == _ASSETS and not entry.get("weight", 100) for entry in self._entries(found)):
            theirs["backend without a share"] = _ASSETS
        if notes.get(_OWNER_NOTE) == STRANGER:
            theirs["owner"] = STRANGER
        return Sight(
            self._weights(found),
            self.sized(),
            self.retiring(),
            self.suspended(),
            marks={name.removeprefix(_MARK): value for name, value in notes.items() if name.startswith(_MARK)},
            theirs=theirs,
            changed=self.changed(),
        )

    def changed(self) -> frozenset[str]:
        """The colors that run another release: nobody sees that of sizes in memory."""
        return frozenset()

    def _weights(self, found: Mapping[str, Any]) -> dict[str, int]:
        if not self.splits:
            selector = (found.get("spec") or {}).get("selector")
            return {color: 100 for color in COLORS if selector and selector == _SELECTORS[color]}
        colors: dict[str | None, str] = {service: color for color, service in _SERVICES.items()}
        shares = [(colors.get(_backend(one)), int(one.get("weight", 100))) for one in self._entries(found)]
        total = sum(share for _, share in shares)
        return {color: round(100 * share / total) for color, share in shares if share and color} if total else {}

    def _entries(self, found: Mapping[str, Any]) -> list[Object]:
        if self._router not in _WAY:
            return []
        here: Any = found
        for key in _WAY[self._router]:
            here = (here[-1] if key == "-1" else here.get(key)) if here else None
        return list(here or [])

    # -- hands

    def move(self, weights: Mapping[str, int]) -> None:
        """As ``kubectl edit`` does it."""
        found = self.api.objects.get(self._path)
        if found is None:
            return
        if not self.splits:
            (color,) = weights
            self._patch({"spec": {"selector": _SELECTORS[color]}})
            return
        entries = self._entries(found)
        if not entries:
            return
        self._rewrite([self._named(entries[0], color, share) for color, share in weights.items()])

    @staticmethod
    def _named(entry: Object, color: str, share: int) -> Object:
        return _leading_to(entry, _SERVICES[color], share)

    def mark(self, changes: Mapping[str, str | None]) -> None:
        """Annotations of the swap's kind."""
        if changes:
            self._patch({"metadata": {"annotations": {_MARK + name: value for name, value in changes.items()}}})

    def act(self, hand: str, color: str) -> None:
        """An annotation, or a field of the stack's; another owner; no object."""
        if hand == "takes":
            taken = {_OWNER_NOTE: STRANGER, f"{_MARK}incarnation": STRANGERS_MARK}
            self._patch({"metadata": {"annotations": taken}}, "bluegreen")
        elif hand == "deletes":
            self.api.objects.pop(self._path, None)
        elif hand == "joins":
            self._join(100 if color == "green" else 0)
        elif color == "blue":
            self._patch({"metadata": {"annotations": {_THEIRS: STRANGER}}})
        elif self.splits:
            self._patch({"spec": {"hostnames": ["web.example.com", "shop.example.com"]}}, _STACK)
        else:
            self._patch({"spec": {"sessionAffinity": "ClientIP"}}, _STACK)

    def _join(self, share: int) -> None:
        """One backend more in the rule that leads to a color, with a share or without."""
        found = self.api.objects.get(self._path)
        entries = [] if found is None else self._entries(found)
        if entries and not any(_backend(one) == _ASSETS for one in entries):
            self._rewrite([*entries, _leading_to(entries[0], _ASSETS, share)])

    def _rewrite(self, entries: list[Object]) -> None:
        spec = json.loads(json.dumps(self.api.objects[self._path]["spec"]))
        here: Any = {"spec": spec}
        *way, last = _WAY[self._router]
        for key in way:
            here = here[-1] if key == "-1" else here[key]
        here[last] = entries
        self._patch({"spec": spec})

    def mend(self) -> None:
        """Apply the stack's objects again, as its own update does it before the swap's."""
        if self._path not in self.api.objects:
            declared = _PLANS[self._router][0]
            self._apply(self._path, {"apiVersion": self._version, "kind": self._kind, **declared}, _STACK)


_AS_A_ROUTE = Calls(10, 14, 9)
STAGES = {
    name: Staged(partial(ClusterStage, name), Calls(13, None, 10) if name == "kubernetes_service" else _AS_A_ROUTE)
    for name in KINDS
}
