"""The resources of a service on Argo Rollouts: the Rollout without its template, and a PodTemplate a color."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi

from bluegreen.component.declaration import known
from bluegreen.fields import UNKNOWN, Fields
from bluegreen.kubernetes.entry import EntryContext
from bluegreen.kubernetes.merging import merged
from bluegreen.kubernetes.objects import color_labels, declare, metadata
from bluegreen.kubernetes.services import service_manifest
from bluegreen.kubernetes.workloads import autoscaling as scaling
from bluegreen.kubernetes.workloads import workload as workloads
from bluegreen.kubernetes.workloads.release import config_digest
from bluegreen.kubernetes.workloads.workload import WorkloadSettings
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import Color

_API = "argoproj.io/v1alpha1"
# Argo Rollouts' own advice: every proxy must have heard of the switch before pods of the former color end.
_LEAST_DELAY_SECONDS = 30
_SWAPS = ("workloadRef", "template")


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutSettings:
    """The Rollout's own fields; the names are the component's."""

    replicas: int
    preview_replicas: int | None
    auto_promotion: bool
    scale_down_delay_seconds: float
    bake_seconds: float
    abort_scale_down_delay_seconds: int
    progress_deadline_seconds: int
    revision_history_limit: int
    pre_promotion: Mapping[str, Any] | None
    post_promotion: Mapping[str, Any] | None
    selector: Mapping[str, Any]
    overrides: Mapping[str, Any] = field(default_factory=dict)

    def problems(self) -> list[Problem]:
        """The problems with them. Values that only an update knows pass."""
        names = [name for name in self.__dataclass_fields__ if name.endswith(("_seconds", "replicas", "_limit"))]
        fields = Fields({name: known(getattr(self, name)) for name in names})
        fields.whole("replicas")
        fields.whole("preview_replicas", None, least=1)
        fields.whole("scale_down_delay_seconds", least=_LEAST_DELAY_SECONDS)
        fields.whole("abort_scale_down_delay_seconds")
        fields.whole("progress_deadline_seconds", least=1)
        # Two colors, and one that failed: with fewer, what a rollback goes back to is gone.
        fields.whole("revision_history_limit", least=2)
        for name in _SWAPS:
            if name in self.overrides:
                allowed = "none: which template the Rollout has is the swap's"
                fields.problem(f"rollout_overrides.{name}", known(self.overrides[name]), allowed)
        return fields.problems

    @property
    def blue_green(self) -> dict[str, Any]:
        """The strategy, without its Services."""
        strategy = {
            "autoPromotionEnabled": self.auto_promotion,
            "previewReplicaCount": self.preview_replicas,
            # From the switch on: the bake counts too, in which a failing gate goes back.
            "scaleDownDelaySeconds": int(self.scale_down_delay_seconds + self.bake_seconds),
            "abortScaleDownDelaySeconds": self.abort_scale_down_delay_seconds,
            "prePromotionAnalysis": self.pre_promotion,
            "postPromotionAnalysis": self.post_promotion,
        }
        return {key: value for key, value in strategy.items() if value is not None}


def service(context: EntryContext, name: str, service_type: str, port: int, node_port: int | None) -> dict[str, Any]:
    """The active or the preview Service; its selector is Argo Rollouts' alone."""
    chosen = node_port if service_type == "NodePort" else None
    return service_manifest(context, name, port=port, service_type=service_type, node_port=chosen)


def rollout(context: EntryContext, pods: WorkloadSettings, wanted: RolloutSettings) -> dict[str, Any]:
    """The Rollout without a pod template, which is the swap's to choose."""
    services = {"activeService": context.name, "previewService": f"{context.name}-preview"}
    spec: dict[str, Any] = {
        "replicas": wanted.replicas,
        "minReadySeconds": pods.min_ready_seconds,
        "progressDeadlineSeconds": wanted.progress_deadline_seconds,
        "revisionHistoryLimit": wanted.revision_history_limit,
        "selector": {"matchLabels": dict(wanted.selector)},
        "strategy": {"blueGreen": {**services, **wanted.blue_green}},
    }
    manifest = metadata(context.name, context.place.namespace, context.labels)
    return {"apiVersion": _API, "kind": "Rollout", "metadata": manifest, "spec": merged(spec, wanted.overrides)}


def pod_templates(
    settings: WorkloadSettings, releases: Mapping[Color, Mapping[str, Any]], parent: pulumi.Resource
) -> tuple[dict[Color, Any], list[pulumi.Resource]]:
    """A PodTemplate for each color, and their ConfigMaps.

    A release that changes is another PodTemplate of another name, and so no change at all of what runs: the Rollout
    goes there when the swap says so, and can go back.
    """
    templates: dict[Color, Any] = {}
    beside: list[pulumi.Resource] = []
    for color, release in releases.items():
        selector = color_labels(settings.name)[color]
        config = workloads.config_map(settings, color, release, selector)
        beside += [] if config is None else [declare(config, parent)]
        whole = workloads.workload(
            settings,
            color,
            release,
            selector=selector,
            first_count=0,
            digest=None if config is None else _digest(release["config"]),
        )
        templates[color] = _pod_template(whole, parent)
    return templates, beside


def _pod_template(whole: Mapping[str, Any], parent: pulumi.Resource) -> Any:
    from pulumi_kubernetes.core.v1 import PodTemplate  # noqa: PLC0415 - only what a stack uses

    described: Any = {key: value for key, value in whole["metadata"].items() if key != "name"}
    options = pulumi.ResourceOptions(parent=parent, replace_on_changes=["template"])
    return PodTemplate(whole["metadata"]["name"], metadata=described, template=whole["spec"]["template"], opts=options)


def _digest(config: Mapping[str, Any]) -> Any:
    if UNKNOWN in [known(value) for value in config.values()]:
        return pulumi.Output.from_input(dict(config)).apply(config_digest)
    return config_digest(config)


def limits(
    context: EntryContext,
    pods: WorkloadSettings,
    rollout_resource: pulumi.Resource,
    autoscaling: Mapping[str, Any] | None,
    disruption_budget: Mapping[str, Any] | None,
) -> list[pulumi.Resource]:
    """The Rollout's autoscaler, and each color's disruption budget."""
    resources = []
    if autoscaling is not None:
        scaler = scaling.autoscaler(context.name, pods.namespace, "Rollout", autoscaling, context.labels)
        more = {"scaleTargetRef": {"apiVersion": _API}, "minReplicas": autoscaling["min_replicas"]}
        resources.append({**scaler, "spec": merged(scaler["spec"], more)})
    if disruption_budget is not None:
        resources += [
            workloads.disruption_budget(pods, color, disruption_budget, labels)
            for color, labels in color_labels(context.name).items()
        ]
    return [declare(manifest, context.parent, depends_on=[rollout_resource]) for manifest in resources]
