"""A listener rule that the swap makes, owns from beginning to end, and deletes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from botocore.exceptions import ClientError

from bluegreen.aws.client import AwsConnection, as_argument, called, error_code
from bluegreen.aws.elb import elbv2, groups_at_rest
from bluegreen.aws.elb.elbv2 import MARK_PREFIX, OWNER_TAG, Actions, RuleState, rule_actions, rule_at
from bluegreen.aws.elb.owned_rule import Search, with_conditions
from bluegreen.aws.elb.sign_in import before_the_forward
from bluegreen.aws.elb.sign_in_secret import SignInSecret, with_secret, without_secret
from bluegreen.platforms.looks import Look
from bluegreen.rollout.errors import NotOwned

_ALL_PATHS = ("/*",)


@dataclass(slots=True)
class MadeRule:
    """A rule that the swap makes at a priority of a listener, and finds again wherever it is moved on that listener.

    Attributes:
        aws: where to call, with which credentials.
        search: whose rule it is, and where it should stand.
        listener_arn: the listener.
        host_headers: hosts that the rule is for; all when empty.
        path_patterns: paths that the rule is for; all when empty.
        former: the place as the last update had it, so that a condition which is no longer declared goes.
        sign_in: actions before the forward; none: what the rule has stays, but for what the last update declared.
        secret: where the client secret of such an action is.
    """

    aws: AwsConnection
    search: Search
    listener_arn: str
    host_headers: tuple[str, ...] = ()
    path_patterns: tuple[str, ...] = ()
    former: Mapping[str, Any] = field(default_factory=dict)
    sign_in: Sequence[Mapping[str, Any]] = ()
    secret: SignInSecret | None = None
    _client_secret: str = field(default="", init=False, repr=False)
    _state: RuleState | None = field(default=None, init=False)
    _look: Look = field(default_factory=Look, init=False)
    _told: Look = field(default_factory=Look, init=False)
    _answer: Look = field(default_factory=Look, init=False)

    @property
    def priority(self) -> int:
        """The declared priority."""
        return self.search.priority

    @property
    def _arn(self) -> str | None:
        return None if self._state is None else self._state.arn

    @property
    def id(self) -> str:
        """The listener and the priority."""
        return f"{self.listener_arn}/priority/{self.priority}"

    @property
    def name(self) -> str:
        """The rule's ARN, once it is known."""
        return self._arn or f"RULE_ARN (priority {self.priority} of {self.listener_arn})"

    @property
    def stands_elsewhere(self) -> str:
        """The priority where the rule was found, if that is not the declared one."""
        state = self._state
        if state is None or state.priority == self.priority:
            return ""
        return f"the rule {state.arn} stands at priority {state.priority} instead of {self.priority}, and stays there"

    @property
    def _elb(self) -> Any:
        return self.aws.client("elbv2")

    def read(self) -> RuleState | None:
        """The rule as it is; ``None`` when there is none."""
        self._answer.spent()
        with called("elasticloadbalancing:DescribeRules"):
            pages = self._elb.get_paginator("describe_rules").paginate(ListenerArn=self.listener_arn)
            try:
                rules = [rule for page in pages for rule in page["Rules"] if not rule["IsDefault"]]
            except ClientError as error:
                if error_code(error) != "ListenerNotFound":
                    raise
                rules = []  # its rules went with it
        self._state = None
        tags = elbv2.tags_of_all(self.aws, [rule["RuleArn"] for rule in self.search.likely(rules)])
        rule = self.search.found(rules, tags)
        rest = [rule["RuleArn"] for rule in rules if rule["RuleArn"] not in tags]
        if rule is None and rest and self.search.ownership.is_known:  # moved, and led elsewhere by hand
            tags.update(elbv2.tags_of_all(self.aws, rest))
            rule = self.search.found(rules, tags)
        placed = self.search.at_place(rules)
        if rule is None and placed is not None:
            self._refuse(tags[placed["RuleArn"]])
        if rule is not None:
            arn, conditions = rule["RuleArn"], rule.get("Conditions", ())
            self._state = RuleState(
                arn, rule["Actions"], tags[arn], owned=True, conditions=conditions, priority=int(rule["Priority"])
            )
        self._look.taken()
        return self._state

    def _refuse(self, tags: Mapping[str, str]) -> None:
        try:
            what = f"the rule at priority {self.priority} of {self.listener_arn}"
            elbv2.refuse_stranger(tags, self.search.ownership, what)
        except NotOwned as stranger:
            advice = "choose another priority, or hand the rule in by its ARN"
            raise NotOwned(stranger.call, f"{stranger.reason}: {advice}") from None

    def actions(self) -> Actions:
        """The rule's actions; right after a write they are those of its answer."""
        if self._answer.spent() and self._state is not None:
            return self._state.actions
        if self._arn is None:
            state = self.read()
            return () if state is None else state.actions
        self._look.spent()
        self._told.spent()
        return rule_actions(self.aws, self._arn)

    def now(self) -> Actions:
        """The actions, also right after a write."""
        self._answer.spent()
        return self.actions()

    def look(self, *, fresh: bool) -> RuleState | None:
        """The rule that is known, wherever it stands, as it is at this moment, to be written over: two calls.

        It is looked for again when it is gone, or somebody else's by now.

        Args:
            fresh: whether nothing has come after the last call: where that showed whose it is, it is not read again.
        """
        if not fresh:
            self._told.spent()
        return self._now()

    def _now(self) -> RuleState | None:
        self._answer.spent()
        told = self._told.spent()
        rule = None if self._state is None else rule_at(self.aws, self._state.arn)
        if self._state is None or rule is None:
            return self.read()
        # Whose it is is read last of all, or was identified by the call right before this one.
        tags = self._state.tags if told else elbv2.tags_of(self.aws, self._state.arn)
        if not self.search.ownership.holds(tags.get(OWNER_TAG), elbv2.marks_in(tags)):
            return self.read()
        conditions, priority = rule.get("Conditions", ()), int(rule["Priority"])
        self._state = replace(self._state, actions=rule["Actions"], tags=tags, conditions=conditions, priority=priority)
        self._look.taken()
        return self._state

    def create(self, forward: Mapping[str, Any], marks: Mapping[str, str]) -> bool:
        """Make the rule where there is none, with its marks: one call."""
        self._look.spent()
        return self._made(self._actions((), forward), marks)

    def write(self, forward: Mapping[str, Any]) -> None:
        """Make the rule, or change it as it is at this moment."""
        self._answer.spent()
        state = self._state if self._look.spent() else self._now()
        if state is None:
            self._create(self._actions((), forward))
            return
        owner = {OWNER_TAG: self.search.ownership.owner}
        if not self.search.is_production and state.tags.get(OWNER_TAG) != owner[OWNER_TAG]:
            elbv2.tag(self.aws, state.arn, owner)  # it has no marks, which would stamp it with the present name
        if state.priority != self.priority and not self.search.ownership.incarnation:
            # A resource that is new takes over what its owner has on this listener, and puts it where it is declared.
            with called("elasticloadbalancing:SetRulePriorities"):
                self._elb.set_rule_priorities(RulePriorities=[{"RuleArn": state.arn, "Priority": self.priority}])
        conditions = self._changed_conditions(state)
        more = {"Conditions": conditions} if conditions else {}
        with called("elasticloadbalancing:ModifyRule"):
            try:
                actions = self._actions(state.actions, forward)
                self._state = self._answered(state, self._elb.modify_rule(RuleArn=state.arn, Actions=actions, **more))
            except ClientError as error:
                if error_code(error) != "RuleNotFound":
                    raise
                self._state = None
        if self._state is None:  # somebody removed it meanwhile: without it nobody is served
            self._create(self._actions((), forward))

    def _answered(self, state: RuleState, answer: Mapping[str, Any]) -> RuleState:
        """The rule as the answer to a write has it, which is as good as a read."""
        written = elbv2.first_of(answer, "Rules")
        if not written.get("Actions"):
            return state
        self._answer.taken()
        return replace(state, actions=written["Actions"], conditions=written.get("Conditions", state.conditions))

    def _actions(self, present: Actions, forward: Mapping[str, Any], *, shown: bool = False) -> list[dict[str, Any]]:
        managed = bool(self.sign_in or self.former.get("sign_in"))
        secret = self.secret
        changed = bool(self.former) and secret is not None and self.former.get("sign_in_secret") != secret.section
        reads = None if secret is None else self._read_secret
        declared = with_secret(self.sign_in, present, reads, changed=changed, shown=shown)
        ours = groups_at_rest.known_groups(self.search.target_groups, self.former)
        beside = groups_at_rest.with_those_at_rest(forward, present, ours)
        return elbv2.with_forward(before_the_forward(present, declared, managed=managed), beside)

    def _read_secret(self) -> str:
        """The client secret: once within an update."""
        if self.secret is not None and not self._client_secret:
            self._client_secret = self.secret.value(self.aws)
        return self._client_secret

    def _changed_conditions(self, state: RuleState) -> list[dict[str, Any]]:
        declared = self._conditions(self.host_headers, self.path_patterns)
        former = self._conditions(self.former.get("host_headers") or (), self.former.get("path_patterns") or ())
        return with_conditions(state.conditions, declared, former if self.former else ())

    def _create(self, actions: Sequence[Mapping[str, Any]]) -> None:
        if not self._made(actions, {}):
            # Either an earlier reply was lost, and the rule is ours, or a stranger came first and is refused by read.
            self.read()
            self.write(actions[-1]["ForwardConfig"])

    def _made(self, actions: Sequence[Mapping[str, Any]], marks: Mapping[str, str]) -> bool:
        """Make the rule; ``False`` where another one is at the priority already."""
        tags = {OWNER_TAG: self.search.ownership.owner, **{MARK_PREFIX + name: text for name, text in marks.items()}}
        with called("elasticloadbalancing:CreateRule"):
            try:
                (rule,) = self._elb.create_rule(
                    ListenerArn=self.listener_arn,
                    Priority=self.priority,
                    Conditions=self._conditions(self.host_headers, self.path_patterns),
                    Actions=actions,
                    Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
                )["Rules"]
            except ClientError as error:
                if error_code(error) != "PriorityInUse":
                    raise
                self._state = None
                return False
        arn, conditions = rule["RuleArn"], rule.get("Conditions", ())
        told = without_secret(actions)
        self._state = RuleState(arn, told, tags, owned=True, conditions=conditions, priority=self.priority)
        return True

    @staticmethod
    def _conditions(hosts: Sequence[str], paths: Sequence[str]) -> list[dict[str, Any]]:
        conditions: list[dict[str, Any]] = []
        if hosts:
            conditions.append({"Field": "host-header", "HostHeaderConfig": {"Values": list(hosts)}})
        if paths or not hosts:
            paths = list(paths or _ALL_PATHS)
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
        self._state = None

    def _owned(self) -> RuleState | None:
        self._look.spent()
        self._answer.spent()
        return self._state or self.read()

    def marks(self) -> dict[str, str]:
        """The rule's marks, kept as tags."""
        state = self._owned()
        self._look.spent()
        tags = {} if state is None else elbv2.tags_of(self.aws, state.arn)
        marks = elbv2.marks_in(tags)
        if state is not None and self.search.ownership.holds(tags.get(OWNER_TAG), marks):
            self._state = replace(state, tags=tags)
            self._told.taken()
            return marks
        self._state = None  # somebody has made it his own meanwhile, and with it the lease is gone
        return {}

    def mark(self, changes: Mapping[str, str | None]) -> None:
        """Set and remove marks; a rule that has a former owner's name is stamped with the present one."""
        state = self._owned()
        self._look.spent()
        self._told.spent()
        if state is not None:
            owner = self.search.ownership.owner
            elbv2.set_marks(self.aws, state.arn, changes, None if state.tags.get(OWNER_TAG) == owner else owner)

    def command(self, forward: Mapping[str, Any] | None) -> str:
        """The commands that do it by hand: with all other actions of the rule, as the swap itself writes it."""
        if forward is None:
            return f"aws elbv2 delete-rule --rule-arn {self.name}"
        state = self._state
        actions = as_argument(self._actions(() if state is None else state.actions, forward, shown=True))
        changed = () if state is None else self._changed_conditions(state)
        conditions = f" --conditions {as_argument(changed)}" if changed else ""
        return f"aws elbv2 modify-rule --rule-arn {self.name} --actions {actions}{conditions}"
