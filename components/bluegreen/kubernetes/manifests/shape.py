"""Whether manifests have the shapes that Kubernetes' own kinds have, as far as anybody reads them here. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bluegreen.component.declaration import known
from bluegreen.fields import UNKNOWN
from bluegreen.rollout.errors import Problem

_TEXT, _TEXTS, _OBJECT = "a text", "an object of texts", "an object"
_META: dict[str, Any] = {"name": _TEXT, "namespace": _TEXT, "labels": _TEXTS, "annotations": _TEXTS}
_CONTAINER: dict[str, Any] = {"name": _TEXT, "image": _TEXT, "env": [_OBJECT], "envFrom": [_OBJECT], "ports": [_OBJECT]}
_POD: dict[str, Any] = {
    "metadata": _META,
    "spec": {"containers": [_CONTAINER], "initContainers": [_CONTAINER], "volumes": [_OBJECT]},
}
_WORKLOAD: dict[str, Any] = {"selector": {"matchLabels": _TEXTS}, "template": _POD}
_SPECS: Mapping[str, Any] = {
    "Deployment": _WORKLOAD,
    "StatefulSet": _WORKLOAD,
    "DaemonSet": _WORKLOAD,
    "ReplicaSet": _WORKLOAD,
    "Job": {"template": _POD},
    "CronJob": {"jobTemplate": {"spec": {"template": _POD}}},
    "HorizontalPodAutoscaler": {"scaleTargetRef": {"kind": _TEXT, "name": _TEXT}},
    "Service": {"selector": _TEXTS, "ports": [_OBJECT]},
}


def problems_in(field: str, manifests: Sequence[Mapping[str, Any]]) -> list[Problem]:
    """The problems with shapes that the platform does not take; values that only an update knows pass.

    Args:
        field: where the manifests stand.
        manifests: objects with a kind and a name.
    """
    problems: list[Problem] = []
    for number, manifest in enumerate(manifests):
        kind = manifest.get("kind")
        shape = {"metadata": _META, **({"spec": _SPECS[str(kind)]} if str(kind) in _SPECS else {})}
        problems += _problems(shape, known(manifest), f"{field}[{number}]")
    return problems


def _problems(shape: Any, value: Any, path: str) -> Iterator[Problem]:
    if value is UNKNOWN or value is None:
        return
    if isinstance(shape, list):
        if not isinstance(value, (list, tuple)):
            yield Problem(path, _shown(value), "a list")
            return
        for index, item in enumerate(value):
            if item is None:
                yield Problem(f"{path}[{index}]", None, _OBJECT)
            yield from _problems(shape[0], item, f"{path}[{index}]")
    elif shape == _TEXT:
        if not isinstance(value, str):
            yield Problem(path, _shown(value), _TEXT)
    elif not isinstance(value, Mapping):
        yield Problem(path, _shown(value), shape if isinstance(shape, str) else _OBJECT)
    elif shape == _TEXTS:
        for key, item in value.items():
            yield from _problems(_TEXT, item, f"{path}.{key}")
    elif isinstance(shape, Mapping):
        for key, inner in shape.items():
            yield from _problems(inner, value.get(key), f"{path}.{key}")


def _shown(value: Any) -> Any:
    """The kind of a value and never its content, which may be secret."""
    return type(value) if isinstance(value, (Mapping, list, tuple)) and value else value
