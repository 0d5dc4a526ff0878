"""A URL map's place in Google's stand-in: what is sent, what is kept of others, what comes of it."""

from __future__ import annotations

import pytest

from bluegreen.fields import Fields
from bluegreen.google.compute_engine import changes, notes
from bluegreen.permissions import needed
from bluegreen.platforms.routers import ROUTERS
from bluegreen.rollout.clock import FakeClock
from bluegreen.rollout.errors import InvalidInput, NotOwned, PlatformError, SwapFailed, TrafficMoved
from bluegreen.rollout.model import Convergence, Weights
from bluegreen.swap.service import SwapService
from localcloud.google.bare import COMPUTE, COMPUTE_ADMIN, PROJECT, REGION
from localcloud.google.compute_errors import ComputeError
from tests.amounts import stride
from tests.routers.url_map_workshop import LINKS, WORDS, build, running, section


@pytest.fixture(params=["global", f"regions/{REGION}"])
def world(request):
    with running(at_once=True) as made:
        made.balancer = build(made.google, request.param)
        yield made


@pytest.fixture
def balancer(world):
    return world.balancer


def router(given):
    return ROUTERS.build(ROUTERS.parse(Fields(given, "router")))


def inputs(place, active="blue", **more):
    return {
        "name": "web",
        "active_color": active,
        "releases": {"blue": "v1", "green": "v2"},
        "router": place,
        "strategy": {"steps": [{"weight_percent": 10, "hold_seconds": 1}]},
        "propagation_seconds": 0,
        **more,
    }


def service(clock=None):
    return SwapService(clock=clock or FakeClock())


# -- traffic


def test_a_promotion_and_its_rollback_move_the_weights_and_keep_the_words(balancer):
    place = section(balancer)
    _, outputs = service().create(inputs(place))
    assert balancer.weights() == {"blue": 100}
    outputs = service().update(outputs, inputs(place, "green"))
    assert balancer.weights() == {"green": 100}
    outputs = service().update(outputs, inputs(place, "blue"))
    assert balancer.weights() == {"blue": 100}
    assert balancer.map()["description"].startswith(f"{WORDS}\nbluegreen {{")
    service().delete({**inputs(place), "incarnation": outputs["incarnation"]})
    assert balancer.map()["description"] == WORDS
    assert balancer.weights() == {"blue": 100}


def test_the_idle_color_stays_in_the_list_so_that_google_probes_it(balancer):
    router(section(balancer)).write(Weights.all_on("blue"))
    listed = balancer.map()["defaultRouteAction"]["weightedBackendServices"]
    assert {one["backendService"]: one["weight"] for one in listed} == {
        LINKS + balancer.service("blue"): 100,
        LINKS + balancer.service("green"): 0,
    }
    assert "defaultService" not in balancer.map()


def test_a_requests_actions_and_all_else_stay_as_they_were_read(balancer):
    """Mirrors, rewrites, headers, error pages, other hosts: with the place as it was, and with other places."""
    action = {
        "requestMirrorPolicy": {"backendService": balancer.service("white")},
        "urlRewrite": {"pathPrefixRewrite": "/v2/"},
        "corsPolicy": {"allowOrigins": ["https://shop.test"]},
        "weightedBackendServices": [
            {**balancer.entries(blue=7)[0], "headerAction": {"requestHeadersToRemove": ["X-Debug"]}},
            *balancer.entries(white=0),
        ],
    }
    balancer.change(
        defaultService=None,
        defaultRouteAction=action,
        headerAction={"responseHeadersToRemove": ["Server"]},
        hostRules=[{"hosts": ["api.test"], "pathMatcher": "api"}],
        pathMatchers=[{"name": "api", "defaultService": balancer.service("white")}],
        tests=[{"host": "api.test", "path": "/", "service": balancer.service("white")}],
    )
    before = balancer.map()
    made = router(section(balancer, made_with_it=False))
    made.write(Weights.all_on("blue"))
    made.write(Weights(30, 70))
    now = balancer.map()
    kept = ("headerAction", "hostRules", "pathMatchers", "tests")
    assert {key: now[key] for key in kept} == {key: before[key] for key in kept}
    for key in ("requestMirrorPolicy", "urlRewrite", "corsPolicy"):
        assert now["defaultRouteAction"][key] == before["defaultRouteAction"][key]
    blue, green, white = now["defaultRouteAction"]["weightedBackendServices"]
    assert blue["headerAction"] == {"requestHeadersToRemove": ["X-Debug"]}
    assert (blue["weight"], green["weight"], white["weight"]) == (30, 70, 0)


