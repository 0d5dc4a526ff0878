"""The state of a Deployment or a StatefulSet as values: its size, whether it can take traffic, why not."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from bluegreen.kubernetes.client import Resource
from bluegreen.kubernetes.pods import is_leaving, is_ready, why_not_ready
from bluegreen.kubernetes.workloads.retire import KINDS
from bluegreen.rollout.model import Readiness, Size

_GAVE_UP = "ProgressDeadlineExceeded"
# What no waiting helps against: another image has to come.
_HOPELESS = re.compile(r"\bInvalidImageName\b")


def workload(kind: str, namespace: str, name: str, subresource: str = "") -> Resource:
    """The resource of a workload, or of its ``scale``."""
    return Resource("apps/v1", kind, KINDS[kind], namespace, name, subresource)


def desired_of(manifest: Mapping[str, Any]) -> int:
    """The number of wanted replicas."""
    return int((manifest.get("spec") or {}).get("replicas") or 0)


def is_seen(manifest: Mapping[str, Any]) -> bool:
    """Whether its controller has seen the last change, so that its status is about it."""
    return _counted(manifest, "observedGeneration") >= int(manifest["metadata"].get("generation") or 0)


def size_of(manifest: Mapping[str, Any]) -> Size:
    """The size of a workload; available replicas run, which is more than ready where there is a ``minReadySeconds``."""
    return Size(desired_of(manifest), _counted(manifest, "availableReplicas"), stuck=bool(failed_at(manifest)))


def failed_at(manifest: Mapping[str, Any]) -> str:
    """The time when Kubernetes gave up on the present template, by its own clock; empty when it did not."""
    progress = _condition(manifest, "Progressing")
    return str(progress.get("lastUpdateTime")) if is_seen(manifest) and progress.get("reason") == _GAVE_UP else ""


def judged(manifest: Mapping[str, Any], known_failure: str = "") -> Readiness:
    """Whether all wanted replicas are available and all are of the present template.

    Args:
        manifest: the object.
        known_failure: what ``failed_at`` said before the replicas were requested: that one does not count any more.
    """
    spec, desired = manifest.get("spec") or {}, desired_of(manifest)
    available, updated = _counted(manifest, "availableReplicas"), _counted(manifest, "updatedReplicas")

    def not_yet(reason: str, *, fatal: bool = False) -> Readiness:
        named = f"{manifest['kind'].lower()} {manifest['metadata']['name']}"
        return Readiness(False, available, desired, f"{named}: {reason}", fatal)

    if desired < 1:
        return not_yet("scaled to 0")
    if not is_seen(manifest):
        return not_yet("its controller has not seen the last change yet")
    counted = f"{available} of {desired} replicas are available"
    if failed_at(manifest) not in ("", known_failure):
        limit = spec.get("progressDeadlineSeconds")
        return not_yet(f"{counted} and its progress deadline of {limit} s is over", fatal=True)
    if updated < _counted(manifest, "replicas") and spec.get("paused"):
        return not_yet("its rollout is paused, so that its former release runs: `kubectl rollout resume`", fatal=True)
    if available < desired:
        return not_yet(counted)
    if updated < desired or _counted(manifest, "replicas") > desired or _changes_revision(manifest):
        return not_yet(f"{updated} of {desired} replicas are of the present release{_how_to_go_on(spec)}")
    return Readiness(True, available, desired)


def release_of(manifest: Mapping[str, Any]) -> str:
    """The release of a workload's pod template: its images, and a digest of all of it."""
    template = (manifest.get("spec") or {}).get("template") or {}
    images = [str(container.get("image")) for container in (template.get("spec") or {}).get("containers") or ()]
    digest = hashlib.sha256(json.dumps(template, sort_keys=True).encode()).hexdigest()
    return f"{' + '.join(images)} (pod template {digest[:7]})"


def selector_of(manifest: Mapping[str, Any]) -> str:
    """The label selector of its pods, as the API takes it."""
    selector = (manifest.get("spec") or {}).get("selector") or {}
    return ",".join(
        [
            *(f"{label}={value}" for label, value in sorted((selector.get("matchLabels") or {}).items())),
            *map(_expression, selector.get("matchExpressions") or ()),
        ]
    )


def why_not(manifest: Mapping[str, Any], pods: Sequence[Mapping[str, Any]]) -> tuple[str, bool]:
    """Why replicas are missing, and whether waiting does not help; empty where nothing says it.

    Args:
        manifest: the workload.
        pods: all that its selector finds.
    """
    failure = _condition(manifest, "ReplicaFailure")
    if failure.get("status") == "True":  # a quota, an admission policy, a ServiceAccount that is not there
        return f"{failure.get('reason')}: {failure.get('message')}", False
    staying = [pod for pod in pods if not is_leaving(pod)]
    unready = sorted((pod for pod in staying if not is_ready(pod)), key=_age)
    if unready:
        reason = why_not_ready(unready[-1])  # the newest one is of the present release
        return reason, bool(_HOPELESS.search(reason))
    spec = manifest.get("spec") or {}
    if len(staying) < desired_of(manifest) and manifest["kind"] == "StatefulSet":  # it has no such condition
        named = (
            f"{manifest['kind'].lower()} {manifest['metadata']['name']} --namespace {manifest['metadata']['namespace']}"
        )
        return f"its other pods are not made yet; `kubectl describe {named}` says why", False
    if spec.get("minReadySeconds"):
        return f"the others are not ready for minReadySeconds ({spec['minReadySeconds']}) yet", False
    return "", False


def _age(pod: Mapping[str, Any]) -> tuple[str, str]:
    return str(pod["metadata"].get("creationTimestamp") or ""), str(pod["metadata"]["name"])


def _expression(asked: Mapping[str, Any]) -> str:
    label, values = str(asked["key"]), ",".join(asked.get("values") or ())
    operators = {
        "In": f"{label} in ({values})",
        "NotIn": f"{label} notin ({values})",
        "Exists": label,
        "DoesNotExist": f"!{label}",
    }
    return operators[str(asked["operator"])]


def _counted(manifest: Mapping[str, Any], name: str) -> int:
    return int((manifest.get("status") or {}).get(name) or 0)


def _changes_revision(manifest: Mapping[str, Any]) -> bool:
    """Whether a StatefulSet is on its way from one revision to another; a Deployment has no revision here."""
    status = manifest.get("status") or {}
    return status.get("currentRevision") != status.get("updateRevision")


def _how_to_go_on(spec: Mapping[str, Any]) -> str:
    """The manual step that a StatefulSet waits for; empty where there is none."""
    strategy = spec.get("updateStrategy") or {}
    if strategy.get("type") == "OnDelete":
        return ": its updateStrategy is OnDelete, so delete the others"
    if partition := (strategy.get("rollingUpdate") or {}).get("partition"):
        return f": its updateStrategy.rollingUpdate.partition is {partition}, so the pods below keep the former one"
    return ""


def _condition(manifest: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    conditions: Sequence[Mapping[str, Any]] = (manifest.get("status") or {}).get("conditions") or ()
    return next((condition for condition in conditions if condition.get("type") == kind), {})
