"""The stand-in for Pulumi's Google Cloud provider: what it sends, refuses, finds and waits for."""

import itertools

import pytest

from localcloud.google.cloud import PROJECT, REGION, Google
from localcloud.plugins.driver import CallFailed, Driver, Refused
from localcloud.plugins.gcp import generate, table
from localcloud.plugins.gcp.server import Provider
from localcloud.plugins.gcp.types import TYPES
from localcloud.plugins.values import UNKNOWN
from tests.localcloud.google_cases import PARENT, Client

SERVICE = "gcp:cloudrunv2/service:Service"
names = itertools.count(1)


@pytest.fixture(scope="module")
def google():
    with Google() as made:
        yield made


@pytest.fixture(autouse=True)
def led(google, monkeypatch, tmp_path):
    for name, value in google.env(tmp_path / "credentials.json").items():
        monkeypatch.setenv(name, value)
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
        monkeypatch.setenv(name, str(google.certificate))


@pytest.fixture
def driver():
    return Driver(Provider("10.2.0"), {})


@pytest.fixture
def client(google):
    return Client(google)


def container(color="blue", tag="v1"):
    return {
        "image": f"gcr.io/shop/app:{tag}",
        "envs": [{"name": "COLOR", "value": color}],
        "ports": {"containerPort": 8080},
        "commands": ["/app"],
    }


@pytest.fixture
def make(driver, client):
    made = []

    def create(**inputs):
        given = {"location": REGION, "deletionProtection": False, "template": {"containers": [container()]}, **inputs}
        made.append(driver.create(driver.check(SERVICE, f"web{next(names)}", given)))
        return made[-1]

    yield create
    for one in made:
        client.ask("DELETE", f"/v2/{one.id}")


def test_the_table_is_that_of_the_installed_sdk():
    assert generate.TABLE.read_text() == generate.text(generate.build()), (
        "the SDK or Google's descriptions have changed: python -m localcloud.plugins.gcp.generate"
    )
    assert set(table.tokens()) == set(TYPES)


def test_names_of_the_sdk_are_sent_as_google_has_them(make, client):
    made = make(labels={"team": "orders"})
    told = client.ask("GET", f"/v2/{made.id}").json()
    (sent,) = told["template"]["containers"]
    assert (sent["env"], sent["ports"], sent["command"]) == (
        [{"name": "COLOR", "value": "blue"}],
        [{"containerPort": 8080}],
        ["/app"],
    )
    assert told["labels"] == {"team": "orders", "goog-pulumi-provisioned": "true"}
    assert made.id == f"{PARENT}/services/{made.outputs['name']}"
    assert made.outputs["project"] == PROJECT
    assert made.outputs["uri"] == told["uri"]
    assert made.outputs["template"]["containers"] == [container()]
    assert made.outputs["labels"] == {"team": "orders"}
    assert made.outputs["terminalConditions"][0]["state"] == "CONDITION_SUCCEEDED"


def test_what_exists_is_not_created(driver, make):
    with pytest.raises(CallFailed, match="Error 409"):
        driver.create(driver.check(SERVICE, "again", make().inputs))


def test_what_the_sdk_cannot_send_is_refused(driver):
    with pytest.raises(Refused) as refused:
        driver.check(SERVICE, "web", {"template": {"containers": [{"env": []}]}, "traffic": []})
    assert set(refused.value.failures) == {
        "location",
        "template.containers[0].env",
        "template.containers[0].image",
        "traffic",
    }


def test_an_update_sends_traffic_labels_and_annotations_as_the_state_has_them(driver, make, client):
    """So a mere change of the image puts back what somebody has moved since: what the swap owns is not left to it."""
    made = make()
    path = f"/v2/{made.id}"
    blue = client.ask("GET", path).json()["latestReadyRevision"].rpartition("/")[2]
    by_name = {"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "revision": blue, "percent": 100}
    client.done(
        "PATCH", path, {"traffic": [by_name], "annotations": {"theirs": "kept"}}, updateMask="traffic,annotations"
    )
    changed = {**made.inputs, "template": {"containers": [container(tag="v2")]}}
    driver.update(made, changed)
    told = client.ask("GET", path).json()
    assert told.get("traffic") is None  # as it was when it was made: whatever is the latest gets all of it
    assert told["trafficStatuses"][0]["type"] == "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST"
    assert "annotations" not in told


def test_differences_and_what_replaces(driver, make):
    made = make()
    plan = driver.diff(
        made, {**made.inputs, "location": "us-central1", "template": {"containers": [container("green")]}}
    )
    assert plan.replaces == ["location"]
    assert plan.detailed == {"location": "update-replace", "template.containers[0].envs[0].value": "update"}
    assert driver.diff(made, {**made.inputs, "template": {"containers": [container(tag="v9")]}}, ["*"]).changed == []


def test_a_refresh_finds_what_others_have_changed(driver, make, client):
    made = make()
    assert driver.read(made).inputs == made.inputs
    template = {"containers": [{"image": "gcr.io/shop/app:v2"}]}
    client.done("PATCH", f"/v2/{made.id}", {"template": template}, updateMask="template")
    assert driver.read(made).inputs["template"]["containers"][0]["image"] == "gcr.io/shop/app:v2"
    client.done("DELETE", f"/v2/{made.id}")
    assert driver.read(made) is None


def test_a_service_whose_revision_does_not_start_reaches_the_state(driver, client):
    broken = {"location": REGION, "template": {"containers": [container(tag="v77")]}}
    inputs = driver.check(SERVICE, f"web{next(names)}", broken)
    with pytest.raises(CallFailed, match=r"Image 'gcr\.io/shop/app:v77' not found") as failed:
        driver.create(inputs)
    assert failed.value.trailing
    client.ask("DELETE", f"/v2/{PARENT}/services/{inputs.inputs['name']}")


def test_one_that_is_protected_is_not_deleted(driver, make, client):
    made = make(deletionProtection=True)
    with pytest.raises(CallFailed, match="deletion_protection=false"):
        driver.delete(made)
    freed = driver.update(made, {**made.inputs, "deletionProtection": False})
    driver.delete(freed)
    assert client.ask("GET", f"/v2/{made.id}").status_code == 404


def test_a_preview_writes_nothing(driver, client):
    given = {"name": "planned", "location": REGION, "template": {"containers": [container()]}}
    planned = driver.create(driver.check(SERVICE, "planned", given), preview=True)
    assert (planned.id, planned.outputs["uri"], planned.outputs["location"]) == ("", UNKNOWN, REGION)
    assert client.ask("GET", f"/v2/{PARENT}/services/planned").status_code == 404
