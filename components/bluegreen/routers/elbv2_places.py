"""Where a forward stands that the swap moves: a rule that it makes, a rule that was handed in, or a whole listener.

A rule that the swap makes is its own from beginning to end. One that was handed in, or a listener's default action, was
there before: it becomes the swap's with the first write, which may not move traffic, and stays as it is at the end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from botocore.exceptions import ClientError

from bluegreen.clients.aws import AwsConnection, called, error_code
from bluegreen.fields import UNKNOWN, Fields
from bluegreen.rollout.errors import NotOwned, PlatformError
from bluegreen.routers import elbv2
from bluegreen.routers.elbv2 import OWNER_TAG

_ALL_PATHS = ("/*",)
Actions = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Stand:
    """What is at a place now.

    Attributes:
        arn: of the rule or listener.
        actions: its actions.
        tags: its tags.
        owned: whether the swap has made it or taken it over.
    """

    arn: str
    actions: Actions
    tags: Mapping[str, str]
    owned: bool


class Place(Protocol):
    """One place of one swap."""

    @property
    def id(self) -> str:
        """Where it is, as one line."""
        ...

    @property
    def name(self) -> str:
        """What a person types for it in a command."""
        ...

    def read(self) -> Stand | None:
        """What is there: two calls; ``None`` where nothing is.

        Raises:
            NotOwned: it belongs to somebody else.
        """
        ...

    def actions(self) -> Actions:
        """The actions alone: one call; empty where nothing is."""
        ...

    def write(self, forward: Mapping[str, Any]) -> None:
        """Forward as said: one call. Idempotent."""
        ...

    def remove(self) -> None:
        """Give the place up: what the swap made is deleted, what was handed in stays as it is. Already gone is fine."""
        ...

    def marks(self) -> dict[str, str]:
        """The marks: one call."""
        ...

    def mark(self, changes: Mapping[str, str | None]) -> None:
        """Set and remove marks; where the swap owns nothing yet, nothing happens."""
        ...

    def command(self, forward: str) -> str:
        """The shell command that puts a forward, as JSON, in place by hand; an empty one gives the place up."""
        ...


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
            rules = [rule for page in pages for rule in page["Rules"]]
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
        return _rule_actions(self.aws, self._arn)

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


@dataclass(slots=True)
class HandedIn:
    """A rule, or a whole listener, that was there before.

    Attributes:
        aws: where and as whom to call.
        owner: who owns it from the first write on.
        arn: the rule's ARN, or the listener's: then it is about the default action.
        target_groups: the target groups between which traffic may be moved.
        is_production: whether taking it over must not move traffic; a test listener's may be moved.
    """

    aws: AwsConnection
    owner: str
    arn: str
    target_groups: tuple[str, ...]
    is_production: bool = True
    _stand: Stand | None = field(default=None, init=False)

    @property
    def id(self) -> str:
        """The ARN."""
        return self.arn

    @property
    def name(self) -> str:
        """The ARN."""
        return self.arn

    @property
    def _is_rule(self) -> bool:
        return ":listener-rule/" in self.arn

    def read(self) -> Stand | None:
        """What is there; without an owner it is nobody's yet."""
        actions = self.actions()
        tags = elbv2.tags_of(self.aws, self.arn)
        holder = tags.get(OWNER_TAG)
        if holder is not None:
            elbv2.refuse_stranger(holder, self.owner, self.arn)
        self._stand = Stand(self.arn, actions, tags, owned=holder is not None)
        return self._stand

    def actions(self) -> Actions:
        """The actions."""
        if self._is_rule:
            found = _rule_actions(self.aws, self.arn)
        else:
            with called("elasticloadbalancing:DescribeListeners"):
                listeners = self.aws.client("elbv2").describe_listeners(ListenerArns=[self.arn])["Listeners"]
            found = listeners[0]["DefaultActions"] if listeners else ()
        if not found:
            call = "elasticloadbalancing:DescribeRules" if self._is_rule else "elasticloadbalancing:DescribeListeners"
            raise PlatformError(call, f"there is no {self.arn}")
        return found

    def write(self, forward: Mapping[str, Any]) -> None:
        """Change its forward; the first time it is taken over, too."""
        stand = self._stand or self.read()
        assert stand is not None  # noqa: S101 - read raises when it is not there
        if not stand.owned:
            self._take_over(stand, forward)
        actions = elbv2.with_forward(stand.actions, forward)
        if self._is_rule:
            with called("elasticloadbalancing:ModifyRule"):
                self.aws.client("elbv2").modify_rule(RuleArn=self.arn, Actions=actions)
        else:
            with called("elasticloadbalancing:ModifyListener"):
                self.aws.client("elbv2").modify_listener(ListenerArn=self.arn, DefaultActions=actions)

    def _take_over(self, stand: Stand, forward: Mapping[str, Any]) -> None:
        """Adopting something moves no traffic: it has to forward already as the first write says, or to nobody."""
        live = {arn for arn, share in elbv2.shares_of(stand.actions).items() if share}
        wanted = {group["TargetGroupArn"] for group in forward["TargetGroups"] if group.get("Weight", 1)}
        strangers = live.difference(self.target_groups)
        if strangers or (live and live != wanted and self.is_production):
            advice = "set activeColor to the color that it forwards to"
            raise NotOwned(
                "elasticloadbalancing:DescribeTags",
                f"{self.arn} forwards to {', '.join(sorted(live))}; taking it over must not move traffic: "
                + ("hand in that target group as a color's" if strangers else advice),
            )
        elbv2.tag(self.aws, self.arn, {OWNER_TAG: self.owner})
        self._stand = Stand(stand.arn, stand.actions, {**stand.tags, OWNER_TAG: self.owner}, owned=True)

    def remove(self) -> None:
        """Take our tags away; where it forwards to stays as it is."""
        stand = self.read()
        if stand is not None and stand.owned:
            ours = [key for key in stand.tags if key == OWNER_TAG or key.startswith(elbv2.MARK_PREFIX)]
            elbv2.untag(self.aws, self.arn, ours)
        self._stand = None

    def marks(self) -> dict[str, str]:
        """The marks, kept as tags."""
        return elbv2.marks_in(elbv2.tags_of(self.aws, self.arn))

    def mark(self, changes: Mapping[str, str | None]) -> None:
        """Set and remove marks."""
        stand = self._stand or self.read()
        if stand is not None and stand.owned:
            elbv2.set_marks(self.aws, self.arn, changes)

    def command(self, forward: str) -> str:
        """What a person types."""
        if not forward:
            return f"aws elbv2 remove-tags --resource-arns {self.arn} --tag-keys {OWNER_TAG}"
        if self._is_rule:
            return f"aws elbv2 modify-rule --rule-arn {self.arn} --actions '{forward}'"
        return f"aws elbv2 modify-listener --listener-arn {self.arn} --default-actions '{forward}'"


