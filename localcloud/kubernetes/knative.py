"""Knative Serving on a node: its own programs in pods, behind a Traefik of its own that carries Gateway API routes.

All of it is what its modules say, but for its settings: nothing sleeps when nobody asks for it, and images come from
the node itself. So its activator is never called, and does not run.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import yaml

from localcloud.cache import locked
from localcloud.kubernetes import images
from localcloud.kubernetes.layout import Layout
from localcloud.kubernetes.waiting import until
from localcloud.progress import Progress
from localcloud.tools import knative as tool
from localcloud.tools import traefik as traefik_tool

NAMESPACE = "knative-serving"
DOMAIN = "run.test"
READY_SECONDS = 240.0

_REPOSITORY = "bluegreen.local"
_GATEWAY = "gateway"
_PORT = 8000
_NODE_PORT = 30880
_PROGRAMS = {
    "knative.dev/serving/cmd/controller": "controller",
    "knative.dev/serving/cmd/webhook": "webhook",
    "knative.dev/serving/cmd/autoscaler": "autoscaler",
    "knative.dev/serving/cmd/queue": "queue",
    "knative.dev/net-gateway-api/cmd/controller": "ingress",
}
_PLACE = f"- class: {_GATEWAY}\n  gateway: {NAMESPACE}/{_GATEWAY}\n  service: {NAMESPACE}/{_GATEWAY}\n"
# https://knative.dev/docs/serving/configuration: nothing sleeps, and no request goes through an activator.
_SETTINGS = {
    "config-deployment": {"registries-skipping-tag-resolving": _REPOSITORY},
    "config-network": {"ingress-class": "gateway-api.ingress.networking.knative.dev"},
    "config-domain": {DOMAIN: ""},
    "config-autoscaler": {"enable-scale-to-zero": "false", "min-scale": "1", "target-burst-capacity": "0"},
    "config-gateway": {"external-gateways": _PLACE, "local-gateways": _PLACE},
}


class Node(Protocol):
    """The parts of a node that this needs."""

    layout: Layout

    def apply(self, manifests: str | Path) -> str:
        """Apply manifests."""
        ...

    def kubectl(self, *arguments: str | Path, stdin: str = "") -> str:
        """Run kubectl as the administrator."""
        ...

    def install_crds(self, *names: str) -> None:
        """Install resource definitions."""
        ...

    def node_port_url(self, port: int) -> str:
        """The URL of a NodePort."""
        ...


@dataclasses.dataclass(frozen=True)
class Knative:
    """One that runs.

    Attributes:
        url: for requests; which service gets one, its `Host` says.
        version: of Knative Serving.
    """

    url: str
    version: str = tool.VERSION


def start(node: Node, load: Callable[[list[Path]], None], progress: Progress) -> Knative:
    """Find it running, or start it; `load` gives images to the node."""
    home = tool.ensure(progress)
    traefik = traefik_tool.ensure(progress) / "traefik"
    with locked(node.layout.directory / ".knative.lock"):
        done = node.layout.directory / "knative.started"
        if not done.exists():
            with progress.step(f"Starting Knative Serving {tool.VERSION}"):
                programs = {home / "bin" / name: tool.VERSION for name in _PROGRAMS.values()}
                programs[traefik] = traefik_tool.VERSION
                load([images.program_archive(one, _image(one.name), version) for one, version in programs.items()])
                node.install_crds("gateway-api")
                node.apply(home / "definitions")
                node.kubectl("wait", "--for=condition=Established", "--timeout=60s", "--filename", home / "definitions")
                node.apply(yaml.safe_dump_all([*_objects(home / "objects"), *_gateway()]))
                until(partial(_answers, node), "Knative Serving admits a service", seconds=READY_SECONDS)
            done.touch()
    return Knative(node.node_port_url(_NODE_PORT))


def service(name: str, namespace: str, template: Mapping[str, Any], traffic: list[Any] | None = None) -> dict[str, Any]:
    """A service of Knative's: https://knative.dev/docs/serving/reference/serving-api"""
    spec = {"template": dict(template), **({} if traffic is None else {"traffic": traffic})}
    return {
        "apiVersion": "serving.knative.dev/v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": namespace},
        "spec": spec,
    }


def _answers(node: Node) -> bool:
    node.kubectl(
        "wait", "deployment", "--all", f"--namespace={NAMESPACE}", "--for=condition=Available", "--timeout=30s"
    )
    probe = service("probe", "default", {"spec": {"containers": [{"image": images.name("v1")}]}})
    node.kubectl("create", "--dry-run=server", "--filename", "-", stdin=yaml.safe_dump(probe))
    return True


def _image(program: str) -> str:
    return f"{_REPOSITORY}/knative-{program}:1"


def _objects(directory: Path) -> Iterator[dict[str, Any]]:
    """Its own objects, with our images and settings, the namespace first."""
    found = [one for file in directory.glob("*.yaml") for one in yaml.safe_load_all(file.read_text()) if one]
    for one in sorted(found, key=lambda one: (one["kind"] != "Namespace", one["kind"], one["metadata"]["name"])):
        name = one["metadata"]["name"]
        if one["kind"] == "Deployment":
            if name == "activator":
                continue
            for container in one["spec"]["template"]["spec"]["containers"]:
                container["image"] = _image(_PROGRAMS[container["image"].removeprefix("ko://")])
        if one["kind"] == "ConfigMap":
            one["data"].update(_SETTINGS.get(name, {}))
            if name == "config-deployment":
                one["data"]["queue-sidecar-image"] = _image("queue")
        yield one


def _gateway() -> list[dict[str, Any]]:
    """Traefik in a pod, a Gateway that it serves, and a NodePort for requests."""
    labels = {"app": _GATEWAY}
    here = {"name": _GATEWAY, "namespace": NAMESPACE}
    arguments = [
        "--providers.kubernetesgateway=true",
        "--providers.kubernetesgateway.throttleduration=0s",
        f"--entrypoints.web.address=:{_PORT}",
        "--global.checknewversion=false",
        "--global.sendanonymoususage=false",
    ]
    container = {
        "name": "traefik",
        "image": _image("traefik"),
        "args": arguments,
        "ports": [{"name": "http", "containerPort": _PORT}],
        "readinessProbe": {"tcpSocket": {"port": _PORT}, "periodSeconds": 1},
    }
    template = {"metadata": {"labels": labels}, "spec": {"serviceAccountName": _GATEWAY, "containers": [container]}}
    port = {"name": "http", "port": 80, "targetPort": _PORT, "nodePort": _NODE_PORT}
    return [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": here},
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": f"{NAMESPACE}-{_GATEWAY}"},
            "subjects": [{"kind": "ServiceAccount", **here}],
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
        },
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": here,
            "spec": {"selector": {"matchLabels": labels}, "template": template},
        },
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": here,
            "spec": {"type": "NodePort", "selector": labels, "ports": [port]},
        },
        {
            "apiVersion": "gateway.networking.k8s.io/v1",
            "kind": "GatewayClass",
            "metadata": {"name": _GATEWAY},
            "spec": {"controllerName": "traefik.io/gateway-controller"},
        },
        {
            "apiVersion": "gateway.networking.k8s.io/v1",
            "kind": "Gateway",
            "metadata": here,
            "spec": {
                "gatewayClassName": _GATEWAY,
                "listeners": [
                    {
                        "name": "http",
                        "port": _PORT,
                        "protocol": "HTTP",
                        "allowedRoutes": {"namespaces": {"from": "All"}},
                    }
                ],
            },
        },
    ]
