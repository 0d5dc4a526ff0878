"""Networks, application gateways, scale sets and autoscale settings as Azure's stand-in plays them."""

from __future__ import annotations

import copy

import pytest

from localcloud.azure.roles import Principal, Role
from tests.routers import scale_sets_workshop as workshop
from tests.routers.scale_sets_workshop import ADDRESS, GATEWAY, GROUP, NETWORK, SETS, SETTINGS

GREEN = f"{SETS}/green"


@pytest.fixture
def world():
    return workshop.build()


def code(answer):
    return answer.status_code, answer.json()["error"]["code"]


def test_a_gateway_goes_by_its_former_rules_until_an_update_is_done(world):
    world.azure.operations.stopped = True
    world.lead("green")
    told = world.gateway()["properties"]
    assert (told["provisioningState"], world.pool()) == ("Updating", "blue")
    world.azure.operations.stopped = False
    world.azure.settle()
    assert (world.gateway()["properties"]["provisioningState"], world.pool()) == ("Succeeded", "green")


def test_an_update_supersedes_the_one_that_goes_on(world):
    world.azure.operations.stopped = True
    body = world.gateway()
    first = world.azure.answer("PUT", GATEWAY, body)
    second = world.azure.answer("PUT", GATEWAY, body)
    world.azure.operations.stopped = False
    world.azure.settle()
    told = [
        world.azure.answer("GET", one.headers["Azure-AsyncOperation"].partition("azure.test")[2].partition("?")[0])
        for one in (first, second)
    ]
    assert [one.json()["status"] for one in told] == ["Failed", "Succeeded"]
    assert told[0].json()["error"]["code"] == "CanceledAndSupersededDueToAnotherOperation"


def test_a_write_for_another_version_is_refused_and_tags_make_another_version(world):
    before = world.gateway()
    tags = {"operation": "Merge", "properties": {"tags": {"a": "b"}}}
    world.ask("PATCH", f"{GATEWAY}/providers/Microsoft.Resources/tags/default", tags)
    assert code(world.azure.answer("PUT", GATEWAY, before, if_match=before["etag"])) == (412, "PreconditionFailed")
    assert world.azure.answer("PUT", GATEWAY, world.gateway(), if_match=world.gateway()["etag"]).is_success
    assert code(world.azure.answer("PATCH", GREEN, {}, if_match='"x"')) == (412, "PreconditionFailed")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            lambda rule: rule["properties"].update(backendAddressPool=workshop.part("backendAddressPools", "red")),
            "InvalidResourceReference",
        ),
        (
            lambda rule: rule["properties"].pop("priority"),
            "ApplicationGatewayRequestRoutingRulePriorityCannotBeEmpty",
        ),
        (
            lambda rule: rule["properties"].update(httpListener=workshop.part("httpListeners", "blue")),
            "ApplicationGatewayHttpListenersUsedByMultipleRules",
        ),
    ],
)
def test_a_gateway_that_does_not_hold_together_is_refused(world, change, expected):
    body = world.gateway()
    change(body["properties"]["requestRoutingRules"][0])
    assert code(world.azure.answer("PUT", GATEWAY, body)) == (400, expected)


def test_whoever_writes_a_gateway_has_to_be_allowed_to_join_what_it_names(world):
    few = ("Microsoft.Network/applicationGateways/*", "Microsoft.Network/virtualNetworks/subnets/join/action")
    world.azure.identity.principals["few"] = Principal("few", "few", (Role(few, GROUP),))
    refused = world.azure.answer("PUT", GATEWAY, world.gateway(), "few")
    assert code(refused) == (403, "AuthorizationFailed")
    assert f"'Microsoft.Network/publicIPAddresses/join/action' over scope '{ADDRESS}'" in refused.text


def test_a_certificate_is_never_told(world):
    body = world.gateway()
    properties = {"data": "MII", "password": "s3cret", "keyVaultSecretId": "https://shop.vault.azure.net/secrets/tls"}
    body["properties"]["sslCertificates"] = [{"name": "tls", "properties": properties}]
    world.ask("PUT", GATEWAY, body)
    (told,) = world.gateway()["properties"]["sslCertificates"]
    assert set(told["properties"]) == {"keyVaultSecretId", "provisioningState"}


def test_an_address_stays_and_has_a_name_by_its_label(world):
    first = world.ask("GET", ADDRESS)["properties"]["ipAddress"]
    body = {"location": "West Europe", "properties": {"dnsSettings": {"domainNameLabel": "shop"}}}
    world.ask("PUT", ADDRESS, body)
    told = world.ask("GET", ADDRESS)["properties"]
    assert (told["ipAddress"], told["dnsSettings"]["fqdn"]) == (first, "shop.westeurope.cloudapp.azure.com")


