"""Routes with weights: behind a real Traefik, and, where no controller runs here, as the API server stores them."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar

import yaml

from bluegreen.kubernetes.client import KubernetesConnection, Resource
from localcloud.cloud import LocalCloud
from tests.e2e.stack import Stack
from tests.routers.kubernetes_weighted_workshop import accepted, valid
from tests.scenarios.on_kubernetes import Behind, OnKubernetes, named

STEPS = {"name": "steps", "steps": [{"weight_percent": 10, "hold_seconds": 1}, {"weight_percent": 50}]}
SPLIT = [("blue", 70), ("green", 30)]
TARGET_HEALTH = [{"kind": "target_health", "interval_seconds": 1}]


class Gateway(Behind):
    platform = "kubernetes_gateway"
    data_plane = "a real Traefik before the node's pods, as the controller of a Gateway"
    host = "gateway.scenario.test"
    resource = "httproute/shop"
    write_call = "patch httproutes.gateway.networking.k8s.io"
    writes = 3
    promotion_calls = 40
    rollback_calls = 20

    def config(self, cloud: LocalCloud) -> dict[str, Any]:
        return {
            **super().config(cloud),
            "parentRefs": [{"name": "public"}],
            "hostnames": [self.host],
            "url": self.node.traefik().url,
            "strategy": STEPS,
            "gates": self.gates(),
        }

    @contextlib.contextmanager
    def around(self, cloud: LocalCloud, stack: Stack) -> Iterator[None]:
        with super().around(cloud, stack):
            traefik = self.node.traefik()
            gateway = {
                "apiVersion": "gateway.networking.k8s.io/v1",
                "kind": "Gateway",
                "metadata": {"name": "public", "namespace": self.namespace},
                "spec": {
                    "gatewayClassName": traefik.gateway_class,
                    "listeners": [{"name": "web", "protocol": "HTTP", "port": traefik.port}],
                },
            }
            self.node.apply(yaml.safe_dump(gateway))
            yield

    def live(self, stack: Stack) -> dict[str, int]:
        return named(self.get()["spec"]["rules"][0]["backendRefs"])

    def drift(self, stack: Stack) -> None:
        rules = self.get()["spec"]["rules"]
        port = rules[0]["backendRefs"][0]["port"]
        rules[0]["backendRefs"] = [
            {"name": f"{self.service}-{color}", "port": port, "weight": share} for color, share in SPLIT
        ]
        self.patch({"spec": {"rules": rules}})


class Traefik(Behind):
    platform = "kubernetes_traefik"
    data_plane = "a real Traefik before the node's pods, by resources of its own"
    host = "traefik.scenario.test"
    resource = "traefikservices.traefik.io/shop"
    write_call = "patch traefikservices.traefik.io"
    writes = 3
    promotion_calls = 40
    rollback_calls = 20

    def config(self, cloud: LocalCloud) -> dict[str, Any]:
        return {
            **super().config(cloud),
            "hostnames": [self.host],
            "url": self.node.traefik().url,
            "strategy": STEPS,
            "gates": self.gates(),
        }

    def live(self, stack: Stack) -> dict[str, int]:
        return named(self.get()["spec"]["weighted"]["services"])

    def drift(self, stack: Stack) -> None:
        services = self.get()["spec"]["weighted"]["services"]
        moved = [{**services[0], "name": f"shop-{color}", "weight": share} for color, share in SPLIT]
        self.patch({"spec": {"weighted": {"services": moved}}})


class Stored(OnKubernetes):
    """No controller of these can run here: the object itself is looked at, and nothing carries requests."""

    data_plane = (
        "none: its controller cannot run here; the object is stored by a real API server under its published CRD"
    )
    platform = "kubernetes_route"
    route: ClassVar[str]
    host: ClassVar[str] = "shop.scenario.test"
    crds: ClassVar[tuple[str, ...]] = ()
    #: What a controller would write as the object's status, where the swap waits for that.
    status: ClassVar[Callable[[Mapping[str, Any]], dict[str, Any]] | None] = None
    writes = 3
    promotion_calls = 40
    rollback_calls = 20

    def config(self, cloud: LocalCloud) -> dict[str, Any]:
        return {
            **super().config(cloud),
            "route": self.route,
            "host": self.host,
            "url": "http://shop.scenario.test",
            "strategy": {"name": "steps", "steps": [{"weight_percent": 10}, {"weight_percent": 50}]},
            "gates": TARGET_HEALTH,
        }

    @contextlib.contextmanager
    def around(self, cloud: LocalCloud, stack: Stack) -> Iterator[None]:
        self.node.install_crds(*self.crds)
        with super().around(cloud, stack), self._played():
            yield

    @contextlib.contextmanager
    def _played(self) -> Iterator[None]:
        """Say of the object, again and again, what its controller would say of it."""
        if self.status is None:
            yield
            return
        kind, _, name = self.resource.partition("/")
        plural, _, group = kind.partition(".")
        what = Resource(f"{group}/v1", "", plural, self.namespace, name)
        cluster, ended = KubernetesConnection(kubeconfig=str(self.node.kubeconfig)), threading.Event()

        def play() -> None:
            said: Any = None
            while not ended.wait(0.1):
                manifest = cluster.get(what)
                if manifest is not None and manifest["metadata"]["generation"] != said:
                    said = manifest["metadata"]["generation"]
                    status = Resource(what.api_version, "", plural, self.namespace, name, "status")
                    cluster.merge(status, {"status": type(self).status(manifest)}, "a-controller")

        player = threading.Thread(target=play)
        player.start()
        try:
            yield
        finally:
            ended.set()
            player.join()


class Istio(Stored):
    route = "istio"
    crds = ("istio",)
    resource = "virtualservices.networking.istio.io/shop"
    write_call = "patch virtualservices.networking.istio.io"

    def live(self, stack: Stack) -> dict[str, int]:
        routes = self.get()["spec"]["http"][-1]["route"]
        return named([{"name": route["destination"]["host"], **route} for route in routes])

    def drift(self, stack: Stack) -> None:
        rules = self.get()["spec"]["http"]
        destination = rules[-1]["route"][0]["destination"]
        rules[-1]["route"] = [
            {"destination": {**destination, "host": f"shop-{color}"}, "weight": share} for color, share in SPLIT
        ]
        self.patch({"spec": {"http": rules}})


class Nginx(Stored):
    route = "nginx"
    resource = "ingress/shop"
    write_call = "patch ingresses.networking.k8s.io"

    def live(self, stack: Stack) -> dict[str, int]:
        green = int(self.get()["metadata"]["annotations"]["nginx.ingress.kubernetes.io/canary-weight"])
        return {color: share for color, share in (("blue", 100 - green), ("green", green)) if share}

    def drift(self, stack: Stack) -> None:
        self.patch({"metadata": {"annotations": {"nginx.ingress.kubernetes.io/canary-weight": "30"}}})


class Contour(Stored):
    data_plane = f"{Stored.data_plane}; the status that Contour would write is played"
    route = "contour"
    status = staticmethod(valid)
    crds = ("contour",)
    resource = "httpproxies.projectcontour.io/shop"
    write_call = "patch httpproxies.projectcontour.io"

    def live(self, stack: Stack) -> dict[str, int]:
        return named(self.get()["spec"]["routes"][0]["services"])

    def drift(self, stack: Stack) -> None:
        routes = self.get()["spec"]["routes"]
        first = routes[0]["services"][0]
        routes[0]["services"] = [{**first, "name": f"shop-{color}", "weight": share} for color, share in SPLIT]
        self.patch({"spec": {"routes": routes}})


class AwsLoadBalancer(Stored):
    route = "aws_load_balancer"
    resource = "ingress/shop"
    write_call = "patch ingresses.networking.k8s.io"
    annotation = "alb.ingress.kubernetes.io/actions.production"

    def live(self, stack: Stack) -> dict[str, int]:
        action = json.loads(self.get()["metadata"]["annotations"][self.annotation])
        return named(action["forwardConfig"]["targetGroups"], "serviceName")

    def drift(self, stack: Stack) -> None:
        groups = [{"serviceName": f"shop-{color}", "servicePort": 80, "weight": share} for color, share in SPLIT]
        action = {"type": "forward", "forwardConfig": {"targetGroups": groups}}
        self.patch({"metadata": {"annotations": {self.annotation: json.dumps(action)}}})


class Linkerd(Stored):
    data_plane = f"{Stored.data_plane}; the status that Linkerd would write is played"
    route = "linkerd"
    host = "shop"  # the Service that callers name
    status = staticmethod(accepted)
    crds = ("gateway-api",)
    resource = "httproutes.gateway.networking.k8s.io/shop"
    write_call = "patch httproutes.gateway.networking.k8s.io"

    def live(self, stack: Stack) -> dict[str, int]:
        return named(self.get()["spec"]["rules"][0]["backendRefs"])

    def drift(self, stack: Stack) -> None:
        rules = self.get()["spec"]["rules"]
        first = rules[0]["backendRefs"][0]
        rules[0]["backendRefs"] = [{**first, "name": f"shop-{color}", "weight": share} for color, share in SPLIT]
        self.patch({"spec": {"rules": rules}})
