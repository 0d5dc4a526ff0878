"""One Rollout, with Argo Rollouts' own controller."""

from __future__ import annotations

import contextlib
import time
from typing import Any

import pytest

from localcloud import loopback
from localcloud.cloud import LocalCloud
from tests.e2e.stack import HEALTHZ, Stack
from tests.scenarios.on_kubernetes import OnKubernetes
from tests.scenarios.variant import Requests, load

MOVED_SECONDS = 60.0


class KubernetesArgo(OnKubernetes):
    platform = "kubernetes_argo"
    data_plane = "a real node with Argo Rollouts' controller: kube-proxy and the pods"
    service = "web"
    resource = "rollouts.argoproj.io/web"
    write_call = "patch rollouts.argoproj.io/status"
    # Each look more while pods start takes 3.
    promotion_calls = 120
    rollback_calls = 60

    def prepare(self, request: pytest.FixtureRequest) -> None:
        super().prepare(request)
        self.node.argo_rollouts()

    def config(self, cloud: LocalCloud) -> dict[str, Any]:
        found = {**super().config(cloud), "serviceType": "NodePort", "gates": HEALTHZ}
        return {**found, "idleCapacityPercent": "0"}

    def live(self, stack: Stack) -> dict[str, int]:
        chosen = f"rollouts-pod-template-hash={self.get()['status']['blueGreen']['activeSelector']}"
        label = r"--output=jsonpath={.items[0].metadata.labels.bluegreen\/color}"
        where = ("--namespace", self.namespace, "--selector", chosen)
        return {self.node.kubectl("get", "replicasets.apps", *where, label): 100}

    def drift(self, stack: Stack) -> None:
        """Somebody takes what was there before, which Argo Rollouts still keeps, and gives it the traffic."""
        green = stack.output("workloads")["green"]
        self.patch({"spec": {"workloadRef": {"name": green}}})
        # Where its pods are kept no more: what `kubectl argo rollouts promote --full` does.
        full = ("--subresource", "status", "--type", "merge", "--patch", '{"status": {"promoteFull": true}}')
        deadline = time.monotonic() + MOVED_SECONDS
        while self.live(stack) == {"blue": 100} and time.monotonic() < deadline:
            self.node.kubectl("patch", self.resource, "--namespace", self.namespace, *full)
            time.sleep(0.5)

    def requests(self, stack: Stack) -> contextlib.AbstractContextManager[Requests | None]:
        return load(stack.url)

    def colors(self, stack: Stack) -> set[str]:
        return {loopback.get(stack.url).headers["x-color"] for _ in range(20)}
