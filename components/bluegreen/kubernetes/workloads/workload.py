"""The manifests that run a color on Kubernetes: Deployment or StatefulSet, ConfigMap, disruption budget. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypedDict

from bluegreen.fields import UNKNOWN, Fields
from bluegreen.kubernetes.merging import merged
from bluegreen.kubernetes.objects import COLOR_LABEL, NAME_LABEL, metadata
from bluegreen.kubernetes.workloads import release as releases
from bluegreen.rollout.errors import Problem

if TYPE_CHECKING:
    import pulumi

KINDS = ("Deployment", "StatefulSet")
DISRUPTION_BUDGET: Mapping[str, Any] = {"max_unavailable": 1}
"""One at a time: a node can be drained whatever the size, and a color at rest stops no one."""
# Often and short: what is behind a Service is what was ready at the last look.
_PROBE = {"periodSeconds": 2, "timeoutSeconds": 2, "failureThreshold": 3}
_SPREAD_OVER = ("topology.kubernetes.io/zone", "kubernetes.io/hostname")


class DisruptionBudget(TypedDict, total=False):
    """The number of a color's pods that may be evicted at once: one of these.

    Attributes:
        max_unavailable: a count, or a share as a text: ``25%``.
        min_available: a count, or a share.
    """

    max_unavailable: int | str
    min_available: int | str


class WorkloadOptions(TypedDict, total=False):
    """The same as ``KubernetesService`` takes; ``kind`` is its ``workload``.

    Attributes:
        kind: ``Deployment`` (default) or ``StatefulSet``.
        resources: requests and limits of the container, as Kubernetes has them.
        service_account_name: the service account of the pods.
        labels: for every object and pod, beside those that select.
        annotations: for every pod.
        min_ready_seconds: seconds that a pod must be ready before it counts, default 0.
        termination_grace_period_seconds: seconds that a pod may take to end, default 30.
        pre_stop_seconds: seconds that it serves on after its end has begun, default 5.
        readiness_path: the path that the readiness probe requests by HTTP, default ``/healthz``; ``None``: the
            port alone is probed.
        readiness_probe: a probe of your own instead.
        readiness_gates: conditions that others set, which a pod needs to be ready.
        volume_claim_templates: of a StatefulSet.
        pod_template_overrides: laid over the pod template.
    """

    kind: str
    resources: Mapping[str, Any]
    service_account_name: pulumi.Input[str]
    labels: Mapping[str, pulumi.Input[str]]
    annotations: Mapping[str, pulumi.Input[str]]
    min_ready_seconds: int
    termination_grace_period_seconds: int
    pre_stop_seconds: int
    readiness_path: str | None
    readiness_probe: Mapping[str, Any]
    readiness_gates: Sequence[str]
    volume_claim_templates: Sequence[Mapping[str, Any]]
    pod_template_overrides: Mapping[str, Any]


class RolloutPods(TypedDict, total=False):
    """The further settings of a Rollout's pods.

    Attributes:
        resources: requests and limits of the container, as Kubernetes has them.
        service_account_name: the service account of the pods.
        annotations: for every pod.
        min_ready_seconds: seconds that a pod must be ready before it counts, default 0.
        termination_grace_period_seconds: seconds that a pod may take to end, default 30.
        pre_stop_seconds: seconds that it serves on after its end has begun, default 5.
        readiness_path: the path that the readiness probe requests by HTTP, default ``/healthz``; ``None``: the
            port alone is probed.
        readiness_probe: a probe of your own instead.
        readiness_gates: conditions that others set, which a pod needs to be ready.
        pod_template_overrides: laid over the pod template.
    """

    resources: Mapping[str, Any]
    service_account_name: pulumi.Input[str]
    annotations: Mapping[str, pulumi.Input[str]]
    min_ready_seconds: int
    termination_grace_period_seconds: int
    pre_stop_seconds: int
    readiness_path: str | None
    readiness_probe: Mapping[str, Any]
    readiness_gates: Sequence[str]
    pod_template_overrides: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkloadSettings:
    """The settings that both colors' workloads share: parity by construction.

    Attributes:
        name: the service's.
        namespace: where it is.
        kind: ``Deployment`` or ``StatefulSet``.
        port: the container's.
        resources: requests and limits of the container.
        service_account_name: the service account that the pods run as.
        labels: for every object and pod, beside those that select.
        annotations: for every pod.
        min_ready_seconds: how long a pod must be ready before it counts.
        termination_grace_period_seconds: how long a pod may take to end.
        pre_stop_seconds: how long it serves on after its end has begun.
        readiness_path: requested by HTTP; ``None``: the port alone.
        readiness_probe: a probe of one's own instead.
        readiness_gates: conditions that others set, which a pod needs to be ready.
        volume_claim_templates: of a StatefulSet.
        pod_template_overrides: laid over the pod template.
    """

    name: str
    namespace: str
    kind: str = "Deployment"
    port: int = 8080
    resources: Mapping[str, Any] | None = None
    service_account_name: pulumi.Input[str] | None = None
    labels: Mapping[str, Any] = field(default_factory=dict)
    annotations: Mapping[str, Any] = field(default_factory=dict)
    min_ready_seconds: int = 0
    termination_grace_period_seconds: int = 30
    pre_stop_seconds: int = 5
    readiness_path: str | None = "/healthz"
    readiness_probe: Mapping[str, Any] | None = None
    readiness_gates: Sequence[str] = ()
    volume_claim_templates: Sequence[Mapping[str, Any]] = ()
    pod_template_overrides: Mapping[str, Any] = field(default_factory=dict)


def problems_in(settings: WorkloadSettings, disruption_budget: Mapping[str, Any] | None) -> list[Problem]:
    """The problems with the shared settings. Values that only an update knows pass."""
    fields = Fields(
        {
            "workload": settings.kind,
            "container_port": settings.port,
            "min_ready_seconds": settings.min_ready_seconds,
            "termination_grace_period_seconds": settings.termination_grace_period_seconds,
            "pre_stop_seconds": settings.pre_stop_seconds,
            "disruption_budget": disruption_budget,
            "labels": settings.labels or None,
        }
    )
    kind = fields.text("workload", choices=KINDS)
    fields.whole("container_port", least=1, most=65_535)
    fields.whole("min_ready_seconds", most=3600)
    grace = fields.whole("termination_grace_period_seconds", least=1, most=86_400)
    stop = fields.whole("pre_stop_seconds", most=3600)
    if UNKNOWN not in (grace, stop) and stop >= grace:
        # The pause counts against the grace period: with nothing left, requests that are under way are cut off.
        fields.problem("pre_stop_seconds", stop, f"less than termination_grace_period_seconds, {grace}")
    if settings.volume_claim_templates and kind == "Deployment":
        fields.problem("volume_claim_templates", len(settings.volume_claim_templates), "none of a Deployment")
    if settings.labels:
        releases.check_labels(fields, "labels")
    budget = fields.section("disruption_budget", None)
    if budget is not None:
        limits = [name for name in ("max_unavailable", "min_available") if budget.raw(name) is not None]
        if len(limits) != 1:
            budget.problem("", disruption_budget, "max_unavailable or min_available, one of them")
        budget.done()
    return fields.problems


def workload(
    settings: WorkloadSettings,
    color: str,
    release: Mapping[str, Any],
    *,
    selector: Mapping[str, str],
    first_count: int,
    digest: Any = None,
) -> dict[str, Any]:
    """One color's Deployment or StatefulSet.

    Args:
        settings: what both have.
        color: the color.
        release: its release.
        selector: the labels that select its pods.
        first_count: pods that it starts with; the count belongs to the swap and to autoscaling afterwards.
        digest: of its settings, where it has any.
    """
    name = f"{settings.name}-{color}"
    labels = labels_of(settings, color, selector)
    spec: dict[str, Any] = {
        "replicas": first_count,
        "minReadySeconds": settings.min_ready_seconds,
        "selector": {"matchLabels": dict(selector)},
        "template": _pod_template(settings, name, release, labels, selector, digest),
    }
    if settings.kind == "Deployment":
        # A change in place, which the live color may get, too, takes no pod away before another one is ready.
        spec["strategy"] = {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": "25%"}}
    else:
        spec["serviceName"] = governing_name(settings, color)
        # All at once: the swap brings a whole color up, whose pods do not wait for one another.
        spec["podManagementPolicy"] = "Parallel"
        spec["volumeClaimTemplates"] = [dict(template) for template in settings.volume_claim_templates]
    return {
        "apiVersion": "apps/v1",
        "kind": settings.kind,
        "metadata": metadata(name, settings.namespace, labels),
        "spec": {key: value for key, value in spec.items() if value not in ([], 0) or key == "replicas"},
    }


def _pod_template(
    settings: WorkloadSettings,
    name: str,
    release: Mapping[str, Any],
    labels: Mapping[str, Any],
    selector: Mapping[str, str],
    digest: Any,
) -> dict[str, Any]:
    annotations = {**settings.annotations, **({} if digest is None else {releases.CONFIG_DIGEST: digest})}
    container = {**releases.container(release, name), "ports": [{"name": "http", "containerPort": settings.port}]}
    container["readinessProbe"] = _readiness(settings)
    if settings.resources:
        container["resources"] = dict(settings.resources)
    if settings.pre_stop_seconds:
        # Proxies learn of a pod's end at the same time as the pod: it serves until they do.
        container["lifecycle"] = {"preStop": {"sleep": {"seconds": settings.pre_stop_seconds}}}
    spec: dict[str, Any] = {
        "containers": [container],
        "serviceAccountName": settings.service_account_name,
        "terminationGracePeriodSeconds": settings.termination_grace_period_seconds,
        "readinessGates": [{"conditionType": gate} for gate in settings.readiness_gates],
        "volumes": releases.volumes(release, name),
        "topologySpreadConstraints": [
            {
                "maxSkew": 1,
                "topologyKey": key,
                "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": {"matchLabels": dict(selector)},
            }
            for key in _SPREAD_OVER
        ],
    }
    template: dict[str, Any] = {
        "metadata": {"labels": dict(labels), **({"annotations": annotations} if annotations else {})},
        "spec": {key: value for key, value in spec.items() if value not in (None, [])},
    }
    pod_spec: dict[str, Any] = merged(template, settings.pod_template_overrides)
    return pod_spec


def _readiness(settings: WorkloadSettings) -> dict[str, Any]:
    if settings.readiness_probe is not None:
        return dict(settings.readiness_probe)
    if settings.readiness_path is None:
        return {"tcpSocket": {"port": settings.port}, **_PROBE}
    return {"httpGet": {"path": settings.readiness_path, "port": settings.port}, **_PROBE}


def governing_name(settings: WorkloadSettings, color: str) -> str:
    """The Service that gives the pods of a StatefulSet their names."""
    return f"{settings.name}-{color}-pods"


def governing_service(settings: WorkloadSettings, color: str, selector: Mapping[str, str]) -> dict[str, Any]:
    """A StatefulSet's own headless Service."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata(governing_name(settings, color), settings.namespace, labels_of(settings, color, selector)),
        "spec": {"clusterIP": "None", "selector": dict(selector), "ports": [{"name": "http", "port": settings.port}]},
    }


