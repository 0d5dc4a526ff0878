"""A swap of two apps on Cloud Foundry ends at any of its calls, and the next update puts all right."""

from __future__ import annotations

import os
from contextlib import contextmanager
from unittest import mock

import pytest

from bluegreen.clients import glances
from bluegreen.clients.http import Answer
from bluegreen.cloudfoundry.client import CloudFoundryConnection, Session
from bluegreen.cloudfoundry.tokens import Identity
from bluegreen.rollout.clock import FakeClock
from bluegreen.rollout.errors import SwapFailed
from bluegreen.rollout.model import COLORS
from bluegreen.swap.service import SwapService
from localcloud.cloudfoundry.cloud import BareCloudFoundry
from localcloud.cloudfoundry.uaa import OWNER
from tests.amounts import stride
from tests.routers.cloudfoundry_workshop import NAMED, ROUTE

pytestmark = pytest.mark.sweep

SIZE = 4


class Killed(BaseException):
    """The process ended."""


class Bare:
    """Both apps with the same size, blue mapped, and the calls of whoever asks here.

    Attributes:
        calls: of the product.
        seen: after each of them, how many instances of each color the route leads to.
    """

    def __init__(self) -> None:
        self.cloud = BareCloudFoundry()
        for color in COLORS:
            self.cloud.world.push(
                f"web-{color}", "r.example.com/app:v1", SIZE, {"COLOR": color}, started=color == "blue"
            )
        self.cloud.world.create_route("web", "web-blue")
        self.calls: list[str] = []
        self.seen: list[dict[str, int]] = []

    def serving(self) -> dict[str, int]:
        guids = {one["app"]["guid"] for one in next(iter(self.cloud.world.routes.values())).destinations}
        apps = {color: self.cloud.world.app(f"web-{color}") for color in COLORS}
        return {
            color: len(app.running) if app.state == "STARTED" else 0 for color, app in apps.items() if app.guid in guids
        }

    @contextmanager
    def asked(self, end=lambda number: ""):
        """Meanwhile the product asks here; ``end`` says of a call's number whether the process ends at it."""

        def exchange(_session, verb, url, authorization, query, content):
            token = not url.startswith(f"{self.cloud.url}/v3/")
            when = "" if token else end(len(self.calls))
            if not token:
                self.calls.append(f"{verb} {url.removeprefix(self.cloud.url)}")
            if when == "before":
                raise Killed(when)
            found = self.cloud.ask(verb, url, authorization, query, content)
            self.seen.append(self.serving())
            if when == "after":
                raise Killed(when)
            return Answer(found.status_code, found.content, headers=found.headers), ""

        with (
            mock.patch.object(glances, "LASTS_SECONDS", 0.0),
            mock.patch.object(Session, "exchange", exchange),
            mock.patch.dict(os.environ, {"CF_HOME": "/nowhere"}),
        ):
            session = Session(self.cloud.url, Identity(OWNER.name, OWNER.secret))
            with mock.patch.object(CloudFoundryConnection, "session", return_value=session):
                yield


def inputs(active, green="v2", steps=(20, 80), **more):
    install = {color: {"image": f"r.example.com/app:{tag}"} for color, tag in (("blue", "v1"), ("green", green))}
    place = {"kind": "cloudfoundry", "route": ROUTE, **NAMED}
    return {
        "name": "web",
        "active_color": active,
        "releases": {"blue": "v1", "green": green},
        "router": {**place, "install": install, "owner": "project/stack/web"},
        "capacity": place,
        "strategy": {"steps": [{"weight_percent": percent, "hold_seconds": 1} for percent in steps]},
        "scale_down_delay_seconds": 0,
        **more,
    }


def service(clock):
    """A fresh process."""
    return SwapService(clock=clock)


def started(clock):
    bare = Bare()
    with bare.asked():
        _, outputs = service(clock).create(inputs("blue", green="v1"))
    bare.calls.clear()
    bare.seen.clear()
    return bare, outputs


def calls_of(news, *before):
    clock = FakeClock()
    bare, outputs = started(clock)
    with bare.asked():
        for one in before:
            outputs = service(clock).update(outputs, one)
        bare.calls.clear()
        service(clock).update(outputs, news)
    return list(bare.calls)


def served(bare):
    """Requests went to as many instances as one color has, all the time."""
    assert bare.seen
    assert min(sum(found.values()) for found in bare.seen) >= SIZE, bare.seen


