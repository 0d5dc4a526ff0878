"""Application Load Balancer: one listener rule that the swap makes and owns.

The listener itself answers 503 by default and belongs to the user's stack; the colors' static rules, which keep both
target groups attached and health-checked, do too. Nobody but the swap writes the production rule.
At 0/100 the rule forwards to the one group alone: a weight of 0 beside it is a leak waiting to happen.

Limits and shapes: https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateRule.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from botocore.exceptions import ClientError

from bluegreen.clients.aws import AwsConnection, called, error_code
from bluegreen.fields import UNKNOWN, Fields
from bluegreen.permissions import Permission
from bluegreen.rollout.errors import NotOwned
from bluegreen.rollout.model import COLORS, Color, Convergence, Readiness, Traffic, Weights
from bluegreen.routers.base import Capability

OWNER_TAG = "bluegreen:owner"
_MARK_PREFIX = "bluegreen:mark:"
_ALL_PATHS = ("/*",)
_LISTENERS = "arn:aws:elasticloadbalancing:*:*:listener/app/*"
_RULES = "arn:aws:elasticloadbalancing:*:*:listener-rule/app/*"


@dataclass(slots=True)
class AlbRouter:
    """The production rule at ``priority`` of a listener.

    Attributes:
        listener_arn: the listener.
        priority: the rule's priority, 1-50000; lower comes first.
        target_groups: a target group ARN for each color.
        owner: who owns the rule, written into its ``bluegreen:owner`` tag: ``project/stack/name``.
        host_headers: hosts that the rule is for; all when empty.
        path_patterns: paths that the rule is for; all when empty.
        stickiness_seconds: how long a client stays with its color while traffic is split; 0 is off.
        aws: where and as whom to call.
    """

    capabilities: ClassVar[frozenset[Capability]] = frozenset({Capability.WEIGHTS})
    where: ClassVar[frozenset[str]] = frozenset({"kind", "listener_arn", "priority"})
    permissions: ClassVar[tuple[Permission, ...]] = (
        Permission("elasticloadbalancing:DescribeRules", "every preview and update"),
        Permission("elasticloadbalancing:DescribeTags", "every preview and update"),
        Permission("elasticloadbalancing:DescribeTargetHealth", "previews of a promotion, updates"),
        Permission("elasticloadbalancing:CreateRule", "the first start", _LISTENERS),
        Permission("elasticloadbalancing:AddTags", "the first start and every swap: its owner and its lease", _RULES),
        Permission("elasticloadbalancing:RemoveTags", "the end of every swap: its lease", _RULES),
        Permission("elasticloadbalancing:ModifyRule", "every shift", _RULES),
        Permission("elasticloadbalancing:DeleteRule", "`pulumi destroy`", _RULES),
    )

    listener_arn: str
    priority: int
    target_groups: Mapping[Color, str]
    owner: str
    host_headers: tuple[str, ...] = ()
    path_patterns: tuple[str, ...] = ()
    stickiness_seconds: int = 0
    aws: AwsConnection = field(default_factory=AwsConnection)
    _rule_arn: str | None = field(default=None, init=False)

    @classmethod
    def parse(cls, fields: Fields) -> Mapping[str, object]:
        """Check the ``router`` section."""
        groups = fields.section("target_groups") or Fields({})
        found = {color: groups.text(color) for color in COLORS}
        if found["blue"] == found["green"] and found["blue"] is not UNKNOWN:
            groups.problem("green", found["green"], "another target group than blue's")
        groups.done()
        return {
            "listener_arn": fields.text("listener_arn"),
            "priority": fields.whole("priority", least=1, most=50_000),
            "target_groups": found,
            "owner": fields.text("owner"),
            "host_headers": fields.texts("host_headers"),
            "path_patterns": fields.texts("path_patterns"),
            "stickiness_seconds": fields.whole("stickiness_seconds", 0, most=604_800),
            "aws": AwsConnection.parse(fields.section("aws", None)),
        }

    @property
    def id(self) -> str:
        """The listener and the priority."""
        return f"{self.listener_arn}/priority/{self.priority}"

    @property
    def _elb(self) -> Any:
        return self.aws.client("elbv2")

    # -- reading

    def read(self) -> Traffic:
        """The live weights: two calls (the listener's rules, the owned rule's tags)."""
        with called("elasticloadbalancing:DescribeRules"):
            pages = self._elb.get_paginator("describe_rules").paginate(ListenerArn=self.listener_arn)
            rules = [rule for page in pages for rule in page["Rules"]]
        rule = next((rule for rule in rules if rule["Priority"] == str(self.priority)), None)
        self._rule_arn = None
        if rule is None:
            return Traffic(Weights())
        tags = self._tags(rule["RuleArn"])
        self._refuse_stranger(tags.get(OWNER_TAG))
        self._rule_arn = rule["RuleArn"]
        return Traffic(self._weights(rule), _marks(tags))

    def _tags(self, rule_arn: str) -> dict[str, str]:
        with called("elasticloadbalancing:DescribeTags"):
            described = self._elb.describe_tags(ResourceArns=[rule_arn])["TagDescriptions"]
        return {tag["Key"]: tag["Value"] for found in described for tag in found["Tags"]}

    def _refuse_stranger(self, holder: str | None) -> None:
        if holder != self.owner:
            owned_by = f"is owned by {holder}" if holder else "was not made by bluegreen"
            raise NotOwned(
                "elasticloadbalancing:DescribeTags",
                f"the rule at priority {self.priority} of {self.listener_arn} {owned_by}; "
                f"this swap is {self.owner}: choose another priority",
            )

    def marks(self) -> Mapping[str, str]:
        """The owned rule's marks, kept as tags: one call."""
        rule_arn = self._owned()
        return {} if rule_arn is None else _marks(self._tags(rule_arn))

    def mark(self, changes: Mapping[str, str | None]) -> None:
        """Set and remove marks: a call for each of the two."""
        rule_arn = self._owned()
        if rule_arn is None:
            return
        kept = [{"Key": _MARK_PREFIX + name, "Value": value} for name, value in changes.items() if value is not None]
        gone = [_MARK_PREFIX + name for name, value in changes.items() if value is None]
        if kept:
            with called("elasticloadbalancing:AddTags"):
                self._elb.add_tags(ResourceArns=[rule_arn], Tags=kept)
        if gone:
            with called("elasticloadbalancing:RemoveTags"):
                self._elb.remove_tags(ResourceArns=[rule_arn], TagKeys=gone)

    def _owned(self) -> str | None:
        if self._rule_arn is None:
            self.read()
        return self._rule_arn

    def _weights(self, rule: Mapping[str, Any]) -> Weights:
        shares: dict[str, int] = {}
        for action in rule["Actions"]:
            if action["Type"] == "forward":
                groups = action.get("ForwardConfig", {}).get("TargetGroups") or [action]
                shares = {group["TargetGroupArn"]: group.get("Weight", 1) for group in groups}
        total = sum(shares.values())
        blue, green = (shares.get(self.target_groups[color], 0) for color in COLORS)
        if total == 0:
            return Weights()
        blue_percent, green_percent = (_percent(share, total) for share in (blue, green))
        if blue + green == total:  # rounding must not show a leak that is not there
            green_percent = 100 - blue_percent
        return Weights(blue_percent, min(green_percent, 100 - blue_percent))

    # -- writing

    def write(self, weights: Weights) -> None:
        """One call: the rule is made or changed; no weight at all removes it."""
        if weights == Weights():
            self.delete()
            return
        if self._rule_arn is None:
            self._create(weights)
            return
        actions = self._actions(weights)
        with called("elasticloadbalancing:ModifyRule"):
            try:
                self._elb.modify_rule(RuleArn=self._rule_arn, Conditions=self._conditions(), Actions=actions)
            except ClientError as error:
                if error_code(error) != "RuleNotFound":
                    raise
                self._rule_arn = None
        if self._rule_arn is None:  # somebody removed it meanwhile: without it nobody is served
            self._create(weights)

    def _create(self, weights: Weights) -> None:
        with called("elasticloadbalancing:CreateRule"):
            try:
                made = self._elb.create_rule(
                    ListenerArn=self.listener_arn,
                    Priority=self.priority,
                    Conditions=self._conditions(),
                    Actions=self._actions(weights),
                    Tags=[{"Key": OWNER_TAG, "Value": self.owner}],
                )
            except ClientError as error:
                if error_code(error) != "PriorityInUse":
                    raise
            else:
                self._rule_arn = made["Rules"][0]["RuleArn"]
                return
        # Either an earlier reply was lost, and the rule is ours, or a stranger came first and is refused by read.
        self.read()
        self.write(weights)

    def _conditions(self) -> list[dict[str, Any]]:
        conditions: list[dict[str, Any]] = []
        if self.host_headers:
            conditions.append({"Field": "host-header", "HostHeaderConfig": {"Values": list(self.host_headers)}})
        if self.path_patterns or not self.host_headers:
            paths = list(self.path_patterns or _ALL_PATHS)
            conditions.append({"Field": "path-pattern", "PathPatternConfig": {"Values": paths}})
        return conditions

    def _actions(self, weights: Weights) -> list[dict[str, Any]]:
        groups = [
            {"TargetGroupArn": self.target_groups[color], "Weight": weights.of(color)}
            for color in COLORS
            if weights.of(color)
        ]
        forward: dict[str, Any] = {"TargetGroups": groups}
        if self.stickiness_seconds and len(groups) > 1:
            forward["TargetGroupStickinessConfig"] = {"Enabled": True, "DurationSeconds": self.stickiness_seconds}
        return [{"Type": "forward", "ForwardConfig": forward}]

    def verify(self, weights: Weights) -> Convergence:
        """One call: what the rule says now."""
        if weights == Weights():
            return Convergence.CONVERGED if self.read().weights == weights else Convergence.PENDING
        with called("elasticloadbalancing:DescribeRules"):
            found = self._elb.describe_rules(RuleArns=[self._rule_arn])["Rules"]
        live = self._weights(found[0]) if found else Weights()
        return Convergence.CONVERGED if live == weights else Convergence.PENDING

    # -- the rest

    def commands(self, weights: Weights) -> tuple[str, ...]:
        """What a person types."""
        rule = self._rule_arn or f"RULE_ARN (priority {self.priority} of {self.listener_arn})"
        if weights == Weights():
            return (f"aws elbv2 delete-rule --rule-arn {rule}",)
        return (f"aws elbv2 modify-rule --rule-arn {rule} --actions '{json.dumps(self._actions(weights))}'",)

    def health(self, color: Color) -> Readiness:
        """What the load balancer's own health checks say of a color's targets: one call."""
        arn = self.target_groups[color]
        with called("elasticloadbalancing:DescribeTargetHealth"):
            found = self._elb.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
        # Draining targets are on their way out and take no new requests: they are not the color's any more.
        states = [item["TargetHealth"] for item in found if item["TargetHealth"]["State"] != "draining"]
        healthy = sum(state["State"] == "healthy" for state in states)
        reason = next((_why(state) for state in states if state["State"] != "healthy"), "")
        if not states:
            reason = "no target is registered"
        return Readiness(bool(states) and healthy == len(states), healthy, len(states), reason)

    def delete(self) -> None:
        """Remove the production rule; the listener then answers with its default action."""
        self.read()
        if self._rule_arn is None:
            return
        with called("elasticloadbalancing:DeleteRule"):
            try:
                self._elb.delete_rule(RuleArn=self._rule_arn)
            except ClientError as error:
                if error_code(error) != "RuleNotFound":
                    raise
        self._rule_arn = None


def _marks(tags: Mapping[str, str]) -> dict[str, str]:
    return {key.removeprefix(_MARK_PREFIX): value for key, value in tags.items() if key.startswith(_MARK_PREFIX)}


def _percent(share: int, total: int) -> int:
    """Rounded, but what is not nothing never shows as 0 and what is not all never as 100."""
    if share in (0, total):
        return 100 if share else 0
    return min(max(round(100 * share / total), 1), 99)


def _why(state: Mapping[str, Any]) -> str:
    return " ".join(str(state[key]) for key in ("State", "Reason", "Description") if state.get(key))
