"""The duties of every platform on each of Azure's, without an engine: promotion, rollback, failed gate, abort, drift.

Kills and what somebody else does between two calls are in `tests/routers/test_azure_kills.py`,
`tests/routers/test_azure_slots_killed.py` and the matrix; the engine's part is in `tests/e2e/test_azure*.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from bluegreen.azure.web_apps import answering
from bluegreen.rollout.clock import FakeClock
from bluegreen.rollout.errors import NotOwned, SwapAborted, SwapFailed
from bluegreen.rollout.model import Weights
from bluegreen.swap import contract
from bluegreen.swap.marks import ABORT, leases_in
from bluegreen.swap.service import SwapService
from tests.routers import azure_kills, profile_workshop, slots_workshop

NO = [{"kind": "command", "command": ["false"], "phases": ["hold"]}]
STEPS = {"steps": [{"weight_percent": 10, "hold_seconds": 5}]}
BLUE, GREEN = Weights.all_on("blue"), Weights.all_on("green")


class Platform:
    """One with both colors, of which nobody owns the traffic yet.

    Attributes:
        clock: of the swaps.
        router: the section of one that was made together with the swap.
    """

    clock: FakeClock
    router: dict[str, Any]
    capacity: dict[str, Any] | None = None

    def live(self) -> dict[str, int]:
        """The percent of each color, as somebody with the portal reads it."""
        raise NotImplementedError

    def move(self, blue: int) -> None:
        """So many percent to blue, by hand; 0 and 100 to one alone."""
        raise NotImplementedError


class App(Platform):
    """A container app whose releases the swap installs."""

    def __init__(self, bare: azure_kills.Bare) -> None:
        self.clock, self._bare = FakeClock(), bare
        given = azure_kills.inputs("blue")
        self.router, self.capacity = {**given["router"], "labels": True}, given["capacity"]

    def live(self) -> dict[str, int]:
        return {name.partition("-")[0]: percent for name, percent in self._bare.shares().items()}

    def move(self, blue: int) -> None:
        names = {name.partition("-")[0]: name for name in self._bare.revisions()}
        shares = {"blue": blue, "green": 100 - blue}
        traffic = [
            {"revisionName": f"web--{names[color]}", "weight": share} for color, share in shares.items() if share
        ]
        body = {"properties": {"configuration": {"ingress": {"traffic": traffic}}}}
        self._bare.azure.ask("PATCH", azure_kills.APP, body)


class Slots(Platform):
    """An app with two slots, whose releases the swap brings."""

    def __init__(self, app: slots_workshop.App) -> None:
        self.clock, self._app = app.clock, app
        contents = {color: {"runs": image} for color, image in slots_workshop.IMAGES.items()}
        self.router = slots_workshop.section(contents=contents)

    def live(self) -> dict[str, int]:
        percent = sum(int(rule["reroutePercentage"]) for rule in self._app.rules())
        first = self._app.live
        other = "green" if first == "blue" else "blue"
        return {color: share for color, share in ((first, 100 - percent), (other, percent)) if share}

    def move(self, blue: int) -> None:
        wanted = "blue" if blue >= 50 else "green"
        self._app.send()
        if self._app.live != wanted:
            self._app.swap()
        if blue not in (0, 100):
            host = slots_workshop.SLOT_HOST
            self._app.send({"name": "staging", "actionHostName": host, "reroutePercentage": min(blue, 100 - blue)})


class Profile(Platform):
    """A Traffic Manager profile whose endpoints the swap makes."""

    def __init__(self, profile: profile_workshop.Profile) -> None:
        self.clock, self._profile = profile.clock, profile
        self.router = profile_workshop.section()

    def live(self) -> dict[str, int]:
        weights = self._profile.weights()
        return {name: round(100 * weight / sum(weights.values())) for name, weight in weights.items()}

    def move(self, blue: int) -> None:
        for name, percent in (("blue", blue), ("green", 100 - blue)):
            self._profile.endpoint(name, 10 * percent or 1, enabled=bool(percent))


@contextmanager
def _app() -> Iterator[Platform]:
    bare = azure_kills.Bare()
    with bare.asked():
        yield App(bare)


@contextmanager
def _slots() -> Iterator[Platform]:
    with slots_workshop.running() as app:
        yield Slots(app)


@contextmanager
def _profile() -> Iterator[Platform]:
    with profile_workshop.running() as made:
        made.put(ttl=0)
        yield Profile(made)


MADE: dict[str, Callable[[], Any]] = {"container app": _app, "slots": _slots, "traffic manager": _profile}


@pytest.fixture(params=MADE)
def platform(request, monkeypatch):
    monkeypatch.setattr(answering, "problem_of", lambda url, statuses: "")
    with MADE[request.param]() as made:
        yield made


def inputs(platform: Platform, color: str, **more: Any) -> dict[str, Any]:
    return {
        "name": "shop",
        "active_color": color,
        "releases": {"blue": "v1", "green": "v2"},
        "router": platform.router,
        **({} if platform.capacity is None else {"capacity": platform.capacity}),
        "strategy": STEPS,
        "scale_down_delay_seconds": 600,
        **more,
    }


class Swaps:
    """Updates one after the other, each in a fresh process."""

    def __init__(self, platform: Platform) -> None:
        self._platform, self._last, self._outputs = platform, {}, {}

    def start(self, color: str = "blue", **more: Any) -> dict[str, Any]:
        self._last = inputs(self._platform, color, **more)
        _, self._outputs = SwapService(clock=self._platform.clock).create(self._last)
        return self._outputs

    def update(self, color: str, **more: Any) -> dict[str, Any]:
        wanted = inputs(self._platform, color, **more)
        service = SwapService(clock=self._platform.clock)
        self._outputs = service.update({**self._last, **self._outputs}, wanted)
        self._last = wanted
        return self._outputs


def test_it_is_promoted_in_steps_and_rolled_back(platform):
    swaps = Swaps(platform)
    swaps.start()
    assert platform.live() == {"blue": 100}
    outputs = swaps.update("green")
    assert (outputs["history"][0]["outcome"], platform.live()) == ("promoted", {"green": 100})
    outputs = swaps.update("blue")
    assert (outputs["history"][0]["outcome"], platform.live()) == ("rolled_back", {"blue": 100})


def test_a_gate_that_fails_in_a_step_gives_everything_back(platform):
    swaps = Swaps(platform)
    swaps.start()
    with pytest.raises(SwapFailed, match="gate command false failed") as failed:
        swaps.update("green", gates=NO)
    assert failed.value.weights == BLUE
    assert platform.live() == {"blue": 100}
    swaps.update("blue")
    assert platform.live() == {"blue": 100}


@pytest.mark.parametrize("blue", [0, 60])
def test_traffic_moved_by_hand_is_drift_and_put_back(platform, blue):
    swaps = Swaps(platform)
    swaps.start()
    platform.move(blue)
    outputs = swaps.update("blue")
    assert (outputs["history"][0]["outcome"], platform.live()) == ("healed", {"blue": 100})


def test_an_abort_gives_everything_back(platform):
    swaps = Swaps(platform)
    swaps.start()

    class Aborting(FakeClock):
        """Somebody aborts in the first step's hold, from another process."""

        def sleep(self, seconds: float) -> None:
            super().sleep(seconds)
            if platform.live() not in ({"blue": 100}, {"green": 100}):
                router = contract.parse(inputs(platform, "green")).build_router()
                (lease,) = leases_in(router.read().marks)
                router.mark({ABORT: f"{lease} tester: too early"})

    platform.clock = Aborting()
    with pytest.raises(SwapAborted, match="too early"):
        swaps.update("green")
    assert platform.live() == {"blue": 100}


def test_what_is_live_already_is_adopted_and_nothing_else_is(platform):
    outputs = Swaps(platform).start()
    SwapService(clock=platform.clock).delete({**inputs(platform, "blue"), **outputs})
    if not platform.live():
        platform.move(100)  # whoever made the endpoints has taken them away
    platform.router = {**platform.router, "made_with_it": False}
    with pytest.raises((NotOwned, SwapFailed), match="would move it"):
        Swaps(platform).start("green")
    assert platform.live() == {"blue": 100}
    again = Swaps(platform)
    again.start("blue")
    assert platform.live() == {"blue": 100}
    again.update("green")
    assert platform.live() == {"green": 100}
