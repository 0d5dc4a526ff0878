"""Deployments with autoscalers behind a route: the capacity is what is looked at."""

from __future__ import annotations

from typing import Any

from bluegreen.kubernetes.workloads.live_autoscaler import MINIMUM
from bluegreen.kubernetes.workloads.retire import cron_job_name
from dev.matrix.kubernetes_api import Object
from dev.matrix.shapes import COLORS
from dev.matrix.somebody_else.cluster_stage import ClusterStage
from dev.matrix.somebody_else.stage import Calls, Staged

_KIND, _LEAST, _MOST = "Deployment", 1, 4
_OWNER = "pulumi-kubernetes"


class WorkloadsStage(ClusterStage):
    """``gateway_http_route`` before ``kubernetes``, whose controllers are quick: what is wanted runs at once."""

    def __init__(self) -> None:
        super().__init__("gateway_http_route")
        self.name = "gateway_http_route with kubernetes"
        self.hands = frozenset({"scales", "resets", "deploys"})

    @staticmethod
    def _workload(color: str) -> str:
        return f"/apis/apps/v1/namespaces/shop/deployments/web-{color}"

    @staticmethod
    def _autoscaler(color: str) -> str:
        return f"/apis/autoscaling/v2/namespaces/shop/horizontalpodautoscalers/web-{color}"

    @staticmethod
    def _retirement(color: str) -> str:
        return f"/apis/batch/v1/namespaces/shop/cronjobs/{cron_job_name(_KIND, f'web-{color}')}"

    def put_back(self) -> None:
        """One replica of each color, and an autoscaler that their owner declares."""
        super().put_back()
        for color in COLORS:
            template = self._template(color)
            labels = template["metadata"]["labels"]
            spec = {"selector": {"matchLabels": labels}, "template": template, "replicas": 1}
            self._apply(self._workload(color), {"apiVersion": "apps/v1", "kind": _KIND, "spec": spec}, _OWNER)
            self._declare_autoscaler(color)

    def _template(self, color: str, image: str = "app:v1") -> Any:
        pod = self._pod(color)
        containers = [{**container, "image": image} for container in pod["spec"]["containers"]]
        return {"metadata": {"labels": pod["metadata"]["labels"]}, "spec": {"containers": containers}}

    def _declare_autoscaler(self, color: str) -> None:
        target = {"apiVersion": "apps/v1", "kind": _KIND, "name": f"web-{color}"}
        spec = {"scaleTargetRef": target, "minReplicas": _LEAST, "maxReplicas": _MOST}
        kind = {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler"}
        self._apply(self._autoscaler(color), {**kind, "spec": spec}, _OWNER)

    def capacity(self) -> dict[str, Any] | None:
        """The ``capacity`` section."""
        named = {color: f"web-{color}" for color in COLORS}
        return {
            "kind": "kubernetes",
            "namespace": "shop",
            "workloads": named,
            "autoscalers": named,
            "replicas": 1,
            "retire": {"service_account": "retire"},
        }

    def _controller(self, made: Object) -> None:
        super()._controller(made)
        if made.get("kind") == _KIND:
            wanted = made["spec"]["replicas"]
            counts = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")
            made["status"] = {"observedGeneration": made["metadata"]["generation"], **dict.fromkeys(counts, wanted)}

    # -- looking

    def sized(self) -> frozenset[str]:
        """The colors that have replicas."""
        there = {color: self.api.objects.get(self._workload(color)) for color in COLORS}
        return frozenset(color for color, found in there.items() if found and found["spec"]["replicas"])

    def retiring(self) -> frozenset[str]:
        """The colors with a CronJob that takes their replicas."""
        return frozenset(color for color in COLORS if self._retirement(color) in self.api.objects)

    def suspended(self) -> frozenset[str]:
        """The colors whose autoscaler has a minimum that is not its owner's."""
        found = {color: self.api.objects.get(self._autoscaler(color)) for color in COLORS}
        return frozenset(
            color for color, one in found.items() if one and MINIMUM in (one["metadata"].get("annotations") or {})
        )

    def changed(self) -> frozenset[str]:
        """The colors whose pods are made from another template."""
        there = {color: self.api.objects.get(self._workload(color)) for color in COLORS}
        return frozenset(
            color for color, found in there.items() if found and found["spec"]["template"] != self._template(color)
        )

    # -- hands

    def scale(self, color: str, size: int) -> None:
        """As ``kubectl scale`` does it."""
        self._patched(self._workload(color), {"spec": {"replicas": size}})

    def act(self, hand: str, color: str) -> None:  # noqa: ARG002 - there is no choice here
        """The autoscalers as their owner makes them anew, without the swap's notes; or another release in green.

        What a color at rest ran when it was live nothing declares: blue's template is whatever it is.
        """
        if hand == "deploys":
            self._patched(self._workload("green"), {"spec": {"template": self._template("green", "app:another")}})
            return
        for one in COLORS:
            self.api.objects.pop(self._autoscaler(one), None)
            self._declare_autoscaler(one)

    def mend(self) -> None:
        """Each workload has its declared release again."""
        super().mend()
        for color in COLORS:
            self._patched(self._workload(color), {"spec": {"template": self._template(color)}})


STAGES = {
    "gateway_http_route with kubernetes": Staged(WorkloadsStage, Calls(23, 29, 18)),
}
