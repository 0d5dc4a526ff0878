"""The duties of every platform on Cloud Foundry and Beanstalk, without an engine: those of tests/scenarios.

Kills are in `test_cloudfoundry_kills.py` and `test_beanstalk_killed.py`, what somebody else does between two calls in
the matrix; the engine's part is in `make scenarios`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from bluegreen.rollout.calls import guarded
from bluegreen.rollout.clock import FakeClock
from bluegreen.rollout.errors import NotOwned, SwapAborted, SwapFailed
from bluegreen.rollout.model import Weights
from bluegreen.swap import contract
from bluegreen.swap.marks import ABORT, leases_in
from bluegreen.swap.service import SwapService
from localcloud.cloudfoundry.cloud import BareCloudFoundry
from localcloud.cloudfoundry.world import destination
from tests.routers import beanstalk_workshop, cloudfoundry_workshop

BLUE = Weights.all_on("blue")


class Route:
    """Two apps of Cloud Foundry behind a route that leads to blue's."""

    phase = "hold"

    def __init__(self, cloud: BareCloudFoundry) -> None:
        self.clock, self._cloud = FakeClock(), cloud
        self.steps = {"steps": [{"weight_percent": 20, "hold_seconds": 5}]}
        self.router = cloudfoundry_workshop.section(made_with_it=False)
        self.capacity = cloudfoundry_workshop.capacity_section()

    def live(self) -> dict[str, int]:
        world = self._cloud.world
        (route,) = world.routes.values()
        counts = {
            app.name.removeprefix("web-"): app.instances
            for app in (world.apps[one["app"]["guid"]] for one in route.destinations)
        }
        return {color: round(100 * count / sum(counts.values())) for color, count in counts.items()}

    def move(self) -> None:
        world = self._cloud.world
        (route,) = world.routes.values()
        route.destinations = [destination(world.app("web-green").guid)]


class Environments:
    """Two environments of Beanstalk, of which blue's has production's name."""

    phase = "bake"

    def __init__(self, shop: beanstalk_workshop.Shop) -> None:
        self.clock, self._shop = FakeClock(), shop
        self.steps = None
        self.router = beanstalk_workshop.section(versions=beanstalk_workshop.VERSIONS)
        self.capacity = None

    def live(self) -> dict[str, int]:
        return {self._shop.live: 100}

    def move(self) -> None:
        self._shop.exchange()


@contextmanager
def _route() -> Iterator[Route]:
    cloud = BareCloudFoundry()
    cloudfoundry_workshop.build(cloud, 4, "blue")
    with cloudfoundry_workshop.led_to(cloud):
        made = Route(cloud)
        with guarded(lambda: None, sleep=made.clock.sleep):
            yield made


@contextmanager
def _environments() -> Iterator[Environments]:
    with beanstalk_workshop.running() as shop:
        yield Environments(shop)


@pytest.fixture(params=[_route, _environments], ids=["cloud foundry", "beanstalk"])
def platform(request):
    with request.param() as made:
        yield made


def inputs(platform: Any, color: str, **more: Any) -> dict[str, Any]:
    return {
        "name": "web",
        "active_color": color,
        "releases": {"blue": "v1", "green": "v2"},
        "router": platform.router,
        **({} if platform.capacity is None else {"capacity": platform.capacity}),
        **({} if platform.steps is None else {"strategy": platform.steps}),
        "bake_seconds": 5,
        "scale_down_delay_seconds": 600,
        **more,
    }


class Swaps:
    """Updates one after the other, each in a fresh process."""

    def __init__(self, platform: Any) -> None:
        self._platform = platform

    def start(self, color: str = "blue") -> dict[str, Any]:
        self._last = inputs(self._platform, color)
        _, self.outputs = SwapService(clock=self._platform.clock).create(self._last)
        return self.outputs

    def update(self, color: str, **more: Any) -> str:
        wanted = inputs(self._platform, color, **more)
        olds = {**self._last, **self.outputs}
        self.outputs = SwapService(clock=self._platform.clock).update(olds, wanted)
        self._last = wanted
        return str(self.outputs["history"][0]["outcome"])


@pytest.fixture
def swaps(platform):
    made = Swaps(platform)
    made.start()
    assert platform.live() == {"blue": 100}
    return made


def test_it_is_promoted_and_rolled_back(platform, swaps):
    assert (swaps.update("green"), platform.live()) == ("promoted", {"green": 100})
    assert (swaps.update("blue"), platform.live()) == ("rolled_back", {"blue": 100})


def test_a_gate_that_fails_under_traffic_gives_everything_back(platform, swaps):
    no = [{"kind": "command", "command": ["false"], "phases": [platform.phase]}]
    with pytest.raises(SwapFailed, match="gate command false failed") as failed:
        swaps.update("green", gates=no)
    assert failed.value.weights == BLUE
    assert platform.live() == {"blue": 100}
    swaps.update("blue")
    assert (swaps.update("green"), platform.live()) == ("promoted", {"green": 100})


def test_traffic_moved_by_hand_is_drift_and_put_back(platform, swaps):
    platform.move()
    assert platform.live() == {"green": 100}
    assert (swaps.update("blue"), platform.live()) == ("healed", {"blue": 100})


def test_an_abort_gives_everything_back(platform, swaps):
    class Aborting(FakeClock):
        """Somebody aborts from another process, once some traffic has moved."""

        def sleep(self, seconds: float) -> None:
            super().sleep(seconds)
            if "green" in platform.live() and not self.aborted:
                router = contract.parse(inputs(platform, "green")).build_router()
                for lease in leases_in(router.read().marks):
                    self.aborted = True
                    router.mark({ABORT: f"{lease} tester: too early"})

        aborted = False

    platform.clock = Aborting()
    with pytest.raises(SwapAborted, match="too early"):
        swaps.update("green")
    assert platform.live() == {"blue": 100}


def test_what_is_live_already_is_adopted_and_nothing_else_is(platform):
    with pytest.raises((NotOwned, SwapFailed), match="would move its traffic"):
        Swaps(platform).start("green")
    assert platform.live() == {"blue": 100}
    made = Swaps(platform)
    made.start("blue")
    assert (made.update("green"), platform.live()) == ("promoted", {"green": 100})
    SwapService(clock=platform.clock).delete({**inputs(platform, "green"), **made.outputs})
    assert platform.live() == {"green": 100}
