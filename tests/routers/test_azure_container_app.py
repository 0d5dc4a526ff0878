"""A container app's traffic rules: what is kept, refused and waited for, on Azure's stand-in."""

import threading
import time

import httpx
import pytest

from bluegreen.azure import client as azure_client
from bluegreen.azure.client import AzureConnection
from bluegreen.azure.container_apps import router as container_apps_router
from bluegreen.azure.container_apps import rules
from bluegreen.azure.container_apps.router import ContainerAppRouter
from bluegreen.clients import apis
from bluegreen.clients.http import Answer, Http
from bluegreen.fields import Fields
from bluegreen.platforms.routers import ROUTERS
from bluegreen.rollout import calls
from bluegreen.rollout.calls import counted
from bluegreen.rollout.clock import FakeClock
from bluegreen.rollout.errors import NotOwned, PlatformError, TrafficMoved
from bluegreen.rollout.model import Convergence, Weights
from bluegreen.swap.service import SwapService
from localcloud import loopback
from localcloud.azure.roles import Principal, Role
from localcloud.load import Load
from tests.localcloud.azure_cases import colors
from tests.routers import azure_workshop

BLUE, GREEN = Weights.all_on("blue"), Weights.all_on("green")
names = iter(range(1, 1000))


@pytest.fixture
def app(azure):
    return azure_workshop.build(azure, f"own{next(names)}")


def router(app, **more):
    section = azure_workshop.section(app, **more)
    kind, arguments = ROUTERS.parse(Fields(section, "router"))
    return ROUTERS.build((kind, arguments))


def test_a_swap_and_its_rollback_lose_no_request(app):
    service = SwapService(clock=FakeClock())
    inputs = {
        "name": "orders",
        "active_color": "blue",
        "releases": {"blue": "v1", "green": "v2"},
        "router": azure_workshop.section(app),
        "strategy": {"steps": [{"weight_percent": 10, "hold_seconds": 1}]},
    }
    app.send(app.rule("blue", 100))
    with Load(f"{app.azure.plane.url}/", rate_per_second=200, host_header=app.host()) as load:
        _, outputs = service.create(inputs)
        assert colors(app.azure, app.host()) == {"blue"}
        outputs = service.update({**inputs, **outputs}, {**inputs, "active_color": "green"})
        assert outputs["live_color"] == "green"
        assert colors(app.azure, app.host()) == {"green"}
        outputs = service.update({**inputs, **outputs, "active_color": "green"}, inputs)
        assert outputs["history"][0]["outcome"] == "rolled_back"
        assert colors(app.azure, app.host()) == {"blue"}
    assert (load.result.failed, load.result.errors) == (0, {})
    service.delete({**inputs, **outputs})
    assert colors(app.azure, app.host()) == {"blue"}  # requests stay as they are
    assert app.body()["tags"] == {"team": "orders"}


def test_what_others_have_in_the_rules_stays(app):
    app.send(
        app.rule("white", 90, label="old"),
        app.rule("green", 10, label="next"),
        app.rule("blue", 0),
    )
    made = router(app)
    made.read()
    made.write(Weights.split("green", 25))
    assert app.rules() == [
        app.rule("white", 0, label="old"),
        app.rule("blue", 75),
        app.rule("green", 25, label="next"),
    ]
    made.write(BLUE)
    assert app.rules() == [
        app.rule("white", 0, label="old"),
        app.rule("blue", 100),
        app.rule("green", 0, label="next"),
    ]
    assert app.body()["tags"]["team"] == "orders"
    assert app.body()["properties"]["configuration"]["ingress"]["targetPort"] == 8080


def test_a_revision_is_named_before_the_next_release_can_take_its_requests(app):
    app.send({"latestRevision": True, "weight": 100})  # that is green, the newest one
    made = router(app, made_with_it=False)
    made.read()
    with pytest.raises(NotOwned, match="would move it"):
        made.write(BLUE)
    made.write(GREEN)
    assert app.rules() == [app.rule("green", 100)]
    app.send({"latestRevision": True, "weight": 100})
    assert made.read().weights == GREEN
    assert made.verify(GREEN) is Convergence.PENDING  # as drift: the next release would be live at once
    app.client.wait("PATCH", app.id, {"properties": {"template": azure_workshop.template("red")}})
    assert router(app).read().weights == Weights()


def test_an_app_that_leads_elsewhere_is_not_taken_over(app):
    for wanted in (BLUE, GREEN, Weights.split("blue", 50)):
        made = router(app, made_with_it=False)
        made.read()
        with pytest.raises(NotOwned, match="would move it"):
            made.write(wanted)
    assert app.rules() == [app.rule("white", 100)]
    assert app.body()["tags"] == {"team": "orders"}


def test_an_app_in_single_mode_or_without_ingress_is_refused_by_its_reason(app):
    app.client.wait("PATCH", app.id, {"properties": {"configuration": {"ingress": None}}})
    with pytest.raises(PlatformError, match="no ingress"):
        router(app).write(BLUE)
    app.client.wait("PATCH", app.id, {"properties": {"configuration": {"activeRevisionsMode": "Single"}}})
    with pytest.raises(PlatformError, match="single revision mode"):
        router(app).write(BLUE)


