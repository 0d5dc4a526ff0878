"""A Container App on Azure whose colors are revisions, in a resource group and an environment of its own."""

import pulumi
from pulumi_azure_native import app, resources

from bluegreen.azure import ContainerApp, ContainerAppRelease
from settings import setting, swaps

config = pulumi.Config()


def release(color: str) -> ContainerAppRelease:
    """A color's release."""
    return {
        "image": config.require(f"{color}Image"),
        "env": {"COLOR": color, **setting(f"{color}Env", {})},
        "min_replicas": setting("minReplicas", 1),
        "max_replicas": setting("maxReplicas", 10),
    }


group = resources.ResourceGroup("web", location=config.get("location") or "westeurope")
environment = app.ManagedEnvironment("web", resource_group_name=group.name)

web = ContainerApp(
    "web",
    active_color=config.require("activeColor"),
    resource_group_name=group.name,
    environment_id=environment.id,
    target_port=setting("containerPort", 8080),
    blue=release("blue"),
    green=release("green"),
    **swaps(
        strategy={"steps": [{"weight_percent": 10, "hold_seconds": 300}]},
        scale_down_delay_seconds=3600,
    ),
)

pulumi.export("url", web.url)
pulumi.export("previewUrls", web.preview_urls)
pulumi.export("revisions", web.revisions)
pulumi.export("appId", web.app_id)
pulumi.export("liveColor", web.live_color)
pulumi.export("weights", web.weights)
pulumi.export("history", web.history)
