"""Why pods are not ready, in words that help: the image that cannot be pulled, the container that keeps crashing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from localcloud.plugins.kubernetes.awaits.waiting import Waiter
from localcloud.plugins.kubernetes.cluster import Cluster
from localcloud.plugins.kubernetes.objects import Object, dig, name_of, namespace_of


def condition(obj: Object, kind: str) -> dict[str, Any]:
    """A condition of an object's status; nothing where it has none."""
    conditions = [one for one in dig(obj, "status", "conditions") or [] if one.get("type") == kind]
    return dict(conditions[0]) if conditions else {}


def is_true(obj: Object, kind: str) -> bool:
    return condition(obj, kind).get("status") == "True"


def owned_by(obj: Object, owner: Object) -> bool:
    uid = dig(owner, "metadata", "uid")
    return any(one.get("uid") == uid for one in dig(obj, "metadata", "ownerReferences") or [])


def pods_of(cluster: Cluster, owner: Object) -> list[Object]:
    """The pods that a workload controls."""
    labels = selector_text(dig(owner, "spec", "selector"))
    return [pod for pod in cluster.list("v1", "Pod", namespace_of(owner), labels) if owned_by(pod, owner)]


def selector_text(selector: Any) -> str:
    """A label selector as lists take it."""
    if not isinstance(selector, dict):
        return ""
    parts = [f"{key}={value}" for key, value in (selector.get("matchLabels") or {}).items()]
    for one in selector.get("matchExpressions") or []:
        values = ",".join(one.get("values") or [])
        words = {
            "In": f"{one['key']} in ({values})",
            "NotIn": f"{one['key']} notin ({values})",
            "Exists": one["key"],
            "DoesNotExist": f"!{one['key']}",
        }
        parts.append(words[one["operator"]])
    return ",".join(parts)


def problems_of(pods: list[Object]) -> list[str]:
    """The problems that keep pods from being ready."""
    return [text for pod in pods for text in _problems(pod)]


def _problems(pod: Object) -> Iterator[str]:
    for kind in ("PodScheduled", "Initialized", "Ready"):
        unmet = condition(pod, kind)
        if not unmet or unmet.get("status") == "True" or dig(pod, "status", "phase") == "Succeeded":
            continue
        if kind == "PodScheduled":
            yield f"[{unmet.get('reason')}] {unmet.get('message', '')}"
            return
        statuses = dig(pod, "status", "containerStatuses" if kind == "Ready" else "initContainerStatuses") or []
        details = [text for status in statuses for text in _container_problems(status)]
        message = unmet.get("message", "") if unmet.get("reason") else ""
        if details or message:
            where = f"{namespace_of(pod)}/{name_of(pod)}" if namespace_of(pod) != "default" else name_of(pod)
            yield f"[Pod {where}]: {' -- '.join(filter(None, [message, *details]))}"
        return


def _container_problems(status: dict[str, Any]) -> Iterator[str]:
    if status.get("ready"):
        return
    waiting = dig(status, "state", "waiting")
    if waiting and waiting.get("reason") != "ContainerCreating":
        yield f"[{waiting.get('reason')}] {waiting.get('message', '')}".strip()
    ended = dig(status, "state", "terminated")
    if ended and ended.get("reason"):
        text = f"[{ended['reason']}] {ended['message']}" if ended.get("message") else ""
        yield text or f'container "{status["name"]}" completed with exit code {ended.get("exitCode")}'
    last = dig(status, "lastState", "terminated")
    if last:
        yield (
            f'container "{status["name"]}" terminated at {last.get("finishedAt")} '
            f"({last.get('reason')}: exit code {last.get('exitCode')})"
        )


class PodWaiter(Waiter):
    """A bare pod: scheduled, initialized and ready, or done."""

    def ready(self) -> bool:
        self.look()
        self.doing = "Waiting for Pod to be ready"
        if dig(self.live, "status", "phase") == "Succeeded":
            return True
        return all(is_true(self.live, kind) for kind in ("PodScheduled", "Initialized", "Ready"))

    def problems(self) -> list[str]:
        return problems_of([self.live])
