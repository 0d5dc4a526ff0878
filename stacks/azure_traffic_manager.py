"""Two App Service apps in two regions, one a color, and a Traffic Manager profile whose name leads to one of them."""

import pulumi
from pulumi_azure_native import resources, web

import bluegreen
from bluegreen.azure import AppTarget, TwoApps, traffic_manager
from settings import setting, swaps

config = pulumi.Config()
group = resources.ResourceGroup("shop", location=config.get("location") or "westeurope")
regions = setting("regions", {"blue": "westeurope", "green": "northeurope"})
name = config.get("appName") or "shop"
apps = {}
for color in ("blue", "green"):
    plan = web.AppServicePlan(
        f"shop-{color}",
        resource_group_name=group.name,
        location=regions[color],
        kind="linux",
        reserved=True,
        sku={"name": config.get("planSize") or "S1"},
    )
    apps[color] = web.WebApp(
        f"{name}-{color}",
        name=f"{name}-{color}",
        resource_group_name=group.name,
        location=regions[color],
        server_farm_id=plan.id,
        site_config={
            "linuxFxVersion": f"DOCKER|{config.require(f'{color}Image')}",
            "appSettings": [{"name": key, "value": value} for key, value in setting(f"{color}Settings", {}).items()],
        },
    )


def target(color: str) -> AppTarget:
    """Where a color's app answers, and what runs there."""
    app, image = apps[color], config.require(f"{color}Image")
    return {"host": app.default_host_name, "resource_id": app.id, "release": image}


shop = TwoApps(
    name,
    active_color=config.require("activeColor"),
    resource_group_name=group.name,
    blue=target("blue"),
    green=target("green"),
    entry=traffic_manager(ttl_seconds=config.get_int("ttlSeconds") or 60, path=config.get("probePath") or "/healthz"),
    **swaps(strategy=bluegreen.canary(10, hold_seconds=300), bake_seconds=300),
)
pulumi.export("url", shop.url)
pulumi.export("liveColor", shop.live_color)
pulumi.export("weights", shop.weights)
pulumi.export("history", shop.history)
