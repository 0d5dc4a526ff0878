"""Container Apps, played: revisions, weights, labels, and real requests that go by them."""

import itertools
import time

import pytest

from localcloud import loopback
from localcloud.azure.cloud import Azure
from localcloud.azure.world import Pace
from localcloud.load import Load
from tests.localcloud.azure_cases import APPS, GROUP, POLL_SECONDS, RESOURCES, Client, colors, error, impatient

ENVIRONMENT = f"{GROUP}/providers/Microsoft.App/managedEnvironments/shop"
names = itertools.count(1)


@pytest.fixture(scope="module")
def azure():
    with Azure(pace=Pace(write=0.05, ready=60)) as made:
        yield made


@pytest.fixture(scope="module")
def client(azure):
    made = Client(azure)
    made.group()
    made.wait("PUT", ENVIRONMENT, {"location": "West Europe", "properties": {}})
    return made


def template(color, suffix="", tag="v1"):
    return {
        **({"revisionSuffix": suffix} if suffix else {}),
        "containers": [
            {
                "name": "app",
                "image": f"shop.azurecr.io/app:{tag}",
                "env": [{"name": "COLOR", "value": color}],
                "probes": [{"type": "Readiness", "httpGet": {"path": "/healthz", "port": 8080}}],
            }
        ],
    }


def traffic(**weights):
    return [{"revisionName": name, "weight": weight} for name, weight in weights.items()]


class App:
    """One in multiple mode, with a revision blue that has all requests by its name."""

    def __init__(self, azure, client, mode="Multiple"):
        self.azure, self.client = azure, client
        self.name = f"web{next(names)}"
        self.path = f"{GROUP}/providers/Microsoft.App/containerApps/{self.name}"
        blue = [{"revisionName": self.revision("blue"), "weight": 100}] if mode == "Multiple" else []
        configuration = {
            "activeRevisionsMode": mode,
            "ingress": {"external": True, "targetPort": 8080, "traffic": blue},
        }
        properties = {
            "environmentId": ENVIRONMENT,
            "configuration": configuration,
            "template": template("blue", "blue"),
        }
        client.wait("PUT", self.path, {"location": "West Europe", "properties": properties})

    def revision(self, suffix):
        return f"{self.name}--{suffix}"

    @property
    def body(self):
        return self.client.ask("GET", self.path).json()

    @property
    def host(self):
        return self.body["properties"]["configuration"]["ingress"]["fqdn"]

    def install(self, color, **more):
        self.client.wait("PATCH", self.path, {"properties": {"template": template(color, color, **more)}})

    def rules(self, *rules):
        return {"properties": {"configuration": {"ingress": {"traffic": list(rules)}}}}

    def shift(self, **weights):
        rules = [{"revisionName": self.revision(name), "weight": weight} for name, weight in weights.items()]
        self.client.wait("PATCH", self.path, self.rules(*rules))

    def told(self, suffix):
        return self.client.ask("GET", f"{self.path}/revisions/{self.revision(suffix)}").json()["properties"]

    def act(self, suffix, action):
        return self.client.ask("POST", f"{self.path}/revisions/{self.revision(suffix)}/{action}")


@pytest.fixture
def app(azure, client):
    return App(azure, client)


def who(azure, app):
    """The process behind an app's one revision."""
    return azure.plane._instances[app.revision("blue")].ports


def until(true):
    for _ in range(3000):
        if true():
            return
        time.sleep(POLL_SECONDS)
    pytest.fail("it did not come true")


def test_a_new_revision_takes_no_request_before_the_rules_name_it(azure, app):
    app.install("green")
    assert colors(azure, app.host) == {"blue"}
    assert app.told("green")["trafficWeight"] == 0
    assert (app.told("green")["provisioningState"], app.told("green")["healthState"]) == ("Provisioned", "Healthy")
    assert colors(azure, app.told("green")["fqdn"], 3) == {"green"}


