"""A route of Cloud Foundry: what is mapped when, what a share comes to, and what stays as others left it."""

from __future__ import annotations

import pytest

from bluegreen.cloudfoundry import metadata
from bluegreen.cloudfoundry.routes import shares
from bluegreen.rollout.clock import FakeClock
from bluegreen.rollout.errors import NotOwned, PlatformError, SwapFailed
from bluegreen.rollout.model import Convergence, Weights
from bluegreen.swap.service import SwapService
from localcloud.cloudfoundry.cloud import BareCloudFoundry
from localcloud.cloudfoundry.uaa import OWNER, Principal, Uaa
from localcloud.cloudfoundry.world import destination
from tests.routers import cloudfoundry_workshop as workshop
from tests.routers.cloudfoundry_workshop import led_to, patient, router

BLUE, GREEN = Weights.all_on("blue"), Weights.all_on("green")


@pytest.fixture
def cloud():
    """Blue is mapped, by whoever pushed it."""
    cloud = BareCloudFoundry()
    workshop.build(cloud, 4, "blue")
    with led_to(cloud), patient():
        yield cloud


def route(cloud):
    return next(iter(cloud.world.routes.values()))


def mapped(cloud):
    by_guid = {app.guid: app.name for app in cloud.world.apps.values()}
    return [by_guid.get(one["app"]["guid"], "?") for one in route(cloud).destinations]


def sizes(cloud):
    return {app.name: app.instances for app in cloud.world.apps.values()}


def owned(cloud, weights=BLUE, **more):
    made = router(made_with_it=False, **more)
    made.write(weights)
    return made


def test_a_route_that_leads_to_the_live_color_is_taken_over_as_it_is(cloud):
    before = [dict(one) for one in route(cloud).destinations]
    owned(cloud)
    assert route(cloud).destinations == before
    assert router().read().weights == BLUE


def test_a_route_that_leads_to_the_other_color_is_refused_and_left_alone(cloud):
    with pytest.raises(NotOwned, match="would move its traffic: it is blue 100 %, green 0 % now"):
        owned(cloud, GREEN)
    assert mapped(cloud) == ["web-blue"]
    assert not route(cloud).annotations


def test_an_exchange_maps_both_for_the_overlap_and_then_one_alone(cloud):
    clock = FakeClock()
    seen = []

    def look(seconds):
        seen.append((seconds, mapped(cloud)))

    clock.sleep = look
    owned(cloud)
    with patient(clock):
        router(overlap_seconds=20).write(GREEN)
    assert seen == [(20, ["web-blue", "web-green"])]
    assert mapped(cloud) == ["web-green"]


def test_without_an_overlap_an_exchange_is_one_call(cloud):
    made = owned(cloud, overlap_seconds=0)
    made.read()
    cloud.api.calls.clear()
    made.write(GREEN)
    assert cloud.api.calls.count("PATCH /v3/routes/{guid}/destinations") == 1


def test_at_no_moment_the_route_leads_nowhere(cloud):
    made = owned(cloud)
    cloud.plane.tables.clear()
    for weights in (Weights.split("green", 20), Weights.split("green", 50), GREEN, Weights.split("green", 90), BLUE):
        made.read()
        made.write(weights)
    assert cloud.plane.tables
    assert min(table[workshop.ROUTE] for table in cloud.plane.tables) >= 4


def test_a_color_is_mapped_with_the_port_and_the_protocol_of_the_other_one(cloud):
    (there,) = route(cloud).destinations
    there.update(port=9000, protocol="http2")
    owned(cloud).write(GREEN)
    (made,) = route(cloud).destinations
    assert (made["port"], made["protocol"]) == (9000, "http2")
    router(ports={"blue": 9000, "green": 9001}).write(BLUE)
    router(ports={"blue": 9000, "green": 9001}).write(GREEN)
    assert route(cloud).destinations[0]["port"] == 9001


# -- shares


@pytest.mark.parametrize(
    ("percent", "expected"),
    [(20, (4, 1)), (10, (4, 1)), (50, (4, 4)), (33, (4, 2)), (80, (1, 4)), (99, (1, 4))],
)
def test_a_share_is_one_of_whole_instances(cloud, percent, expected):
    made = owned(cloud)
    made.read()
    weights = Weights.split("green", percent)
    made.write(weights)
    assert (sizes(cloud)["web-blue"], sizes(cloud)["web-green"]) == expected
    assert router().read().weights == weights