def all_right(bare, color):
    other = "green" if color == "blue" else "blue"
    world = bare.cloud.world
    assert bare.serving() == {color: SIZE}
    assert world.app(f"web-{other}").state == "STOPPED"
    for app in world.apps.values():
        assert not app.annotations
        assert app.instances == SIZE


def test_a_promotion_in_steps_brings_scales_and_stops():
    clock = FakeClock()
    bare, outputs = started(clock)
    told = []
    with bare.asked():
        outputs = SwapService(told.append, clock).update(outputs, inputs("green"))
    served(bare)
    all_right(bare, "green")
    shifts = [event.text for event in told if event.kind == "shift"]
    assert [text.partition(" (")[2].partition(")")[0] for text in shifts] == [
        "1 of 5 instances are green's, 20 % of the requests",
        "1 of 5 instances are blue's, 20 % of the requests",
        "",
    ]
    shares = [found for found in bare.seen if len(found) == 2]
    assert {(found["blue"], found["green"]) for found in shares} == {(4, 1), (4, 4), (1, 4)}
    with bare.asked():
        service(clock).update(outputs, inputs("blue"))
    served(bare)
    all_right(bare, "blue")


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("onwards", ["green", "blue"])
def test_a_promotion_is_taken_up_or_taken_back_wherever_it_ended(when, onwards):
    number_of_calls = len(calls_of(inputs("green")))
    assert number_of_calls > 40
    for number in range((when == "after") + 2 * (onwards == "blue"), number_of_calls, stride(25)):
        clock = FakeClock()
        bare, outputs = started(clock)
        with pytest.raises(Killed), bare.asked(lambda at, number=number: when if at == number else ""):
            service(clock).update(outputs, inputs("green"))
        clock.sleep(700)  # until nobody may think that the other one runs
        with bare.asked():
            service(clock).update(outputs, inputs(onwards))
        served(bare)
        all_right(bare, onwards)


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_rollback_is_taken_up_wherever_it_ended(when):
    number_of_calls = len(calls_of(inputs("blue"), inputs("green")))
    for number in range(when == "after", number_of_calls, stride(21)):
        clock = FakeClock()
        bare, outputs = started(clock)
        with bare.asked():
            outputs = service(clock).update(outputs, inputs("green"))
        bare.calls.clear()
        with pytest.raises(Killed), bare.asked(lambda at, number=number: when if at == number else ""):
            service(clock).update(outputs, inputs("blue"))
        clock.sleep(700)
        with bare.asked():
            service(clock).update(outputs, inputs("blue"))
        served(bare)
        all_right(bare, "blue")


def test_a_release_that_crashes_gets_no_traffic():
    clock = FakeClock()
    bare, outputs = started(clock)
    bare.cloud.world.app("web-green").health = "/healthz"
    with bare.asked(), pytest.raises(SwapFailed, match="instance 0 is CRASHED"):
        service(clock).update(outputs, inputs("green", green="broken", steady_state_timeout_seconds=20))
    served(bare)
    assert all("green" not in found for found in bare.seen)


def test_a_push_into_the_new_color_while_it_is_promoted_stops_the_promotion():
    clock = FakeClock()
    bare, outputs = started(clock)
    world = bare.cloud.world

    def pushed(_number):
        if "green" in bare.serving():
            app = world.app("web-green")
            if world.droplets[app.droplet].image.endswith("v2"):
                world.push("web-green", "r.example.com/app:v3")
        return ""

    with bare.asked(pushed), pytest.raises(SwapFailed, match="another release came into it meanwhile"):
        service(clock).update(outputs, inputs("green"))
    served(bare)
    assert bare.serving() == {"blue": SIZE}


def test_each_of_several_routes_says_what_its_share_has_come_to():
    clock, told = FakeClock(), []
    bare = Bare()
    bare.cloud.world.create_route("shop", "web-blue")
    one = inputs("blue")["router"]
    routers = [one, {**one, "route": ROUTE.replace("web", "shop", 1)}]

    def both(active):
        found = inputs(active, green="v1", steps=(20,))
        del found["router"]
        return {
            **found,
            "routers": [{key: value for key, value in each.items() if key != "install"} for each in routers],
        }

    with bare.asked():
        _, outputs = service(clock).create(both("blue"))
        SwapService(told.append, clock).update(outputs, both("green"))
    first = next(event.text for event in told if event.kind == "shift")
    assert first.count("1 of 5 instances are green's") == 2
