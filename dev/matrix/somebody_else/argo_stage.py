"""A Rollout of Argo Rollouts, whose controller moves the traffic: what the swap points, resumes and aborts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from dev.matrix.kubernetes_api import Object
from dev.matrix.shapes import COLORS
from dev.matrix.somebody_else.argo_player import COLOR, HASH, PlayedController
from dev.matrix.somebody_else.cluster_stage import OWNER, ClusterStage
from dev.matrix.somebody_else.sight import Sight
from dev.matrix.somebody_else.stage import Heard, Staged

_VERSION, _STACK = "argoproj.io/v1alpha1", "pulumi"
_WORKLOADS = {color: f"web-{color}" for color in COLORS}


class ArgoStage(ClusterStage):
    """``argo_rollouts`` with its own capacity."""

    name = "argo_rollouts"

    def __init__(self) -> None:
        super().__init__(self.name)
        self.splits = False
        self.hands = frozenset({"adds", "takes", "deletes"})
        self._kind, self._version = "Rollout", _VERSION
        self._collection = f"/apis/{_VERSION}/namespaces/shop/rollouts"

    @contextmanager
    def opened(self, heard: Heard) -> Iterator[None]:
        """The controller is played."""
        self._heard = heard
        self.played = PlayedController(self.api.objects, self._path, lambda: heard().clock.now_seconds)
        self.api.between = self._goes_on
        with super().opened(heard):
            yield

    def _goes_on(self, _method: str, _path: str) -> None:
        if self.played.go_on():
            self._heard().went_on()

    def _controller(self, made: Object) -> None:
        self.played.follow(made)

    def put_back(self) -> None:
        """The Rollout as its stack declares it, a template of each color, and both Services."""
        self.sizes_put_back()
        self.api.objects.clear()
        for service in ("web", "web-preview"):
            spec = {"ports": [{"port": 80, "targetPort": 8080}]}
            self._apply(f"/api/v1/namespaces/shop/services/{service}", {"kind": "Service", "spec": spec}, _STACK)
        for color, name in _WORKLOADS.items():
            labels = {"app": "web", COLOR: color}
            template = {"kind": "PodTemplate", "template": {"metadata": {"labels": labels}}}
            self._apply(f"/api/v1/namespaces/shop/podtemplates/{name}", template, _STACK)
        self.mend()

    def router(self) -> dict[str, Any]:
        """The ``router`` section."""
        return {
            "kind": self.name,
            "namespace": "shop",
            "rollout": "web",
            "workloads": _WORKLOADS,
            "owner": OWNER,
        }

    def capacity(self) -> dict[str, Any]:
        """The ``capacity`` section."""
        return {**self.router(), "replicas": 1}

    # -- what runs there

    def _pods(self, labels: Mapping[str, str]) -> list[Object]:
        return [
            {**(pod := self._pod(color)), "metadata": {**pod["metadata"], "labels": labels}}
            for color in COLORS
            if color in self.sized() and _WORKLOADS[color] == labels.get(HASH)
        ]

    def sized(self) -> frozenset[str]:
        """The colors whose pods run."""
        ready = (one for one in self.played.sets() if one["status"]["readyReplicas"])
        return frozenset(one["metadata"]["labels"][COLOR] for one in ready)

    def retiring(self) -> frozenset[str]:
        """None: pods that the controller keeps for a while have no traffic."""
        return frozenset()

    def suspended(self) -> frozenset[str]:
        """Nothing is scaled."""
        return frozenset()

    def look(self) -> Sight:
        """Where the active Service leads."""
        seen, found = super().look(), self.api.objects.get(self._path)
        added = (found or {"spec": {}})["spec"].get("minReadySeconds")
        return seen if added is None else replace(seen, theirs={**seen.theirs, "minReadySeconds": str(added)})

    def _weights(self, found: Mapping[str, Any]) -> dict[str, int]:  # noqa: ARG002 - the Service leads there
        service = self.api.objects["/api/v1/namespaces/shop/services/web"]
        chosen = (service["spec"].get("selector") or {}).get(HASH)
        return {color: 100 for color in COLORS if chosen == _WORKLOADS[color]}

    # -- hands

    def move(self, weights: Mapping[str, int]) -> None:
        """As ``kubectl argo rollouts set`` and ``promote --full`` do it."""
        (color,) = weights
        reference = {"apiVersion": "v1", "kind": "PodTemplate", "name": _WORKLOADS[color]}
        self._patch({"spec": {"workloadRef": reference}})
        self._patch({"status": {"promoteFull": True}})

    def act(self, hand: str, color: str) -> None:
        """An annotation or a field of the stack's; another owner; no Rollout, and so no pods."""
        if hand == "adds" and color == "green":
            self._patch({"spec": {"minReadySeconds": 3}}, _STACK)
            return
        super().act(hand, "blue")
        self.played.go_on()

    def mend(self) -> None:
        """Apply the stack's Rollout again, where there is none."""
        if self._path not in self.api.objects:
            strategy = {"activeService": "web", "previewService": "web-preview", "autoPromotionEnabled": False}
            spec = {"replicas": 1, "selector": {"matchLabels": {"app": "web"}}, "strategy": {"blueGreen": strategy}}
            self._apply(self._path, {"apiVersion": _VERSION, "kind": "Rollout", "spec": spec}, _STACK)


STAGES = {
    ArgoStage.name: Staged(ArgoStage, None),
}
