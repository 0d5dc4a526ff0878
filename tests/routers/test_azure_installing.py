"""A container app whose releases the swap itself installs: names, what is sent and kept, on Azure's stand-in."""

from __future__ import annotations

import copy
from collections import Counter

import pytest

from bluegreen.azure import client as azure_client
from bluegreen.azure.container_apps import releases, rules
from bluegreen.azure.container_apps.router import ContainerAppRouter
from bluegreen.fields import UNKNOWN, Fields
from bluegreen.platforms.routers import ROUTERS
from bluegreen.platforms.templates import suffix
from bluegreen.rollout.errors import InvalidInput, PlatformError
from bluegreen.rollout.model import Weights
from bluegreen.swap.service import SwapService
from localcloud.azure.roles import Principal, Role
from localcloud.load import Load
from tests.localcloud.azure_cases import colors
from tests.routers import azure_workshop
from tests.routers.azure_workshop import Patient
from tests.routers.azure_workshop import release as template
from tests.routers.azure_workshop import releases as templates

BLUE, GREEN = Weights.all_on("blue"), Weights.all_on("green")
names = iter(range(1, 1000))
APP = "/subscriptions/s/resourceGroups/g/providers/Microsoft.App/containerApps/web"


def section(app_id=APP, given=None, **more):
    return {
        "kind": "azure_container_app",
        "app_id": app_id,
        "templates": given or templates(),
        "owner": "project/stack/web",
        "made_with_it": True,
        **more,
    }


def router(app_id=APP, given=None, former=None, **more):
    kind, arguments = ROUTERS.parse(Fields(section(app_id, given, **more), "router"))
    return ROUTERS.build((kind, {**arguments, "former": former or {}}))


def problems(**more):
    fields = Fields(section(**more), "router")
    ROUTERS.parse(fields)
    return [str(problem) for problem in fields.problems]


@pytest.fixture
def app(azure):
    return azure_workshop.shell(azure, f"inst{next(names)}")


def revisions(app):
    found = app.client.ask("GET", f"{app.id}/revisions").json()["value"]
    return {one["name"].partition("--")[2]: one["properties"] for one in found}


def inputs(app, active="blue", given=None, **more):
    return {
        "name": "web",
        "active_color": active,
        "releases": {"blue": "v1", "green": "v2"},
        "router": section(app.id, given),
        "strategy": {"steps": [{"weight_percent": 10, "hold_seconds": 1}]},
        **more,
    }


# -- names


def test_the_same_release_has_the_same_revision_however_it_is_written():
    one = template("blue")
    one["containers"][0]["env"] = [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]
    one["containers"][0]["resources"] = {"cpu": 1.0, "memory": "2Gi"}
    another = {"containers": [dict(reversed(one["containers"][0].items()))], "scale": None}
    another["containers"][0]["env"] = list(reversed(one["containers"][0]["env"]))
    another["containers"][0]["resources"] = {"memory": "2Gi", "cpu": 1}
    assert suffix("blue", one) == suffix("blue", another)
    assert suffix("green", one).startswith("green-")
    another["containers"][0]["image"] = "shop.azurecr.io/app:v2"
    assert suffix("blue", one) != suffix("blue", another)


