"""A target group of somebody else's that gets no requests stays in a forward, whatever the swap writes."""

from __future__ import annotations

import json
import shlex

import pytest

from bluegreen.aws.elb import groups_at_rest
from bluegreen.fields import Fields
from bluegreen.platforms.routers import ROUTERS
from bluegreen.rollout.calls import counted
from bluegreen.rollout.errors import NotOwned
from bluegreen.rollout.model import Weights
from tests.routers import alb_workshop, nlb_workshop

BLUE, GREEN, STEP = Weights.all_on("blue"), Weights.all_on("green"), Weights.split("green", 10)
COLORS = ("blue", "green")


def build(section, former=None):
    fields = Fields(section, "router")
    parsed = ROUTERS.parse(fields)
    assert parsed is not None, fields.problems
    kind, arguments = parsed
    return ROUTERS.build((kind, {**arguments, **({"former": former} if former else {})}))


def forwards(elb, arn, names):
    """The weight of each group that a rule or a listener forwards to, and the action itself."""
    if ":listener-rule/" in arn:
        (found,) = elb.describe_rules(RuleArns=[arn])["Rules"]
        (action,) = found["Actions"]
    else:
        (found,) = elb.describe_listeners(ListenerArns=[arn])["Listeners"]
        (action,) = found["DefaultActions"]
    groups = action.get("ForwardConfig", {}).get("TargetGroups") or [action]
    return {names[one["TargetGroupArn"]]: one.get("Weight", 1) for one in groups}


def led(elb, arn, groups, shares):
    """As somebody else leaves it."""
    listed = [{"TargetGroupArn": groups[name], "Weight": weight} for name, weight in shares.items()]
    actions = [{"Type": "forward", "ForwardConfig": {"TargetGroups": listed}}]
    if ":listener-rule/" in arn:
        elb.modify_rule(RuleArn=arn, Actions=actions)
    else:
        elb.modify_listener(ListenerArn=arn, DefaultActions=actions)


def stays(elb, arn, groups, section, *steps):
    names = {group: name for name, group in groups.items()}
    for weights in steps:
        router = build(section)
        router.read()
        router.write(weights)
        left = forwards(elb, arn, names)
        assert left.pop("stranger") == 0, weights
        whole = sum(left.values())
        assert {name: 100 * share // whole for name, share in left.items()} == {
            color: weights.of(color) for color in COLORS if weights.of(color)
        }
        assert build(section).read().weights == weights


@pytest.mark.parametrize("place", ["rule", "listener"])
def test_what_is_handed_in_keeps_it_at_every_step(alb, place):
    make = {"rule": alb_workshop.section_of_a_rule, "listener": alb_workshop.section_of_a_listener}[place]
    section = make(alb)
    arn = section[f"{place}_arn"]
    led(alb.elb, arn, alb.groups, {"blue": 1, "stranger": 0})
    stays(alb.elb, arn, alb.groups, section, BLUE, STEP, GREEN, BLUE)
    build(section).delete()
    names = {group: name for name, group in alb.groups.items()}
    assert forwards(alb.elb, arn, names) == {"blue": 100, "stranger": 0}


def test_a_made_rule_keeps_what_came_since_and_the_command_by_hand_has_it(alb):
    section = alb_workshop.section(alb)
    build(section).write(BLUE)
    (rule,) = [one["RuleArn"] for one in alb.rules() if one["Priority"] == "100"]
    led(alb.elb, rule, alb.groups, {"blue": 100, "stranger": 0})
    stays(alb.elb, rule, alb.groups, section, STEP, GREEN)
    router = build(section)
    router.read()
    (command,) = router.commands(BLUE)
    (action,) = json.loads(shlex.split(command)[shlex.split(command).index("--actions") + 1])
    groups = {one["TargetGroupArn"]: one["Weight"] for one in action["ForwardConfig"]["TargetGroups"]}
    assert groups == {alb.groups["blue"]: 100, alb.groups["stranger"]: 0}
    led(alb.elb, rule, alb.groups, {"green": 90, "stranger": 10})
    build(section).write(GREEN)
    names = {group: name for name, group in alb.groups.items()}
    assert forwards(alb.elb, rule, names) == {"green": 100}, "what gets requests is drift"
    build(section).delete()


def test_both_listeners_of_a_pair_keep_it(alb):
    section = alb_workshop.pair_section_of_what_is_there(alb)
    rule, listener = section["rule_arn"], section["test"]["listener_arn"]
    led(alb.elb, rule, alb.groups, {"blue": 1, "stranger": 0})
    led(alb.elb, listener, alb.groups, {"green": 1, "stranger": 0})
    names = {group: name for name, group in alb.groups.items()}
    for weights, idle in ((BLUE, "green"), (GREEN, "blue")):
        build(section).write(weights)
        assert forwards(alb.elb, rule, names) == {weights.live_color: 1, "stranger": 0}
        assert forwards(alb.elb, listener, names) == {idle: 1, "stranger": 0}
    build(section).delete()


def test_a_network_listener_keeps_it_at_every_step(nlb):
    section = nlb_workshop.section(nlb)
    production = nlb.listeners["production"]
    nlb.split("production", {"blue": 1, "stranger": 0})
    nlb.forward("test", "green")
    stays(nlb.elb, production, nlb.groups, section, BLUE, STEP, GREEN)
    build(section).delete()


def test_it_costs_no_call(alb):
    section = alb_workshop.section_of_a_rule(alb)
    arn, calls = section["rule_arn"], []
    for shares in ({"blue": 1}, {"blue": 1, "stranger": 0}):
        led(alb.elb, arn, alb.groups, shares)
        build(section).write(BLUE)
        router, made = build(section), []
        router.read()
        with counted(made.append):
            router.write(GREEN)
            router.verify(GREEN)
        calls.append(made)
        led(alb.elb, arn, alb.groups, {"blue": 1})
    assert calls[0] == calls[1]
    build(section).delete()


def test_what_was_a_colors_in_the_last_update_goes(alb):
    """The stack is about to remove it, which a forward to it would stop."""
    section = alb_workshop.section_of_a_rule(alb)
    led(alb.elb, section["rule_arn"], alb.groups, {"blue": 1, "stranger": 0})
    former = {**section, "target_groups": {"blue": alb.groups["blue"], "green": alb.groups["stranger"]}}
    build(section, former).write(BLUE)
    assert forwards(alb.elb, section["rule_arn"], {arn: name for name, arn in alb.groups.items()}) == {"blue": 100}
    build(section).delete()


def test_more_than_a_forward_has_room_for_is_refused_by_name_and_never_stops_a_restore():
    forward = {"TargetGroups": [{"TargetGroupArn": color, "Weight": 50} for color in COLORS]}

    def having(count):
        groups = [{"TargetGroupArn": f"other-{number}", "Weight": 0} for number in range(count)]
        return [{"Type": "forward", "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": "blue"}, *groups]}}]

    groups_at_rest.refuse_too_many("arn:x", having(3), COLORS)
    with pytest.raises(NotOwned, match=r"TargetGroups of arn:x have 4 of somebody else's.*room for 3"):
        groups_at_rest.refuse_too_many("arn:x", having(4), COLORS)
    made = groups_at_rest.with_those_at_rest(forward, having(4), COLORS)
    assert [one["TargetGroupArn"] for one in made["TargetGroups"]] == ["blue", "green", "other-0", "other-1", "other-2"]
