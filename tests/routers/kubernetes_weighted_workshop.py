"""Objects of each weighted platform on a real API server, declared as a stack declares them, and hands to change them.

No controller of theirs runs here: where one would write a status, ``Controllers`` plays it through that subresource.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from bluegreen.kubernetes.client import KubernetesConnection, Resource
from bluegreen.kubernetes.routes import rules
from bluegreen.platforms.routers import ROUTERS
from bluegreen.rollout.errors import PlatformError
from tests.routers import kubernetes_workshop

OWNER = "project/stack/web"
STACK = "pulumi-kubernetes"
SERVICES = {"blue": "web-blue", "green": "web-green"}
WANTED = rules.Wanted(services=SERVICES, port=80, cookie="color")
_BACKEND = {"service": {"name": "web-green", "port": {"number": 80}}}
_PATH = {"path": "/", "pathType": "Prefix"}


def ingress(*paths: Mapping[str, Any], **annotations: str) -> dict[str, Any]:
    """An Ingress for one host."""
    spec = {"rules": [{"host": "web.example.com", "http": {"paths": [*paths]}}]}
    return {"spec": spec, "metadata": {"annotations": annotations}}


@dataclass(frozen=True)
class Plan:
    """How one kind is declared.

    Attributes:
        declared: the object as the stack declares it: without what is the swap's.
        section: the platform's own part of the router's section.
        api_version: where the router has a choice of them.
    """

    declared: Mapping[str, Any]
    section: Mapping[str, Any]
    api_version: str = ""


_GATEWAY = {"spec": {"parentRefs": [{"name": "nobodys"}], "hostnames": ["web.example.com"]}}
_MESH = {"spec": {"parentRefs": [{"group": "core", "kind": "Service", "name": "web", "port": 80}]}}
_HTTP_RULES = [*rules.http_route_preview(WANTED), *rules.http_route_production(WANTED)]
_SUBSETS = {color: {"host": "web", "subset": color} for color in SERVICES}
PLANS = {
    "gateway_http_route": Plan(_GATEWAY, {"rules": _HTTP_RULES}),
    "gateway_grpc_route": Plan(
        _GATEWAY, {"rules": [*rules.grpc_route_preview(WANTED), *rules.grpc_route_production(WANTED)]}
    ),
    "linkerd_http_route": Plan(_MESH, {"rules": _HTTP_RULES}),
    "linkerd_http_route, its own kind": Plan(
        _MESH, {"rules": _HTTP_RULES, "api_group": "policy.linkerd.io"}, "policy.linkerd.io/v1beta3"
    ),
    "traefik_service": Plan(
        {"spec": {}}, {"weighted": {**rules.traefik_weighted(WANTED), "sticky": {"cookie": {"name": "c"}}}}
    ),
    "istio_virtual_service": Plan(
        {"spec": {"hosts": ["web.example.com"], "gateways": ["edge"], "http": rules.istio_placeholder()}},
        {"http": [*rules.istio_preview(WANTED), *rules.istio_production(WANTED)]},
    ),
    "istio_virtual_service, subsets": Plan(
        {"spec": {"hosts": ["web"], "http": rules.istio_placeholder()}},
        {
            "http": [*rules.istio_preview(WANTED, _SUBSETS), *rules.istio_production(WANTED, _SUBSETS)],
            "tcp": [{"match": [{"port": 5432}], "route": [{"destination": _SUBSETS[color]} for color in SERVICES]}],
            "destinations": _SUBSETS,
        },
    ),
    "contour_http_proxy": Plan(
        {"spec": {"virtualhost": {"fqdn": "web.example.com"}}},
        {"routes": [*rules.contour_preview(WANTED), *rules.contour_production(WANTED)]},
    ),
    "nginx_canary": Plan(ingress({**_PATH, "backend": _BACKEND}, **rules.nginx_canary_annotations(cookie="color")), {}),
    "aws_load_balancer_ingress": Plan(
        ingress(
            *rules.alb_paths(WANTED, "web"),
            **{name: rules.as_json(value) for name, value in rules.alb_preview_actions(WANTED, "web").items()},
        ),
        {
            "action": "web",
            "forward": {
                **rules.alb_forward(WANTED),
                "targetGroupStickinessConfig": {"enabled": True, "durationSeconds": 60},
            },
        },
    ),
}


@dataclass
class Shop:
    """A namespace of its own.

    Attributes:
        node: the node, for ``kubectl``.
        namespace: its name.
        kubeconfig: the node's administrator's.
        made: the objects that are there.
    """

    node: Any
    namespace: str
    kubeconfig: str
    made: list[Resource] = field(default_factory=list)

    @property
    def cluster(self) -> KubernetesConnection:
        return KubernetesConnection(kubeconfig=self.kubeconfig)

    def resource(self, plan: str) -> Resource:
        """Where the object of a plan is."""
        version, kind, plural = ROUTERS.load(kind_of(plan)).kind
        return Resource(PLANS[plan].api_version or version, kind, plural, self.namespace, name_of(plan))

    def declare(self, plan: str, **changes: Any) -> Resource:
        """Make the object afresh, as a stack does."""
        what = self.resource(plan)
        self.cluster.delete(what)
        self.cluster.apply(what, {**PLANS[plan].declared, **changes}, STACK)
        if what not in self.made:
            self.made.append(what)
        return what

    def section(self, plan: str, **more: Any) -> dict[str, Any]:
        """The router's section."""
        common = {"namespace": self.namespace, "services": SERVICES, "owner": OWNER}
        cluster = {"kubeconfig": self.kubeconfig}
        own = PLANS[plan].section
        return {"kind": kind_of(plan), "name": name_of(plan), **common, "cluster": cluster, **own, **more}

    def get(self, what: Resource) -> dict[str, Any]:
        """The object as it is."""
        manifest = self.cluster.get(what)
        assert manifest is not None, what
        return manifest

    def say(self, what: Resource, status: Mapping[str, Any]) -> None:
        """Write a status as a controller does."""
        named = Resource(what.api_version, what.kind, what.plural, what.namespace, what.name, "status")
        self.cluster.merge(named, {"status": status}, "a-controller")


