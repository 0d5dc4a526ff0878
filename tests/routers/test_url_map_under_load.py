"""Instance groups behind a load balancer in Google's stand-in: a failure, a promotion, a rollback, under load."""

from __future__ import annotations

import os
from unittest import mock

import pytest

from bluegreen.clients import glances
from bluegreen.google.client import _session
from bluegreen.rollout.errors import SwapFailed
from bluegreen.swap.service import SwapService
from localcloud import loopback
from localcloud.google.bare import COMPUTE, PROJECT, REGION
from localcloud.google.cloud import Google
from localcloud.load import Load
from tests.localcloud.google_cases import PARENT, Client, container
from tests.routers import url_map_workshop as workshop
from tests.routers.azure_workshop import Patient
from tests.routers.url_map_workshop import LINKS, ZONE

GLOBAL, ZONAL = f"projects/{PROJECT}/global", f"projects/{PROJECT}/zones/{ZONE}"


class Made:
    """A load balancer with a group of two instances for each color, by the stand-in's API."""

    scope = "global"
    url_map = f"{GLOBAL}/urlMaps/web"

    def __init__(self, google: Google) -> None:
        self.client, self.google = Client(google), google
        self.make(GLOBAL, "healthChecks", "web", type="HTTP", httpHealthCheck={"port": 8080, "requestPath": "/healthz"})
        for color, tag in (("blue", "v1"), ("green", "v1"), ("green", "v2"), ("green", "broken")):
            disk = {"boot": True, "initializeParams": {"sourceImage": f"{GLOBAL}/images/app-{tag}"}}
            properties = {"disks": [disk], "metadata": {"items": [{"key": "color", "value": color}]}}
            self.make(GLOBAL, "instanceTemplates", f"web-{color}-{tag}", properties=properties)
        for color, size in (("blue", 2), ("green", 0)):
            versions = [{"instanceTemplate": f"global/instanceTemplates/web-{color}-v1"}]
            self.make(ZONAL, "instanceGroupManagers", f"web-{color}", versions=versions, targetSize=size)
            self.make(
                GLOBAL,
                "backendServices",
                f"web-{color}",
                loadBalancingScheme="EXTERNAL_MANAGED",
                healthChecks=[f"{LINKS}{GLOBAL}/healthChecks/web"],
                backends=[{"group": f"{LINKS}{ZONAL}/instanceGroups/web-{color}"}],
            )
        self.make(GLOBAL, "urlMaps", "web", defaultService=self.service("blue"))
        self.make(GLOBAL, "targetHttpProxies", "web", urlMap=self.url_map)
        self.make(GLOBAL, "forwardingRules", "web", target=f"{GLOBAL}/targetHttpProxies/web", portRange="80")
        self.address = self.get(f"{GLOBAL}/forwardingRules/web")["IPAddress"]
        self.until_well("blue")

    def make(self, parent: str, collection: str, name: str, **body: object) -> None:
        """Make an object, and wait until it is there."""
        path = f"/compute/v1/{parent}/{collection}"
        answer = self.client.ask("POST", path, {"name": name, **body}, COMPUTE)
        assert answer.status_code == 200, answer.text
        told = answer.json()
        while told["status"] != "DONE":
            told = self.get(told["selfLink"].removeprefix(LINKS))

    def get(self, name: str) -> dict:
        return self.client.ask("GET", f"/compute/v1/{name}", None, COMPUTE).json()

    def until_well(self, color: str) -> None:
        """Its instances run, and the load balancer knows."""
        while not self.get(self.group(color))["status"]["isStable"]:
            pass
        path = f"/compute/v1/{self.service(color)}/getHealth"
        group = {"group": f"{LINKS}{ZONAL}/instanceGroups/web-{color}"}
        told = self.client.ask("POST", path, group, COMPUTE).json()["healthStatus"]
        assert [one["healthState"] for one in told] == ["HEALTHY", "HEALTHY"]

    def service(self, color: str) -> str:
        return f"{GLOBAL}/backendServices/web-{color}"

    def group(self, color: str) -> str:
        return f"{ZONAL}/instanceGroupManagers/web-{color}"

    def size(self, color: str) -> int:
        return int(self.get(self.group(color)).get("targetSize") or 0)

    def colors(self) -> set[str]:
        """Who answers."""
        headers = {"Host": self.address}
        return {loopback.get(f"{self.google.plane.url}/", headers=headers).json()["color"] for _ in range(10)}


