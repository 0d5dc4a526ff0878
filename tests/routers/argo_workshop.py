"""An Argo Rollout with its Services and pod templates on the real node, as a stack would declare them."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

import httpx

from bluegreen.fields import Fields
from bluegreen.kubernetes.argo_engine.state import COLOR, DEADLINE
from bluegreen.kubernetes.client import KubernetesConnection, Resource
from bluegreen.platforms.capacities import CAPACITIES
from bluegreen.platforms.routers import ROUTERS
from bluegreen.rollout.clock import FakeClock
from bluegreen.rollout.model import Convergence, Weights
from localcloud import loopback
from tests.routers import kubernetes_workshop
from tests.routers.kubernetes_workshop import Workshop

API = "argoproj.io/v1alpha1"
INSTANCE = "argo-rollouts.argoproj.io/controller-instance-id"
NAME = "app.kubernetes.io/name"
STACK = "pulumi"
NOBODY = "nobody"
"""A controller's name that none has: a Rollout for it is looked at by none, as while the controller is down."""
_names = itertools.count(1)


@dataclass
class Service:
    """One service on Argo Rollouts: what a stack would declare of it."""

    cluster: KubernetesConnection
    namespace: str
    name: str
    instance: str = ""
    replicas: int = 1
    blue_green: dict[str, Any] = field(default_factory=dict)
    workloads: dict[str, str] = field(default_factory=dict)
    pod: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.workloads = self.workloads or {color: f"{self.name}-{color}" for color in ("blue", "green")}

    def new_release(self, color: str, image: str = "v1") -> Service:
        """As a stack declares one: another pod template, of another name."""
        number = next(_names)
        self.workloads[color] = f"{self.name}-{color}-{number}"
        self.template(self.workloads[color], color, image, args=[str(number)])
        return self

    def resource(self, kind: str, name: str = "") -> Resource:
        api, plural = _KINDS[kind]
        return Resource(api, kind, plural, self.namespace, name or self.name)

    @property
    def rollout(self) -> dict[str, Any]:
        return self.cluster.get(self.resource("Rollout")) or {}

    @property
    def status(self) -> dict[str, Any]:
        return dict(self.rollout.get("status") or {})

    def declare(self) -> Service:
        for name in (self.name, f"{self.name}-preview"):
            # No selector: it is Argo Rollouts' alone, and with one of the stack's the field would have two owners.
            spec = {"ports": [{"name": "http", "port": 80, "targetPort": 8080}], "type": "NodePort"}
            self.apply("Service", name, {"spec": spec})
        for color, name in self.workloads.items():
            self.template(name, color)
        self.declare_rollout()
        return self

    def declare_rollout(self, **more: Any) -> None:
        strategy = {
            "activeService": self.name,
            "previewService": f"{self.name}-preview",
            "autoPromotionEnabled": False,
            "scaleDownDelaySeconds": 60,
            "scaleDownDelayRevisionLimit": 1,
            **self.blue_green,
            **more,
        }
        spec = {
            "replicas": self.replicas,
            "revisionHistoryLimit": 3,
            "selector": {"matchLabels": {NAME: self.name}},
            "strategy": {"blueGreen": strategy},
        }
        self.apply("Rollout", self.name, {"spec": spec})

    def template(self, name: str, color: str | None, image: str = "v1", **more: Any) -> None:
        """A release: the pod template of a color."""
        labels = {NAME: self.name, **({"bluegreen/color": color} if color else {})}
        self.apply("PodTemplate", name, {"template": pod_template(labels, color or "", image, **{**self.pod, **more})})

    def apply(self, kind: str, name: str, fields: Mapping[str, Any]) -> None:
        """As a stack does, by a field manager of its own."""
        labels = {INSTANCE: self.instance} if self.instance and kind.startswith(("Rollout", "Analysis")) else {}
        metadata = {"labels": labels, **fields.get("metadata", {})}
        self.cluster.apply(self.resource(kind, name), {**fields, "metadata": metadata}, STACK)

    def section(self, **more: Any) -> dict[str, Any]:
        router = {
            "kind": "argo_rollouts",
            "namespace": self.namespace,
            "rollout": self.name,
            "workloads": self.workloads,
            "owner": "project/stack/web",
            "cluster": {"kubeconfig": self.cluster.kubeconfig},
        }
        return {**router, **more}

    def url(self, preview: bool = False) -> str:
        manifest = self.cluster.get(self.resource("Service", f"{self.name}-preview" if preview else self.name)) or {}
        return f"http://127.0.0.1:{manifest['spec']['ports'][0]['nodePort']}"

    def answers(self, what: str, header: str = "x-color") -> bool:
        """Whether all production requests get to be answered so: kube-proxy follows the EndpointSlices in its time."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with suppress(httpx.TransportError):
                if {loopback.get(self.url()).headers[header] for _ in range(10)} == {what}:
                    return True
        return False

    def wait(self, condition: Any, seconds: float = 240) -> dict[str, Any]:
        """The status once it is as wanted."""
        deadline = time.monotonic() + seconds
        while not condition(status := self.status):
            assert time.monotonic() < deadline, f"waited {seconds:g} s: {status}"
            time.sleep(0.05)
        return status

    def keeps(self, color: str) -> None:
        """Wait until the controller has noted how long it keeps a color that has lost its traffic."""
        where, labels = self.resource("ReplicaSet"), f"{NAME}={self.name},{COLOR}={color}"
        self.wait(lambda _: any(DEADLINE in one["metadata"]["annotations"] for one in self.cluster.find(where, labels)))

    def resume(self, how: Callable[[], None], done: Callable[[], bool]) -> None:
        """Say it once it waits, and again until it is done: the controller can lose what it hears right then.

        So it can lose that there is something to wait for, where it has just come to the end of what was before: an
        annotation makes it look again.
        """
        deadline = time.monotonic() + 240
        looks = 0
        while not self.status.get("pauseConditions"):
            assert time.monotonic() < deadline, f"it has not waited within 240 s: {self.status}"
            time.sleep(0.05)
            looks += 1
            if looks % 100 == 0:
                metadata = {"annotations": {"tests/looks": str(looks)}}
                self.cluster.merge(self.resource("Rollout", self.name), {"metadata": metadata}, STACK)
        how()
        while not done():
            assert time.monotonic() < deadline, f"not resumed within 240 s: {self.status}"
            time.sleep(0.5)
            how()

    def delete(self) -> None:
        for kind, names in (
            ("Rollout", [self.name]),
            ("Service", [self.name, f"{self.name}-preview"]),
            ("PodTemplate", list(self.workloads.values())),
        ):
            for name in names:
                self.cluster.delete(self.resource(kind, name))


_KINDS = {
    "Rollout": (API, "rollouts"),
    "AnalysisTemplate": (API, "analysistemplates"),
    "AnalysisRun": (API, "analysisruns"),
    "Service": ("v1", "services"),
    "PodTemplate": ("v1", "podtemplates"),
    "Deployment": ("apps/v1", "deployments"),
    "ReplicaSet": ("apps/v1", "replicasets"),
    "Pod": ("v1", "pods"),
}


def pod_template(
    labels: Mapping[str, str], color: str, image: str = "v1", grace_seconds: int = 1, **more: Any
) -> dict[str, Any]:
    container = {
        "name": "app",
        "image": f"bluegreen.local/app:{image}",
        "imagePullPolicy": "Never",
        "env": [{"name": "COLOR", "value": color}],
        "ports": [{"name": "http", "containerPort": 8080}],
        "readinessProbe": {"httpGet": {"path": "/healthz", "port": "http"}, "periodSeconds": 1},
        **more,
    }
    return {
        "metadata": {"labels": dict(labels)},
        "spec": {"terminationGracePeriodSeconds": grace_seconds, "containers": [container]},
    }


class Metric:
    """The server that Argo Rollouts' web metrics ask, in this process: it answers as it has to."""

    def __init__(self) -> None:
        metric = self
        self.value = 1.0
        self.asked = 0
        self.held: dict[str, int] = {}
        """Templates whose analyses are held up after so many answers: what a test does during one needs no haste."""

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                metric.asked += 1
                name = self.path.strip("/")
                if name in metric.held:
                    metric.held[name] -= 1
                while metric.held.get(name, 0) < 0:
                    time.sleep(0.02)
                loopback.answer_json(self, {"value": metric.value})

            def log_message(self, *_: object) -> None:
                pass

        self.server = loopback.Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def template(self, service: Service, name: str, **more: Any) -> dict[str, Any]:
        """An AnalysisTemplate that asks it; returns how a Rollout refers to it."""
        web = {"url": f"http://127.0.0.1:{self.server.server_port}/{name}", "jsonPath": "{$.value}"}
        metric = {"name": "success-rate", "successCondition": "result >= 0.99", "count": 1, "provider": {"web": web}}
        service.apply("AnalysisTemplate", name, {"spec": {"metrics": [{**metric, **more}]}})
        return {"templates": [{"templateName": name}]}

    def end(self) -> None:
        self.held.clear()
        self.server.shutdown()
        self.server.server_close()


