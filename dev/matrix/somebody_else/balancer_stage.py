"""Load balancers: rules that the swap makes, rules and listeners that are handed in, pairs, and network listeners."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import boto3

from dev.matrix.shapes import COLORS
from dev.matrix.somebody_else.moto_stage import (
    MARK_PREFIX,
    OWNER,
    OWNER_TAG,
    TAKEN,
    MotoStage,
    as_tags,
    marks_of,
    others_of,
)
from dev.matrix.somebody_else.sight import Sight
from dev.matrix.somebody_else.stage import STRANGER, Calls, Staged

_NOBODY = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "503", "ContentType": "text/plain"}}
_ALL_PATHS = {"Field": "path-pattern", "Values": ["/*"]}
_PRIORITY, _OTHER_PRIORITY = 100, 50
_SIGN_IN = {
    "Type": "authenticate-cognito",
    "Order": 1,
    "AuthenticateCognitoConfig": {
        "UserPoolArn": "arn:aws:cognito-idp:eu-central-1:123456789012:userpool/eu-central-1_x",
        "UserPoolClientId": "client",
        "UserPoolDomain": "domain",
    },
}
MADE, RULE, LISTENER, PAIR, NETWORK = (
    "alb",
    "alb, a rule handed in",
    "alb, a listener handed in",
    "alb_listeners",
    "nlb",
)


class BalancerStage(MotoStage):
    """One of five ways to have a production forward."""

    looking = frozenset({"elasticloadbalancing:DescribeRules", "elasticloadbalancing:DescribeListeners"})

    def __init__(self, name: str = MADE) -> None:
        self.name = self._way = name
        self.splits = name != PAIR
        rule = frozenset({"scales", "adds", "takes", "deletes"})
        self.hands = {
            MADE: rule | {"moves"},
            RULE: rule | {"moves"},
            PAIR: rule | {"moves"},
            LISTENER: rule - {"deletes"},
            NETWORK: frozenset({"scales", "takes"}),
        }[name]
        self._production = self._test = self._given = ""
        self._registered: frozenset[str] = frozenset()

    def build(self) -> None:
        """A load balancer and two target groups with a target each."""
        self._elb: Any = boto3.client("elbv2")
        ec2: Any = boto3.client("ec2")
        vpc = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"][0]["VpcId"]
        found = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["Subnets"]
        subnets = [subnet["SubnetId"] for subnet in found]
        kind: Any
        protocol: Any
        kind, protocol = ("network", "TCP") if self._way == NETWORK else ("application", "HTTP")
        self._protocol = protocol
        made = self._elb.create_load_balancer(Name="stage", Type=kind, Subnets=subnets[:2])
        self._balancer = made["LoadBalancers"][0]["LoadBalancerArn"]
        self._groups = {}
        for color in COLORS:
            group = self._elb.create_target_group(
                Name=f"stage-{color}", Protocol=protocol, Port=80, VpcId=vpc, TargetType="ip"
            )["TargetGroups"][0]["TargetGroupArn"]
            self._groups[color] = group

    def put_back(self) -> None:
        """New listeners, and what is handed in."""
        self.sizes_put_back()
        for listener in (self._production, self._test):
            if listener and self._there(listener):
                self._elb.delete_listener(ListenerArn=listener)
        network = self._way == NETWORK
        first = self._forward({"blue": 100}) if network else [_NOBODY]
        second = self._forward({"green": 100}) if network else [_NOBODY]
        self._production, self._test = self._listener(80, first), self._listener(81, second)
        self._given = ""
        if self._way == RULE:
            made = self._elb.create_rule(
                ListenerArn=self._production, Priority=_PRIORITY, Conditions=[_ALL_PATHS], Actions=[_NOBODY]
            )
            self._given = made["Rules"][0]["RuleArn"]
        self.follow()

    def _listener(self, port: int, actions: list[dict[str, Any]]) -> str:
        made = self._elb.create_listener(
            LoadBalancerArn=self._balancer, Protocol=self._protocol, Port=port, DefaultActions=actions
        )
        return str(made["Listeners"][0]["ListenerArn"])

    def follow(self) -> None:
        """Targets are those of the colors that have units."""
        sized, target = self.sized(), [{"Id": "10.0.0.9", "Port": 80}]
        for color in COLORS:
            if color in sized - self._registered:
                self._elb.register_targets(TargetGroupArn=self._groups[color], Targets=target)
            elif color in self._registered - sized:
                self._elb.deregister_targets(TargetGroupArn=self._groups[color], Targets=target)
        self._registered = sized

    def _there(self, listener: str) -> bool:
        found = self._elb.describe_listeners(LoadBalancerArn=self._balancer)["Listeners"]
        return any(one["ListenerArn"] == listener for one in found)

    def router(self) -> dict[str, Any]:
        """The ``router`` section."""
        common = {"target_groups": self._groups, "owner": OWNER}
        made = {"listener_arn": self._production, "priority": _PRIORITY}
        sections: dict[str, dict[str, Any]] = {
            MADE: {"kind": "alb", **made, **common},
            RULE: {"kind": "alb", "rule_arn": self._given, **common},
            LISTENER: {"kind": "alb", "listener_arn": self._production, **common},
            PAIR: {
                "kind": "alb_listeners",
                **made,
                "test": {"listener_arn": self._test, "priority": _PRIORITY},
                **common,
            },
            NETWORK: {
                "kind": "nlb",
                "listener_arn": self._production,
                "test_listener_arn": self._test,
                "made_with_it": True,
                **common,
            },
        }
        return sections[self._way]

    # -- looking

    def look(self) -> Sight:
        """The traffic of a request: by the first of the rules, else by the listener."""
        found = self._object()
        if found is None:
            return Sight({}, self.sized(), self.retiring())
        tags = self._tags(found["arn"])
        theirs = {f"tag {key}": value for key, value in others_of(tags).items()}
        theirs |= {f"action {action['Type']}": "" for action in found["actions"] if action["Type"][:4] == "auth"}
        theirs |= {
            f"condition {condition['Field']}": ""
            for condition in found["conditions"]
            if condition["Field"] == "http-header"
        }
        if tags.get(OWNER_TAG) == STRANGER:
            theirs["owner"] = STRANGER
        return Sight(
            self._weights(found["actions"]),
            self.sized(),
            self.retiring(),
            self.suspended(),
            marks=marks_of(tags),
            theirs=theirs,
            changed=self.changed(),
        )

    def _rules(self) -> list[dict[str, Any]]:
        """The rules for production's requests, the first one first."""
        found = self._elb.describe_rules(ListenerArn=self._production)["Rules"]
        served = [
            rule for rule in found if not rule["IsDefault"] and "X-Bluegreen-Color" not in str(rule["Conditions"])
        ]
        return sorted(served, key=lambda rule: int(rule["Priority"]))

    def changed(self) -> frozenset[str]:
        """The colors with another release: nothing runs here."""
        return frozenset()

    def _object(self) -> dict[str, Any] | None:
        """The rule or the listener that decides: its ARN, actions and conditions."""
        if not self._there(self._production):
            return None
        rules = [] if self._way == NETWORK else self._rules()
        if rules:
            rule = rules[0]
            return {"arn": rule["RuleArn"], "actions": rule["Actions"], "conditions": rule["Conditions"]}
        if self._way not in (LISTENER, NETWORK):
            return None
        (listener,) = self._elb.describe_listeners(ListenerArns=[self._production])["Listeners"]
        return {"arn": self._production, "actions": listener["DefaultActions"], "conditions": []}

    def _tags(self, arn: str) -> dict[str, str]:
        found = self._elb.describe_tags(ResourceArns=[arn])["TagDescriptions"]
        return {tag["Key"]: tag["Value"] for one in found for tag in one["Tags"]}

    def _weights(self, actions: list[dict[str, Any]]) -> dict[str, int]:
        colors = {arn: color for color, arn in self._groups.items()}
        shares: dict[str, int] = {}
        for action in actions:
            groups = (action.get("ForwardConfig") or {}).get("TargetGroups") or (
                [action] if "TargetGroupArn" in action else []
            )
            shares |= {colors[group["TargetGroupArn"]]: int(group.get("Weight", 1)) for group in groups}
        total = sum(shares.values())
        return {color: round(100 * share / total) for color, share in shares.items() if share} if total else {}

    def _forward(self, weights: Mapping[str, int]) -> list[dict[str, Any]]:
        groups = [{"TargetGroupArn": self._groups[color], "Weight": share} for color, share in weights.items()]
        return [{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}]

    # -- hands

    def move(self, weights: Mapping[str, int]) -> None:
        """Another forward."""
        found = self._object()
        if found is not None:
            kept = [action for action in found["actions"] if action["Type"][:4] == "auth"]
            last = self._forward(weights)[0]
            self._set(found["arn"], [*kept, {**last, "Order": len(kept) + 1}])

    def _set(self, arn: str, actions: list[dict[str, Any]]) -> None:
        if ":listener-rule/" in arn:
            self._elb.modify_rule(RuleArn=arn, Actions=actions)
        else:
            self._elb.modify_listener(ListenerArn=arn, DefaultActions=actions)

    def mark(self, changes: Mapping[str, str | None]) -> None:
        """Tags of the swap's kind."""
        found = self._object()
        if found is None:
            return
        added = {MARK_PREFIX + name: value for name, value in changes.items() if value is not None}
        removed = [MARK_PREFIX + name for name, value in changes.items() if value is None]
        if added:
            self._elb.add_tags(ResourceArns=[found["arn"]], Tags=as_tags(added))
        if removed:
            self._elb.remove_tags(ResourceArns=[found["arn"]], TagKeys=removed)

    def act(self, hand: str, color: str) -> None:
        """Another priority; a sign-in and a tag, or a condition; another owner; no rule any more."""
        found = self._object()
        if found is None:
            return
        arn = found["arn"]
        if hand == "moves":
            self._elb.set_rule_priorities(RulePriorities=[{"RuleArn": arn, "Priority": _OTHER_PRIORITY}])
        elif hand == "takes":
            self._elb.add_tags(ResourceArns=[arn], Tags=as_tags(TAKEN))
        elif hand == "deletes":
            self._elb.delete_rule(RuleArn=arn)
        elif color == "blue" or ":listener-rule/" not in arn:
            forwards = [{**action, "Order": 2} for action in found["actions"] if action["Type"] != _SIGN_IN["Type"]]
            self._set(arn, [_SIGN_IN, *forwards])
            self._elb.add_tags(ResourceArns=[arn], Tags=as_tags({"team": "shop"}))
        else:
            header = {"HttpHeaderName": "X-Beta", "Values": ["1"]}
            self._elb.modify_rule(
                RuleArn=arn, Conditions=[_ALL_PATHS, {"Field": "http-header", "HttpHeaderConfig": header}]
            )


_AS_A_RULE = Calls(13, 17, 10)
STAGES = {
    name: Staged(partial(BalancerStage, name), calls)
    for name, calls in (
        (MADE, _AS_A_RULE),
        (RULE, _AS_A_RULE),
        (LISTENER, _AS_A_RULE),
        (PAIR, Calls(19, None, 13)),
        (NETWORK, Calls(19, 23, 13)),
    )
}
