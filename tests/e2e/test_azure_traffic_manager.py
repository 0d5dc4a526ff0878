"""The program for two apps behind Traffic Manager under the real engine: a bad one, a good one, the way back."""

from __future__ import annotations

import json

import httpx

from localcloud.azure.cloud import SUBSCRIPTION
from localcloud.load import Load
from tests.e2e.test_azure import Cli, Stack, azure
from tests.localcloud.azure_cases import colors_at

__all__ = ["azure"]
HOST = "shop.trafficmanager.net"
STEPS = {"name": "steps", "steps": [{"weight_percent": 20, "hold_seconds": 1}]}


def images(blue: str, green: str) -> dict[str, str]:
    return {"blueImage": f"shop.azurecr.io/app:{blue}", "greenImage": f"shop.azurecr.io/app:{green}"}


def test_two_apps_are_promoted_and_rolled_back_by_pulumi_up(azure, tmp_path):
    stack = Stack(azure, tmp_path / "project")
    stack.up(
        platform="azure_traffic_manager",
        activeColor="blue",
        blueSettings=json.dumps({"COLOR": "blue"}),
        greenSettings=json.dumps({"COLOR": "green"}),
        gates=json.dumps([{"kind": "target_health"}]),
        strategy=json.dumps(STEPS),
        bakeSeconds=1,
        ttlSeconds=1,
        convergeTimeoutSeconds=5,
        **images("v1", "broken"),
    )
    assert colors_at(azure.requests, HOST) == {"blue"}
    with Load(f"{azure.requests}/", rate_per_second=50, host_header=HOST) as load:
        said = stack.up(activeColor="green", fails=True)
        assert "endpoint green of green is Degraded" in said, said
        assert colors_at(azure.requests, HOST) == {"blue"}
        stack.up(**images("v1", "v2"))
        assert colors_at(azure.requests, HOST) == {"green"}
        stack.up(activeColor="blue")
        assert colors_at(azure.requests, HOST) == {"blue"}
    assert (load.result.failed, load.result.errors) == (0, {})
    cli = Cli(azure)
    listed = cli.http.get(f"/subscriptions/{SUBSCRIPTION}/resourcegroups", params={"api-version": "2025-04-01"})
    group = listed.json()["value"][0]["id"]
    path = f"{group}/providers/Microsoft.Network/trafficManagerProfiles/shop"
    profile = cli.http.get(path, params={"api-version": "2026-09-01"}).json()
    found = {one["name"]: one["properties"]["endpointStatus"] for one in profile["properties"]["endpoints"]}
    assert found == {"blue": "Enabled", "green": "Disabled"}
    assert "bluegreen-owner" in profile["tags"]
    stack.run("destroy", "--yes", "--skip-preview")
    assert httpx.get(azure.requests, headers={"Host": HOST}, trust_env=False).status_code == 404
