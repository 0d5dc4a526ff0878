"""Two clusters behind a load balancer in Google's stand-in, a zonal network endpoint group each, under load.

A cluster's controller attaches its pods to the group; here they are processes of the sample app, attached by hand.
"""

from __future__ import annotations

import pytest

from bluegreen.rollout.errors import SwapFailed
from bluegreen.swap.service import SwapService
from localcloud.google.bare import COMPUTE
from localcloud.google.cloud import Google
from localcloud.load import Load
from tests.localcloud.google_cases import Client
from tests.routers.azure_workshop import Patient
from tests.routers.test_url_map_under_load import GLOBAL, LINKS, ZONAL, Made, google, inputs

__all__ = ["google"]


class Clusters(Made):
    """A load balancer before the pods of two clusters.

    Attributes:
        pods: of each color, as they are attached.
    """

    def __init__(self, google: Google) -> None:
        self.client, self.google = Client(google), google
        self.pods: dict[str, list[dict[str, object]]] = {"blue": [], "green": []}
        self.make(GLOBAL, "healthChecks", "web", type="HTTP", httpHealthCheck={"requestPath": "/healthz"})
        for color in ("blue", "green"):
            self.make(ZONAL, "networkEndpointGroups", f"web-{color}", networkEndpointType="GCE_VM_IP_PORT")
            backend = {"group": f"{LINKS}{self.group(color)}", "balancingMode": "RATE", "maxRatePerEndpoint": 100}
            self.make(
                GLOBAL,
                "backendServices",
                f"web-{color}",
                loadBalancingScheme="EXTERNAL_MANAGED",
                healthChecks=[f"{LINKS}{GLOBAL}/healthChecks/web"],
                backends=[backend],
            )
        self.make(GLOBAL, "urlMaps", "web", defaultService=self.service("blue"))
        self.make(GLOBAL, "targetHttpProxies", "web", urlMap=self.url_map)
        self.make(GLOBAL, "forwardingRules", "web", target=f"{GLOBAL}/targetHttpProxies/web", portRange="80")
        self.address = self.get(f"{GLOBAL}/forwardingRules/web")["IPAddress"]

    def group(self, color: str) -> str:
        return f"{ZONAL}/networkEndpointGroups/web-{color}"

    def _send(self, color: str, verb: str, pods: list[dict[str, object]]) -> None:
        path = f"/compute/v1/{self.group(color)}/{verb}NetworkEndpoints"
        answer = self.client.ask("POST", path, {"networkEndpoints": pods}, COMPUTE)
        assert answer.status_code == 200, answer.text
        while self.get(answer.json()["selfLink"].removeprefix(LINKS))["status"] != "DONE":
            pass

    def deploy(self, color: str, tag: str) -> None:
        """Two pods of a release in a cluster, in place of those that were there."""
        started = self.google.plane.prepare(tag, {"COLOR": color}, 2)
        while not started.ready():
            pass
        former = self.pods[color]
        self.pods[color] = [
            {"instance": f"{LINKS}{ZONAL}/instances/node-{color}", "ipAddress": "10.4.0.7", "port": port}
            for port in started.ports
        ]
        self._send(color, "attach", self.pods[color])
        if former:
            self._send(color, "detach", former)
        with self.google.world.lock:
            self.google.world.changed()


def test_a_cluster_is_refused_promoted_and_rolled_back_without_losing_a_request(google):
    made, service = Clusters(google), SwapService(clock=Patient())
    made.deploy("blue", "v1")
    made.deploy("green", "broken")
    nothing_scaled = {"capacity": None, "steady_state_timeout_seconds": 30}
    with Load(f"{google.plane.url}/", rate_per_second=50, host_header=made.address) as load:
        _, outputs = service.create(inputs(made, "blue", **nothing_scaled))
        with pytest.raises(SwapFailed, match=r"0 of 2 instances are well; 10\.4\.0\.7:\d+ is not"):
            service.update(outputs, inputs(made, "green", "broken", **nothing_scaled))
        assert made.colors() == {"blue"}
        made.deploy("green", "v2")
        outputs = service.update(outputs, inputs(made, "green", "v2", **nothing_scaled))
        assert made.colors() == {"green"}
        service.update(outputs, inputs(made, "blue", "v2", **nothing_scaled))
        assert made.colors() == {"blue"}
    assert (load.result.failed, load.result.errors) == (0, {})
