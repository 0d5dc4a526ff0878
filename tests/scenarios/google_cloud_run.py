"""A Cloud Run service whose colors are revisions, in Google Cloud's stand-in; the swap installs them."""

from __future__ import annotations

import time
from typing import Any

from bluegreen.google.cloud_run.rules import REVISION
from localcloud import loopback
from localcloud.cloud import LocalCloud
from localcloud.google.cloud import PROJECT, REGION
from localcloud.google.run import CloudRun as Played
from tests.e2e.stack import Stack
from tests.scenarios.on_google import OnGoogle
from tests.scenarios.variant import load

SERVICE = f"projects/{PROJECT}/locations/{REGION}/services/web"
IMAGES = {color: f"europe-docker.pkg.dev/shop/web/app:{tag}" for color, tag in {"blue": "v1", "green": "v2"}.items()}


class CloudRun(OnGoogle):
    platform = "google_cloud_run"
    data_plane = "a real Envoy before a process for each revision; Cloud Run's API is played"
    api = Played
    write_call = "PATCH:traffic"
    writes = 2
    promotion_calls = 60
    rollback_calls = 40
    beside_others = True

    def config(self, cloud: LocalCloud) -> dict[str, Any]:
        return {
            **{f"{color}Image": image for color, image in IMAGES.items()},
            "strategy": {"name": "steps", "steps": [{"weight_percent": 33, "hold_seconds": 1}]},
        }

    def live(self, stack: Stack) -> dict[str, int]:
        shares: dict[str, int] = {}
        for one in self.ask("GET", SERVICE)["trafficStatuses"]:
            if one.get("percent"):
                color = one["revision"].rpartition("/")[2].removeprefix("web-").partition("-")[0]
                shares[color] = shares.get(color, 0) + one["percent"]
        return shares

    def drift(self, stack: Stack) -> None:
        green = next(one for one in self.ask("GET", SERVICE)["traffic"] if one.get("tag") == "green")
        moved = [{"type": REVISION, "revision": green["revision"], "percent": 100}]
        self._change(traffic=moved)

    def _change(self, **fields: Any) -> None:
        """A masked write of the service, to its end."""
        self.ask("PATCH", SERVICE, fields, updateMask=",".join(fields))
        while self.ask("GET", SERVICE).get("reconciling"):
            time.sleep(0.02)

    def others_write(self, stack: Stack, name: str) -> None:
        """`gcloud run deploy` as they used to: a revision of theirs, and an annotation."""
        template = {"containers": [{"image": IMAGES["green"], "env": [{"name": "COLOR", "value": name}]}]}
        annotations = {**(self.ask("GET", SERVICE).get("annotations") or {}), name: "kept"}
        self._change(template=template, annotations=annotations)

    def others_wrote(self, stack: Stack) -> set[str]:
        found = self.ask("GET", SERVICE)
        listed = self.ask("GET", f"{SERVICE}/revisions").get("revisions") or ()
        deployed = {
            variable["value"] for one in [found["template"], *listed] for variable in one["containers"][0]["env"]
        }
        return {name for name in found["annotations"] if name in deployed}

    @property
    def _host(self) -> str:
        return str(self.ask("GET", SERVICE)["uri"]).removeprefix("https://")

    def requests(self, stack: Stack) -> Any:
        return load(f"{self.google.plane.url}/", host_header=self._host)

    def colors(self, stack: Stack) -> set[str]:
        host = self._host
        with loopback.client() as client:
            asked = [client.get(self.google.plane.url, headers={"Host": host}) for _ in range(30)]
        return {answer.headers["x-color"] for answer in asked}
