"""What `TwoApps` behind a Traffic Manager profile declares, and what it refuses before it declares anything."""

from __future__ import annotations

import re
from pathlib import Path

import pulumi
import pytest

from bluegreen.azure import TwoApps, traffic_manager
from tests.aws import mocked
from tests.kubernetes.declared import whole

PROFILE, SWAP = "azure-native:trafficmanager:Profile", "pulumi-python:dynamic/bluegreen:TrafficSwap"
PAGE = (Path(__file__).resolve().parents[2] / "docs" / "azure.md").read_text()
ID = "/subscriptions/s/resourceGroups/shop/providers/Microsoft.Network/trafficManagerProfiles/shop"
APP = "/subscriptions/s/resourceGroups/shop/providers/Microsoft.Web/sites/shop-blue"
OUTPUTS = {
    PROFILE: {"id": ID, "dnsConfig": {"fqdn": "shop.trafficmanager.net"}},
    "azure-native:web:WebApp": {"defaultHostName": "shop.azurewebsites.net"},
}
SHORTEST = {
    "active_color": "blue",
    "resource_group_name": "shop",
    "blue": {"host": "shop-blue.azurewebsites.net", "resource_id": APP, "release": "v1"},
    "green": {"host": "green.example.com", "release": "v2"},
}


def declared(entry=None, **more):
    given = {**SHORTEST, "entry": entry or traffic_manager(path="/healthz"), **more}
    recorder, made = mocked.run(lambda: TwoApps("shop", **given), None, OUTPUTS)
    return {resource.type: whole(resource.inputs) for resource in recorder.resources}, made


def test_the_shortest_program_is_a_profile_and_a_swap_that_makes_its_endpoints():
    found, _ = declared()
    assert set(found) == {"bluegreen:azure:TwoApps", PROFILE, SWAP}
    profile = found[PROFILE]
    assert (profile["trafficRoutingMethod"], profile["location"]) == ("Weighted", "global")
    assert profile["dnsConfig"] == {"relativeName": "shop", "ttl": 60}
    assert (profile["monitorConfig"]["protocol"], profile["monitorConfig"]["path"]) == ("HTTPS", "/healthz")
    assert "endpoints" not in profile
    swap = found[SWAP]
    assert swap["router"] == {
        "kind": "azure_traffic_manager",
        "profile_id": "shop-id",
        "owner": "shop/test/shop",
        "targets": {"blue": APP, "green": "green.example.com"},
        "made_with_it": True,
        "azure": {},
    }
    assert {color: one["url"] for color, one in swap["previews"].items()} == {
        "blue": "https://shop-blue.azurewebsites.net",
        "green": "https://green.example.com",
    }
    assert [gate["kind"] for gate in swap["gates"]] == ["http"]
    assert swap["converge_timeout_seconds"] > 60


def test_gates_of_ones_own_are_in_the_place_of_that_one():
    found, _ = declared(gates=[{"kind": "target_health"}])
    assert [gate["kind"] for gate in found[SWAP]["gates"]] == ["target_health"]


def test_a_profile_that_is_there_is_not_declared_and_not_moved():
    entry = traffic_manager(
        profile_id=ID, host_name="shop.example.com", endpoint_names={"blue": "eu", "green": "eu-next"}
    )
    found, _ = declared(entry)
    assert PROFILE not in found
    router = found[SWAP]["router"]
    assert (router["profile_id"], router["endpoints"]) == (ID, {"blue": "eu", "green": "eu-next"})
    assert "made_with_it" not in router


def test_the_program_of_the_page_declares_both_apps_and_a_swap():
    (program,) = [found for found in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL) if "TwoApps" in found]
    config = {"activeColor": "blue", "blueImage": "app:v1", "greenImage": "app:v2"}
    recorder, _ = mocked.run(lambda: exec(program, {"__name__": "__main__"}), config, OUTPUTS)
    assert {"azure-native:web:WebApp", PROFILE, SWAP} <= {resource.type for resource in recorder.resources}


@pytest.mark.parametrize(
    ("entry", "more", "said"),
    [
        ({"ttl_seconds": -1}, {}, "entry.ttl_seconds: -1"),
        ({"path": "healthz"}, {}, "entry.path: 'healthz'"),
        ({"protocol": "TCP"}, {}, "entry.protocol: 'TCP'"),
        ({"interval_seconds": 20}, {}, "entry.interval_seconds: 20"),
        ({"status_codes": ["200"]}, {}, "entry.status_codes: '200'"),
        ({"dns_name": "-x"}, {}, "entry.dns_name: '-x'"),
        ({"profile_id": ID}, {}, "entry.host_name: None"),
        ({"endpoint_names": {"blue": "eu", "green": "eu"}}, {}, "entry.endpoint_names"),
        ({}, {"blue": {"host": "https://a.example.com", "release": "v1"}}, "blue.host: 'https://a.example.com'"),
        ({}, {"blue": {"host": "a.example.com"}}, "blue.release: None"),
        ({}, {"green": {"host": "a.example.com", "release": "v1", "resource_id": "app"}}, "green.resource_id: 'app'"),
    ],
)
def test_what_cannot_be_is_refused_by_its_name(entry, more, said):
    with pytest.raises(pulumi.RunError) as refused:
        declared(traffic_manager(**entry), **more)
    assert said in str(refused.value)