def test_no_request_is_lost_over_a_promotion_and_its_rollback(azure, app):
    with Load(f"{azure.plane.url}/", rate_per_second=300, host_header=app.host) as load:
        app.install("green")
        app.shift(blue=90, green=10)
        assert colors(azure, app.host, 80) == {"blue", "green"}
        app.shift(blue=0, green=100)
        assert colors(azure, app.host) == {"green"}
        assert app.act("blue", "deactivate").status_code == 200
        app.act("blue", "activate")
        until(lambda: app.told("blue")["runningState"] == "Running")
        app.shift(blue=100, green=0)
        assert colors(azure, app.host) == {"blue"}
    assert (load.result.failed, load.result.errors) == (0, {})


def test_a_write_is_refused_while_another_one_runs(azure, app):
    with azure.world.operations.held():
        first = app.client.ask("PATCH", app.path, {"properties": {"template": template("green", "green")}})
        assert (first.status_code, app.body["properties"]["provisioningState"]) == (202, "InProgress")
        second = app.client.ask("PATCH", app.path, {"tags": {"a": "b"}})
        assert error(second) == (409, "ContainerAppOperationInProgress")
        assert error(app.act("blue", "restart")) == (409, "ContainerAppOperationInProgress")
        tags = {"operation": "Merge", "properties": {"tags": {"a": "b"}}}
        where = f"{app.path}/providers/Microsoft.Resources/tags/default"
        assert app.client.ask("PATCH", where, tags, RESOURCES).status_code == 409
    until(lambda: app.client.http.get(first.headers["Azure-AsyncOperation"]).json()["status"] == "Succeeded")
    assert app.client.http.get(first.headers["Location"]).json()["name"] == app.name
    assert app.client.ask("PATCH", where, tags, RESOURCES).json()["properties"]["tags"] == {"a": "b"}


def test_a_revision_that_does_not_get_ready_takes_nothing_and_fails_its_operation(azure, app, monkeypatch):
    for suffix, tag in (("bad", "broken"), ("none", "v77")):
        with impatient(azure, monkeypatch, 0.3):
            ended = app.client.done("PATCH", app.path, {"properties": {"template": template("green", suffix, tag)}})
        assert ended.json()["status"] == "Failed", ended.text
        assert ended.json()["error"]["code"] == "ContainerAppOperationError"
        assert app.body["properties"]["provisioningState"] == "Failed"
        told = app.told(suffix)
        assert (told["provisioningState"], told["healthState"]) == ("Failed", "Unhealthy")
        assert told["provisioningError"]
    assert colors(azure, app.host) == {"blue"}
    app.install("green")  # the next write is taken
    assert app.body["properties"]["latestReadyRevisionName"] == app.revision("green")


def test_latest_revision_takes_a_new_one_as_soon_as_it_is_ready(azure, app):
    app.client.wait("PATCH", app.path, app.rules({"latestRevision": True, "weight": 100}))
    app.install("green")
    assert colors(azure, app.host) == {"green"}
    app.client.wait("PATCH", app.path, app.rules())  # no rules at all are the same
    app.install("white")
    assert colors(azure, app.host) == {"white"}


def test_in_single_mode_the_new_revision_takes_all_and_the_old_one_is_deactivated(azure, client):
    app = App(azure, client, mode="Single")
    with Load(f"{azure.plane.url}/", rate_per_second=200, host_header=app.host) as load:
        app.install("green")
        assert colors(azure, app.host) == {"green"}
        assert app.told("blue")["active"] is False
    assert load.result.failed == 0


def test_weight_on_a_revision_that_is_not_active_fails_its_share_of_the_requests(azure, app):
    app.install("green")
    app.act("green", "deactivate")
    app.shift(blue=50, green=50)
    assert colors(azure, app.host, 60) == {"blue", "503"}
    assert colors(azure, app.told("green")["fqdn"], 1) == {"404"}