MATCHERS = {
    "matcher": {"name": "api", "defaultService": "white"},
    "route rule": {
        "name": "api",
        "defaultService": "white",
        "routeRules": [
            {"priority": 1, "service": "white", "matchRules": [{"prefixMatch": "/old"}]},
            {"priority": 5, "service": "white", "matchRules": [{"prefixMatch": "/"}], "description": "theirs"},
        ],
    },
    "path rule": {
        "name": "api",
        "defaultService": "white",
        "pathRules": [{"paths": ["/old/*"], "service": "white"}, {"paths": ["/a/*", "/b/*"], "service": "white"}],
    },
}
PLACES = {
    "matcher": {"path_matcher": "api"},
    "route rule": {"path_matcher": "api", "route_priority": 5},
    "path rule": {"path_matcher": "api", "path": "/b/*"},
}


def matcher(balancer, name):
    def named(value):
        if isinstance(value, dict):
            return {key: named(one) for key, one in value.items()}
        if isinstance(value, list):
            return [named(one) for one in value]
        return balancer.service("white") if value == "white" else value

    return named(MATCHERS[name])


def placed(balancer, name):
    (found,) = balancer.map()["pathMatchers"]
    return {"matcher": found, "route rule": (found.get("routeRules") or [0, 0])[1]}.get(name) or found["pathRules"][1]


@pytest.mark.parametrize("name", list(PLACES))
def test_each_place_of_a_map_is_led_and_the_others_stay(balancer, name):
    balancer.change(hostRules=[{"hosts": ["api.test"], "pathMatcher": "api"}], pathMatchers=[matcher(balancer, name)])
    place = section(balancer, **PLACES[name])
    _, outputs = service().create(inputs(place))
    service().update(outputs, inputs(place, "green"))
    assert balancer.weights(placed(balancer, name)) == {"green": 100}
    assert balancer.map()["defaultService"].endswith("web-white")
    (found,) = balancer.map()["pathMatchers"]
    if name == "route rule":
        assert found["routeRules"][0]["service"].endswith("web-white")
        assert found["routeRules"][1]["description"] == "theirs"
        assert "service" not in found["routeRules"][1]
    if name == "path rule":
        assert found["pathRules"][0]["service"].endswith("web-white")


@pytest.mark.parametrize("name", ["route rule", "path rule"])
def test_a_rule_that_somebody_has_moved_is_not_confused_with_the_one_in_its_place(balancer, name):
    balancer.change(hostRules=[{"hosts": ["api.test"], "pathMatcher": "api"}], pathMatchers=[matcher(balancer, name)])
    place = section(balancer, **PLACES[name])
    _, outputs = service().create(inputs(place))
    (found,) = balancer.map()["pathMatchers"]
    one, two = found["routeRules" if name == "route rule" else "pathRules"]
    key = "priority" if name == "route rule" else "paths"
    one[key], two[key] = two[key], one[key]
    balancer.change(pathMatchers=[found])
    before = balancer.map()["pathMatchers"]
    for active in ("blue", "green"):
        with pytest.raises(SwapFailed, match=r"leads to neither color, and api, (route rule 1|path /old/\*) does"):
            service().update(outputs, inputs(place, active))
    assert balancer.map()["pathMatchers"] == before
    moved = {**place, "made_with_it": False, **({"route_priority": 1} if name == "route rule" else {"path": "/old/*"})}
    _, moved_outputs = service().create(inputs(moved))
    service().delete({**inputs(place), **outputs})
    assert service().update(moved_outputs, inputs(moved, "green"))["live_color"] == "green"


def test_a_rule_that_somebody_leads_elsewhere_by_hand_is_healed_beside_another_swaps(balancer):
    rules = [
        {"priority": number, "service": balancer.service("white"), "matchRules": [{"prefixMatch": f"/{number}"}]}
        for number in (1, 5)
    ]
    api = {"name": "api", "defaultService": balancer.service("white"), "routeRules": rules}
    balancer.change(hostRules=[{"hosts": ["api.test"], "pathMatcher": "api"}], pathMatchers=[api])
    first, second = (
        section(balancer, path_matcher="api", route_priority=number, owner=f"project/stack/{number}")
        for number in (1, 5)
    )
    service().create(inputs(first))
    _, outputs = service().create(inputs(second))
    (found,) = balancer.map()["pathMatchers"]
    found["routeRules"][1] = rules[1]
    balancer.change(pathMatchers=[found])
    service().update(outputs, inputs(second))
    (found,) = balancer.map()["pathMatchers"]
    assert balancer.weights(found["routeRules"][1]) == {"blue": 100}


