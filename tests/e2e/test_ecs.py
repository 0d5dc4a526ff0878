"""The main job on the local cloud: the repo's `ecs` program, real tasks, a real load balancer, under load.

What every platform must do is in tests/scenarios; here is what a load balancer's weights and tasks can show beside.
"""

from __future__ import annotations

import time

import pytest

from localcloud.load import Load
from tests.e2e import stack as stacks
from tests.e2e.stack import HEALTHZ, QUICK, Background, Rule, Stack, shift_began, shift_ended

CANARY = {"name": "canary", "steps": [{"weight_percent": 10, "hold_seconds": 5}]}


@pytest.fixture(scope="module")
def made(cloud, aws_env, tmp_path_factory):
    yield from stacks.make(cloud, tmp_path_factory, "ecs")


@pytest.fixture
def stack(made: Stack, cloud) -> Stack:
    """Blue is live with v1, green idle with v2, whatever the test before did."""
    config = {"activeColor": "blue", "blueImage": cloud.image("v1"), "greenImage": cloud.image("v2")}
    made.set({**config, "strategy": QUICK, "gates": HEALTHZ, "tags": {}, "steadyStateTimeoutSeconds": "120"})
    made.pulumi("up", "--yes", "--skip-preview")
    assert made.get().json()["version"] == "v1"
    return made


def test_a_promotion_and_its_revert_lose_nothing_under_load(stack):
    stack.set({"strategy": CANARY})
    preview = stack.pulumi("config", "set", "activeColor", "green") + stack.pulumi("preview", "--diff")
    assert '~ active_color                : "blue" => "green"' in preview
    assert '"10 % green, 90 % blue for 5 s; gates: target health, http /healthz"' in preview
    with Load(stack.url, rate_per_second=400) as load:
        stack.pulumi("up", "--yes", "--skip-preview")
        promoted = stack.output("history")[0]
        stack.up(activeColor="blue")
        reverted = stack.output("history")[0]
        time.sleep(1)  # so that there is something to look at
    result = load.result
    assert result.failed == 0, result.errors
    assert {sample.kept for sample in result.samples()} == {True, False}

    assert promoted["outcome"] == "promoted"
    assert reverted["outcome"] == "rolled_back"
    (canary, everything), (back,) = promoted["steps"], reverted["steps"]
    assert result.within(0, shift_began(canary)).keys() == {"blue"}
    seen = result.within(shift_ended(canary), shift_began(everything))
    number = sum(seen.values())
    assert abs(seen["green"] - 0.1 * number) <= 5 * (number * 0.1 * 0.9) ** 0.5, "each request draws its color"
    assert result.within(shift_ended(everything), shift_began(back)).keys() == {"green"}
    assert result.within(shift_ended(back), 1e12).keys() == {"blue"}


def test_an_unrelated_update_moves_no_traffic(stack):
    stack.up(activeColor="green")
    before = Rule(stack).rule()["Actions"]
    with Load(stack.url, rate_per_second=50) as load:
        said = stack.up(tags={"team": "payments"})
    assert "aws:lb:Listener web-http updated" in said
    assert "aws:lb:TargetGroup web-blue updated" in said
    assert Rule(stack).rule()["Actions"] == before
    assert load.result.failed == 0
    assert load.result.between(0, 1e12).keys() == {"green"}


def test_weights_moved_by_hand_are_shown_by_a_preview(stack):
    Rule(stack).shift_by_hand(70, 30)
    preview = stack.pulumi("preview")
    assert "drift: the live weights are blue 70 %, green 30 %; the last update left blue 100 %, green 0 %" in preview


# What components refuse is in tests/aws; these are what it looks like: a mistake in a value, and a key that is missing.
REFUSED = {
    "active_color: 'purple' is not allowed; allowed: blue, green": {"activeColor": "purple"},
    "'bluegreen:greenImage'": {"greenImage": None},
}


def test_bad_config_is_refused_at_preview_and_nothing_is_written(stack):
    before = stack.state()["resources"]
    rule = Rule(stack).rule()
    good = {"activeColor": "blue", "strategy": QUICK, "gates": HEALTHZ}
    for expected, config in REFUSED.items():
        stack.set({**good, "greenImage": stack.cloud.image("v2"), **config})
        said = stack.fails("preview")
        assert expected in said
        assert "Traceback" not in said
    assert expected in stack.fails("up", "--yes", "--skip-preview")
    stack.set({**good, "greenImage": stack.cloud.image("v2")})
    after = stack.state()["resources"]
    assert {r["urn"]: r.get("inputs") for r in after} == {r["urn"]: r.get("inputs") for r in before}
    assert Rule(stack).rule() == rule


def test_a_green_that_is_never_healthy_gets_no_request(stack, cloud):
    with Load(stack.url, rate_per_second=25) as load:
        said = stack.up_fails(activeColor="green", greenImage=cloud.image("broken"), steadyStateTimeoutSeconds="30")
    assert load.result.between(0, 1e12).keys() == {"blue"}
    assert load.result.failed == 0
    assert "green is not ready for traffic after 30 s" in said
    assert "Target.FailedHealthChecks" in said
    assert "traffic was not moved: blue 100 %" in said
    assert "set activeColor back to blue" in said
    assert "Traceback" not in said

    stack.set({"steadyStateTimeoutSeconds": "120"})
    stack.up(greenImage=cloud.image("v3"))
    assert stack.outcome() == "promoted"
    assert stack.get().json()["version"] == "v3"
    stack.up(activeColor="blue")


def test_a_green_that_turns_bad_during_a_hold_is_taken_back(stack, cloud):
    stack.set({"activeColor": "green", "strategy": {"steps": [{"weight_percent": 10, "hold_seconds": 60}]}})
    up = Background(stack)
    up.wait_for("blue 90 %, green 10 %")
    stack.control("green", fail_healthz=True)
    assert up.finish() != 0
    assert "gate http /healthz failed: status 503 against status 200" in up.output
    assert "restored and verified: blue 100 %, green 0 %" in up.output
    assert stack.colors() == {"blue"}

    stack.up(strategy=QUICK, greenImage=cloud.image("v3"))
    assert stack.get().json()["version"] == "v3", "mended, the same promotion goes through"
    stack.up(activeColor="blue")
