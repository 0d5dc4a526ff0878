"""Releases that the swap brings into the slot that is idle now: what is sent, kept, refused, and waited for."""

import pytest

from bluegreen.azure.web_apps import answering
from bluegreen.azure.web_apps.names import COLOR_SETTING, RELEASE_SETTING
from bluegreen.azure.web_apps.router import AzureSlotsRouter
from bluegreen.permissions.azure_role import definition
from bluegreen.rollout.errors import InvalidInput, PlatformError, SwapFailed
from bluegreen.rollout.model import Weights
from bluegreen.swap.service import SwapService
from localcloud.azure.roles import Principal, Role
from tests.routers import slots_workshop
from tests.routers.slots_workshop import APP, GROUP, SLOT

BLUE, GREEN = Weights.all_on("blue"), Weights.all_on("green")
STEPS = {"steps": [{"weight_percent": 10, "hold_seconds": 1}]}


def content(tag, **settings):
    return {"runs": f"DOCKER|shop.azurecr.io/app:{tag}", "settings": settings}


def contents(blue="v1", green="v2", **settings):
    return {"blue": content(blue), "green": content(green, **settings)}


@pytest.fixture
def app(monkeypatch):
    with slots_workshop.running() as made:
        made.asked = []
        made.answers_with = []  # instead of nothing wrong, once each

        def problem_of(url, statuses):
            made.asked.append((url, statuses))
            return made.answers_with.pop(0) if made.answers_with else ""

        monkeypatch.setattr(answering, "problem_of", problem_of)
        yield made


def inputs(color, of=None, **more):
    section = slots_workshop.section(contents=of or contents(), **more)
    releases = {each: (of or contents())[each]["runs"] for each in ("blue", "green")}
    return {"name": "orders", "active_color": color, "releases": releases, "router": section, "strategy": STEPS}


def update(app, former, color, of=None, outputs=None):
    service = SwapService(clock=app.clock)
    return service.update({**former, **(outputs or {})}, inputs(color, of))


def started(app):
    given = inputs("blue")
    _, outputs = SwapService(clock=app.clock).create(given)
    return given, outputs


def runs(app, path):
    return app.ask("GET", f"{path}/config/web").json()["properties"]["linuxFxVersion"]


def router(app, of=None, **more):
    given = slots_workshop.section(contents=of or contents(), **more)
    del given["kind"]
    return AzureSlotsRouter(**given, images={color: one["runs"] for color, one in given["contents"].items()})


def test_a_release_comes_into_the_idle_slot_also_where_the_active_color_stays(app):
    given, outputs = started(app)
    wanted = contents(green="v3", LEVEL="debug")
    outputs = update(app, given, "blue", wanted, outputs)
    assert runs(app, SLOT).endswith("app:v3")
    assert runs(app, APP).endswith("app:v1")
    assert app.live == "blue"
    settings = app.settings(SLOT)
    assert (settings["LEVEL"], settings[COLOR_SETTING], settings["WHERE"]) == ("debug", "green", "slot")
    before = len(app.calls)
    outputs = update(app, inputs("blue", wanted), "green", wanted, outputs)
    assert not [call for call in app.calls[before:] if call.startswith("PATCH /slots/staging/config/web")]
    assert (outputs["live_color"], runs(app, APP)) == ("green", "DOCKER|shop.azurecr.io/app:v3")
    assert app.settings(APP)[RELEASE_SETTING]  # the marker has moved with the content
    # Blue is in the slot now, and its next release comes there.
    later = contents(blue="v4", green="v3", LEVEL="debug")
    outputs = update(app, inputs("green", wanted), "green", later, outputs)
    assert runs(app, SLOT).endswith("app:v4")
    assert app.settings(SLOT)[COLOR_SETTING] == "blue"
    assert runs(app, APP).endswith("app:v3")


def test_a_release_and_its_promotion_in_one_update(app):
    given, outputs = started(app)
    wanted = contents(green="v3")
    outputs = update(app, given, "green", wanted, outputs)
    assert (outputs["live_color"], runs(app, APP)) == ("green", "DOCKER|shop.azurecr.io/app:v3")
    assert app.made("slotsswap") == 1


def test_what_others_have_in_the_slot_stays_and_what_the_release_drops_is_gone(app):
    given, outputs = started(app)
    first = contents(green="v3", LEVEL="debug")
    outputs = update(app, given, "blue", first, outputs)
    app.set(SLOT, THEIRS="1")
    update(app, inputs("blue", first), "blue", contents(green="v3", OTHER="x"), outputs)
    settings = app.settings(SLOT)
    assert (settings["THEIRS"], settings["OTHER"], settings["WHERE"]) == ("1", "x", "slot")
    assert "LEVEL" not in settings


def test_a_slot_setting_of_the_slot_is_not_the_releases(app):
    given, outputs = started(app)
    update(app, given, "blue", contents(green="v3", WHERE="release"), outputs)
    assert app.settings(SLOT)["WHERE"] == "slot"


