"""Pulumi's own operations on a swap under load: whatever an engine does with the resource, no request is lost.

A replacement, a state that is lost and made again, a refresh, a target, another place of the rule, a stack that is
renamed and renamed back: the object that carries production is the same one all the while.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from localcloud.load import Load
from tests.e2e import stack as stacks
from tests.e2e.stack import HEALTHZ, QUICK, Rule, Stack


@pytest.fixture(scope="module")
def made(cloud, aws_env, tmp_path_factory):
    yield from stacks.make(cloud, tmp_path_factory, "ecs", idleCapacityPercent="100")


@pytest.fixture
def stack(adapter_in_turn, made: Stack) -> Stack:
    """Blue is live, green idle at full size, whatever the test before did."""
    made.up(activeColor="blue", strategy=QUICK, gates=HEALTHZ, swapProvider=adapter_in_turn)
    assert made.colors() == {"blue"}
    return made


@contextmanager
def nothing_lost(stack: Stack, *colors: str) -> Iterator[None]:
    """Meanwhile every request is answered, by these colors alone."""
    with Load(stack.url, rate_per_second=100) as load:
        yield
    assert load.result.failed == 0, load.result.errors
    assert load.result.within(0, 1e12).keys() <= set(colors)
    assert stack.colors() <= set(colors)


def urn(stack: Stack) -> str:
    return str(stack.swap()["urn"])


def goes_on(stack: Stack) -> None:
    """The resource is whole: nothing is to be done, and its next promotion is a usual one."""
    stack.pulumi("preview", "--expect-no-changes")
    color = "green" if stack.output("liveColor") == "blue" else "blue"
    stack.up(activeColor=color)
    assert stack.colors() == {color}


def test_a_replacement_at_the_same_place(stack):
    before = stack.swap()["outputs"]["incarnation"]
    with nothing_lost(stack, "blue"):
        said = stack.pulumi("up", "--yes", "--skip-preview", "--replace", urn(stack))
    assert "replaced" in said
    assert "has the mark of another incarnation" in said
    assert stack.swap()["outputs"]["incarnation"] != before
    with nothing_lost(stack, "blue", "green"):
        goes_on(stack)


def test_a_state_that_is_lost_and_made_again(stack):
    children = [found["urn"] for found in stack.state()["resources"] if urn(stack) in found.get("dependencies", ())]
    assert not children
    with nothing_lost(stack, "blue"):
        stack.pulumi("state", "delete", urn(stack), "--yes", "--force")
        stack.pulumi("up", "--yes", "--skip-preview")
    assert stack.output("liveColor") == "blue"
    with nothing_lost(stack, "blue", "green"):
        goes_on(stack)


def test_a_refresh_and_a_target(stack):
    with nothing_lost(stack, "blue", "green"):
        stack.pulumi("refresh", "--yes", "--skip-preview")
        stack.pulumi("preview", "--expect-no-changes")
        stack.set({"activeColor": "green"})
        stack.pulumi("up", "--yes", "--skip-preview", "--target", urn(stack))
        assert stack.swap()["outputs"]["live_color"] == "green"
    assert stack.colors() == {"green"}


def test_another_place_of_the_rule(stack):
    program = stack.folder / "stacks" / "ecs.py"
    text = program.read_text()
    assert "entry=alb(" in text
    with nothing_lost(stack, "blue"):
        program.write_text(text.replace("entry=alb(", "entry=alb(rule_priority=200, ", 1))
        stack.up()
        program.write_text(text)
        stack.up()
    with nothing_lost(stack, "blue", "green"):
        goes_on(stack)


def rename(stack: Stack, name: str) -> None:
    """`pulumi stack rename`, which takes the config file along."""
    stack.pulumi("stack", "rename", name, "--stack", stack.env["PULUMI_STACK"])
    stack.env["PULUMI_STACK"] = name


def test_a_stack_that_is_renamed_and_renamed_back(stack):
    owner = stack.swap()["outputs"]["router"]["owner"]
    try:
        for name in ("renamed", "test"):
            with nothing_lost(stack, "blue"):
                rename(stack, name)
                assert "stamps it anew" in stack.pulumi("preview")
                stack.pulumi("up", "--yes", "--skip-preview")
                stack.pulumi("preview", "--expect-no-changes")
    finally:
        if stack.env["PULUMI_STACK"] != "test":
            rename(stack, "test")
    assert stack.swap()["outputs"]["router"]["owner"] == owner
    with nothing_lost(stack, "blue", "green"):
        goes_on(stack)


def test_a_rule_that_somebody_moved(stack):
    stack.up(activeColor="green")
    rule = Rule(stack)
    arn = rule.rule()["RuleArn"]
    rule.elb.set_rule_priorities(RulePriorities=[{"RuleArn": arn, "Priority": 50}])
    try:
        with nothing_lost(stack, "blue", "green"):
            assert "stands at priority 50 instead of 100" in stack.pulumi("preview")
            stack.up(activeColor="blue")
            assert stack.colors() == {"blue"}, "what the update says is what the requests see"
    finally:
        rule.elb.set_rule_priorities(RulePriorities=[{"RuleArn": arn, "Priority": 100}])
    stack.pulumi("preview", "--expect-no-changes")


def test_another_release_under_the_live_color_is_stopped_before_it_comes(stack, cloud):
    before = stack.swap()["outputs"]
    try:
        with nothing_lost(stack, "blue"):
            said = stack.up_fails(blueImage=cloud.image("v3"))
            assert stack.get().json()["version"] == "v1"
        assert "was not updated: blue has 100 % of production traffic and would get another release in place" in said
        assert "Traceback" not in said
        assert stack.swap()["outputs"] == before
        stack.up(**{"blueImage": cloud.image("v3"), "bluegreen:allowLiveChanges": "true"})
        assert stack.swap()["outputs"]["previous"] == {}, "nothing unproved is a way back"
    finally:
        stack.up(**{"blueImage": cloud.image("v1"), "bluegreen:allowLiveChanges": "true"})
        stack.set({"bluegreen:allowLiveChanges": None})
    goes_on(stack)
