"""A namespace on the node with pods of both colors, Services for them, and hands to change everything."""

from __future__ import annotations

import itertools
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from bluegreen.kubernetes.client import KubernetesConnection, Resource

OWNER = "project/stack/web"
STACK = "pulumi"
SELECTORS = {color: {"app": "web", "color": color} for color in ("blue", "green")}


@dataclass
class Workshop:
    """One namespace; the stack's part is applied by a field manager of the stack's own."""

    node: Any
    namespace: str
    cluster: KubernetesConnection
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def fresh_name(self, word: str = "web") -> str:
        """A name that nothing here has had, so that nothing is left of a former test."""
        return f"{word}-{next(self._numbers)}"

    def resource(self, kind: str, name: str = "") -> Resource:
        """A resource that is used here, by kind."""
        versions = {
            "CronJob": "batch/v1",
            "Deployment": "apps/v1",
            "EndpointSlice": "discovery.k8s.io/v1",
            "HorizontalPodAutoscaler": "autoscaling/v2",
        }
        return Resource(versions.get(kind, "v1"), kind, f"{kind.lower()}s", self.namespace, name)

    def service(self, name: str, manager: str = STACK, **spec: Any) -> str:
        """Make a Service as a stack does: without a selector, unless one is given."""
        ports = [{"port": 80, "targetPort": "http"}]
        self.cluster.apply(self.resource("Service", name), {"spec": {"ports": ports, **spec}}, manager)
        return name

    def deployment(
        self, name: str, labels: Mapping[str, str], *, image: str = "", replicas: int = 1, **pod: Any
    ) -> str:
        """Make a Deployment of one container; more of the pod's spec, and of the container's as ``container``."""
        more = pod.pop("container", {})
        container = {
            "name": "app",
            "image": image or self.node.image("v1"),
            "imagePullPolicy": "Never",
            "ports": [{"name": "http", "containerPort": 8080}],
            "readinessProbe": {"httpGet": {"path": "/healthz", "port": 8080}, "periodSeconds": 1},
            **more,
        }
        spec = {
            "replicas": replicas,
            "selector": {"matchLabels": dict(labels)},
            "template": {
                "metadata": {"labels": dict(labels)},
                "spec": {"terminationGracePeriodSeconds": 1, "containers": [container], **pod},
            },
        }
        self.cluster.apply(self.resource("Deployment", name), {"spec": spec}, STACK)
        return name

    def autoscaler(self, deployment: str, most: int = 3) -> str:
        """Make a HorizontalPodAutoscaler of the Deployment's name; nothing measures anything here."""
        target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": deployment}
        spec = {"scaleTargetRef": target, "maxReplicas": most}
        self.cluster.apply(self.resource("HorizontalPodAutoscaler", deployment), {"spec": spec}, STACK)
        return deployment

    def object(self, kind: str, name: str) -> dict[str, Any]:
        """An object that is there."""
        manifest = self.cluster.get(self.resource(kind, name))
        assert manifest is not None, f"there is no {kind} {name}"
        return manifest

    def selector(self, service: str) -> dict[str, str] | None:
        """A Service's selector."""
        labels: dict[str, str] | None = self.object("Service", service)["spec"].get("selector")
        return labels

    def annotations(self, service: str) -> dict[str, str]:
        """A Service's annotations."""
        return dict(self.object("Service", service)["metadata"].get("annotations", {}))

    def managers(self, service: str) -> dict[str, str]:
        """Who wrote what into a Service."""
        return {
            entry["manager"]: str(entry["fieldsV1"])
            for entry in self.object("Service", service)["metadata"]["managedFields"]
        }

    def pods(self, labels: Mapping[str, str]) -> list[dict[str, Any]]:
        """Pods by label."""
        return self.cluster.find(self.resource("Pod"), ",".join(f"{key}={value}" for key, value in labels.items()))

    def pods_behind(self, service: str) -> set[str]:
        """The names of the pods in a Service's EndpointSlices."""
        slices = self.cluster.find(self.resource("EndpointSlice"), f"kubernetes.io/service-name={service}")
        return {entry["targetRef"]["name"] for piece in slices for entry in piece.get("endpoints") or ()}

    def move(self, service: str, selector: Mapping[str, str] | None) -> None:
        """Write a selector by hand, as ``kubectl edit`` does."""
        former = self.selector(service) or {}
        wanted = {**dict.fromkeys(former), **(selector or {})}
        self.cluster.merge(self.resource("Service", service), {"spec": {"selector": wanted}}, "kubectl-edit")

    def wait_until(self, what: str, is_so: Callable[[], object], seconds: float = 180) -> None:
        """Wait for the controllers."""
        deadline = time.monotonic() + seconds
        while not is_so():
            assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
            time.sleep(0.02)

    def wait_until_ready(self, *deployments: str) -> None:
        """Wait until every pod of a Deployment is ready."""
        for name in deployments:
            self.wait_until(f"{name} is ready", lambda name=name: self._is_ready(name))

    def _is_ready(self, name: str) -> bool:
        manifest = self.object("Deployment", name)
        return manifest.get("status", {}).get("readyReplicas", 0) == manifest["spec"]["replicas"]


@contextmanager
def namespace(node: Any, word: str) -> Iterator[Workshop]:
    """A namespace for a while."""
    name = f"{word}-{secrets.token_hex(3)}"
    with node.namespace(name):
        yield Workshop(node, name, KubernetesConnection(kubeconfig=node.env()["KUBECONFIG"]))


@contextmanager
def with_pods(node: Any, word: str) -> Iterator[Workshop]:
    """A namespace with a ready pod of each color."""
    with namespace(node, word) as made:
        for color, tag in (("blue", "v1"), ("green", "v2")):
            made.deployment(f"web-{color}", SELECTORS[color], image=node.image(tag))
        made.wait_until_ready("web-blue", "web-green")
        yield made


def section(workshop: Workshop, *, stage: bool = False, **more: object) -> dict[str, object]:
    """A ``router`` section for Services that are made for it."""
    name = workshop.service(workshop.fresh_name())
    if stage:
        more = {"stage_service": workshop.service(f"{name}-stage"), **more}
    return {
        "kind": "kubernetes_service",
        "namespace": workshop.namespace,
        "service": name,
        "selectors": SELECTORS,
        "owner": OWNER,
        "cluster": {"kubeconfig": workshop.cluster.kubeconfig},
        **more,
    }