def test_a_share_says_what_it_has_come_to(cloud):
    made = owned(cloud)
    made.read()
    made.write(Weights.split("green", 10))
    assert made.comes_to(Weights.split("green", 10)) == "1 of 5 instances are green's, 20 % of the requests"
    made.write(GREEN)
    assert made.comes_to(GREEN) == ""
    assert "10 % beside 4 instances is 1 of 5, which is 20 %" in made.clients_stay


def test_the_new_color_has_its_number_before_the_route_leads_to_it(cloud):
    made = owned(cloud)
    made.read()
    cloud.plane.tables.clear()
    made.write(Weights.split("green", 20))
    assert [table[workshop.ROUTE] for table in cloud.plane.tables] == [4, 5]


def test_instances_are_given_back_with_the_traffic(cloud):
    made = owned(cloud)
    for weights in (Weights.split("green", 20), Weights.split("green", 90), GREEN):
        made.read()
        made.write(weights)
    assert sizes(cloud) == {"web-blue": 4, "web-green": 4}
    assert mapped(cloud) == ["web-green"]
    assert all("bluegreen.share" not in app.annotations for app in cloud.world.apps.values())


def test_all_instances_run_before_a_color_gets_all_traffic_back():
    cloud = BareCloudFoundry(looks=2)
    workshop.build(cloud, 4, "blue")
    with led_to(cloud), patient() as clock:
        made = owned(cloud, BLUE)
        made.read()
        made.write(Weights.split("green", 90))
        waited = clock.monotonic_seconds()
        made.read()
        made.write(BLUE)
        assert clock.monotonic_seconds() > waited
    assert cloud.plane.tables[-1][workshop.ROUTE] == 4


def test_instances_that_do_not_come_are_an_error_before_anything_is_taken_off(cloud):
    made = owned(cloud, scale_timeout_seconds=10)
    made.read()
    made.write(Weights.split("green", 90))
    blue = cloud.world.app("web-blue")
    cloud.world.held_instances.add(blue.guid)
    made.read()
    with pytest.raises(PlatformError, match=r"1 of 4 instances of web-blue run after 10 s: .*insufficient resources"):
        made.write(BLUE)
    assert mapped(cloud) == ["web-blue", "web-green"]


def test_instances_that_somebody_else_scales_are_a_share_of_their_own(cloud):
    owned(cloud).write(Weights.split("green", 20))
    cloud.world.app("web-green").instances = 4
    assert router().read().weights == Weights.split("green", 50)
    assert router().verify(Weights.split("green", 20)) is Convergence.PENDING


def test_apps_of_others_get_a_share_that_is_nobody_s(cloud):
    owned(cloud)
    stranger = cloud.world.push("shop", workshop.IMAGE, 4)
    route(cloud).destinations.append(destination(stranger.guid))
    assert router().read().weights == Weights(50, 0)
    made = router()
    made.read()
    made.write(BLUE)
    assert mapped(cloud) == ["web-blue"]


def test_one_instance_beside_hundreds_is_a_share_all_the_same():
    """No color looks live that is not alone, and no app of somebody else's is lost in the rounding."""
    nothing = dict.fromkeys(workshop.COLORS)
    assert shares.weights_of({"blue": 400, "green": 1}, 0, nothing) == Weights(99, 1)
    assert shares.weights_of({"blue": 400, "green": 0}, 1, nothing) == Weights(99, 0)
    assert shares.weights_of({"blue": 400, "green": 1}, 1, nothing) == Weights(98, 1)
    assert shares.weights_of({"blue": 0, "green": 0}, 0, nothing) == Weights()


class Overlap(FakeClock):
    """In the first overlap somebody maps an app that answers."""

    def __init__(self, cloud):
        super().__init__()
        self.cloud, self.came = cloud, False

    def sleep(self, seconds):
        super().sleep(seconds)
        if not self.came and {"web-blue", "web-green"} <= {*mapped(self.cloud)}:
            self.came = True
            route(self.cloud).destinations.append(destination(self.cloud.world.push("shop", workshop.IMAGE, 4).guid))


