"""Managed instance groups at work and at rest, with their autoscalers, in Google's stand-in within this process."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from bluegreen.fields import Fields
from bluegreen.google.instance_groups import capacity as module
from bluegreen.permissions import needed
from bluegreen.platforms.capacities import CAPACITIES
from bluegreen.rollout.calls import guarded
from bluegreen.rollout.errors import PlatformError
from bluegreen.rollout.model import Size
from localcloud.google.bare import COMPUTE_ADMIN, PROJECT, REGION
from tests.routers import url_map_workshop as workshop
from tests.routers.url_map_workshop import Hands, templates


@pytest.fixture(autouse=True)
def _pauses_take_no_time():
    with guarded(lambda: None, sleep=lambda _: None):
        yield


@pytest.fixture
def world():
    with workshop.running() as made:
        made.hands = Hands(workshop.build(made.google))
        yield made


@pytest.fixture
def hands(world):
    return world.hands


@pytest.fixture
def later(monkeypatch):
    """Lets the time of day pass for whoever asks when a color may rest."""
    passed = [timedelta(0)]
    monkeypatch.setattr(module, "_now", lambda: datetime.now(timezone.utc) + passed[0])

    def let_pass(seconds):
        passed[0] += timedelta(seconds=seconds)

    return let_pass


def capacity(hands, **more):
    section = workshop.capacity_section(hands.balancer, **more)
    return CAPACITIES.build(CAPACITIES.parse(Fields(section, "capacity")))


def until_ready(made, color, world):
    """The reasons on the way, until it is."""
    told = []
    for _ in range(30):
        found = made.ready(color)
        if found.ready:
            return told
        told.append(found.reason)
        world.google.settle()
    pytest.fail(str(told))


def ill(world, color):
    return {one.name for one in world.google.compute.groups.running[world.hands.balancer.group(color)]}


def test_only_instances_that_are_well_count_as_running(world, hands):
    assert capacity(hands).read() == {"blue": Size(2, 2), "green": Size(2, 2)}
    world.google.compute.ill |= ill(world, "green")
    assert capacity(hands).read()["green"] == Size(2, 0)
    reason = capacity(hands).ready("green").reason
    assert reason == "instance group web-green: 0 of 2 instances are well; 2 unhealthy"


def test_a_color_at_rest_is_scaled_out_and_in(world, hands):
    made = capacity(hands)
    assert made.retire("green", 0, 0) == "green is scaled to 0"
    world.google.settle()
    assert capacity(hands).read()["green"] == Size(0, 0)
    assert "scaled to 0" in capacity(hands).ready("green").reason
    made = capacity(hands)
    made.prepare("green", 3)
    until_ready(made, "green", world)
    assert hands.size("green") == 3
    assert capacity(hands).retire("green", 3, 0) == "green is at 3 already"


def test_a_promotion_brings_the_template_to_a_color_at_rest(world, hands):
    hands.release("green", 2)
    hands.scale("green", 0)
    made = capacity(hands, templates=templates(green=2))
    made.preflight("green", 0)
    made.prepare("green", 2)
    until_ready(made, "green", world)
    assert hands.templates("green") == ["v2", "v2"]
    assert hands.templates("blue") == ["v1", "v1"]


def test_instances_of_a_former_template_are_removed_and_new_ones_made(world, hands):
    hands.release("green", 2)
    hands.autoscale("green", 2, 4)
    made = capacity(hands, templates=templates(green=2))
    made.preflight("green", 2)
    told = until_ready(made, "green", world)
    assert "instance group web-green: 2 instances of a former template are removed" in told
    assert hands.templates("green") == ["v2", "v2"]
    made.resume_scaling({"green"})
    assert hands.mode("green") == "ON"
    assert hands.scaler("green")["description"] == "theirs"


def test_an_update_that_ended_between_removing_and_making_is_taken_up(world, hands):
    hands.release("green", 2)
    made = capacity(hands, templates=templates(green=2))
    made.preflight("green", 2)
    made.ready("green")
    world.google.settle()
    assert hands.size("green") == 0
    again = capacity(hands, templates=templates(green=2))
    again.preflight("green", 2)
    again.prepare("green", 2)
    until_ready(again, "green", world)
    assert hands.templates("green") == ["v2", "v2"]


def test_instances_under_traffic_are_taken_as_they_are(world, hands):
    """A rollback brings nothing."""
    hands.release("green", 2)
    found = capacity(hands, templates=templates(green=2)).ready("green")
    assert (found.ready, found.undelivered) == (False, True)
    assert found.reason == "instance group web-green: it has web-green-v1 instead of web-green-v2"
    assert hands.templates("green") == ["v1", "v1"]


def test_somebody_elses_change_between_look_and_write_stays(world, hands):
    hands.release("green", 2)
    hands.scale("green", 0)
    made = capacity(hands, templates=templates(green=2))
    made.preflight("green", 0)
    group, struck = hands.balancer.group("green"), []

    def others(verb, path):
        if verb == "PATCH" and path.endswith("/instanceGroupManagers/web-green") and not struck:
            struck.append(True)
            fields = {"fingerprint": hands.balancer.ask("GET", group)["fingerprint"]}
            hands.balancer.ask("PATCH", group, {**fields, "namedPorts": [{"name": "admin", "port": 9}]})

    world.before.append(others)
    made.prepare("green", 2)
    assert struck
    found = hands.balancer.ask("GET", group)
    assert found["namedPorts"] == [{"name": "admin", "port": 9}]
    assert found["instanceTemplate"].endswith("web-green-v2")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"updatePolicy": {"type": "PROACTIVE"}}, "updatePolicy.type is PROACTIVE"),
        (
            {
                "versions": [
                    {"instanceTemplate": workshop.template("green"), "targetSize": {"fixed": 1}, "name": "canary"},
                    {"instanceTemplate": workshop.template("blue")},
                ]
            },
            "a canary version of its own",
        ),
        ({"targetStoppedSize": 2}, "standby instances (targetStoppedSize)"),
        ({"statefulPolicy": {"preservedState": {"disks": {"data": {"autoDelete": "NEVER"}}}}}, "statefulPolicy"),
    ],
)
def test_a_group_that_changes_instances_by_itself_is_refused_by_its_field(hands, fields, said):
    group = hands.balancer.group("green")
    found = hands.balancer.ask("GET", group)
    hands.balancer.ask("PATCH", group, {"fingerprint": found["fingerprint"], **fields})
    judged = capacity(hands).ready("green")
    assert (judged.ready, judged.fatal) == (False, True)
    assert said in judged.reason
    with pytest.raises(PlatformError, match="cannot be scaled"):
        capacity(hands).prepare("green", 2)


def test_a_live_group_whose_instances_have_state_is_not_scaled_in(hands):
    """It is refused before anything is written, and its retirement once more."""
    group = hands.balancer.group("blue")
    state = {"preservedState": {"disks": {"data": {"autoDelete": "ON_PERMANENT_INSTANCE_DELETION"}}}}
    found = hands.balancer.ask("GET", group)
    hands.balancer.ask("PATCH", group, {"fingerprint": found["fingerprint"], "statefulPolicy": state})
    made = capacity(hands)
    made.read()
    with pytest.raises(PlatformError, match=r"web-blue cannot be scaled in: its instances have state"):
        made.preflight("green", 2)
    with pytest.raises(PlatformError, match="its instances have state"):
        capacity(hands).retire("blue", 0, 0)
    assert hands.size("blue") == 2
    made = capacity(hands)
    made.read()
    made.preflight("green", 2, retires=False)


def test_a_version_keeps_what_it_has_beside_its_template(hands):
    hands.release("green", 2)
    hands.scale("green", 0)
    group = hands.balancer.group("green")
    found = hands.balancer.ask("GET", group)
    named = [{"name": "stable", "instanceTemplate": workshop.template("green")}]
    hands.balancer.ask("PATCH", group, {"fingerprint": found["fingerprint"], "versions": named})
    made = capacity(hands, templates=templates(green=2))
    made.preflight("green", 2)
    made.prepare("green", 2)
    (version,) = hands.balancer.ask("GET", group)["versions"]
    assert version["name"] == "stable"
    assert version["instanceTemplate"].endswith("web-green-v2")


def test_a_group_that_is_not_there_is_named(hands):
    groups = {"blue": hands.balancer.group("blue"), "green": hands.balancer.group("other")}
    with pytest.raises(PlatformError, match=r"there is no projects/shop/zones/.*/web-other"):
        capacity(hands, groups=groups).read()


# -- autoscalers


def test_an_autoscaler_is_held_meanwhile_and_given_back(world, hands):
    hands.autoscale("blue", 2, 4)
    made = capacity(hands)
    made.suspend_scale_in()
    assert hands.mode("blue") == "ONLY_SCALE_OUT"
    policy = hands.scaler("blue")["autoscalingPolicy"]
    assert (policy["minNumReplicas"], policy["maxNumReplicas"]) == (2, 4)
    assert policy["cpuUtilization"] == {"utilizationTarget": 0.7}
    made.suspend_scale_in()
    capacity(hands).resume_scaling({"blue"})
    assert (hands.mode("blue"), hands.scaler("blue")["description"]) == ("ON", "theirs")


@pytest.mark.parametrize("change", ["suspend_scale_in", "resume_scaling"])
def test_limits_that_somebody_changes_between_look_and_write_stay(world, hands, change):
    """An autoscaler has no fingerprint, so that nothing but its mode may be sent."""
    hands.autoscale("blue", 2, 4)
    scaler, struck = f"projects/{PROJECT}/zones/{workshop.ZONE}/autoscalers", []
    made = capacity(hands)
    if change == "resume_scaling":
        made.suspend_scale_in()

    def others(verb, path):
        if verb == "PATCH" and path.endswith("/autoscalers") and not struck:
            struck.append(True)
            limits = {"maxNumReplicas": 9, "scaleInControl": {"timeWindowSec": 600}}
            hands.balancer.ask("PATCH", scaler, {"autoscalingPolicy": limits}, {"autoscaler": "web-blue"})

    world.before.append(others)
    if change == "suspend_scale_in":
        made.suspend_scale_in()
    else:
        made.resume_scaling(["blue"])
    assert struck
    policy = hands.scaler("blue")["autoscalingPolicy"]
    assert (policy["maxNumReplicas"], policy["scaleInControl"]) == (9, {"timeWindowSec": 600})
    assert policy["cpuUtilization"] == {"utilizationTarget": 0.7}


def test_an_autoscaler_that_its_owner_has_turned_off_is_left_alone(world, hands):
    hands.autoscale("blue", 2, 4, mode="OFF")
    made = capacity(hands)
    made.suspend_scale_in()
    made.prepare("blue", 3)
    made.resume_scaling({"blue"})
    made.delete()
    assert (hands.mode("blue"), hands.scaler("blue")["description"]) == ("OFF", "theirs")


def test_a_color_at_rest_is_not_brought_back_and_gets_its_mode_when_it_serves(world, hands):
    hands.autoscale("green", 2, 4, mode="ONLY_SCALE_OUT")
    assert capacity(hands).retire("green", 0, 0) == "green is scaled to 0, its autoscaler is off"
    world.google.settle()
    assert (hands.size("green"), hands.mode("green")) == (0, "OFF")
    made = capacity(hands)
    made.suspend_scale_in()
    assert hands.mode("green") == "OFF"
    made.prepare("green", 2)
    until_ready(made, "green", world)
    made.resume_scaling({"blue", "green"})
    assert (hands.size("green"), hands.mode("green")) == (2, "ONLY_SCALE_OUT")


# -- at rest


def test_a_retirement_is_noted_and_done_by_the_update_after_it_is_due(world, hands, later):
    hands.balancer.ask(
        "PATCH",
        hands.balancer.service("green"),
        {
            "fingerprint": hands.balancer.ask("GET", hands.balancer.service("green"))["fingerprint"],
            "description": "Green's door",
        },
    )
    told = capacity(hands).retire("green", 0, 600)
    assert told.startswith("green is scaled to 0 by the first `pulumi up` after ")
    assert hands.words("green").startswith("Green's door\nbluegreen {")
    assert capacity(hands).overdue() == ()
    later(601)
    assert capacity(hands).overdue() == ("green",)
    capacity(hands).retire("green", 0, 0)
    assert (hands.size("green"), hands.words("green")) == (0, "Green's door")
    assert capacity(hands).overdue() == ()


def test_a_color_that_serves_again_is_not_due_any_more(hands, later):
    capacity(hands).retire("green", 0, 600)
    capacity(hands).resume_scaling({"green"})
    later(601)
    assert capacity(hands).overdue() == ()
    capacity(hands).retire("green", 0, 600)
    capacity(hands).cancel_retirement("green")
    assert hands.words("green") == ""


def test_a_delete_takes_the_notes_and_gives_the_autoscalers_back(hands):
    hands.autoscale("blue", 2, 4)
    made = capacity(hands)
    made.suspend_scale_in()
    made.retire("green", 0, 600)
    capacity(hands).delete()
    assert (hands.words("green"), hands.mode("blue")) == ("", "ON")


# -- what is requested


def test_a_preflight_changes_nothing_and_names_what_is_not_allowed(world, hands):
    before = [hands.balancer.ask("GET", hands.balancer.group("green")), hands.words("green")]
    capacity(hands, templates=templates(green=1)).preflight("green", 2)
    assert before == [hands.balancer.ask("GET", hands.balancer.group("green")), hands.words("green")]
    for action in ("compute.instanceGroupManagers.update", "compute.backendServices.update"):
        world.google.allowed = COMPUTE_ADMIN - {action}
        with pytest.raises(PlatformError, match=action):
            capacity(hands).preflight("green", 2)
    capacity(hands).preflight("green", 2, retires=False)


def test_what_is_declared_is_enough_and_all_of_it_is_called():
    declared = {one.action for one in needed(["instance_group"])}
    assert declared < COMPUTE_ADMIN
    called = set()
    for scope in ("global", f"regions/{REGION}"):
        with workshop.running() as world:
            hands = world.hands = Hands(workshop.build(world.google, scope))
            if scope != "global":
                regional(hands)
            hands.autoscale("blue", 1, 4)
            hands.release("green", 2)
            world.google.allowed = frozenset(declared)
            world.google.calls.clear()
            world.google.beside.clear()
            made = capacity(hands, templates=templates(green=2), **more(hands, scope))
            made.read()
            made.preflight("green", 2)
            made.suspend_scale_in()
            made.prepare("green", 2)
            until_ready(made, "green", world)
            made.resume_scaling({"green", "blue"})
            made.retire("blue", 0, 600)
            made.delete()
            called |= {*world.google.calls, *world.google.beside}
    assert called == declared


def regional(hands):
    """A regional group for green."""
    hands.balancer.make(
        "instanceGroupManagers",
        "web-green",
        scope=f"regions/{REGION}",
        versions=[{"instanceTemplate": workshop.template("green")}],
        targetSize=2,
    )


def more(hands, scope):
    if scope == "global":
        return {}
    green = f"projects/shop/regions/{REGION}/instanceGroupManagers/web-green"
    return {"groups": {"blue": hands.balancer.group("blue"), "green": green}}


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"groups": {"blue": "web-blue", "green": "web-green"}}, "capacity.groups.blue"),
        ({"templates": {"blue": "x", "green": "y"}}, "capacity.templates.blue"),
        ({"desired_count": 0}, "capacity.desired_count"),
        ({"backend_services": {"blue": "x", "green": "y"}}, "capacity.backend_services.green"),
    ],
)
def test_what_is_wrong_is_refused_by_its_name(hands, fields, field):
    parsed = Fields(workshop.capacity_section(hands.balancer, **fields), "capacity")
    CAPACITIES.parse(parsed)
    assert field in {problem.field for problem in parsed.problems}