def test_subnets_are_there_by_themselves_and_with_their_network(world):
    path = f"{NETWORK}/virtualNetworks/shop/subnets"
    world.ask("PUT", f"{path}/more", {"properties": {"addressPrefix": "10.0.9.0/24"}})
    names = [one["name"] for one in world.ask("GET", path)["value"]]
    assert names == ["gateway", "instances", "more"]


def test_a_changed_model_is_that_of_new_instances_alone(world):
    profile = {"storageProfile": {"imageReference": {"id": f"{workshop.GALLERY}/2.0.0"}}}
    world.ask("PATCH", GREEN, {"properties": {"virtualMachineProfile": profile}})
    world.azure.settle()
    assert [one["properties"]["latestModelApplied"] for one in world.instances("green")] == [False, False]
    world.scale("green", 3)
    assert [one["properties"]["latestModelApplied"] for one in world.instances("green")] == [False, False, True]
    world.ask("POST", f"{GREEN}/manualupgrade", {"instanceIds": ["0"]})
    world.azure.settle()
    assert [one["properties"]["latestModelApplied"] for one in world.instances("green")] == [True, False, True]
    world.ask("PATCH", GREEN, {"properties": {"upgradePolicy": {"mode": "Automatic"}}})
    world.azure.settle()
    assert all(one["properties"]["latestModelApplied"] for one in world.instances("green"))


def test_a_whole_write_brings_the_capacity_that_it_says_whoever_has_scaled_since(world):
    first = workshop.scale_set_body("green", 2)
    world.scale("green", 4)
    world.ask("PUT", GREEN, first)
    world.azure.settle()
    assert len(world.instances("green")) == 2
    without = copy.deepcopy(first)
    del without["sku"]["capacity"]
    world.scale("green", 4)
    world.ask("PUT", GREEN, without)
    world.azure.settle()
    assert len(world.instances("green")) == 4


def test_user_data_is_told_to_whoever_asks_for_it_and_only_then(world):
    def profile(query):
        return world.ask("GET", f"{GREEN}{query}")["properties"]["virtualMachineProfile"]

    assert "userData" not in profile("")
    assert profile("?$expand=userData")["userData"] == workshop.release("green")["userData"]


def test_an_image_that_is_not_there_and_data_that_is_no_base64_are_refused(world):
    for change, expected in (
        ({"storageProfile": {"imageReference": {"id": f"{workshop.GALLERY}/7.0.0"}}}, (404, "GalleryImageNotFound")),
        ({"userData": "no base64!"}, (400, "InvalidParameter")),
    ):
        body = {"properties": {"virtualMachineProfile": change}}
        assert code(world.azure.answer("PATCH", GREEN, body)) == expected


def test_an_enabled_setting_keeps_its_range(world):
    world.autoscale("green", 3, 5)
    assert world.capacity("green") == 3
    world.scale("green", 0)
    assert world.capacity("green") == 3
    world.scale("green", 9)
    assert world.capacity("green") == 5
    body = world.ask("GET", f"{SETTINGS}/green")
    body["properties"]["profiles"][0]["capacity"]["default"] = "9"
    assert code(world.azure.answer("PUT", f"{SETTINGS}/green", body)) == (400, "InvalidCapacity")
    world.ask("PATCH", f"{SETTINGS}/green", {"properties": {"enabled": False}})
    world.scale("green", 0)
    assert world.capacity("green") == 0


def test_what_a_part_of_a_resource_is_stands_below_its_own_properties():
    """As Pulumi's provider sends it: its SDK has no `properties`."""
    from localcloud.plugins.azure_native import shaping

    token = "azure-native:network:ApplicationGateway"
    inputs = {
        "applicationGatewayName": "g",
        "resourceGroupName": "shop",
        "location": "westeurope",
        "httpListeners": [{"name": "one", "hostName": "a.test", "frontendPort": {"id": "/p"}}],
        "sku": {"name": "Standard_v2"},
    }
    body = shaping.body(token, inputs)
    assert body == {
        "location": "westeurope",
        "properties": {
            "httpListeners": [{"name": "one", "properties": {"hostName": "a.test", "frontendPort": {"id": "/p"}}}],
            "sku": {"name": "Standard_v2"},
        },
    }
    assert shaping.outputs(token, "/g", body)["httpListeners"] == inputs["httpListeners"]
    assert shaping.refreshed(token, inputs, body) == inputs
