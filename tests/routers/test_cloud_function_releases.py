"""A function whose releases the swap deploys itself: builds, what others deploy meanwhile, and ends at every call."""

from __future__ import annotations

import pytest

from bluegreen.fields import Fields
from bluegreen.google.functions.releases import MARK
from bluegreen.permissions import needed
from bluegreen.platforms.routers import ROUTERS
from bluegreen.platforms.templates import suffix
from bluegreen.rollout.clock import FakeClock
from bluegreen.rollout.errors import InvalidInput, NotOwned, PlatformError, SwapFailed
from bluegreen.rollout.model import Weights
from bluegreen.swap.service import SwapService
from localcloud.google import run
from tests.amounts import stride
from tests.routers.function_workshop import FUNCTION, SERVICE, Function, section, template, templates
from tests.routers.google_workshop import PARENT, running

TAGS = {"blue": "blue", "green": "green"}


@pytest.fixture
def function():
    with running(at_once=True) as world:
        yield Function(world)


def router(given=None, **more):
    kind, options = ROUTERS.parse(Fields(given or section(), "router"))
    return ROUTERS.build((kind, {**options, **more}))


def inputs(active="blue", place=None, **more):
    return {
        "name": "shop",
        "active_color": active,
        "releases": {"blue": "v1", "green": "v2"},
        "router": place or section(tags=TAGS),
        "strategy": {"steps": [{"weight_percent": 10, "hold_seconds": 1}]},
        **more,
    }


def service(clock=None):
    return SwapService(clock=clock or FakeClock())


# -- releases


def test_a_release_is_built_without_traffic_promoted_and_rolled_back_without_another_build(function):
    """The function was made with blue's release: that one is found by its mark, and built no more."""
    _, outputs = service().create(inputs())
    assert function.shares() == {"v1 blue": 100}
    assert function.builds() == 1  # green's
    news = inputs("green", section(green="v2", tags=TAGS))
    name = suffix("green", template("green", "v2"))
    line = f"install green: source sources/shop/v2.zip as release {name}, 0 %"
    assert service().diff(outputs, news).notes[0] == line
    outputs = service().update(outputs, news)
    assert function.shares() == {"v2 green": 100}
    assert function.builds() == 2
    outputs = service().update(outputs, inputs("blue", section(green="v2", tags=TAGS)))
    assert outputs["history"][0]["outcome"] == "rolled_back"
    assert function.shares() == {"v1 blue": 100}
    assert function.tags() == {"blue": "v1 blue", "green": "v2 green"}
    assert function.builds() == 2
    assert not service().diff(outputs, inputs("blue", section(green="v2", tags=TAGS))).changes


def test_an_earlier_release_of_a_color_is_found_and_not_built_again(function):
    _, outputs = service().create(inputs())
    for version in ("v2", "v3", "v1"):
        outputs = service().update(outputs, inputs(place=section(green=version, tags=TAGS)))
    assert function.builds() == 3
    assert function.tags()["green"] == "v1 green"
    notes = [name for name in function.service()["annotations"] if name.startswith("bluegreen/revision.")]
    assert len(notes) == 2


def test_a_deploy_moves_no_requests_also_where_they_followed_the_latest_revision(function):
    """As the function is made they do; they are pinned by name before anything is deployed."""
    router().install("green")
    assert function.shares() == {"v1 blue": 100}
    assert function.told()["serviceConfig"].get("allTrafficOnLatestRevision") is None
    assert all(one.get("revision") for one in function.service()["traffic"] if one.get("percent"))


