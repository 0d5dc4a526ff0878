"""`InstanceGroups` with its load balancer: its resources, and its refusals before it declares anything."""

from __future__ import annotations

import pulumi
import pytest

import bluegreen
from bluegreen.google import InstanceGroups, url_map
from tests.aws import mocked
from tests.kubernetes.declared import whole

GROUP, TEMPLATE = (
    "gcp:compute/instanceGroupManager:InstanceGroupManager",
    "gcp:compute/instanceTemplate:InstanceTemplate",
)
REGION_GROUP = "gcp:compute/regionInstanceGroupManager:RegionInstanceGroupManager"
SCALER, SERVICE = "gcp:compute/autoscaler:Autoscaler", "gcp:compute/backendService:BackendService"
MAP, CHECK = "gcp:compute/uRLMap:URLMap", "gcp:compute/healthCheck:HealthCheck"
PROXY, RULE = "gcp:compute/targetHttpProxy:TargetHttpProxy", "gcp:compute/globalForwardingRule:GlobalForwardingRule"
ADDRESS = "gcp:compute/globalAddress:GlobalAddress"
SWAP = "pulumi-python:dynamic/bluegreen:TrafficSwap"
IMAGES = "projects/shop/global/images"
SHORTEST = {
    "active_color": "blue",
    "zone": "europe-west1-b",
    "blue": {"image": f"{IMAGES}/app-v1", "startup_script": "COLOR=blue"},
    "green": {"image": f"{IMAGES}/app-v2"},
}
OWN = {
    "url_map_id": "projects/shop/global/urlMaps/web",
    "backend_services": {
        "blue": "projects/shop/global/backendServices/old",
        "green": "projects/shop/global/backendServices/new",
    },
    "url": "https://shop.example.com",
}
GROUPS = {color: f"projects/shop/zones/europe-west1-b/instanceGroupManagers/{color}" for color in ("blue", "green")}


def declared(entry=None, **more):
    arguments = {**SHORTEST, "entry": url_map() if entry is None else entry, **more}
    outputs = {
        ADDRESS: {"address": "34.0.0.1"},
        "gcp:compute/address:Address": {"address": "34.0.0.2"},
        GROUP: {"instanceGroup": "a-group"},
        REGION_GROUP: {"instanceGroup": "a-group"},
    }
    recorder, made = mocked.run(lambda: InstanceGroups("orders", **arguments), None, outputs)
    found = {}
    for resource in recorder.resources:
        found.setdefault(resource.type, []).append((resource.name, whole(resource.inputs)))
    return {kind: [inputs for _, inputs in sorted(one, key=lambda pair: pair[0])] for kind, one in found.items()}, made


def test_the_shortest_program_is_a_load_balancer_two_groups_and_a_swap():
    found, _ = declared()
    made = {GROUP, TEMPLATE, SERVICE, MAP, CHECK, PROXY, RULE, ADDRESS}
    assert set(found) == {"bluegreen:google:InstanceGroups", SWAP, *made}
    blue, green = found[GROUP]
    assert (blue["targetSize"], green["targetSize"]) == (2, 0)
    assert blue["updatePolicy"] == {"type": "OPPORTUNISTIC", "minimalAction": "REPLACE"}
    assert blue["namedPorts"] == [{"name": "http", "port": 8080}]
    assert blue["versions"] == [{"instanceTemplate": "orders-blue-id"}]
    template = found[TEMPLATE][0]
    assert template["disks"] == [{"sourceImage": f"{IMAGES}/app-v1", "boot": True, "autoDelete": True}]
    assert template["metadata"] == {"startup-script": "COLOR=blue"}
    (check,) = found[CHECK]
    assert check["httpHealthCheck"] == {"port": 8080, "requestPath": "/healthz"}
    (swap,) = found[SWAP]
    assert swap["router"] == {
        "kind": "url_map",
        "url_map": "orders-id",
        "backend_services": {"blue": "orders-blue-id", "green": "orders-green-id"},
        "owner": "shop/test/orders",
        "made_with_it": True,
        "google": {},
    }
    assert swap["capacity"] == {
        "kind": "instance_group",
        "groups": {"blue": "orders-blue-id", "green": "orders-green-id"},
        "backend_services": swap["router"]["backend_services"],
        "templates": {"blue": "orders-blue-id", "green": "orders-green-id"},
        "desired_count": 2,
        "google": {},
    }
    assert swap["releases"] == {"blue": "app-v1", "green": "app-v2"}
    assert swap["previews"]["green"] == {"url": "http://34.0.0.1", "headers": {"Host": "green.preview.internal"}}


