"""Managed instance groups behind a load balancer, in Google Cloud's stand-in; the swap brings templates and sizes."""

from __future__ import annotations

import time
from typing import Any

from localcloud import loopback
from localcloud.cloud import LocalCloud
from localcloud.google.cloud import PROJECT
from localcloud.google.compute import Compute
from tests.e2e.stack import Stack
from tests.scenarios.on_google import OnGoogle
from tests.scenarios.variant import load

GLOBAL = f"projects/{PROJECT}/global"


class InstanceGroups(OnGoogle):
    platform = "google_instance_groups"
    data_plane = "a real Envoy before a process for each instance; Compute Engine's API is played"
    api = Compute
    write_call = "PATCH:defaultRouteAction,defaultService"
    writes = 2
    promotion_calls = 60
    rollback_calls = 40
    beside_others = True

    def config(self, cloud: LocalCloud) -> dict[str, Any]:
        images = {f"{color}Image": f"projects/{PROJECT}/global/images/app-v1" for color in ("blue", "green")}
        scripts = {f"{color}StartupScript": f"COLOR={color}" for color in ("blue", "green")}
        return {
            **images,
            **scripts,
            "desiredCount": "1",
            "idleCapacityPercent": "100",
            "bakeSeconds": "1",
            "propagationSeconds": "0",
            "strategy": {"name": "steps", "steps": [{"weight_percent": 33, "hold_seconds": 1}]},
        }

    def _listed(self, kind: str) -> dict[str, Any]:
        (found,) = self.ask("GET", f"{GLOBAL}/{kind}")["items"]
        return dict(found)

    def _map(self) -> dict[str, Any]:
        return self._listed("urlMaps")

    def _change(self, **fields: Any) -> None:
        """A merge patch of the map, to its end."""
        found = self._map()
        body = {"fingerprint": found["fingerprint"], **fields}
        operation = self.ask("PATCH", f"{GLOBAL}/urlMaps/{found['name']}", body)
        while self.ask("GET", f"{GLOBAL}/operations/{operation['name']}")["status"] != "DONE":
            time.sleep(0.02)

    def others_write(self, stack: Stack, name: str) -> None:
        """A host of theirs, and a line in the description."""
        found = self._map()
        service = found["defaultRouteAction"]["weightedBackendServices"][0]["backendService"]
        self._change(
            hostRules=[*found["hostRules"], {"hosts": [f"{name}.example"], "pathMatcher": name}],
            pathMatchers=[*found["pathMatchers"], {"name": name, "defaultService": service}],
            description=f"{name}\n{found['description']}",
        )

    def others_wrote(self, stack: Stack) -> set[str]:
        found = self._map()
        words = found["description"].split()
        return {one["name"] for one in found["pathMatchers"] if one["name"] in words}

    def live(self, stack: Stack) -> dict[str, int]:
        found = self._map()["defaultRouteAction"]["weightedBackendServices"]
        return {_color(one): one["weight"] for one in found if one.get("weight")}

    def drift(self, stack: Stack) -> None:
        action = self._map()["defaultRouteAction"]
        shares = {"blue": 70, "green": 30}
        listed = [{**one, "weight": shares[_color(one)]} for one in action["weightedBackendServices"]]
        self._change(defaultRouteAction={**action, "weightedBackendServices": listed})

    @property
    def _address(self) -> str:
        return str(self._listed("forwardingRules")["IPAddress"])

    def requests(self, stack: Stack) -> Any:
        return load(f"{self.google.plane.url}/", host_header=self._address)

    def colors(self, stack: Stack) -> set[str]:
        with loopback.client() as client:
            host = {"Host": self._address}
            asked = [client.get(self.google.plane.url, headers=host) for _ in range(30)]
        return {answer.headers["x-color"] for answer in asked}


def _color(weighted: dict[str, Any]) -> str:
    """Of a map's entry, by its backend service's name: ``orders-green-1a2b3c4``."""
    return next(part for part in weighted["backendService"].rpartition("/")[2].split("-") if part in ("blue", "green"))
