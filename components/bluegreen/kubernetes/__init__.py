"""Components for Kubernetes, each imported when it is first used: a stack pays for what it declares alone."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bluegreen.kubernetes.argo_rollout import ArgoRollout
    from bluegreen.kubernetes.cluster_color import ClusterRelease
    from bluegreen.kubernetes.clusters import KubernetesClusters
    from bluegreen.kubernetes.entry.contour import contour
    from bluegreen.kubernetes.entry.gateway import gateway_route, grpc_route
    from bluegreen.kubernetes.entry.ingress import aws_load_balancer, nginx
    from bluegreen.kubernetes.entry.mesh import istio, linkerd
    from bluegreen.kubernetes.entry.service import service
    from bluegreen.kubernetes.entry.traefik import traefik
    from bluegreen.kubernetes.helm_release import HelmRelease
    from bluegreen.kubernetes.helm_service import HelmService
    from bluegreen.kubernetes.kubernetes_service import KubernetesService
    from bluegreen.kubernetes.manifest_release import ManifestRelease
    from bluegreen.kubernetes.manifest_service import ManifestService
    from bluegreen.kubernetes.release import KubernetesRelease
    from bluegreen.kubernetes.swapping import SwapSettings
    from bluegreen.kubernetes.workload import WorkloadOptions

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
    "ArgoRollout": "argo_rollout",
    "ClusterRelease": "cluster_color",
    "HelmRelease": "helm_release",
    "HelmService": "helm_service",
    "KubernetesClusters": "clusters",
    "KubernetesRelease": "release",
    "KubernetesService": "kubernetes_service",
    "ManifestRelease": "manifest_release",
    "ManifestService": "manifest_service",
    "SwapSettings": "swapping",
    "WorkloadOptions": "workload",
    "aws_load_balancer": "entry.ingress",
    "contour": "entry.contour",
    "gateway_route": "entry.gateway",
    "grpc_route": "entry.gateway",
    "istio": "entry.mesh",
    "linkerd": "entry.mesh",
    "nginx": "entry.ingress",
    "service": "entry.service",
    "traefik": "entry.traefik",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
