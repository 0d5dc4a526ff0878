"""A function's requests, by the Cloud Run service below it: what its own deploys do to them, and what a swap does."""

from __future__ import annotations

import pytest

from bluegreen.fields import Fields
from bluegreen.permissions import needed
from bluegreen.platforms.routers import ROUTERS
from bluegreen.rollout.clock import FakeClock
from bluegreen.rollout.errors import InvalidInput, PlatformError, SwapFailed
from bluegreen.rollout.model import Convergence, Weights
from bluegreen.swap.service import SwapService
from localcloud.google.bare import FUNCTIONS
from tests.amounts import stride
from tests.routers.google_workshop import PARENT, running, template

FUNCTION, SERVICE = f"{PARENT}/functions/shop", f"{PARENT}/services/shop"
BLUE, GREEN = Weights.all_on("blue"), Weights.all_on("green")


class Function:
    """One, and hands to deploy it."""

    def __init__(self, world):
        self.world, self.google = world, world.google
        self.ask("POST", f"{PARENT}/functions", self.body("v1"), functionId="shop")
        self.google.settle()

    def ask(self, verb, path, body=None, **query):
        status, found = self.google.ask(verb, f"/v2/{path}", query, body, FUNCTIONS)
        assert status == 200, found
        return found

    @staticmethod
    def body(version, takes_all=False):
        config = {"environmentVariables": {"VERSION": version}, "allTrafficOnLatestRevision": takes_all}
        return {"buildConfig": {"runtime": "python312"}, "serviceConfig": config}

    def told(self):
        """What Google keeps of it, for hands."""
        return self.google.services[FUNCTIONS].functions[FUNCTION]

    def deploy(self, version, takes_all=False):
        """A deploy by its owner's pipeline; the revision that comes of it."""
        self.ask("PATCH", FUNCTION, self.body(version, takes_all), updateMask="buildConfig,serviceConfig")
        self.google.settle()
        return self.revision

    @property
    def revision(self):
        return self.ask("GET", FUNCTION)["serviceConfig"]["revision"]

    def shares(self):
        service = self.google.run.services[SERVICE]
        latest = service["latestReadyRevision"].rpartition("/")[2]
        shares = [one for one in service["trafficStatuses"] if one.get("percent")]
        return {str(one.get("revision") or latest).rpartition("/")[2]: one["percent"] for one in shares}


@pytest.fixture
def function():
    with running(at_once=True) as world:
        yield Function(world)


def section(revisions, **more):
    return {
        "kind": "cloud_run",
        "service": SERVICE,
        "function": FUNCTION,
        "revisions": revisions,
        "owner": "project/stack/shop",
        "made_with_it": True,
        **more,
    }


def router(revisions, **more):
    return ROUTERS.build(ROUTERS.parse(Fields(section(revisions, **more), "router")))


def inputs(active, revisions):
    return {
        "name": "shop",
        "active_color": active,
        "releases": {color: f"revision {name}" for color, name in revisions.items()},
        "router": section(revisions),
        "strategy": {"steps": [{"weight_percent": 10, "hold_seconds": 1}]},
    }


def live(function):
    """A swap whose blue has all requests, and the revision that is deployed for green."""
    first = function.revision
    service = SwapService(clock=FakeClock())
    _, outputs = service.create(inputs("blue", {"blue": first, "green": "shop-none"}))
    assert function.shares() == {first: 100}
    second = function.deploy("v2")
    assert function.shares() == {first: 100}, "a deploy moved requests that are pinned"
    return service, outputs, {"blue": first, "green": second}


def test_a_deploy_makes_the_idle_colors_revision_and_a_promotion_moves_requests(function):
    service, outputs, revisions = live(function)
    outputs = service.update(outputs, inputs("green", revisions))
    assert function.shares() == {revisions["green"]: 100}
    outputs = service.update(outputs, inputs("blue", revisions))
    assert outputs["history"][0]["outcome"] == "rolled_back"
    assert function.shares() == {revisions["blue"]: 100}


