"""A color's manifests: read, checked, and summarized for the swap. No cluster is read."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict

import yaml

from bluegreen.component.base import release_text
from bluegreen.component.declaration import known
from bluegreen.fields import UNKNOWN
from bluegreen.file_places import is_file, path_of
from bluegreen.kubernetes.manifests import shape as manifest_shape
from bluegreen.kubernetes.manifests import values as manifest_values
from bluegreen.kubernetes.manifests.coloring import (
    Manifest,
    Split,
    color_manifests,
    dangling,
    flat,
    key_of,
    service_ports,
)
from bluegreen.kubernetes.manifests.reading import objects_in
from bluegreen.kubernetes.manifests.scopes import Ask, Scopes
from bluegreen.kubernetes.objects import COLOR_LABEL
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import Color

SCALABLE = ("Deployment", "StatefulSet")
_DNS = tuple(f"external-dns.alpha.kubernetes.io/{name}" for name in ("hostname", "internal-hostname"))
_FILES = ("*.yaml", "*.yml", "*.json")


class ManifestRelease(TypedDict, total=False):
    """A color's release: rendered manifests.

    Attributes:
        manifests: objects, or YAML as a text, or the path of a file or a folder of files.
        release: what they are, in words; their images and a digest when absent.
    """

    manifests: str | Path | Sequence[Mapping[str, Any]]
    release: str


@dataclass(frozen=True, slots=True)
class ColorManifests:
    """A color's manifests, as the swap needs them.

    Attributes:
        split: the manifests, transformed.
        workload: the one that the swap scales, transformed.
        autoscaler: its HorizontalPodAutoscaler, if it has one.
        text: the release as people read it.
        unsure: objects of which only the cluster knows whether they are in a namespace.
    """

    split: Split
    workload: dict[str, Any]
    autoscaler: dict[str, Any] | None
    text: str
    unsure: Sequence[str] = ()

    @property
    def name(self) -> str:
        """The workload's name."""
        return str(self.workload["metadata"]["name"])

    @property
    def selector(self) -> dict[str, Any]:
        """The labels that select the workload's pods, and nobody else's: its Service's, in this color."""
        return production_selector(self.workload, self.split)[0]


def read(
    color: Color,
    release: ManifestRelease,
    *,
    namespace: str,
    workload: str | None,
    per_color_kinds: Collection[str],
    shared: Collection[str],
    production: Collection[str] = (),
    ask: Ask | None = None,
) -> tuple[ColorManifests | None, list[Problem]]:
    """Read and transform a color's manifests.

    Args:
        color: the color.
        release: as it was given.
        namespace: where objects are that name no namespace.
        workload: which one the swap scales: ``web`` or ``Deployment/web``; the only one when absent.
        per_color_kinds: see ``color_manifests``.
        shared: the same.
        production: names of Services that there are for production.
        ask: see ``Scopes``.
    """
    field = f"{color}.manifests"
    unknown = sorted(release.keys() - ManifestRelease.__annotations__.keys())
    problems = [Problem(f"{color}.{name}", "(given)", "manifests, release") for name in unknown]
    try:
        objects = list(flat(_objects(release.get("manifests"))))
    except (OSError, ValueError, yaml.YAMLError) as error:
        return None, [*problems, Problem(field, _shown(release.get("manifests")), f"readable YAML ({error})")]
    problems += [problem for number, manifest in enumerate(objects) for problem in _problems(field, number, manifest)]
    problems = problems or manifest_values.problems_in(field, objects) or manifest_shape.problems_in(field, objects)
    if problems:
        return None, problems
    scopes = Scopes(objects, ask)
    placed = [_placed(manifest, namespace, scopes) for manifest in objects]
    strays = [key_of(manifest) for manifest in placed if manifest["metadata"].get("namespace", namespace) != namespace]
    if strays:
        return None, [
            Problem(field, strays, f"objects in the namespace {namespace!r}: a Service has pods of its own one")
        ]
    chosen, problem = _chosen(field, placed, workload, shared)
    if chosen is None:
        return None, [problem] if problem else []
    split = color_manifests(placed, color, per_color_kinds=per_color_kinds, shared=shared, production=production)
    mine = next(one for one in split.own if key_of(one) == f"{key_of(chosen)}-{color}")
    lost = [*_dangling(field, color, placed, split, production), *_in_dns(field, color, split)]
    if lost:
        return None, lost
    also = production_selector(mine, split)[1]
    if also:
        labels = mine["spec"]["template"].get("metadata", {}).get("labels")
        return None, [
            Problem(
                f"{field} {key_of(chosen)} spec.template.metadata.labels",
                labels,
                f"labels of which some Service selects it alone: {also} has them, too, and would get its requests",
            )
        ]
    text = release_text(_images(chosen), known(placed)) if release.get("release") is None else str(release["release"])
    unsure = [key_of(manifest) for manifest in objects if scopes.sounds_otherwise(manifest)]
    return ColorManifests(split, mine, _autoscaler_of(mine, split), text, unsure), []


