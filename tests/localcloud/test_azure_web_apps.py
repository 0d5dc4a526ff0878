"""App Service with deployment slots, played: what a swap does, in what order, and what requests see of it."""

import itertools
import time
from dataclasses import replace

import pytest
from azure.identity import ClientSecretCredential
from azure.mgmt.web import WebSiteManagementClient

from localcloud import loopback
from localcloud.azure.cloud import OWNER, SUBSCRIPTION, Azure
from localcloud.azure.identity import TENANT
from localcloud.azure.world import Pace
from localcloud.load import Load
from tests.localcloud.azure_cases import GROUP, POLL_SECONDS, RESOURCES, WEB, Client, colors, error, impatient

PLAN = f"{GROUP}/providers/Microsoft.Web/serverfarms/plan"
names = itertools.count(1)


@pytest.fixture(scope="module")
def azure():
    with Azure(pace=Pace(write=0.05, ready=60, restart=0.1)) as made:
        yield made


@pytest.fixture(scope="module")
def client(azure):
    made = Client(azure)
    made.group()
    made.wait("PUT", PLAN, {"location": "westeurope", "sku": {"name": "S1", "tier": "Standard"}}, WEB)
    return made


class App:
    """One with blue in production and green in the slot `staging`; the slot's own setting is `WHERE`."""

    def __init__(self, azure, client):
        self.azure, self.client = azure, client
        self.name = f"web{next(names)}"
        self.path = f"{GROUP}/providers/Microsoft.Web/sites/{self.name}"
        self.slot = f"{self.path}/slots/staging"
        self.host, self.slot_host = f"{self.name}.azurewebsites.net", f"{self.name}-staging.azurewebsites.net"
        self.put(self.path, "blue", "production")
        self.put(self.slot, "green", "staging")
        sticky = {"properties": {"appSettingNames": ["WHERE", "WEBSITE_SWAP_WARMUP_PING_PATH"]}}
        client.wait("PUT", f"{self.path}/config/slotConfigNames", sticky, WEB)

    def put(self, path, color, where, tag="v1", **settings):
        given = {"COLOR": color, "WHERE": where, **settings}
        config = {
            "linuxFxVersion": f"DOCKER|shop.azurecr.io/app:{tag}",
            "appSettings": [{"name": name, "value": value} for name, value in given.items()],
        }
        body = {"location": "westeurope", "properties": {"serverFarmId": PLAN, "siteConfig": config}}
        self.client.wait("PUT", path, body, WEB)

    def get(self, path=""):
        return self.client.ask("GET", path or self.path, version=WEB).json()

    def settings(self, path):
        answer = self.client.ask("POST", f"{path}/config/appsettings/list", version=WEB)
        return answer.json()["properties"]

    def ask(self, verb, path, body=None):
        return self.client.ask(verb, path, body, WEB)

    def start_swap(self, path=None, target="production"):
        return self.ask("POST", f"{path or self.slot}/slotsswap", {"targetSlot": target, "preserveVnet": True})

    def swap(self):
        body = {"targetSlot": "production", "preserveVnet": True}
        return self.client.done("POST", f"{self.slot}/slotsswap", body, WEB)

    def ramp(self, percent, host=None):
        rule = {"name": "staging", "actionHostName": host or self.slot_host, "reroutePercentage": percent}
        rules = {"experiments": {"rampUpRules": [rule] if percent else []}}
        return self.ask("PATCH", f"{self.path}/config/web", {"properties": rules})

    def idle(self):
        until(lambda: "inProgressOperationId" not in self.get()["properties"])


@pytest.fixture
def app(azure, client):
    return App(azure, client)


def until(true):
    for _ in range(3000):
        if true():
            return
        time.sleep(POLL_SECONDS)
    pytest.fail("it did not come true")


def test_a_swap_exchanges_the_contents_and_production_loses_no_request(azure, app):
    with Load(f"{azure.plane.url}/", rate_per_second=300, host_header=app.host) as load:
        assert app.swap().status_code == 200
        assert colors(azure, app.host) == {"green"}
        assert colors(azure, app.slot_host) == {"blue"}
        assert app.swap().status_code == 200  # and back
        assert colors(azure, app.host) == {"blue"}
    assert (load.result.failed, load.result.errors) == (0, {})
    told = app.get()["properties"]["slotSwapStatus"]
    assert (told["sourceSlotName"], told["destinationSlotName"]) == ("staging", "production")


def test_the_slot_that_is_the_source_is_restarted_while_the_target_goes_on(azure, app, monkeypatch):
    """So production belongs on the target's side: as the source it is down for a while."""
    monkeypatch.setattr(azure.world, "pace", replace(azure.world.pace, restart=2))  # the load comes in it for sure
    with (
        Load(f"{azure.plane.url}/", rate_per_second=100, host_header=app.host) as production,
        Load(f"{azure.plane.url}/", rate_per_second=100, host_header=app.slot_host) as staging,
    ):
        app.client.done("POST", f"{app.path}/slotsswap", {"targetSlot": "staging", "preserveVnet": True}, WEB)
    assert production.result.failed > 0
    assert staging.result.failed == 0