def test_a_deploy_that_takes_all_requests_is_told_in_a_preview_and_undone_by_an_update(function):
    service, outputs, revisions = live(function)
    function.deploy("v3", takes_all=True)
    assert list(function.shares()) == [function.revision]
    made = router(revisions)
    assert made.verify(BLUE) is Convergence.PENDING
    assert "all_traffic_on_latest_revision=False" in made.progress()
    outputs["router"] = inputs("blue", revisions)["router"]
    assert service.diff(outputs, inputs("blue", revisions)).changes
    service.update(outputs, inputs("blue", revisions))
    assert function.shares() == {revisions["blue"]: 100}


def test_no_requests_are_moved_while_it_is_being_deployed(function):
    _, _, revisions = live(function)
    function.told()["state"] = "DEPLOYING"
    made = router(revisions)
    assert made.health("green").reason == f"{FUNCTION}: it is being deployed"
    with pytest.raises(PlatformError, match="is not moved: it is being deployed"):
        made.write(GREEN)
    assert function.shares() == {revisions["blue"]: 100}
    made.put_back(BLUE)  # a restore waits for nobody
    assert function.shares() == {revisions["blue"]: 100}


def test_a_promotion_in_the_middle_of_a_deploy_moves_nothing_and_goes_through_after_it(function):
    service, outputs, revisions = live(function)
    function.told()["state"] = "DEPLOYING"
    with pytest.raises(SwapFailed, match="it is being deployed"):
        service.update(outputs, inputs("green", revisions))
    assert function.shares() == {revisions["blue"]: 100}
    function.told()["state"] = "ACTIVE"
    service.update(outputs, inputs("green", revisions))
    assert function.shares() == {revisions["green"]: 100}


class Killed(BaseException):
    """The process ended."""


def ended(number):
    """A promotion that ends before a call, and is taken up; the number of its calls."""
    with running(at_once=True) as world:
        function, clock, asked = Function(world), FakeClock(), []
        _, outputs, revisions = live(function)
        outputs["router"] = section(revisions)

        def kill(_verb, path):
            asked.append(path)
            if len(asked) - 1 == number:
                raise Killed

        world.before.append(kill)
        try:
            outputs = SwapService(clock=clock).update(outputs, inputs("green", revisions))
        except Killed:
            assert set(function.shares()) <= set(revisions.values())
            world.before.clear()
            clock.sleep(700)  # until nobody may think that the other one runs
            outputs = SwapService(clock=clock).update(outputs, inputs("green", revisions))
        world.before.clear()
        assert function.shares() == {revisions["green"]: 100}
        assert not SwapService(clock=clock).diff(outputs, inputs("green", revisions)).changes
    return len(asked)


def test_a_promotion_is_taken_up_wherever_it_ended():
    calls = ended(None)
    assert calls > 10
    for number in range(0, calls, stride(3)):
        ended(number)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"service": f"{PARENT}/services/other"}, "its service is .*/services/shop, not .*/services/other"),
        ({"function": f"{PARENT}/functions/none"}, "there is no function"),
    ],
)
def test_a_function_that_is_another_one_is_refused(function, more, said):
    if "service" in more:
        body = {"template": template("blue")}
        assert function.google.ask("POST", f"/v2/{PARENT}/services", {"serviceId": "other"}, body)[0] == 200
        function.google.settle()
    with pytest.raises(PlatformError, match=said):
        router({"blue": "a", "green": "b"}, **more).write(BLUE)


def test_one_of_the_first_generation_is_refused(function):
    function.told()["environment"] = "GEN_1"
    health = router({"blue": function.revision, "green": "b"}).health("blue")
    assert "1st generation" in health.reason
    assert health.fatal


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"function": "shop"}, "router.function"),
        ({"revisions": {}, "templates": {c: template(c) for c in ("blue", "green")}}, "router.function"),
    ],
)
def test_what_is_wrong_is_named(more, field):
    with pytest.raises(InvalidInput) as refused:
        SwapService(clock=FakeClock()).create({**inputs("blue", {}), "router": {**section({}), **more}})
    assert field in {problem.field for problem in refused.value.problems}


def test_the_permissions_are_enough(function):
    _, _, revisions = live(function)
    declared = {permission.action for permission in needed(["cloud_run"])}
    function.google.allowed = frozenset(declared)
    made = router(revisions)
    made.health("green")
    made.write(GREEN)
    assert function.shares() == {revisions["green"]: 100}
    function.google.allowed -= {"cloudfunctions.functions.get"}
    with pytest.raises(PlatformError, match=r"cloudfunctions\.functions\.get"):
        made.write(BLUE)
