"""The judge of the printed policy itself: what it lets pass, and what it would not."""

from __future__ import annotations

import pytest

from bluegreen.permissions import policy_document
from tests.allowed import allows, asked_by
from tests.routers import aws_worlds as worlds
from tests.routers.elb_echo import router

POLICY = {
    "Statement": [
        {"Effect": "Allow", "Action": ["s3:Get*"], "Resource": "arn:aws:s3:::shop-?/*"},
        {"Effect": "Deny", "Action": "s3:GetSecret", "Resource": ["*"]},
    ]
}


@pytest.mark.parametrize(
    ("action", "resource", "may"),
    [
        ("s3:GetObject", "arn:aws:s3:::shop-1/a/b", True),
        ("s3:getobject", "arn:aws:s3:::shop-1/a", True),
        ("s3:GetObject", "arn:aws:s3:::shop-12/a", False),
        ("s3:GetObject", "*", False),
        ("s3:PutObject", "arn:aws:s3:::shop-1/a", False),
        ("s3:GetSecret", "arn:aws:s3:::shop-1/a", False),
    ],
)
def test_a_policy_allows_what_a_statement_names_and_none_denies(action, resource, may):
    assert allows(POLICY, action, resource) is may


def test_a_condition_is_not_passed_over():
    with pytest.raises(AssertionError, match="Condition"):
        allows({"Statement": [{**POLICY["Statement"][0], "Condition": {}}]}, "s3:GetObject", "arn:aws:s3:::shop-1/a")


def test_a_made_rule_is_judged_with_its_tags():
    given = {"ListenerArn": worlds.LISTENER, "Tags": [{"Key": "k", "Value": "v"}]}
    found = list(asked_by("elbv2", "CreateRule", given, "eu-central-1"))
    assert found == [
        ("elasticloadbalancing:CreateRule", worlds.LISTENER),
        ("elasticloadbalancing:AddTags", worlds.LISTENER.replace("listener/", "listener-rule/") + "/new"),
    ]


def test_the_tags_of_a_stage_are_named_by_an_arn_within_the_arn():
    found = list(asked_by("apigatewayv2", "TagResource", {"ResourceArn": "arn:aws:x/y", "Tags": {}}, "eu-west-1"))
    assert found == [("apigateway:POST", "arn:aws:apigateway:eu-west-1::/tags/arn%3Aaws%3Ax%2Fy")]


def test_a_call_that_the_policy_of_its_kind_lacks_is_told(monkeypatch, judge):
    policy = policy_document(["alb"])
    less = [statement for statement in policy["Statement"] if statement["Resource"] != "*"]
    monkeypatch.setattr("tests.allowed._policy", lambda kind: {**policy, "Statement": less})
    monkeypatch.setattr(judge, "judged", set())
    rule = {"RuleArn": worlds.RULE, "Actions": [{"Type": "forward", "TargetGroupArn": worlds.GROUPS["blue"]}]}
    with worlds.behind_a_balancer([rule], {"kind": "alb", "rule_arn": worlds.RULE}, None):
        router(rule_arn=worlds.RULE).read()
    denied = judge.denied[:]
    judge.denied.clear()  # they were meant
    assert denied[0] == "the policy of alb does not allow elasticloadbalancing:DescribeRules on *"
