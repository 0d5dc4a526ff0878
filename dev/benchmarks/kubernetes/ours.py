"""A swap of bluegreen's own, without Pulumi around it: the service that the engine calls, by four workers as there."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from bluegreen.swap.service import SwapService
from dev.benchmarks.kubernetes.rival import deployments, service
from localcloud.kubernetes.node import LocalNode

WORKERS = 4


@dataclass
class Bluegreen:
    """Lease, rehearsal, health, capacity and all: nothing is left out that a `pulumi up` does."""

    node: LocalNode
    services: int
    name: str = "bluegreen"
    namespace: str = "bench-bluegreen"
    outputs: dict[int, dict[str, Any]] = field(default_factory=dict)
    swap_seconds: list[float] = field(default_factory=list)

    def manifests(self, number: int) -> list[dict[str, Any]]:
        """Two Deployments and a Service without a selector, as the component declares it."""
        name = f"web{number}"
        return [service(name, self.namespace, None), *deployments(self.node, name, self.namespace)]

    def inputs(self, number: int, color: str) -> dict[str, Any]:
        """A swap's inputs, as ``KubernetesService`` makes them."""
        name = f"web{number}"
        cluster = {"kubeconfig": str(self.node.kubeconfig)}
        return {
            "name": name,
            "active_color": color,
            "releases": {"blue": "app:v1", "green": "app:v1"},
            "idle_capacity_percent": 100,
            "router": {
                "kind": "kubernetes_service",
                "namespace": self.namespace,
                "service": name,
                "selectors": {color: {"app": name, "bluegreen/color": color} for color in ("blue", "green")},
                "owner": f"bench/bench/{name}",
                "cluster": cluster,
            },
            "capacity": {
                "kind": "kubernetes",
                "namespace": self.namespace,
                "workload_kind": "Deployment",
                "workloads": {color: f"{name}-{color}" for color in ("blue", "green")},
                "replicas": 1,
                "cluster": cluster,
            },
        }

    def ready(self) -> None:
        """Both colors run all the time; the first time, blue goes live."""
        if not self.outputs:
            self._all("blue")

    def promote(self) -> None:
        """Every service to green."""
        self._all("green")

    def rollback(self) -> None:
        """Every service back to blue."""
        self._all("blue")

    def _all(self, color: str) -> None:
        with ThreadPoolExecutor(WORKERS) as pool:
            list(pool.map(lambda number: self._one(number, color), range(self.services)))

    def _one(self, number: int, color: str) -> None:
        olds: Mapping[str, Any] | None = self.outputs.get(number)
        news = self.inputs(number, color)
        swaps = SwapService()
        self.outputs[number] = swaps.create(news)[1] if olds is None else swaps.update(olds, news)
        self.swap_seconds.append(float(self.outputs[number]["history"][0]["seconds"]))
