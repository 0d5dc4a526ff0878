"""The targets of a Service's requests: its EndpointSlices, which the data plane of every cluster follows.

https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bluegreen.kubernetes.client import KubernetesConnection, Resource
from bluegreen.kubernetes.pods import health_of, pods, selector_text
from bluegreen.permissions import Permission
from bluegreen.rollout.model import Readiness

__all__ = ["ENDPOINT_PERMISSIONS", "Endpoint", "endpoints", "endpoints_of", "pods", "service_health"]

_SERVICE_NAME = "kubernetes.io/service-name"

ENDPOINT_PERMISSIONS = (
    Permission("list endpointslices.discovery.k8s.io", "previews of a promotion, updates"),
    Permission("get services", "to find out why endpoints are not ready"),
    Permission("list pods", "the same"),
)
"""The calls of ``service_health``, for the permissions of a router that uses it."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One pod, or what stands in for one, that a Service leads to.

    Attributes:
        uid: the pod's uid; its address where it is no pod.
        ready: whether it gets new requests.
        leaving: whether it is on its way out.
    """

    uid: str
    ready: bool
    leaving: bool


def endpoints(cluster: KubernetesConnection, namespace: str, service: str) -> list[Endpoint]:
    """Everything in a Service's EndpointSlices, each pod once: one call.

    A pod has an endpoint in a slice for each IP family, and is ready when all of them are.
    """
    return endpoints_of(cluster, namespace, [service])[service]


def endpoints_of(cluster: KubernetesConnection, namespace: str, services: Sequence[str]) -> dict[str, list[Endpoint]]:
    """Everything in the EndpointSlices of several Services, by their names: one call."""
    kind = Resource("discovery.k8s.io/v1", "EndpointSlice", "endpointslices", namespace)
    wanted = f"={services[0]}" if len(services) == 1 else f" in ({','.join(services)})"
    by_service: dict[str, dict[str, Endpoint]] = {service: {} for service in services}
    for piece in cluster.find(kind, f"{_SERVICE_NAME}{wanted}"):
        mine = by_service[services[0] if len(services) == 1 else piece["metadata"]["labels"][_SERVICE_NAME]]
        for entry in piece.get("endpoints") or ():
            uid = (entry.get("targetRef") or {}).get("uid") or ",".join(entry["addresses"])
            conditions = entry.get("conditions") or {}
            # Unknown means ready, says the API. Pods that lack a named port of the Service have a slice without ports.
            ready = conditions.get("ready") is not False and conditions.get("serving") is not False
            leaving = bool(conditions.get("terminating"))
            before = mine.get(uid, Endpoint(uid, True, False))
            mine[uid] = Endpoint(
                uid,
                before.ready and ready and not leaving and bool(piece.get("ports")),
                before.leaving or leaving,
            )
    return {service: list(mine.values()) for service, mine in by_service.items()}


def service_health(
    cluster: KubernetesConnection, namespace: str, service: str, known: Sequence[Endpoint] | None = None
) -> Readiness:
    """The number of a Service's endpoints that get requests: one call, two more to find out why some do not.

    Args:
        cluster: where.
        namespace: of the Service.
        service: its name.
        known: its endpoints, where they were just read: that call less.
    """
    found_there = endpoints(cluster, namespace, service) if known is None else known
    staying = [endpoint for endpoint in found_there if not endpoint.leaving]
    ready = sum(endpoint.ready for endpoint in staying)
    if staying and ready == len(staying):
        return Readiness(True, ready, ready)
    manifest = cluster.get(Resource("v1", "Service", "services", namespace, service))
    if manifest is None:
        return Readiness(False, 0, 1, f"there is no Service {namespace}/{service}", fatal=True)
    why = _why_not(cluster, namespace, manifest)
    expected = max(len(staying), why.expected)
    return Readiness(False, ready, expected, why.reason or "the EndpointSlices are not up to date yet", why.fatal)


def _why_not(cluster: KubernetesConnection, namespace: str, service: Mapping[str, Any]) -> Readiness:
    name, selector = service["metadata"]["name"], (service.get("spec") or {}).get("selector") or {}
    if not selector:
        return Readiness(False, 0, 1, f"Service {namespace}/{name} has no selector and no ready endpoint")
    nobody = f"no pod in {namespace} matches {selector_text(selector)}, the selector of Service {name}"
    return health_of(pods(cluster, namespace, selector), service, nobody)