@contextmanager
def running(node: Any, word: str) -> Iterator[Workshop]:
    """A namespace of a node beside which the real controller runs."""
    node.argo_rollouts()
    with kubernetes_workshop.namespace(node, word) as made:
        yield made


def build(workshop: Workshop, **more: Any) -> Service:
    """Declare one of a name of its own."""
    return Service(workshop.cluster, workshop.namespace, f"web-{next(_names)}", **more).declare()


def router_of(service: Service, **more: Any) -> Any:
    """As a fresh process builds it."""
    return _built(ROUTERS, service, more)


def capacity_of(service: Service, **more: Any) -> Any:
    """The same."""
    return _built(CAPACITIES, service, more)


def _built(registry: Any, service: Service, more: Mapping[str, Any]) -> Any:
    fields = Fields(service.section(**more), "section")
    parsed = registry.parse(fields)
    assert parsed is not None, fields.problems
    return registry.build(parsed)


def settled(router: Any, weights: Weights, seconds: float = 240) -> Any:
    """The router once it has converged."""
    deadline = time.monotonic() + seconds
    while router.verify(weights) is not Convergence.CONVERGED:
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {router.progress()}"
        time.sleep(0.05)
        if isinstance(router.clock, FakeClock):  # the controller is nudged by this clock, and nobody else turns it
            router.clock.sleep(0.05)
    return router


class Settled:
    """A router whose writes are over when they return: its platform moves traffic by itself, and takes its time."""

    def __init__(self, router: Any) -> None:
        self._router = router

    def __getattr__(self, name: str) -> Any:
        return getattr(self._router, name)

    def write(self, weights: Weights) -> None:
        self._router.write(weights)
        if weights != Weights():
            settled(self._router, weights)


def live(service: Service, color: str = "blue") -> Service:
    """With a color that is live."""
    weights = Weights.all_on("blue" if color == "blue" else "green")
    router = router_of(service)
    router.write(weights)
    settled(router, weights)
    return service
