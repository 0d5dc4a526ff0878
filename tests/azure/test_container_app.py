"""What `ContainerApp` declares, and what it refuses before it declares anything."""

from __future__ import annotations

import pulumi
import pytest

from bluegreen.azure import ContainerApp
from bluegreen.azure.component import connection_of
from bluegreen.platforms.templates import suffix
from tests.aws import mocked
from tests.kubernetes.declared import whole

APP, SWAP = "azure-native:app:ContainerApp", "pulumi-python:dynamic/bluegreen:TrafficSwap"
ENVIRONMENT = "/subscriptions/s/resourceGroups/shop/providers/Microsoft.App/managedEnvironments/shop"
APP_ID = "/subscriptions/s/resourceGroups/shop/providers/Microsoft.App/containerApps/web"
SHORTEST = {
    "active_color": "blue",
    "resource_group_name": "shop",
    "environment_id": ENVIRONMENT,
    "blue": {"image": "shop.azurecr.io/app:v1"},
    "green": {"image": "shop.azurecr.io/app:v2"},
}


def declared(config=None, **more):
    outputs = {APP: {"id": APP_ID, "identity": {"type": "None", "userAssignedIdentities": {}}}}
    recorder, made = mocked.run(lambda: ContainerApp("web", **{**SHORTEST, **more}), config, outputs)
    return {resource.type: whole(resource.inputs) for resource in recorder.resources}, made


def test_the_shortest_program_is_an_app_and_a_swap():
    found, _ = declared()
    assert set(found) == {"bluegreen:azure:ContainerApp", APP, SWAP}
    swap, app = found[SWAP], found[APP]
    template = swap["router"]["templates"]["blue"]
    assert template == {
        "containers": [
            {"name": "app", "image": "shop.azurecr.io/app:v1", "resources": {"cpu": 0.5, "memory": "1Gi"}},
        ],
        "scale": {"minReplicas": 0, "maxReplicas": 10},
    }
    assert {key: swap["router"][key] for key in ("kind", "owner", "made_with_it")} == {
        "kind": "azure_container_app",
        "owner": "shop/test/web",
        "made_with_it": True,
    }
    assert swap["capacity"]["templates"] == swap["router"]["templates"]
    assert swap["releases"] == {"blue": "shop.azurecr.io/app:v1", "green": "shop.azurecr.io/app:v2"}
    assert app["containerAppName"] == "web"
    assert app["configuration"]["activeRevisionsMode"] == "Multiple"


@pytest.mark.parametrize("active", ["blue", "green"])
def test_the_first_template_is_the_active_colors_under_the_name_that_the_swap_adopts(active):
    found, _ = declared(active_color=active)
    template = found[SWAP]["router"]["templates"][active]
    called = suffix(active, template)
    assert found[APP]["template"] == {**template, "revisionSuffix": called}
    assert found[APP]["configuration"]["ingress"]["traffic"] == [
        {"revisionName": f"web--{called}", "weight": 100, "label": active}
    ]


def test_what_a_release_says_stands_in_its_template():
    found, _ = declared(
        target_port=9000,
        secrets={"db": "https://shop.vault.azure.net/secrets/db"},
        green={
            "image": "shop.azurecr.io/app:v2",
            "command": ["app"],
            "args": ["--fast"],
            "env": {"LEVEL": "info"},
            "secret_env": {"DB": "db"},
            "cpu": 1,
            "memory": "2Gi",
            "min_replicas": 2,
            "max_replicas": 4,
            "health_path": "/healthz",
            "template": {
                "volumes": [{"name": "data", "storageType": "EmptyDir"}],
                "containers": [{"name": "proxy", "image": "proxy:1"}],
                "scale": {"rules": [{"name": "http"}]},
            },
            "release": "v2 with invoices",
        },
    )
    template = found[SWAP]["router"]["templates"]["green"]
    (own, proxy) = template["containers"]
    assert own["env"] == [{"name": "DB", "secretRef": "db"}, {"name": "LEVEL", "value": "info"}]
    assert own["probes"] == [{"type": "Readiness", "httpGet": {"path": "/healthz", "port": 9000}}]
    assert (own["command"], own["args"]) == (["app"], ["--fast"])
    assert own["resources"] == {"cpu": 1, "memory": "2Gi"}
    assert proxy["name"] == "proxy"
    assert template["scale"] == {"minReplicas": 2, "maxReplicas": 4, "rules": [{"name": "http"}]}
    assert template["volumes"]
    assert found[SWAP]["releases"]["green"] == "v2 with invoices"
    (secret,) = found[APP]["configuration"]["secrets"]
    assert secret == {"name": "db", "keyVaultUrl": "https://shop.vault.azure.net/secrets/db", "identity": "system"}


