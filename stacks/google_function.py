"""A function of Cloud Functions (2nd gen) whose colors are releases, which the swap itself deploys."""

import pulumi

from bluegreen.google import CloudFunction, CloudFunctionRelease
from settings import setting, swaps

config = pulumi.Config()


def release(color: str) -> CloudFunctionRelease:
    """A color's release."""
    return {
        "bucket": config.get("sourceBucket") or "shop-sources",
        "object": config.require(f"{color}Source"),
        "runtime": config.get("runtime") or "python312",
        "entry_point": config.get("entryPoint") or "web",
        "env": {"COLOR": color, **setting(f"{color}Env", {})},
        "secret_env": setting(f"{color}SecretEnv", {}),
        "min_instances": setting("minInstances", 1),
        "max_instances": setting("maxInstances", 10),
    }


web = CloudFunction(
    "web",
    active_color=config.require("activeColor"),
    location=config.get("location") or "europe-west1",
    public=setting("public", True),
    blue=release("blue"),
    green=release("green"),
    **swaps(strategy={"steps": [{"weight_percent": 10, "hold_seconds": 300}]}),
)

pulumi.export("url", web.url)
pulumi.export("functionUrl", web.function_url)
pulumi.export("previewUrls", web.preview_urls)
pulumi.export("functionId", web.function_id)
pulumi.export("liveColor", web.live_color)
pulumi.export("weights", web.weights)
pulumi.export("history", web.history)
