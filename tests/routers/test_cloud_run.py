"""The traffic of a Cloud Run service in Google's stand-in: what is sent, what is kept of others, what comes of it."""

from __future__ import annotations

import pytest

from bluegreen.fields import Fields
from bluegreen.google.client import Session
from bluegreen.google.cloud_run import functions
from bluegreen.google.cloud_run.rules import LATEST, REVISION
from bluegreen.permissions import needed
from bluegreen.platforms.routers import ROUTERS
from bluegreen.platforms.templates import suffix
from bluegreen.rollout.clock import FakeClock
from bluegreen.rollout.errors import InvalidInput, NotOwned, PlatformError, SwapFailed, TrafficMoved
from bluegreen.rollout.model import Convergence, Weights
from bluegreen.swap.service import SwapService
from localcloud.google.bare import OWNER
from tests.amounts import stride
from tests.routers.google_workshop import SERVICE, build, installing_section, running, section, template


@pytest.fixture
def world():
    with running(at_once=True) as made:
        yield build(made)


def router(given=None):
    return ROUTERS.build(ROUTERS.parse(Fields(given or section(), "router")))


def inputs(active="blue", place=None, **more):
    return {
        "name": "web",
        "active_color": active,
        "releases": {"blue": "v1", "green": "v2"},
        "router": place or section(),
        "strategy": {"steps": [{"weight_percent": 10, "hold_seconds": 1}]},
        **more,
    }


def templates(blue="v1", green="v1"):
    return {"blue": template("blue", blue), "green": template("green", green)}


def service(clock=None):
    return SwapService(clock=clock or FakeClock())


# -- traffic


def test_a_promotion_and_its_rollback_go_by_revisions_names(world):
    _, outputs = service().create(inputs())
    assert world.shares() == {"blue": 100}
    outputs = service().update(outputs, inputs("green"))
    assert world.shares() == {"green": 100}
    assert all(one["type"] == REVISION for one in world.service()["traffic"])
    service().update(outputs, inputs("blue"))
    assert world.shares() == {"blue": 100}
    assert world.service()["labels"] == {"team": "orders"}


def test_a_tag_that_follows_the_latest_revision_goes_on_to_follow_it(world):
    """Its requests are pinned before a release is installed; the tag is somebody else's."""
    world.ask(
        "PATCH", SERVICE, {"updateMask": "traffic"}, {"traffic": [{"type": LATEST, "percent": 100, "tag": "next"}]}
    )
    service().create(inputs(place=installing_section()))
    tagged = [one for one in world.service()["traffic"] if one.get("tag") == "next"]
    assert tagged == [{"type": LATEST, "percent": 0, "tag": "next"}]
    assert world.shares() == {suffix("blue", template("blue")): 100}


def test_requests_of_a_release_by_somebody_else_stay_where_they_are(world):
    """Traffic that followed the latest revision is pinned by the first write."""
    world.ask("PATCH", SERVICE, {"updateMask": "traffic"}, {"traffic": [{"type": LATEST, "percent": 100}]})
    _, outputs = service().create(inputs())
    world.release("white", "v9")
    assert world.shares() == {"blue": 100}
    assert not service().diff(outputs, inputs()).changes


def test_somebody_elses_deploy_in_mid_swap_loses_nothing(world):
    """A stale etag is no write: what they have changed is read, and stays."""
    _, outputs = service().create(inputs())
    struck = []

    def deploys(verb, _path):
        if verb == "PATCH" and not struck:
            struck.append(True)
            world.annotate(theirs="kept")
            world.release("white", "v9")

    world.before.append(deploys)
    service().update(outputs, inputs("green"))
    assert struck
    assert world.shares() == {"green": 100}
    assert world.service()["annotations"]["theirs"] == "kept"
    assert world.service()["template"] == template("white", "v9")


def test_traffic_that_somebody_moved_between_look_and_write_stays(world):
    made = router()
    made.write(Weights.all_on("blue"))
    made.read()
    world.send(white=60, blue=40)
    with pytest.raises(TrafficMoved):
        made.write(Weights.all_on("green"))
    assert world.shares() == {"white": 60, "blue": 40}