def kind_of(plan: str) -> str:
    """The router's kind."""
    return plan.partition(",")[0]


def name_of(plan: str) -> str:
    """The object's name."""
    return plan.replace(", ", "-").replace(" ", "-").replace("_", "-")


@contextlib.contextmanager
def opened(node: Any, word: str) -> Iterator[Shop]:
    """A namespace with a Service for each color, and without pods."""
    node.install_crds("gateway-api", "istio", "contour", "traefik", "linkerd")
    with kubernetes_workshop.namespace(node, word) as workshop:
        for service in SERVICES.values():
            workshop.service(service, selector={"app": service})
        yield Shop(node, workshop.namespace, str(node.kubeconfig))


@contextlib.contextmanager
def attended(node: Any, word: str) -> Iterator[Shop]:
    """The same, with the controllers played all the time."""
    with opened(node, word) as shop:
        controllers = Controllers(shop)
        controllers.start()
        try:
            yield shop
        finally:
            controllers.end()


def section(shop: Shop, plan: str) -> dict[str, Any]:
    """A ``router`` section for an object that is made afresh."""
    shop.declare(plan)
    return shop.section(plan)


# -- played


def accepted(manifest: Mapping[str, Any], status: str = "True", message: str = "") -> dict[str, Any]:
    """The status that a controller gives a route of the Gateway API as it is now."""
    conditions = [
        {
            "type": name,
            "status": status,
            "reason": name if status == "True" else "BackendNotFound",
            "message": message,
            "observedGeneration": manifest["metadata"]["generation"],
            "lastTransitionTime": "2026-11-21T12:00:00Z",
        }
        for name in ("Accepted", "ResolvedRefs")
    ]
    ref = manifest["spec"]["parentRefs"][0]
    return {"parents": [{"parentRef": ref, "controllerName": "played.example.com/one", "conditions": conditions}]}


def valid(manifest: Mapping[str, Any], current: str = "valid", *errors: str) -> dict[str, Any]:
    """The status that Contour gives an HTTPProxy as it is now."""
    condition = {
        "type": "Valid",
        "status": str(current == "valid"),
        "reason": current.capitalize(),
        "message": "At least one error present, see Errors for details" if errors else "Valid HTTPProxy",
        "errors": [
            {"type": "ServiceError", "status": "True", "reason": "ServiceUnresolvedReference", "message": text}
            for text in errors
        ],
        "observedGeneration": manifest["metadata"]["generation"],
        "lastTransitionTime": "2026-11-21T12:00:00Z",
    }
    return {"currentStatus": current, "description": condition["message"], "conditions": [condition]}


_SAID: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "HTTPRoute": accepted,
    "GRPCRoute": accepted,
    "HTTPProxy": valid,
}


class Controllers(threading.Thread):
    """Plays the controllers of everything that a shop has: what they would say, soon after each change."""

    def __init__(self, shop: Shop) -> None:
        super().__init__(daemon=True)
        self._shop = shop
        self._over = threading.Event()
        self._seen: dict[str, int] = {}

    def run(self) -> None:
        """Look at every object again and again."""
        while not self._over.wait(0.02):
            for what in list(self._shop.made):
                with contextlib.suppress(PlatformError):  # deleted between two calls
                    self._say(what)

    def _say(self, what: Resource) -> None:
        manifest = self._shop.cluster.get(what) if what.kind in _SAID else None
        if manifest is None or self._seen.get(manifest["metadata"]["uid"]) == manifest["metadata"]["generation"]:
            return
        self._shop.say(what, _SAID[what.kind](manifest))
        self._seen[manifest["metadata"]["uid"]] = manifest["metadata"]["generation"]

    def end(self) -> None:
        """Stop."""
        self._over.set()
        self.join(timeout=60)


def soon(check: Callable[[], Any], seconds: float = 180) -> Any:
    """Ask until the answer is true; the last answer."""
    deadline = time.monotonic() + seconds
    while not (answer := check()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return answer
