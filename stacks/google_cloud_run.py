"""A Cloud Run service on Google Cloud whose colors are revisions, which the swap itself installs."""

import pulumi

from bluegreen.google import CloudRunRelease, CloudRunService
from settings import setting, swaps

config = pulumi.Config()


def release(color: str) -> CloudRunRelease:
    """A color's release."""
    return {
        "image": config.require(f"{color}Image"),
        "env": {"COLOR": color, **setting(f"{color}Env", {})},
        "secret_env": setting(f"{color}SecretEnv", {}),
        "min_instances": setting("minInstances", 1),
        "max_instances": setting("maxInstances", 10),
        "health_path": config.get("healthPath") or "/healthz",
    }


web = CloudRunService(
    "web",
    active_color=config.require("activeColor"),
    location=config.get("location") or "europe-west1",
    container_port=setting("containerPort", 8080),
    public=setting("public", True),
    blue=release("blue"),
    green=release("green"),
    **swaps(strategy={"steps": [{"weight_percent": 10, "hold_seconds": 300}]}),
)

pulumi.export("url", web.url)
pulumi.export("previewUrls", web.preview_urls)
pulumi.export("revisions", web.revisions)
pulumi.export("serviceId", web.service_id)
pulumi.export("liveColor", web.live_color)
pulumi.export("weights", web.weights)
pulumi.export("history", web.history)