def test_a_change_that_google_is_still_at_is_not_done(world):
    made = router()
    made.write(Weights.all_on("blue"))
    world.google.works.at_once, world.google.works.held = False, True
    world.google.ask("PATCH", f"/v2/{SERVICE}", {"updateMask": "labels"}, {"labels": {"a": "b"}})
    made = router()
    assert made.verify(Weights.all_on("blue")) is Convergence.PENDING
    assert "at work" in made.progress()
    world.google.works.held = False
    world.google.settle()
    assert made.verify(Weights.all_on("blue")) is Convergence.CONVERGED


def test_tags_of_others_stay_and_the_colors_own_lead_to_them(world):
    tagged = [
        {"type": REVISION, "revision": "web-white", "percent": 100},
        {"type": REVISION, "revision": "web-blue", "tag": "theirs"},
    ]
    world.ask("PATCH", SERVICE, {"updateMask": "traffic"}, {"traffic": tagged})
    made = router(section(tags={"blue": "blue", "green": "green"}))
    made.write(Weights.all_on("blue"))
    made.write(Weights(90, 10))
    tags = {one["tag"]: (one["revision"], one.get("percent")) for one in world.service()["traffic"] if "tag" in one}
    assert tags == {"blue": ("web-blue", 90), "green": ("web-green", 10), "theirs": ("web-blue", 0)}
    assert world.service()["trafficStatuses"][0]["uri"]


def test_a_strangers_tag_at_a_revision_that_failed_keeps_all_requests_and_is_said():
    """Targets are followed together or not at all."""
    with running(images=frozenset({"app:v1"}), at_once=True) as made:
        world = build(made)
        _, outputs = service().create(inputs())
        world.release("white", "v9")
        failed = world.service()["latestCreatedRevision"].rpartition("/")[2]
        tagged = [*world.service()["traffic"], {"type": REVISION, "revision": failed, "tag": "next"}]
        world.ask("PATCH", SERVICE, {"updateMask": "traffic"}, {"traffic": tagged})
        with pytest.raises(SwapFailed, match=f"Revision '{failed}' is not ready and cannot serve traffic") as error:
            service().update(outputs, inputs("green"))
        assert "restored and verified: blue 100 %" in str(error.value)
        assert world.shares() == {"blue": 100}
        world.send(blue=100)
        service().update(outputs, inputs("green"))
        assert world.shares() == {"green": 100}


def test_a_service_that_serves_somebody_elses_revision_is_not_taken_over(world):
    made = router(section(made_with_it=False))
    with pytest.raises(NotOwned, match="would move it"):
        made.write(Weights.all_on("blue"))
    assert world.shares() == {"white": 100}


def test_another_owners_service_is_left_alone(world):
    router().write(Weights.all_on("blue"))
    with pytest.raises(NotOwned, match="owned by project/stack/web"):
        router(section(owner="project/stack/other")).read()


def test_a_delete_takes_the_owner_and_the_marks_and_leaves_the_requests(world):
    made = router()
    made.write(Weights(30, 70))
    made.mark({"lease.a": "1"})
    world.annotate(theirs="kept")
    router().delete()
    assert world.service()["annotations"] == {"theirs": "kept"}
    assert world.shares() == {"blue": 30, "green": 70}


# -- releases


def installing(blue="v1", green="v1", **more):
    return {**installing_section(), "templates": templates(blue, green), **more}


def test_a_release_is_installed_at_no_share_and_then_promoted(world):
    _, outputs = service().create(inputs(place=installing()))
    news = inputs("green", installing(green="v2"))
    assert service().diff(outputs, news).notes[0] == f"install green: image app:v2 as revision {green_of('v2')}, 0 %"
    outputs = service().update(outputs, news)
    assert world.shares() == {green_of("v2"): 100}
    assert not service().diff(outputs, news).changes


def green_of(tag):
    return suffix("green", template("green", tag))


