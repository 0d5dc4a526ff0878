"""The state of an Argo Rollout with the ``blueGreen`` strategy and of its ReplicaSets, from their objects. Pure.

A color is a pod template: ``spec.workloadRef`` says which one is wanted, hashes in the status say which one is where.

API: https://argo-rollouts.readthedocs.io/en/stable/features/specification/
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bluegreen.rollout.model import COLORS, Color

COLOR = "bluegreen/color"
"""The label of a pod template that says which color it is."""
HASH = "rollouts-pod-template-hash"
"""The label with which Argo Rollouts tells the pods of one template from those of another."""
DEADLINE = "scale-down-deadline"
"""Until when a ReplicaSet that has lost its traffic is kept."""
UNSEEN = "Argo Rollouts' controller has not taken notice yet: does it run?"

_FAILED = ("RolloutAborted", "ProgressDeadlineExceeded")
_PHASES = {
    "prePromotionAnalysis": "prePromotionAnalysisRunStatus",
    "postPromotionAnalysis": "postPromotionAnalysisRunStatus",
}


@dataclass(frozen=True, slots=True)
class RolloutState:
    """One look at a Rollout."""

    found: Mapping[str, Any]

    @property
    def _spec(self) -> Mapping[str, Any]:
        return self.found.get("spec") or {}

    @property
    def _status(self) -> Mapping[str, Any]:
        return self.found.get("status") or {}

    @property
    def _blue_green(self) -> Mapping[str, Any]:
        return (self._spec.get("strategy") or {}).get("blueGreen") or {}

    # -- what is wanted

    @property
    def workload(self) -> str:
        """The name of the pod template that is wanted; empty when none is."""
        return str((self._spec.get("workloadRef") or {}).get("name") or "")

    @property
    def inline(self) -> bool:
        """Whether the Rollout has a pod template of its own, beside which no reference counts."""
        template = self._spec.get("template") or {}
        return bool((template.get("spec") or {}).get("containers") or (template.get("metadata") or {}).get("labels"))

    @property
    def labels(self) -> str:
        """The label selector of its pods and ReplicaSets."""
        chosen = (self._spec.get("selector") or {}).get("matchLabels") or {}
        return ",".join([*(f"{key}={value}" for key, value in chosen.items()), COLOR])

    @property
    def active_service(self) -> str:
        """The Service with production traffic."""
        return str(self._blue_green.get("activeService") or "")

    @property
    def waits_for_resume(self) -> bool:
        """Whether a new template stays without traffic until somebody resumes the Rollout."""
        return self._blue_green.get("autoPromotionEnabled") is False

    @property
    def needed(self) -> int:
        """The number of pods that a template must have before it can be promoted."""
        preview, replicas = self._blue_green.get("previewReplicaCount"), self._spec.get("replicas")
        count = preview if preview is not None else replicas
        return 1 if count is None else int(count)

    # -- what is

    @property
    def seen(self) -> bool:
        """Whether the status is about the present spec."""
        return str(self._status.get("observedGeneration")) == str(self.found["metadata"].get("generation"))

    @property
    def active(self) -> str:
        """The hash of the template with production traffic."""
        return str((self._status.get("blueGreen") or {}).get("activeSelector") or "")

    @property
    def current(self) -> str:
        """The hash of the wanted template, once that was seen."""
        return str(self._status.get("currentPodHash") or "")

    @property
    def stable(self) -> str:
        """The hash of the template that was last promoted to the end."""
        return str(self._status.get("stableRS") or "")

    @property
    def at_rest(self) -> bool:
        """Whether the wanted template serves, and nothing runs."""
        return bool(self.workload and self.active and self.seen and self.active == self.current == self.stable)

    @property
    def switched(self) -> bool:
        """Whether traffic has moved to the wanted template, which may still fail its analysis."""
        return self.active == self.current != self.stable

    @property
    def stuck(self) -> bool:
        """Whether it was pointed back while its analysis ran, and waits for one that it never starts."""
        return self.seen and self.current == self.stable != self.active != "" and not (self.aborted or self._pauses)

    @property
    def overdue(self) -> bool:
        """Whether the controller has still to act on the last write, which it may have missed."""
        resumed = (
            bool(self._status.get("controllerPause")) and not self._pauses and self._status.get("phase") == "Paused"
        )
        switching = bool(self._status.get("promoteFull")) and self.active != self.current
        return not self.seen or resumed or switching or (self.aborted and self.active != self.stable)

    @property
    def aborted(self) -> bool:
        """Whether somebody, or an analysis, has aborted the update."""
        return bool(self._status.get("abort"))

    @property
    def failure(self) -> str:
        """Why the update goes no further by itself, in the controller's words; empty when it may still."""
        if not self.seen or self.at_rest:
            return ""
        for condition in self._status.get("conditions") or ():
            if condition.get("reason") in _FAILED:
                return f"{condition['reason']}: {condition.get('message')}"
        return "RolloutAborted: the Rollout was aborted" if self.aborted else ""

    @property
    def invalid(self) -> bool:
        """Whether the controller refuses the Rollout as it is, or does not know yet what it refers to."""
        return self.seen and any(one.get("type") == "InvalidSpec" for one in self._status.get("conditions") or ())

    @property
    def held(self) -> str:
        """Why the update waits for a person; empty when it does not."""
        if self._spec.get("paused"):
            return "somebody paused the Rollout by hand (spec.paused): `kubectl argo rollouts promote` ends that"
        if "InconclusiveAnalysis" in self._pauses:
            return "its analysis is inconclusive: `kubectl argo rollouts promote` or `abort` decides"
        return ""

    @property
    def resumable(self) -> bool:
        """Whether it stands at the pause before traffic, all checks of its own passed."""
        return self.seen and not self.held and not self.aborted and "BlueGreenPause" in self._pauses

    @property
    def _pauses(self) -> list[str]:
        return [str(pause.get("reason")) for pause in self._status.get("pauseConditions") or ()]

    @property
    def runs(self) -> Mapping[str, Mapping[str, Any]]:
        """The Rollout's AnalysisRuns by phase: ``name``, ``status``, ``message``."""
        blue_green = self._status.get("blueGreen") or {}
        return {phase: blue_green[key] for phase, key in _PHASES.items() if blue_green.get(key)}

    @property
    def told(self) -> str:
        """The Rollout's stage, for people."""
        if not self.seen:
            return UNSEEN
        at = ": ".join(filter(None, (self._status.get("phase"), self._status.get("message"))))
        runs = (f"{phase} {run.get('status')}" for phase, run in self.runs.items() if run.get("status") != "Successful")
        return "; ".join([self.held or at, *runs])


