"""Managed instance groups on Google Cloud, one a color, behind a load balancer that is made for them."""

import pulumi

import bluegreen
from bluegreen.google import GroupRelease, InstanceGroups, url_map
from settings import setting, swaps

config = pulumi.Config()


def release(color: str) -> GroupRelease:
    """A color's release."""
    script = config.get(f"{color}StartupScript")
    return {"image": config.require(f"{color}Image"), **({"startup_script": script} if script else {})}


region, balancer_region = config.get("region"), config.get("balancerRegion")
orders = InstanceGroups(
    "orders",
    active_color=config.require("activeColor"),
    zone=None if region else config.get("zone") or "europe-west1-b",
    region=region,
    entry=url_map(
        region=balancer_region,
        network=config.get("network") or "default" if balancer_region else None,
        ssl_certificates=setting("sslCertificates", []),
        redirect_http=setting("redirectHttp", False),
        preview_hosts=setting("previewHosts", None),
        host=config.get("host"),
    ),
    blue=release("blue"),
    green=release("green"),
    network=config.get("network"),
    desired_count=setting("desiredCount", 2),
    machine_type=config.get("machineType") or "e2-small",
    network_tags=setting("networkTags", []),
    autoscaling=setting("autoscaling", None),
    **swaps(gates=[bluegreen.gates.target_health()], bake_seconds=300, scale_down_delay_seconds=3600),
)

pulumi.export("url", orders.url)
pulumi.export("previewUrls", orders.preview_urls)
pulumi.export("groupIds", orders.group_ids)
pulumi.export("liveColor", orders.live_color)
pulumi.export("weights", orders.weights)
pulumi.export("history", orders.history)
