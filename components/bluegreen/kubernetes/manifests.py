"""Rendered manifests as one color: what would meet the other color's objects gets the color in its name. Pure.

======================================== ==============================================================================
what                                     becomes
======================================== ==============================================================================
Deployment, StatefulSet, DaemonSet,      the color's own: ``-COLOR`` at the end of its name, the label
ReplicaSet                               ``bluegreen/color`` on it, on its pods and in its selector
Service                                  the color's own: the same, its selector narrowed to the color
ConfigMap, Secret,                       the color's own: name and label
PersistentVolumeClaim, Job, CronJob
PodDisruptionBudget,                     the color's own: name, label, and what it selects or scales
HorizontalPodAutoscaler
kinds in ``per_color_kinds``             the color's own: name and label
what ``shared`` names, everything else   both colors', as it is
======================================== ==============================================================================

What refers to an object that is the color's own follows it: pod specs, ``serviceName``, ``scaleTargetRef``, and
RoleBindings. Nothing else changes; a name within a text, an environment variable say, is not looked for.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bluegreen.kubernetes.objects import COLOR_LABEL

Manifest = Mapping[str, Any]
WORKLOADS = frozenset({"DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"})
_OWN = frozenset(
    {
        *WORKLOADS,
        "ConfigMap",
        "CronJob",
        "HorizontalPodAutoscaler",
        "Job",
        "PersistentVolumeClaim",
        "PodDisruptionBudget",
        "Secret",
        "Service",
    }
)
# Where the kinds above live; a custom kind of the same name elsewhere is left alone.
_GROUPS = frozenset({"", "apps", "autoscaling", "batch", "policy"})


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
) -> Split:
    """The manifests as those of one color; see above for what becomes of what.

    Args:
        manifests: objects as rendered, lists of objects among them.
        color: the color.
        per_color_kinds: further kinds that each color shall have of its own: ``ServiceAccount``, ``Role``.
        shared: objects that both colors shall have in common all the same: ``Service/redis``.
    """
    own: list[Manifest] = []
    others: list[Manifest] = []
    for manifest in flat(manifests):
        group, kind = str(manifest["apiVersion"]).rpartition("/")[0], manifest["kind"]
        mine = kind in per_color_kinds or (kind in _OWN and group in _GROUPS)
        (own if mine and key_of(manifest) not in shared else others).append(manifest)
    names = _Names(color, {(manifest["kind"], manifest["metadata"].get("name")) for manifest in own})
    return Split([_colored(manifest, names) for manifest in own], [dict(manifest) for manifest in others])


def flat(manifests: Iterable[Manifest]) -> Iterator[Manifest]:
    """The objects, those in lists of objects among them."""
    for manifest in manifests:
        if str(manifest.get("kind", "")).endswith("List") and isinstance(manifest.get("items"), Sequence):
            yield from flat(manifest["items"])
        else:
            yield manifest


def key_of(manifest: Manifest) -> str:
    """How people name an object: ``Service/redis``."""
    return f"{manifest['kind']}/{manifest['metadata'].get('name')}"


@dataclass(frozen=True, slots=True)
class _Names:
    color: str
    renamed: Collection[tuple[str, Any]]

    def follow(self, reference: Manifest, kind: str, field: str = "name") -> dict[str, Any]:
        """What names an object: of one of the manifests the name in this color, else as it is."""
        name = reference.get(field)
        if not isinstance(name, str) or (kind, name) not in self.renamed:
            return dict(reference)
        return {**reference, field: f"{name}-{self.color}"}


def _colored(manifest: Manifest, names: _Names) -> dict[str, Any]:
    kind, spec = manifest["kind"], manifest.get("spec")
    changed = {**manifest, "metadata": _labelled(names.follow(manifest["metadata"], kind), names)}
    if isinstance(spec, Mapping) and kind in _SPECS:
        changed["spec"] = _SPECS[kind](spec, names)
    if kind == "RoleBinding":
        if manifest.get("subjects"):
            changed["subjects"] = [_reference(subject, names) for subject in manifest["subjects"]]
        if manifest.get("roleRef"):
            changed["roleRef"] = _reference(manifest["roleRef"], names)
    return changed


def _labelled(metadata: Manifest, names: _Names) -> dict[str, Any]:
    return {**metadata, "labels": {**(metadata.get("labels") or {}), COLOR_LABEL: names.color}}


def _narrowed(selector: Manifest | None, names: _Names) -> dict[str, Any]:
    """A label selector that means this color alone."""
    selector = selector or {}
    return {**selector, "matchLabels": {**(selector.get("matchLabels") or {}), COLOR_LABEL: names.color}}


def _reference(reference: Manifest, names: _Names) -> dict[str, Any]:
    return names.follow(reference, str(reference.get("kind")))


# -- specs


def _workload(spec: Manifest, names: _Names) -> dict[str, Any]:
    template = spec.get("template") or {}
    changed: dict[str, Any] = {
        **spec,
        "selector": _narrowed(spec.get("selector"), names),
        "template": {**_pods(template, names), "metadata": _labelled(template.get("metadata") or {}, names)},
    }
    return names.follow(changed, "Service", "serviceName")


def _service(spec: Manifest, names: _Names) -> dict[str, Any]:
    # Without a selector its endpoints are somebody else's business.
    return {**spec, "selector": {**spec["selector"], COLOR_LABEL: names.color}} if spec.get("selector") else dict(spec)


def _budget(spec: Manifest, names: _Names) -> dict[str, Any]:
    # Without a selector it is for no pod, and shall stay so.
    return {**spec, "selector": _narrowed(spec["selector"], names)} if spec.get("selector") is not None else dict(spec)


def _autoscaler(spec: Manifest, names: _Names) -> dict[str, Any]:
    return {**spec, "scaleTargetRef": _reference(spec["scaleTargetRef"], names)}


def _job(spec: Manifest, names: _Names) -> dict[str, Any]:
    return {**spec, "template": _pods(spec["template"], names)}


def _cron_job(spec: Manifest, names: _Names) -> dict[str, Any]:
    job = spec["jobTemplate"]
    return {**spec, "jobTemplate": {**job, "spec": _job(job["spec"], names)}}


_SPECS: Mapping[str, Callable[[Manifest, _Names], dict[str, Any]]] = {
    **dict.fromkeys(WORKLOADS, _workload),
    "CronJob": _cron_job,
    "HorizontalPodAutoscaler": _autoscaler,
    "Job": _job,
    "PodDisruptionBudget": _budget,
    "Service": _service,
}


# -- references of pods

_VOLUMES = {
    "configMap": ("name", "ConfigMap"),
    "persistentVolumeClaim": ("claimName", "PersistentVolumeClaim"),
    "secret": ("secretName", "Secret"),
}
_SOURCES = {
    "configMap": "ConfigMap",
    "configMapKeyRef": "ConfigMap",
    "configMapRef": "ConfigMap",
    "secret": "Secret",
    "secretKeyRef": "Secret",
    "secretRef": "Secret",
}


def _pods(template: Manifest, names: _Names) -> dict[str, Any]:
    """A pod template whose references follow."""
    spec = template.get("spec")
    if not isinstance(spec, Mapping):
        return dict(template)
    changed = dict(spec)
    for key in ("containers", "initContainers", "ephemeralContainers"):
        if spec.get(key):
            changed[key] = [_container(container, names) for container in spec[key]]
    if spec.get("volumes"):
        changed["volumes"] = [_volume(volume, names) for volume in spec["volumes"]]
    if spec.get("imagePullSecrets"):
        changed["imagePullSecrets"] = [names.follow(secret, "Secret") for secret in spec["imagePullSecrets"]]
    for key in ("serviceAccountName", "serviceAccount"):
        changed = names.follow(changed, "ServiceAccount", key)
    return {**template, "spec": changed}


def _container(container: Manifest, names: _Names) -> dict[str, Any]:
    changed = dict(container)
    if container.get("env"):
        changed["env"] = [
            {**entry, "valueFrom": _source(entry["valueFrom"], names)} if entry.get("valueFrom") else dict(entry)
            for entry in container["env"]
        ]
    if container.get("envFrom"):
        changed["envFrom"] = [_source(source, names) for source in container["envFrom"]]
    return changed


def _source(source: Manifest, names: _Names) -> dict[str, Any]:
    """What has one of the keys of ``_SOURCES``."""
    return {key: names.follow(value, _SOURCES[key]) if key in _SOURCES else value for key, value in source.items()}


def _volume(volume: Manifest, names: _Names) -> dict[str, Any]:
    changed = dict(volume)
    for key, (field, kind) in _VOLUMES.items():
        if volume.get(key):
            changed[key] = names.follow(volume[key], kind, field)
    if (volume.get("projected") or {}).get("sources"):
        sources = [_source(source, names) for source in volume["projected"]["sources"]]
        changed["projected"] = {**volume["projected"], "sources": sources}
    return changed
