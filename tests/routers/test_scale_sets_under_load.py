"""Scale sets behind a gateway and behind a load balancer: a promotion with its release and a rollback, under load."""

from __future__ import annotations

import pytest

from bluegreen.swap.service import SwapService
from localcloud.load import Load
from tests.localcloud.azure_cases import Client, colors
from tests.routers import scale_sets_workshop as workshop
from tests.routers.azure_workshop import Patient
from tests.routers.scale_sets_workshop import ADDRESS, BALANCER, GATEWAY, NETWORK, SECOND_ADDRESS, SETS

NETWORKS, COMPUTE = "2026-03-01", "2026-04-01"
PLACES = {
    "application_gateway": (workshop.section(), ADDRESS),
    "azure_load_balancer": (workshop.balancer_section(), SECOND_ADDRESS),
}


@pytest.fixture(scope="module")
def client():
    from tests.routers import azure_workshop

    with azure_workshop.running() as azure:
        made = Client(azure)
        made.group()
        subnets = {"subnets": [{"name": name, "properties": {}} for name in ("gateway", "instances")]}
        made.wait("PUT", f"{NETWORK}/virtualNetworks/shop", {"location": "westeurope", "properties": subnets}, NETWORKS)
        for address in (ADDRESS, SECOND_ADDRESS):
            made.wait("PUT", address, {"location": "westeurope", "properties": {}}, NETWORKS)
        made.wait("PUT", GATEWAY, workshop.gateway_body(), NETWORKS)
        made.wait("PUT", BALANCER, workshop.balancer_body(), NETWORKS)
        for color, count in (("blue", 2), ("green", 0)):
            made.wait("PUT", f"{SETS}/{color}", workshop.scale_set_body(color, count), COMPUTE)
        yield made


@pytest.mark.parametrize("place", PLACES)
def test_a_promotion_with_its_release_and_a_rollback_lose_no_request(client, place):
    section, address = PLACES[place]
    host = client.ask("GET", address, version=NETWORKS).json()["properties"]["ipAddress"]

    def inputs(active, version):
        releases = {"blue": workshop.release("blue"), "green": workshop.release("green", version)}
        return {
            "name": "orders",
            "active_color": active,
            "releases": {"blue": "v1", "green": f"v{version}"},
            "router": section,
            "capacity": workshop.capacity_section(releases=releases),
            "scale_down_delay_seconds": 0,
        }

    service = SwapService(clock=Patient())
    with Load(f"{client.azure.plane.url}/", rate_per_second=100, host_header=host) as load:
        _, outputs = service.create(inputs("blue", 1))
        assert colors(client.azure, host) == {"blue"}
        outputs = service.update(outputs, inputs("green", 2))
        assert colors(client.azure, host) == {"green"}
        assert client.ask("GET", f"{SETS}/blue", version=COMPUTE).json()["sku"]["capacity"] == 0
        outputs = service.update(outputs, inputs("blue", 2))
        assert outputs["live_color"] == "blue"
        assert colors(client.azure, host) == {"blue"}
    assert (load.result.failed, load.result.errors) == (0, {})
    service.delete({**inputs("blue", 2), **outputs})
    assert colors(client.azure, host) == {"blue"}
