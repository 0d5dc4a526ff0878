"""Two apps on Cloud Foundry behind a route: pushed by a pipeline and named here, or images that the swap stages."""

from typing import cast

import pulumi

import bluegreen
from bluegreen.cloudfoundry import AppRelease, RoutedApps
from settings import setting, swaps

config = pulumi.Config()


def release(color: str) -> AppRelease:
    """A color's release: by its image where there is one, else by its name."""
    told = {
        "image": config.get(f"{color}Image"),
        "release": config.get(f"{color}Release"),
        "url": config.get(f"{color}Url"),
    }
    return cast("AppRelease", {name: value for name, value in told.items() if value})


web = RoutedApps(
    "web",
    active_color=config.require("activeColor"),
    space=config.require("space"),
    route=config.require("route"),
    blue=release("blue"),
    green=release("green"),
    instances=setting("instances", 2),
    overlap_seconds=setting("overlapSeconds", 15),
    **swaps(
        strategy=bluegreen.canary(20, hold_seconds=60),
        scale_down_delay_seconds=3600,
    ),
)

pulumi.export("url", web.url)
pulumi.export("previewUrls", web.preview_urls)
pulumi.export("apps", web.apps)
pulumi.export("liveColor", web.live_color)
pulumi.export("weights", web.weights)
pulumi.export("history", web.history)