@pytest.mark.parametrize("active", ["blue", "green"])
def test_the_map_leads_to_the_active_color_first_and_to_both_for_previews(active):
    (found,) = declared(active_color=active)[0][MAP]
    weighted = found["defaultRouteAction"]["weightedBackendServices"]
    shares = {one["backendService"].split("-")[1]: one["weight"] for one in weighted}
    assert shares == {color: 100 if color == active else 0 for color in ("blue", "green")}
    assert {one["name"]: one["defaultService"] for one in found["pathMatchers"]} == {
        "blue": "orders-blue-id",
        "green": "orders-green-id",
    }
    assert [one["hosts"] for one in found["hostRules"]] == [["blue.preview.internal"], ["green.preview.internal"]]


def test_each_backend_service_drains_and_has_its_colors_group():
    for one in declared()[0][SERVICE]:
        assert one["backends"] == [{"group": "a-group", "balancingMode": "UTILIZATION", "capacityScaler": 1}]
        assert one["connectionDrainingTimeoutSec"] == 60
        assert one["loadBalancingScheme"] == "EXTERNAL_MANAGED"


def test_the_autoscaler_of_the_color_at_rest_is_off_as_a_swap_leaves_it():
    blue, green = declared(autoscaling={"min_count": 2, "max_count": 4})[0][SCALER]
    assert (blue["autoscalingPolicy"]["mode"], green["autoscalingPolicy"]["mode"]) == ("ON", "OFF")
    assert blue["autoscalingPolicy"]["cpuUtilization"] == {"target": 0.6}
    assert green["description"] == 'bluegreen {"mode":"ON","place":"autoscaler"}'


def test_a_regional_load_balancer_and_regional_groups():
    entry = url_map(region="europe-west1", network="shop", ssl_certificates=["shop"], host="shop.example.com")
    found, _ = declared(entry, zone=None, region="europe-west1")
    assert GROUP not in found
    assert all(one["region"] == "europe-west1" for one in found[REGION_GROUP])
    assert "gcp:compute/regionUrlMap:RegionUrlMap" in found
    (proxy,) = found["gcp:compute/regionTargetHttpsProxy:RegionTargetHttpsProxy"]
    assert proxy["sslCertificates"] == ["shop"]
    (rule,) = found["gcp:compute/forwardingRule:ForwardingRule"]
    assert (rule["network"], rule["portRange"]) == ("shop", "443")
    assert found[SWAP][0]["previews"]["blue"]["url"] == "https://34.0.0.2"


def test_port_80_of_one_over_https_leads_clients_there():
    found, _ = declared(url_map(ssl_certificates=["shop"], redirect_http=True))
    assert [one["portRange"] for one in found[RULE]] == ["443", "80"]
    assert {one["ipAddress"] for one in found[RULE]} == {"34.0.0.1"}
    production, elsewhere = found[MAP]
    assert "defaultUrlRedirect" not in production
    assert elsewhere == {"defaultUrlRedirect": {"httpsRedirect": True, "stripQuery": False}}
    assert [one["target"] for one in found[RULE]] == ["orders-id", "orders-http-id"]


def test_what_is_there_is_only_led():
    entry = url_map(**OWN, path_matcher="api", route_priority=5, preview_hosts={"blue": "b.test", "green": "g.test"})
    found, _ = declared(entry, zone=None, groups=GROUPS)
    assert set(found) == {"bluegreen:google:InstanceGroups", TEMPLATE, SWAP}
    (swap,) = found[SWAP]
    assert swap["router"]["path_matcher"] == "api"
    assert swap["router"]["route_priority"] == 5
    assert "made_with_it" not in swap["router"]
    assert swap["capacity"]["groups"] == GROUPS
    assert swap["capacity"]["backend_services"] == OWN["backend_services"]
    assert swap["previews"]["green"] == {"url": "https://shop.example.com", "headers": {"Host": "g.test"}}


def test_groups_that_are_there_get_a_load_balancer():
    found, _ = declared(zone=None, groups=GROUPS)
    groups = [one["backends"][0]["group"] for one in found[SERVICE]]
    assert groups == [one.replace("Managers/", "s/") for one in GROUPS.values()]