def _dangling(
    field: str, color: Color, manifests: Sequence[Manifest], split: Split, production: Collection[str]
) -> list[Problem]:
    """The problems with shared objects that say a name which each color changes."""
    renamed = {key_of(one) for one in split.own}
    own = {(one["kind"], one["metadata"]["name"]) for one in manifests if f"{key_of(one)}-{color}" in renamed}
    return [
        Problem(
            f"{field} {key}",
            named,
            f"what is still called so: each color has {named} of its own. Put {key.partition('/')[0]} into "
            f"per_color_kinds, so that it follows, or {named} into shared{_or_production(named, production)}",
        )
        for key, named in dangling(split, own, production, service_ports(manifests))
    ]


def _or_production(named: str, production: Collection[str]) -> str:
    services = ", ".join(f"Service/{name}" for name in production)
    return f", or name {services}, which is production's" if named.startswith("Service/") and services else ""


def _in_dns(field: str, color: Color, split: Split) -> list[Problem]:
    """The problems with a color's own objects under production's name in the DNS: requests would reach them."""
    allowed = "none on what each color has of its own: a record leads to production, say by annotations of the entry"
    return [
        Problem(f"{field} {key_of(one).removesuffix(f'-{color}')} metadata.annotations.{name}", value, allowed)
        for one in split.own
        for name, value in (one["metadata"].get("annotations") or {}).items()
        if name in _DNS
    ]


def production_selector(workload: Manifest, split: Split) -> tuple[dict[str, Any], str]:
    """The labels by which production finds a workload's pods, and another workload that has them, too, if there is one.

    A Service of the manifests says what it means by them; only where none does the workload's own labels count.
    """
    spec = workload["spec"]
    labels = _pod_labels(workload)
    color = {key: value for key, value in labels.items() if key == COLOR_LABEL}
    services = [
        {**said, **color}
        for one in (*split.own, *split.shared)
        if one["kind"] == "Service" and (said := _part(one.get("spec"), "selector")) and said.items() <= labels.items()
    ]
    own = [dict(spec["selector"]["matchLabels"]), dict(labels)]
    others = [(key_of(one), _pod_labels(one)) for one in (*split.own, *split.shared) if one is not workload]
    for selector in (*services, *own):
        if not any(selector.items() <= pod_labels.items() for _, pod_labels in others):
            return selector, ""
    if services:
        return services[0], ""  # it means them all
    return own[0], next(name for name, pod_labels in others if own[0].items() <= pod_labels.items())


def _pod_labels(manifest: Manifest) -> Mapping[str, Any]:
    """The labels of the pods that an object makes; none where it makes none."""
    made: Any = manifest.get("spec")
    if manifest["kind"] == "CronJob":
        made = _part(_part(made, "jobTemplate"), "spec")
    return _part(_part(_part(made, "template"), "metadata"), "labels")


