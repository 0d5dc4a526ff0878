"""Two releases on hosts of one's own, put there by a pipeline and named here, behind an Envoy with a routes file."""

import pulumi

import bluegreen
from bluegreen.hosts import ProxiedService, envoy
from settings import setting, swaps

config = pulumi.Config()

web = ProxiedService(
    "web",
    active_color=config.require("activeColor"),
    proxies=[
        envoy(
            routes_file=config.require("routesFile"),
            admin_url=config.require("adminUrl"),
            clusters=setting("clusters", None),
            adopt=config.get_bool("adopt") or False,
        )
    ],
    url=config.get("url") or "",
    blue={"release": config.require("blueRelease"), "url": config.require("blueUrl")},
    green={"release": config.require("greenRelease"), "url": config.require("greenUrl")},
    **swaps(
        strategy=bluegreen.canary(10, hold_seconds=60),
        gates=[bluegreen.gates.http("/healthz", interval_seconds=2)],
    ),
)

pulumi.export("url", web.url)
pulumi.export("previewUrls", web.preview_urls)
pulumi.export("liveColor", web.live_color)
pulumi.export("weights", web.weights)
pulumi.export("history", web.history)
