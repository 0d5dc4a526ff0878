"""Rendered manifests as one color: objects that would clash with the other color's get its name. Pure.

======================================== ==============================================================================
what                                     becomes
======================================== ==============================================================================
Deployment, StatefulSet, DaemonSet,      the color's own: ``-COLOR`` at the end of its name, the label
ReplicaSet                               ``bluegreen/color`` on it, on its pods and in its selector
Service                                  the color's own: the same, its selector narrowed to the color
ConfigMap, Secret,                       the color's own: name and label
PersistentVolumeClaim, Job, CronJob,
Endpoints, EndpointSlice
PodDisruptionBudget,                     the color's own: name, label, and what it selects or scales
HorizontalPodAutoscaler
kinds in ``per_color_kinds``             the color's own: name and label; what makes pods by a template and a selector,
                                         as Argo's Rollout does, as a Deployment
what ``shared`` names, everything else   both colors', as it is
======================================== ==============================================================================

What refers to an object that is the color's own follows it, wherever ``references`` finds it. What is both colors' and
refers to one of them would dangle: ``dangling`` finds that. Nothing else changes. An address that leads to a Service of
production's name is production's, and stays.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from bluegreen.kubernetes.manifests.references import followed, named_in
from bluegreen.kubernetes.objects import COLOR_LABEL

Manifest = Mapping[str, Any]
WORKLOADS = frozenset({"DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"})
_OWN = frozenset(
    {
        *WORKLOADS,
        "ConfigMap",
        "CronJob",
        "EndpointSlice",
        "Endpoints",
        "HorizontalPodAutoscaler",
        "Job",
        "PersistentVolumeClaim",
        "PodDisruptionBudget",
        "Secret",
        "Service",
    }
)
# Where the kinds above live; a custom kind of the same name elsewhere is left alone.
_GROUPS = frozenset({"", "apps", "autoscaling", "batch", "discovery.k8s.io", "policy"})


@dataclass(frozen=True, slots=True)
class Split:
    """The manifests of one color.

    Attributes:
        own: the color's own objects.
        shared: those that are both colors', as they were.
    """

    own: Sequence[dict[str, Any]]
    shared: Sequence[dict[str, Any]]


def color_manifests(
    manifests: Sequence[Manifest],
    color: str,
    *,
    per_color_kinds: Collection[str] = (),
    shared: Collection[str] = (),
    production: Collection[str] = (),
) -> Split:
    """The manifests as those of one color; see above for what becomes of what.

    Args:
        manifests: objects as rendered, lists of objects among them.
        color: the color.
        per_color_kinds: further kinds that each color has of its own: ``ServiceAccount``, ``Role``.
        shared: objects that both colors have in common all the same: ``Service/redis``.
        production: names of Services that there are for production, whatever the colors' are called.
    """
    own: list[Manifest] = []
    others: list[Manifest] = []
    for manifest in flat(manifests):
        group, kind = str(manifest["apiVersion"]).rpartition("/")[0], manifest["kind"]
        mine = kind in per_color_kinds or (kind in _OWN and group in _GROUPS)
        (own if mine and key_of(manifest) not in shared else others).append(manifest)
    renamed = {(manifest["kind"], manifest["metadata"].get("name")) for manifest in own}
    names = _Names(color, renamed, production, service_ports(own))
    return Split([_colored(manifest, names) for manifest in own], [dict(manifest) for manifest in others])


def dangling(
    split: Split,
    own_names: Collection[tuple[str, str]],
    production: Collection[str],
    ports: Mapping[str, Collection[int]] = MappingProxyType({}),
) -> list[tuple[str, str]]:
    """Shared objects that name an object which each color has of its own: the key, and the name.

    Args:
        split: a color's manifests.
        own_names: kind and former name of the color's own objects.
        production: names of Services that there are for production, whatever the colors' are called.
        ports: of the color's own Services, by their former names.
    """
    return [
        (key_of(manifest), f"{kind}/{name}")
        for manifest in split.shared
        for kind, name in named_in(manifest, ports)
        if (kind, name) in own_names and not (kind == "Service" and name in production)
    ]


def flat(manifests: Iterable[Any]) -> Iterator[Any]:
    """The objects, those in lists of objects among them; what is no object stays as it is, for whoever tells it."""
    for manifest in manifests:
        listed = isinstance(manifest, Mapping) and str(manifest.get("kind", "")).endswith("List")
        if listed and isinstance(manifest.get("items"), Sequence):
            yield from flat(manifest["items"])
        else:
            yield manifest


def service_ports(manifests: Iterable[Manifest]) -> dict[str, frozenset[int]]:
    """The ports of the Services among them, by their names."""
    return {
        manifest["metadata"]["name"]: frozenset(
            int(port["port"])
            for port in (manifest.get("spec") or {}).get("ports") or ()
            if isinstance(port, Mapping) and isinstance(port.get("port"), (int, float))
        )
        for manifest in manifests
        if manifest["kind"] == "Service"
    }


def key_of(manifest: Manifest) -> str:
    """The name that people use for an object: ``Service/redis``."""
    return f"{manifest['kind']}/{manifest['metadata'].get('name')}"


@dataclass(frozen=True, slots=True)
class _Names:
    color: str
    renamed: Collection[tuple[str, Any]]
    production: Collection[str]
    ports: Mapping[str, Collection[int]]

    def of(self, kind: str, name: str) -> str:
        """An object's name in this color: the new name of one of the manifests, any other name as it is."""
        return f"{name}-{self.color}" if (kind, name) in self.renamed else name

    def in_address(self, service: str) -> str:
        """A Service's name in an address, in this color."""
        return service if service in self.production else self.of("Service", service)


