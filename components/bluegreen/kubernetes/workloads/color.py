"""The resources of one color: its workload and what belongs to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from bluegreen.component.declaration import known
from bluegreen.fields import UNKNOWN
from bluegreen.kubernetes.objects import declare
from bluegreen.kubernetes.workloads import autoscaling as scaling
from bluegreen.kubernetes.workloads import workload
from bluegreen.kubernetes.workloads.release import config_digest
from bluegreen.kubernetes.workloads.workload import WorkloadSettings
from bluegreen.rollout.model import Color


def declare_color(
    settings: WorkloadSettings,
    color: Color,
    release: Mapping[str, Any],
    *,
    selector: Mapping[str, str],
    first_count: int,
    autoscaling: Mapping[str, Any] | None,
    disruption_budget: Mapping[str, Any] | None,
    parent: pulumi.Resource,
    provider: pulumi.ProviderResource | None = None,
    hooks: pulumi.ResourceHookBinding | None = None,
) -> list[pulumi.Resource]:
    """One color's workload, its ConfigMap, autoscaler and disruption budget, in a cluster.

    Args:
        settings: what both colors have.
        color: the color.
        release: its release.
        selector: the labels that select its pods.
        first_count: pods that it starts with.
        autoscaling: what it scales by; ``None``: it does not.
        disruption_budget: as it was given; ``None``: there is none.
        parent: the component.
        provider: the cluster; the component's own when absent.
        hooks: what is called before the workload is changed.
    """
    name = f"{settings.name}-{color}"
    labels = workload.labels_of(settings, color, selector)
    config = workload.config_map(settings, color, release, selector)
    before = [] if config is None else [declare(config, parent, provider=provider)]
    if settings.kind == "StatefulSet":
        governing = workload.governing_service(settings, color, selector)
        before.append(declare(governing, parent, provider=provider))
    manifest = workload.workload(
        settings,
        color,
        release,
        selector=selector,
        first_count=first_count,
        digest=None if config is None else _digest(release["config"]),
    )
    # The count belongs to the swap and to autoscaling after creation.
    made = declare(manifest, parent, set_once=["spec.replicas"], depends_on=before, provider=provider, hooks=hooks)
    beside = []
    if autoscaling is not None:
        scaler = scaling.autoscaler(name, settings.namespace, settings.kind, autoscaling, labels)
        beside.append(declare(scaler, parent, set_once=scaling.MINIMUM, depends_on=[made], provider=provider))
    if disruption_budget is not None:
        budget = workload.disruption_budget(settings, color, disruption_budget, selector)
        beside.append(declare(budget, parent, depends_on=[made], provider=provider))
    return [*before, made, *beside]


def _digest(config: Mapping[str, Any]) -> Any:
    """Known at once where the settings are, so that a preview shows it."""
    if UNKNOWN in [known(value) for value in config.values()]:
        return pulumi.Output.from_input(dict(config)).apply(config_digest)
    return config_digest(config)