def test_two_swaps_share_a_map(balancer):
    balancer.change(
        hostRules=[{"hosts": ["api.test"], "pathMatcher": "api"}],
        pathMatchers=[{"name": "api", "defaultService": balancer.service("white")}],
    )
    first, second = router(section(balancer)), router(section(balancer, path_matcher="api", owner="project/stack/api"))
    first.write(Weights.all_on("blue"))
    second.write(Weights.all_on("green"))
    first.mark({"lease.a": "1"})
    second.mark({"lease.b": "2"})
    assert (first.marks(), second.marks()) == ({"lease.a": "1"}, {"lease.b": "2"})
    first.delete()
    assert second.read().weights == Weights.all_on("green")
    assert second.marks() == {"lease.b": "2"}


@pytest.mark.parametrize(
    ("weights", "read"),
    [
        ({"blue": 1000, "green": 0}, Weights(100, 0)),
        ({"blue": 999, "green": 1}, Weights(99, 1)),
        ({"blue": 1, "green": 2}, Weights(33, 67)),
        ({"blue": 1, "green": 1, "white": 2}, Weights(25, 25)),
        ({"blue": 995, "green": 5}, Weights(99, 1)),
    ],
)
def test_others_weights_are_read_as_percent(balancer, weights, read):
    made = router(section(balancer))
    made.write(Weights.all_on("blue"))
    balancer.send(**weights)
    assert made.read().weights == read


# -- somebody else


def test_a_change_by_somebody_else_in_mid_swap_loses_nothing(world, balancer):
    """A stale fingerprint is no write: what they have changed is read, and stays."""
    place = section(balancer)
    _, outputs = service().create(inputs(place))
    struck = []

    def deploys(verb, path):
        if verb == "PATCH" and path.endswith("/urlMaps/web") and len(struck) < 6:
            struck.append(True)
            words = notes.with_note(balancer.map()["description"], "theirs", {"n": len(struck)})
            balancer.change(headerAction={"responseHeadersToRemove": [f"X-{len(struck)}"]}, description=words)

    world.before.append(deploys)
    service().update(outputs, inputs(place, "green"))
    world.before.clear()
    assert balancer.weights() == {"green": 100}
    assert balancer.map()["headerAction"] == {"responseHeadersToRemove": ["X-6"]}
    assert notes.note_in(balancer.map()["description"], "theirs") == {"n": 6, "place": "theirs"}


def test_traffic_that_somebody_moved_between_look_and_write_stays(balancer):
    made = router(section(balancer))
    made.write(Weights.all_on("blue"))
    made.read()
    balancer.send(white=60, blue=40)
    with pytest.raises(TrafficMoved):
        made.write(Weights.all_on("green"))
    assert balancer.weights() == {"white": 60, "blue": 40}


def test_a_place_that_leads_to_a_stranger_is_not_taken_over(balancer):
    with pytest.raises(NotOwned, match="would move its traffic"):
        router(section(balancer, made_with_it=False)).write(Weights.all_on("blue"))
    assert balancer.weights() == {"white": 100}
    assert balancer.map()["description"] == WORDS


def test_a_place_that_leads_to_the_color_is_taken_over_as_it_is(balancer):
    balancer.change(defaultService=balancer.service("blue"))
    _, outputs = service().create(inputs(section(balancer, made_with_it=False)))
    assert outputs["live_color"] == "blue"
    assert balancer.weights() == {"blue": 100}


def test_another_owners_place_is_left_alone(balancer):
    router(section(balancer)).write(Weights.all_on("blue"))
    with pytest.raises(NotOwned, match="owned by project/stack/web"):
        router(section(balancer, owner="project/stack/other")).read()


def test_a_place_that_redirects_is_refused_by_its_field(balancer):
    balancer.change(defaultService=None, defaultUrlRedirect={"httpsRedirect": True})
    with pytest.raises(PlatformError, match="urlRedirect"):
        router(section(balancer)).write(Weights.all_on("blue"))


def test_a_place_that_is_not_there_is_named(balancer):
    with pytest.raises(PlatformError, match="the map has no api, route rule 5"):
        router(section(balancer, path_matcher="api", route_priority=5)).write(Weights.all_on("blue"))


