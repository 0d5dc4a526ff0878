"""The duties of every platform on each of Google Cloud's, without an engine: those that Azure's have.

Kills and what somebody else does between two calls are in `tests/routers/test_cloud_run.py` and the matrix; the
engine's part is in `tests/e2e/test_google.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from bluegreen.google.cloud_run.rules import REVISION
from bluegreen.rollout.clock import FakeClock
from tests.azure.test_scenarios import (
    Platform,
    Swaps,
    test_a_gate_that_fails_in_a_step_gives_everything_back,
    test_an_abort_gives_everything_back,
    test_it_is_promoted_in_steps_and_rolled_back,
    test_traffic_moved_by_hand_is_drift_and_put_back,
    test_what_is_live_already_is_adopted_and_nothing_else_is,
)
from tests.routers import function_workshop, google_workshop
from tests.routers.google_workshop import PARENT, SERVICE, World, template

__all__ = [
    "test_a_gate_that_fails_in_a_step_gives_everything_back",
    "test_an_abort_gives_everything_back",
    "test_it_is_promoted_in_steps_and_rolled_back",
    "test_traffic_moved_by_hand_is_drift_and_put_back",
    "test_what_is_live_already_is_adopted_and_nothing_else_is",
]
SETTINGS = {"ingress": "INGRESS_TRAFFIC_ALL", "invokerIamDisabled": True, "labels": {"team": "shop"}}


class Run(Platform):
    """A Cloud Run service as the component makes it: blue's first release has all requests, by its name."""

    def __init__(self, world: World) -> None:
        self.clock, self.world = FakeClock(), world
        tags = {"blue": "blue", "green": "green"}
        self.router = google_workshop.installing_section(tags=tags, settings=SETTINGS)
        name = google_workshop.installed_name("blue")
        traffic = [{"type": REVISION, "revision": name, "percent": 100, "tag": "blue"}]
        body = {"template": {**template("blue"), "revision": name}, "traffic": traffic, "invokerIamDisabled": True}
        world.ask("POST", f"{PARENT}/services", {"serviceId": "web"}, body)

    def live(self) -> dict[str, int]:
        return {name.partition("-")[0]: percent for name, percent in self.world.shares().items()}

    def move(self, blue: int) -> None:
        shares = {"blue": blue, "green": 100 - blue}
        traffic = [
            {"type": REVISION, "revision": google_workshop.installed_name(color), "percent": share}
            for color, share in shares.items()
            if share
        ]
        self.world.ask("PATCH", SERVICE, {"updateMask": "traffic"}, {"traffic": traffic})


@contextmanager
def _run() -> Iterator[Platform]:
    with google_workshop.running() as world:
        yield Run(world)


class Functions(Platform):
    """A function as the component makes it: all requests follow the latest revision, which is blue's release."""

    def __init__(self, function: function_workshop.Function) -> None:
        self.clock, self.function = FakeClock(), function
        tags = {"blue": "blue", "green": "green"}
        self.router = function_workshop.section(tags=tags, settings={"invokerIamDisabled": True})

    def live(self) -> dict[str, int]:
        return {runs.rpartition(" ")[2]: percent for runs, percent in self.function.shares().items()}

    def move(self, blue: int) -> None:
        self.function.send(**{color: share for color, share in (("blue", blue), ("green", 100 - blue)) if share})


@contextmanager
def _function() -> Iterator[Platform]:
    with google_workshop.running() as world:
        yield Functions(function_workshop.Function(world))


MADE: dict[str, Callable[[], Any]] = {"cloud run": _run, "cloud function": _function}


@pytest.fixture(params=MADE)
def platform(request):
    with MADE[request.param]() as made:
        yield made


def tags_of(world):
    return {one["tag"]: one["revision"] for one in world.service()["traffic"] if one.get("tag")}


def test_a_color_has_its_tag_once_it_is_installed_and_whatever_is_live():
    with google_workshop.running() as world:
        swaps = Swaps(Run(world))
        swaps.start()
        assert world.service()["labels"] == {"team": "shop"}
        for live in ("green", "blue"):
            swaps.update(live)
            assert tags_of(world) == {color: google_workshop.installed_name(color) for color in ("blue", "green")}
            assert world.shares() == {google_workshop.installed_name(live).removeprefix("web-"): 100}


def test_a_tag_follows_its_color_to_the_next_release():
    with google_workshop.running() as world:
        platform = Run(world)
        swaps = Swaps(platform)
        swaps.start()
        swaps.update("green")
        swaps.update("blue")
        next_one = {"blue": template("blue"), "green": template("green", "v3")}
        platform.router = {**platform.router, "templates": next_one}
        swaps.update("blue", releases={"blue": "v1", "green": "v3"})
        assert tags_of(world)["green"] == google_workshop.installed_name("green", "v3")
        assert platform.live() == {"blue": 100}
        swaps.update("green", releases={"blue": "v1", "green": "v3"})
        assert world.shares() == {google_workshop.installed_name("green", "v3").removeprefix("web-"): 100}
