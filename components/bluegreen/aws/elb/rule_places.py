"""The places of a forward that the swap moves: a rule that it makes, a rule that was handed in, or a whole listener.

A rule that the swap makes is its own from beginning to end. One that was handed in, or a listener's default action, was
there before: it becomes the swap's with the first write, which may not move traffic, and stays as it is at the end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from bluegreen.aws.client import AwsConnection
from bluegreen.aws.elb.elbv2 import Actions, RuleState
from bluegreen.aws.elb.handed_in_rule import HandedIn
from bluegreen.aws.elb.made_rule import MadeRule
from bluegreen.aws.elb.owned_rule import Search
from bluegreen.aws.elb.sign_in_secret import SignInSecret
from bluegreen.fields import UNKNOWN, Fields
from bluegreen.options.declared import Options, declared, option
from bluegreen.options.kinds import Number, Text, Texts
from bluegreen.platforms.ownership import Ownership


class Place(Protocol):
    """One place of one swap."""

    @property
    def id(self) -> str:
        """The place in one line."""
        ...

    @property
    def name(self) -> str:
        """The place as a command names it."""
        ...

    @property
    def stands_elsewhere(self) -> str:
        """The place where the last read found it, if that is not the declared one."""
        ...

    def read(self) -> RuleState | None:
        """The rule or listener there: two calls; ``None`` where nothing is.

        Raises:
            NotOwned: it belongs to somebody else.
        """
        ...

    def actions(self) -> Actions:
        """The actions alone: one call, none right after a write; empty where nothing is."""
        ...

    def now(self) -> Actions:
        """The actions as they are at this moment: one call; empty where nothing is."""
        ...

    def look(self, *, fresh: bool) -> RuleState | None:
        """The rule or listener there, for a write right after it: two calls, its tags last; one where they are given.

        Args:
            fresh: whether nothing has come after the last call.

        Raises:
            NotOwned: it belongs to somebody else.
        """
        ...

    def create(self, forward: Mapping[str, Any], marks: Mapping[str, str]) -> bool:
        """Make it, or take it over, with marks; ``False``, and nothing is written, where the owner has it by now."""
        ...

    def write(self, forward: Mapping[str, Any]) -> None:
        """Forward as said: one call, and a look before it unless that was made right before. Idempotent."""
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

    def command(self, forward: Mapping[str, Any] | None) -> str:
        """The shell command that does by hand what a write of a forward does; without one it gives the place up."""
        ...


@declared
class PlaceOptions(Options):
    """A place: ``listener_arn`` and ``priority`` (a rule to be made), ``rule_arn``, or ``listener_arn`` alone."""

    listener_arn: str | None = option(
        "the listener: with ``priority`` a rule of it is made, alone its default action is handed in",
        Text(),
        default=None,
    )
    priority: int | None = option("of the rule that is made", Number(1, 50_000, whole=True), default=None)
    rule_arn: str | None = option("a rule that is handed in, in the place of both", Text(), default=None)
    host_headers: tuple[str, ...] = option(
        "which hosts the rule that is made is for", Texts(), default=[], absent="all"
    )
    path_patterns: tuple[str, ...] = option(
        "which paths the rule that is made is for", Texts(), default=[], absent="all"
    )

    @classmethod
    def check(cls, fields: Fields, values: dict[str, Any]) -> None:
        """Refuse a place that is named in none of the three ways."""
        rule, listener, priority = values["rule_arn"], values["listener_arn"], values["priority"]
        if fields.unknown:
            values["rule_arn"] = UNKNOWN
        elif rule is not None and (listener is not None or priority is not None):
            fields.problem("rule_arn", rule, "a rule's ARN alone, without listener_arn and priority")
        elif rule is None and listener is None:
            fields.problem("listener_arn", None, "a listener's ARN, or a rule's as rule_arn; one is required")


def build_place(
    place: Mapping[str, Any],
    aws: AwsConnection,
    ownership: Ownership,
    groups: Sequence[str],
    *,
    is_production: bool = True,
    former: Mapping[str, Any] | None = None,
    sibling: Mapping[str, Any] | None = None,
    sign_in: Sequence[Mapping[str, Any]] = (),
    secret: SignInSecret | None = None,
) -> Place:
    """The place that ``PlaceOptions`` have named.

    Args:
        place: where.
        aws: where to call, with which credentials.
        ownership: whose it is.
        groups: the colors' target groups.
        is_production: whether it has the marks.
        former: the place as the last update had it.
        sibling: the other place of a pair.
        sign_in: actions before the forward of a rule that is made.
        secret: where the client secret of such an action is.
    """
    if place["priority"] is None:
        arn = place["rule_arn"] or place["listener_arn"]
        return HandedIn(aws, ownership, arn, tuple(groups), is_production, is_production, dict(former or {}))
    beside = sibling or {}
    same_listener = beside.get("listener_arn") == place["listener_arn"]
    taken = int(beside.get("priority") or 0) if same_listener else 0
    search = Search(ownership, place["priority"], tuple(groups), taken, is_production)
    return MadeRule(
        aws,
        search,
        place["listener_arn"],
        place["host_headers"],
        place["path_patterns"],
        dict(former or {}),
        sign_in,
        secret,
    )
