"""Objects that act without traffic: in two colors they would do all work twice, so only the live one's act. Pure.

====================================== ======================================= =========================================
what                                   unless the user says otherwise          in the color that is not live
====================================== ======================================= =========================================
CronJob, Argo's CronWorkflow,          ``live``                                suspended
KEDA's ScaledJob
Deployment, StatefulSet, ReplicaSet,   ``live``                                no replicas
Argo's Rollout that nothing leads to
DaemonSet that nothing leads to        ``live``                                for nodes that there are not
Job                                    ``both``: once for each release         suspended, where it is to be ``live``
KEDA's ScaledObject of one of these    what its target is                      paused at 0
====================================== ======================================= =========================================

What leads to a workload is a Service of the same manifests that selects its pods, but for one that has ports for
metrics alone. Of a chart only one object at a time is seen: there a workload counts whose containers name no port.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bluegreen.kubernetes.objects import SKIP_AWAIT
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import Color

Manifest = Mapping[str, Any]
LIVE, BOTH = "live", "both"
CHOICES = (LIVE, BOTH)

_SUSPENDED = frozenset({("batch", "CronJob"), ("batch", "Job"), ("argoproj.io", "CronWorkflow")})
_PAUSED = frozenset({("keda.sh", "ScaledJob")})
_COUNTED = frozenset({("apps", kind) for kind in ("Deployment", "ReplicaSet", "StatefulSet")})
_COUNTED |= {("argoproj.io", "Rollout")}
_ONE_A_NODE = ("apps", "DaemonSet")
_SCALED_OBJECT = ("keda.sh", "ScaledObject")
_KEDA = "autoscaling.keda.sh/"
_NO_NODE = {"bluegreen/at-rest": "no-node-has-this"}
_OF_METRICS = ("metrics", "prometheus")


def at_rest(manifest: Manifest) -> dict[str, Any]:
    """The object as it is in the color that is not live: there, and doing nothing."""
    what, spec, metadata = place(manifest), manifest.get("spec") or {}, manifest.get("metadata") or {}
    if what in _COUNTED:
        return {**manifest, "spec": {**spec, "replicas": 0}}
    if what == _ONE_A_NODE:
        template = spec.get("template") or {}
        pods = template.get("spec") or {}
        nowhere = {**pods, "nodeSelector": {**(pods.get("nodeSelector") or {}), **_NO_NODE}}
        return {**manifest, "spec": {**spec, "template": {**template, "spec": nowhere}}}
    if what in _PAUSED:
        return {**manifest, "metadata": _annotated(metadata, {f"{_KEDA}paused": "true"})}
    if what == _SCALED_OBJECT:
        return {**manifest, "metadata": _annotated(metadata, {f"{_KEDA}paused-replicas": "0"})}
    rests = {**manifest, "spec": {**spec, "suspend": True}}
    # Nobody waits for the end of a Job that is not to begin.
    return {**rests, "metadata": _annotated(metadata, SKIP_AWAIT)} if what == ("batch", "Job") else rests


def of_the_live_color(
    own: Sequence[Manifest], others: Iterable[Manifest], workload: Manifest, said: Mapping[str, str], color: str
) -> list[str]:
    """The objects of a color that act only while it is live, by their names in this color.

    Args:
        own: the color's own objects.
        others: those of both colors.
        workload: the one that the swap scales.
        said: ``live`` or ``both`` by an object's name in the manifests: ``Deployment/worker``.
        color: which.
    """
    services = [one for one in (*own, *others) if one["kind"] == "Service" and _serves(one)]
    keys = {
        _key(one)
        for one in own
        if one is not workload and said.get(_former(one, color), _default(one, services)) == LIVE and _can_rest(one)
    }
    return [_key(one) for one in own if _key(one) in keys or (place(one) == _SCALED_OBJECT and _target(one) in keys)]


def scaled_by_keda(own: Sequence[Manifest], workload: Manifest) -> list[str]:
    """The ScaledObjects that scale what the swap scales, by their names."""
    return [_key(one) for one in own if place(one) == _SCALED_OBJECT and _target(one) == _key(workload)]


def is_of_the_live_color(manifest: Manifest, said: Mapping[str, str], workload: str) -> bool:
    """Whether an object of a chart acts only while its color is live: containers without ports get no requests.

    Args:
        manifest: the object.
        said: see ``of_the_live_color``.
        workload: the name of the one that the swap scales.
    """
    if place(manifest) == _SCALED_OBJECT:
        target = _target(manifest)
        return said.get(target, LIVE if target.partition("/")[2] != workload else BOTH) == LIVE
    default = BOTH if _is_workload(manifest) and _listens(manifest) else _default(manifest, [])
    named = (manifest.get("metadata") or {}).get("name")
    return named != workload and said.get(_key(manifest), default) == LIVE and _can_rest(manifest)


def _default(manifest: Manifest, services: Iterable[Manifest]) -> str:
    what = place(manifest)
    if _is_workload(manifest):
        return BOTH if any(_leads_to(service, manifest) for service in services) else LIVE
    return LIVE if (what in _SUSPENDED and what[1] != "Job") or what in _PAUSED else BOTH


def _is_workload(manifest: Manifest) -> bool:
    return place(manifest) in _COUNTED or place(manifest) == _ONE_A_NODE


def _can_rest(manifest: Manifest) -> bool:
    """Whether there is a way to keep it from acting."""
    return _is_workload(manifest) or place(manifest) in _SUSPENDED | _PAUSED


def problems_in(said: Mapping[str, Any], colors: Mapping[Color, Sequence[Manifest]] | None) -> list[Problem]:
    """The problems with the program's own choice of such objects.

    Args:
        said: as it was given.
        colors: each color's own objects; ``None`` where nobody has seen them yet.
    """
    own = None if colors is None else {_former(one, color): one for color in colors for one in colors[color]}
    there = ", ".join(key for key, one in (own or {}).items() if _can_rest(one)) or "none is there"
    problems = []
    for key, choice in said.items():
        field = f"without_traffic.{key}"
        if choice not in CHOICES:
            problems.append(Problem(field, choice, f"{LIVE} (in the color that is live), {BOTH}"))
        elif own is not None and (key not in own or not _can_rest(own[key])):
            problems.append(Problem(field, choice, f"an object that acts, which each color has of its own: {there}"))
    return problems


def place(manifest: Manifest) -> tuple[str, str]:
    """An object's group and kind."""
    return str(manifest.get("apiVersion", "")).rpartition("/")[0], str(manifest.get("kind", ""))