def test_a_label_is_a_host_name_of_its_own(azure, app):
    app.install("green")
    app.client.wait(
        "PATCH",
        app.path,
        app.rules(
            {"revisionName": app.revision("blue"), "weight": 100},
            {"revisionName": app.revision("green"), "weight": 0, "label": "next"},
        ),
    )
    assert colors(azure, app.host.replace(app.name, f"{app.name}---next"), 3) == {"green"}
    assert colors(azure, app.host) == {"blue"}


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ([("blue", 60)], "add up to 60"),
        ([("blue", 60), ("blue", 50)], "add up to 110"),
        ([("red", 100)], "there is no revision"),
        ([("blue", 150)], "allowed: 0 to 100"),
    ],
)
def test_rules_that_cannot_be_are_refused_and_change_nothing(azure, app, rules, said):
    given = [{"revisionName": app.revision(name), "weight": weight} for name, weight in rules]
    answer = app.client.ask("PATCH", app.path, app.rules(*given))
    assert error(answer) == (400, "ContainerAppInvalidConfiguration")
    assert said in answer.text
    assert colors(azure, app.host, 3) == {"blue"}


def test_revisions_never_change(app):
    other = app.client.ask("PATCH", app.path, {"properties": {"template": template("green", "blue")}})
    assert error(other) == (400, "RevisionAlreadyExists")
    app.client.wait("PATCH", app.path, {"properties": {"template": template("blue", "blue")}})
    app.client.wait("PATCH", app.path, {"properties": {"template": template("blue", tag="v2")}})
    listed = app.client.ask("GET", f"{app.path}/revisions").json()["value"]
    assert len(listed) == 2
    assert listed[1]["name"].startswith(f"{app.name}--")
    for suffix in ("Blue", "a--b", "-a", "x" * 60):
        answer = app.client.ask("PATCH", app.path, {"properties": {"template": template("blue", suffix)}})
        assert answer.status_code == 400, suffix


def test_secrets_reach_the_containers_and_are_told_by_one_call_alone(azure, app):
    secret = {"properties": {"configuration": {"secrets": [{"name": "color", "value": "violet"}]}}}
    made = template("green", "green")
    made["containers"][0]["env"] = [{"name": "COLOR", "secretRef": "color"}]
    app.client.wait("PATCH", app.path, {"properties": {**secret["properties"], "template": made}})
    assert colors(azure, app.told("green")["fqdn"], 2) == {"violet"}
    assert "violet" not in app.client.ask("GET", app.path).text
    assert app.client.ask("POST", f"{app.path}/listSecrets").json()["value"] == [{"name": "color", "value": "violet"}]
    made["containers"][0]["env"] = [{"name": "COLOR", "secretRef": "nobody"}]
    made["revisionSuffix"] = "red"
    assert app.client.ask("PATCH", app.path, {"properties": {"template": made}}).status_code == 400


def test_a_restart_loses_no_request(azure, app):
    with Load(f"{azure.plane.url}/", rate_per_second=200, host_header=app.host) as load:
        before = who(azure, app)
        assert app.act("blue", "restart").status_code == 200
        until(lambda: who(azure, app) != before)
    assert load.result.failed == 0


def test_an_app_that_is_deleted_is_gone_with_its_revisions(azure, app):
    host = app.host
    app.client.wait("DELETE", app.path)
    assert error(app.client.ask("GET", app.path)) == (404, "ResourceNotFound")
    assert app.client.ask("DELETE", app.path).status_code == 204
    assert loopback.get(azure.plane.url, headers={"Host": host}).status_code == 404


def test_everything_told_of_apps_and_revisions_is_in_microsofts_description(azure, app):
    from localcloud.azure.description import checking, load

    app.install("green")
    package = load(["azure-mgmt-appcontainers"])[0]
    listed = app.client.ask("GET", f"{app.path}/revisions").json()["value"]
    for kind, body in [("ContainerApp", app.body), *(("Revision", one) for one in listed)]:
        assert checking.problems(package, ("model", kind), body, partial=False) == []


def test_an_app_needs_its_group_and_environment(client):
    elsewhere = GROUP.replace("shop", "nowhere")
    body = {"location": "West Europe", "properties": {"environmentId": ENVIRONMENT, "template": template("blue")}}
    answer = client.ask("PUT", f"{elsewhere}/providers/Microsoft.App/containerApps/web", body)
    assert error(answer) == (404, "ResourceGroupNotFound")
    body["properties"]["environmentId"] = f"{ENVIRONMENT}-2"
    answer = client.ask("PUT", f"{GROUP}/providers/Microsoft.App/containerApps/web", body, APPS)
    assert error(answer) == (404, "ResourceNotFound")
