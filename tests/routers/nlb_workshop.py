"""A Network Load Balancer with a production and a test listener in the emulator, and hands to change it."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import boto3

OWNER = "project/stack/web"
_names = itertools.count(1)


@dataclass
class Nlb:
    """The objects that the API made; ``elb`` is the client that made them."""

    elb: Any
    arn: str
    listeners: Mapping[str, str]
    groups: Mapping[str, str]

    def forward(self, listener: str, group: str) -> None:
        """Move a listener by hand."""
        action = {"Type": "forward", "TargetGroupArn": self.groups[group]}
        self.elb.modify_listener(ListenerArn=self.listeners[listener], DefaultActions=[action])

    def split(self, listener: str, shares: Mapping[str, int]) -> None:
        """Split a listener by hand."""
        groups = [{"TargetGroupArn": self.groups[name], "Weight": weight} for name, weight in shares.items()]
        action = {"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}
        self.elb.modify_listener(ListenerArn=self.listeners[listener], DefaultActions=[action])

    def forwards(self, listener: str) -> str:
        """Whose target group a listener forwards to."""
        (name,) = self.shares(listener)
        return name

    def shares(self, listener: str) -> dict[str, int]:
        """The weight of each target group that a listener forwards to."""
        (found,) = self.elb.describe_listeners(ListenerArns=[self.listeners[listener]])["Listeners"]
        (action,) = found["DefaultActions"]
        config = action.get("ForwardConfig", {}).get("TargetGroups", [action])
        names = {arn: name for name, arn in self.groups.items()}
        return {names[group["TargetGroupArn"]]: group.get("Weight", 1) for group in config}

    def tags(self, listener: str) -> dict[str, str]:
        """A listener's tags."""
        (described,) = self.elb.describe_tags(ResourceArns=[self.listeners[listener]])["TagDescriptions"]
        return {tag["Key"]: tag["Value"] for tag in described["Tags"]}


def build() -> Nlb:
    """Make one: production forwards to blue and test to green, as a stack makes them; without an owner yet."""
    ec2, elb = boto3.client("ec2"), boto3.client("elbv2")
    vpc = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"][0]["VpcId"]
    subnets = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["Subnets"]
    word = f"nlb-{next(_names)}"
    made = elb.create_load_balancer(Name=word, Type="network", Subnets=[subnet["SubnetId"] for subnet in subnets])
    arn = made["LoadBalancers"][0]["LoadBalancerArn"]
    groups = {
        name: elb.create_target_group(Name=f"{word}-{name}", Protocol="TCP", Port=8080, VpcId=vpc, TargetType="ip")[
            "TargetGroups"
        ][0]["TargetGroupArn"]
        for name in ("blue", "green", "stranger")
    }
    listeners = {
        name: elb.create_listener(
            LoadBalancerArn=arn,
            Protocol="TCP",
            Port=port,
            DefaultActions=[{"Type": "forward", "TargetGroupArn": groups[group]}],
        )["Listeners"][0]["ListenerArn"]
        for name, port, group in (("production", 80, "blue"), ("test", 81, "green"))
    }
    return Nlb(elb, arn, listeners, groups)


def section(nlb: Nlb, **more: object) -> dict[str, object]:
    """A ``router`` section for listeners that were made together with the swap."""
    return {
        "kind": "nlb",
        "listener_arn": nlb.listeners["production"],
        "test_listener_arn": nlb.listeners["test"],
        "made_with_it": True,
        "target_groups": {color: nlb.groups[color] for color in ("blue", "green")},
        "owner": OWNER,
        **more,
    }