def test_a_write_waits_for_somebody_elses_operation_and_not_over_moved_traffic(app, monkeypatch):
    made = router(app)
    made.write(BLUE)
    path = {"properties": {"template": azure_workshop.template("red")}}
    with app.at_work(monkeypatch, "bluegreen.azure.container_apps.router"):
        assert app.client.ask("PATCH", app.id, path).status_code == 202
        made.write(GREEN)
    assert made.read().weights == GREEN
    other = {"properties": {"configuration": {"ingress": {"traffic": [app.rule("blue", 100)]}}}}
    made.read()
    with app.at_work(monkeypatch, "bluegreen.azure.container_apps.router"):
        assert app.client.ask("PATCH", app.id, other).status_code == 202
        with pytest.raises(TrafficMoved, match="somebody else moved the traffic of "):
            made.write(Weights.split("green", 50))
    assert router(app).read().weights == BLUE


def test_marks_wait_for_an_operation(app, monkeypatch):
    made = router(app)
    made.write(BLUE)
    with app.at_work(monkeypatch, "bluegreen.azure.tags") as waited:
        body = {"properties": {"template": azure_workshop.template("red")}}
        assert app.client.ask("PATCH", app.id, body).status_code == 202
        made.mark({"lease.1": "x"})
    assert waited
    assert router(app).marks() == {"lease.1": "x"}


def test_health_says_what_is_wrong_with_a_revision(app):
    assert router(app).health("blue").ready
    app.client.ask("POST", f"{app.id}/revisions/{app.revision('blue')}/deactivate")
    assert router(app).health("blue").reason == f"revision {app.revision('blue')} is not active"
    failing = {"properties": {"template": azure_workshop.template("bad", "v77")}}
    app.client.done("PATCH", app.id, failing)
    revisions = {"blue": app.revision("bad"), "green": app.revision("nobody")}
    bad, nobody = (router(app, revisions=revisions).health(color) for color in ("blue", "green"))
    assert (bad.fatal, "cannot be pulled" in bad.reason) == (True, True)
    assert (nobody.fatal, nobody.reason) == (True, f"revision {app.revision('nobody')} does not exist")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"app_id": "web"}, "router.app_id"),
        ({"revisions": {"blue": "a", "green": "a"}}, "router.revisions.green"),
        ({"azure": {"region": "x"}}, "router.azure.region"),
        ({"azure": {"endpoint_url": "https://u:p@host"}}, "router.azure.endpoint_url"),
    ],
)
def test_what_cannot_be_is_refused_by_its_name(change, field):
    section = {
        "kind": "azure_container_app",
        "app_id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.App/containerApps/web",
        "revisions": {"blue": "web--a", "green": "web--b"},
        "owner": "project/stack/web",
        **change,
    }
    fields = Fields(section, "router")
    ROUTERS.parse(fields)
    assert [problem.field for problem in fields.problems] == [field]


def test_what_is_declared_is_enough_and_nothing_else_is_called(app, monkeypatch):
    """By a role of just the declared actions, which the stand-in enforces."""
    declared = {permission.action for permission in ContainerAppRouter.permissions}
    narrow = Principal("narrow", "narrow", (Role(tuple(declared), app.id),))
    app.azure.identity.principals["narrow"] = narrow
    monkeypatch.setenv("AZURE_CLIENT_ID", "narrow")
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "narrow")
    azure_client._session.cache_clear()
    made_calls = []
    try:
        with counted(made_calls.append):
            made = router(app)
            made.read()
            for weights in (BLUE, GREEN):
                made.write(weights)
                made.verify(weights)
            made.health("green")
            made.mark({"lease.1": "x"})
            made.mark({"lease.1": None})
            made.delete()
    finally:
        azure_client._session.cache_clear()
    assert set(made_calls) == declared


def test_a_role_that_lacks_an_action_is_told_by_it(app, monkeypatch):
    app.azure.identity.principals["reader"] = Principal("reader", "reader", (Role(("*/read",), app.id),))
    monkeypatch.setenv("AZURE_CLIENT_ID", "reader")
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "reader")
    azure_client._session.cache_clear()
    try:
        with pytest.raises(PlatformError, match=r"Microsoft\.App/containerApps/write: AuthorizationFailed"):
            router(app).write(BLUE)
        monkeypatch.setenv("AZURE_CLIENT_SECRET", "wrong-secret")
        azure_client._session.cache_clear()
        with pytest.raises(PlatformError, match="no token of Microsoft Entra ID") as refused:
            router(app).read()
        assert "wrong-secret" not in str(refused.value)
    finally:
        azure_client._session.cache_clear()


class Flaky:
    """Answers as the test says, then as the one behind it."""

    def __init__(self, behind, *answers):
        self.behind, self.answers, self.asked = behind, list(answers), 0

    def send(self, *where, **more):
        self.asked += 1
        if not self.answers:
            return self.behind(Http(), *where, **more)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return Answer(answer.status_code, answer.content, headers=answer.headers)


