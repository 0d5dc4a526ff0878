"""Deployments or StatefulSets: one a color, scaled by their ``scale``; the old one retires by a CronJob.

Nothing of a workload is written but its replicas, by its ``scale`` subresource: the stack that declares the rest does
not own them, and the swap does not own the rest.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from functools import partial
from typing import Any, ClassVar

from bluegreen.fields import Fields
from bluegreen.kubernetes.client import KubernetesConnection, Resource
from bluegreen.kubernetes.client_names import LABEL_NAME, OBJECT_NAME
from bluegreen.kubernetes.connection_option import CLUSTER
from bluegreen.kubernetes.places import same_cluster
from bluegreen.kubernetes.workloads.cron_job import Retirement, Retirements, due_after
from bluegreen.kubernetes.workloads.live_autoscaler import Autoscalers, Replicas
from bluegreen.kubernetes.workloads.live_workload import (
    desired_of,
    failed_at,
    is_seen,
    judged,
    release_of,
    selector_of,
    size_of,
    why_not,
    workload,
)
from bluegreen.kubernetes.workloads.retire import KINDS, RetireSettings
from bluegreen.options.declared import Options, declared, option, several
from bluegreen.options.kinds import Both, Made, Nested, Number, Text
from bluegreen.permissions import Permission
from bluegreen.platforms.places import Same, by_color, or_default
from bluegreen.rollout.calls import side_by_side
from bluegreen.rollout.clock import steady_seconds
from bluegreen.rollout.errors import PlatformError
from bluegreen.rollout.model import COLORS, Color, Readiness, Size, other

# One step follows the other without a pause. Whoever stood still in between asks again.
_FRESH_SECONDS = 1.0


@declared
class _Clusters(Options):
    """The cluster of each color."""

    cluster: KubernetesConnection | None = option(
        "which cluster both are in, and as whom", CLUSTER, default=None, absent="the client's own"
    )
    clusters: Mapping[Color, KubernetesConnection] | None = option(
        "in its place, a cluster for each color", Both(CLUSTER), default=None
    )

    @classmethod
    def check(cls, fields: Fields, values: dict[str, Any]) -> None:
        """Refuse clusters that are said in two ways, or not by color."""
        one, each = values.pop("cluster"), values.pop("clusters")
        if one is not None and each is not None:
            fields.problem("cluster", fields.raw("cluster"), "absent beside clusters, which names one for each color")
        values |= dict.fromkeys(COLORS, one or KubernetesConnection()) if each is None else each


def _autoscalers(fields: Fields, name: str) -> dict[Color, str]:
    section = fields.section(name, None)
    if section is None:
        return {}
    by_color = {color: OBJECT_NAME.read(section, color, None) for color in COLORS}
    section.done()
    return {color: autoscaler for color, autoscaler in by_color.items() if autoscaler is not None}


@dataclass(slots=True, kw_only=True)
class KubernetesCapacity(Options):
    """The two workloads of one namespace, in one cluster or in one for each color.

    Attributes:
        clusters: where each color is.
    """

    where: ClassVar[frozenset[str]] = frozenset(
        {"kind", "namespace", "workload_kind", "workloads", "cluster", "clusters"}
    )
    same_place: ClassVar[Mapping[str, Same]] = {
        "cluster": same_cluster,
        "clusters": by_color(same_cluster),
        "workload_kind": or_default("Deployment"),
    }
    permissions: ClassVar[tuple[Permission, ...]] = (
        *(
            Permission(f"{verb} {plural}.apps{subresource}", f"{when}, with {kind}s")
            for kind, plural in KINDS.items()
            for verb, subresource, when in (
                ("get", "", "previews of a rollback, updates"),
                ("patch", "/scale", "scaling"),
            )
        ),
        Permission("list pods", "to find out why replicas are not available"),
        *Autoscalers.permissions,
        *Retirements.permissions,
    )

    namespace: str = option("of everything here", LABEL_NAME)
    workload_kind: str = option("what the workloads are", Text(choices=tuple(KINDS)), default="Deployment")
    workloads: Mapping[Color, str] = option("a workload's name for each color", Both(OBJECT_NAME))
    replicas: int = option("replicas that a color starts with when none run anywhere", Number(1, whole=True), default=1)
    clusters: Mapping[Color, KubernetesConnection] = several(_Clusters)
    autoscalers: Mapping[Color, str] = option(
        "a HorizontalPodAutoscaler's name for each color that has one",
        Made("Mapping[Color, str]", _autoscalers),
        default={},
    )
    autoscaling: Replicas | None = option(
        "the range that autoscaling has on the live color",
        Nested(Replicas),
        default=None,
        absent="whatever its autoscaler has",
    )
    retirement: RetireSettings | None = option(
        "how retirements run; without it a color keeps its size where it should retire later",
        Nested(RetireSettings),
        default=None,
        name="retire",
    )
    # Within one update, which asks for replicas before it waits for them.
    _failed_before: dict[Color, str] = field(init=False, default_factory=dict, repr=False, compare=False)
    _seen: dict[Color, tuple[float, dict[str, Any]]] = field(
        init=False, default_factory=dict, repr=False, compare=False
    )

    @classmethod
    def check(cls, fields: Fields, values: dict[str, Any]) -> None:
        """Refuse one workload for both colors, unless there are two clusters."""
        clusters, workloads = values["clusters"], values["workloads"]
        green = workloads["green"]
        if clusters["blue"] == clusters["green"] and isinstance(green, str) and green == workloads["blue"]:
            fields.problem("workloads.green", green, "another workload than blue's, or a cluster of its own")

    @property
    def declared_size(self) -> int:
        """The declared ``replicas``."""
        return self.replicas

    # -- the workloads

    def _workload(self, color: Color, subresource: str = "") -> Resource:
        return workload(self.workload_kind, self.namespace, self.workloads[color], subresource)

    def _get(self, color: Color) -> dict[str, Any]:
        what = self._workload(color)
        scale = self.clusters[color].get(what)
        if scale is None:
            raise PlatformError(f"get {what.rbac}", f"there is no {what} in {self.clusters[color]}")
        return scale

    def _scale(self, color: Color, size: int, *, dry_run: bool = False) -> None:
        what = self._workload(color, "scale")
        if self.clusters[color].merge(what, {"spec": {"replicas": size}}, dry_run=dry_run) is None:
            raise PlatformError(f"patch {what.rbac}", f"there is no {what} in {self.clusters[color]}")

    def read(self) -> Mapping[Color, Size]:
        """Both workloads' counts: a call each, side by side. Only available replicas count as running."""
        began = steady_seconds()
        sizes = side_by_side(*(partial(self._get, color) for color in COLORS))
        self._seen.update({color: (began, one) for color, one in zip(COLORS, sizes, strict=True)})
        return {color: size_of(self._seen[color][1]) for color in COLORS}

    def _just_read(self, color: Color) -> dict[str, Any] | None:
        """A workload as ``read`` found it last; ``None`` where that is old."""
        asked_at, known = self._seen.get(color, (-math.inf, {}))
        return known if steady_seconds() - asked_at < _FRESH_SECONDS else None

    def prepare(self, color: Color, size: int) -> None:
        """Ask for replicas that nothing takes away: three calls, and one or two more with autoscaling.

        Of a rollout that Kubernetes gave up on nothing is started afresh: that takes another template, which is the
        stack's. Kubernetes itself keeps trying, so what counts is what it says from now on.
        """
        self._seen.clear()
        self._retirements.cancel(color)  # also without an earlier request
        self._failed_before[color] = failed_at(self._get(color))
        # First: an autoscaler would take back at once what is above its maximum, or what no load asks for.
        self._autoscalers.prepare(color, size)
        self._scale(color, size)

    def ready(self, color: Color) -> Readiness:
        """Whether all wanted replicas are available and of the present release: one call, two when not.

        None right after ``read``, where nothing was requested in between.
        """
        manifest = self._just_read(color) or self._get(color)
        self._seen.pop(color, None)  # once: who asks again wants to know what it is then
        readiness = replace(judged(manifest, self._failed_before.get(color, "")), release=release_of(manifest))
        if readiness.ready or readiness.expected < 1 or not is_seen(manifest):
            return readiness
        pods = self.clusters[color].find(Resource("v1", "Pod", "pods", self.namespace), selector_of(manifest))
        why, hopeless = why_not(manifest, pods)
        reason = "; ".join(filter(None, (readiness.reason, why)))
        return replace(readiness, reason=reason, fatal=readiness.fatal or hopeless)

    def release(self, color: Color) -> str:
        """The release of a color's pod template: one call."""
        return release_of(self._get(color))

    # -- autoscaling and retirement

    @property
    def _autoscalers(self) -> Autoscalers:
        return Autoscalers(self.namespace, self.autoscalers, self.clusters, self.autoscaling)

    @property
    def _retirements(self) -> Retirements:
        return Retirements(
            self.namespace, self.workload_kind, self.workloads, self.autoscalers, self.clusters, self.retirement
        )

    def preflight(self, color: Color, size: int, retires: bool = True) -> None:
        """Retire the other color, as dry runs that change nothing: two calls, and one more with autoscaling.

        None of a color that keeps its size, but for that with autoscaling.
        """
        leaving = other(color)
        if retires:
            self._scale(leaving, size, dry_run=True)
        self._autoscalers.preflight(leaving)
        if retires:
            self._retirements.preflight(leaving)

    def suspend_scale_in(self) -> None:
        """Raise both autoscalers' minimums to the present sizes: two calls each, a third where a color could shrink.

        One less right after ``read``.
        """
        for color in COLORS:
            autoscaler = self._autoscalers.find(color)
            if autoscaler is not None:
                present = self._just_read(color) or self._get(color)
                self._autoscalers.suspend_scale_in(color, autoscaler, desired_of(present))

    def resume_scaling(self, serving: Collection[Color]) -> None:
        """Give autoscaling its range where there is traffic: one call a color, two with autoscaling, if all is well.

        A retirement is cancelled, too: what has traffic must not be about to retire, however it came to have it.
        """
        for color in serving:
            self._retirements.cancel(color)
            autoscaler = self._autoscalers.find(color)
            if autoscaler is not None:
                self._autoscalers.give_back(color, autoscaler)

    def retire(self, color: Color, size: int, after_seconds: float) -> str:
        """Scale down after a delay: at once by ``scale``, later by a CronJob, at the next full minute."""
        present = desired_of(self._just_read(color) or self._get(color))
        self._seen.pop(color, None)
        if present <= size:
            return f"{color} is at {present} already"
        autoscaler = self._autoscalers.find(color)
        if after_seconds <= 0:
            self._retirements.cancel(color)
            if autoscaler is not None and size:
                self._autoscalers.fix(color, autoscaler, size)
            self._scale(color, size)
            if autoscaler is not None and not size:  # Kubernetes itself lets it rest at 0
                self._autoscalers.give_back(color, autoscaler)
            return f"{color} is scaled to {size}"
        if self.retirement is None:
            return f"{color} keeps its size: for a later scale-down, capacity.retire has to name a service_account"
        self._retirements.cancel(color)
        condition = self.retirement.only_if.get(color)
        witness = {} if condition is None else condition.witness(other(color))
        minimum = None
        if autoscaler is not None:
            self._autoscalers.suspend_scale_in(
                color, autoscaler, present
            )  # it has no load any more, and should stay warm
            minimum = size or self._autoscalers.own_low(autoscaler)
        due = due_after(after_seconds, datetime.now(timezone.utc))
        self._retirements.schedule(color, Retirement(size, minimum, due, witness))
        by = self._retirements.where(color)
        return f"{color} is scaled to {size} at {due:%H:%M:%S} UTC by {by}"

    def cancel_retirement(self, color: Color) -> None:
        """Cancel a retirement: one call when there is none.

        The autoscaler's minimum stays what it is until ``resume_scaling``: a swap runs.
        """
        self._retirements.cancel(color)

    def delete(self) -> None:
        """Cancel retirements and give back the autoscalers of both colors: a call each when there is nothing.

        A declared range goes with its autoscaler, and is left alone.
        """
        for color in COLORS:
            self._retirements.cancel(color)
            if self.autoscaling is None:
                autoscaler = self._autoscalers.find(color, missing_is_fine=True)
                if autoscaler is not None:
                    self._autoscalers.give_back(color, autoscaler)
