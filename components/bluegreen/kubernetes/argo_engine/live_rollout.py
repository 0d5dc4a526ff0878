"""One Argo Rollout and the swap's actions on it: point it at a pod template, resume it, abort it.

``spec.workloadRef`` is the swap's and nobody else's; the pod templates that it names are resources of the stack. What
the status is changed for is what ``kubectl argo rollouts promote`` and ``abort`` change it for.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bluegreen.kubernetes.argo_engine.state import COLOR, DEADLINE, Pods, RolloutState, pods_of
from bluegreen.kubernetes.client import MANAGER, MARKS_MANAGER, KubernetesConnection, Resource
from bluegreen.kubernetes.client_names import LABEL_NAME, OBJECT_NAME
from bluegreen.kubernetes.connection_option import cluster_option
from bluegreen.kubernetes.live_object import OWNER
from bluegreen.options.declared import Options, option
from bluegreen.options.kinds import Both, Text
from bluegreen.permissions import Permission
from bluegreen.rollout.clock import Clock
from bluegreen.rollout.errors import NotOwned, PlatformError
from bluegreen.rollout.model import COLORS, Color

API = "argoproj.io/v1alpha1"
FORMER = "bluegreen/former"
"""The annotation with what was live when the Rollout was pointed elsewhere: ``blue/web-blue-1a2b3c4``."""
NUDGED = "bluegreen/nudged"
PATCH, PATCH_STATUS = "patch rollouts.argoproj.io", "patch rollouts.argoproj.io/status"

_FIRST_NUDGE_SECONDS, _LAST_NUDGE_SECONDS = 0.25, 30.0
_RESUME: Mapping[str, Any] = {"status": {"pauseConditions": None}}
_LONG_AGO = "2000-01-01T00:00:00Z"
# Kind to its API version, its plural, and where its pod template is.
_WORKLOADS = {
    "PodTemplate": ("v1", "podtemplates", ("template",)),
    "Deployment": ("apps/v1", "deployments", ("spec", "template")),
    "ReplicaSet": ("apps/v1", "replicasets", ("spec", "template")),
}

PERMISSIONS = (
    Permission("get rollouts.argoproj.io", "every preview and update"),
    Permission(PATCH, "every swap: which template is wanted, its owner, its lease"),
    Permission(PATCH_STATUS, "every promotion: resuming it, aborting it"),
    Permission("get podtemplates", "every swap, where PodTemplates hold the templates"),
    Permission("get deployments.apps", "the same, where Deployments do"),
    Permission("get replicasets.apps", "the same, where ReplicaSets do"),
    Permission("list replicasets.apps", "previews of a promotion, updates"),
    Permission(
        "patch replicasets.apps", "a release that is promoted again while its former pods still wait for their end"
    ),
    Permission("get analysisruns.argoproj.io", "the reason of a promotion that failed"),
)


def rollout_option() -> Any:
    """The option with the Rollout's name."""
    return option("the Rollout's name", OBJECT_NAME)


def workloads_option() -> Any:
    """The option with the names of the objects that hold the colors' pod templates."""
    return option("the name of each color's pod template", Both(OBJECT_NAME, "another pod template than blue's"))


def workload_kind_option() -> Any:
    """The option with the kind of these objects."""
    return option("what holds the templates", Text(choices=tuple(_WORKLOADS)), default="PodTemplate")