def test_drift_is_told_and_healed(balancer):
    place = section(balancer)
    _, outputs = service().create(inputs(place))
    balancer.send(white=50, blue=50)
    assert service().diff(outputs, inputs(place)).changes
    service().update(outputs, inputs(place))
    assert balancer.weights() == {"blue": 100}


# -- the description


def test_words_stay_as_they_are_whatever_they_are():
    for words in ("", "one", "two\nlines\n", "\n", "bluegreen is what we do", 'bluegreen {"place"', "bluegreen [1]"):
        noted = notes.with_note(words, "default", {"owner": "a/b/c", "marks": {"x": "1"}})
        assert notes.note_in(noted, "default") == {"owner": "a/b/c", "marks": {"x": "1"}, "place": "default"}
        assert notes.with_note(noted, "default", None) == words


def test_many_marks_are_packed_and_come_back():
    marks = {
        f"outcome.{number}": f"gate http /healthz said no at {number}: 503 against 200 " * 4 for number in range(10)
    }
    noted = notes.with_note(WORDS, "default", {"owner": "a/b/c", "marks": marks})
    assert len(noted) <= notes.LONGEST
    assert notes.note_in(noted, "default") == {"owner": "a/b/c", "marks": marks, "place": "default"}


def test_a_description_without_room_is_refused_by_its_name(balancer):
    balancer.change(description="x" * 2040)
    with pytest.raises(PlatformError, match=r"the description of .*urlMaps/web would have 2,1\d\d characters"):
        router(section(balancer)).write(Weights.all_on("blue"))
    assert balancer.weights() == {"white": 100}


# -- health


def test_health_is_that_of_the_instances_behind_a_backend_service(world, balancer):
    made = router(section(balancer))
    assert made.health("green").ready
    (one,) = [name for name in instances(world) if name.startswith("web-green")][:1]
    world.google.compute.ill.add(one)
    found = made.health("green")
    assert not found.ready
    assert (found.healthy, found.expected) == (1, 2)
    assert one in found.reason


def instances(world):
    return [one.name for listed in world.google.compute.groups.running.values() for one in listed]


def test_a_color_that_is_not_well_gets_no_requests(world, balancer):
    place = section(balancer)
    _, outputs = service().create(inputs(place))
    world.google.compute.ill |= {name for name in instances(world) if name.startswith("web-green")}
    with pytest.raises(SwapFailed, match="web-green"):
        service().update(outputs, inputs(place, "green", steady_state_timeout_seconds=30))
    assert balancer.weights() == {"blue": 100}


def serverless(balancer):
    """Cloud Run behind the backend services: a serverless network endpoint group each, and no health checks."""
    for color in ("blue", "green"):
        balancer.make(
            "networkEndpointGroups",
            f"run-{color}",
            scope=f"regions/{REGION}",
            networkEndpointType="SERVERLESS",
            cloudRun={"service": f"web-{color}"},
        )
        group = f"{LINKS}projects/{PROJECT}/regions/{REGION}/networkEndpointGroups/run-{color}"
        found = balancer.ask("GET", balancer.service(color))
        fields = {"fingerprint": found["fingerprint"], "healthChecks": None, "backends": [{"group": group}]}
        balancer.ask("PATCH", balancer.service(color), fields)


def test_a_pair_of_cloud_run_services_has_no_health_to_ask_for(balancer):
    serverless(balancer)
    place = section(balancer)
    assert router(place).health("green").ready
    _, outputs = service().create(inputs(place))
    service().update(outputs, inputs(place, "green"))
    assert balancer.weights() == {"green": 100}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"loadBalancingScheme": "EXTERNAL"}, "a classic load balancer takes no weights"),
        ({"backends": []}, "has no backends"),
    ],
)
def test_a_backend_service_that_cannot_serve_is_refused_by_its_field(balancer, fields, said):
    found = balancer.ask("GET", balancer.service("green"))
    balancer.ask("PATCH", balancer.service("green"), {"fingerprint": found["fingerprint"], **fields})
    health = router(section(balancer)).health("green")
    assert (health.ready, health.fatal) == (False, True)
    assert said in health.reason


def test_backends_that_are_drained_are_no_ones_to_send_requests_to(balancer):
    """However well their instances are: Google sends them none."""
    found = balancer.ask("GET", balancer.service("green"))
    (own,) = found["backends"]
    other = {"group": own["group"].replace("web-green", "web-white")}
    for scalers, ready, count in (((0, 1), True, 2), ((0, 0), False, 1)):
        backends = [{**one, "capacityScaler": scaler} for one, scaler in zip((own, other), scalers, strict=True)]
        there = balancer.ask("GET", balancer.service("green"))["fingerprint"]
        balancer.ask("PATCH", balancer.service("green"), {"fingerprint": there, "backends": backends})
        health = router(section(balancer)).health("green")
        assert (health.ready, health.expected) == (ready, count)
    assert "all backends of web-green are drained: their capacityScaler is 0" in health.reason