def test_what_somebody_else_has_set_stays_and_what_only_the_other_color_declares_does_not(function):
    """A function has one configuration: what a release is silent about is Google's default, not the other color's."""
    service_config = function.told()["serviceConfig"]
    service_config["environmentVariables"]["THEIRS"] = "kept"
    service_config["vpcConnector"] = "theirs"
    theirs = [{"key": "KEY", "secret": "theirs", "version": "1"}]
    service_config["secretEnvironmentVariables"] = theirs
    function.told()["labels"] = {"team": "orders"}
    secrets = [{"key": "DB", "secret": "db-key", "version": "3"}]
    own = {"secretEnvironmentVariables": secrets, "environmentVariables": {"A": "1"}}
    green = template("green", availableMemory="1Gi", **own)
    place = section(templates={"blue": template("blue", "v2"), "green": green})
    router(place).install("green")
    config = function.told()["serviceConfig"]
    assert (config["availableMemory"], config["secretEnvironmentVariables"]) == ("1Gi", [*secrets, *theirs])
    assert config["environmentVariables"] == {"A": "1", "THEIRS": "kept", MARK: suffix("green", green)}
    router(place).install("blue")
    config = function.told()["serviceConfig"]
    assert "availableMemory" not in config
    assert config["secretEnvironmentVariables"] == theirs
    assert config["environmentVariables"]["THEIRS"] == "kept"
    assert (config["vpcConnector"], function.told()["labels"]) == ("theirs", {"team": "orders"})


def test_what_was_declared_and_is_not_any_more_goes_with_the_next_release(function):
    before = section(templates={"blue": template("blue"), "green": template("green", availableMemory="1Gi")})
    router(before).install("green")
    router(section(green="v2"), former=before).install("green")
    assert "availableMemory" not in function.told()["serviceConfig"]


def test_a_build_that_fails_says_why_and_everything_stays_as_it_was(function):
    function.google.world.pulled = lambda image: None if image.endswith(":v2") else image
    _, outputs = service().create(inputs())
    with pytest.raises(PlatformError, match="Build failed with status: FAILURE"):
        service().update(outputs, inputs("green", section(green="v2", tags=TAGS)))
    assert function.shares() == {"v1 blue": 100}
    assert function.tags() == {"blue": "v1 blue", "green": "v1 green"}
    function.google.world.pulled = lambda image: image
    service().update(outputs, inputs("green", section(green="v2", tags=TAGS)))
    assert function.shares() == {"v2 green": 100}


def test_a_release_that_does_not_start_gets_no_requests(function):
    _, outputs = service().create(inputs())
    function.google.run._start = lambda _revision: iter_of("it does not listen")
    with pytest.raises(SwapFailed, match=r"is not ready for traffic.*it does not listen"):
        service().update(outputs, inputs("green", section(green="v2", tags=TAGS)))
    assert function.shares() == {"v1 blue": 100}


def test_a_release_that_does_not_start_gets_no_tag_so_that_requests_can_still_be_moved(function):
    """Google follows a service's targets together or not at all, those of tags at 0 % among them."""
    _, outputs = service().create(inputs())
    function.google.run._start = lambda _revision: iter_of("it does not listen")
    news = inputs("blue", section(green="v2", tags=TAGS))
    outputs = service().update(outputs, news)
    assert function.tags() == {"blue": "v1 blue", "green": "v1 green"}
    assert not service().diff(outputs, news).changes
    builds = function.builds()
    function.send(blue=40, green=60)
    assert function.shares() == {"v1 blue": 40, "v1 green": 60}
    service().update(outputs, news)
    assert function.shares() == {"v1 blue": 100}
    assert function.builds() == builds


def iter_of(why):
    """A start that ends at once."""
    return why
    yield


def test_its_revision_is_found_on_a_later_page(function, monkeypatch):
    monkeypatch.setattr(run, "PAGE", 2)
    _, outputs = service().create(inputs())
    for version in ("v2", "v3", "v4", "v5"):
        function.deploy(version, COLOR="white")
    function.service()["annotations"] = {
        name: value for name, value in function.service()["annotations"].items() if "revision." not in name
    }
    builds = function.builds()
    service().update(outputs, inputs("green"))
    assert function.shares() == {"v1 green": 100}
    assert function.builds() == builds


# -- somebody else's deploys


@pytest.mark.parametrize("takes_all", [False, True])
def test_somebody_elses_deploy_is_no_release_though_it_keeps_the_mark(function, takes_all):
    """It has the function's variables, the mark among them: what has it first is the release."""
    _, outputs = service().create(inputs())
    function.deploy("v9", takes_all=takes_all)
    assert function.shares() == ({"v9 green": 100} if takes_all else {"v1 blue": 100})
    assert service().diff(outputs, inputs()).changes is takes_all
    outputs = service().update(outputs, inputs())
    assert function.shares() == {"v1 blue": 100}
    service().update(outputs, inputs("green"))
    assert function.shares() == {"v1 green": 100}
    assert function.told()["buildConfig"]["source"]["storageSource"]["object"] == "theirs/v9.zip"


