"""Deployment, StatefulSet, DaemonSet, ReplicationController and Job."""

from __future__ import annotations

import contextlib
from typing import Final

from localcloud.plugins.kubernetes.awaits.pods import condition, is_true, owned_by, pods_of, problems_of, selector_text
from localcloud.plugins.kubernetes.awaits.waiting import NotReady, Waiter
from localcloud.plugins.kubernetes.objects import Object, dig, name_of, namespace_of
from localcloud.plugins.values import ProviderError

_REVISION: Final = "deployment.kubernetes.io/revision"


def _revision(obj: Object | None) -> str:
    return str(dig(obj, "metadata", "annotations", _REVISION) or "")


def _observed(obj: Object) -> bool:
    """Whether the controller has seen the object as it is now."""
    return bool(dig(obj, "status", "observedGeneration") == dig(obj, "metadata", "generation"))


class DeploymentWaiter(Waiter):
    """Available, rolled over to the newest ReplicaSet, with as many ready pods as that one wants.

    The count is the ReplicaSet's, never the inputs': an autoscaler or a scale command may have moved it.
    """

    _replicas: Object | None = None
    _unbound: tuple[str, ...] = ()

    def ready(self) -> bool:
        self.look()
        self.doing = "Waiting for the Deployment controller"
        self._replicas = None
        if not _observed(self.live) or not _revision(self.live):
            return False
        self.doing = f"Waiting for app ReplicaSet to be available ({self._count()} Pods available)"
        if not is_true(self.live, "Available") or not self._rolled_over():
            return False
        self._replicas = self._newest()
        return self._replicas is not None and self._enough() and self._claims_bound()

    def _count(self) -> str:
        return f"{dig(self.live, 'status', 'readyReplicas') or 0}/{dig(self.live, 'spec', 'replicas')}"

    def _rolled_over(self) -> bool:
        progressing = condition(self.live, "Progressing")
        done = progressing.get("status") == "True" and progressing.get("reason") == "NewReplicaSetAvailable"
        return done or _revision(self.live) == "1"

    def _newest(self) -> Object | None:
        labels = selector_text(dig(self.live, "spec", "selector"))
        sets = self.cluster.list("apps/v1", "ReplicaSet", namespace_of(self.live), labels)
        mine = [one for one in sets if owned_by(one, self.live) and _revision(one) == _revision(self.live)]
        return {"apiVersion": "apps/v1", "kind": "ReplicaSet", **mine[0]} if mine else None

    def _enough(self) -> bool:
        wanted = dig(self._replicas, "spec", "replicas")
        return (dig(self._replicas, "status", "readyReplicas") or 0) >= (1 if wanted is None else wanted)

    def _claims_bound(self) -> bool:
        volumes = dig(self.live, "spec", "template", "spec", "volumes") or []
        names = {dig(one, "persistentVolumeClaim", "claimName") for one in volumes} - {None}
        claims = self.cluster.list("v1", "PersistentVolumeClaim", namespace_of(self.live)) if names else []
        unbound = [name_of(one) for one in claims if name_of(one) in names and dig(one, "status", "phase") != "Bound"]
        self._unbound = tuple(unbound)
        return not unbound

    def problems(self) -> list[str]:
        problems = []
        for kind in ("Progressing", "Available"):
            one = condition(self.live, kind)
            if one and one.get("status") != "True" and one.get("reason"):
                problems.append(f"[{one['reason']}] {one.get('message', '')}")
        if self._unbound:
            problems.append(f'Failed to bind PersistentVolumeClaim(s): "{",".join(self._unbound)}"')
        if not is_true(self.live, "Available"):
            problems.append("Minimum number of live Pods was not attained")
        elif not self._rolled_over():
            problems.append("Minimum number of Pods to consider the application live was not attained")
        elif self._replicas is None or not self._enough():
            problems.append(
                "Attempted to roll forward to new ReplicaSet, but minimum number of Pods did not become live"
            )
        with contextlib.suppress(ProviderError):
            newest = self._replicas or self._newest()
            problems += problems_of(pods_of(self.cluster, newest)) if newest else []
        return problems


class StatefulSetWaiter(Waiter):
    """Every replica ready, and of the newest revision."""

    def ready(self) -> bool:
        self.look()
        status, wanted = self.live.get("status") or {}, dig(self.live, "spec", "replicas") or 0
        ready = status.get("readyReplicas") or 0
        self.doing = f"Waiting for StatefulSet to roll out ({ready}/{wanted} Pods ready)"
        if not _observed(self.live):
            return False
        if not (wanted == (status.get("replicas") or 0) == ready):
            return False
        first = (dig(self.live, "metadata", "generation") or 0) <= 1
        if not first and dig(self.live, "spec", "updateStrategy", "type") == "OnDelete":
            return True
        return bool(self._newest() and wanted == (status.get("currentReplicas") or 0))

    def _newest(self) -> bool:
        status = self.live.get("status") or {}
        return bool(status.get("currentRevision")) and status["currentRevision"] == status.get("updateRevision")

    def problems(self) -> list[str]:
        status, wanted = self.live.get("status") or {}, dig(self.live, "spec", "replicas") or 0
        ready = status.get("readyReplicas") or 0
        problems = [f"{ready} out of {wanted} replicas succeeded readiness checks"] if ready != wanted else []
        if not self._newest():
            problems.append(
                f'StatefulSet controller failed to advance from revision "{status.get("currentRevision", "")}" '
                f'to revision "{status.get("updateRevision", "")}"'
            )
        with contextlib.suppress(ProviderError):
            problems += problems_of(pods_of(self.cluster, self.live))
        return problems


class DaemonSetWaiter(Waiter):
    """On every node that it is for, updated and available."""

    def ready(self) -> bool:
        self.look()
        status = self.live.get("status") or {}
        wanted = status.get("desiredNumberScheduled")
        available = status.get("numberAvailable") or 0
        self.doing = f"Waiting for DaemonSet to be available ({available}/{wanted or 0} Pods available)"
        if not _observed(self.live) or wanted is None:
            return False
        counts = [status.get(name) or 0 for name in ("currentNumberScheduled", "updatedNumberScheduled", "numberReady")]
        return all(count >= wanted for count in [*counts, available])

    def problems(self) -> list[str]:
        with contextlib.suppress(ProviderError):
            return [self.doing, *problems_of(pods_of(self.cluster, self.live))]
        return [self.doing]


class ReplicationControllerWaiter(Waiter):
    """Waits for as many available replicas as wanted."""

    def ready(self) -> bool:
        self.look()
        self.doing = "Waiting for ReplicationController's Pods to be available"
        return bool(dig(self.live, "status", "availableReplicas") == dig(self.live, "spec", "replicas"))


class JobWaiter(Waiter):
    """Complete; a failed one is not waited for any longer."""

    def ready(self) -> bool:
        self.look()
        active = dig(self.live, "status", "active") or 0
        self.doing = f'Waiting for Job "{name_of(self.live)}" to succeed (Active: {active})'
        if is_true(self.live, "Failed") and not self.at_once:
            raise NotReady(f"Job {name_of(self.live)} failed", self.problems(), self.live)
        return is_true(self.live, "Complete")

    def problems(self) -> list[str]:
        failed = condition(self.live, "Failed")
        problems = [f"[{failed.get('reason')}] {failed.get('message', '')}"] if failed.get("status") == "True" else []
        with contextlib.suppress(ProviderError):
            problems += problems_of(pods_of(self.cluster, self.live))
        return problems or [f"Job '{name_of(self.live)}' has not completed"]