def test_the_section_tells_its_revisions_as_far_as_they_are_known():
    filled = ROUTERS.load("azure_container_app").filled_in
    assert filled(section())["revisions"]["green"] == suffix("green", template("green"))
    unknown = templates()
    unknown["green"]["containers"][0]["image"] = UNKNOWN
    assert filled(section(given=unknown))["revisions"]["green"] is UNKNOWN
    assert filled({**section(), "templates": UNKNOWN})["revisions"] is UNKNOWN
    named = {"revisions": {"blue": "web--a", "green": "web--b"}}
    assert filled(named) is named
    assert router().revisions["blue"] == f"web--{suffix('blue', template('blue'))}"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"revisions": {"blue": "web--a", "green": "web--b"}}, "one of revisions"),
        ({"templates": None}, "router.templates"),
        ({"app_id": f"{APP[:-3]}{'a' * 40}"}, "an app whose name has at most"),
    ],
)
def test_one_of_revisions_and_templates_is_given_and_fits(change, said):
    (problem,) = problems(**change)
    assert said in problem


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"revisionSuffix": "v1"}, "router.templates.green.revisionSuffix"),
        ({"containers": []}, "router.templates.green.containers"),
        ({"containers": [{"name": "app"}]}, "router.templates.green.containers[0].image"),
        (
            {"containers": [{"name": "app", "image": "a:1", "env": [{"name": "A", "value": "x", "secretRef": "y"}]}]},
            "router.templates.green.containers[0].env[0].secretRef",
        ),
        (
            {"containers": [{"name": "app", "image": "a:1", "env": [{"name": "A", "value": "amqp://u:pw@host"}]}]},
            "router.templates.green.containers[0].env[0].value",
        ),
        (
            {"containers": [{"name": "app", "image": "a:1", "env": [{"name": "A", "value": 1}]}]},
            "router.templates.green.containers[0].env[0].value",
        ),
    ],
)
def test_a_template_that_cannot_be_is_refused_by_its_field(change, field):
    (problem,) = problems(given={"blue": template("blue"), "green": {**template("green"), **change}})
    assert problem.startswith(field)
    assert "pw@" not in problem


# -- what is sent


def test_what_somebody_else_added_to_a_colors_last_revision_stays_and_what_was_declared_once_goes():
    wanted = template("green", "v2")
    former = template("green", "v1", probes=[{"type": "Liveness"}])
    former["scale"] = {"minReplicas": 1}
    base = copy.deepcopy(former)
    base["containers"][0]["env"].append({"name": "ADDED", "value": "by hand"})
    base["containers"].append({"name": "sidecar", "image": "proxy:1"})
    base["volumes"] = [{"name": "data", "storageType": "EmptyDir"}]
    base["revisionSuffix"] = "green-0"
    sent = releases.to_send(wanted, base, former, present={"scale": {"minReplicas": 3}, "serviceBinds": [{}]})
    (own, sidecar) = sent["containers"]
    assert own["image"] == "shop.azurecr.io/app:v2"
    assert own["env"] == [{"name": "COLOR", "value": "green"}, {"name": "ADDED", "value": "by hand"}]
    assert "probes" not in own
    assert sidecar == {"name": "sidecar", "image": "proxy:1"}
    assert sent["volumes"] == base["volumes"]
    assert {key: sent[key] for key in ("scale", "serviceBinds")} == {"scale": None, "serviceBinds": None}
    assert "revisionSuffix" not in sent


def test_what_a_merge_would_keep_of_the_newest_revision_is_taken_away():
    wanted = {**template("green"), "scale": {"maxReplicas": 2}}
    sent = releases.to_send(wanted, {}, {}, present={"scale": {"maxReplicas": 9, "minReplicas": 5, "rules": [{}]}})
    assert sent["scale"] == {"maxReplicas": 2, "minReplicas": None, "rules": None}


def test_the_base_is_the_colors_own_last_revision_and_never_a_strangers():
    def told(name, created, tag):
        return {"name": name, "properties": {"createdTime": created, "template": template("x", tag)}}

    listed = [
        told("web--green-11111111", "2026-01-01T00:00:00", "old"),
        told("web--green-22222222", "2026-01-02T00:00:00", "own"),
        told("web--blue-33333333", "2026-01-03T00:00:00", "blue's"),
        told("web--hotfix", "2026-01-04T00:00:00", "a stranger's"),
        told("web--green-by-hand", "2026-01-05T00:00:00", "a stranger's"),
    ]
    assert releases.last_own(listed, "web", "green")["containers"][0]["image"].endswith(":own")
    assert releases.last_own(listed, "other", "green") == {}


def test_a_variable_that_becomes_a_secret_loses_its_value():
    wanted = template("green")
    wanted["containers"][0]["env"] = [{"name": "DB", "secretRef": "db"}]
    base = template("green")
    base["containers"][0]["env"] = [{"name": "DB", "value": "plain"}]
    assert releases.to_send(wanted, base, base, {})["containers"][0]["env"] == [{"name": "DB", "secretRef": "db"}]


