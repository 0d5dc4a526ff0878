"""The two kinds of Ingress: a canary's weight, and a weighted forward, each in an annotation of the stack's object."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from typing import Any

from dev.matrix.somebody_else.cluster_stage import ACTION, ALB, NGINX, ClusterStage
from dev.matrix.somebody_else.stage import Calls, Staged

_WEIGHT = "nginx.ingress.kubernetes.io/canary-weight"
_SERVICE = "kubernetes.io/service-name"
_FORWARD = f"alb.ingress.kubernetes.io/actions.{ACTION}"


class IngressStage(ClusterStage):
    """One of them; what moves traffic is a text.

    Args:
        name: the router's kind.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name)
        # Behind a canary nobody is answered without a pod of the idle color, so it keeps its size.
        self.more = {"idle_capacity_percent": 100} if name == NGINX else {}

    def _slices(self, labels: Mapping[str, str]) -> list[dict[str, Any]]:
        """Of one Service, or of both where both are requested at once."""
        if _SERVICE in labels:
            return super()._slices(labels)
        return [
            {**one, "metadata": {"name": f"{name}-1", "labels": {_SERVICE: name}}}
            for name in ("web-blue", "web-green")
            for one in super(IngressStage, self)._slices({_SERVICE: name})
        ]

    def _weights(self, found: Mapping[str, Any]) -> dict[str, int]:
        notes = found["metadata"].get("annotations") or {}
        if self.name == NGINX:
            if _WEIGHT not in notes:
                return {}
            green = int(notes[_WEIGHT])
            shares = {"blue": 100 - green, "green": green}
        else:
            groups = self._action(notes).get("forwardConfig", {}).get("targetGroups", [])
            shares = {str(one["serviceName"]).removeprefix("web-"): int(one.get("weight", 100)) for one in groups}
            total = sum(shares.values())
            shares = {color: round(100 * share / total) for color, share in shares.items()} if total else {}
        return {color: share for color, share in shares.items() if share}

    @staticmethod
    def _action(notes: Mapping[str, str]) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(notes.get(_FORWARD, "{}"))
        return found

    def move(self, weights: Mapping[str, int]) -> None:
        """Another weight, or another list of groups."""
        found = self.api.objects.get(self._path)
        notes = (found or {"metadata": {}})["metadata"].get("annotations") or {}
        if self.name == NGINX and _WEIGHT in notes:
            self._patch({"metadata": {"annotations": {_WEIGHT: str(weights.get("green", 0))}}})
        elif "forwardConfig" in (action := self._action(notes)):
            (first, *_) = action["forwardConfig"]["targetGroups"]
            groups = [{**first, "serviceName": f"web-{color}", "weight": share} for color, share in weights.items()]
            action["forwardConfig"]["targetGroups"] = groups
            self._patch({"metadata": {"annotations": {_FORWARD: json.dumps(action)}}})


STAGES = {
    NGINX: Staged(partial(IngressStage, NGINX), Calls(11, 16, 10)),
    ALB: Staged(partial(IngressStage, ALB), Calls(12, 20, 11)),
}