def test_an_image_that_the_same_program_builds_is_waited_for():
    built = pulumi.Output.from_input("shop.azurecr.io/app@sha256:1")
    found, _ = declared(green={"image": built})
    assert found[SWAP]["router"]["templates"]["green"]["containers"][0]["image"].endswith("sha256:1")
    assert found[SWAP]["plan"] == ["100 % blue; gates: target health"]


def test_identities_and_registries_stand_in_the_app():
    found, _ = declared(identity_ids=["/ids/one"], system_identity=True, registries={"shop.azurecr.io": "/ids/one"})
    assert found[APP]["identity"]["type"] == "SystemAssigned,UserAssigned"
    assert found[APP]["configuration"]["registries"] == [{"server": "shop.azurecr.io", "identity": "/ids/one"}]


def test_the_swap_calls_as_the_stacks_config_says_unless_it_is_told():
    assert declared(azure_connection={"client_id": "c1"})[0][SWAP]["router"]["azure"] == {"client_id": "c1"}
    pulumi.runtime.set_all_config({"azure-native:tenantId": "t1"})
    try:
        assert connection_of({"azure_connection": {"client_id": "c1"}}) == {"tenant_id": "t1", "client_id": "c1"}
        assert connection_of({"azure_connection": {"tenant_id": "t2"}}) == {"tenant_id": "t2"}
    finally:
        pulumi.runtime.set_all_config({})


def test_gates_reach_each_color_by_its_label_which_stays_whatever_its_release_is():
    urls = [
        {color: one["url"] for color, one in declared(**more)[0][SWAP]["previews"].items()}
        for more in ({}, {"green": {"image": "shop.azurecr.io/app:v9"}})
    ]
    assert urls[0] == urls[1]
    assert urls[0]["green"].startswith("https://web---green.")


def test_the_swap_is_told_what_the_app_is_declared_to_be():
    vault = "https://shop.vault.azure.net/secrets/db"
    found, _ = declared(target_port=9000, secrets={"db": vault}, tags={"team": "shop"})
    app = found[SWAP]["router"]["app"]
    assert (app["target_port"], app["external"], app["tags"]) == (9000, True, {"team": "shop"})
    assert app["secrets"] == {"db": {"keyVaultUrl": vault, "identity": "system"}}
    assert "registries" not in app


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"container_app_name": "Web"}, "container_app_name: 'Web'"),
        ({"container_app_name": "a" * 33}, "2 to 32"),
        ({"target_port": 0}, "target_port"),
        ({"transport": "udp"}, "transport"),
        ({"green": {}}, "green.image"),
        ({"green": {"image": "a:1", "cpu": 0.1}}, "green.cpu"),
        ({"green": {"image": "a:1", "min_replicas": 3, "max_replicas": 2}}, "at least min_replicas, which is 3"),
        ({"green": {"image": "a:1", "secret_env": {"DB": "db"}}}, "green.secret_env.DB"),
        ({"green": {"image": "a:1", "replicas": 2}}, "replicas"),
        ({"green": {"image": "a:1", "env": {"DB": "amqp://u:pw@host"}}}, "an address without a user's name"),
        ({"secrets": {"db": "s3cret"}}, "the address of a secret in Key Vault"),
        ({"secrets": {"DB": "https://shop.vault.azure.net/secrets/db"}}, "names of lower-case letters"),
        ({"azure_connection": {"region": "x"}}, "azure"),
    ],
)
def test_what_cannot_be_is_refused_by_its_name_before_anything_is_declared(more, problem):
    with pytest.raises(pulumi.RunError) as refused:
        declared(**more)
    assert problem in str(refused.value)
    assert "s3cret" not in str(refused.value)
    assert "pw@" not in str(refused.value)


def test_a_secret_of_pulumis_in_a_release_is_refused_before_anything_is_declared():
    def program():
        green = {"image": "shop.azurecr.io/app:v2", "env": {"DB": pulumi.Output.secret("s3cret")}}
        return ContainerApp("web", **{**SHORTEST, "green": green})

    with pytest.raises(pulumi.RunError) as refused:
        mocked.run(program)
    assert "name one of the app's secrets in secret_env" in str(refused.value)
    assert "s3cret" not in str(refused.value)
