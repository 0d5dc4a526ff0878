"""A service in two Kubernetes clusters, one a color; Route 53's weighted records choose between them."""

import pulumi

from bluegreen.aws import dns
from bluegreen.kubernetes import ClusterRelease, KubernetesClusters
from settings import setting, swaps_on_kubernetes

config = pulumi.Config()


def cluster(color: str) -> ClusterRelease:
    """A context of the kubeconfig, and the release there."""
    cluster_release: ClusterRelease = {
        "context": config.require(f"{color}Context"),
        "image": config.require(f"{color}Image"),
        "env": {"COLOR": color},
    }
    if kubeconfig := config.get("kubeconfig"):
        cluster_release["kubeconfig"] = kubeconfig
    return cluster_release


shop = KubernetesClusters(
    "shop",
    active_color=config.require("activeColor"),
    blue=cluster("blue"),
    green=cluster("green"),
    entry=lambda addresses: dns(
        zone_id=config.require("zoneId"),
        record_name=config.require("recordName"),
        ttl_seconds=setting("ttlSeconds", 60),
        targets=addresses,
    ),
    namespace=config.get("namespace") or "default",
    # What each cluster answers at, where it is not the Service's own load balancer.
    addresses=setting("addresses", None),
    service_type=setting("serviceType", "LoadBalancer"),
    replicas=setting("replicas", 2),
    retire_image=config.get("retireImage"),
    retire_service_account=config.get("retireServiceAccount"),
    options={"pre_stop_seconds": setting("preStopSeconds", 5)},
    **swaps_on_kubernetes(),
)

pulumi.export("url", shop.url)
pulumi.export("previewUrls", shop.preview_urls)
pulumi.export("liveColor", shop.live_color)
pulumi.export("weights", shop.weights)
pulumi.export("history", shop.history)
pulumi.export("workloads", shop.workloads)
