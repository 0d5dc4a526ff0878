"""A service on Kubernetes in two colors, behind any entry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pulumi

from bluegreen.component import digests
from bluegreen.component.base import owner_of
from bluegreen.component.declaration import known
from bluegreen.kubernetes.component import SwapSettings, place_of
from bluegreen.kubernetes.entered import EnteredComponent, name_problems
from bluegreen.kubernetes.entry import Entry, EntryContext
from bluegreen.kubernetes.objects import color_labels
from bluegreen.kubernetes.selectors.entry import service
from bluegreen.kubernetes.service_swap import Workloads, checked, first_counts, resting
from bluegreen.kubernetes.several_entries import entry_of
from bluegreen.kubernetes.workloads import autoscaling as scaling
from bluegreen.kubernetes.workloads.color import declare_color
from bluegreen.kubernetes.workloads.in_place import guard
from bluegreen.kubernetes.workloads.release import KubernetesRelease, release_name
from bluegreen.kubernetes.workloads.release import problems_in as release_problems
from bluegreen.kubernetes.workloads.workload import (
    DISRUPTION_BUDGET,
    DisruptionBudget,
    WorkloadSettings,
    problems_in,
    shared_labels,
)
from bluegreen.rollout.model import COLORS, Color

if TYPE_CHECKING:
    from typing_extensions import Unpack


class KubernetesService(EnteredComponent):
    """Both colors of a service, and the swap between them."""

    def __init__(
        self,
        name: str,
        *,
        active_color: str,
        blue: KubernetesRelease,
        green: KubernetesRelease,
        namespace: str | None = None,
        entry: Entry | None = None,
        entries: Sequence[Entry] | None = None,
        entry_names: Sequence[str] | None = None,
        container_port: int = 8080,
        replicas: int = 2,
        workload: str = "Deployment",
        autoscaling: scaling.PodAutoscaling | Mapping[str, Any] | None = None,
        disruption_budget: DisruptionBudget | Mapping[str, Any] | None = DISRUPTION_BUDGET,
        resources: Mapping[str, Any] | None = None,
        service_account_name: pulumi.Input[str] | None = None,
        labels: Mapping[str, pulumi.Input[str]] | None = None,
        annotations: Mapping[str, pulumi.Input[str]] | None = None,
        min_ready_seconds: int = 0,
        termination_grace_period_seconds: int = 30,
        pre_stop_seconds: int = 5,
        readiness_path: str | None = "/healthz",
        readiness_probe: Mapping[str, Any] | None = None,
        readiness_gates: Sequence[str] = (),
        volume_claim_templates: Sequence[Mapping[str, Any]] = (),
        pod_template_overrides: Mapping[str, Any] | None = None,
        retire_image: pulumi.Input[str] | None = None,
        retire_service_account: str | None = None,
        opts: pulumi.ResourceOptions | None = None,
        **settings: Unpack[SwapSettings],
    ) -> None:
        """Declare both colors.

        Args:
            name: the service's name, at most 40 characters.
            active_color: ``"blue"`` or ``"green"``: who carries production traffic.
            blue: blue's release.
            green: green's release.
            namespace: where everything is; the stack's ``kubernetes:namespace`` when absent, then ``default``.
            entry: how requests reach the pods: ``service()`` (default), ``gateway_route()``, ``grpc_route()``,
                ``traefik()``, ``istio()``, ``linkerd()``, ``nginx()``, ``contour()``, ``aws_load_balancer()``.
            entries: more of them, which the swap moves together with ``entry``, in this order; without ``entry`` these
                alone.
            entry_names: what the names of their objects, and of their outputs, end with; their kinds by default.
            container_port: the port that pods listen on.
            replicas: pods that the first live color starts with; later the live color's present size counts.
            workload: ``Deployment`` or ``StatefulSet``.
            autoscaling: the live color's ``min_replicas`` and ``max_replicas``, and what both colors scale by: one or
                more of ``target_cpu_percent``, ``target_memory_percent`` (of what the containers request) and
                ``metrics``, as a HorizontalPodAutoscaler has them; ``behavior``, the same.
            disruption_budget: ``max_unavailable`` (default 1) or ``min_available`` of each color; ``None``: no budget.
            resources: ``requests`` and ``limits`` of the container.
            service_account_name: the service account that the pods run as.
            labels: for every object and pod.
            annotations: for every pod.
            min_ready_seconds: how long a pod must be ready before it counts.
            termination_grace_period_seconds: how long a pod may take to end.
            pre_stop_seconds: how long a pod serves on when its end has begun, until every proxy knows; 0 is none.
            readiness_path: requested at ``container_port``; ``None``: the port alone.
            readiness_probe: a probe of your own instead, as Kubernetes has it.
            readiness_gates: conditions that others set on a pod, such as a load balancer's controller.
            volume_claim_templates: of a StatefulSet: each color has volumes of its own.
            pod_template_overrides: laid over the pod template, for everything else: tolerations, affinity, sidecars;
                the container's name is ``app``.
            retire_image: with ``kubectl`` as its entry point, for the CronJob that scales the old color down.
            retire_service_account: as whom; one with just that right is made when absent.
            opts: the usual options.
            **settings: how swaps go: see ``SwapSettings``.

        Raises:
            pulumi.RunError: naming each wrong field, its value and what is allowed. Nothing was written.
        """
        super().__init__("bluegreen:kubernetes:KubernetesService", name, {}, opts)
        releases: dict[Color, KubernetesRelease] = {"blue": blue, "green": green}
        place, entry = place_of(settings, namespace), entry_of(name, entry, entries, entry_names, service())
        settings = resting(entry, settings)
        common = WorkloadSettings(
            name=name,
            namespace=place.namespace,
            kind=workload,
            port=container_port,
            resources=resources,
            service_account_name=service_account_name,
            labels=labels or {},
            annotations=annotations or {},
            min_ready_seconds=min_ready_seconds,
            termination_grace_period_seconds=termination_grace_period_seconds,
            pre_stop_seconds=pre_stop_seconds,
            readiness_path=readiness_path,
            readiness_probe=readiness_probe,
            readiness_gates=readiness_gates,
            volume_claim_templates=volume_claim_templates,
            pod_template_overrides=pod_template_overrides or {},
        )
        given = {color: release["existing"] for color, release in releases.items() if "existing" in release}
        own = color_labels(name)
        selectors: dict[Color, Mapping[str, Any]] = {
            color: given[color].get("labels", {}) if color in given else release.get("labels") or own[color]
            for color, release in releases.items()
        }
        problems = [*name_problems(name), *problems_in(common, disruption_budget)]
        for color, release in releases.items():
            problems += release_problems(color, known(release))
        if autoscaling is not None:
            problems += scaling.problems_in(known(autoscaling), replicas)
        swap = checked(
            EntryContext(
                name=name,
                owner=owner_of(name),
                place=place,
                port=container_port,
                selectors=selectors,
                labels=shared_labels(name, labels),
                parent=self,
            ),
            active_color,
            entry,
            Workloads(
                kind=workload,
                names={
                    color: given[color].get("workload", "") if color in given else f"{name}-{color}" for color in COLORS
                },
                replicas=replicas,
                autoscalers=_autoscalers(name, given, autoscaling),
                autoscaling=None if autoscaling is None else scaling.capacity_section(autoscaling),
                retire_image=retire_image,
                retire_service_account=retire_service_account,
            ),
            settings,
            problems,
        )
        counts = first_counts(active_color, replicas, settings)

        def color_objects() -> list[pulumi.Resource]:
            return [
                resource
                for color, release in releases.items()
                if color not in given
                for resource in declare_color(
                    common,
                    color,
                    release,
                    selector=selectors[color],
                    first_count=counts[color],
                    autoscaling=autoscaling,
                    disruption_budget=disruption_budget,
                    parent=self,
                    hooks=guard(f"{name}-{color}", place.namespace, color, entry.router(swap.context)),
                )
            ]

        shown = {
            color: pulumi.Output.from_input(dict(release)).apply(release_name) for color, release in releases.items()
        }
        self._show_entered(swap, *swap.declare(self, shown, digests.of_releases(releases, ["labels"]), color_objects))


def _autoscalers(
    name: str, given: Mapping[Color, Mapping[str, Any]], autoscaling: Mapping[str, Any] | None
) -> dict[Color, Any]:
    """The autoscaler of each color that has one: made here, or an existing workload's."""
    made = {} if autoscaling is None else {color: f"{name}-{color}" for color in COLORS if color not in given}
    theirs = {
        color: workload["autoscaler"] for color, workload in given.items() if workload.get("autoscaler") is not None
    }
    return {**made, **theirs}