@dataclass(slots=True, kw_only=True)
class ArgoRollout(Options):
    """One Rollout.

    Attributes:
        uid: of the one that is meant, as it was last looked at; any of the name when empty.
        former_owner: who owned it before; nobody when empty.
    """

    namespace: str = option("the Rollout's namespace", LABEL_NAME)
    rollout: str = rollout_option()
    workloads: Mapping[Color, str] = workloads_option()
    owner: str = option("who owns ``spec.workloadRef``: ``project/stack/name``", Text())
    workload_kind: str = workload_kind_option()
    cluster: KubernetesConnection = cluster_option()
    uid: str = ""
    former_owner: str = ""
    _looked_at: set[str] = field(default_factory=set, init=False)

    @property
    def resource(self) -> Resource:
        """The Rollout."""
        return Resource(API, "Rollout", "rollouts", self.namespace, self.rollout)

    @property
    def _status(self) -> Resource:
        return Resource(API, "Rollout", "rollouts", self.namespace, self.rollout, "status")

    # -- looking

    def look(self) -> RolloutState:
        """The Rollout now."""
        rollout = self.cluster.get(self.resource)
        if rollout is None:
            reason = f"there is no {self.resource} in {self.cluster}: it is a resource of the stack"
            raise PlatformError("get rollouts.argoproj.io", reason)
        return RolloutState(rollout)

    def sets(self, state: RolloutState) -> list[Pods]:
        """The Rollout's ReplicaSets."""
        where = Resource("apps/v1", "ReplicaSet", "replicasets", self.namespace)
        return pods_of(self.cluster.find(where, state.labels), state)

    def former(self, state: RolloutState) -> tuple[Color, str] | None:
        """The template that was live before the Rollout was pointed elsewhere, and its color."""
        color, _, name = (state.found["metadata"].get("annotations") or {}).get(FORMER, "").partition("/")
        return (color, name) if color in COLORS and name else None

    def color_of(self, state: RolloutState, sets: list[Pods]) -> Color | None:
        """The color of the template with production traffic."""
        return next((one.color for one in sets if one.hash == state.active), None)

    # -- changing

    def _that(self, fields: Mapping[str, Any]) -> Mapping[str, Any]:
        """The fields of a patch for the Rollout that was read, never for another one that got its name since."""
        return {**fields, "metadata": {"uid": self.uid}} if self.uid else fields

    def reference(self, name: str) -> dict[str, Any]:
        """The part of the Rollout that is the swap's."""
        return {
            "spec": {
                "workloadRef": {
                    "apiVersion": _WORKLOADS[self.workload_kind][0],
                    "kind": self.workload_kind,
                    "name": name,
                }
            }
        }

    def point(self, state: RolloutState, name: str, former: tuple[Color, str] | None, *, dry_run: bool = False) -> None:
        """Point the Rollout at a template: one call, and one more that looks at the template.

        Args:
            state: the last look.
            name: of what holds the template.
            former: what a failure goes back to.
            dry_run: whether this only finds out if it is allowed.
        """
        self._refuse_a_stranger(state)
        self.look_at_template(name)
        if state.inline and not dry_run:  # adopted: a reference counts only without it
            self.cluster.merge(self.resource, self._that({"spec": {"template": None}}), MANAGER)
        annotations = {OWNER: self.owner, **({} if former is None else {FORMER: "/".join(former)})}
        metadata = {"uid": state.found["metadata"]["uid"], "annotations": annotations}
        self.cluster.apply(self.resource, {**self.reference(name), "metadata": metadata}, dry_run=dry_run)

    def _refuse_a_stranger(self, state: RolloutState) -> None:
        owner = (state.found["metadata"].get("annotations") or {}).get(OWNER)
        if owner is not None and owner not in (self.owner, self.former_owner):
            raise NotOwned(PATCH, f"{self.resource} belongs to {owner!r}, not to {self.owner!r}")

    def look_at_template(self, name: str) -> None:
        """Refuse a template that the Rollout cannot use, or that is the same as the other color's: one call.

        One that has been looked at is not looked at again.
        """
        if name in self._looked_at:
            return
        version, plural, path = _WORKLOADS[self.workload_kind]
        what = Resource(version, self.workload_kind, plural, self.namespace, name)
        template: Any = self.cluster.get(what)
        if template is None:
            raise PlatformError(f"get {what.rbac}", f"there is no {what}: it is a resource of the stack")
        for key in path:
            template = template.get(key) or {}
        color = ((template.get("metadata") or {}).get("labels") or {}).get(COLOR)
        if color not in COLORS:
            field_name = f"{'.'.join(path)}.metadata.labels[{COLOR}]"
            raise PlatformError(f"get {what.rbac}", f"{what}: {field_name} is {color!r}; allowed: blue, green")
        self._looked_at.add(name)

    def resume(self, *, dry_run: bool = False) -> None:
        """End the pause before traffic, as ``kubectl argo rollouts promote`` does."""
        self.cluster.merge(self._status, self._that(_RESUME), MANAGER, dry_run=dry_run)

    def abort(self) -> None:
        """Give the last stable template its traffic back, as ``kubectl argo rollouts abort`` does."""
        self.cluster.merge(self._status, self._that({"status": {"abort": True}}), MANAGER)

    def switch(self) -> None:
        """Give the wanted template its traffic at once, as ``kubectl argo rollouts promote --full`` does."""
        self.cluster.merge(self._status, self._that({"status": {"promoteFull": True}}), MANAGER)

    def retry(self) -> None:
        """Take an abort back, as ``kubectl argo rollouts retry`` does."""
        self.cluster.merge(self._status, self._that({"status": {"abort": False}}), MANAGER)

    def nudge(self, state: RolloutState) -> None:
        """Make the controller look at the Rollout again, by a change without a meaning."""
        annotations = {NUDGED: state.found["metadata"]["resourceVersion"]}
        metadata = {"uid": state.found["metadata"]["uid"], "annotations": annotations}
        self.cluster.merge(self.resource, {"metadata": metadata}, MARKS_MANAGER)

    def end_wait(self, pods: Pods) -> None:
        """Make the controller scale down kept ReplicaSets now; those without pods are only released."""
        what = Resource("apps/v1", "ReplicaSet", "replicasets", self.namespace, pods.name)
        value = _LONG_AGO if pods.wanted else None
        self.cluster.merge(what, {"metadata": {"annotations": {DEADLINE: value}}}, MANAGER)

    # -- telling

    def why(self, state: RolloutState) -> str:
        """Why an update failed: the controller's words, and each metric that failed with its value and its limit."""
        return "; ".join([state.failure, *self._metrics(state)])

    def _metrics(self, state: RolloutState) -> list[str]:
        said: list[str] = []
        for phase, run in state.runs.items():
            if run.get("status") not in ("Failed", "Error"):
                continue
            run_object = None
            with contextlib.suppress(PlatformError):  # the failure itself is reported anyway
                run_object = self.cluster.get(Resource(API, "AnalysisRun", "analysisruns", self.namespace, run["name"]))
            said += [f"{phase} {text}" for text in _failed_metrics(run_object or {})] or [
                f"{phase} {run.get('message')}"
            ]
        return said

    def commands(self, name: str) -> tuple[str, ...]:
        """The commands to have a template promoted."""
        patch = f"{self.cluster.command()} patch rollouts.argoproj.io {self.rollout} --namespace {self.namespace}"
        wanted, resume = (json.dumps(dict(part), separators=(",", ":")) for part in (self.reference(name), _RESUME))
        return (
            f"{patch} --type merge --field-manager {MANAGER} --patch '{wanted}'",
            f"{patch} --subresource status --type merge --patch '{resume}'  # once it is Paused",
        )


