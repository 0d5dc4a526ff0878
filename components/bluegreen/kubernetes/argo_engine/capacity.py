"""The pods of an Argo Rollout: a new color starts behind the preview Service and waits for the swap's gates.

Argo Rollouts scales by itself, up before the traffic and down after it. To prepare a color is to point the Rollout at
it: with ``autoPromotionEnabled: false`` it stops before any traffic moves, its own analysis passed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from bluegreen.kubernetes.argo_engine import live_rollout as argo_object
from bluegreen.kubernetes.argo_engine.live_rollout import PATCH, ArgoRollout, Nudges
from bluegreen.kubernetes.argo_engine.router import pods_readiness
from bluegreen.kubernetes.argo_engine.state import UNSEEN, Pods, RolloutState, of_color
from bluegreen.kubernetes.places import same_cluster
from bluegreen.options.declared import option
from bluegreen.options.kinds import Number
from bluegreen.permissions import Permission
from bluegreen.platforms.places import Same
from bluegreen.rollout.clock import Clock, SystemClock
from bluegreen.rollout.errors import PlatformError
from bluegreen.rollout.model import COLORS, Color, Readiness, Size

_KEPT = "its former pods go first, since Argo Rollouts would give them traffic at once and past every gate"
# The controller looks again after 20 s at what refers to something that it did not know.
_INVALID_SECONDS = 45.0
_PROMOTED = "somebody promoted it, or the pause was taken out of it"


@dataclass(slots=True, kw_only=True)
class ArgoRolloutsCapacity(ArgoRollout):
    """The pods of one Rollout, by color.

    Attributes:
        clock: time, for how long the controller refuses the Rollout.
    """

    where: ClassVar[frozenset[str]] = frozenset({"kind", "namespace", "rollout", "cluster"})
    same_place: ClassVar[Mapping[str, Same]] = {"cluster": same_cluster}
    permissions: ClassVar[tuple[Permission, ...]] = argo_object.PERMISSIONS

    replicas: int = option("pods that a color starts with", Number(0, whole=True), default=1)
    clock: Clock = field(default_factory=SystemClock)
    # Within one update: the color that the Rollout is to be brought to, and whether it has to prove itself.
    _goal: Color | None = field(default=None, init=False)
    _proves: bool = field(default=False, init=False)
    # Whether something had traffic when it was pointed.
    _was_live: bool = field(default=False, init=False)
    # Whether the Rollout was seen pointed at the goal: it is nobody else's turn then.
    _pointed: bool = field(default=False, init=False)
    _nudges: Nudges | None = field(default=None, init=False)
    _invalid_since: float | None = field(default=None, init=False)

    @property
    def declared_size(self) -> int:
        """The number of pods that a color starts with."""
        return self.replicas

    def read(self) -> Mapping[Color, Size]:
        """The sizes for a promotion: with ``previewReplicaCount``, that many pods are enough before traffic."""
        state = self.look()
        sets = self.sets(state)
        return {color: self._size(state, of_color(sets, color), color) for color in COLORS}

    def _size(self, state: RolloutState, pods: Pods | None, color: Color) -> Size:
        if pods is None:
            return Size()
        # Any other is on its way to nothing, also while the controller has not seen that the Rollout was pointed away.
        comes = pods.hash == state.current and state.workload == self.workloads[color]
        stays = comes or pods.hash == state.active
        return Size(
            desired=min(pods.wanted, state.needed) if stays else 0,
            running=min(pods.ready, state.needed),
            stuck=state.workload == self.workloads[color] and bool(state.failure),
        )

    # -- before traffic

    def prepare(self, color: Color, size: int) -> None:  # noqa: ARG002 - how many is the Rollout's own matter
        """Point the Rollout at a color, or take the first step towards that."""
        self.look_at_template(self.workloads[color])  # nothing is read between the look and what is written by it
        state = self.look()
        if state.active and not state.waits_for_resume:
            allowed = "false is needed for the swap's gates, which run before any traffic moves"
            raise PlatformError(PATCH, f"{self.resource}: spec.strategy.blueGreen.autoPromotionEnabled: {allowed}")
        self._pointed = self._pointed and self._goal == color
        self._goal = color
        if state.workload == self.workloads[color]:
            if state.failure:
                self._pointed = False
                self._go_back(state)
            return
        self._advance(state, self.sets(state))

    def _go_back(self, state: RolloutState) -> None:
        """Start afresh at the template that was live: a mere retry would count the failed analysis again."""
        former = self.former(state)
        if former is None or former[1] == state.workload:
            self.retry()
        else:
            self.point(state, former[1], former)

    def _advance(self, state: RolloutState, sets: list[Pods]) -> str:
        """Point the Rollout at the goal, in as many looks as that takes; return why it is not there yet."""
        assert self._goal is not None  # noqa: S101 - set by prepare
        goal = self.workloads[self._goal]
        if state.workload == goal:
            self._pointed = True
            return ""
        if self._pointed:
            reason = f"spec.workloadRef.name is {state.workload!r} instead of {goal!r}: somebody else set it"
            raise PlatformError(PATCH, f"{self.resource}: {reason}")
        if state.workload and not state.seen:
            return UNSEEN
        # What runs of it already gets traffic as soon as the Rollout is pointed at it, past its pause and its analysis.
        kept = [
            one for one in sets if one.color == self._goal and one.hash != state.active and (one.wanted or one.kept)
        ]
        if self._proves and kept:
            for one in kept:
                self.end_wait(one)
            return _KEPT
        former = self.former(state)
        if state.at_rest:
            named = next((one for one in COLORS if self.workloads[one] == state.workload), None)
            live = named or self.color_of(state, sets)
            former = None if live is None else (live, state.workload)
        self.point(state, goal, former)
        self._pointed = True
        self._was_live = former is not None and bool(state.active)
        return UNSEEN

    def ready(self, color: Color) -> Readiness:
        """Whether a color's pods run and, where the Rollout was pointed at it, whether it waits before traffic."""
        state = self.look()
        sets = self.sets(state)
        if self._goal == color:
            self._nudges = self._nudges or Nudges(self.clock)
            self._nudges.after(self, state)
            waiting = self._advance(state, sets)
            if waiting:
                return Readiness(False, 0, state.needed, waiting)
        if state.workload != self.workloads[color]:
            pods = of_color(sets, color)
            return pods_readiness(pods, live=pods is not None and pods.hash == state.active)
        return self._at(state, next((one for one in sets if one.hash == state.current), None))

    def _at(self, state: RolloutState, pods: Pods | None) -> Readiness:
        """The readiness of the template that the Rollout was pointed at."""
        ready = pods.ready if pods is not None and state.seen else 0
        if not state.seen:
            return Readiness(False, ready, state.needed, UNSEEN)
        if state.failure:
            return Readiness(False, ready, state.needed, self.why(state), fatal=True)
        if state.invalid:
            now = self.clock.monotonic_seconds()
            self._invalid_since = self._invalid_since or now
            lasts = now - self._invalid_since >= _INVALID_SECONDS
            return Readiness(False, ready, state.needed, state.told, fatal=lasts)
        self._invalid_since = None
        if self._proves and self._was_live and (state.at_rest or state.switched):
            raise PlatformError(PATCH, f"{self.resource} moved the traffic before it was resumed: {_PROMOTED}")
        if ready < state.needed:
            return Readiness(False, ready, state.needed, state.told)
        if state.at_rest or state.switched or state.resumable or state.stuck:
            return Readiness(True, ready, state.needed, release=_release(state))
        return Readiness(False, ready, state.needed, state.told, release=_release(state))

    def preflight(self, color: Color, size: int, retires: bool = True) -> None:  # noqa: ARG002 - nothing is scaled here
        """Find out whether the Rollout may be pointed and resumed."""
        self._proves = True
        state = self.look()
        if state.workload:
            self.point(state, state.workload, self.former(state), dry_run=True)
        self.resume(dry_run=True)

    def suspend_scale_in(self) -> None:
        """Do nothing: autoscaling acts on the Rollout, which gives every color the same size."""

    def resume_scaling(self, serving: Collection[Color]) -> None:
        """Do nothing: nothing was suspended."""

    # -- after it

    def retire(self, color: Color, size: int, after_seconds: float) -> str:  # noqa: ARG002 - the Rollout's own matter
        """Leave the scale-down to Argo Rollouts; take back a color that was prepared and not promoted."""
        state = self.look()
        former = self.former(state)
        pointed = state.workload == self.workloads[color] and not state.at_rest and not state.switched
        if pointed and former is not None and former[1] != state.workload:
            self.point(state, former[1], former)
            return f"the Rollout is pointed back at {former[0]}; Argo Rollouts scales {color} down"
        return f"Argo Rollouts scales {color} down after the Rollout's scaleDownDelaySeconds"

    def cancel_retirement(self, color: Color) -> None:
        """Do nothing: Argo Rollouts takes up by itself a template that it is pointed at in time."""

    def delete(self) -> None:
        """Do nothing: the swap made nothing here."""


def _release(state: RolloutState) -> str:
    return f"pod template {state.current}" if state.current else ""
