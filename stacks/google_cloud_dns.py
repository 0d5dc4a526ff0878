"""Two Cloud Run services in two regions, each behind a load balancer of yours, and a name whose answers lead to one."""

import pulumi

import bluegreen
from bluegreen.google import ServiceTarget, TwoServices, cloud_dns
from settings import setting, swaps

config = pulumi.Config()
addresses = setting("addresses", {"blue": ["203.0.113.1"], "green": ["203.0.113.2"]})
previews = setting("previewUrls", {})


def target(color: str) -> ServiceTarget:
    """Where a color answers, and what runs there."""
    found: ServiceTarget = {"targets": addresses[color], "release": config.require(f"{color}Release")}
    return {**found, "preview_url": previews[color]} if color in previews else found


shop = TwoServices(
    config.get("serviceName") or "shop",
    active_color=config.require("activeColor"),
    blue=target("blue"),
    green=target("green"),
    entry=cloud_dns(
        zone=config.require("zone"),
        record_name=config.require("recordName"),
        ttl_seconds=config.get_int("ttlSeconds") or 60,
        adopt=config.get_bool("adopt") or False,
        scheme=config.get("scheme") or "https",
        port=config.get_int("port"),
        path=config.get("probePath") or "/healthz",
    ),
    **swaps(strategy=bluegreen.canary(10, hold_seconds=300), bake_seconds=300),
)
pulumi.export("url", shop.url)
pulumi.export("liveColor", shop.live_color)
pulumi.export("weights", shop.weights)
pulumi.export("history", shop.history)
