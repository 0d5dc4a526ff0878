"""A function whose releases the swap deploys, in Google Cloud's stand-in; its Cloud Run service has the requests."""

from __future__ import annotations

import time
from typing import Any

from bluegreen.google.functions.releases import mark_of
from localcloud.cloud import LocalCloud
from localcloud.google.cloud import PROJECT, REGION
from localcloud.google.functions import CloudFunctions
from tests.e2e.stack import Stack
from tests.scenarios.google_cloud_run import SERVICE, CloudRun

FUNCTION = f"projects/{PROJECT}/locations/{REGION}/functions/web"


class Functions(CloudRun):
    platform = "google_function"
    data_plane = "a real Envoy before a process for each revision; the APIs of Cloud Functions and Cloud Run are played"
    promotion_calls = 60
    rollback_calls = 40

    def config(self, cloud: LocalCloud) -> dict[str, Any]:
        return {
            "blueSource": "v1.zip",
            "greenSource": "v2.zip",
            "strategy": {"name": "steps", "steps": [{"weight_percent": 33, "hold_seconds": 1}]},
        }

    def live(self, stack: Stack) -> dict[str, int]:
        listed = self.ask("GET", f"{SERVICE}/revisions")["revisions"]
        colors = {one["name"].rpartition("/")[2]: mark_of(one).partition("-")[0] for one in listed}
        shares: dict[str, int] = {}
        for one in self.ask("GET", SERVICE)["trafficStatuses"]:
            if one.get("percent"):
                color = colors[one["revision"].rpartition("/")[2]]
                shares[color] = shares.get(color, 0) + one["percent"]
        return shares

    def _function(self, verb: str = "GET", body: Any = None, **query: str) -> dict[str, Any]:
        path = f"{CloudFunctions.base}{FUNCTION}"
        with self.google.world.lock:
            return dict(self.google.api.ask(CloudFunctions.host, verb, path, query, body, None))

    def _variables(self) -> dict[str, str]:
        return dict(self._function()["serviceConfig"]["environmentVariables"])

    def others_write(self, stack: Stack, name: str) -> None:
        """A deploy of theirs, with a variable, and an annotation."""
        mask = "serviceConfig.environmentVariables"
        config = {"environmentVariables": {**self._variables(), name: "kept"}}
        self._function("PATCH", {"serviceConfig": config}, updateMask=mask)
        while self._function()["state"] == "DEPLOYING":
            time.sleep(0.02)
        self._change(annotations={**(self.ask("GET", SERVICE).get("annotations") or {}), name: "kept"})

    def others_wrote(self, stack: Stack) -> set[str]:
        annotations = self.ask("GET", SERVICE)["annotations"]
        return {name for name, value in self._variables().items() if value == annotations.get(name) == "kept"}
