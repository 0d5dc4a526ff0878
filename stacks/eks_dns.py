"""A service on two EKS clusters, each with its own load balancer; Route 53's weighted records choose the color."""

import pulumi

import bluegreen
from bluegreen.aws import EksClusters, EksRelease, dns
from settings import network, setting, swaps

config = pulumi.Config()
vpc_id, subnet_ids = network()


def cluster(color: str) -> EksRelease:
    """One that is there, by its name."""
    return {
        "cluster_name": config.require(f"{color}Cluster"),
        "version": config.require(f"{color}Version"),
        "release": config.get(f"{color}Release"),
    }


shop = EksClusters(
    "shop",
    active_color=config.require("activeColor"),
    blue=cluster("blue"),
    green=cluster("green"),
    vpc_id=vpc_id,
    subnet_ids=subnet_ids,
    entry=dns(
        zone_id=config.require("zoneId"),
        record_name=config.require("recordName"),
        ttl_seconds=setting("ttlSeconds", 60),
        # What each cluster's own ingress has made: {"blue": {"dns_name": ..., "zone_id": ...}, "green": ...}
        targets=config.require_object("targets"),
        target_group_arns=config.get_object("targetGroupArns"),
    ),
    **swaps(gates=[bluegreen.gates.http("/healthz")]),
)

pulumi.export("url", shop.url)
pulumi.export("previewUrls", shop.preview_urls)
pulumi.export("liveColor", shop.live_color)
pulumi.export("weights", shop.weights)
pulumi.export("history", shop.history)
