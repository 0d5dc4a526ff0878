"""The stand-in for Pulumi's Azure Native provider: what it sends, refuses, finds and waits for."""

import pytest

from localcloud.azure.cloud import OWNER, SUBSCRIPTION, Azure
from localcloud.azure.identity import TENANT
from localcloud.azure.world import Pace
from localcloud.plugins.azure_native import generate, table
from localcloud.plugins.azure_native.server import Provider
from localcloud.plugins.azure_native.types import TYPES
from localcloud.plugins.driver import CallFailed, Driver, Refused
from localcloud.plugins.values import UNKNOWN
from tests.localcloud.azure_cases import APPS, RESOURCES, Client

GROUP, ENVIRONMENT, APP = (
    "azure-native:resources:ResourceGroup",
    "azure-native:app:ManagedEnvironment",
    "azure-native:app:ContainerApp",
)
PLAN, SITE, SLOT, NAMES = (
    "azure-native:web:AppServicePlan",
    "azure-native:web:WebApp",
    "azure-native:web:WebAppSlot",
    "azure-native:web:WebAppSlotConfigurationNames",
)


@pytest.fixture(scope="module")
def azure():
    with Azure(pace=Pace(write=0.02)) as made:
        yield made


@pytest.fixture(autouse=True)
def trusted(azure, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(azure.certificate))


@pytest.fixture
def driver(azure):
    config = {
        "subscriptionId": SUBSCRIPTION,
        "tenantId": TENANT,
        "clientId": OWNER.client_id,
        "clientSecret": OWNER.secret,
        "metadataHost": azure.url.removeprefix("https://"),
    }
    return Driver(Provider("3.29.0"), config)


@pytest.fixture
def client(azure):
    return Client(azure)


@pytest.fixture
def make(driver):
    made = []

    def create(token, name="web", /, **inputs):
        made.append(driver.create(driver.check(token, name, inputs)))
        return made[-1]

    yield create
    for one in reversed(made):
        driver.delete(one)


@pytest.fixture
def group(make):
    return make(GROUP, "shop", location="westeurope")


def place(group):
    return {"resourceGroupName": group.outputs["name"]}


TEMPLATE = {"containers": [{"name": "app", "image": "app:v1", "env": [{"name": "COLOR", "value": "blue"}]}]}


@pytest.fixture
def app(make, group):
    environment = make(ENVIRONMENT, **place(group))
    ingress = {"external": True, "targetPort": 8080, "traffic": [{"latestRevision": True, "weight": 100}]}
    configuration = {"activeRevisionsMode": "Multiple", "ingress": ingress}
    inputs = {"environmentId": environment.id, "configuration": configuration, "template": TEMPLATE}
    return make(APP, **place(group), **inputs)


def test_the_table_is_that_of_the_installed_sdk():
    assert generate.TABLE.read_text() == generate.text(generate.build()), (
        "the SDK or Microsoft's packages have changed: python -m localcloud.plugins.azure_native.generate"
    )
    assert set(table.tokens()) == set(TYPES)


def test_names_are_made_up_and_the_group_says_the_location(group, app, client):
    assert group.outputs["name"].startswith("shop")
    assert len(group.outputs["name"]) == len("shop") + 8
    told = client.ask("GET", app.id).json()
    assert told["location"] == app.outputs["location"] == "westeurope"
    assert app.outputs["latestRevisionFqdn"] == told["properties"]["latestRevisionFqdn"]
    assert app.outputs["configuration"]["ingress"]["fqdn"].endswith(".westeurope.azurecontainerapps.io")
    assert app.outputs["provisioningState"] == "Succeeded"
    assert app.outputs["azureApiVersion"] == "2025-02-02-preview"


def test_what_exists_is_not_created(driver, group, app):
    again = driver.check(APP, "web", app.inputs)
    with pytest.raises(CallFailed, match="cannot create already existing resource"):
        driver.create(again)


def test_what_the_sdk_cannot_send_is_refused(driver):
    with pytest.raises(Refused) as refused:
        driver.check(
            APP,
            "web",
            {
                "environment_id": "x",
                "configuration": {"ingress": {"targetPort": "80"}, "nothing": 1},
                "template": {"containers": {}},
            },
        )
    assert set(refused.value.failures) == {
        "environment_id",
        "configuration.ingress.targetPort",
        "configuration.nothing",
        "template.containers",
        "resourceGroupName",
    }


