"""Two clusters of GKE on Google Cloud, one a color, behind a load balancer that is made for them."""

import pulumi

import bluegreen
from bluegreen.google import GkeCluster, GkeClusters, url_map
from settings import setting, swaps

config = pulumi.Config()


def cluster(color: str) -> GkeCluster:
    """A color's network endpoint groups, and what runs behind them."""
    return {"endpoint_groups": setting(f"{color}Groups", []), "release": config.require(f"{color}Release")}


web = GkeClusters(
    "web",
    active_color=config.require("activeColor"),
    entry=url_map(
        ssl_certificates=setting("sslCertificates", []),
        redirect_http=setting("redirectHttp", False),
        preview_hosts=setting("previewHosts", None),
        host=config.get("host"),
    ),
    blue=cluster("blue"),
    green=cluster("green"),
    health_path=config.get("healthPath") or "/healthz",
    max_rate_per_endpoint=setting("maxRatePerEndpoint", 100),
    **swaps(gates=[bluegreen.gates.target_health()], bake_seconds=300),
)

pulumi.export("url", web.url)
pulumi.export("previewUrls", web.preview_urls)
pulumi.export("liveColor", web.live_color)
pulumi.export("weights", web.weights)
pulumi.export("history", web.history)