def _key(manifest: Manifest) -> str:
    return f"{manifest['kind']}/{(manifest.get('metadata') or {}).get('name')}"


def _former(manifest: Manifest, color: str) -> str:
    """An object's name in the manifests."""
    return _key(manifest).removesuffix(f"-{color}")


def _annotated(metadata: Mapping[str, Any], annotations: Mapping[str, str]) -> dict[str, Any]:
    return {**metadata, "annotations": {**(metadata.get("annotations") or {}), **annotations}}


def _target(scaled: Manifest) -> str:
    target = (scaled.get("spec") or {}).get("scaleTargetRef") or {}
    return f"{target.get('kind', 'Deployment')}/{target.get('name')}"


# -- what has traffic


def _serves(service: Manifest) -> bool:
    """Whether a Service has a port that is not for metrics alone."""
    ports = (service.get("spec") or {}).get("ports") or [{}]
    return any(not _is_of_metrics(port) for port in ports if isinstance(port, Mapping))


def _leads_to(service: Manifest, workload: Manifest) -> bool:
    selector = (service.get("spec") or {}).get("selector")
    labels = ((_template(workload).get("metadata") or {}).get("labels")) or {}
    return isinstance(selector, Mapping) and bool(selector) and selector.items() <= labels.items()


def _listens(workload: Manifest) -> bool:
    containers = (_template(workload).get("spec") or {}).get("containers") or ()
    return any(not _is_of_metrics(port) for one in containers for port in one.get("ports") or ())


def _template(workload: Manifest) -> Mapping[str, Any]:
    template = (workload.get("spec") or {}).get("template")
    return template if isinstance(template, Mapping) else {}


def _is_of_metrics(port: Mapping[str, Any]) -> bool:
    return any(word in str(port.get("name", "")) for word in _OF_METRICS)
