"""Two Cloud Run services on Google Cloud, one a color, behind a load balancer that is made for them."""

import pulumi

from bluegreen.google import CloudRunPair, CloudRunPairRelease, url_map
from settings import setting, swaps

config = pulumi.Config()


def release(color: str) -> CloudRunPairRelease:
    """A color's release."""
    return {
        "image": config.require(f"{color}Image"),
        "env": {"COLOR": color, **setting(f"{color}Env", {})},
        "secret_env": setting(f"{color}SecretEnv", {}),
        "min_instances": setting("minInstances", 1),
        "max_instances": setting("maxInstances", 10),
        "health_path": config.get("startupPath") or "/healthz",
    }


orders = CloudRunPair(
    "orders",
    active_color=config.require("activeColor"),
    location=config.get("location") or "europe-west1",
    entry=url_map(
        ssl_certificates=setting("sslCertificates", []),
        redirect_http=setting("redirectHttp", False),
        preview_hosts=setting("previewHosts", None),
        host=config.get("host"),
    ),
    container_port=setting("containerPort", 8080),
    health_path=config.get("healthPath") or "/",
    public=setting("public", True),
    blue=release("blue"),
    green=release("green"),
    **swaps(strategy={"steps": [{"weight_percent": 10, "hold_seconds": 300}]}),
)

pulumi.export("url", orders.url)
pulumi.export("previewUrls", orders.preview_urls)
pulumi.export("serviceNames", orders.service_names)
pulumi.export("liveColor", orders.live_color)
pulumi.export("weights", orders.weights)
pulumi.export("history", orders.history)