def test_an_app_that_somebody_maps_during_the_overlap_stays_and_stops_no_restore(cloud):
    owned(cloud)
    made = router()
    made.read()
    with patient(Overlap(cloud)):
        made.write(GREEN)
        assert mapped(cloud) == ["web-green", "shop"]
        assert made.verify(GREEN) is Convergence.CONVERGED
        assert made.read().weights == Weights(0, 50), "and so the swap stops"
        for weights, left in (
            (Weights.split("green", 50), ["web-blue", "web-green", "shop"]),
            (BLUE, ["web-blue", "shop"]),
        ):
            made.write(weights)
            assert sorted(mapped(cloud)) == sorted(left)
            assert made.verify(weights) is Convergence.CONVERGED
        later = router()
        assert later.read().weights == Weights(50, 0), "a preview tells it"
        later.write(BLUE)
        assert mapped(cloud) == ["web-blue"], "and an update takes it off"


def test_a_promotion_in_whose_overlap_somebody_maps_an_app_ends_and_says_what_is_live(cloud):
    inputs = {
        "name": "web",
        "active_color": "blue",
        "releases": {"blue": "v1", "green": "v2"},
        "router": workshop.section(),
        "strategy": {"steps": []},
    }
    clock = Overlap(cloud)
    with patient(clock):
        service = SwapService(clock=clock)
        outputs = service.create(inputs)[1]
        with pytest.raises(SwapFailed, match=r"somebody else moved") as failed:
            service.update(outputs, {**inputs, "active_color": "green"})
    assert clock.came
    assert mapped(cloud) == ["web-green", "shop"]
    assert failed.value.weights == Weights(0, 50)


def test_a_route_that_somebody_takes_over_during_the_overlap_is_moved_no_further(cloud):
    owned(cloud)
    made = router()
    made.read()
    clock = FakeClock()
    clock.sleep = lambda _seconds: route(cloud).annotations.update({metadata.OWNER: "elsewhere/prod/shop"})
    with patient(clock), pytest.raises(NotOwned, match="owned by elsewhere/prod/shop; this swap is"):
        made.write(GREEN)
    assert mapped(cloud) == ["web-blue", "web-green"], "as it was when they took it"


def test_an_app_that_runs_nothing_gets_no_share(cloud):
    made = owned(cloud)
    cloud.world.app("web-green").state = "STOPPED"
    made.read()
    with pytest.raises(PlatformError, match="web-green runs no instance of its process web"):
        made.write(Weights.split("green", 20))
    assert mapped(cloud) == ["web-blue"]


# -- what others have


def test_annotations_of_others_stay(cloud):
    route(cloud).annotations["team"] = "orders"
    made = owned(cloud)
    made.mark({"lease.1": "x"})
    made.write(GREEN)
    made.mark({"lease.1": None})
    router().delete()
    assert route(cloud).annotations == {"team": "orders"}
    assert mapped(cloud) == ["web-green"]


def test_weights_of_a_service_mesh_are_refused_by_name(cloud):
    (there,) = route(cloud).destinations
    there["weight"] = 100
    with pytest.raises(PlatformError, match="its destinations have weights"):
        owned(cloud)


def test_what_is_not_there_is_named(cloud):
    with pytest.raises(PlatformError, match=r"there is no route shop\.apps\.cf\.test in shop/production"):
        owned(cloud, route="shop.apps.cf.test")
    with pytest.raises(PlatformError, match="there is no space shop/test, or the swap may not see it"):
        router(space="shop/test").read()
    cloud.world.delete_app("web-green")
    made = owned(cloud)
    assert made.health("green").reason == "there is no app web-green in the space: push it (`cf push web-green`)"
    with pytest.raises(PlatformError, match="there is no app web-green in shop/production: push it first"):
        made.write(GREEN)


def test_an_app_that_is_pushed_anew_is_found_by_its_name(cloud):
    made = owned(cloud)
    cloud.world.delete_app("web-green")
    cloud.world.push("web-green", workshop.IMAGE, 4)
    made.read()
    made.write(GREEN)
    assert router().read().weights == GREEN


