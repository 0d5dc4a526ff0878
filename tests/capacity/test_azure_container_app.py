"""A container app's revisions at work and at rest, on Azure's stand-in."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from bluegreen.azure import client as azure_client
from bluegreen.azure.container_apps import capacity as module
from bluegreen.azure.container_apps.capacity import ContainerAppCapacity
from bluegreen.azure.container_apps.router import ContainerAppRouter
from bluegreen.fields import Fields
from bluegreen.platforms.capacities import CAPACITIES
from bluegreen.rollout.errors import PlatformError
from bluegreen.rollout.model import Size
from bluegreen.swap.service import SwapService
from localcloud.azure.roles import Principal, Role
from tests.localcloud.azure_cases import colors
from tests.routers import azure_workshop
from tests.routers.azure_workshop import Patient, releases

ON, OFF = Size(1, 1), Size(0, 0)
names = iter(range(1, 1000))


@pytest.fixture(scope="module")
def azure():
    with azure_workshop.running() as made:
        yield made


@pytest.fixture
def app(azure):
    return azure_workshop.build(azure, f"cap{next(names)}")


@pytest.fixture
def later(monkeypatch):
    """Lets the time of day pass for whoever asks when a color may rest."""
    passed = [timedelta(0)]
    monkeypatch.setattr(module, "_now", lambda: datetime.now(timezone.utc) + passed[0])

    def let_pass(seconds):
        passed[0] += timedelta(seconds=seconds)

    return let_pass


def capacity(app, **more):
    section = {"kind": "azure_container_app", "app_id": app.id}
    named = {"revisions": {color: app.revision(color) for color in ("blue", "green")}}
    parsed = CAPACITIES.parse(Fields({**section, **(more or named)}, "capacity"))
    return CAPACITIES.build(parsed)


def active(app):
    found = app.client.ask("GET", f"{app.id}/revisions").json()["value"]
    return {one["name"].partition("--")[2] for one in found if one["properties"]["active"]}


def ready(made, color):
    clock = Patient()
    for _ in range(100):
        if made.ready(color).ready:
            return True
        clock.sleep(1)
    return False


def test_a_revision_is_activated_before_traffic_and_deactivated_at_rest(app):
    assert capacity(app).read() == {"blue": ON, "green": ON}
    assert "green is deactivated" in capacity(app).retire("green", 0, 0)
    assert capacity(app).read()["green"] == OFF
    assert "is not active" in capacity(app).ready("green").reason
    assert capacity(app).retire("green", 0, 0) == "green is not active already"
    made = capacity(app)
    made.prepare("green", 1)
    assert ready(made, "green")
    made.prepare("green", 1)
    assert ready(made, "green")


def test_a_color_rests_by_the_first_update_after_its_delay(app, later):
    assert "by the first `pulumi up` after" in capacity(app).retire("green", 0, 600)
    assert capacity(app).overdue() == ()
    assert "green" in active(app)
    later(601)
    assert capacity(app).overdue() == ("green",)
    capacity(app).retire("green", 0, 0)
    assert capacity(app).overdue() == ()
    assert "green" not in active(app)
    assert app.body()["tags"] == {"team": "orders"}


def test_what_is_cancelled_or_has_traffic_again_never_rests(app, later):
    for cancel in (
        lambda: capacity(app).cancel_retirement("green"),
        lambda: capacity(app).resume_scaling(["green"]),
        lambda: capacity(app).delete(),
    ):
        capacity(app).retire("green", 0, 1)
        later(2)
        cancel()
        cancel()
        assert capacity(app).overdue() == ()


def test_a_revision_with_requests_is_never_deactivated(app):
    app.send(app.rule("white", 90), app.rule("green", 10))
    assert capacity(app).retire("green", 0, 0) == "green is not active already"
    assert "green" in active(app)


def test_a_size_at_rest_keeps_the_revision_active(app):
    assert capacity(app).retire("green", 1, 0) == "green keeps its revision active"
    assert "green" in active(app)


def test_a_revision_that_failed_is_stuck_and_started_afresh(app):
    app.client.done("PATCH", app.id, {"properties": {"template": azure_workshop.template("bad", "v77")}})
    made = capacity(app, revisions={"blue": app.revision("blue"), "green": app.revision("bad")})
    assert made.read()["green"] == Size(1, 0, stuck=True)
    assert made.ready("green").fatal
    made.prepare("green", 1)


def test_a_revision_has_the_replicas_that_its_scale_rules_ask_for_at_least(app):
    scaled = {**azure_workshop.template("two"), "scale": {"minReplicas": 2}}
    app.client.wait("PATCH", app.id, {"properties": {"template": scaled}})
    made = capacity(app, revisions={"blue": app.revision("blue"), "green": app.revision("two")})
    assert ready(made, "green")
    revision = made._revision("green")
    few = {**revision, "properties": {**revision["properties"], "replicas": 1}}
    made._found.keep({"blue": None, "green": few})
    assert made.ready("green").reason == f"revision {app.revision('two')}: 1 of 2 replicas run"


def test_an_action_waits_until_azure_is_not_at_work_on_the_app(app, monkeypatch):
    monkeypatch.setattr(module, "_BUSY_PAUSE_SECONDS", 0.3)
    assert app.client.ask("PATCH", app.id, {"properties": {"template": azure_workshop.template("red")}}).is_success
    assert "green is deactivated" in capacity(app).retire("green", 0, 0)


def test_a_role_that_may_not_deactivate_is_told_before_traffic_moves(app, monkeypatch):
    actions = {one.action for one in ContainerAppCapacity.permissions}
    few = tuple(actions - {"Microsoft.App/containerApps/revisions/deactivate/action"})
    app.azure.identity.principals["few"] = Principal("few", "few", (Role(few, app.id),))
    app.azure.identity.principals["all"] = Principal("all", "all", (Role(tuple(actions), app.id),))
    try:
        for who in ("all", "few"):
            monkeypatch.setenv("AZURE_CLIENT_ID", who)
            monkeypatch.setenv("AZURE_CLIENT_SECRET", who)
            azure_client._session.cache_clear()
            if who == "all":
                capacity(app).preflight("green", 1)
                capacity(app).preflight("green", 1, retires=False)
                continue
            with pytest.raises(PlatformError, match=r"revisions/deactivate/action: AuthorizationFailed"):
                capacity(app).preflight("green", 1)
    finally:
        azure_client._session.cache_clear()


def test_a_swap_installs_promotes_rests_and_goes_back_with_just_the_declared_actions(azure, later, monkeypatch):
    app = azure_workshop.shell(azure, f"cap{next(names)}")
    declared = {one.action for kind in (ContainerAppRouter, ContainerAppCapacity) for one in kind.permissions}
    azure.identity.principals["swap"] = Principal("swap", "swap", (Role(tuple(declared), app.id),))
    monkeypatch.setenv("AZURE_CLIENT_ID", "swap")
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "swap")
    azure_client._session.cache_clear()

    def inputs(active_color, tag="v2"):
        both = releases(green=tag)
        place = {"kind": "azure_container_app", "app_id": app.id, "templates": both}
        return {
            "name": "web",
            "active_color": active_color,
            "releases": {"blue": "v1", "green": tag},
            "router": {**place, "owner": "project/stack/web", "made_with_it": True},
            "capacity": place,
            "strategy": {"steps": [{"weight_percent": 10, "hold_seconds": 1}]},
            "scale_down_delay_seconds": 600,
        }

    try:
        service = SwapService(clock=Patient())
        _, outputs = service.create(inputs("blue"))
        outputs = service.update(outputs, inputs("green"))
        assert colors(azure, app.host()) == {"green"}
        assert len(active(app)) == 2
        later(601)
        difference = service.diff(outputs, inputs("green"))
        assert difference.changes
        assert "blue is brought to rest: it has had no traffic for its delay" in difference.notes
        outputs = service.update(outputs, inputs("green"))
        assert {name.partition("-")[0] for name in active(app)} == {"green"}
        assert not service.diff(outputs, inputs("green")).changes
        outputs = service.update(outputs, inputs("blue"))
        assert outputs["history"][0]["outcome"] == "rolled_back"
        assert colors(azure, app.host()) == {"blue"}
    finally:
        azure_client._session.cache_clear()
