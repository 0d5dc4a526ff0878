"""What `VmScaleSets` declares with an application gateway, and what it refuses before it declares anything."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

import pulumi
import pytest

import bluegreen
from bluegreen.azure import VmScaleSets, application_gateway, load_balancer
from bluegreen.permissions import azure_role
from tests.aws import mocked
from tests.kubernetes.declared import whole

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "azure.md").read_text()
GATEWAY, ADDRESS = "azure-native:network:ApplicationGateway", "azure-native:network:PublicIPAddress"
BALANCER = "azure-native:network:LoadBalancer"
SCALE_SET, AUTOSCALE = "azure-native:compute:VirtualMachineScaleSet", "azure-native:monitor:AutoscaleSetting"
SWAP = "pulumi-python:dynamic/bluegreen:TrafficSwap"
NETWORK = "/subscriptions/s/resourceGroups/shop/providers/Microsoft.Network"
GATEWAY_ID = f"{NETWORK}/applicationGateways/orders-gateway"
SUBNET = f"{NETWORK}/virtualNetworks/shop/subnets"
GALLERY = "/subscriptions/s/resourceGroups/shop/providers/Microsoft.Compute/galleries/shop/images/app/versions"
SHORTEST = {
    "active_color": "blue",
    "resource_group_name": "shop",
    "subnet_id": f"{SUBNET}/instances",
    "blue": {"image": f"{GALLERY}/1.0.0", "user_data": "COLOR=blue\n"},
    "green": {"image": f"{GALLERY}/2.0.0"},
}
OWN = {
    "gateway_id": GATEWAY_ID,
    "rule": "shop",
    "pools": {"blue": "old", "green": "new"},
    "url": "https://shop.example.com",
}


def declared(entry=None, **more):
    outputs = {ADDRESS: {"ipAddress": "20.0.0.1"}}
    entry = application_gateway(subnet_id=f"{SUBNET}/gateway") if entry is None else entry
    recorder, made = mocked.run(lambda: VmScaleSets("orders", **{**SHORTEST, "entry": entry, **more}), None, outputs)
    found = {}
    for resource in recorder.resources:
        found.setdefault(resource.type, []).append((resource.name, whole(resource.inputs)))
    return {kind: [inputs for _, inputs in sorted(one, key=lambda pair: pair[0])] for kind, one in found.items()}, made


def test_the_shortest_program_is_a_gateway_two_scale_sets_and_a_swap():
    found, _ = declared()
    assert set(found) == {"bluegreen:azure:VmScaleSets", GATEWAY, ADDRESS, SCALE_SET, SWAP}
    blue, green = found[SCALE_SET]
    assert (blue["sku"]["capacity"], green["sku"]["capacity"]) == (2, 0)
    assert blue["upgradePolicy"] == {"mode": "Manual"}
    assert blue["orchestrationMode"] == "Uniform"
    profile = blue["virtualMachineProfile"]
    assert profile["storageProfile"]["imageReference"] == {"id": f"{GALLERY}/1.0.0"}
    assert base64.b64decode(profile["userData"]).decode() == "COLOR=blue\n"
    (health,) = profile["extensionProfile"]["extensions"]
    assert health["settings"] == {"protocol": "http", "port": 8080, "requestPath": "/healthz"}
    (card,) = profile["networkProfile"]["networkInterfaceConfigurations"]
    (address,) = card["ipConfigurations"]
    assert address["applicationGatewayBackendAddressPools"] == [{"id": "orders-gateway-id/backendAddressPools/blue"}]
    (swap,) = found[SWAP]
    assert swap["router"] == {
        "kind": "application_gateway",
        "gateway_id": "orders-gateway-id",
        "rule": "production",
        "pools": {"blue": "blue", "green": "green"},
        "owner": "shop/test/orders",
        "made_with_it": True,
        "azure": {},
    }
    assert swap["capacity"]["releases"]["blue"]["userData"] == profile["userData"]
    assert swap["capacity"]["desired_count"] == 2
    assert swap["releases"] == {"blue": "app:1.0.0", "green": "app:2.0.0"}
    assert swap["previews"]["green"] == {
        "url": "http://20.0.0.1:8081",
        "headers": {"Host": "green.preview.internal"},
    }


@pytest.mark.parametrize("active", ["blue", "green"])
def test_the_gateway_leads_to_the_active_color_first_and_probes_both(active):
    (gateway,) = declared(active_color=active)[0][GATEWAY]
    rules = {rule["name"]: rule for rule in gateway["requestRoutingRules"]}
    pools = {name: rule["backendAddressPool"]["id"].rpartition("/")[2] for name, rule in rules.items()}
    assert pools == {"production": active, "blue": "blue", "green": "green"}
    listeners = {one["name"]: one for one in gateway["httpListeners"]}
    assert listeners["green"]["hostName"] == "green.preview.internal"
    assert "hostName" not in listeners["production"]
    (settings,) = gateway["backendHttpSettingsCollection"]
    assert settings["connectionDraining"]["enabled"] is True
    (probe,) = gateway["probes"]
    assert probe["path"] == "/healthz"


def test_a_certificate_in_key_vault_makes_productions_listener_https():
    entry = application_gateway(
        subnet_id=f"{SUBNET}/gateway",
        certificate_secret_id="https://shop.vault.azure.net/secrets/tls",
        identity_id="/ids/one",
        host="shop.example.com",
    )
    found, _ = declared(entry)
    (gateway,) = found[GATEWAY]
    production = next(one for one in gateway["httpListeners"] if one["name"] == "production")
    assert production["protocol"] == "Https"
    assert gateway["sslCertificates"][0]["keyVaultSecretId"].endswith("/tls")
    assert gateway["identity"]["userAssignedIdentities"] == ["/ids/one"]


def test_a_gateway_that_is_there_is_only_led():
    entry = application_gateway(**OWN, preview_hosts={"blue": "old.example.com", "green": "next.example.com"})
    found, _ = declared(entry)
    assert set(found) == {"bluegreen:azure:VmScaleSets", SCALE_SET, SWAP}
    (swap,) = found[SWAP]
    assert swap["router"]["rule"] == "shop"
    assert swap["router"]["pools"] == {"blue": "old", "green": "new"}
    assert "made_with_it" not in swap["router"]
    assert swap["previews"]["green"] == {"url": "https://shop.example.com", "headers": {"Host": "next.example.com"}}
    assert not declared(application_gateway(**OWN))[0][SWAP][0].get("previews")
    _, green = found[SCALE_SET]
    (card,) = green["virtualMachineProfile"]["networkProfile"]["networkInterfaceConfigurations"]
    (pool,) = card["ipConfigurations"][0]["applicationGatewayBackendAddressPools"]
    assert pool["id"] == f"{GATEWAY_ID}/backendAddressPools/new"


def test_a_load_balancer_has_a_rule_for_production_and_one_for_each_color():
    found, _ = declared(load_balancer(preview_ports={"green": 9000}), active_color="green")
    assert set(found) == {"bluegreen:azure:VmScaleSets", BALANCER, ADDRESS, SCALE_SET, SWAP}
    (balancer,) = found[BALANCER]
    rules = {rule["name"]: rule for rule in balancer["loadBalancingRules"]}
    pools = {name: rule["backendAddressPool"]["id"].rpartition("/")[2] for name, rule in rules.items()}
    assert pools == {"production": "green", "blue": "blue", "green": "green"}
    assert {name: rule["frontendPort"] for name, rule in rules.items()} == {
        "production": 80,
        "blue": 8081,
        "green": 9000,
    }
    assert rules["production"]["backendPort"] == 8080
    assert balancer["probes"][0]["requestPath"] == "/healthz"
    assert [one["name"] for one in balancer["outboundRules"]] == ["blue", "green"]
    (swap,) = found[SWAP]
    assert {key: swap["router"][key] for key in ("kind", "rule", "made_with_it")} == {
        "kind": "azure_load_balancer",
        "rule": "production",
        "made_with_it": True,
    }
    assert swap["previews"]["green"]["url"] == "http://20.0.0.1:9000"
    blue, _ = found[SCALE_SET]
    (card,) = blue["virtualMachineProfile"]["networkProfile"]["networkInterfaceConfigurations"]
    (pool,) = card["ipConfigurations"][0]["loadBalancerBackendAddressPools"]
    assert pool["id"].endswith("/backendAddressPools/blue")


def test_a_load_balancer_that_is_there_is_only_led():
    own = {
        "load_balancer_id": f"{NETWORK}/loadBalancers/shop",
        "rule": "web",
        "pools": {"blue": "old", "green": "new"},
        "url": "http://shop.example.com",
    }
    found, _ = declared(load_balancer(**own))
    assert set(found) == {"bluegreen:azure:VmScaleSets", SCALE_SET, SWAP}
    (swap,) = found[SWAP]
    assert (swap["router"]["rule"], swap["router"]["pools"]) == ("web", {"blue": "old", "green": "new"})
    assert "made_with_it" not in swap["router"]


def test_autoscaling_is_on_for_the_live_color_and_off_at_rest_with_its_range_noted():
    found, _ = declared(autoscaling={"min_count": 2, "max_count": 6, "target_cpu_percent": 60})
    blue, green = found[AUTOSCALE]
    assert (blue["enabled"], green["enabled"]) == (True, False)
    assert green["tags"] == {"bluegreen:range": "2-6-2"}
    (profile,) = blue["profiles"]
    assert profile["capacity"] == {"minimum": "2", "maximum": "6", "default": "2"}
    assert [rule["metricTrigger"]["threshold"] for rule in profile["rules"]] == [60, 30]


def test_a_marketplace_image_and_keys_stand_in_the_model():
    found, _ = declared(
        green={"image": "canonical:ubuntu-24_04-lts:server:24.04.202411010", "release": "noble"},
        ssh_public_keys=["ssh-ed25519 A"],
        profile={"diagnostics_profile": {"boot_diagnostics": {"enabled": True}}},
    )
    _, green = found[SCALE_SET]
    profile = green["virtualMachineProfile"]
    assert profile["storageProfile"]["imageReference"]["version"] == "24.04.202411010"
    assert profile["osProfile"]["linuxConfiguration"]["ssh"]["publicKeys"][0]["keyData"] == "ssh-ed25519 A"
    assert profile["diagnosticsProfile"]["bootDiagnostics"]["enabled"] is True
    assert found[SWAP][0]["releases"]["green"] == "noble"


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"green": {}}, "green.image"),
        ({"green": {"image": "canonical:ubuntu:server:latest"}}, "not latest"),
        ({"green": {"image": "a:b:c:1", "userData": "x"}}, "userData"),
        ({"port": 0}, "port: 0"),
        ({"health_path": "healthz"}, "health_path"),
        ({"autoscaling": {"min_count": 3, "max_count": 2}}, "at least min_count, which is 3"),
        ({"strategy": bluegreen.canary(10, hold_seconds=1)}, "strategy"),
        ({"entry": application_gateway()}, "entry.subnet_id"),
        ({"entry": application_gateway(gateway_id=GATEWAY_ID)}, "entry.pools"),
        ({"entry": application_gateway(**OWN, preview_hosts={"blue": "a"})}, "one for each color"),
        ({"entry": application_gateway(**OWN, path_map="paths")}, "router.rule"),
        ({"entry": application_gateway(subnet_id="/s", rule="shop")}, "absent without a gateway_id"),
        ({"entry": application_gateway(subnet_id="/s", identity_id="/ids/one")}, "entry.certificate_secret_id"),
        ({"entry": application_gateway(subnet_id="/s", preview_port=80)}, "entry.preview_port"),
        ({"entry": application_gateway(subnet_id="/s", min_capacity=11)}, "entry.min_capacity"),
        ({"entry": load_balancer(load_balancer_id="/x")}, "entry.pools"),
        ({"entry": load_balancer(rule="web")}, "absent without a load_balancer_id"),
        ({"entry": load_balancer(port=8081)}, "entry.port: 8081"),
        ({"entry": load_balancer(preview_ports={"green": 0})}, "entry.preview_ports.green"),
        ({"azure_connection": {"region": "x"}}, "azure"),
    ],
)
def test_what_cannot_be_is_refused_by_its_name_before_anything_is_declared(more, problem):
    with pytest.raises(pulumi.RunError) as refused:
        declared(**more)
    assert problem in str(refused.value)


def test_a_secret_of_pulumis_in_user_data_is_refused():
    def program():
        green = {"image": f"{GALLERY}/2.0.0", "user_data": pulumi.Output.secret("s3cret")}
        entry = application_gateway(subnet_id=f"{SUBNET}/gateway")
        return VmScaleSets("orders", **{**SHORTEST, "green": green, "entry": entry})

    with pytest.raises(pulumi.RunError) as refused:
        mocked.run(program, None, {ADDRESS: {"ipAddress": "20.0.0.1"}})
    assert "read what is secret from Key Vault" in str(refused.value)
    assert "s3cret" not in str(refused.value)


def test_the_program_of_the_page_declares_both_scale_sets_and_a_swap():
    programs = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    (program,) = [found for found in programs if "VmScaleSets(" in found]
    config = {
        "activeColor": "blue",
        "blueImageId": f"{GALLERY}/1.0.0",
        "greenImageId": f"{GALLERY}/2.0.0",
    }
    outputs = {ADDRESS: {"ipAddress": "20.0.0.1"}}
    recorder, _ = mocked.run(lambda: exec(program, {"__name__": "__main__"}), config, outputs)
    assert [resource.type for resource in recorder.resources].count(SCALE_SET) == 2


def test_the_role_of_the_page_has_just_the_declared_actions():
    roles = [json.loads(found) for found in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)]
    (role,) = [one for one in roles if "Microsoft.Compute/virtualMachineScaleSets/write" in one["Actions"]]
    declared = azure_role.definition(["application_gateway", "azure_scale_sets"])["Actions"]
    assert sorted(role["Actions"]) == sorted(declared)
