"""A color's chart: checked, named, and its objects made the color's. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypedDict

from bluegreen.component.base import release_text
from bluegreen.fields import Fields
from bluegreen.kubernetes.manifests.values import not_json
from bluegreen.kubernetes.objects import COLOR_LABEL
from bluegreen.kubernetes.workloads.autoscaling import MINIMUM
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import Color

if TYPE_CHECKING:
    import pulumi

SERVICE_LABEL = "bluegreen/service"
"""On a color's pods, beside its color: several services may be in one namespace."""
_TYPE = re.compile(r"kubernetes:apps/v1:(Deployment|StatefulSet)\Z")
_PARTS_OF_A_TYPE = 3  # kubernetes:batch/v1:CronJob
_AUTOSCALER = re.compile(r"kubernetes:autoscaling/v[0-9a-z]+:HorizontalPodAutoscaler\Z")


class HelmRelease(TypedDict, total=False):
    """A color's release: a chart and its values.

    Attributes:
        chart: its name, its path, or where it is: ``oci://registry.example.com/charts/shop``.
        version: the chart's version; the newest when absent.
        repository: the URL of the chart's repository, where ``chart`` is a name in one.
        values: the chart's values.
        release: what it is, in words; the chart, its version and a digest of the values when absent.
    """

    chart: pulumi.Input[str]
    version: pulumi.Input[str]
    repository: pulumi.Input[str]
    values: Mapping[str, Any]
    release: pulumi.Input[str]


def problems_in(color: Color, release: Mapping[str, Any]) -> list[Problem]:
    """The problems with a release. Values that only an update knows (outputs) pass."""
    fields = Fields(release, color)
    fields.text("chart")
    for name in ("version", "repository", "release"):
        fields.text(name, None)
    fields.section("values", None)
    fields.done()
    return [*fields.problems, *not_json(f"{color}.values", release.get("values"))]


def chart_arguments(release: Mapping[str, Any], full_name: str | None) -> dict[str, Any]:
    """The arguments of both ways to install a chart; charts by convention call all of their objects ``full_name``."""
    values = dict(release.get("values") or {})
    if full_name is not None:
        values.setdefault("fullnameOverride", full_name)
    arguments: dict[str, Any] = {"chart": release["chart"], "values": values}
    if release.get("version") is not None:
        arguments["version"] = release["version"]
    if release.get("repository") is not None:
        arguments["repository_opts"] = {"repo": release["repository"]}
    return arguments


def release_name(release: Mapping[str, Any]) -> str:
    """The release as people read it: ``shop 1.4.0 (5681a52)``."""
    if release.get("release") is not None:
        return str(release["release"])
    chart = str(release["chart"]).rstrip("/").rpartition("/")[2]
    words = " ".join(filter(None, (chart, str(release.get("version") or ""))))
    rest = {key: value for key, value in release.items() if key in ("repository", "values") and value}
    return release_text(words, rest)


def pod_labels(name: str, color: Color) -> dict[str, str]:
    """The labels that the pods of a chart's workload get, so that they can be selected."""
    return {SERVICE_LABEL: name, COLOR_LABEL: color}


def with_kind(resource_type: str, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """A chart's object with the kind that its resource is of, which its inputs need not say again."""
    parts = resource_type.split(":")
    if len(parts) != _PARTS_OF_A_TYPE or parts[0] != "kubernetes":
        return dict(manifest)
    return {"apiVersion": parts[1].removeprefix("core/"), "kind": parts[2], **manifest}


def colored(
    resource_type: str, manifest: Mapping[str, Any], workload: str, labels: Mapping[str, str], first_count: int
) -> tuple[dict[str, Any], list[str]] | None:
    """A chart's object as the color's, and which of its fields count once; ``None``: it stays as it is.

    Only the workload changes, by labels on its pods and its first count, and its autoscaler, whose ``minReplicas`` is
    the swap's. Its own selector stays: the chart's release has a name of the color's already.
    """
    spec = manifest.get("spec") or {}
    if _AUTOSCALER.match(resource_type) and (spec.get("scaleTargetRef") or {}).get("name") == workload:
        return {**manifest, "spec": {key: value for key, value in spec.items() if key != "minReplicas"}}, list(MINIMUM)
    if not _TYPE.match(resource_type) or (manifest.get("metadata") or {}).get("name") != workload:
        return None
    template = spec.get("template") or {}
    metadata = template.get("metadata") or {}
    labelled = {**metadata, "labels": {**(metadata.get("labels") or {}), **labels}}
    changed = {**spec, "replicas": first_count, "template": {**template, "metadata": labelled}}
    return {**manifest, "spec": changed}, ["spec.replicas"]