def _colored(manifest: Manifest, names: _Names) -> dict[str, Any]:
    kind = manifest["kind"]
    colored = followed(manifest, names.of, follow_address=names.in_address, ports=names.ports)
    metadata = colored["metadata"]
    name = metadata.get("name")
    own = {**metadata, "name": names.of(kind, name)} if isinstance(name, str) else metadata
    changed = {**colored, "metadata": _labelled(own, names)}
    spec = changed.get("spec")
    if isinstance(spec, Mapping) and (change := _SPECS.get(kind) or _by_shape(spec)):
        changed["spec"] = change(spec, names)
    return changed


def _labelled(metadata: Manifest, names: _Names) -> dict[str, Any]:
    return {**metadata, "labels": {**(metadata.get("labels") or {}), COLOR_LABEL: names.color}}


def _narrowed(selector: Manifest | None, names: _Names) -> dict[str, Any]:
    """A label selector that means this color alone."""
    selector = selector or {}
    return {**selector, "matchLabels": {**(selector.get("matchLabels") or {}), COLOR_LABEL: names.color}}


# -- specs


def _workload(spec: Manifest, names: _Names) -> dict[str, Any]:
    template = spec.get("template") or {}
    return {
        **spec,
        "selector": _narrowed(spec.get("selector"), names),
        "template": {**template, "metadata": _labelled(template.get("metadata") or {}, names)},
    }


def _by_shape(spec: Manifest) -> Callable[[Manifest, _Names], dict[str, Any]] | None:
    """A custom kind that makes pods of a template and finds them by a selector is a workload, whatever it is called."""
    selector = spec.get("selector")
    has_pods = isinstance(spec.get("template"), Mapping) and "spec" in spec["template"]
    return _workload if has_pods and isinstance(selector, Mapping) and "matchLabels" in selector else None


def _service(spec: Manifest, names: _Names) -> dict[str, Any]:
    # Without a selector its endpoints are somebody else's business.
    return {**spec, "selector": {**spec["selector"], COLOR_LABEL: names.color}} if spec.get("selector") else dict(spec)


def _budget(spec: Manifest, names: _Names) -> dict[str, Any]:
    # Without a selector it is for no pod, and should stay so.
    return {**spec, "selector": _narrowed(spec["selector"], names)} if spec.get("selector") is not None else dict(spec)


_SPECS: Mapping[str, Callable[[Manifest, _Names], dict[str, Any]]] = {
    **dict.fromkeys(WORKLOADS, _workload),
    "PodDisruptionBudget": _budget,
    "Service": _service,
}