def test_templates_that_are_there_are_brought():
    templates = {color: {"template": f"projects/shop/global/instanceTemplates/{color}-7"} for color in GROUPS}
    found, _ = declared(**templates)
    assert TEMPLATE not in found
    (swap,) = found[SWAP]
    assert swap["capacity"]["templates"]["green"].endswith("/green-7")
    assert swap["releases"] == {"blue": "blue-7", "green": "green-7"}


def test_the_stacks_account_reaches_the_swap_and_the_providers_key_does_not(monkeypatch):
    config = {"gcp:impersonateServiceAccount": "swap@shop.test", "gcp:credentials": "secret"}
    warned = []
    monkeypatch.setattr(pulumi.log, "warn", lambda text, *_: warned.append(text))

    def program():
        for key, value in config.items():
            pulumi.runtime.set_config(key, value)
        return InstanceGroups("orders", **SHORTEST, entry=url_map())

    recorder, _ = mocked.run(program, None, {})
    (swap,) = [whole(one.inputs) for one in recorder.resources if one.type == SWAP]
    assert swap["router"]["google"] == swap["capacity"]["google"] == {"impersonate": "swap@shop.test"}
    assert any("gcp:credentials is the provider's alone" in text for text in warned)


def test_a_load_that_is_no_number_yet_is_the_default():
    found, _ = declared(autoscaling={"min_count": 1, "max_count": 2, "target_cpu_percent": None})
    assert {one["autoscalingPolicy"]["cpuUtilization"]["target"] for one in found[SCALER]} == {0.6}


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"name": "Orders"}, "name"),
        ({"zone": None}, "zone"),
        ({"region": "europe-west1"}, "zone"),
        ({"groups": GROUPS}, "zone"),
        ({"groups": {"blue": GROUPS["blue"]}, "zone": None}, "groups"),
        ({"groups": GROUPS, "zone": None, "autoscaling": {"min_count": 1, "max_count": 2}}, "autoscaling"),
        ({"entry": url_map(**OWN)}, "groups"),
        ({"entry": url_map(url="https://x")}, "entry.url"),
        ({"entry": url_map(url_map_id=OWN["url_map_id"]), "groups": GROUPS, "zone": None}, "entry.backend_services"),
        ({"entry": url_map(region="europe-west1")}, "entry.network"),
        ({"entry": url_map(network="shop")}, "entry.network"),
        ({"entry": url_map(redirect_http=True)}, "entry.redirect_http"),
        ({"green": {"image": "projects/shop/global/images/family/app"}}, "green.image"),
        ({"green": {}}, "green.image"),
        ({"green": {"template": "projects/shop/global/instanceTemplates/x", "image": "y/app"}}, "green.image"),
        ({"port": 0}, "port"),
        ({"health_path": "healthz"}, "health_path"),
        ({"autoscaling": {"min_count": 3, "max_count": 2}}, "autoscaling.max_count"),
        ({"autoscaling": {"min_count": 1, "max_count": 2.5}}, "autoscaling.max_count"),
        ({"gates": [bluegreen.gates.http("healthz")]}, "gates"),
        ({"groups": {**GROUPS, "green": "green"}, "zone": None}, r"groups\.green: 'green' is not allowed"),
        ({"green": {"template": "green-7"}}, r"green\.template: 'green-7' is not allowed"),
        ({"entry": url_map(**{**OWN, "url_map_id": "web"}), "groups": GROUPS, "zone": None}, "entry.url_map_id: 'web'"),
        ({"entry": url_map(**{**OWN, "backend_services": {}}), "groups": GROUPS, "zone": None}, "one for each color"),
        (
            {
                "entry": url_map(**{**OWN, "backend_services": {**OWN["backend_services"], "blue": "b"}}),
                "groups": GROUPS,
                "zone": None,
            },
            r"entry\.backend_services\.blue: 'b' is not allowed",
        ),
    ],
)
def test_what_is_wrong_is_refused_by_its_name(more, said):
    name = more.pop("name", "orders") if "name" in more else "orders"
    arguments = {**SHORTEST, "entry": url_map(), **more}
    with pytest.raises(pulumi.RunError, match=said):
        mocked.run(lambda: InstanceGroups(name, **arguments), None, {})
