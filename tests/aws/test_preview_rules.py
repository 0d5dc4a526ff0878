"""The colors' own rules stand before production's: they are for whom production is, and for nobody else."""

from __future__ import annotations

import pulumi
import pytest

from bluegreen.aws import EcsService, alb, alb_listeners
from bluegreen.component.base import PREVIEW_HEADER
from tests.aws import mocked
from tests.aws.test_entries import COLORS, LISTENER, NETWORK, RULE

LOOKED_UP = "aws:lb/getListenerRule:getListenerRule"
FORWARD = {"type": "forward", "order": 2}
SIGN_IN = [{"type": "authenticate-oidc", "order": 1}, FORWARD]
TOKEN = [{"type": "jwt-validation", "order": 1}, FORWARD]


def preview_rules(entry, **calls):
    recorder, _ = mocked.run(lambda: EcsService("web", entry=entry, **COLORS, **NETWORK), calls=calls)
    return {
        found.name.split("-")[1]: found.inputs["conditions"]
        for found in recorder.resources
        if found.type.endswith(":ListenerRule")
    }


def rule(*conditions, actions=(FORWARD,)):
    return {LOOKED_UP: {"actions": list(actions), "conditions": list(conditions)}}


def header(color):
    return {"httpHeader": {"httpHeaderName": PREVIEW_HEADER, "values": [color]}}


def test_they_have_productions_hosts_and_paths():
    entry = alb(listener_arn=LISTENER, host_headers=["a.example.com"], path_patterns=["/pay/*"])
    rules = preview_rules(entry)
    for color, conditions in rules.items():
        assert conditions == [
            header(color),
            {"hostHeader": {"values": ["a.example.com"]}},
            {"pathPattern": {"values": ["/pay/*"]}},
        ]


def test_they_have_the_conditions_of_a_rule_that_is_handed_in():
    found = rule(
        {"hostHeaders": [{"values": ["a.example.com"], "regexValues": []}]},
        {"queryStrings": [{"values": [{"key": "v", "value": "2"}]}]},
        {"sourceIps": [{"values": ["10.0.0.0/8"]}]},
    )
    assert preview_rules(alb(rule_arn=RULE), **found)["green"] == [
        header("green"),
        {"hostHeader": {"values": ["a.example.com"]}},
        {"queryStrings": [{"key": "v", "value": "2"}]},
        {"sourceIp": {"values": ["10.0.0.0/8"]}},
    ]


def test_the_testers_networks_stand_in_for_those_of_production():
    found = rule({"sourceIps": [{"values": ["0.0.0.0/0"]}]}, {"pathPatterns": [{"values": ["/a"]}]})
    assert preview_rules(alb(rule_arn=RULE, preview_cidrs=["10.0.0.0/8"]), **found)["blue"][1:] == [
        {"pathPattern": {"values": ["/a"]}},
        {"sourceIp": {"values": ["10.0.0.0/8"]}},
    ]


@pytest.mark.parametrize("actions", [SIGN_IN, TOKEN], ids=["sign-in", "token"])
@pytest.mark.parametrize(
    ("entry", "looked_up"),
    [
        (lambda **more: alb(rule_arn=RULE, **more), LOOKED_UP),
        (lambda **more: alb_listeners(rule_arn=RULE, test_rule_arn=RULE, **more), LOOKED_UP),
        (lambda **more: alb(listener_arn=LISTENER, whole_listener=True, **more), "aws:lb/getListener:getListener"),
    ],
    ids=["rule", "two rules", "whole listener"],
)
def test_where_production_asks_for_more_than_they_can_the_testers_have_to_be_named(entry, looked_up, actions):
    calls = {looked_up: {"actions": actions, "conditions": [], "defaultActions": actions}}
    with pytest.raises(pulumi.RunError, match=rf"preview_cidrs: .* Production has {actions[0]['type']}"):
        preview_rules(entry(), **calls)
    cidrs = {"sourceIp": {"values": ["10.0.0.0/8"]}}
    assert preview_rules(entry(preview_cidrs=["10.0.0.0/8"]), **calls)["blue"] == [header("blue"), cidrs]


def test_a_rule_with_more_conditions_than_they_can_have_needs_testers_who_are_named():
    found = rule({"hostHeaders": [{"values": ["a", "b", "c", "d", "e"]}]})
    with pytest.raises(pulumi.RunError, match="5 condition values, and a color's own rule has room for 4"):
        preview_rules(alb(rule_arn=RULE), **found)
    cidrs = {"sourceIp": {"values": ["10.0.0.0/8"]}}
    assert preview_rules(alb(rule_arn=RULE, preview_cidrs=["10.0.0.0/8"]), **found)["blue"] == [header("blue"), cidrs]


@pytest.mark.parametrize(
    ("entry", "named"),
    [
        (alb(host_headers=["a.x", "b.x", "c.x"], path_patterns=["/a", "/b", "/c"]), "path_patterns: .* 5 values"),
        (alb(host_headers=[f"{number}.x" for number in range(5)]), "host_headers: .* 4 values"),
        (alb(preview_cidrs=[f"10.0.{number}.0/24" for number in range(5)]), "preview_cidrs: .* 4 values"),
        (alb_listeners(host_headers=["a.x", "b.x", "c.x"], preview_cidrs=["10.0.0.0/8"] * 2), "preview_cidrs: .* 4"),
    ],
    ids=["production", "its header", "networks", "two listeners"],
)
def test_more_than_five_condition_values_are_refused_before_anything_is_made(entry, named):
    with pytest.raises(pulumi.RunError, match=named):
        preview_rules(entry)


def test_five_condition_values_are_as_many_as_there_may_be():
    assert len(preview_rules(alb(host_headers=["a", "b"], path_patterns=["/c", "/d"]))["blue"]) == 3
