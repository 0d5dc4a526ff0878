"""Argo Rollouts' controller, played on objects: a Rollout with ``blueGreen``, its ReplicaSets and its two Services.

The rules are those that the project documents: a new template gets pods behind the preview Service and waits at the
pause; resumed, it gets the active Service, and what had it is kept for the scale-down delay; what is pointed at within
that delay gets traffic at once; an abort gives the traffic back. Pods take a moment, what is written is acted upon at
once, and there is no analysis.

https://argo-rollouts.readthedocs.io/en/stable/features/bluegreen/
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dev.matrix.kubernetes_api import Object
from dev.matrix.kubernetes_books import new

START_SECONDS, KEPT_SECONDS = 2.0, 60.0
HASH, COLOR, DEADLINE = "rollouts-pod-template-hash", "bluegreen/color", "scale-down-deadline"
_PAUSE = "BlueGreenPause"
_SETS = "/apis/apps/v1/namespaces/shop/replicasets"
_SERVICES = "/api/v1/namespaces/shop/services"


@dataclass(slots=True)
class PlayedController:
    """One Rollout's.

    Attributes:
        objects: what there is, by path.
        path: the Rollout's.
        now_seconds: time.
    """

    objects: dict[str, Object]
    path: str
    now_seconds: Callable[[], float]

    # -- by itself

    def go_on(self) -> bool:
        """Do what is due by now; whether there was any."""
        due = [one for one in self.sets() if self._starts(one) or self._ends(one)]
        for one in due:
            self.follow(one)
        rollout = self.objects.get(self.path)
        if rollout is None:
            gone = [path for path in self.objects if path.startswith(_SETS)]
            for path in gone:  # what it owned goes with it
                del self.objects[path]
            return bool(gone)
        if due:
            self.follow(rollout)
            rollout["metadata"]["resourceVersion"] += "0"
        return bool(due)

    def sets(self) -> list[Object]:
        """The ReplicaSets."""
        return [one for path, one in self.objects.items() if path.startswith(_SETS)]

    def _starts(self, one: Object) -> bool:
        wanted, since = one["spec"]["replicas"], float(one["metadata"]["annotations"]["started"])
        return one["status"]["readyReplicas"] != wanted and self.now_seconds() >= since + START_SECONDS

    def _ends(self, one: Object) -> bool:
        deadline = one["metadata"]["annotations"].get(DEADLINE)
        return bool(deadline) and deadline <= self._at(0)

    def _at(self, seconds: float) -> str:
        at = datetime.datetime.fromtimestamp(self.now_seconds() + seconds, datetime.UTC)
        return at.strftime("%Y-%m-%dT%H:%M:%SZ")

    # -- as it hears of an object

    def follow(self, made: Object) -> None:
        """Act on what was written."""
        if made.get("kind") == "ReplicaSet":
            self._follow_set(made)
        elif made.get("kind") == "Rollout":
            self._follow_rollout(made)

    def _follow_set(self, one: Object) -> None:
        if self._ends(one):
            one["metadata"]["annotations"].pop(DEADLINE)
            if one["metadata"]["labels"][HASH] != self._active():
                one["spec"]["replicas"] = one["status"]["readyReplicas"] = 0
        elif self._starts(one):
            one["status"]["readyReplicas"] = one["spec"]["replicas"]

    def _active(self) -> str:
        status = self.objects.get(self.path, {}).get("status") or {}
        return str((status.get("blueGreen") or {}).get("activeSelector") or "")

    def _follow_rollout(self, rollout: Object) -> None:
        wanted = (rollout["spec"].get("workloadRef") or {}).get("name")
        if not wanted:
            return
        status = rollout.setdefault("status", {})
        active = status.setdefault("blueGreen", {}).setdefault("activeSelector", "")
        if status.get("currentPodHash") != wanted:
            for key in ("abort", "pauseConditions", "controllerPause", "promoteFull", "conditions"):
                status.pop(key, None)
            self._scale_down({active, wanted})
            kept = self._started(rollout, wanted)
        else:
            kept = False
        status |= {"currentPodHash": wanted, "observedGeneration": str(rollout["metadata"]["generation"])}
        self._choose("web-preview", wanted)
        here = self._set_of(wanted)
        ready = here["status"]["readyReplicas"] >= 1
        resumed = bool(status.get("controllerPause")) and not status.get("pauseConditions")
        if status.get("abort") and wanted != active:
            status |= {"phase": "Degraded", "conditions": [{"reason": "RolloutAborted", "message": "aborted by hand"}]}
            for key in ("pauseConditions", "controllerPause"):
                status.pop(key, None)
        elif wanted == active or not ready:
            status["phase"] = "Healthy" if wanted == active else "Progressing"
            if wanted == active:
                self._settle(status, wanted)
        elif not active or kept or resumed or status.get("promoteFull"):
            self._switch(status, active, wanted)
        else:
            status |= {"phase": "Paused", "controllerPause": True, "pauseConditions": [{"reason": _PAUSE}]}

    def _switch(self, status: dict[str, Any], former: str, wanted: str) -> None:
        self._choose("web", wanted)
        status["blueGreen"]["activeSelector"] = wanted
        if former:
            self._set_of(former)["metadata"]["annotations"][DEADLINE] = self._at(KEPT_SECONDS)
        status["phase"] = "Healthy"
        self._settle(status, wanted)

    def _settle(self, status: dict[str, Any], wanted: str) -> None:
        status["stableRS"] = wanted
        for key in ("pauseConditions", "controllerPause", "promoteFull", "abort"):
            status.pop(key, None)
        self._set_of(wanted)["metadata"]["annotations"].pop(DEADLINE, None)

    def _scale_down(self, staying: set[str]) -> None:
        """End the pods of every template that is neither wanted nor kept."""
        for one in self.sets():
            if one["metadata"]["labels"][HASH] not in staying and DEADLINE not in one["metadata"]["annotations"]:
                one["spec"]["replicas"] = one["status"]["readyReplicas"] = 0

    def _started(self, rollout: Object, name: str) -> bool:
        """Have pods of a template; whether there are some that were kept."""
        path = f"{_SETS}/{name}"
        if path not in self.objects:
            one = new(path, {"apiVersion": "apps/v1", "kind": "ReplicaSet"})
            template = self.objects[f"/api/v1/namespaces/shop/podtemplates/{name}"]["template"]
            one["metadata"] |= {
                "labels": {**template["metadata"]["labels"], HASH: name},
                "ownerReferences": [{"uid": rollout["metadata"]["uid"]}],
                "annotations": {},
            }
            self.objects[path] = {**one, "spec": {"replicas": 0}, "status": {"readyReplicas": 0}}
        one = self.objects[path]
        kept = bool(one["metadata"]["annotations"].get(DEADLINE)) and one["status"]["readyReplicas"] > 0
        if one["spec"]["replicas"] == 0:
            one["metadata"]["annotations"]["started"] = str(self.now_seconds())
            one["spec"]["replicas"] = 1
        return kept

    def _set_of(self, name: str) -> Object:
        return self.objects[f"{_SETS}/{name}"]

    def _choose(self, service: str, name: str) -> None:
        self.objects[f"{_SERVICES}/{service}"]["spec"]["selector"] = {"app": "web", HASH: name}