@pytest.fixture
def flaky(app, monkeypatch):
    """Exchanges that fail first, and no real pauses: (seconds of each, tell)."""
    pauses = []
    monkeypatch.setattr(apis, "pause", pauses.append)
    behind = Http.send

    def tell(*answers):
        made = Flaky(behind, *answers)
        monkeypatch.setattr(Http, "send", lambda _http, *where, **more: made.send(*where, **more))
        return made

    return pauses, tell


def test_what_fails_is_tried_again_a_few_times_and_what_is_throttled_when_azure_says(app, flaky):
    pauses, tell = flaky
    busy = httpx.Response(503, json={"error": {"code": "ServiceUnavailable", "message": "later"}})
    tell(busy, httpx.ConnectError("refused"))
    assert router(app).read().weights == Weights()
    assert len(pauses) == 2
    pauses.clear()
    tell(httpx.Response(429, headers={"Retry-After": "7"}))
    router(app).read()
    assert 7 <= pauses[0] <= 8
    pauses.clear()
    transport = tell(*[httpx.Response(500) for _ in range(20)])
    with pytest.raises(PlatformError, match=r"Microsoft\.App/containerApps/read: status 500"):
        router(app).read()
    assert transport.asked == 5
    pauses.clear()
    tell(*[httpx.ReadTimeout("late") for _ in range(20)])
    with pytest.raises(PlatformError, match="could not be reached: late"):
        router(app).read()


def test_a_write_whose_reply_was_lost_is_sent_again_and_asks_each_time_whether_it_may(app, flaky):
    _pauses, tell = flaky
    tell()
    made = router(app)
    made.write(BLUE)
    made.read()
    tell(httpx.ReadTimeout("lost"))
    asked = []
    with calls.guarded(lambda: asked.append(1)):
        made.write(GREEN)
    assert len(asked) == 2
    assert app.rules() == [app.rule("green", 100)]


def test_a_write_whose_reply_was_lost_while_azure_is_at_work_on_it_is_no_strangers(app, monkeypatch):
    """Sent again, it is refused for the sake of its own earlier try; what that comes to is as it was wanted."""
    made, change, refused = router(app), azure_client.Session.change, []
    made.write(BLUE)
    made.read()

    def once_in_vain(session, verb, path, version, action, body, **more):
        answer = change(session, verb, path, version, action, body, **more)
        if not refused:
            refused.append(True)
            while rules.is_busy(app.body()):
                time.sleep(0.01)
            raise azure_client.Busy(action, "ContainerAppOperationInProgress: an operation is in progress")
        return answer

    monkeypatch.setattr(azure_client.Session, "change", once_in_vain)
    monkeypatch.setattr(container_apps_router, "pause", lambda _seconds: None)
    made.write(GREEN)
    assert refused
    assert app.rules() == [app.rule("green", 100)]


def test_a_swap_that_lost_its_lease_sends_no_write(app):
    made = router(app)
    made.write(BLUE)

    def lost():
        raise RuntimeError("the lease is another one's")

    with calls.guarded(lost), pytest.raises(RuntimeError):
        made.write(GREEN)
    assert app.rules() == [app.rule("blue", 100)]


def test_swaps_side_by_side_share_one_session_and_one_token(app):
    found = []
    threads = [threading.Thread(target=lambda: found.append(router(app).read())) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(found) == 8
    assert AzureConnection().session() is AzureConnection().session()


def test_the_commands_by_hand_name_the_revisions(app):
    (command,) = router(app).commands(Weights.split("green", 10))
    assert command.endswith(f"--revision-weight {app.revision('blue')}=90 {app.revision('green')}=10")
    assert f"--name {app.name}" in command


def test_an_inactive_revision_answers_nobody_so_its_health_is_asked_first(app):
    made = router(app)
    made.write(BLUE)
    app.client.ask("POST", f"{app.id}/revisions/{app.revision('green')}/deactivate")
    assert not made.health("green").ready
    assert loopback.get(app.azure.plane.url, headers={"Host": app.host()}).status_code == 200


def test_rules_without_a_weight_or_of_an_unknown_kind_are_sent_back_as_they_were():
    told = {
        "properties": {
            "configuration": {
                "ingress": {
                    "traffic": [
                        {"revisionName": "a", "weight": 100, "new": {"of": "Azure's"}},
                        {"revisionName": "c", "weight": 0, "new": 1},
                        {"latestRevision": True, "weight": 0},
                    ]
                }
            }
        }
    }
    wanted = rules.with_weights(told, {"blue": "a", "green": "b"}, Weights.split("green", 10))
    assert wanted == [
        {"revisionName": "c", "weight": 0, "new": 1},
        {"latestRevision": True, "weight": 0},
        {"revisionName": "a", "weight": 90, "new": {"of": "Azure's"}},
        {"revisionName": "b", "weight": 10},
    ]
