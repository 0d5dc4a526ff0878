"""Apps of Cloud Foundry at work and at rest."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from bluegreen.cloudfoundry.apps import capacity as module
from bluegreen.rollout.errors import PlatformError
from bluegreen.rollout.model import Size, Weights
from localcloud.cloudfoundry.cloud import BareCloudFoundry
from tests.routers import cloudfoundry_workshop as workshop
from tests.routers.cloudfoundry_workshop import capacity, led_to, patient, router


@pytest.fixture
def cloud():
    """Blue has three instances, green one and is stopped."""
    cloud = BareCloudFoundry()
    for color, instances in (("blue", 3), ("green", 1)):
        cloud.world.push(f"web-{color}", workshop.IMAGE, instances, health="/healthz", started=color == "blue")
    cloud.world.create_route("web", "web-blue")
    with led_to(cloud), patient():
        yield cloud


def test_an_app_that_is_stopped_has_no_size(cloud):
    assert capacity().read() == {"blue": Size(3, 3), "green": Size(0, 0)}


def test_a_color_is_scaled_and_then_started(cloud):
    made = capacity()
    made.prepare("green", 3)
    assert made.read()["green"] == Size(3, 3)
    assert made.ready("green").ready
    writes = [call for call in cloud.api.calls if call.startswith("POST")]
    assert writes == ["POST /v3/processes/{guid}/actions/scale", "POST /v3/apps/{guid}/actions/start"]


def test_a_color_is_ready_when_all_of_its_instances_run():
    cloud = BareCloudFoundry(looks=2)
    cloud.world.push("web-blue", workshop.IMAGE, 2)
    with led_to(cloud):
        first = capacity().ready("blue")
        assert (first.ready, first.reason) == (False, "0 of 2 instances of web-blue run: instance 0 is STARTING")
        capacity().ready("blue")
        assert capacity().ready("blue").ready


def test_an_instance_that_crashes_is_named(cloud):
    cloud.world.push("web-green", "registry.example.com/app:broken", started=True)
    assert capacity().ready("green").reason == "0 of 1 instances of web-green run: instance 0 is CRASHED"


def test_an_app_that_was_never_pushed_is_fatal(cloud):
    cloud.world.delete_app("web-green")
    assert capacity().read()["green"] == Size(0, 0)
    assert capacity().ready("green").fatal
    with pytest.raises(PlatformError, match="there is no app web-green in the space"):
        capacity().prepare("green", 1)


def test_another_droplet_is_another_release(cloud):
    made = capacity()
    before = made.ready("blue").release
    assert before
    assert made.release("blue") == before
    cloud.world.push("web-blue", "registry.example.com/app:v2")
    assert made.release("blue") not in ("", before)


def test_what_a_share_keeps_back_belongs_to_a_color_as_long_as_the_route_leads_to_both(cloud):
    """An update that continues after one that was killed leaves the share as it is."""
    capacity().prepare("green", 3)
    made = router()
    made.write(Weights.all_on("blue"))
    made.read()
    made.write(Weights.split("green", 20))
    assert capacity().read()["green"] == Size(3, 1)
    assert capacity().ready("green").ready
    assert router().health("green").enough_for(3)
    # Killed before the instances were given back: what is noted counts no more.
    next(iter(cloud.world.routes.values())).destinations.pop()
    assert capacity().read()["green"] == Size(1, 1)
    assert not router().health("green").enough_for(3)


def test_a_preflight_asks_for_the_size_that_is_there(cloud):
    capacity().preflight("green", 0)
    assert capacity().read()["blue"] == Size(3, 3)
    assert cloud.api.calls.count("POST /v3/processes/{guid}/actions/scale") == 1


# -- at rest


def test_a_color_is_stopped_at_once_without_a_delay(cloud):
    assert capacity().retire("blue", 0, 0) == "blue is stopped: web-blue"
    assert capacity().read()["blue"] == Size(0, 0)


def test_a_color_that_keeps_some_is_scaled(cloud):
    assert capacity().retire("blue", 1, 0) == "blue is scaled to 1"
    assert capacity().read()["blue"] == Size(1, 1)


@pytest.mark.parametrize(("size", "left"), [(0, Size(0, 0)), (2, Size(2, 2))])
def test_a_delayed_retirement_is_due_for_the_update_after_it(cloud, monkeypatch, size, left):
    told = capacity().retire("blue", size, 600)
    assert told.startswith(f"blue is {'scaled to 2' if size else 'stopped'} by the first `pulumi up` after ")
    assert capacity().overdue() == ()
    assert capacity().read()["blue"] == Size(3, 3)
    later = datetime.now(timezone.utc) + timedelta(seconds=601)
    monkeypatch.setattr(module, "_now", lambda: later)
    assert capacity().overdue() == ("blue",)
    capacity().retire("blue", 0, 0)
    assert capacity().overdue() == ()
    assert capacity().read()["blue"] == left


def test_a_retirement_can_be_cancelled(cloud):
    made = capacity()
    made.retire("blue", 0, 600)
    made.cancel_retirement("blue")
    made.cancel_retirement("green")
    assert not cloud.world.app("web-blue").annotations
    made.retire("blue", 0, 600)
    made.resume_scaling(["blue"])
    assert not cloud.world.app("web-blue").annotations
    made.retire("blue", 0, 600)
    made.delete()
    assert not cloud.world.app("web-blue").annotations


def test_what_is_called_is_declared(cloud):
    made = capacity()
    made.prepare("green", 3)
    router().write(Weights.split("green", 20))
    cloud.api.calls.clear()
    made.read()
    made.ready("green")
    made.release("green")
    made.preflight("green", 3)
    made.retire("green", 0, 60)
    made.overdue()
    made.retire("green", 0, 0)
    declared = {one.action.replace(":guid", "{guid}").replace(":", " ", 1) for one in made.permissions}
    assert set(cloud.api.calls) <= declared
