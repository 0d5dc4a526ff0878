"""A Cloud Run service whose colors are revisions, in Google Cloud's stand-in; the swap installs them."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import Any

import pytest

from bluegreen.google.cloud_run.rules import REVISION
from localcloud import fault_google, loopback
from localcloud.cloud import LocalCloud
from localcloud.fault_proxy import FaultProxy
from localcloud.google.cloud import PROJECT, REGION, Google
from localcloud.google.run import CloudRun as Played
from tests.e2e.stack import Stack
from tests.scenarios.variant import Variant, load

SERVICE = f"projects/{PROJECT}/locations/{REGION}/services/web"
IMAGES = {color: f"europe-docker.pkg.dev/shop/web/app:{tag}" for color, tag in {"blue": "v1", "green": "v2"}.items()}


class CloudRun(Variant):
    platform = "google_cloud_run"
    data_plane = "a real Envoy before a process for each revision; Cloud Run's API is played"
    write_call = "PATCH:traffic"
    writes = 2
    promotion_calls = 60
    rollback_calls = 40
    can_abort = True

    def prepare(self, request: pytest.FixtureRequest) -> None:
        self._google = Google()

    @contextlib.contextmanager
    def proxy(self, cloud: LocalCloud) -> Iterator[FaultProxy]:
        with self._google, FaultProxy(self._google.url, api=fault_google) as proxy:
            yield proxy

    def through(self, stack: Stack, proxy: FaultProxy) -> None:
        certificate = str(self._google.certificate)
        stack.env |= {
            **self._google.env(stack.folder / "credentials.json"),
            "GOOGLE_CLOUD_RUN_V2_CUSTOM_ENDPOINT": f"{proxy.url}/{Played.host}{Played.base}",
            "SSL_CERT_FILE": certificate,
            "REQUESTS_CA_BUNDLE": certificate,
        }

    def config(self, cloud: LocalCloud) -> dict[str, Any]:
        return {
            **{f"{color}Image": image for color, image in IMAGES.items()},
            "strategy": {"name": "steps", "steps": [{"weight_percent": 33, "hold_seconds": 1}]},
        }

    def _ask(self, verb: str, query: dict[str, str] | None = None, body: Any = None) -> dict[str, Any]:
        with self._google.world.lock:
            found = self._google.api.ask(Played.host, verb, f"{Played.base}{SERVICE}", query or {}, body, None)
            return dict(found)

    def live(self, stack: Stack) -> dict[str, int]:
        shares: dict[str, int] = {}
        for one in self._ask("GET")["trafficStatuses"]:
            if one.get("percent"):
                color = one["revision"].rpartition("/")[2].removeprefix("web-").partition("-")[0]
                shares[color] = shares.get(color, 0) + one["percent"]
        return shares

    def drift(self, stack: Stack) -> None:
        green = next(one for one in self._ask("GET")["traffic"] if one.get("tag") == "green")
        moved = [{"type": REVISION, "revision": green["revision"], "percent": 100}]
        self._ask("PATCH", {"updateMask": "traffic"}, {"traffic": moved})
        while self._ask("GET").get("reconciling"):
            time.sleep(0.02)

    @property
    def _host(self) -> str:
        return str(self._ask("GET")["uri"]).removeprefix("https://")

    def requests(self, stack: Stack) -> Any:
        return load(f"{self._google.plane.url}/", host_header=self._host)

    def colors(self, stack: Stack) -> set[str]:
        host = self._host
        with loopback.client() as client:
            asked = [client.get(self._google.plane.url, headers={"Host": host}) for _ in range(30)]
        return {answer.headers["x-color"] for answer in asked}