def deployed_at(function, verb, part, version, **more):
    """Somebody else deploys just before a call of the swap; whether it has come to that."""
    struck = []

    def act(asked, path):
        if asked == verb and part in path and not struck:
            struck.append(True)
            function.deploy(version, **more)

    function.world.before.append(act)
    return struck


@pytest.mark.parametrize(("verb", "part"), [("PATCH", "/functions/"), ("GET", "/operations/"), ("PATCH", "/services/")])
def test_somebody_elses_deploy_in_mid_swap_loses_nothing_of_theirs(function, verb, part):
    _, outputs = service().create(inputs())
    struck = deployed_at(function, verb, part, "v9", THEIRS="kept")
    service().update(outputs, inputs("green", section(green="v2", tags=TAGS)))
    assert struck
    assert function.shares() == {"v2 green": 100}
    theirs = [one for one in function.revisions() if function.runs(one).startswith("v9")]
    assert len(theirs) == 1
    variables = {one["name"]: one["value"] for one in function.revisions()[theirs[0]]["containers"][0]["env"]}
    assert variables["THEIRS"] == "kept"


def test_a_deploy_of_somebody_elses_that_goes_on_is_waited_for_and_then_built_upon(function):
    """Google refuses a second deploy meanwhile."""
    _, outputs = service().create(inputs())
    works = function.google.works
    works.at_once = False
    function.deploy("v9", settle=False, THEIRS="kept")
    assert function.told()["state"] == "DEPLOYING"
    service().update(outputs, inputs("green", section(green="v2", tags=TAGS)))
    assert function.shares() == {"v2 green": 100}
    assert function.told()["serviceConfig"]["environmentVariables"]["THEIRS"] == "kept"


def test_one_that_begins_between_look_and_deploy_is_waited_for_too(function):
    _, outputs = service().create(inputs())
    function.google.works.at_once = False
    struck = deployed_at(function, "PATCH", "/functions/", "v9", settle=False, THEIRS="kept")
    service().update(outputs, inputs("green", section(green="v2", tags=TAGS)))
    assert struck
    assert function.shares() == {"v2 green": 100}
    assert function.told()["serviceConfig"]["environmentVariables"]["THEIRS"] == "kept"


def test_a_deploy_that_takes_all_requests_in_mid_swap_stops_it_and_the_next_update_puts_it_right(function):
    _, outputs = service().create(inputs())
    deployed_at(function, "GET", "/operations/", "v9", takes_all=True)
    news = inputs("green", section(green="v2", tags=TAGS))
    with pytest.raises(PlatformError, match=r"were put back|somebody else moved them"):
        service().update(outputs, news)
    function.world.before.clear()
    service().update(outputs, news)
    assert function.shares() == {"v2 green": 100}


def test_a_deploy_that_took_the_swaps_annotations_off_the_service_is_put_right_by_the_next_update(function):
    """No page of Google's says that one does, nor that none does."""
    _, outputs = service().create(inputs())
    outputs = service().update(outputs, inputs("green"))
    function.service()["annotations"] = {"theirs": "kept"}
    builds = function.builds()
    outputs = service().update(outputs, inputs("green"))
    assert function.shares() == {"v1 green": 100}
    service().update(outputs, inputs("blue"))
    assert function.shares() == {"v1 blue": 100}
    assert function.builds() == builds
    assert function.service()["annotations"]["theirs"] == "kept"


def test_what_the_service_is_declared_to_be_is_sent_again_after_a_deploy_that_set_it_back(function):
    place = section(tags=TAGS, settings={"invokerIamDisabled": True})
    _, outputs = service().create(inputs(place=place))
    assert function.service()["invokerIamDisabled"]
    function.service()["invokerIamDisabled"] = False
    assert service().diff(outputs, inputs(place=place)).changes
    service().update(outputs, inputs(place=place))
    assert function.service()["invokerIamDisabled"]


