"""Two apps on Cloud Foundry behind a route, in its stand-in; the swap brings the images."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from localcloud import fault_cloudfoundry, loopback
from localcloud.cloud import LocalCloud
from localcloud.cloudfoundry.cloud import CloudFoundry
from localcloud.cloudfoundry.uaa import OWNER
from localcloud.cloudfoundry.world import DOMAIN, ORGANIZATION, SPACE, Route, destination
from localcloud.fault_proxy import FaultProxy
from tests.e2e.stack import Stack
from tests.scenarios.variant import Variant, load

ROUTE = f"web.{DOMAIN}"
IMAGES = {"blue": "registry.example.com/app:v1", "green": "registry.example.com/app:v2"}


class CloudFoundryApps(Variant):
    platform = "cloudfoundry"
    data_plane = "a real Envoy, which takes turns over the route's instances; Cloud Foundry's API is played"
    write_call = "PATCH:/v3/routes/:guid/destinations"
    writes = 2
    promotion_calls = 80
    rollback_calls = 40
    can_abort = True
    follows_seconds = 30.0

    def prepare(self, request: pytest.FixtureRequest) -> None:
        self._foundry = CloudFoundry()

    @contextlib.contextmanager
    def proxy(self, cloud: LocalCloud) -> Iterator[FaultProxy]:
        with self._foundry, FaultProxy(self._foundry.url, api=fault_cloudfoundry) as proxy:
            for color in IMAGES:
                self._foundry.world.push(f"web-{color}", IMAGES["blue"], 2, {"COLOR": color}, health="/healthz")
            self._foundry.world.create_route("web", "web-blue")
            yield proxy

    def through(self, stack: Stack, proxy: FaultProxy) -> None:
        who = {"CF_CLIENT_ID": OWNER.name, "CF_CLIENT_SECRET": OWNER.secret, "CF_HOME": str(stack.folder)}
        stack.env |= {"CF_API_URL": proxy.url, **who}

    def config(self, cloud: LocalCloud) -> dict[str, Any]:
        return {
            "space": f"{ORGANIZATION}/{SPACE}",
            "route": ROUTE,
            **{f"{color}Image": image for color, image in IMAGES.items()},
            "overlapSeconds": "1",
            "propagationSeconds": "1",
            "strategy": {"name": "steps", "steps": [{"weight_percent": 33, "hold_seconds": 1}]},
        }

    @property
    def _route(self) -> Route:
        return next(iter(self._foundry.world.routes.values()))

    def live(self, stack: Stack) -> dict[str, int]:
        world = self._foundry.world
        with world.lock:
            apps = [world.apps[one["app"]["guid"]] for one in self._route.destinations]
            counts = Counter({app.name.removeprefix("web-"): app.instances for app in apps})
        return {color: round(100 * count / counts.total()) for color, count in counts.items()}

    def drift(self, stack: Stack) -> None:
        world = self._foundry.world
        with world.lock:
            green = world.app("web-green")
            assert green is not None
            self._route.destinations.append(destination(green.guid))
            world.settle()

    def requests(self, stack: Stack) -> Any:
        return load(self._foundry.requests, host_header=ROUTE)

    def colors(self, stack: Stack) -> set[str]:
        with loopback.client() as client:
            asked = [client.get(self._foundry.requests, headers={"Host": ROUTE}) for _ in range(30)]
        return {answer.headers["x-color"] for answer in asked}
