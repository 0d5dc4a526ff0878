"""Argo Rollouts' own controller: blueGreen, paused before the promotion, so that its go-ahead is the promotion alone.

What `kubectl argo rollouts promote` does is one patch of the Rollout's status; what `undo` does is the former template.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from bluegreen.kubernetes.client import KubernetesConnection, Resource
from dev.benchmarks.kubernetes.rival import service, template
from localcloud.errors import LocalCloudError
from localcloud.kubernetes.node import LocalNode

WORKERS = 4
READY_SECONDS = 300.0
_POLL_SECONDS, _PAUSED_SECONDS = 0.02, 1.0


@dataclass
class ArgoRollouts:
    """A Rollout a service. Each promotion is of a new release, since the way back to a former one is another thing."""

    node: LocalNode
    services: int
    name: str = "argo_rollouts"
    namespace: str = "bench-argo"
    release: int = 0
    _blues: set[str] = field(default_factory=set)

    def manifests(self, number: int) -> list[dict[str, Any]]:
        """A Rollout and its active Service; the controller fills in the selector."""
        name = f"web{number}"
        spec = {
            "replicas": 1,
            "selector": {"matchLabels": {"app": name}},
            "template": template(self.node, {"app": name}, "blue"),
            "strategy": {
                "blueGreen": {
                    "activeService": name,
                    "autoPromotionEnabled": False,
                    "scaleDownDelaySeconds": 3600,
                    # A former green goes as soon as there is a newer one.
                    "scaleDownDelayRevisionLimit": 1,
                }
            },
        }
        rollout = {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Rollout",
            "metadata": {"name": name, "namespace": self.namespace},
            "spec": spec,
        }
        return [service(name, self.namespace, {"app": name}), rollout]

    # -- calls

    @property
    def _cluster(self) -> KubernetesConnection:
        return KubernetesConnection(kubeconfig=str(self.node.kubeconfig))

    def _rollout(self, number: int, subresource: str = "") -> Resource:
        return Resource("argoproj.io/v1alpha1", "Rollout", "rollouts", self.namespace, f"web{number}", subresource)

    def _all(self, one: Callable[[int], object]) -> None:
        with ThreadPoolExecutor(WORKERS) as pool:
            list(pool.map(one, range(self.services)))

    def _until(self, done: Callable[[dict[str, Any]], bool], what: str) -> None:
        kind = Resource("argoproj.io/v1alpha1", "Rollout", "rollouts", self.namespace)
        deadline = time.monotonic() + READY_SECONDS
        while True:
            left = [one for one in self._cluster.find(kind) if not done(one.get("status") or {})]
            if not left:
                return
            if time.monotonic() > deadline:
                raise LocalCloudError(f"{left[0]['metadata']['name']} is not {what} after {READY_SECONDS:g} s")
            time.sleep(_POLL_SECONDS)

    def _set_template(self, color: str, release: int) -> None:
        def one(number: int) -> None:
            pod_template = template(self.node, {"app": f"web{number}"}, color)
            pod_template["spec"]["containers"][0]["env"].append({"name": "RELEASE", "value": str(release)})
            if not release:
                pod_template = template(self.node, {"app": f"web{number}"}, color)
            self._cluster.merge(self._rollout(number), {"spec": {"template": pod_template}}, "bench")

        self._all(one)

    # -- the rival

    def ready(self) -> None:
        """A new green runs behind the pause, blue is live."""
        self._until(lambda status: status.get("phase") == "Healthy", "healthy")
        rollouts = self._cluster.find(Resource("argoproj.io/v1alpha1", "Rollout", "rollouts", self.namespace))
        self._blues = {rollout["status"]["currentPodHash"] for rollout in rollouts}
        self.release += 1
        self._set_template("green", self.release)
        self._until(lambda status: bool(status.get("pauseConditions")), "paused before the promotion")
        # The controller forgets a go-ahead that comes within milliseconds of the pause.
        time.sleep(_PAUSED_SECONDS)

    def promote(self) -> None:
        """Patch as ``kubectl argo rollouts promote`` does."""
        self._all(
            lambda number: self._cluster.merge(self._rollout(number, "status"), {"status": {"pauseConditions": None}})
        )
        self._until(_switched, "promoted")

    def rollback(self) -> None:
        """Go back as ``kubectl argo rollouts undo`` does: to the former template, whose pods still run."""
        self._set_template("blue", 0)
        # As it sees the Rollout now: what it said of the former template says nothing.
        self._until(lambda status: _switched(status) and status["currentPodHash"] in self._blues, "rolled back")


def _switched(status: dict[str, Any]) -> bool:
    return (status.get("blueGreen") or {}).get("activeSelector") == status.get("currentPodHash")
