"""Pods: those that a selector finds, the number of ready ones, and why the first one is not ready.

Ready is the pod's own condition ``Ready``, and so its readiness probes and its readiness gates. For how long a pod has
been ready is not on it: ``minReadySeconds`` belongs to the workload and is counted by the capacity.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bluegreen.kubernetes.client import KubernetesConnection, Resource
from bluegreen.rollout.model import Readiness
from bluegreen.secrets import redact

# What every pod goes through on its way; anything else that a container waits for is reported.
_STARTING = frozenset({"ContainerCreating", "PodInitializing"})
_LONGEST_MESSAGE = 200
_NAMED_PODS = 3


def selector_text(selector: Mapping[str, str]) -> str:
    """A label selector as the API takes it: ``app=web,bluegreen/color=blue``."""
    return ",".join(f"{label}={value}" for label, value in sorted(selector.items()))


def pods(cluster: KubernetesConnection, namespace: str, selector: Mapping[str, str]) -> list[dict[str, Any]]:
    """The pods with these labels that run or are to run: one call.

    Those that are on their way out or have ended take no requests, and do not count.
    """
    answer = cluster.find(Resource("v1", "Pod", "pods", namespace), selector_text(selector))
    return [pod for pod in answer if not is_leaving(pod)]


def is_leaving(pod: Mapping[str, Any]) -> bool:
    """Whether a pod is being deleted or has ended."""
    ended = (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed")
    return ended or bool(pod["metadata"].get("deletionTimestamp"))


def is_ready(pod: Mapping[str, Any]) -> bool:
    """Whether a pod's ``Ready`` condition is true."""
    return _condition(pod, "Ready").get("status") == "True"


def health_of(targets: Sequence[Mapping[str, Any]], service: Mapping[str, Any] | None, nobody: str) -> Readiness:
    """The health of pods as targets of a Service.

    Args:
        targets: the pods.
        service: the Service that should lead to them; ``None`` where there is none yet.
        nobody: what to say when there are no pods.
    """
    if not targets:
        return Readiness(False, 0, 1, nobody)
    ready = sum(map(is_ready, targets))
    closed, serves = _closed_port(targets, service or {})
    if closed and not serves:
        return Readiness(False, 0, len(targets), closed, fatal=True)
    if ready == len(targets):
        # A port that a release does not have (metrics, say) is reported: Kubernetes sends it the requests of the
        # others.
        return Readiness(True, ready, ready, closed)
    return Readiness(False, ready, len(targets), why_not_ready(next(pod for pod in targets if not is_ready(pod))))


def why_not_ready(pod: Mapping[str, Any]) -> str:
    """Say why a pod takes no requests: ``pod web-1: container app: ImagePullBackOff: ...``."""
    return f"pod {pod['metadata']['name']}: {_trouble(pod)}"


def _trouble(pod: Mapping[str, Any]) -> str:
    status = pod.get("status") or {}
    scheduled = _condition(pod, "PodScheduled")
    if scheduled.get("status") == "False":
        return _reason_in(scheduled)
    containers = [*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())]
    for container in containers:
        trouble = _container_trouble(container)
        if trouble:
            return f"container {container['name']}: {trouble}"
    for gate in (pod.get("spec") or {}).get("readinessGates") or ():
        condition = _condition(pod, gate["conditionType"])
        if condition.get("status") != "True":
            said = _reason_in(condition) if condition else "nothing has set it yet"
            return f"readiness gate {gate['conditionType']} is {condition.get('status', 'not set')}: {said}"
    unready = [container["name"] for container in status.get("containerStatuses") or () if not container.get("ready")]
    running = [name for name in unready if _is_running(status, name)]
    if running:
        return f"container {running[0]} runs and is not ready: its readiness probe does not pass"
    return f"is {status.get('phase') or 'Pending'}: {_reason_in(_condition(pod, 'Ready')) or 'its containers start'}"


def _container_trouble(container: Mapping[str, Any]) -> str:
    state = container.get("state") or {}
    waiting, ended = state.get("waiting") or {}, state.get("terminated") or {}
    if waiting.get("reason") and waiting["reason"] not in _STARTING:
        last = (container.get("lastState") or {}).get("terminated") or {}
        return f"{_reason_in(waiting)}{f'; it last ended with {_end(last)}' if last else ''}"
    return f"ended with {_end(ended)}" if ended and ended.get("exitCode") != 0 else ""


def _end(terminated: Mapping[str, Any]) -> str:
    return f"exit code {terminated.get('exitCode')} ({terminated.get('reason') or 'no reason given'})"


def _is_running(status: Mapping[str, Any], name: str) -> bool:
    return any(
        container["name"] == name and "running" in (container.get("state") or {})
        for container in status.get("containerStatuses") or ()
    )


def _reason_in(part: Mapping[str, Any]) -> str:
    text = redact(": ".join(filter(None, (part.get("reason"), part.get("message")))))  # before it is cut
    return text if len(text) <= _LONGEST_MESSAGE else text[:_LONGEST_MESSAGE] + "..."


def _condition(pod: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    conditions: Iterable[Mapping[str, Any]] = (pod.get("status") or {}).get("conditions") or ()
    return next((condition for condition in conditions if condition.get("type") == kind), {})


def _closed_port(targets: Sequence[Mapping[str, Any]], service: Mapping[str, Any]) -> tuple[str, bool]:
    """The first named port of a Service that no container of the pods has, and whether they have another of its ports.

    A port given by number cannot be judged, and counts as one that they have: what a container listens on need not be
    declared.
    """
    ports = (service.get("spec") or {}).get("ports") or ()
    closed = [port for port in ports if not _is_open(targets, port)]
    if not closed:
        return "", True
    names = [pod["metadata"]["name"] for pod in targets]
    more = f" and {len(names) - _NAMED_PODS} more" if len(names) > _NAMED_PODS else ""
    said = (
        f"Service {service['metadata']['name']} sends port {closed[0]['port']} to the port named "
        f"{closed[0]['targetPort']!r}, which no container of {', '.join(names[:_NAMED_PODS])}{more} has"
    )
    return said, len(closed) < len(ports)


def _is_open(targets: Sequence[Mapping[str, Any]], port: Mapping[str, Any]) -> bool:
    target, protocol = port.get("targetPort"), port.get("protocol") or "TCP"
    return not isinstance(target, str) or any(_has_port(pod, target, protocol) for pod in targets)


def _has_port(pod: Mapping[str, Any], name: str, protocol: str) -> bool:
    spec = pod.get("spec") or {}
    # A sidecar is an init container that is kept running: its ports count, too.
    sidecars = [one for one in spec.get("initContainers") or () if one.get("restartPolicy") == "Always"]
    return any(
        port.get("name") == name and (port.get("protocol") or "TCP") == protocol
        for container in [*(spec.get("containers") or ()), *sidecars]
        for port in container.get("ports") or ()
    )
