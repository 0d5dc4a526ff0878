"""Several rules of one swap on one listener: none is taken for another one that is not there yet, or was moved."""

from __future__ import annotations

import pytest

from bluegreen.aws.elb.alb_router import AlbRouter
from bluegreen.gates.registry import GATES
from bluegreen.rollout.clock import FakeClock
from bluegreen.rollout.errors import PlatformError, SwapFailed
from bluegreen.rollout.model import Decision, Phase, Readiness
from dev.matrix.engine import DYNAMIC, NATIVE, Stack
from tests.routers import alb_workshop
from tests.swap.must_not_happen.situations import Script, ScriptedGate, scripted

HEALTHY = Readiness(ready=True, healthy=1, expected=1)


@pytest.fixture(scope="module")
def alb(aws_env):
    return alb_workshop.build()


@pytest.fixture
def rules(alb, monkeypatch):
    """The target groups of the production rules, by priority; these go in the end."""
    monkeypatch.setattr(AlbRouter, "health", lambda _self, _color: HEALTHY)
    kept = {rule["RuleArn"] for rule in alb.rules()}

    def found():
        named = {arn: name for name, arn in alb.groups.items()}
        return {
            int(rule["Priority"]): named[rule["Actions"][-1]["ForwardConfig"]["TargetGroups"][0]["TargetGroupArn"]]
            for rule in alb.rules()
            if rule["RuleArn"] not in kept
        }

    yield found
    for rule in alb.rules():
        if rule["RuleArn"] not in kept:
            alb.elb.delete_rule(RuleArn=rule["RuleArn"])


@pytest.fixture
def script(monkeypatch):
    made = Script()
    monkeypatch.setitem(GATES.entries, "scripted", f"{ScriptedGate.__module__}:{ScriptedGate.__name__}")
    monkeypatch.setattr(ScriptedGate, "script", made)
    return made


def inputs(*sections, color="blue", **more):
    return {
        "name": "web",
        "active_color": color,
        "releases": {"blue": "v1", "green": "v2"},
        "routers": list(sections),
        "gates": [],
        "strategy": {"steps": []},
        **more,
    }


def sections(alb, *priorities):
    return [{**alb_workshop.section(alb), "priority": float(priority)} for priority in priorities]


def test_one_that_is_added_is_made_beside_the_others(alb, rules):
    stack = Stack(DYNAMIC, FakeClock())
    stack.up(inputs(*sections(alb, 100, 120)))
    stack.up(inputs(*sections(alb, 100, 120, 130)))
    assert rules() == {100: "blue", 120: "blue", 130: "blue"}
    stack.up(inputs(*sections(alb, 100, 120, 130), color="green"))
    assert rules() == {100: "green", 120: "green", 130: "green"}


def test_a_first_start_that_ended_after_the_first_rule_makes_the_second_one_too(alb, rules, monkeypatch):
    one, two = sections(alb, 100, 120)
    create, made = AlbRouter.create, []

    def cut_off(router, *arguments):
        made.append(router.id)
        if len(made) > 1:
            raise PlatformError("elasticloadbalancing:CreateRule", "the process ends here")
        return create(router, *arguments)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(AlbRouter, "create", cut_off)
        patched.setattr(AlbRouter, "delete", lambda _self: None)
        patched.setattr(AlbRouter, "write", cut_off)
        with pytest.raises((PlatformError, SwapFailed)):
            Stack(DYNAMIC, FakeClock()).up(inputs(one, two))
    assert rules() == {100: "blue"}
    clock = FakeClock()
    clock.sleep(700)
    Stack(DYNAMIC, clock).up(inputs(one, two))
    assert rules() == {100: "blue", 120: "blue"}


@pytest.mark.parametrize("adapter", [DYNAMIC, NATIVE])
def test_another_target_of_one_proves_itself_and_all_go_back_together(alb, rules, script, adapter):
    one, two = sections(alb, 100, 120)
    other = {**two, "target_groups": {**two["target_groups"], "blue": alb.groups["stranger"]}}
    more = {"gates": [scripted(Phase.BEFORE, Phase.BAKE)], "bake_seconds": 30}
    stack = Stack(adapter, FakeClock())
    stack.up(inputs(one, two, **more))
    script.always(Decision.FAIL, Phase.BEFORE)
    with pytest.raises(SwapFailed, match="traffic was not moved: blue keeps its former target"):
        stack.up(inputs(one, other, **more))
    assert rules() == {100: "blue", 120: "blue"}
    script.always(Decision.FAIL, Phase.BAKE)
    with pytest.raises(SwapFailed, match="restored and verified: blue 100 %, green 0 %, at its former target"):
        stack.up(inputs(one, other, *sections(alb, 130), **more))
    assert rules() == {100: "blue", 120: "blue", 130: "blue"}, "one that is added meanwhile stays"
    script.always(Decision.PASS)
    stack.up(inputs(one, other, *sections(alb, 130), **more))
    assert rules() == {100: "blue", 120: "stranger", 130: "blue"}
    assert (stack.state.outputs["previous"], stack.state.outputs["history"][0]["outcome"]) == ({}, "healed")