def _rule_actions(aws: AwsConnection, arn: str) -> Actions:
    with called("elasticloadbalancing:DescribeRules"):
        try:
            found = aws.client("elbv2").describe_rules(RuleArns=[arn])["Rules"]
        except ClientError as error:
            if error_code(error) != "RuleNotFound":
                raise
            return ()
    return found[0]["Actions"] if found else ()


def parse_place(fields: Fields) -> dict[str, Any]:
    """One of: ``listener_arn`` and ``priority`` (a rule to be made), ``rule_arn``, ``listener_arn`` alone (whole)."""
    rule, listener = fields.text("rule_arn", None), fields.text("listener_arn", None)
    priority = fields.whole("priority", None, least=1, most=50_000)
    if fields.unknown:
        return {"rule_arn": UNKNOWN}
    if rule is not None and (listener is not None or priority is not None):
        fields.problem("rule_arn", rule, "a rule's ARN alone, without listener_arn and priority")
    elif rule is None and listener is None:
        fields.problem("listener_arn", None, "a listener's ARN, or a rule's as rule_arn; one is required")
    return {
        "rule_arn": rule,
        "listener_arn": listener,
        "priority": priority,
        "host_headers": fields.texts("host_headers"),
        "path_patterns": fields.texts("path_patterns"),
    }


def build_place(
    place: Mapping[str, Any], aws: AwsConnection, owner: str, groups: Sequence[str], *, is_production: bool = True
) -> Place:
    """The place that ``parse_place`` has read."""
    if place["priority"] is not None:
        return MadeRule(
            aws, owner, place["listener_arn"], place["priority"], place["host_headers"], place["path_patterns"]
        )
    return HandedIn(aws, owner, place["rule_arn"] or place["listener_arn"], tuple(groups), is_production)
