"""Argo Rollouts as the engine: one Rollout with the ``blueGreen`` strategy, whose controller moves the traffic.

A color is a pod template. The swap says which one the Rollout wants (``spec.workloadRef``, the one field that is its
own), resumes the Rollout at its pause, follows it to the end of its analysis, and points it back where it has to.

API: https://argo-rollouts.readthedocs.io/en/stable/features/bluegreen/
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from bluegreen.kubernetes.argo_engine import live_rollout as argo_object
from bluegreen.kubernetes.argo_engine.live_rollout import PATCH, ArgoRollout, Nudges
from bluegreen.kubernetes.argo_engine.state import HASH, Pods, RolloutState, of_color
from bluegreen.kubernetes.client import Resource
from bluegreen.kubernetes.endpoints import endpoints
from bluegreen.kubernetes.live_object import OWNER, KubernetesObjectRouter
from bluegreen.kubernetes.places import same_cluster
from bluegreen.kubernetes.pods import is_ready, pods, why_not_ready
from bluegreen.permissions import Permission
from bluegreen.platforms.places import Same
from bluegreen.rollout.calls import pause
from bluegreen.rollout.clock import Clock, SystemClock
from bluegreen.rollout.errors import NotOwned, PlatformError, PlatformRefused
from bluegreen.rollout.model import COLORS, Color, Convergence, Readiness, Weights, other
from bluegreen.rollout.ports import Capability

_NOTHING_RUNS = "nothing of it runs: the Rollout starts and checks its own pods"
# The controller and the EndpointSlices follow within a fraction of a second: worth waiting for, rather than for the
# next look a second later.
_LOOK_AGAIN_SECONDS, _PAUSE_SECONDS = 0.5, 0.03


@dataclass(slots=True, kw_only=True)
class ArgoRolloutsRouter(KubernetesObjectRouter):
    """Points, resumes and follows one Rollout.

    Attributes:
        clock: time, for how often the controller gets it again.
    """

    capabilities: ClassVar[frozenset[Capability]] = frozenset()
    owned_path: ClassVar[tuple[str, ...]] = ("spec", "workloadRef")
    where: ClassVar[frozenset[str]] = frozenset({"kind", "namespace", "rollout", "cluster"})
    same_place: ClassVar[Mapping[str, Same]] = {"cluster": same_cluster}
    release_keys: ClassVar[frozenset[str]] = frozenset({"workloads"})
    in_place: ClassVar[bool] = True
    permissions: ClassVar[tuple[Permission, ...]] = (
        *argo_object.PERMISSIONS,
        Permission("get services", "the end of every promotion: the active Service"),
        Permission("list endpointslices.discovery.k8s.io", "the same: which pods receive its traffic"),
        Permission("list pods", "the same: whose they are, and why a color's pods are not ready"),
    )

    rollout: str = argo_object.rollout_option()
    workloads: Mapping[Color, str] = argo_object.workloads_option()
    workload_kind: str = argo_object.workload_kind_option()
    clock: Clock = field(default_factory=SystemClock)
    # Within one update: what it brings now, what was live before that, and whether that waits for an abort.
    _goal: str = field(default="", init=False)
    _color: Color | None = field(default=None, init=False)
    _former: tuple[Color, str] | None = field(default=None, init=False)
    _aborting: bool = field(default=False, init=False)
    _read: Weights | None = field(default=None, init=False)
    _told: str = field(default="", init=False)
    _nudges: Nudges | None = field(default=None, init=False)
    # The templates that it was seen pointed at, and the one that this router has pointed it to itself.
    _pointed_at: set[str] = field(default_factory=set, init=False)
    _mine: str = field(default="", init=False)

    @property
    def _argo(self) -> ArgoRollout:
        return ArgoRollout(
            namespace=self.namespace,
            rollout=self.rollout,
            workloads=self.workloads,
            workload_kind=self.workload_kind,
            owner=self.owner,
            cluster=self.cluster,
            uid=self._uid,
            former_owner=self.former_owner,
        )

    @property
    def _object(self) -> Resource:
        return self._argo.resource

    def _fields(self, weights: Weights) -> dict[str, Any]:
        color = weights.live_color
        return {} if color is None else self._argo.reference(self.workloads[color])

    def _foreign(self, current: Mapping[str, Any]) -> str:
        state = RolloutState(current)
        if state.inline:
            return "a pod template of its own (spec.template)"
        return f"spec.workloadRef.name {state.workload!r}" if state.workload else ""

    # -- reading

    def _note(self, current: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
        if current is not None:
            self._pointed_at.add(RolloutState(current).workload)
        return KubernetesObjectRouter._note(self, current)

    def _counts(self, current: Mapping[str, Any]) -> bool:
        if (
            RolloutState(current).inline
            and not self.adopt
            and OWNER not in (current["metadata"].get("annotations") or {})
        ):
            what = f"{self._object} has {self._foreign(current)}"
            raise NotOwned("get rollouts.argoproj.io", f"{what}: declare it without, or say `adopt`")
        return KubernetesObjectRouter._counts(self, current)

    def _weights(self, current: Mapping[str, Any]) -> Weights:
        """The shares of the active Service's traffic; less than 100 in all while an update runs, moved or not.

        So an update that finds one knows that something is to be brought to its end, or back. An earlier release of a
        color is not all that the color should be, either.
        """
        state = RolloutState(current)
        wanted = self._color_named(state.workload)
        if not (state.workload or state.inline) or not state.active:
            self._read = Weights()
        elif state.at_rest and wanted is not None:
            self._read = Weights.all_on(wanted)
        else:
            self._read = self._mix(state, wanted)
        return self._read

    def _mix(self, state: RolloutState, wanted: Color | None) -> Weights:
        sets = self._argo.sets(state)
        live = self._argo.color_of(state, sets)
        if live is None:
            return Weights()
        settled = state.active == state.current == state.stable
        if settled and wanted == live:  # something else of the Rollout has changed and is not noticed yet
            return Weights.all_on(live)
        coming = wanted or next((one.color for one in sets if one.hash == state.current), None)
        if state.switched or (coming is not None and coming != live):
            return Weights.split(live, 99)
        return Weights(**{live: 99})

    def _color_named(self, workload: str) -> Color | None:
        return next((color for color in COLORS if self.workloads[color] == workload), None)

    # -- writing

    def write(self, weights: Weights) -> None:
        """Have Argo Rollouts bring a color: it is pointed there, taken up on its way, resumed, or sent back.

        A mix is never written: while an update runs, what it does is left alone. To write what was found, as a
        rehearsal does, changes nothing.

        Raises:
            PlatformError: it was pointed at the color already, where its pods start, and somebody has pointed it back.
        """
        color = weights.live_color
        if weights == Weights():
            KubernetesObjectRouter.write(self, weights)
            return
        state = self._state()
        if color is None:
            going_on = bool(state.workload) and not state.at_rest
            if not going_on and weights != self._read:
                raise PlatformError(PATCH, f"{weights}: Argo Rollouts' blueGreen moves all traffic at once")
            return
        self._color, self._aborting = color, False
        # What goes back after a failure goes to what ran before it, and not to a newer release of that color.
        back = self._former is not None and self._former[0] == color
        self._goal = self._former[1] if back and self._former is not None else self.workloads[color]
        if self._goal in self._pointed_at and state.workload not in (self._goal, self._mine):
            raise PlatformError(PATCH, self._set_by_somebody(state))
        self._go(state)
        self._ours = self._uid

    def put_back(self, weights: Weights) -> None:
        """Have Argo Rollouts go back after a failure, whatever the Rollout is pointed at by now."""
        self._pointed_at.clear()
        self.write(weights)

    def _set_by_somebody(self, state: RolloutState) -> str:
        return f"spec.workloadRef.name is {state.workload!r} instead of {self._goal!r}: somebody else set it"

    def _state(self) -> RolloutState:
        current = self._look()
        if current is None:
            raise PlatformError(PATCH, f"there is no {self._object} in {self.cluster}: it is a resource of the stack")
        self._refuse_another_of_its_name()
        self._counts(current)
        return RolloutState(current)

    def _go(self, state: RolloutState) -> None:
        argo = self._argo
        known = argo.former(state)
        if state.workload == self._goal:
            self._former = self._former or (None if state.at_rest else known)
            if state.resumable:
                argo.resume()
            else:  # also where it is there already: a write that changes nothing finds out whether it is allowed
                argo.point(state, self._goal, known)
                if state.at_rest:
                    self._served(state)  # and so are the looks that come after it
        elif state.switched and known is not None and known[1] == self._goal:
            # Pointed back now, it would wait for an analysis that it never starts for what is stable: it is aborted
            # first, which gives the traffic back, and pointed back then.
            self._aborting = True
            argo.abort()
        else:
            former = self._live(state) if state.at_rest else known
            argo.point(state, self._goal, former)
            self._mine = self._goal
            self._former = self._former or former
        self._owned = True

    def _live(self, state: RolloutState) -> tuple[Color, str] | None:
        color = self._color_named(state.workload) or self._argo.color_of(state, self._argo.sets(state))
        return None if color is None else (color, state.workload)

    def verify(self, weights: Weights) -> Convergence:
        """Whether all traffic is on a color's pods and the Rollout is done with its analysis.

        Raises:
            PlatformError: the Rollout was aborted, by its analysis or by somebody, or its pods do not come up.
        """
        waited_seconds = 0.0
        while self._verify(weights) is Convergence.PENDING:
            if waited_seconds >= _LOOK_AGAIN_SECONDS:
                return Convergence.PENDING
            pause(_PAUSE_SECONDS)
            waited_seconds += _PAUSE_SECONDS
        return Convergence.CONVERGED

    def _verify(self, weights: Weights) -> Convergence:
        color = weights.live_color
        if color is None:
            return Convergence.CONVERGED if self.read().weights == weights else Convergence.PENDING
        current = self._look()
        if current is None or not self._counts(current):
            return Convergence.PENDING
        state, ours = RolloutState(current), color == self._color
        goal = self._goal if ours else self.workloads[color]
        self._told = state.told
        if state.workload == goal and state.at_rest:
            return Convergence.CONVERGED if self._served(state) else Convergence.PENDING
        if ours:
            self._go_on(state)
        return Convergence.PENDING

    def _go_on(self, state: RolloutState) -> None:
        self._nudges = self._nudges or Nudges(self.clock)
        self._nudges.after(self._argo, state)
        if state.workload != self._goal:
            if not self._aborting:
                raise PlatformError(PATCH, self._set_by_somebody(state))
            if state.active == state.stable:
                self._aborting = False
                self._argo.point(state, self._goal, self._argo.former(state))
        elif state.failure:
            raise PlatformRefused(PATCH, self._argo.why(state))
        elif state.stuck:  # what is stable has proved itself
            self._argo.switch()
        elif state.resumable:
            self._argo.resume()

    def _served(self, state: RolloutState) -> bool:
        """Whether the active Service chooses these pods, and nobody else receives its traffic any more."""
        service = self.cluster.get(Resource("v1", "Service", "services", self.namespace, state.active_service))
        if service is None or ((service.get("spec") or {}).get("selector") or {}).get(HASH) != state.active:
            self._told = f"the selector of Service {state.active_service} has not followed yet"
            return False
        ours = {pod["metadata"]["uid"] for pod in self._pods(state.active)}
        ready = [
            endpoint for endpoint in endpoints(self.cluster, self.namespace, state.active_service) if endpoint.ready
        ]
        strangers = sum(endpoint.uid not in ours for endpoint in ready)
        if strangers or (state.needed and not ready):
            self._told = (
                f"Service {state.active_service} has {len(ready)} ready endpoints, {strangers} of them strangers"
            )
            return False
        return True

    def _pods(self, template_hash: str) -> list[dict[str, Any]]:
        return pods(self.cluster, self.namespace, {HASH: template_hash})

    # -- the rest

    def progress(self) -> str:
        """The Rollout's phase and message, and the analysis that runs."""
        return self._told

    def commands(self, weights: Weights) -> tuple[str, ...]:
        """The commands that do it by hand."""
        if weights == Weights():
            return KubernetesObjectRouter.commands(self, weights)
        return self._argo.commands(self.workloads["blue" if weights.blue >= weights.green else other("blue")])

    def health(self, color: Color) -> Readiness:
        """The health of a color's pods; a color without pods needs no readiness."""
        look = self._look()
        if look is None:
            return Readiness(False, reason=f"there is no {self._object}")
        state = RolloutState(look)
        chosen = of_color(self._argo.sets(state), color)
        health = pods_readiness(chosen, live=chosen is not None and chosen.hash == state.active)
        if health.ready or chosen is None:
            return health
        sick = next((pod for pod in self._pods(chosen.hash) if not is_ready(pod)), None)
        return health if sick is None else replace(health, reason=why_not_ready(sick))


def pods_readiness(chosen: Pods | None, *, live: bool) -> Readiness:
    """The readiness of a color's pods, as far as a ReplicaSet tells it."""
    if chosen is None or (chosen.wanted == 0 and not live):
        return Readiness(True, 1, 1, _NOTHING_RUNS)
    ready = 0 < chosen.wanted <= chosen.ready
    reason = "" if ready else f"{chosen.ready} of {chosen.wanted} pods of ReplicaSet {chosen.name} are ready"
    return Readiness(ready, chosen.ready, chosen.wanted, reason)