def test_settings_of_a_slot_stay_where_they_are_and_all_others_move(azure, app):
    config = {"properties": {"alwaysOn": True, "webSocketsEnabled": True}}
    app.ask("PATCH", f"{app.slot}/config/web", config)
    tags = {"operation": "Merge", "properties": {"tags": {"slot": "staging"}}}
    app.client.ask("PATCH", f"{app.slot}/providers/Microsoft.Resources/tags/default", tags, RESOURCES)
    app.swap()
    assert app.settings(app.path) == {"COLOR": "green", "WHERE": "production"}
    assert app.settings(app.slot) == {"COLOR": "blue", "WHERE": "staging"}
    told = {path: app.get(f"{path}/config/web")["properties"] for path in (app.path, app.slot)}
    assert told[app.path].get("webSocketsEnabled") is True
    assert told[app.slot].get("webSocketsEnabled") is None
    assert told[app.slot].get("alwaysOn") is True
    assert told[app.path].get("alwaysOn") is None
    assert app.get(app.slot)["tags"] == {"slot": "staging"}


def test_everything_is_locked_while_a_swap_runs(azure, app):
    with azure.world.operations.held():
        begun = app.start_swap()
        assert begun.status_code == 202
        assert app.get()["properties"]["inProgressOperationId"]
        setting = {"properties": {"COLOR": "red"}}
        tags = {"operation": "Merge", "properties": {"tags": {"a": "b"}}}
        for path in (app.path, app.slot):
            for answer in (
                app.start_swap(app.slot),
                app.ask("PUT", f"{path}/config/appsettings", setting),
                app.ask("PATCH", f"{path}/config/web", {"properties": {"alwaysOn": True}}),
                app.ask("PATCH", path, {"properties": {"httpsOnly": True}}),
                app.ask("POST", f"{path}/restart"),
                app.ask("DELETE", path),
                app.client.ask("PATCH", f"{path}/providers/Microsoft.Resources/tags/default", tags, RESOURCES),
            ):
                assert error(answer) == (409, "Conflict"), answer.request
        assert app.client.http.get(begun.headers["Location"]).status_code == 202
    app.idle()
    assert app.client.http.get(begun.headers["Location"]).json()["name"] == app.name
    assert colors(azure, app.host) == {"green"}
    assert app.ask("PUT", f"{app.slot}/config/appsettings", setting).status_code == 200


def test_a_swap_sent_twice_is_a_swap_and_its_return(azure, app):
    app.swap()
    app.swap()
    assert colors(azure, app.host) == {"blue"}


@pytest.mark.parametrize("case", ["image", "statuses"])
def test_a_source_that_does_not_come_up_ends_the_swap_and_is_as_before(azure, app, monkeypatch, case):
    if case == "image":
        app.ask("PATCH", f"{app.slot}/config/web", {"properties": {"linuxFxVersion": "DOCKER|app:v99"}})
    else:
        warm = {"WEBSITE_SWAP_WARMUP_PING_PATH": "/healthz", "WEBSITE_SWAP_WARMUP_PING_STATUSES": "200,202"}
        app.put(app.path, "blue", "production", **warm)
        app.put(app.slot, "green", "staging", tag="broken", **warm)
    before = app.settings(app.slot)
    with impatient(azure, monkeypatch, 5):  # what does get ready is restarted in here, too
        ended = app.swap()
    assert error(ended) == (409, "Conflict")
    assert "'staging'" in ended.json()["Message"]
    assert colors(azure, app.host) == {"blue"}
    assert app.settings(app.slot) == before
    assert "slotSwapStatus" not in app.get()["properties"]
    assert "inProgressOperationId" not in app.get()["properties"]


def test_without_statuses_any_answer_is_warm_enough(azure, app):
    app.put(app.slot, "green", "staging", tag="broken")
    assert app.swap().status_code == 200
    assert loopback.get(f"{azure.plane.url}/healthz", headers={"Host": app.host}).status_code == 503


def test_a_part_of_new_clients_goes_to_the_slot_and_stays_there(azure, app):
    assert app.ramp(30).status_code == 200
    assert colors(azure, app.host, 60) == {"blue", "green"}
    with loopback.client(base_url=azure.plane.url, headers={"Host": app.host}) as client:
        asked = [client.get("/") for _ in range(30)]
        assert len({one.headers["x-color"] for one in asked}) == 1
        name = {"blue": "self", "green": "staging"}[asked[0].headers["x-color"]]
        assert asked[0].cookies["x-ms-routing-name"] == name
        assert "Max-Age=3600" in asked[0].headers["set-cookie"]
    assert app.ramp(100).status_code == 200
    assert colors(azure, app.host) == {"green"}
    assert colors(azure, app.host, Cookie="x-ms-routing-name=self") == {"blue"}
    assert app.ramp(0).status_code == 200
    assert colors(azure, app.host) == {"blue"}
    assert colors(azure, app.host, Cookie="x-ms-routing-name=staging") == {"green"}  # it has an hour