def test_a_backend_service_that_is_not_there_is_named(balancer):
    other = balancer.service("green").replace("web-green", "other")
    made = router(section(balancer, backend_services={"blue": balancer.service("blue"), "green": other}))
    assert f"there is no {other}" in made.health("green").reason


# -- changes that take their time


def test_a_change_is_waited_for_and_another_one_in_between_is_too():
    """Google refuses a change while another one runs (resourceNotReady): it is sent again once that is done."""
    with running() as world:
        balancer = build(world.google)
        place = section(balancer)
        _, outputs = service().create(inputs(place))
        fields = {"fingerprint": balancer.map()["fingerprint"], "tests": []}
        world.google.works.held = True
        assert world.google.ask("PATCH", f"/compute/v1/{balancer.url_map}", None, fields, COMPUTE)[0] == 200
        looks = []

        def lets_go(verb, _path):
            looks.append(verb)
            world.google.works.held = len(looks) < 4

        world.before.append(lets_go)
        service().update(outputs, inputs(place, "green"))
        assert balancer.weights() == {"green": 100}


def test_a_change_that_never_ends_is_given_up_after_ten_minutes(balancer, world, monkeypatch):
    """By the clock: the lease that is renewed meanwhile waits for the same operation."""
    clock = FakeClock()
    monkeypatch.setattr(changes, "steady_seconds", clock.monotonic_seconds)
    _, outputs = service(clock).create(inputs(section(balancer)))

    def stuck(verb, _path):
        if verb == "PATCH":
            world.google.works.at_once, world.google.works.held = False, True

    world.before.append(stuck)
    began_seconds = clock.wall_seconds()
    with pytest.raises(PlatformError, match=r"still at work on projects/shop/.*/urlMaps/web after ten minutes"):
        service(clock).update(outputs, inputs(section(balancer), "green"))
    assert clock.wall_seconds() - began_seconds < 900
    world.before.clear()
    world.google.works.at_once, world.google.works.held = True, False
    world.google.settle()
    clock.sleep(700)
    assert service(clock).update(outputs, inputs(section(balancer), "green"))["live_color"] == "green"


def test_a_failed_change_says_why(balancer, world):
    made = router(section(balancer))

    def fails(_name, _wanted):
        raise ComputeError(403, "QUOTA_EXCEEDED", "Quota 'URL_MAPS' exceeded")

    world.google.compute._put = fails
    with pytest.raises(PlatformError, match="QUOTA_EXCEEDED: Quota 'URL_MAPS' exceeded"):
        made.write(Weights.all_on("blue"))


class Killed(BaseException):
    """The process ended."""


@pytest.mark.parametrize("at_once", [True, False], ids=["at once", "in its time"])
def test_a_promotion_is_taken_up_wherever_it_ended(at_once):
    calls = ended(at_once, None)
    assert calls > 10
    for number in range(0, calls, stride(5)):
        ended(at_once, number)


def ended(at_once, number):
    """A promotion that ends before and, in the next turn, after a call; the next update puts all right."""
    total = 0
    for when in ("before", "after"):
        clock = FakeClock()
        with running(at_once=at_once) as world:
            balancer = build(world.google, size=1)
            place = section(balancer)
            _, outputs = service(clock).create(inputs(place))
            asked = []

            def kill(_verb, _path, asked=asked, when=when):
                if number is not None and len(asked) == number + (when == "after"):
                    asked.append("")
                    raise Killed
                asked.append("")

            world.before.append(kill)
            try:
                outputs = service(clock).update(outputs, inputs(place, "green"))
            except Killed:
                clock.sleep(700)
                world.google.settle()  # by then what it had begun is done
                world.before.clear()
                world.google.settle()  # by then Google has done what was requested last
                outputs = service(clock).update(outputs, inputs(place, "green"))
            total = len(asked)
            world.before.clear()
            assert outputs["live_color"] == "green"
            assert balancer.weights() == {"green": 100}
            assert not service(clock).diff(outputs, inputs(place, "green")).changes
    return total