def test_a_route_of_a_path_is_another_route(cloud):
    cloud.world.create_route("web", "web-green", path="/shop")
    made = owned(cloud)
    assert made.read().weights == BLUE
    assert router(route=f"{workshop.ROUTE}/shop").read().weights == Weights()


# -- releases


@pytest.fixture
def installing(cloud):
    return lambda **images: router(
        install={color: {"image": f"registry.example.com/app:{images.get(color, 'v1')}"} for color in workshop.COLORS}
    )


def test_an_image_is_staged_and_started_in_an_app_without_traffic(cloud, installing):
    installing().write(BLUE)
    made = installing(green="v2")
    assert not made.installed("green")
    assert made.release("green") == "image app:v2"
    made.install("green")
    assert made.installed("green")
    app = cloud.world.app("web-green")
    assert (app.state, cloud.world.droplets[app.droplet].image) == ("STARTED", "registry.example.com/app:v2")
    assert mapped(cloud) == ["web-blue"]


def test_an_app_never_runs_one_release_and_says_another(cloud, installing):
    """Whoever is killed between two calls leaves an app that is stopped, and is not ready."""
    cloud.api.calls.clear()
    installing(green="v2").install("green")
    changes = [call for call in cloud.api.calls if "/apps/{guid}" in call and not call.startswith("GET")]
    assert changes == [
        "POST /v3/apps/{guid}/actions/stop",
        "PATCH /v3/apps/{guid}/relationships/current_droplet",
        "POST /v3/apps/{guid}/actions/start",
    ]


def test_an_app_with_traffic_is_not_stopped_for_another_release_whoever_has_mapped_it(cloud, installing):
    """Before the first write the swap knows of no traffic: the route is not its own yet."""
    before = cloud.world.app("web-blue").droplet
    installing().install("blue")  # it runs that already
    with pytest.raises(
        PlatformError, match=r"web\.apps\.cf\.test leads there, and it runs registry\.example\.com/app:v1"
    ):
        installing(blue="v2").install("blue")
    app = cloud.world.app("web-blue")
    assert (app.state, app.droplet) == ("STARTED", before)


def test_an_image_that_cannot_be_pulled_is_an_error_and_leaves_the_app_as_it_is(cloud, installing):
    before = cloud.world.app("web-green").droplet
    with pytest.raises(PlatformError, match="app:v77 cannot be staged for web-green: StagingError"):
        installing(green="v77").install("green")
    assert cloud.world.app("web-green").droplet == before


def test_a_droplet_of_another_app_is_refused(cloud):
    droplet = cloud.world.app("web-blue").droplet
    made = router(install={"blue": {"droplet": droplet}, "green": {"droplet": droplet}})
    with pytest.raises(PlatformError, match="Ensure the droplet exists and belongs to this app"):
        made.install("green")


# -- who may


def test_who_may_not_write_is_told_so_by_cloud_foundry():
    cloud = BareCloudFoundry(uaa=Uaa((OWNER, Principal("auditor", "local-secret", "space_auditor"))))
    workshop.build(cloud, 1, "blue")
    with led_to(cloud, Principal("auditor", "local-secret")), patient():
        assert router().read().weights == Weights()
        with pytest.raises(PlatformError, match="CF-NotAuthorized: You are not authorized"):
            router().write(BLUE)


def test_what_is_called_is_declared(cloud, installing):
    made = installing(green="v2")
    made.install("green")
    for weights in (BLUE, Weights.split("green", 20), GREEN, Weights()):
        made.write(weights)
        made.verify(weights)
    made.health("green")
    declared = {one.action.replace(":guid", "{guid}").replace(":", " ", 1) for one in made.permissions}
    assert set(cloud.api.calls) <= declared


# -- destinations that are neither color's


def joined(cloud, name="shop", instances=4, started=True, **more):
    """An app of somebody else's that the route leads to as well."""
    app = cloud.world.push(name, workshop.IMAGE, instances, started=started)
    route(cloud).destinations.append({**destination(app.guid), **more})
    return app


def test_a_route_that_leads_to_somebody_else_s_app_too_is_not_taken_over(cloud):
    joined(cloud)
    before = [dict(one) for one in route(cloud).destinations]
    for made_with_it in (False, True):
        with pytest.raises(NotOwned, match="leads to app shop as well, which is neither color's: taking it over"):
            router(made_with_it=made_with_it).write(BLUE)
    assert route(cloud).destinations == before
    assert not route(cloud).annotations


