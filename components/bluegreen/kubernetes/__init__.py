"""Components for Kubernetes, each imported when it is first used: a stack pays for what it declares alone."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bluegreen.kubernetes.argo_engine.argo_rollout import ArgoRollout
    from bluegreen.kubernetes.component import SwapSettings
    from bluegreen.kubernetes.helm_charts.helm_service import HelmService
    from bluegreen.kubernetes.helm_charts.release import HelmRelease
    from bluegreen.kubernetes.manifests.manifest_service import ManifestService
    from bluegreen.kubernetes.manifests.release import ManifestRelease
    from bluegreen.kubernetes.routes.contour_entry import contour
    from bluegreen.kubernetes.routes.gateway_entry import gateway_route, grpc_route
    from bluegreen.kubernetes.routes.ingress_entry import aws_load_balancer, nginx
    from bluegreen.kubernetes.routes.mesh_entry import istio, linkerd
    from bluegreen.kubernetes.routes.traefik_entry import traefik
    from bluegreen.kubernetes.selectors.entry import service
    from bluegreen.kubernetes.two_clusters.clusters import KubernetesClusters
    from bluegreen.kubernetes.two_clusters.color import ClusterRelease
    from bluegreen.kubernetes.workloads.kubernetes_service import KubernetesService
    from bluegreen.kubernetes.workloads.release import KubernetesRelease
    from bluegreen.kubernetes.workloads.workload import WorkloadOptions

__all__ = [
    "ArgoRollout",
    "ClusterRelease",
    "HelmRelease",
    "HelmService",
    "KubernetesClusters",
    "KubernetesRelease",
    "KubernetesService",
    "ManifestRelease",
    "ManifestService",
    "SwapSettings",
    "WorkloadOptions",
    "aws_load_balancer",
    "contour",
    "gateway_route",
    "grpc_route",
    "istio",
    "linkerd",
    "nginx",
    "service",
    "traefik",
]

_HOMES = {
    "ArgoRollout": "argo_engine.argo_rollout",
    "ClusterRelease": "two_clusters.color",
    "HelmRelease": "helm_charts.release",
    "HelmService": "helm_charts.helm_service",
    "KubernetesClusters": "two_clusters.clusters",
    "KubernetesRelease": "workloads.release",
    "KubernetesService": "workloads.kubernetes_service",
    "ManifestRelease": "manifests.release",
    "ManifestService": "manifests.manifest_service",
    "SwapSettings": "component",
    "WorkloadOptions": "workloads.workload",
    "aws_load_balancer": "routes.ingress_entry",
    "contour": "routes.contour_entry",
    "gateway_route": "routes.gateway_entry",
    "grpc_route": "routes.gateway_entry",
    "istio": "routes.mesh_entry",
    "linkerd": "routes.mesh_entry",
    "nginx": "routes.ingress_entry",
    "service": "selectors.entry",
    "traefik": "routes.traefik_entry",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