# -- installed


def test_a_release_is_installed_promoted_and_rolled_back_without_losing_a_request(app):
    service = SwapService(clock=Patient())
    _, outputs = service.create(inputs(app))
    released = templates(green="v2")
    news = inputs(app, "green", released)
    named = suffix("green", released["green"])
    with Load(f"{app.azure.plane.url}/", rate_per_second=200, host_header=app.host()) as load:
        assert service.diff(outputs, news).notes[0] == f"install green: image app:v2 as revision {named}, 0 %"
        outputs = service.update(outputs, news)
        assert colors(app.azure, app.host()) == {"green"}
        assert revisions(app)[named]["template"]["containers"][0]["image"].endswith(":v2")
        back = inputs(app, "blue", released)
        notes = service.diff(outputs, back).notes
        assert notes[0].startswith("blue: already installed: image app:v1 as revision blue-")
        outputs = service.update(outputs, back)
        assert outputs["history"][0]["outcome"] == "rolled_back"
    assert (load.result.failed, load.result.errors) == (0, {})
    assert not service.diff(outputs, back).changes


def test_an_idle_release_leaves_traffic_alone_also_where_it_went_to_the_latest_revision(app):
    SwapService(clock=Patient()).create(inputs(app))
    app.send({"latestRevision": True, "weight": 100})
    installed = router(app.id, templates(green="v2"))
    first = revisions(app)
    newest = app.body()["properties"]["latestReadyRevisionName"]
    installed.install("green")
    assert len(revisions(app)) == len(first) + 1
    assert app.rules() == [{"revisionName": newest, "weight": 100}]
    assert app.body()["properties"]["latestReadyRevisionName"] != newest


def test_a_release_is_not_made_of_what_a_stranger_made_last(app):
    service = SwapService(clock=Patient())
    _, outputs = service.create(inputs(app))
    hotfix = {**template("white"), "revisionSuffix": "hotfix", "scale": {"minReplicas": 2}}
    hotfix["containers"][0]["env"].append({"name": "HOTFIX", "value": "1"})
    app.client.wait("PATCH", app.id, {"properties": {"template": hotfix}})
    released = templates(green="v2")
    service.update(outputs, inputs(app, given=released))
    made = revisions(app)[suffix("green", released["green"])]["template"]
    assert made["containers"][0]["env"] == [{"name": "COLOR", "value": "green"}]
    assert "scale" not in made
    assert colors(app.azure, app.host()) == {"blue"}


def test_installing_what_is_there_makes_no_revision(app):
    for _ in range(2):
        router(app.id).install("blue")
        router(app.id).install("green")
    assert len(revisions(app)) == 2


def test_a_revision_of_that_name_which_runs_another_thing_is_refused_by_its_reason(app):
    named = suffix("green", template("green"))
    stranger = {**template("white"), "revisionSuffix": named}
    app.client.wait("PATCH", app.id, {"properties": {"template": stranger}})
    with pytest.raises(PlatformError, match=r"is not what its name says: its container app has another variable COLOR"):
        router(app.id).installed("green")


def test_another_release_of_the_live_color_is_refused_before_any_write(app):
    service = SwapService(clock=Patient())
    _, outputs = service.create(inputs(app))
    before = app.body()
    with pytest.raises(InvalidInput, match=r"router\.revisions\.blue"):
        service.update(outputs, inputs(app, given=templates(blue="v9")))
    assert app.body() == before


def test_a_release_that_does_not_start_is_no_error_of_its_installation_and_its_health_says_why(app):
    broken = router(app.id, templates(green="v77"))
    broken.install("green")
    health = broken.health("green")
    assert health.fatal
    assert "cannot be pulled" in health.reason
    assert colors(app.azure, app.host()) == {"blue"}


def test_an_installation_waits_for_somebody_elses_operation(app, monkeypatch):
    other = {**template("white"), "revisionSuffix": "hotfix"}
    made = router(app.id, templates(green="v2"))
    with app.at_work(monkeypatch, "bluegreen.azure.container_apps.router") as waited:
        assert app.client.ask("PATCH", app.id, {"properties": {"template": other}}).status_code == 202
        made.install("green")
    assert waited
    assert made.installed("green")


