"""Two Cloud Run services behind a load balancer, in Google Cloud's stand-in."""

from __future__ import annotations

from typing import Any

from localcloud.cloud import LocalCloud
from localcloud.fault_proxy import FaultProxy
from tests.e2e.stack import Stack
from tests.scenarios.google_cloud_run import IMAGES
from tests.scenarios.google_instance_groups import InstanceGroups


class CloudRunPair(InstanceGroups):
    platform = "google_cloud_run_pair"
    data_plane = "a real Envoy before a process for each service; Compute Engine's API and Cloud Run's are played"

    def through(self, stack: Stack, proxy: FaultProxy) -> None:
        super().through(stack, proxy)
        # A gate asks each color by its host.
        proxies = ("HTTP_PROXY", "HTTPS_PROXY")
        stack.env |= {**dict.fromkeys(proxies, self.google.names.url), "NO_PROXY": "127.0.0.1,localhost"}
        for word in (*proxies, "NO_PROXY"):
            stack.env.pop(word.lower(), None)

    def config(self, cloud: LocalCloud) -> dict[str, Any]:
        return {
            **{f"{color}Image": image for color, image in IMAGES.items()},
            "propagationSeconds": "0",
            "strategy": {"name": "steps", "steps": [{"weight_percent": 33, "hold_seconds": 1}]},
        }
