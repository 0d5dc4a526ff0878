"""The live color's release is not changed in place."""

import pytest

from bluegreen.adapters import native
from bluegreen.memory.router import WORLDS, world
from bluegreen.rollout.model import Weights
from bluegreen.swap.dynamic import TrafficSwap
from bluegreen.swap.service import SwapService
from rules import live_release
from rules.values import UNKNOWN

INPUTS = {
    "active_color": "blue",
    "releases": {"blue": "app:v1", "green": "app:v2"},
    "router": {"kind": "memory", "name": "live-release"},
}


def checked(**changes):
    """The inputs that the engine shows the rule: the swap's own checked ones."""
    inputs, problems = SwapService().check(INPUTS, {**INPUTS, **changes})
    assert problems == []
    return inputs


def test_a_change_under_the_live_color_is_reported_with_what_to_do_instead():
    (message,) = live_release.violations("web-swap", checked(releases={"blue": "app:v3", "green": "app:v2"}))
    assert message.startswith('web-swap: live_release_change is "blue: app:v1 -> app:v3"')
    assert "deploy the new one to green, the idle color" in message
    assert "pulumi config set activeColor green" in message


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"releases": {"blue": "app:v1", "green": "app:v3"}},
        {"active_color": "green"},
        {"active_color": "green", "releases": {"blue": "app:v1", "green": "app:v3"}},
    ],
)
def test_deploying_to_the_idle_color_and_promoting_it_pass(changes):
    assert live_release.violations("web-swap", checked(**changes)) == []


@pytest.mark.parametrize("change", [UNKNOWN, None, ""])
def test_no_known_change_passes(change):
    assert live_release.violations("web-swap", {"live_release_change": change}) == []


def test_the_type_is_the_swaps_own():
    assert {f"pulumi-python:{TrafficSwap._resource_type_name}", native.TOKEN} == live_release.TYPES


@pytest.fixture
def held():
    """Green was refused: blue is live although green is requested."""
    WORLDS.pop("live-release", None)
    yield world("live-release")
    WORLDS.pop("live-release")


def test_while_a_promotion_is_held_the_color_that_is_live_is_meant(held):
    held.weights = Weights.all_on("blue")
    asked = {**INPUTS, "active_color": "green"}
    for color, reported in (("blue", True), ("green", False)):
        releases = {**INPUTS["releases"], color: "app:v3"}
        inputs, problems = SwapService().check(asked, {**asked, "releases": releases})
        assert problems == []
        assert bool(live_release.violations("web-swap", inputs)) == reported


def test_of_two_colors_with_traffic_neither_is_called_idle(held):
    held.weights = Weights.split("green", 10)
    inputs, _ = SwapService().check(INPUTS, {**INPUTS, "releases": {"blue": "app:v3", "green": "app:v3"}})
    (message,) = live_release.violations("web-swap", inputs)
    assert "both colors have production traffic" in message
    assert "the idle color" not in message
