"""A rule, or a whole listener, that existed before: taken over without moving traffic, and left as it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from bluegreen.aws.client import AwsConnection, as_argument, called
from bluegreen.aws.elb import elbv2, groups_at_rest
from bluegreen.aws.elb.elbv2 import MARK_PREFIX, OWNER_TAG, Actions, RuleState
from bluegreen.aws.service_limits import LIMITS, TAGS_OF_A_SWAP
from bluegreen.platforms.looks import Look
from bluegreen.platforms.ownership import Ownership
from bluegreen.rollout.errors import NotOwned, PlatformError


@dataclass(slots=True)
class HandedIn:
    """A rule, or a whole listener, that existed before.

    Attributes:
        aws: where to call, with which credentials.
        ownership: who owns it from the first write on.
        arn: the rule's ARN, or the listener's: then it is about the default action.
        target_groups: the target groups between which traffic may be moved.
        is_production: whether taking it over must not move traffic; a test listener's may be moved.
        bears_marks: whether marks are set on it, which stamps it with a new owner's name.
        former: the router's section as the last update had it.
    """

    aws: AwsConnection
    ownership: Ownership
    arn: str
    target_groups: tuple[str, ...]
    is_production: bool = True
    bears_marks: bool = True
    former: Mapping[str, Any] = field(default_factory=dict)
    _state: RuleState | None = field(default=None, init=False)
    _look: Look = field(default_factory=Look, init=False)
    _told: Look = field(default_factory=Look, init=False)
    _answer: Look = field(default_factory=Look, init=False)

    @property
    def id(self) -> str:
        """The ARN."""
        return self.arn

    @property
    def name(self) -> str:
        """The ARN."""
        return self.arn

    @property
    def stands_elsewhere(self) -> str:
        """Empty: it is named by its ARN, wherever it stands."""
        return ""

    @property
    def _is_rule(self) -> bool:
        return ":listener-rule/" in self.arn

    def read(self) -> RuleState | None:
        """The rule or listener as it is; ``None`` when it is gone. Without an owner's tag it has no owner yet."""
        self._answer.spent()
        actions, self._state = self.actions(), None
        if not actions:
            return None
        tags = elbv2.tags_of(self.aws, self.arn)
        holder = tags.get(OWNER_TAG)
        if holder is not None:
            elbv2.refuse_stranger(tags, self.ownership, self.arn)
        self._state = RuleState(self.arn, actions, tags, owned=holder is not None)
        self._look.taken()
        return self._state

    def actions(self) -> Actions:
        """The actions; none when it is gone. Right after a write they are those of its answer."""
        self._look.spent()
        if self._answer.spent() and self._state is not None:
            return self._state.actions
        return (elbv2.rule_actions if self._is_rule else elbv2.listener_actions)(self.aws, self.arn)

    def write(self, forward: Mapping[str, Any]) -> None:
        """Change the forward among its actions as they are at this moment; the first time it is taken over, too."""
        self._answer.spent()
        state = self._state if self._look.spent() else self._now()
        if state is None:
            call = "elasticloadbalancing:DescribeRules" if self._is_rule else "elasticloadbalancing:DescribeListeners"
            raise PlatformError(call, f"there is no {self.arn}")
        owner = {OWNER_TAG: self.ownership.owner}
        if not state.owned:
            self._take_over(state, forward)
        elif not self.bears_marks and state.tags.get(OWNER_TAG) != owner[OWNER_TAG]:
            elbv2.tag(self.aws, self.arn, owner)
        actions = self._actions(state.actions, forward)
        if self._is_rule:
            with called("elasticloadbalancing:ModifyRule"):
                answer = self.aws.client("elbv2").modify_rule(RuleArn=self.arn, Actions=actions)
            written = elbv2.first_of(answer, "Rules").get("Actions")
        else:
            with called("elasticloadbalancing:ModifyListener"):
                answer = self.aws.client("elbv2").modify_listener(ListenerArn=self.arn, DefaultActions=actions)
            written = elbv2.first_of(answer, "Listeners").get("DefaultActions")
        if written and self._state is not None:  # the answer to a write is a read, too
            self._state = replace(self._state, actions=written)
            self._answer.taken()

    def _actions(self, present: Actions, forward: Mapping[str, Any]) -> list[dict[str, Any]]:
        ours = groups_at_rest.known_groups(self.target_groups, self.former)
        return elbv2.with_forward(present, groups_at_rest.with_those_at_rest(forward, present, ours))

    def now(self) -> Actions:
        """The actions, also right after a write."""
        self._answer.spent()
        return self.actions()

    def look(self, *, fresh: bool) -> RuleState | None:
        """The rule or listener at this moment, to be written over: two calls; ``None`` when it is gone.

        Args:
            fresh: whether nothing has come after the last call: where that showed whose it is, it is not read again.
        """
        if not fresh:
            self._told.spent()
        return self._now()

    def _now(self) -> RuleState | None:
        told = self._told.spent()
        self._answer.spent()
        if self._state is None or not self._state.owned:
            return self.read()
        actions, tags = self.actions(), self._state.tags
        if not actions:
            return None
        if not told:  # whose it is is read last of all, or was identified by the call right before this one
            tags = elbv2.tags_of(self.aws, self.arn)
            elbv2.refuse_stranger(tags, self.ownership, self.arn)
        self._state = replace(self._state, actions=actions, tags=tags)
        self._look.taken()
        return self._state

    def create(self, forward: Mapping[str, Any], marks: Mapping[str, str]) -> bool:
        """Take it over with marks, unless somebody of the same owner has done so by now.

        The marks come before the forward: whoever else takes it over sees them and waits, and what he has set meanwhile
        is seen here.
        """
        state = self.read()
        if state is not None and state.owned:
            return False
        if state is not None:
            self._take_over(state, forward, marks)
            present = self.marks()
            ours = {name for name, value in marks.items() if present.get(name) == value}
            kinds = {name.partition(".")[0] for name in marks}  # another lease beside ours is somebody's who came, too
            others = {name for name in present if name.partition(".")[0] in kinds}.difference(marks)
            if len(ours) < len(marks) or others.difference(elbv2.marks_in(state.tags)):
                self.mark(dict.fromkeys(ours))  # somebody of the same owner came as well: it is his, or comes again
                return False
        self.write(forward)
        return True

    def _take_over(self, state: RuleState, forward: Mapping[str, Any], marks: Mapping[str, str] | None = None) -> None:
        """Adopt it without moving traffic: it has to forward already as the first write says, or to nobody."""
        lost = elbv2.lost_by_a_forward(state.actions)
        if lost:
            field, what = ("Actions", "rule") if self._is_rule else ("DefaultActions", "listener")
            raise NotOwned(
                "elasticloadbalancing:DescribeTags",
                f"{field} of {self.arn} end with {lost}, which a forward would take away: hand in a {what} that "
                "forwards to the live color, or answers an error to everybody",
            )
        live = {arn for arn, share in elbv2.shares_of(state.actions).items() if share}
        wanted = {group["TargetGroupArn"] for group in forward["TargetGroups"] if group.get("Weight", 1)}
        strangers = live.difference(self.target_groups)
        if strangers or (live and live != wanted and self.is_production):
            advice = "set activeColor to the color that it forwards to"
            raise NotOwned(
                "elasticloadbalancing:DescribeTags",
                f"{self.arn} forwards to {', '.join(sorted(live))}; taking it over must not move traffic: "
                + ("hand in that target group as a color's" if strangers else advice),
            )
        groups_at_rest.refuse_too_many(self.arn, state.actions, self.target_groups)
        over = len(state.tags) + TAGS_OF_A_SWAP - LIMITS["tags"].most
        if over > 0:
            raise NotOwned(
                "elasticloadbalancing:DescribeTags",
                f"{self.arn} has {len(state.tags)} tags, {over} too many for the {TAGS_OF_A_SWAP} that a swap needs at "
                "most: take some away first; nothing was written",
            )
        tags = {OWNER_TAG: self.ownership.owner, **{MARK_PREFIX + name: text for name, text in (marks or {}).items()}}
        elbv2.tag(self.aws, self.arn, tags)
        self._state = RuleState(state.arn, state.actions, {**state.tags, **tags}, owned=True)

    def remove(self) -> None:
        """Take our tags away; where it forwards to stays as it is. Already gone is fine."""
        state = self.read()
        if state is not None and state.owned:
            elbv2.untag(self.aws, self.arn, elbv2.keys_of_ours(state.tags))
        self._state = None

    def marks(self) -> dict[str, str]:
        """The marks, kept as tags."""
        self._look.spent()
        self._answer.spent()
        tags = elbv2.tags_of(self.aws, self.arn)
        marks = elbv2.marks_in(tags)
        if self.ownership.holds(tags.get(OWNER_TAG), marks):
            if self._state is not None:
                self._state = replace(self._state, tags=tags)
            self._told.taken()
            return marks
        self._state = None  # without an owner, or somebody has made it his own meanwhile: with it the lease is gone
        return {}

    def mark(self, changes: Mapping[str, str | None]) -> None:
        """Set and remove marks; what has a former owner's name is stamped with the present one."""
        state = self._state or self.read()
        for look in (self._look, self._told, self._answer):
            look.spent()
        if state is not None and state.owned:
            owner = self.ownership.owner
            elbv2.set_marks(self.aws, self.arn, changes, None if state.tags.get(OWNER_TAG) == owner else owner)

    def command(self, forward: Mapping[str, Any] | None) -> str:
        """The commands that do it by hand, with all actions that were found beside the forward, as in a write."""
        state = self._state
        if forward is None:
            keys = elbv2.keys_of_ours(state.tags if state is not None else {OWNER_TAG: ""})
            return f"aws elbv2 remove-tags --resource-arns {self.arn} --tag-keys {' '.join(keys)}"
        actions = as_argument(self._actions(() if state is None else state.actions, forward))
        if self._is_rule:
            return f"aws elbv2 modify-rule --rule-arn {self.arn} --actions {actions}"
        return f"aws elbv2 modify-listener --listener-arn {self.arn} --default-actions {actions}"
