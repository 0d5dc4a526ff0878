"""Scale sets at work and at rest, with their autoscale settings, in Azure's stand-in within this process."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from bluegreen.azure.scale_sets import capacity as module
from bluegreen.azure.scale_sets import ranges
from bluegreen.azure.scale_sets.capacity import ScaleSetCapacity
from bluegreen.azure.scale_sets.names import RANGE_TAG
from bluegreen.fields import Fields
from bluegreen.platforms.capacities import CAPACITIES
from bluegreen.rollout.errors import PlatformError
from bluegreen.rollout.model import Size
from localcloud.azure.roles import Principal, Role
from tests.routers import scale_sets_workshop as workshop
from tests.routers.scale_sets_workshop import GALLERY, GROUP, SETS, refused

PATCH = ("PATCH", "virtualMachineScaleSets/green")


@pytest.fixture
def world():
    with workshop.running() as made:
        yield made


@pytest.fixture
def later(monkeypatch):
    """Lets the time of day pass for whoever asks when a color may rest."""
    passed = [timedelta(0)]
    monkeypatch.setattr(module, "_now", lambda: datetime.now(timezone.utc) + passed[0])

    def let_pass(seconds):
        passed[0] += timedelta(seconds=seconds)

    return let_pass


def capacity(**more):
    return CAPACITIES.build(CAPACITIES.parse(Fields(workshop.capacity_section(**more), "capacity")))


def releases(blue=1, green=1):
    return {"blue": workshop.release("blue", blue), "green": workshop.release("green", green)}


def until_ready(made, color, world):
    """The reasons on the way, until it is."""
    told = []
    for _ in range(30):
        found = made.ready(color)
        if found.ready:
            return told
        told.append(found.reason)
        world.azure.settle()
    pytest.fail(str(told))


def images(world, color):
    found = [one["properties"]["storageProfile"]["imageReference"]["id"] for one in world.instances(color)]
    return [one.rpartition("/")[2] for one in found]


def test_only_instances_that_are_well_count_as_running(world):
    assert capacity().read() == {"blue": Size(2, 2), "green": Size(2, 2)}
    world.azure.plane.well = False
    assert capacity().read()["green"] == Size(2, 0)
    assert capacity().ready("green").reason == "scale set green: 0 of 2 instances are well; 2 unhealthy"


def test_a_color_at_rest_is_scaled_out_and_in(world):
    made = capacity()
    assert made.retire("green", 0, 0) == "green is scaled to 0"
    world.azure.settle()
    assert capacity().read()["green"] == Size(0, 0)
    assert "scaled to 0" in capacity().ready("green").reason
    made = capacity()
    made.prepare("green", 3)
    until_ready(made, "green", world)
    assert world.capacity("green") == 3
    assert capacity().retire("green", 3, 0) == "green is at 3 already"


def test_a_promotion_brings_the_release_to_a_color_at_rest_in_one_write(world):
    world.scale("green", 0)
    made = capacity(releases=releases(green=2))
    made.preflight("green", 0)
    made.prepare("green", 2)
    until_ready(made, "green", world)
    assert images(world, "green") == ["2.0.0", "2.0.0"]
    bodies = [body for verb, path, body in world.paths if verb == "PATCH" and path.endswith("/green") and body]
    assert [body["sku"]["capacity"] for body in bodies] == [2]
    assert set(bodies[0]["properties"]) == {"virtualMachineProfile"}
    assert images(world, "blue") == ["1.0.0", "1.0.0"]


def test_instances_of_a_former_release_are_removed_and_new_ones_made(world):
    world.autoscale("green", 2, 4)
    made = capacity(releases=releases(green=2))
    made.preflight("green", 2)
    told = until_ready(made, "green", world)
    assert "scale set green: 2 instances of a former release are removed" in told
    assert images(world, "green") == ["2.0.0", "2.0.0"]
    assert world.range_of("green") == (True, 2, 4)


def test_an_update_that_ended_between_removing_and_making_is_taken_up(world):
    made = capacity(releases=releases(green=2))
    made.preflight("green", 2)
    made.ready("green")
    world.azure.settle()
    assert world.capacity("green") == 0
    again = capacity(releases=releases(green=2))
    again.preflight("green", 2)
    again.prepare("green", 2)
    until_ready(again, "green", world)
    assert images(world, "green") == ["2.0.0", "2.0.0"]


def test_a_color_that_is_not_promoted_is_never_given_another_release(world):
    made = capacity(releases=releases(green=2))
    found = made.ready("green")
    assert (found.ready, found.undelivered) == (False, True)
    assert found.reason == "scale set green: its model has image app:1.0.0 instead of image app:2.0.0"
    assert images(world, "green") == ["1.0.0", "1.0.0"]
    other = {"blue": workshop.release("blue"), "green": {**workshop.release("green"), "userData": "QQ=="}}
    assert "its model has other user data" in capacity(releases=other).ready("green").reason


def test_an_image_that_is_not_there_is_told_in_azures_words(world):
    made = capacity(releases=releases(green=7))
    made.preflight("green", 2)
    with pytest.raises(PlatformError, match=r"GalleryImageNotFound: .*7\.0\.0"):
        made.ready("green")
    assert (world.capacity("green"), images(world, "green")) == (2, ["1.0.0", "1.0.0"])


def test_without_releases_the_models_are_others_business(world):
    section = {**workshop.capacity_section()}
    del section["releases"]
    made = CAPACITIES.build(CAPACITIES.parse(Fields(section, "capacity")))
    made.preflight("green", 2)
    assert made.ready("green").ready


def test_what_a_color_runs_is_told_apart_by_model_and_user_data(world):
    first = capacity().release("green")
    assert first == capacity().ready("green").release
    assert first.startswith("image app:1.0.0 with ")
    profile = {"storageProfile": {"imageReference": {"id": f"{GALLERY}/2.0.0"}}}
    world.ask("PATCH", f"{SETS}/green", {"properties": {"virtualMachineProfile": profile}})
    world.azure.settle()
    assert capacity().release("green").endswith("2 of a former model")


def test_a_scale_set_that_changes_instances_by_itself_is_refused(world):
    world.ask("PATCH", f"{SETS}/green", {"properties": {"upgradePolicy": {"mode": "Automatic"}}})
    world.azure.settle()
    found = capacity().ready("green")
    assert found.fatal
    assert "its upgradePolicy.mode is Automatic" in found.reason
    world.azure.world.get(f"{SETS}/green").body["properties"]["orchestrationMode"] = "Flexible"
    with pytest.raises(PlatformError, match="its orchestrationMode is Flexible"):
        capacity().prepare("green", 2)


# -- autoscale settings


def test_a_setting_keeps_what_is_there_while_a_swap_goes_on_and_is_given_back_as_it_was(world):
    for color in ("blue", "green"):
        world.autoscale(color, 1, 4)
    before = world.ask("GET", f"{workshop.SETTINGS}/blue")
    made = capacity()
    made.suspend_scale_in()
    assert (world.range_of("blue"), world.range_of("green")) == ((True, 2, 4), (True, 2, 4))
    made.suspend_scale_in()
    made.prepare("green", 5)
    assert world.range_of("green") == (True, 5, 5)
    capacity().resume_scaling(["blue", "green"])
    after = world.ask("GET", f"{workshop.SETTINGS}/blue")
    assert (after["properties"], after["tags"]) == (before["properties"], {})
    assert world.range_of("green") == (True, 1, 4)
    assert capacity().delete() is None


def test_at_rest_a_setting_is_off_as_its_minimum_would_bring_instances_back(world):
    world.autoscale("green", 2, 4)
    assert capacity().retire("green", 0, 0) == "green is scaled to 0, its autoscale setting is disabled"
    world.azure.settle()
    assert (world.capacity("green"), world.range_of("green")) == (0, (False, 2, 4))
    capacity().suspend_scale_in()
    assert world.range_of("green")[0] is False
    made = capacity()
    made.prepare("green", 2)
    until_ready(made, "green", world)
    made.resume_scaling(["green"])
    assert world.range_of("green") == (True, 2, 4)


def test_a_setting_that_its_owner_has_off_is_left_alone(world):
    world.autoscale("green", 2, 4, enabled=False)
    before = world.ask("GET", f"{workshop.SETTINGS}/green")
    made = capacity()
    made.suspend_scale_in()
    made.prepare("green", 3)
    made.resume_scaling(["green"])
    made.retire("green", 0, 0)
    made.delete()
    assert world.ask("GET", f"{workshop.SETTINGS}/green") == before


def test_profiles_that_somebody_declares_meanwhile_count():
    capacity_of = {"minimum": "1", "maximum": "3", "default": "1"}
    setting = {"id": "/s", "properties": {"enabled": True, "profiles": [{"name": "usual", "capacity": capacity_of}]}}
    held = ranges.held(setting, 2)
    more = {"name": "night", "capacity": {"minimum": "4", "maximum": "9", "default": "4"}}
    changed = {**held, "properties": {**held["properties"], "profiles": [*held["properties"]["profiles"], more]}}
    back = ranges.given_back(changed)
    assert RANGE_TAG not in back["tags"]
    assert [one["capacity"]["minimum"] for one in back["properties"]["profiles"]] == ["2", "4"]
    assert ranges.given_back(held)["properties"]["profiles"] == setting["properties"]["profiles"]


def test_what_is_not_known_of_a_setting_goes_back_as_it_was(world):
    world.autoscale("green", 2, 4)
    world.azure.world.get(f"{workshop.SETTINGS}/green").body["properties"]["predictiveAutoscalePolicy"] = {
        "scaleMode": "Enabled"
    }
    capacity().retire("green", 0, 0)
    assert world.ask("GET", f"{workshop.SETTINGS}/green")["properties"]["predictiveAutoscalePolicy"] == {
        "scaleMode": "Enabled"
    }


# -- at rest


def test_a_color_rests_by_the_first_update_after_its_delay(world, later):
    assert "green is scaled to 0 by the first `pulumi up` after" in capacity().retire("green", 0, 600)
    assert capacity().overdue() == ()
    assert world.capacity("green") == 2
    later(601)
    assert capacity().overdue() == ("green",)
    capacity().retire("green", 0, 0)
    assert capacity().overdue() == ()
    assert world.capacity("green") == 0
    assert world.tags(f"{SETS}/green") == {"team": "orders"}


def test_what_is_cancelled_or_has_traffic_again_never_rests(world, later):
    for cancel in (
        lambda: capacity().cancel_retirement("green"),
        lambda: capacity().resume_scaling(["green"]),
        lambda: capacity().delete(),
    ):
        capacity().retire("green", 0, 1)
        later(2)
        cancel()
        cancel()
        assert capacity().overdue() == ()


# -- calls


def test_a_write_waits_until_azure_takes_it_and_a_newer_one_counts(world):
    world.answers[PATCH] = refused(409, "OperationNotAllowed", "busy")
    made = capacity()
    made.prepare("green", 3)
    made.prepare("green", 1)
    world.azure.settle()
    assert world.capacity("green") == 1
    assert len(world.instances("green")) == 1


def test_pages_of_instances_are_all_read(world):
    first = world.azure.answer("GET", f"{SETS}/green/virtualMachines?$expand=instanceView")
    whole = first.json()["value"]
    page = {"value": whole[:1], "nextLink": "https://azure.test/x?$expand=instanceView&$skiptoken=2"}
    world.answers[("GET", "green/virtualMachines?$expand=instanceView")] = workshop.answered(page)
    world.answers[("GET", "$skiptoken=2")] = workshop.answered({"value": whole[1:]})
    assert capacity().read()["green"] == Size(2, 2)


def test_just_the_declared_actions_are_enough(world, later):
    declared = {permission.action for permission in ScaleSetCapacity.permissions}
    world.azure.identity.principals["swap"] = Principal("swap", "swap", (Role(tuple(declared), GROUP),))
    world.client_id = "swap"
    world.autoscale("green", 2, 4)
    made = capacity(releases=releases(green=2))
    made.read()
    made.preflight("green", 2)
    made.suspend_scale_in()
    until_ready(made, "green", world)
    made.resume_scaling(["green"])
    made.retire("blue", 0, 1)
    later(2)
    made.retire("blue", 0, 0)
    made.delete()
    assert set(world.calls) <= declared


def test_a_role_that_may_not_write_is_told_before_traffic_moves(world):
    world.azure.identity.principals["reader"] = Principal("reader", "reader", (Role(("*/read",), GROUP),))
    world.client_id = "reader"
    with pytest.raises(PlatformError, match=r"virtualMachineScaleSets/write: AuthorizationFailed"):
        capacity().preflight("green", 2)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"scale_sets": {"blue": "a", "green": "b"}}, "capacity.scale_sets.blue"),
        ({"scale_sets": {"blue": f"{SETS}/a", "green": f"{SETS}/a"}}, "capacity.scale_sets.green"),
        ({"releases": {"blue": {}, "green": workshop.release("green")}}, "capacity.releases.blue.imageReference"),
        (
            {"releases": {"blue": {**workshop.release("blue"), "size": 1}, "green": workshop.release("green")}},
            "capacity.releases.blue.size",
        ),
        ({"releases": {"blue": "v1", "green": workshop.release("green")}}, "capacity.releases.blue"),
        ({"desired_count": 0}, "capacity.desired_count"),
    ],
)
def test_what_cannot_be_is_refused_by_its_name(change, field):
    found = Fields(workshop.capacity_section(**change), "capacity")
    CAPACITIES.parse(found)
    assert field in [problem.field for problem in found.problems]