@dataclass(slots=True)
class Nudges:
    """Nudges the controller to look at changes that it has missed, at growing intervals.

    It writes its own changes over what it has heard of a Rollout meanwhile: a resume within milliseconds of the pause
    is then forgotten until the next event.
    """

    clock: Clock
    _due: float | None = None
    _pause_seconds: float = _FIRST_NUDGE_SECONDS

    def after(self, argo: ArgoRollout, state: RolloutState) -> None:
        """Take notice of a look; nudge if it is time."""
        if not state.overdue:
            self._due, self._pause_seconds = None, _FIRST_NUDGE_SECONDS
            return
        now = self.clock.monotonic_seconds()
        if self._due is not None and now >= self._due:
            argo.nudge(state)
            self._pause_seconds = min(2 * self._pause_seconds, _LAST_NUDGE_SECONDS)
            self._due = None
        self._due = self._due or now + self._pause_seconds


def _failed_metrics(run: Mapping[str, Any]) -> list[str]:
    limits = {metric["name"]: metric for metric in (run.get("spec") or {}).get("metrics") or ()}
    said = []
    for result in (run.get("status") or {}).get("metricResults") or ():
        if result.get("phase") not in ("Failed", "Error"):
            continue
        last = (result.get("measurements") or [{}])[-1]
        metric = limits.get(result.get("name"), {})
        limit = metric.get("successCondition") or f"not {metric.get('failureCondition')}"
        value = last.get("value") or last.get("message") or result.get("message") or "no value"
        said.append(f"metric {result.get('name')}: {value} against {limit}")
    return said
