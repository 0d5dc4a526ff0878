"""A listener rule that the swap makes, owns from beginning to end, and deletes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from bluegreen.clients.aws import AwsConnection, called, error_code
from bluegreen.rollout.errors import NotOwned
from bluegreen.routers import elbv2
from bluegreen.routers.elbv2 import OWNER_TAG, Actions, Stand, rule_actions

_ALL_PATHS = ("/*",)


@dataclass(slots=True)
class MadeRule:
    """A rule that the swap makes at a priority of a listener.

    Attributes:
        aws: where and as whom to call.
        owner: who owns the rule, written into its ``bluegreen:owner`` tag.
        listener_arn: the listener.
        priority: 1-50000; lower comes first.
        host_headers: hosts that the rule is for; all when empty.
        path_patterns: paths that the rule is for; all when empty.
    """

    aws: AwsConnection
    owner: str
    listener_arn: str
    priority: int
    host_headers: tuple[str, ...] = ()
    path_patterns: tuple[str, ...] = ()
    _arn: str | None = field(default=None, init=False)

    @property
    def id(self) -> str:
        """The listener and the priority."""
        return f"{self.listener_arn}/priority/{self.priority}"

    @property
    def name(self) -> str:
        """Its ARN, once it is known."""
        return self._arn or f"RULE_ARN (priority {self.priority} of {self.listener_arn})"

    @property
    def _elb(self) -> Any:
        return self.aws.client("elbv2")

    def read(self) -> Stand | None:
        """What is there."""
        with called("elasticloadbalancing:DescribeRules"):
            pages = self._elb.get_paginator("describe_rules").paginate(ListenerArn=self.listener_arn)
            try:
                rules = [rule for page in pages for rule in page["Rules"]]
            except ClientError as error:
                if error_code(error) != "ListenerNotFound":
                    raise
                rules = []  # its rules went with it
        rule = next((rule for rule in rules if rule["Priority"] == str(self.priority)), None)
        self._arn = None
        if rule is None:
            return None
        tags = elbv2.tags_of(self.aws, rule["RuleArn"])
        try:
            elbv2.refuse_stranger(
                tags.get(OWNER_TAG), self.owner, f"the rule at priority {self.priority} of {self.listener_arn}"
            )
        except NotOwned as stranger:
            advice = "choose another priority, or hand the rule in by its ARN"
            raise NotOwned(stranger.call, f"{stranger.reason}: {advice}") from None
        self._arn = rule["RuleArn"]
        return Stand(rule["RuleArn"], rule["Actions"], tags, owned=True)

    def actions(self) -> Actions:
        """The rule's actions."""
        if self._arn is None:
            found = self.read()
            return () if found is None else found.actions
        return rule_actions(self.aws, self._arn)

    def write(self, forward: Mapping[str, Any]) -> None:
        """Make the rule, or change it."""
        actions = elbv2.with_forward((), forward)
        if self._arn is None:
            self._create(actions)
            return
        with called("elasticloadbalancing:ModifyRule"):
            try:
                self._elb.modify_rule(RuleArn=self._arn, Conditions=self._conditions(), Actions=actions)
            except ClientError as error:
                if error_code(error) != "RuleNotFound":
                    raise
                self._arn = None
        if self._arn is None:  # somebody removed it meanwhile: without it nobody is served
            self._create(actions)

    def _create(self, actions: Actions) -> None:
        with called("elasticloadbalancing:CreateRule"):
            try:
                made = self._elb.create_rule(
                    ListenerArn=self.listener_arn,
                    Priority=self.priority,
                    Conditions=self._conditions(),
                    Actions=actions,
                    Tags=[{"Key": OWNER_TAG, "Value": self.owner}],
                )
            except ClientError as error:
                if error_code(error) != "PriorityInUse":
                    raise
            else:
                self._arn = made["Rules"][0]["RuleArn"]
                return
        # Either an earlier reply was lost, and the rule is ours, or a stranger came first and is refused by read.
        self.read()
        self.write(actions[-1]["ForwardConfig"])

    def _conditions(self) -> list[dict[str, Any]]:
        conditions: list[dict[str, Any]] = []
        if self.host_headers:
            conditions.append({"Field": "host-header", "HostHeaderConfig": {"Values": list(self.host_headers)}})
        if self.path_patterns or not self.host_headers:
            paths = list(self.path_patterns or _ALL_PATHS)
            conditions.append({"Field": "path-pattern", "PathPatternConfig": {"Values": paths}})
        return conditions

    def remove(self) -> None:
        """Delete the rule; the listener then answers with its default action."""
        self.read()
        if self._arn is None:
            return
        with called("elasticloadbalancing:DeleteRule"):
            try:
                self._elb.delete_rule(RuleArn=self._arn)
            except ClientError as error:
                if error_code(error) != "RuleNotFound":
                    raise
        self._arn = None

    def _owned(self) -> str | None:
        if self._arn is None:
            self.read()
        return self._arn

    def marks(self) -> dict[str, str]:
        """The rule's marks, kept as tags."""
        arn = self._owned()
        return {} if arn is None else elbv2.marks_in(elbv2.tags_of(self.aws, arn))

    def mark(self, changes: Mapping[str, str | None]) -> None:
        """Set and remove marks."""
        arn = self._owned()
        if arn is not None:
            elbv2.set_marks(self.aws, arn, changes)

    def command(self, forward: str) -> str:
        """What a person types."""
        if not forward:
            return f"aws elbv2 delete-rule --rule-arn {self.name}"
        return f"aws elbv2 modify-rule --rule-arn {self.name} --actions '{forward}'"