# -- wherever it ends


class Killed(BaseException):
    """The process ended."""


def ended(number, *, back=False, at_once=True):
    """A promotion with its build, or a rollback, that ends at a call; the next update mends it, with no other build."""
    clock = FakeClock()
    with running(at_once=True) as world:
        function = Function(world)
        news = section(green="v2", tags=TAGS)
        _, outputs = service(clock).create(inputs())
        if back:
            outputs = service(clock).update(outputs, inputs("green", news))
        function.google.works.at_once = at_once
        wanted = "blue" if back else "green"
        before, asked = function.builds(), []

        def kill(_verb, path):
            if number is not None and len(asked) == number:
                asked.append("")
                raise Killed
            asked.append(path)

        world.before.append(kill)
        try:
            outputs = service(clock).update(outputs, inputs(wanted, news))
        except Killed:
            world.before.clear()
            assert set(function.shares()) <= {"v1 blue", "v2 green"}
            clock.sleep(700)
            outputs = service(clock).update(outputs, inputs(wanted, news))
        world.before.clear()
        function.google.settle()
        assert outputs["live_color"] == wanted
        assert function.shares() == ({"v1 blue": 100} if back else {"v2 green": 100})
        assert function.builds() - before == (0 if back else 1)
        assert not service(clock).diff(outputs, inputs(wanted, news)).changes
    return len(asked)


@pytest.mark.sweep
@pytest.mark.parametrize("at_once", [True, False])
def test_a_promotion_is_taken_up_wherever_it_ended_without_a_second_build(at_once):
    calls = ended(None, at_once=at_once)
    assert calls > 15
    for number in range(int(at_once), calls, stride(9)):
        ended(number, at_once=at_once)


@pytest.mark.sweep
def test_a_rollback_is_taken_up_wherever_it_ended():
    calls = ended(None, back=True)
    assert calls > 5
    for number in range(0, calls, stride(5)):
        ended(number, back=True)


def test_an_update_that_ended_right_after_its_deploy_began_waits_for_it_and_builds_no_second_time(function):
    clock = FakeClock()
    _, outputs = service(clock).create(inputs())
    function.google.works.at_once = False
    news, builds, struck = inputs("green", section(green="v2", tags=TAGS)), function.builds(), []

    def kill(verb, path):
        if verb == "GET" and "/operations/" in path:
            struck.append(True)
            raise Killed

    function.world.before.append(kill)
    with pytest.raises(Killed):
        service(clock).update(outputs, news)
    assert function.told()["state"] == "DEPLOYING"
    function.world.before.clear()
    clock.sleep(700)
    service(clock).update(outputs, news)
    assert (struck, function.builds() - builds) == ([True], 1)
    assert function.shares() == {"v2 green": 100}


# -- what is requested, and what is refused


def test_what_is_declared_is_enough_and_all_of_it_is_called(function):
    """A custom role of just these permissions."""
    declared = {one.action for one in needed(["cloud_function"])}
    function.google.allowed = frozenset(declared)
    function.google.calls.clear()
    function.google.beside.clear()
    _, outputs = service().create(inputs(place=section(tags=TAGS, settings={"invokerIamDisabled": True})))
    outputs = service().update(outputs, inputs("green", section(green="v2", tags=TAGS)))
    service().delete({**inputs("green", section(green="v2")), "incarnation": outputs.get("incarnation", "")})
    assert {*function.google.calls, *function.google.beside} == declared


@pytest.mark.parametrize("missing", ["iam.serviceAccounts.actAs", "cloudfunctions.functions.update"])
def test_without_a_permission_it_is_named_and_nothing_is_deployed(function, missing):
    _, outputs = service().create(inputs())
    function.google.allowed -= {missing}
    with pytest.raises(PlatformError, match=rf"Permission '{missing}' denied"):
        service().update(outputs, inputs("green", section(green="v2", tags=TAGS)))
    assert function.shares() == {"v1 blue": 100}
    assert function.told()["buildConfig"]["source"]["storageSource"]["object"] == "shop/v1.zip"