def test_an_app_that_the_swap_may_not_see_is_not_taken_for_one_that_rests(cloud):
    """A route may be shared with another space."""
    route(cloud).destinations.append(destination("of-another-space"))
    with pytest.raises(NotOwned, match=r"an app that the swap may not see \(of-another-space\) as well"):
        owned(cloud)


@pytest.mark.parametrize("rests", ["stopped", "of no instance"])
def test_a_destination_without_a_share_stays_as_it_was_read(cloud, rests):
    shop = joined(cloud, instances=0 if rests == "of no instance" else 4, started=rests != "stopped", port=9000)
    theirs = route(cloud).destinations[-1]
    made = owned(cloud)
    for weights in (Weights.split("green", 20), GREEN, BLUE):
        made.read()
        made.write(weights)
        assert router().read().weights == weights
        assert theirs in route(cloud).destinations
    router().delete()
    assert mapped(cloud) == ["web-blue", shop.name]


@pytest.mark.parametrize("weights", [GREEN, Weights.split("green", 20)], ids=str)
def test_what_somebody_adds_while_a_shift_waits_stays(cloud, weights):
    """A step waits for instances, an exchange for routers: another app without a share has come onto the route."""
    made = owned(cloud)
    clock = FakeClock()
    clock.sleep = lambda _: joined(cloud, started=False) if "shop" not in mapped(cloud) else None
    cloud.plane.looks = 1
    cloud.world.app("web-green").running.clear()
    made.read()
    with patient(clock):
        made.write(weights)
    assert "shop" in mapped(cloud)
    assert router().read().weights == weights


def test_a_destination_with_a_share_is_drift_and_the_next_write_takes_it_off(cloud):
    made = owned(cloud)
    joined(cloud, instances=12)
    assert made.read().weights == Weights(25, 0)
    assert made.verify(BLUE) is Convergence.PENDING
    assert made.progress() == "the route leads to blue 25 %, green 0 %, elsewhere 75 % and app shop"
    made.write(BLUE)
    assert mapped(cloud) == ["web-blue"]


def test_another_process_of_a_color_s_app_is_neither_color_s(cloud):
    blue = cloud.world.app("web-blue")
    route(cloud).destinations.append(destination(blue.guid, "worker"))
    before = [dict(one) for one in route(cloud).destinations]
    owned(cloud)  # it has no instance
    assert route(cloud).destinations == before


def test_a_color_that_is_mapped_at_two_ports_keeps_them_and_so_does_the_other_one(cloud):
    blue = cloud.world.app("web-blue")
    route(cloud).destinations.append(destination(blue.guid, port=9000, protocol="http2"))
    before = [dict(one) for one in route(cloud).destinations]
    made = owned(cloud)
    assert route(cloud).destinations == before
    for weights in (Weights.split("green", 20), GREEN, BLUE):
        made.read()
        made.write(weights)
        assert router().read().weights == weights
        ports = [(name, one["port"]) for name, one in zip(mapped(cloud), route(cloud).destinations, strict=True)]
        colors = [color for color in workshop.COLORS if weights.of(color)]
        assert sorted(ports) == [(f"web-{color}", port) for color in colors for port in (8080, 9000)]


def test_a_share_of_colors_with_another_number_of_ports_is_refused_before_the_first_call(cloud):
    made = owned(cloud)
    made.write(Weights.split("blue", 80))
    blue = cloud.world.app("web-blue")
    route(cloud).destinations.append(destination(blue.guid, port=9000))
    made.read()
    cloud.api.calls.clear()
    with pytest.raises(PlatformError, match="leads to 2 of web-blue and 1 of web-green"):
        made.write(Weights.split("green", 50))
    assert not [call for call in cloud.api.calls if not call.startswith("GET")]
    made.write(GREEN)
    assert mapped(cloud) == ["web-green"]


def test_a_route_that_leads_there_already_is_not_written(cloud):
    made = owned(cloud)
    cloud.api.calls.clear()
    made.write(BLUE)
    assert "PATCH /v3/routes/{guid}/destinations" not in cloud.api.calls
