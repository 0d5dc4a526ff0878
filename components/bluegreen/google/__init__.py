"""Components for Google Cloud, each imported when it is first used: a stack pays for its own platform alone."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bluegreen.google.cloud_run.release import CloudRunRelease
    from bluegreen.google.cloud_run.service import CloudRunService
    from bluegreen.google.component import SwapSettings
    from bluegreen.google.dns.entry import cloud_dns
    from bluegreen.google.dns.two_services import ServiceTarget, TwoServices
    from bluegreen.google.functions.function import CloudFunction
    from bluegreen.google.functions.release import CloudFunctionRelease
    from bluegreen.google.instance_groups.instance_groups import InstanceGroups
    from bluegreen.google.instance_groups.release import GroupRelease
    from bluegreen.google.load_balancers.entry import url_map
    from bluegreen.google.run_pairs.pair import CloudRunPair
    from bluegreen.google.run_pairs.release import CloudRunPairRelease
    from bluegreen.google.two_clusters.clusters import GkeCluster, GkeClusters

__all__ = [
    "CloudFunction",
    "CloudFunctionRelease",
    "CloudRunPair",
    "CloudRunPairRelease",
    "CloudRunRelease",
    "CloudRunService",
    "GkeCluster",
    "GkeClusters",
    "GroupRelease",
    "InstanceGroups",
    "ServiceTarget",
    "SwapSettings",
    "TwoServices",
    "cloud_dns",
    "url_map",
]

_HOMES = {
    "CloudFunction": "functions.function",
    "CloudFunctionRelease": "functions.release",
    "CloudRunPair": "run_pairs.pair",
    "CloudRunPairRelease": "run_pairs.release",
    "CloudRunRelease": "cloud_run.release",
    "CloudRunService": "cloud_run.service",
    "GkeCluster": "two_clusters.clusters",
    "GkeClusters": "two_clusters.clusters",
    "GroupRelease": "instance_groups.release",
    "InstanceGroups": "instance_groups.instance_groups",
    "ServiceTarget": "dns.two_services",
    "SwapSettings": "component",
    "TwoServices": "dns.two_services",
    "cloud_dns": "dns.entry",
    "url_map": "load_balancers.entry",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