def _part(of: Any, key: str) -> Mapping[str, Any]:
    value = of.get(key) if isinstance(of, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def _objects(given: object) -> list[Any]:
    if isinstance(given, Path) or (isinstance(given, str) and "\n" not in given):
        path = path_of(given)
        files = [path] if is_file(path) else sorted({file for form in _FILES for file in path.glob(form)})
        if not files:
            raise ValueError(f"{given} is no file, and no folder with files")
        return [manifest for file in files for manifest in objects_in(file.read_text(encoding="utf-8"))]
    if isinstance(given, str):
        return objects_in(given)
    if isinstance(given, Sequence):
        return list(given)
    raise ValueError("objects, YAML, or a path")


def _shown(given: object) -> object:
    return given if given is None or (isinstance(given, (str, Path)) and "\n" not in str(given)) else "(manifests)"


def _problems(field: str, number: int, manifest: Any) -> list[Problem]:
    allowed = "an object with apiVersion, kind and metadata.name"
    if not isinstance(manifest, Mapping):
        return [Problem(f"{field}[{number}]", manifest, allowed)]
    metadata = manifest.get("metadata")
    named = isinstance(metadata, Mapping) and isinstance(metadata.get("name"), str)
    if named and isinstance(manifest.get("apiVersion"), str) and isinstance(manifest.get("kind"), str):
        return []
    return [
        Problem(f"{field}[{number}]", {key: manifest.get(key) for key in ("apiVersion", "kind", "metadata")}, allowed)
    ]


def _placed(manifest: Manifest, namespace: str, scopes: Scopes) -> dict[str, Any]:
    """The manifest with the namespace that it would be in anyway; an object of the whole cluster has none."""
    if scopes.is_of_the_cluster(manifest):
        return dict(manifest)
    return {**manifest, "metadata": {"namespace": namespace, **manifest["metadata"]}}


def _chosen(
    field: str, manifests: Sequence[Manifest], workload: str | None, shared: Collection[str]
) -> tuple[Manifest | None, Problem | None]:
    there = [manifest for manifest in manifests if manifest["kind"] in SCALABLE and key_of(manifest) not in shared]
    fitting = [manifest for manifest in there if workload in (None, key_of(manifest), manifest["metadata"]["name"])]
    if len(fitting) != 1:
        names = ", ".join(map(key_of, there)) or "none is there"
        what = "a Deployment or StatefulSet" if workload is None else f"the workload {workload}"
        return None, Problem(field, [*map(key_of, fitting)], f"{what}, one alone; `workload` says which: {names}")
    labels = (fitting[0].get("spec", {}).get("selector") or {}).get("matchLabels")
    if not labels or UNKNOWN in known(list(labels.values())):
        return None, Problem(
            f"{field} {key_of(fitting[0])} spec.selector.matchLabels", labels, "labels: a Service needs them"
        )
    return fitting[0], None


def _autoscaler_of(workload: Manifest, split: Split) -> dict[str, Any] | None:
    wanted = (workload["kind"], workload["metadata"]["name"])
    for manifest in split.own:
        target = (
            manifest.get("spec", {}).get("scaleTargetRef", {}) if manifest["kind"] == "HorizontalPodAutoscaler" else {}
        )
        if (target.get("kind"), target.get("name")) == wanted:
            return manifest
    return None


def _images(workload: Manifest) -> str:
    containers = workload["spec"].get("template", {}).get("spec", {}).get("containers") or ()
    return " + ".join(str(known(container.get("image"))) for container in containers) or "manifests"


def shared_objects(
    active_color: str, colors: Mapping[Color, ColorManifests]
) -> tuple[list[dict[str, Any]], list[Problem]]:
    """The objects that both colors share: these have to be alike, apart from labels and annotations.

    Where these differ, as a chart's version does, those of the live color count.
    """
    first, second = (colors[color] for color in colors)
    live = colors["green" if active_color == "green" else "blue"]
    by_key = {key_of(manifest): manifest for manifest in first.split.shared}
    problems = []
    for manifest in second.split.shared:
        other = by_key.get(key_of(manifest))
        if other is not None and _without_labels(other) != _without_labels(manifest):
            allowed = "the same in both colors; or its kind in per_color_kinds, or not among the manifests"
            problems.append(Problem(f"manifests {key_of(manifest)}", "one for each color", allowed))
    merged = {key_of(manifest): manifest for color in (first, second) for manifest in color.split.shared}
    return [*{**merged, **{key_of(manifest): manifest for manifest in live.split.shared}}.values()], problems


def _without_labels(manifest: Manifest) -> dict[str, Any]:
    metadata = {key: value for key, value in manifest["metadata"].items() if key not in ("labels", "annotations")}
    plain = known({**manifest, "metadata": metadata})
    return dict(plain)