@dataclass(frozen=True, slots=True)
class Pods:
    """One ReplicaSet of a Rollout.

    Attributes:
        name: its own.
        hash: of its template.
        color: of its template.
        wanted: how many pods it is to have.
        ready: how many are ready.
        kept: whether it has lost its traffic and waits for its end: Argo Rollouts gives it traffic back at once.
    """

    name: str
    hash: str
    color: Color
    wanted: int
    ready: int
    kept: bool


def pods_of(replica_sets: Sequence[Mapping[str, Any]], state: RolloutState) -> list[Pods]:
    """The ReplicaSets of this very Rollout that have a color, those first that matter most for it."""
    uid = state.found["metadata"]["uid"]
    sets = [
        Pods(
            name=one["metadata"]["name"],
            hash=str(labels.get(HASH)),
            color=labels[COLOR],
            wanted=int((one.get("spec") or {}).get("replicas") or 0),
            ready=int((one.get("status") or {}).get("readyReplicas") or 0),
            kept=bool((one["metadata"].get("annotations") or {}).get(DEADLINE)),
        )
        for one in replica_sets
        if (labels := one["metadata"].get("labels") or {}).get(COLOR) in COLORS
        and any(owner.get("uid") == uid for owner in one["metadata"].get("ownerReferences") or ())
    ]
    places = {state.active: 0, state.current: 1}
    return sorted(sets, key=lambda one: (places.get(one.hash, 2), -one.ready, -one.wanted, one.name))


def of_color(sets: Sequence[Pods], color: Color) -> Pods | None:
    """The ReplicaSet that stands for a color: the one with traffic, the one that comes, or the one that runs most."""
    return next((one for one in sets if one.color == color), None)