def test_no_share_goes_to_a_slot_that_does_not_answer_yet(app):
    given, outputs = started(app)
    app.answers_with = ["the slot restarts"] * 3
    began = app.clock.now_seconds
    outputs = update(app, given, "green", contents(green="v3"), outputs)
    assert outputs["live_color"] == "green"
    assert app.clock.now_seconds - began > 30  # what ran before may answer for so long
    assert {url for url, _ in app.asked} == {"https://web-staging.azurewebsites.net/healthz"}
    assert {statuses for _, statuses in app.asked} == {"200"}


def test_a_release_that_never_answers_gets_nothing_and_unrelated_updates_go_on(app):
    given, outputs = started(app)
    wanted = contents(green="broken")
    app.answers_with = ["status 503"] * 10_000
    outputs = update(app, given, "blue", wanted, outputs)  # no promotion: nobody asks
    with pytest.raises(SwapFailed, match="status 503"):
        update(app, inputs("blue", wanted), "green", wanted, outputs)
    assert (app.live, app.rules(), app.made("slotsswap")) == ("blue", [], 0)


def test_the_double_restarts_the_slot_alone(app):
    ended = []
    app.azure.plane.end = ended.append
    router(app, contents(green="v3")).install("green")
    app.azure.settle()
    assert ended == ["web.staging"]
    router(app, contents(green="v3", LEVEL="info")).install("green")  # settings alone
    app.azure.settle()
    assert ended == ["web.staging"] * 2


def test_the_live_color_is_not_changed_in_place(app):
    given, outputs = started(app)
    with pytest.raises((SwapFailed, InvalidInput, PlatformError)):
        update(app, given, "blue", contents(blue="v9"), outputs)
    with pytest.raises(PlatformError, match="blue is in production"):
        router(app, contents(blue="v9")).install("blue")
    assert runs(app, APP).endswith("app:v1")
    router(app).install("blue")  # it is there already


def test_a_swap_of_somebody_elses_is_waited_for_and_the_other_slot_is_taken(app):
    made = router(app, contents(blue="v4"))
    app.ask("POST", f"{SLOT}/slotsswap", {"targetSlot": "production", "preserveVnet": True})
    made.install("blue")
    assert (app.live, runs(app, APP)) == ("green", "DOCKER|shop.azurecr.io/app:v2")
    assert runs(app, SLOT).endswith("app:v4")


def test_who_is_in_production_has_to_be_known(app):
    app.set(APP, BLUEGREEN_COLOR=None)
    with pytest.raises(PlatformError, match="does not say which color"):
        router(app, contents(green="v3")).install("green")
    assert runs(app, SLOT).endswith("app:v2")


def test_what_a_pipeline_has_brought_already_is_there(app):
    made = router(app)
    assert made.installed("green")
    assert not router(app, contents(green="v3")).installed("green")
    assert not router(app, contents(LEVEL="debug")).installed("green")
    app.set(SLOT, LEVEL="debug")
    assert router(app, contents(LEVEL="debug")).installed("green")


def test_the_preview_says_what_is_installed(app):
    made = router(app, contents(green="v3"))
    assert made.release("green").startswith("image app:v3 in slot staging (")
    package = {
        "runs": "PYTHON|3.12",
        "settings": {"WEBSITE_RUN_FROM_PACKAGE": "https://s.blob.core.windows.net/c/app-3.zip"},
    }
    made = router(app, {**contents(), "green": package})
    assert made.release("green").startswith("package app-3.zip in slot staging (")


def test_a_swap_with_preview_that_waits_is_taken_back_first(app):
    app.ask("POST", f"{SLOT}/applySlotConfig", {"targetSlot": "production", "preserveVnet": True})
    app.azure.settle()
    router(app, contents(green="v3"), with_preview=True).install("green")
    assert runs(app, SLOT).endswith("app:v3")
    assert app.settings(SLOT)["WHERE"] == "slot"


def test_the_role_allows_a_release_and_a_promotion(app):
    actions = tuple(definition(["azure_slots"])["Actions"])
    given, outputs = started(app)
    app.azure.identity.principals["narrow"] = Principal("narrow", "narrow", (Role(actions, GROUP),))
    app.client_id = "narrow"
    outputs = update(app, given, "green", contents(green="v3"), outputs)
    assert outputs["live_color"] == "green"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"images": slots_workshop.IMAGES}, "router.images"),
        ({"contents": {"blue": content("v1")}}, "router.contents.green"),
        ({"contents": {**contents(), "green": {"runs": "DOCKER|a:1", "settings": {"X": 3}}}}, "X: 3 is not allowed"),
        ({"contents": contents(BLUEGREEN_COLOR="blue")}, "BLUEGREEN_COLOR"),
        ({"contents": contents(DB="postgres://u:p4ss@db/x")}, "DB"),
    ],
)
def test_what_cannot_be_is_refused_by_its_name(app, given, said):
    section = {**inputs("blue"), "router": slots_workshop.section(**{"contents": contents(), **given})}
    with pytest.raises(InvalidInput, match=said) as refused:
        SwapService(clock=app.clock).create(section)
    assert "p4ss" not in str(refused.value)