def test_installing_leaves_traffic_and_starts_from_the_colors_own_last_revision(world):
    made = router(installing())
    for color in ("blue", "green"):
        made.install(color)
    own = f"{SERVICE}/revisions/web-{green_of('v1')}"
    world.google.run.revisions[own]["vpcAccess"] = {"connector": "theirs"}
    world.release("white", "v9")
    before = world.shares()
    router(installing(green="v2")).install("green")
    assert world.shares() == before
    made_now = world.google.run.revisions[f"{SERVICE}/revisions/web-{green_of('v2')}"]
    assert made_now["vpcAccess"] == {"connector": "theirs"}
    assert made_now["containers"][0]["env"] == [{"name": "COLOR", "value": "green"}]


def test_a_release_has_its_tag_before_it_has_requests(world):
    made = router(installing(tags={"blue": "blue", "green": "green"}))
    made.install("green")
    (target,) = [one for one in world.service()["trafficStatuses"] if one.get("tag") == "green"]
    assert target["revision"] == f"web-{green_of('v1')}"
    assert target["uri"].startswith("https://green---web-")
    assert not target.get("percent")


def test_a_release_that_does_not_start_gets_no_requests():
    with running(at_once=True, images=frozenset({"app:v1"})) as world:
        build(world)
        _, outputs = service().create(inputs(place=installing()))
        with pytest.raises(SwapFailed, match=r"is not ready for traffic.*Image 'app:v2' not found"):
            service().update(outputs, inputs("green", installing(green="v2")))
        assert list(world.shares()) == [suffix("blue", template("blue"))]


def test_a_revision_of_that_name_that_runs_something_else_is_refused(world):
    name = f"web-{green_of('v1')}"
    world.ask("PATCH", SERVICE, {"updateMask": "template"}, {"template": {**template("white", "v9"), "revision": name}})
    with pytest.raises(PlatformError, match="is not what its name says"):
        router(installing()).installed("green")


TAGS = {"blue": "blue", "green": "green"}
SETTINGS = {"ingress": "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER", "invokerIamDisabled": True, "labels": {"cost": "1"}}


def test_a_service_that_is_not_as_it_is_declared_is_told_of_and_mended_without_a_promotion(world):
    """Labels of others stay, and so do the requests."""
    _, outputs = service().create(inputs(place=installing()))
    before = world.shares()
    news = inputs(place=installing(settings=SETTINGS))
    diff = service().diff(outputs, news)
    assert diff.notes[0].startswith(
        "install green: the service's ingress and invokerIamDisabled and labels, image app:v1"
    )
    outputs = service().update(outputs, news)
    found = world.service()
    assert {name: found[name] for name in SETTINGS} == {**SETTINGS, "labels": {"team": "orders", "cost": "1"}}
    assert world.shares() == before
    assert not service().diff(outputs, news).changes


def test_a_tag_that_somebody_took_away_leads_to_its_color_again(world):
    place = installing(tags=TAGS)
    _, outputs = service().create(inputs(place=place))
    revisions = {one["tag"]: one["revision"] for one in world.service()["traffic"]}
    assert revisions == {color: f"web-{suffix(color, template(color))}" for color in TAGS}
    world.send(**{revisions["blue"].removeprefix("web-"): 100})
    assert service().diff(outputs, inputs(place=place)).changes
    service().update(outputs, inputs(place=place))
    tags = {one.get("tag") for one in world.service()["traffic"]}
    assert "green" in tags
    assert world.shares() == {revisions["blue"].removeprefix("web-"): 100}


@pytest.mark.parametrize("place", [{"location": "us-east1"}, {"name": "shop"}, {"project": "other"}])
def test_another_place_of_a_service_is_refused_as_pulumi_would_ignore_it(world, place):
    _, outputs = service().create(inputs(place=installing(settings={**SETTINGS, "location": "europe-west1"})))
    with pytest.raises(InvalidInput) as refused:
        service().update(outputs, inputs(place=installing(settings={**SETTINGS, **place})))
    (problem,) = refused.value.problems
    (name,) = place
    assert problem.field == f"router.settings.{name}"
    assert "as the service was made" in problem.allowed


def test_settings_that_are_no_part_of_it_are_refused_by_name(world):
    with pytest.raises(InvalidInput) as refused:
        service().create(inputs(place=installing(settings={"traffic": []})))
    (problem,) = refused.value.problems
    assert (problem.field, "ingress" in problem.allowed) == ("router.settings", True)


