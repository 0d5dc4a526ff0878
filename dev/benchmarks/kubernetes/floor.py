"""The floor: `kubectl patch` of the selector, a process a service, as many at once as the swaps have workers."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from dev.benchmarks.kubernetes.rival import deployments, service
from localcloud.kubernetes.node import LocalNode

WORKERS = 4


@dataclass
class KubectlPatch:
    """Looks at nothing, waits for nothing, restores nothing."""

    node: LocalNode
    services: int
    name: str = "kubectl_patch"
    namespace: str = "bench-kubectl"

    def manifests(self, number: int) -> list[dict[str, Any]]:
        """Two Deployments and a Service."""
        name = f"web{number}"
        labels = {"app": name, "bluegreen/color": "blue"}
        return [service(name, self.namespace, labels), *deployments(self.node, name, self.namespace)]

    def ready(self) -> None:
        """Both colors run all the time."""

    def promote(self) -> None:
        """Patch to green."""
        self._patch("green")

    def rollback(self) -> None:
        """Patch to blue."""
        self._patch("blue")

    def _patch(self, color: str) -> None:
        patch = json.dumps({"spec": {"selector": {"bluegreen/color": color}}})

        def one(number: int) -> None:
            self.node.kubectl("patch", "service", f"web{number}", "--namespace", self.namespace, "--patch", patch)

        with ThreadPoolExecutor(WORKERS) as pool:
            list(pool.map(one, range(self.services)))
