"""The waiter of each kind. Kinds that are not here, and custom resources, are ready once they are written."""

from __future__ import annotations

from typing import Final

from localcloud.plugins.kubernetes.awaits.network import IngressWaiter, ServiceWaiter
from localcloud.plugins.kubernetes.awaits.pods import PodWaiter
from localcloud.plugins.kubernetes.awaits.stated import ANNOTATION, StatedWaiter, statements
from localcloud.plugins.kubernetes.awaits.stored import ClaimWaiter, QuotaWaiter, SecretWaiter, VolumeWaiter
from localcloud.plugins.kubernetes.awaits.waiting import Waiter
from localcloud.plugins.kubernetes.awaits.workloads import (
    DaemonSetWaiter,
    DeploymentWaiter,
    JobWaiter,
    ReplicationControllerWaiter,
    StatefulSetWaiter,
)
from localcloud.plugins.kubernetes.cluster import Cluster
from localcloud.plugins.kubernetes.objects import Object, annotation, says_yes, type_of

# A refresh looks at these, too.
_LOOKED_AT: Final[dict[str, type[Waiter]]] = {
    "apps/v1/DaemonSet": DaemonSetWaiter,
    "apps/v1/Deployment": DeploymentWaiter,
    "apps/v1/StatefulSet": StatefulSetWaiter,
    "batch/v1/Job": JobWaiter,
    "networking.k8s.io/v1/Ingress": IngressWaiter,
    "v1/Pod": PodWaiter,
    "v1/Service": ServiceWaiter,
}
_WAITED_FOR: Final[dict[str, type[Waiter]]] = {
    **_LOOKED_AT,
    "v1/PersistentVolume": VolumeWaiter,
    "v1/PersistentVolumeClaim": ClaimWaiter,
    "v1/ReplicationController": ReplicationControllerWaiter,
    "v1/ResourceQuota": QuotaWaiter,
    "v1/Secret": SecretWaiter,
}
# Deleting these does not wait either where the annotation says so; for the rest it only concerns creation.
GONE_AT_ONCE: Final = frozenset(
    {
        *("v1/Namespace", "v1/Pod", "v1/ReplicationController", "apps/v1/DaemonSet", "apps/v1/Deployment"),
        *("apps/v1/StatefulSet", "batch/v1/Job"),
    }
)
SKIP: Final = "pulumi.com/skipAwait"


def waiter_for(cluster: Cluster, inputs: Object, live: Object) -> Waiter | None:
    """The waiter after a write; None where there is nothing to wait for."""
    if says_yes(inputs, SKIP):
        return None
    if annotation(inputs, ANNOTATION):
        return StatedWaiter(cluster, live, wanted=statements(annotation(inputs, ANNOTATION)))
    made = _WAITED_FOR.get(type_of(live))
    return made(cluster, live) if made else None


def looker_for(cluster: Cluster, inputs: Object, live: Object) -> Waiter | None:
    """The waiter that a refresh looks with."""
    made = None if says_yes(inputs, SKIP) else _LOOKED_AT.get(type_of(live))
    return made(cluster, live) if made else None