def test_what_only_the_providers_version_has_azure_takes_from_it(driver, app, client):
    changed = {**app.inputs, "patchingConfiguration": {"patchingMode": "Manual"}}
    assert driver.update(app, changed).outputs["patchingConfiguration"] == {"patchingMode": "Manual"}
    body = {"properties": {"patchingConfiguration": {"patchingMode": "Manual"}}}
    assert client.ask("PATCH", app.id, body, APPS).status_code == 400


def test_differences_and_what_replaces(driver, app):
    inputs = {**app.inputs, "environmentId": f"{app.inputs['environmentId']}2", "tags": {"a.b": "c"}}
    inputs["template"] = {"containers": [{**TEMPLATE["containers"][0], "image": "app:v2"}]}
    plan = driver.diff(app, inputs)
    assert plan.detailed == {
        "environmentId": "update-replace",
        "tags": "add",
        "template.containers[0].image": "update",
    }
    assert plan.replaces == ["environmentId"]
    assert driver.diff(app, app.inputs).changed == []
    assert (
        driver.diff(app, {**inputs, "environmentId": app.inputs["environmentId"]}, ["template", "tags"]).changed == []
    )


def test_an_update_sends_traffic_along_whoever_has_moved_it(driver, app, client):
    """So a program that declares it takes requests from whoever shifts them: what the swap owns is ignored there."""
    name = app.outputs["latestRevisionName"]
    configuration = {"ingress": {"traffic": [{"revisionName": name, "weight": 100}]}}
    client.wait("PATCH", app.id, {"properties": {"configuration": configuration}})
    updated = driver.update(app, {**app.inputs, "tags": {"a": "b"}})
    traffic = client.ask("GET", app.id).json()["properties"]["configuration"]["ingress"]["traffic"]
    assert traffic == [{"latestRevision": True, "weight": 100}]
    assert updated.outputs["tags"] == {"a": "b"}


def test_a_refresh_finds_what_others_have_changed(driver, app, client):
    assert driver.read(app).inputs == app.inputs
    client.wait("PATCH", app.id, {"properties": {"configuration": {"ingress": {"targetPort": 9090}}}})
    found = driver.read(app)
    assert found.inputs["configuration"]["ingress"]["targetPort"] == 9090
    assert found.inputs["template"] == app.inputs["template"]
    client.wait("DELETE", app.id)
    assert driver.read(app) is None


def test_a_write_that_fails_afterwards_keeps_the_id(driver, app):
    broken = {"containers": [{**TEMPLATE["containers"][0], "image": "app:v77"}]}
    inputs = driver.check(APP, "other", {**app.inputs, "containerAppName": "other", "template": broken})
    with pytest.raises(CallFailed, match="ContainerAppOperationError") as failed:
        driver.create(inputs)
    assert failed.value.trailing
    inputs.id = app.id.rpartition("/")[0] + "/other"
    driver.delete(inputs)


def test_a_preview_writes_nothing(driver, group, client):
    before = driver.provider.client.ask("GET", f"/subscriptions/{SUBSCRIPTION}/resourcegroups", RESOURCES)
    planned = driver.create(driver.check(GROUP, "planned", {"location": "westeurope"}), preview=True)
    assert (planned.id, planned.outputs["name"], planned.outputs["location"]) == ("", UNKNOWN, "westeurope")
    assert driver.provider.client.ask("GET", f"/subscriptions/{SUBSCRIPTION}/resourcegroups", RESOURCES) == before


def test_an_app_with_a_slot_and_its_own_settings(driver, make, group, client):
    plan = make(PLAN, **place(group), sku={"name": "S1", "tier": "Standard"}, reserved=True, kind="Linux")
    config = {"linuxFxVersion": "DOCKER|app:v1", "appSettings": [{"name": "COLOR", "value": "blue"}]}
    site = make(SITE, **place(group), serverFarmId=plan.id, siteConfig=config)
    slot = make(SLOT, "green", **place(group), name=site.outputs["name"], serverFarmId=plan.id, siteConfig=config)
    names = make(NAMES, **place(group), name=site.outputs["name"], appSettingNames=["WHERE"])
    assert slot.outputs["defaultHostName"] == f"{site.outputs['name']}-{slot.inputs['slot']}.azurewebsites.net"
    assert names.outputs["appSettingNames"] == ["WHERE"]
    assert driver.diff(site, {**site.inputs, "reserved": True}).replaces == ["reserved"]
    changed = driver.update(site, {**site.inputs, "httpsOnly": True})
    assert changed.outputs["httpsOnly"] is True
    driver.delete(names)
    assert client.ask("GET", names.id, version="2025-05-01").json()["properties"]["appSettingNames"] == []
