"""An Application Load Balancer with a listener and two target groups in the emulator, and hands to change it."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import boto3

_names = itertools.count(1)
NOBODY = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "503", "ContentType": "text/plain"}}


@dataclass
class Alb:
    """The objects that the API made; ``elb`` is the client that made them."""

    elb: Any
    arn: str
    listener_arn: str
    groups: Mapping[str, str]

    def rules(self) -> list[dict[str, Any]]:
        """The listener's rules but the default one."""
        rules = self.elb.describe_rules(ListenerArn=self.listener_arn)["Rules"]
        return [rule for rule in rules if not rule["IsDefault"]]

    def actions(self, priority: int = 100) -> list[dict[str, Any]]:
        """The target groups that the rule at ``priority`` forwards to."""
        rule = next(rule for rule in self.rules() if rule["Priority"] == str(priority))
        return rule["Actions"][0]["ForwardConfig"]["TargetGroups"]


def build() -> Alb:
    """Make one."""
    ec2, elb = boto3.client("ec2"), boto3.client("elbv2")
    vpc = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"][0]["VpcId"]
    subnets = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["Subnets"]
    name = f"workshop-{next(_names)}"
    balancer = elb.create_load_balancer(Name=name, Subnets=[subnet["SubnetId"] for subnet in subnets])
    arn = balancer["LoadBalancers"][0]["LoadBalancerArn"]
    listener = elb.create_listener(LoadBalancerArn=arn, Protocol="HTTP", Port=80, DefaultActions=[NOBODY])
    groups = {
        color: elb.create_target_group(
            Name=f"{name}-{color}",
            Protocol="HTTP",
            Port=8080,
            VpcId=vpc,
            TargetType="ip",
            HealthCheckPath="/healthz",
            HealthCheckIntervalSeconds=5,
            HealthyThresholdCount=2,
        )["TargetGroups"][0]["TargetGroupArn"]
        for color in ("blue", "green", "stranger")
    }
    return Alb(elb, arn, listener["Listeners"][0]["ListenerArn"], groups)


def section(alb: Alb, **more: object) -> dict[str, object]:
    """A ``router`` section for a rule that the swap makes."""
    return {"kind": "alb", "listener_arn": alb.listener_arn, "priority": 100.0, **_colors(alb), **more}


def section_of_a_rule(alb: Alb, **more: object) -> dict[str, object]:
    """One for a rule that is there already, and answers 503."""
    return {"kind": "alb", "rule_arn": given_rule(alb, 300), **_colors(alb), **more}


def section_of_a_listener(alb: Alb, **more: object) -> dict[str, object]:
    """One for a listener as a whole."""
    return {"kind": "alb", "listener_arn": given_listener(alb, 9100), **_colors(alb), **more}


def pair_section(alb: Alb, **more: object) -> dict[str, object]:
    """One for two rules that the swap makes, production's and the test listener's."""
    production, test = ({"listener_arn": alb.listener_arn, "priority": priority} for priority in (101, 102))
    return {"kind": "alb_listeners", **production, "test": test, **_colors(alb), **more}


def pair_section_of_what_is_there(alb: Alb, **more: object) -> dict[str, object]:
    """One for a rule and a whole listener that are there already."""
    production, test = {"rule_arn": given_rule(alb, 301)}, {"listener_arn": given_listener(alb, 9101)}
    return {"kind": "alb_listeners", **production, "test": test, **_colors(alb), **more}


def _colors(alb: Alb) -> dict[str, object]:
    return {"target_groups": {color: alb.groups[color] for color in ("blue", "green")}, "owner": "project/stack/web"}


def given_rule(alb: Alb, priority: int, actions: Any = (NOBODY,)) -> str:
    """A rule that somebody made, no color behind it if not said otherwise: its ARN."""
    for rule in alb.rules():
        if rule["Priority"] == str(priority):
            alb.elb.delete_rule(RuleArn=rule["RuleArn"])
    made = alb.elb.create_rule(
        ListenerArn=alb.listener_arn,
        Priority=priority,
        Conditions=[{"Field": "path-pattern", "Values": ["/*"]}],
        Actions=list(actions),
    )
    return str(made["Rules"][0]["RuleArn"])


def given_listener(alb: Alb, port: int, actions: Any = (NOBODY,)) -> str:
    """A listener that somebody made: its ARN."""
    for listener in alb.elb.describe_listeners(LoadBalancerArn=alb.arn)["Listeners"]:
        if listener["Port"] == port:
            alb.elb.delete_listener(ListenerArn=listener["ListenerArn"])
    made = alb.elb.create_listener(LoadBalancerArn=alb.arn, Protocol="HTTP", Port=port, DefaultActions=list(actions))
    return str(made["Listeners"][0]["ListenerArn"])