def test_an_app_in_single_mode_is_refused_before_a_release_would_take_all_requests(app):
    app.client.wait(
        "PATCH",
        app.id,
        {"properties": {"configuration": {"activeRevisionsMode": "Single", "ingress": {"traffic": []}}}},
    )
    with pytest.raises(PlatformError, match=r"cannot be installed in .* single revision mode"):
        router(app.id, templates(green="v2")).install("green")
    assert len(revisions(app)) == 1


def test_secrets_are_references_and_reach_the_release_alone(app):
    secret = templates()
    secret["green"]["containers"][0]["env"].append({"name": "DB", "secretRef": "db"})
    service = SwapService(clock=Patient())
    _, outputs = service.create(inputs(app, given=secret))
    made = revisions(app)[suffix("green", secret["green"])]
    assert {"name": "DB", "secretRef": "db"} in made["template"]["containers"][0]["env"]
    assert "s3cret" not in str(outputs)


def test_a_rule_for_the_latest_revision_becomes_one_by_its_name():
    def app_with(*told):
        return {
            "properties": {
                "latestReadyRevisionName": "web--b",
                "configuration": {"ingress": {"traffic": list(told)}},
            }
        }

    found = rules.with_latest_named(
        app_with({"revisionName": "web--b", "weight": 30}, {"latestRevision": True, "weight": 70})
    )
    assert found == [{"revisionName": "web--b", "weight": 100}]
    labelled = rules.with_latest_named(app_with({"latestRevision": True, "weight": 100, "label": "next"}))
    assert labelled == [{"weight": 100, "label": "next", "revisionName": "web--b"}]


def test_what_is_declared_is_enough_to_install_and_nothing_else_is_called(app, monkeypatch):
    declared = {permission.action for permission in ContainerAppRouter.permissions}
    app.azure.identity.principals["installs"] = Principal("installs", "installs", (Role(tuple(declared), app.id),))
    monkeypatch.setenv("AZURE_CLIENT_ID", "installs")
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "installs")
    azure_client._session.cache_clear()
    made_calls = []
    monkeypatch.setattr(azure_client, "note", made_calls.append)
    try:
        _, outputs = SwapService(clock=Patient()).create(inputs(app))
        SwapService(clock=Patient()).update(outputs, inputs(app, "green", templates(green="v2")))
    finally:
        azure_client._session.cache_clear()
    assert set(made_calls) == declared


def test_a_promotion_and_a_rollback_make_no_more_calls_than_these(app, monkeypatch):
    service, at_once = SwapService(clock=Patient()), {"strategy": {"steps": []}}
    _, outputs = service.create(inputs(app, **at_once))
    released = templates(green="v2")
    made: list[str] = []
    monkeypatch.setattr(azure_client, "note", lambda action: made.append(action.removeprefix("Microsoft.")))
    outputs = service.update(outputs, inputs(app, "green", released, **at_once))
    promotion, made[:] = Counter(made), []
    service.update(outputs, inputs(app, "blue", released, **at_once))
    rollback = Counter(made)
    assert promotion["App/containerApps/write"] == 3  # the release, the rehearsal, the shift
    assert rollback["App/containerApps/write"] == 1
    # How often the app is looked at, and the lease renewed, until Azure has done a write depends on the machine.
    assert promotion["App/containerApps/revisions/read"] == 3
    assert rollback["App/containerApps/revisions/read"] == 2


def test_an_image_that_the_update_itself_builds_is_told_in_the_preview(app):
    service = SwapService(clock=Patient())
    _, outputs = service.create(inputs(app))
    unknown = templates()
    unknown["green"]["containers"][0]["image"] = UNKNOWN
    for active in ("blue", "green"):
        news = inputs(app, active, unknown)
        checked, found = service.check(inputs(app), news)
        assert found == []
        difference = service.diff(outputs, checked)
        assert difference.notes[0] == "install green: what is known once this update has made it, 0 %"
        assert difference.changes
