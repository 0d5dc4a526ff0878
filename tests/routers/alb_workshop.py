"""An Application Load Balancer with a listener and two target groups in the emulator, and hands to change it."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import boto3

_names = itertools.count(1)


@dataclass
class Alb:
    """What the API made; ``elb`` is the client that made it."""

    elb: Any
    arn: str
    listener_arn: str
    groups: Mapping[str, str]

    def rules(self) -> list[dict[str, Any]]:
        """The listener's rules but the default one."""
        found = self.elb.describe_rules(ListenerArn=self.listener_arn)["Rules"]
        return [rule for rule in found if not rule["IsDefault"]]

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
    fixed = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "503", "ContentType": "text/plain"}}
    listener = elb.create_listener(LoadBalancerArn=arn, Protocol="HTTP", Port=80, DefaultActions=[fixed])
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
    """A ``router`` section for it."""
    return {
        "kind": "alb",
        "listener_arn": alb.listener_arn,
        "priority": 100.0,
        "target_groups": {color: alb.groups[color] for color in ("blue", "green")},
        "owner": "project/stack/web",
        **more,
    }
