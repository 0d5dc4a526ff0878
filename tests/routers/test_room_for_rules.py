"""A load balancer with no room for one more rule is refused at the preview of a first start."""

from __future__ import annotations

import boto3
import pytest
from moto import mock_aws

from bluegreen.aws.elb import room_for_rules
from bluegreen.aws.elb.alb_listeners_router import ListenerPairRouter
from bluegreen.aws.elb.alb_router import AlbRouter
from bluegreen.fields import UNKNOWN
from bluegreen.rollout.calls import counted
from bluegreen.swap.service import SwapService

# Of no other test's: clients are kept by their connection.
REGION = "ap-southeast-4"
AWS = {"region": REGION}


@pytest.fixture
def balancer(monkeypatch):
    """An application load balancer with two listeners, read by its listeners' ARNs, and a target group."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        elb, ec2 = boto3.client("elbv2", REGION), boto3.client("ec2", REGION)
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        subnets = [
            ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{index}.0/24", AvailabilityZone=f"{REGION}{zone}")
            for index, zone in enumerate("ab")
        ]
        ids = [subnet["Subnet"]["SubnetId"] for subnet in subnets]
        arn = elb.create_load_balancer(Name="web", Subnets=ids)["LoadBalancers"][0]["LoadBalancerArn"]
        answer = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "503"}}
        listeners = [
            elb.create_listener(LoadBalancerArn=arn, Protocol="HTTP", Port=port, DefaultActions=[answer])
            for port in (80, 81)
        ]
        yield Balancer(elb, [one["Listeners"][0]["ListenerArn"] for one in listeners], answer)


class Balancer:
    def __init__(self, elb, listeners, answer):
        self.elb, self.listeners, self.answer = elb, listeners, answer

    def has(self, *counts):
        for listener, count in zip(self.listeners, counts, strict=True):
            for number in range(count):
                self.elb.create_rule(
                    ListenerArn=listener,
                    Priority=1000 + number,
                    Conditions=[{"Field": "path-pattern", "Values": [f"/{number}"]}],
                    Actions=[self.answer],
                )

    def inputs(self, **more):
        groups = {
            color: f"arn:aws:elasticloadbalancing:{REGION}:123456789012:targetgroup/{color}/1"
            for color in ("blue", "green")
        }
        router = {"kind": "alb", "listener_arn": self.listeners[0], "priority": 10, "owner": "p/s/web", "aws": AWS}
        return {
            "name": "web",
            "active_color": "blue",
            "releases": {"blue": "v1", "green": "v1"},
            "router": {**router, "target_groups": groups, **more},
        }


def refused(inputs):
    return [str(problem) for problem in SwapService().check({}, inputs)[1]]


def test_the_rules_of_all_listeners_count(balancer):
    balancer.has(60, 39)
    assert refused(balancer.inputs()) == [], "there is room for one"
    balancer.elb.create_rule(
        ListenerArn=balancer.listeners[1],
        Priority=1,
        Conditions=[{"Field": "path-pattern", "Values": ["/more"]}],
        Actions=[balancer.answer],
    )
    (said,) = refused(balancer.inputs())
    assert said.startswith("router.listener_arn: ")
    assert "room for 1 more: it has 100 rules, and may have 100; remove some, or have the quota raised" in said


def test_where_the_colors_groups_are_made_too_so_are_the_rules_of_the_testers(balancer):
    balancer.has(98, 0)
    unknown = dict.fromkeys(("blue", "green"), UNKNOWN)
    (said,) = refused(balancer.inputs(target_groups=unknown))
    assert "room for 3 more: it has 98 rules" in said
    assert refused(balancer.inputs()) == []


@pytest.mark.parametrize(("of_test", "more"), [(0, 4), (1, 4), (None, 1)])
def test_of_two_listeners_those_of_one_load_balancer_count(balancer, of_test, more):
    """Production's rule, the test listener's, and there those of the testers."""
    balancer.has(100, 0)
    listener = "arn:aws:elasticloadbalancing:x:1:listener/app/o/1/2" if of_test is None else balancer.listeners[of_test]
    unknown = dict.fromkeys(("blue", "green"), UNKNOWN)
    section = {**balancer.inputs(target_groups=unknown)["router"], "test": {"listener_arn": listener, "priority": 9}}
    (problem,) = ListenerPairRouter.problems_of_a_first_start(section)
    assert f"room for {more} more" in problem.allowed


def test_a_quota_that_was_raised_counts(balancer, monkeypatch):
    balancer.has(100, 0)
    monkeypatch.setattr(room_for_rules, "_quota", lambda _: 200)
    assert refused(balancer.inputs()) == []


def test_it_is_one_of_several_routers_by_its_place(balancer):
    balancer.has(100, 0)
    inputs = balancer.inputs()
    router = inputs.pop("router")
    second = {key: router[key] for key in ("kind", "owner", "aws", "target_groups")}
    found = refused({**inputs, "routers": [router, {**second, "rule_arn": "arn:rule"}]})
    assert any(said.startswith("routers[0].listener_arn: ") for said in found), found


def test_what_was_handed_in_and_what_is_not_known_yet_is_not_asked_about(balancer):
    calls = []
    with counted(calls.append):
        assert refused(balancer.inputs(listener_arn=UNKNOWN)) == []
        assert AlbRouter.problems_of_a_first_start({"kind": "alb", "rule_arn": "arn:r", "aws": AWS}) == []
        assert AlbRouter.problems_of_a_first_start({"listener_arn": balancer.listeners[0], "aws": AWS}) == []
    assert calls == []


def test_where_it_cannot_be_asked_the_preview_goes_on(balancer):
    balancer.has(100, 0)
    elsewhere = {**AWS, "endpoint_url": "http://127.0.0.1:9"}
    assert refused(balancer.inputs(aws=elsewhere)) == []


def test_an_update_does_not_ask(balancer):
    inputs, calls = balancer.inputs(), []
    with counted(calls.append):
        SwapService().check(inputs, inputs)
    assert "elasticloadbalancing:DescribeListeners" not in calls