def test_a_promotion_and_a_rollback_make_no_more_calls_than_these(function):
    _, outputs = service().create(inputs())
    function.google.calls.clear()
    outputs = service().update(outputs, inputs("green"))
    promotion = len(function.google.calls)
    service().update(outputs, inputs("blue"))
    assert (promotion, len(function.google.calls) - promotion) <= (24, 14)


def test_a_delete_takes_all_that_is_the_swaps_off_the_service_and_leaves_the_requests(function):
    _, outputs = service().create(inputs())
    function.service()["annotations"]["theirs"] = "kept"
    service().delete({**inputs(), "incarnation": outputs.get("incarnation", "")})
    assert function.service()["annotations"] == {"theirs": "kept"}
    assert function.shares() == {"v1 blue": 100}


def test_another_owners_function_is_left_alone(function):
    router().write(Weights.all_on("blue"))
    with pytest.raises(NotOwned, match="owned by project/stack/shop"):
        router(section(owner="project/stack/other")).read()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"service": f"{PARENT}/services/other"}, "its service is .*/services/shop, not .*/services/other"),
        ({"function": f"{PARENT}/functions/none"}, "there is no function"),
    ],
)
def test_a_function_that_is_another_one_is_refused_before_it_is_deployed(function, more, said):
    if "service" in more:
        body = {"template": {"containers": [{"image": "app:v1"}]}}
        assert function.google.ask("POST", f"/v2/{PARENT}/services", {"serviceId": "other"}, body)[0] == 200
        function.google.settle()
    with pytest.raises(PlatformError, match=said):
        router(section(**more)).install("green")
    assert function.builds() == 0


def with_green(part, **more):
    green = template("green")
    green[part] = {**green[part], **more}
    return section(templates={"blue": template("blue"), "green": green})


@pytest.mark.parametrize(
    ("place", "field"),
    [
        (section(function="shop"), "router.function"),
        (section(service="shop"), "router.service"),
        (section(revisions={"blue": "a", "green": "b"}), "router.revisions"),
        ({key: value for key, value in section().items() if key != "templates"}, "router.templates"),
        (with_green("buildConfig", runtime=None), "router.templates.green.buildConfig.runtime"),
        (with_green("buildConfig", source=None), "router.templates.green.buildConfig.source"),
        (with_green("buildConfig", build="x"), "router.templates.green.buildConfig.build"),
        (
            with_green("serviceConfig", allTrafficOnLatestRevision=True),
            "router.templates.green.serviceConfig.allTrafficOnLatestRevision",
        ),
        (
            with_green("serviceConfig", environmentVariables={MARK: "x"}),
            f"router.templates.green.serviceConfig.environmentVariables.{MARK}",
        ),
        (section(settings={"location": "us-east1"}), "router.settings.location"),
        (section(settings={"ingress": "INGRESS_TRAFFIC_ALL"}), "router.settings.ingress"),
    ],
)
def test_what_is_wrong_is_refused_by_its_name(place, field):
    with pytest.raises(InvalidInput) as refused:
        service().create(inputs(place=place))
    assert field in {problem.field for problem in refused.value.problems}


def test_a_secret_in_an_address_of_a_release_is_refused():
    place = with_green("serviceConfig", environmentVariables={"DB": "postgres://me:s3cret@db"})
    with pytest.raises(InvalidInput) as refused:
        service().create(inputs(place=place))
    assert "s3cret" not in str(refused.value)


def test_templates_of_a_function_are_for_its_own_router():
    place = {**section(), "kind": "cloud_run", "templates": templates()}
    with pytest.raises(InvalidInput) as refused:
        service().create(inputs(place=place))
    assert any("the router cloud_function" in problem.allowed for problem in refused.value.problems)


def test_the_commands_by_hand_name_the_revisions(function):
    made = router()
    made.write(Weights.all_on("blue"))
    made.read()
    (command,) = made.commands(Weights.all_on("blue"))
    name = next(name for name in function.revisions())
    assert f"gcloud run services update-traffic {SERVICE.rpartition('/')[2]}" in command
    assert f"{name}=100" in command
    assert FUNCTION.rpartition("/")[2] in command