# -- wherever it ends


class Killed(BaseException):
    """The process ended."""


PLACES = {
    "revisions": section(),
    "releases": installing(green="v2"),
    "releases with tags and settings": installing(green="v2", tags=TAGS, settings=SETTINGS),
}


@pytest.mark.parametrize("place", PLACES)
def test_a_promotion_is_taken_up_wherever_it_ended(place):
    calls = ended(PLACES[place], None)
    assert calls > 10
    for number in range(0, calls, stride(5)):
        ended(PLACES[place], number)


def test_a_rollback_is_taken_up_wherever_it_ended():
    place = PLACES["releases with tags and settings"]
    calls = ended(place, None, back=True)
    assert calls > 5
    for number in range(0, calls, stride(5)):
        ended(place, number, back=True)


def ended(place, number, *, back=False):
    """A promotion, or its rollback, that ends before and, in the next turn, after a call; the next update mends it."""
    total = 0
    for when in ("before", "after"):
        clock = FakeClock()
        with running(at_once=True) as world:
            build(world)
            start = installing() if "templates" in place else place
            _, outputs = service(clock).create(inputs(place=start))
            if back:
                outputs = service(clock).update(outputs, inputs("green", place))
            wanted = "blue" if back else "green"
            asked = []

            def kill(_verb, _path, asked=asked, when=when):
                if number is not None and len(asked) == number + (when == "after"):
                    asked.append("")
                    raise Killed
                asked.append("")

            world.before.append(kill)
            try:
                outputs = service(clock).update(outputs, inputs(wanted, place))
            except Killed:
                clock.sleep(700)
                world.before.clear()
                outputs = service(clock).update(outputs, inputs(wanted, place))
            total = len(asked)
            world.before.clear()
            assert outputs["live_color"] == wanted
            (name,) = world.shares()
            assert name.startswith(wanted)
            assert not service(clock).diff(outputs, inputs(wanted, place)).changes
    return total


def test_a_service_that_changes_before_each_write_for_some_seconds_is_waited_for(world):
    """As where Google tells of each step of its own work, or somebody's pipeline annotates it."""
    clock = FakeClock()
    _, outputs = service(clock).create(inputs())
    until_seconds = clock.wall_seconds() + 4

    def others(verb, _path):
        if verb == "PATCH" and clock.wall_seconds() < until_seconds:
            world.before.remove(others)
            world.annotate(seen=str(clock.wall_seconds()))
            world.before.append(others)

    world.before.append(others)
    outputs = service(clock).update(outputs, inputs("green"))
    assert outputs["live_color"] == "green"
    assert world.service()["annotations"]["seen"]


def test_a_service_that_google_stays_at_work_on_is_waited_for_as_long_as_the_swap_says(world):
    clock = FakeClock()
    _, outputs = service(clock).create(inputs())

    def stuck(verb, path):
        if verb == "PATCH":
            world.google.works.at_once, world.google.works.held = False, True

    world.before.append(stuck)
    began_seconds = clock.wall_seconds()
    with pytest.raises(SwapFailed, match=r"had not taken effect after 60 s: Google is at work on the service"):
        service(clock).update(outputs, inputs("green", converge_timeout_seconds=60))
    assert clock.wall_seconds() - began_seconds < 600, "a minute and a half there, and the tries to put it back"
    world.before.clear()
    world.google.works.at_once, world.google.works.held = True, False
    world.google.settle()
    clock.sleep(700)
    outputs = service(clock).update(outputs, inputs("green"))
    assert outputs["live_color"] == "green"
    assert world.shares() == {"green": 100}