def config_map(
    settings: WorkloadSettings, color: str, release: Mapping[str, Any], selector: Mapping[str, str]
) -> dict[str, Any] | None:
    """A color's ConfigMap, where its release has settings."""
    if not release.get("config"):
        return None
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": metadata(f"{settings.name}-{color}", settings.namespace, labels_of(settings, color, selector)),
        "data": dict(release["config"]),
    }


def disruption_budget(
    settings: WorkloadSettings, color: str, budget: Mapping[str, Any], selector: Mapping[str, str]
) -> dict[str, Any]:
    """A color's PodDisruptionBudget."""
    names = {"max_unavailable": "maxUnavailable", "min_available": "minAvailable"}
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": metadata(f"{settings.name}-{color}", settings.namespace, labels_of(settings, color, selector)),
        "spec": {
            **{names[key]: value for key, value in budget.items()},
            "selector": {"matchLabels": dict(selector)},
            # Pods that are broken anyway keep no node from being drained.
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
        },
    }


def labels_of(settings: WorkloadSettings, color: str, selector: Mapping[str, Any]) -> dict[str, Any]:
    """The labels of everything that is a color's."""
    return {**settings.labels, NAME_LABEL: settings.name, COLOR_LABEL: color, **selector}


def shared_labels(name: str, labels: Mapping[str, Any] | None) -> dict[str, Any]:
    """The labels of what both colors share."""
    return {**(labels or {}), NAME_LABEL: name}