def test_rules_stay_with_production_in_a_swap_so_the_mix_is_inverted_until_they_are_cleared(azure, app):
    app.ramp(25)
    app.swap()
    seen = [loopback.get(azure.plane.url, headers={"Host": app.host}).headers["x-color"] for _ in range(200)]
    assert seen.count("green") > seen.count("blue") > 0
    app.ramp(0)
    assert colors(azure, app.host) == {"green"}


def test_rules_that_lead_nowhere_are_refused(app):
    assert error(app.ramp(10, host="elsewhere.azurewebsites.net")) == (400, "BadRequest")
    assert error(app.ramp(110)) == (400, "BadRequest")
    assert error(app.ramp("10")) == (400, "InvalidRequestContent")


def test_a_swap_with_preview_stops_after_its_first_phase_and_is_completed_or_taken_back(azure, app):
    body = {"targetSlot": "production", "preserveVnet": True}
    for end in ("reset", "complete"):
        assert app.ask("POST", f"{app.slot}/applySlotConfig", body).status_code == 200
        app.idle()
        assert app.get(app.slot)["properties"]["targetSwapSlot"] == "production"
        assert app.settings(app.slot) == {"COLOR": "green", "WHERE": "production"}
        assert colors(azure, app.host) == {"blue"}
        assert colors(azure, app.slot_host) == {"green"}
        refused = app.ask("PUT", f"{app.slot}/config/appsettings", {"properties": {}})
        assert "prepared for swap" in refused.json()["Message"]
        if end == "reset":
            assert app.ask("POST", f"{app.slot}/resetSlotConfig").status_code == 200
            app.idle()
            assert app.settings(app.slot) == {"COLOR": "green", "WHERE": "staging"}
        else:
            assert app.swap().status_code == 200
        assert "targetSwapSlot" not in app.get(app.slot)["properties"]
    assert colors(azure, app.host) == {"green"}
    assert app.settings(app.slot) == {"COLOR": "blue", "WHERE": "staging"}


def test_plans_have_slots_or_have_none(client):
    plan = PLAN + "-basic"
    client.wait("PUT", plan, {"location": "westeurope", "sku": {"name": "B1"}}, WEB)
    site = f"{GROUP}/providers/Microsoft.Web/sites/basic"
    body = {"location": "westeurope", "properties": {"serverFarmId": plan}}
    client.wait("PUT", site, body, WEB)
    refused = client.ask("PUT", f"{site}/slots/staging", body, WEB)
    assert error(refused) == (409, "Conflict")
    assert "'Basic' SKU" in refused.json()["Message"]


def test_a_stopped_app_answers_so_and_is_not_swapped(azure, app):
    assert app.ask("POST", f"{app.slot}/stop").status_code == 200
    assert colors(azure, app.slot_host, 2) == {"403"}
    assert error(app.start_swap()) == (409, "Conflict")
    assert app.ask("POST", f"{app.slot}/start").status_code == 200
    until(lambda: colors(azure, app.slot_host, 2) == {"green"})


def test_microsofts_own_client_swaps(azure, app):
    credential = ClientSecretCredential(
        TENANT,
        OWNER.client_id,
        OWNER.secret,
        authority=azure.url,
        disable_instance_discovery=True,
        connection_verify=str(azure.certificate),
    )
    sdk = WebSiteManagementClient(
        credential,
        SUBSCRIPTION,
        base_url=azure.url,
        connection_verify=str(azure.certificate),
        credential_scopes=["https://management.azure.com/.default"],
        polling_interval=0.05,
    )
    swapped = {"targetSlot": "production", "preserveVnet": True}
    sdk.web_apps.begin_swap_slot("shop", app.name, "staging", swapped).result()
    assert colors(azure, app.host) == {"green"}
    (slot,) = sdk.web_apps.list_slots("shop", app.name)
    assert slot.name == f"{app.name}/staging"
    assert slot.properties.slot_swap_status.source_slot_name == "staging"


def test_everything_told_of_apps_and_their_settings_is_in_microsofts_description(app):
    from localcloud.azure.description import checking, load

    app.swap()
    package = load(["azure-mgmt-web"])[0]
    for kind, path in [
        ("Site", app.path),
        ("Site", app.slot),
        ("SiteConfigResource", f"{app.path}/config/web"),
        ("SlotConfigNamesResource", f"{app.path}/config/slotConfigNames"),
    ]:
        assert checking.problems(package, ("model", kind), app.get(path), partial=False) == [], path
