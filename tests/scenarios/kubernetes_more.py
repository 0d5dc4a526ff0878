"""More that can be behind a Service or a Gateway: charts, rendered manifests, gRPC."""

from __future__ import annotations

import contextlib
import threading
from collections import Counter
from collections.abc import Iterator
from typing import Any

import grpc
import yaml

from localcloud.cloud import LocalCloud
from localcloud.kubernetes.node import LocalNode
from tests.e2e.stack import REPO, Stack
from tests.scenarios.kubernetes_routes import Gateway
from tests.scenarios.kubernetes_service import KubernetesService
from tests.scenarios.on_kubernetes import COLORS
from tests.scenarios.variant import Requests

IMAGES = ("blueImage", "greenImage")


class Helm(KubernetesService):
    platform = "kubernetes_helm"
    data_plane = "a real node; Helm itself renders the chart"

    def config(self, cloud: LocalCloud) -> dict[str, Any]:
        values = {
            color: {"image": {"tag": version}, "environment": {"COLOR": color}}
            for color, version in zip(COLORS, ("v1", "v2"), strict=True)
        }
        return {
            **without(super().config(cloud), *IMAGES, "preStopSeconds"),
            "chart": str(REPO / "tests" / "kubernetes" / "chart"),
            **{f"{color}Values": values[color] for color in COLORS},
        }


class Yaml(KubernetesService):
    platform = "kubernetes_yaml"
    data_plane = "a real node: kube-proxy and the pods of both colors"

    def config(self, cloud: LocalCloud) -> dict[str, Any]:
        versions = zip(COLORS, ("v1", "v2"), strict=True)
        texts = {color: yaml.safe_dump(rendered(color, LocalNode.image(version))) for color, version in versions}
        inherited = without(super().config(cloud), *IMAGES, "preStopSeconds")
        return {**inherited, **{f"{color}Manifests": text for color, text in texts.items()}}


def without(config: dict[str, Any], *keys: str) -> dict[str, Any]:
    """The keys of its neighbor's config that a program here reads: it refuses all others."""
    return {key: value for key, value in config.items() if key not in keys}


def rendered(color: str, image: str) -> dict[str, Any]:
    """Manifests that some other tool has rendered: it knows nothing of colors but an environment variable."""
    container = {
        "name": "app",
        "image": image,
        "env": [{"name": "COLOR", "value": color}],
        "ports": [{"containerPort": 8080}],
        "readinessProbe": {"httpGet": {"path": "/healthz", "port": 8080}, "periodSeconds": 1},
    }
    labels = {"app": "web"}
    pod = {"metadata": {"labels": labels}, "spec": {"containers": [container], "terminationGracePeriodSeconds": 5}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web"},
        "spec": {"selector": {"matchLabels": labels}, "template": pod},
    }


class Grpc(Gateway):
    platform = "kubernetes_grpc"
    data_plane = "a real Traefik before the node's pods, as the controller of a Gateway; gRPC calls"
    host = "grpc.scenario.test"
    resource = "grpcroute/orders"
    service = "orders"
    write_call = "patch grpcroutes.gateway.networking.k8s.io"

    def gates(self) -> list[dict[str, Any]]:
        return [{"kind": "target_health", "interval_seconds": 1}]

    def config(self, cloud: LocalCloud) -> dict[str, Any]:
        return {**super().config(cloud), "grpcServices": ["grpc.health.v1.Health"]}

    def _calls(self, stack: Stack, number: int) -> Iterator[str]:
        """The colors that answered, or what went wrong."""
        target = stack.url.removeprefix("http://")
        options = [("grpc.default_authority", self.host), ("grpc.enable_http_proxy", 0)]
        with grpc.insecure_channel(target, options=options) as channel:
            for _ in range(number):
                yield _call(channel)

    @contextlib.contextmanager
    def requests(self, stack: Stack) -> Iterator[Requests]:
        seen: Counter[str] = Counter()
        over = threading.Event()

        def call() -> None:
            while not over.wait(0.05):
                seen.update(self._calls(stack, 2))

        caller = threading.Thread(target=call)
        caller.start()
        found = Requests()
        try:
            yield found
        finally:
            over.set()
            caller.join()
        failed = {said: count for said, count in seen.items() if said not in COLORS}
        found.failed, found.made, found.errors = sum(failed.values()), seen.total(), failed

    def colors(self, stack: Stack) -> set[str]:
        return set(self._calls(stack, 50))


def _call(channel: grpc.Channel) -> str:
    try:
        _, call = channel.unary_unary("/grpc.health.v1.Health/Check").with_call(b"", timeout=30)
        return str(dict(call.initial_metadata())["x-color"])
    except grpc.RpcError as error:
        return f"failed: {error}"