@pytest.mark.parametrize("mask", ["traffic", "annotations"])
@pytest.mark.parametrize("active", ["green", "blue"])
def test_a_write_whose_reply_was_lost_is_no_strangers(world, mask, active):
    """Sent again, its etag is stale; what stands there by then is its own. Green is a promotion, blue a rollback."""
    _, outputs = service().create(inputs())
    if active == "blue":
        outputs = service().update(outputs, inputs("green"))
    real, lost = world.google.answer, []

    def answer(verb, path, query=None, body=None, host=""):
        found = real(verb, path, query, body, host)
        if verb == "PATCH" and mask in query["updateMask"] and not lost:
            lost.append(True)
            found.status_code = 503
        return found

    world.google.answer = answer
    outputs = service().update(outputs, inputs(active))
    assert lost
    assert outputs["live_color"] == active
    assert world.shares() == {active: 100}


# -- what is requested


def test_what_is_declared_is_enough_and_all_of_it_is_called(world):
    """A custom role of just these permissions."""
    declared = {one.action for one in needed(["cloud_run"])} - {functions.READ}  # `test_cloud_functions.py` has it
    assert declared < OWNER
    world.google.allowed = frozenset(declared)
    world.google.calls.clear()
    world.google.beside.clear()
    news = installing(green="v2", settings=SETTINGS)
    _, outputs = service().create(inputs(place=installing()))
    outputs = service().update(outputs, inputs("green", news))
    service().delete({**inputs("green", news), "incarnation": outputs.get("incarnation", "")})
    assert {*world.google.calls, *world.google.beside} == declared


@pytest.mark.parametrize("missing", ["run.services.create", "run.services.setIamPolicy"])
def test_who_may_not_switch_the_check_of_callers_off_is_told_by_the_permissions_name(world, missing):
    _, outputs = service().create(inputs(place=installing()))
    world.google.allowed = OWNER - {missing}
    with pytest.raises(PlatformError, match=rf"Permission '{missing}' denied"):
        service().update(outputs, inputs(place=installing(settings=SETTINGS)))


def test_without_a_permission_it_is_named_and_nothing_is_written(world):
    world.google.allowed = OWNER - {"run.services.update"}
    with pytest.raises(SwapFailed, match=r"run\.services\.update: PERMISSION_DENIED"):
        service().create(inputs())
    assert world.shares() == {"white": 100}


def test_a_promotion_and_a_rollback_make_no_more_calls_than_these(world):
    _, outputs = service().create(inputs())
    world.google.calls.clear()
    outputs = service().update(outputs, inputs("green"))
    promotion = len(world.google.calls)
    service().update(outputs, inputs("blue"))
    assert (promotion, len(world.google.calls) - promotion) <= (19, 11)


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"service": "web"}, "router.service"),
        ({"tags": {"blue": "same", "green": "same"}}, "router.tags.green"),
        ({"tags": {"blue": "blue", "green": "g" * 44}}, "router.tags.green"),  # with `web`, 47 characters
        ({"tags": {"blue": "No", "green": "green"}}, "router.tags.blue"),
        ({"templates": templates()}, "router.revisions"),
        ({"revisions": {}}, "router.revisions.blue"),
        ({"google": {"endpoint_url": "https://user:pw@run.test"}}, "router.google.endpoint_url"),
    ],
)
def test_what_is_wrong_is_refused_by_its_name(more, field):
    with pytest.raises(InvalidInput) as refused:
        service().create(inputs(place=section(**more)))
    assert field in {problem.field for problem in refused.value.problems}


def test_a_secret_in_an_address_of_a_release_is_refused():
    bad = template("green")
    bad["containers"][0]["env"].append({"name": "DB", "value": "postgres://me:secret@db"})
    with pytest.raises(InvalidInput) as refused:
        service().create(inputs(place={**installing(), "templates": {"blue": template("blue"), "green": bad}}))
    assert "secret" not in str(refused.value).replace("valueSource", "")


def test_without_credentials_the_error_says_what_to_do(monkeypatch):
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/nowhere.json")
    from bluegreen.google.client import GoogleConnection

    with pytest.raises(PlatformError, match="no credentials of Google"):
        Session(GoogleConnection(), "https://run.test").get("/v2/x", "run.services.get")


def test_the_commands_by_hand_name_project_region_and_shares():
    (command,) = router().commands(Weights(90, 10))
    assert command == (
        "gcloud run services update-traffic web --project shop --region europe-west1 "
        "--to-revisions=web-blue=90,web-green=10"
    )