class Pair(Made):
    """A load balancer with a Cloud Run service for each color."""

    def __init__(self, google: Google, scope: str) -> None:
        self.client, self.google, self.scope = Client(google), google, scope
        self.parent, region = f"projects/{PROJECT}/{scope}", f"projects/{PROJECT}/regions/{REGION}"
        self.url_map = f"{self.parent}/urlMaps/web"
        for color in ("blue", "green"):
            body = {"template": {"containers": [container(color)]}}
            self.client.done("POST", f"/v2/{PARENT}/services", body, serviceId=f"web-{color}")
            run = {"networkEndpointType": "SERVERLESS", "cloudRun": {"service": f"web-{color}"}}
            self.make(region, "networkEndpointGroups", f"web-{color}", **run)
            group = f"{LINKS}{region}/networkEndpointGroups/web-{color}"
            more = {"loadBalancingScheme": "EXTERNAL_MANAGED", "backends": [{"group": group}]}
            self.make(self.parent, "backendServices", f"web-{color}", **more)
        self.make(self.parent, "urlMaps", "web", defaultService=self.service("blue"))
        self.make(self.parent, "targetHttpProxies", "web", urlMap=self.url_map)
        proxy = f"{self.parent}/targetHttpProxies/web"
        self.make(self.parent, "forwardingRules", "web", target=proxy, portRange="80")
        self.address = self.get(f"{self.parent}/forwardingRules/web")["IPAddress"]

    def service(self, color: str) -> str:
        return f"{self.parent}/backendServices/web-{color}"


@pytest.fixture
def google(tmp_path):
    with Google() as made:
        environment = {**made.env(tmp_path / "credentials.json"), "SSL_CERT_FILE": str(made.certificate)}
        _session.cache_clear()
        with mock.patch.dict(os.environ, environment), mock.patch.object(glances, "LASTS_SECONDS", 0.0):
            yield made
        _session.cache_clear()


@pytest.fixture
def made(google):
    return Made(google)


@pytest.mark.parametrize("scope", ["global", f"regions/{REGION}"])
def test_a_pair_of_cloud_run_services_is_promoted_and_rolled_back_without_losing_a_request(google, scope):
    made, service = Pair(google, scope), SwapService(clock=Patient())
    with Load(f"{google.plane.url}/", rate_per_second=50, host_header=made.address) as load:
        _, outputs = service.create(inputs(made, "blue", capacity=None))
        assert made.colors() == {"blue"}
        outputs = service.update(outputs, inputs(made, "green", capacity=None))
        assert made.colors() == {"green"}
        service.update(outputs, inputs(made, "blue", capacity=None))
        assert made.colors() == {"blue"}
    assert (load.result.failed, load.result.errors) == (0, {})


def inputs(made, active, tag="v1", **more):
    section = {**workshop.section(made), "made_with_it": False}
    templates = {
        "blue": f"{GLOBAL}/instanceTemplates/web-blue-v1",
        "green": f"{GLOBAL}/instanceTemplates/web-green-{tag}",
    }
    given = {
        "name": "web",
        "active_color": active,
        "releases": {"blue": "v1", "green": tag},
        "router": section,
        "capacity": workshop.capacity_section(made, templates=templates, desired_count=2),
        "strategy": {"steps": [{"weight_percent": 50, "hold_seconds": 1}]},
        "scale_down_delay_seconds": 0,
        "propagation_seconds": 0,
        **more,
    }
    return {key: value for key, value in given.items() if value is not None}


def test_a_failure_a_promotion_and_a_rollback_lose_no_request(made):
    service = SwapService(clock=Patient())
    with Load(f"{made.google.plane.url}/", rate_per_second=50, host_header=made.address) as load:
        _, outputs = service.create(inputs(made, "blue"))
        with pytest.raises(SwapFailed, match="web-green: 0 of 2 instances are well"):
            service.update(outputs, inputs(made, "green", "broken", steady_state_timeout_seconds=60))
        assert made.colors() == {"blue"}
        outputs = service.update(outputs, inputs(made, "green", "v2"))
        assert made.colors() == {"green"}
        assert (made.size("blue"), made.size("green")) == (0, 2)
        outputs = service.update(outputs, inputs(made, "blue", "v2"))
        assert made.colors() == {"blue"}
    assert (load.result.failed, load.result.errors) == (0, {})
    service.delete({**inputs(made, "blue", "v2"), **outputs})
    assert made.colors() == {"blue"}