def test_a_write_whose_reply_was_lost_is_no_strangers(world, balancer):
    """Sent again, its fingerprint is stale; what stands there by then is its own."""
    made = router(section(balancer))
    made.write(Weights.all_on("blue"))
    real, lost = world.google.answer, []

    def answer(verb, path, query=None, body=None, host=""):
        found = real(verb, path, query, body, host)
        if verb == "PATCH" and not lost:
            lost.append(True)
            found.status_code = 503
        return found

    world.google.answer = answer
    router(section(balancer)).write(Weights.all_on("green"))
    assert lost
    assert balancer.weights() == {"green": 100}


# -- what is requested


def test_what_is_declared_is_enough_and_all_of_it_is_called():
    """A custom role of just these permissions, for a global map and a regional one."""
    declared = {one.action for one in needed(["url_map"])}
    assert declared < COMPUTE_ADMIN
    called = set()
    for scope in ("global", f"regions/{REGION}"):
        with running() as world:
            balancer = build(world.google, scope)
            place = section(balancer)
            world.google.allowed = frozenset(declared)
            world.google.calls.clear()
            world.google.beside.clear()
            _, outputs = service().create(inputs(place))
            outputs = service().update(outputs, inputs(place, "green"))
            service().delete({**inputs(place, "green"), "incarnation": outputs.get("incarnation", "")})
            called |= {*world.google.calls, *world.google.beside}
    assert called == declared


def test_without_a_permission_it_is_named_and_nothing_is_written(world, balancer):
    place = section(balancer)
    action = "compute.urlMaps.update" if balancer.scope == "global" else "compute.regionUrlMaps.update"
    world.google.allowed = COMPUTE_ADMIN - {action}
    with pytest.raises(SwapFailed, match=rf"{action}: forbidden: Permission '{action}' denied"):
        service().create(inputs(place))
    world.google.allowed = COMPUTE_ADMIN
    assert balancer.weights() == {"white": 100}


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"url_map": "web"}, "router.url_map"),
        ({"route_priority": 5}, "router.route_priority"),
        ({"path": "/a"}, "router.path"),
        ({"path_matcher": "api", "path": "a"}, "router.path"),
        ({"path_matcher": "api", "path": "/a", "route_priority": 5}, "router.path"),
        ({"backend_services": {"blue": "x", "green": "y"}}, "router.backend_services.blue"),
        ({"google": {"endpoint_url": "https://user:pw@compute.test"}}, "router.google.endpoint_url"),
    ],
)
def test_what_is_wrong_is_refused_by_its_name(balancer, more, field):
    with pytest.raises(InvalidInput) as refused:
        service().create(inputs(section(balancer, **more)))
    assert field in {problem.field for problem in refused.value.problems}


def test_one_backend_service_in_two_forms_is_one(balancer):
    both = {"blue": balancer.service("blue"), "green": LINKS + balancer.service("blue")}
    with pytest.raises(InvalidInput, match="another backend service than blue's"):
        service().create(inputs(section(balancer, backend_services=both)))


def test_a_backend_service_of_another_scope_is_refused(balancer):
    elsewhere = f"projects/{PROJECT}/regions/us-east1/backendServices/web-green"
    both = {"blue": balancer.service("blue"), "green": elsewhere}
    with pytest.raises(InvalidInput, match="one of the map's own scope"):
        service().create(inputs(section(balancer, backend_services=both)))


def test_the_same_map_in_another_form_is_the_same_place(balancer):
    place = section(balancer)
    _, outputs = service().create(inputs(place))
    same = section(
        balancer,
        url_map=LINKS + balancer.url_map,
        backend_services={color: LINKS + balancer.service(color) for color in ("blue", "green")},
    )
    found = service().diff(outputs, inputs(same))
    assert not found.replaces
    assert not found.warnings
    assert router(same).id == router(place).id


def test_a_place_is_done_when_the_map_says_so(balancer):
    made = router(section(balancer))
    made.write(Weights(40, 60))
    assert made.verify(Weights(40, 60)) is Convergence.CONVERGED
    assert router(section(balancer)).verify(Weights(50, 50)) is Convergence.PENDING


def test_the_commands_by_hand_name_the_map_and_the_shares(balancer):
    export, edit, back = router(section(balancer)).commands(Weights(90, 10))
    scope = "--global" if balancer.scope == "global" else f"--region {REGION}"
    assert export == f"gcloud compute url-maps export web {scope} --project shop --destination=url-map.yaml"
    assert edit.endswith("# default: weightedBackendServices web-blue 90, web-green 10")
    assert back == f"gcloud compute url-maps import web {scope} --project shop --source=url-map.yaml"
