"""A service whose traffic Argo Rollouts moves: one Rollout, and a pod template a color."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pulumi

from bluegreen.component import digests
from bluegreen.component.base import SwappedComponent, owner_of
from bluegreen.component.declaration import known
from bluegreen.fields import UNKNOWN, Fields
from bluegreen.kubernetes.argo_engine import analysis as analyses
from bluegreen.kubernetes.argo_engine import objects
from bluegreen.kubernetes.argo_engine.analysis import Analysis
from bluegreen.kubernetes.argo_engine.objects import RolloutSettings
from bluegreen.kubernetes.component import SwapSettings, draft, place_of
from bluegreen.kubernetes.entered import name_problems
from bluegreen.kubernetes.entry import EntryContext
from bluegreen.kubernetes.objects import NAME_LABEL, color_labels, declare
from bluegreen.kubernetes.services import SELECTOR, TYPES, url_of
from bluegreen.kubernetes.workloads import autoscaling as scaling
from bluegreen.kubernetes.workloads.release import KubernetesRelease, release_name
from bluegreen.kubernetes.workloads.release import problems_in as release_problems
from bluegreen.kubernetes.workloads.workload import (
    DISRUPTION_BUDGET,
    DisruptionBudget,
    RolloutPods,
    WorkloadSettings,
    problems_in,
    shared_labels,
)
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import COLORS, Color

if TYPE_CHECKING:
    from typing_extensions import Unpack

_DELAY_SECONDS = 600


class ArgoRollout(SwappedComponent):
    """Both colors of a service, the Rollout that runs one of them or both, and the swap that says which.

    Attributes:
        url: where production requests go.
        preview_urls: where the new color answers before it has traffic, and the live one at any other time.
        preview_headers: none: the URL is enough.
        services: the Services by what they are for: ``production``, ``preview``.
        workloads: the name of each color's pod template.
    """

    url: pulumi.Output[str]
    preview_urls: pulumi.Output[Mapping[str, str]]
    preview_headers: Mapping[Color, Mapping[str, str]]
    services: Mapping[str, str]
    workloads: pulumi.Output[Mapping[str, str]]

    def __init__(
        self,
        name: str,
        *,
        active_color: str,
        blue: KubernetesRelease,
        green: KubernetesRelease,
        namespace: str | None = None,
        container_port: int = 8080,
        replicas: int = 2,
        autoscaling: scaling.PodAutoscaling | Mapping[str, Any] | None = None,
        pre_promotion: Sequence[Analysis | Mapping[str, Any] | str] = (),
        post_promotion: Sequence[Analysis | Mapping[str, Any] | str] = (),
        preview_replicas: int | None = None,
        auto_promotion: bool = False,
        abort_scale_down_delay_seconds: int = 30,
        progress_deadline_seconds: int = 600,
        revision_history_limit: int = 10,
        service_type: str = "ClusterIP",
        preview_type: str | None = None,
        port: int = 80,
        node_ports: Mapping[str, int] | None = None,
        node_host: str = "127.0.0.1",
        disruption_budget: DisruptionBudget | Mapping[str, Any] | None = DISRUPTION_BUDGET,
        rollout_overrides: Mapping[str, Any] | None = None,
        adopt: bool = False,
        selector: Mapping[str, str] | None = None,
        labels: Mapping[str, pulumi.Input[str]] | None = None,
        workload: RolloutPods | Mapping[str, Any] | None = None,
        opts: pulumi.ResourceOptions | None = None,
        **settings: Unpack[SwapSettings],
    ) -> None:
        """Declare it.

        Args:
            name: the service's and the Rollout's name, at most 40 characters.
            active_color: ``"blue"`` or ``"green"``: who carries production traffic.
            blue: blue's release.
            green: green's release.
            namespace: where everything is; the stack's ``kubernetes:namespace`` when absent, then ``default``.
            container_port: the port that pods listen on.
            replicas: pods of each color that runs.
            autoscaling: ``min_replicas``, ``max_replicas`` and what the Rollout scales by: see ``KubernetesService``.
            pre_promotion: what Argo Rollouts checks before it moves traffic: ``success_rate()``, ``p99()`` and
                ``analysis()`` of ``bluegreen.kubernetes.argo_engine.analysis``, or the names of templates that are
                there.
            post_promotion: what it checks afterwards; a failure gives the traffic back.
            preview_replicas: pods of the new color before it is promoted; all of them when absent.
            auto_promotion: whether Argo Rollouts moves the traffic by itself, and no gate of the swap runs before.
            abort_scale_down_delay_seconds: how long what was aborted keeps its pods.
            progress_deadline_seconds: how long pods may make no progress.
            revision_history_limit: how many former ReplicaSets are kept.
            service_type: of the active Service: ``ClusterIP``, ``NodePort`` or ``LoadBalancer``.
            preview_type: of the preview Service; ``NodePort`` where the active one is that, else ``ClusterIP``.
            port: of both.
            node_ports: fixed node ports by ``production`` and ``preview``; free ones when absent.
            node_host: a node's address, for the URLs of node ports.
            disruption_budget: ``max_unavailable`` (default 1) or ``min_available`` of each color; ``None``: no budget.
            rollout_overrides: laid over the Rollout's ``spec``.
            adopt: whether the Rollout may have a template of its own, or a reference, from before.
            selector: the labels by which such a Rollout knows its pods, which must stay; all pods get them.
            labels: for every object and pod.
            workload: what the pods have beside: ``resources``, ``service_account_name``, ``annotations``,
                ``min_ready_seconds``, ``termination_grace_period_seconds``, ``pre_stop_seconds``, ``readiness_path``,
                ``readiness_probe``, ``readiness_gates``, ``pod_template_overrides``, as ``KubernetesService`` has them.
            opts: the usual options.
            **settings: how swaps go: see ``SwapSettings``. ``scale_down_delay_seconds`` and the bake before it are the
                Rollout's ``scaleDownDelaySeconds``.

        Raises:
            pulumi.RunError: naming each wrong field, its value and what is allowed. Nothing was written.
        """
        super().__init__("bluegreen:kubernetes:ArgoRollout", name, {}, opts)
        releases: dict[Color, KubernetesRelease] = {"blue": blue, "green": green}
        place = place_of(settings, namespace)
        common, problems = _pods(
            name, place.namespace, container_port, {**(labels or {}), **(selector or {})}, workload or {}
        )
        templates, doubled = analyses.made_of(pre_promotion, post_promotion)
        delay = settings.get("scale_down_delay_seconds", _DELAY_SECONDS)
        fitting = "NodePort" if service_type == "NodePort" else "ClusterIP"
        wanted = RolloutSettings(
            replicas=replicas,
            preview_replicas=preview_replicas,
            auto_promotion=auto_promotion,
            scale_down_delay_seconds=delay,
            bake_seconds=settings.get("bake_seconds", 0),
            abort_scale_down_delay_seconds=abort_scale_down_delay_seconds,
            progress_deadline_seconds=progress_deadline_seconds,
            revision_history_limit=revision_history_limit,
            pre_promotion=analyses.reference(name, pre_promotion),
            post_promotion=analyses.reference(name, post_promotion),
            selector=selector or {NAME_LABEL: name},
            overrides=rollout_overrides or {},
        )
        problems += [*name_problems(name), *problems_in(common, disruption_budget), *doubled]
        problems += [*wanted.problems(), *_service_problems(service_type, preview_type, port, node_ports)]
        problems += analyses.problems_in("pre_promotion", pre_promotion)
        problems += analyses.problems_in("post_promotion", post_promotion)
        if known(settings.get("idle_capacity_percent", 0)) not in (0, UNKNOWN):
            allowed = "none: Argo Rollouts keeps the former color for scale_down_delay_seconds, and then nothing of it"
            problems.append(Problem("idle_capacity_percent", settings["idle_capacity_percent"], allowed))
        for color, release in releases.items():
            if "existing" in release:
                problems.append(
                    Problem(f"{color}.existing", known(release["existing"]), "an image: pods are templates'")
                )
            else:
                problems += release_problems(color, known(release))
        if autoscaling is not None:
            problems += scaling.problems_in(known(autoscaling), replicas)
        router = {
            "kind": "argo_rollouts",
            **place.section,
            "rollout": name,
            "workloads": dict.fromkeys(COLORS, UNKNOWN),
            "owner": owner_of(name),
        }
        before, after = analyses.seconds_of(pre_promotion), analyses.seconds_of(post_promotion)
        swapping = draft(
            name,
            active_color,
            {"steady_state_timeout_seconds": progress_deadline_seconds + before, **settings},
            router={**router, **({"adopt": True} if adopt else {})},
            capacity=None if auto_promotion else {**router, "replicas": replicas},
            # What moves its traffic by itself allows no gate before.
            preview_headers=None if auto_promotion else {color: {} for color in COLORS},
            converge_timeout_seconds=progress_deadline_seconds + after + (before if auto_promotion else 0),
            problems=problems,
        )
        shared = shared_labels(name, labels)
        context = EntryContext(name, owner_of(name), place, container_port, color_labels(name), shared, self)
        services = {"production": name, "preview": f"{name}-preview"}
        types = {"production": service_type, "preview": preview_type or fitting}
        fronts = {
            use: declare(
                objects.service(context, service_name, types[use], port, (node_ports or {}).get(use)),
                self,
                set_once=SELECTOR,
            )
            for use, service_name in services.items()
        }
        asked = [declare(analyses.template(name, place.namespace, one, shared), self) for one in templates.values()]
        pods, beside = objects.pod_templates(common, releases, self)
        rollout = declare(
            objects.rollout(context, common, wanted),
            self,
            set_once=["spec.workloadRef", *(["spec.replicas"] if autoscaling is not None else [])],
            depends_on=[*fronts.values(), *asked],
        )
        beside += objects.limits(context, common, rollout, autoscaling, disruption_budget)
        workloads = {color: pods[color].metadata.name for color in COLORS}
        urls = {
            use: url_of(front, services[use], place.namespace, service_type=types[use], port=port, host=node_host)
            for use, front in fronts.items()
        }
        swap = swapping.declare(
            self,
            router={**swapping.inputs["router"], "workloads": workloads},
            capacity=None if auto_promotion else {**swapping.inputs["capacity"], "workloads": workloads},
            releases={
                color: pulumi.Output.from_input(dict(release)).apply(release_name)
                for color, release in releases.items()
            },
            digests=digests.of_releases(releases, ["labels"]),
            preview_urls=None if auto_promotion else dict.fromkeys(COLORS, urls["preview"]),
            depends_on=[*fronts.values(), *asked, *beside, *pods.values(), rollout],
        )
        self._show(
            swap,
            url=urls["production"],
            preview_urls=pulumi.Output.all(**dict.fromkeys(COLORS, urls["preview"])),
            preview_headers={color: {} for color in COLORS},
            services=services,
            workloads=pulumi.Output.all(**workloads),
        )


def _pods(
    name: str, namespace: str, port: int, labels: Mapping[str, Any], workload: Mapping[str, Any]
) -> tuple[WorkloadSettings, list[Problem]]:
    """The settings of both colors' pods, and the problems with those that a Rollout's pods cannot have."""
    own = ("name", "namespace", "kind", "port", "labels", "volume_claim_templates")
    allowed = [key for key in WorkloadSettings.__dataclass_fields__ if key not in own]
    text = f"no such field; known here: {', '.join(sorted(allowed))}"
    problems = [Problem(f"workload.{key}", known(workload[key]), text) for key in workload if key not in allowed]
    given = {key: value for key, value in workload.items() if key in allowed}
    return WorkloadSettings(name=name, namespace=namespace, port=port, labels=labels, **given), problems


def _service_problems(
    service_type: str, preview_type: str | None, port: int, node_ports: Mapping[str, int] | None
) -> list[Problem]:
    given = {"service_type": service_type, "preview_type": preview_type, "port": port, "node_ports": node_ports}
    fields = Fields(known(given))
    fields.text("service_type", choices=TYPES)
    fields.text("preview_type", None, choices=TYPES)
    fields.whole("port", least=1, most=65_535)
    ports = fields.section("node_ports", None)
    if ports is not None:
        for use in ("production", "preview"):
            ports.whole(use, None, least=1, most=65_535)
        ports.done()
    return fields.problems
