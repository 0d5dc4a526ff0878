"""An App Service app with a staging slot; the swap brings a release into the one that is idle, and exchanges them."""

import pulumi
from pulumi_azure_native import resources, web

import bluegreen
from bluegreen.azure import WebAppSlots
from settings import setting, swaps

config = pulumi.Config()
group = resources.ResourceGroup("shop", location=config.get("location") or "westeurope")
plan = web.AppServicePlan(
    "shop",
    resource_group_name=group.name,
    kind="linux",
    reserved=True,
    sku={"name": config.get("planSize") or "S1"},
)
orders = WebAppSlots(
    config.get("appName") or "orders",
    active_color=config.require("activeColor"),
    resource_group_name=group.name,
    plan_id=plan.id,
    blue={"image": config.require("blueImage"), "settings": setting("blueSettings", {})},
    green={"image": config.require("greenImage"), "settings": setting("greenSettings", {})},
    warm_up_path=config.get("warmUpPath") or "/healthz",
    production_settings=setting("productionSettings", {}),
    slot_settings=setting("slotSettings", {}),
    deployed_by_pipeline=config.get_bool("deployedByPipeline") or False,
    reached_from_here=setting("reachedFromHere", True),
    restart_seconds=setting("restartSeconds", 30),
    with_preview=config.get_bool("withPreview") or False,
    **swaps(strategy=bluegreen.canary(10, hold_seconds=300), gates=[bluegreen.gates.target_health()], bake_seconds=300),
)
pulumi.export("url", orders.url)
pulumi.export("previewUrl", orders.preview_url)
pulumi.export("appId", orders.app_id)
pulumi.export("appName", orders.app_name)
pulumi.export("liveColor", orders.live_color)
pulumi.export("weights", orders.weights)
pulumi.export("history", orders.history)
