"""The search for the swap's rule among a listener's: by its marks, wherever people have moved it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bluegreen.aws.elb import elbv2
from bluegreen.aws.elb.elbv2 import OWNER_TAG
from bluegreen.platforms.ownership import INCARNATION_MARK, Ownership
from bluegreen.rollout.errors import PlatformError

Rule = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Search:
    """The rule that is searched for: its owner, its marks, its place.

    Attributes:
        ownership: whose.
        priority: where it should stand.
        target_groups: the colors', by ARN.
        sibling: the priority of another rule of the same owner on this listener, which is never meant; 0: none.
        is_production: whether it is the rule that has the marks; a test listener's never does.
    """

    ownership: Ownership
    priority: int
    target_groups: tuple[str, ...] = ()
    sibling: int = 0
    is_production: bool = True

    def at_place(self, rules: Sequence[Rule]) -> Rule | None:
        """The rule that stands where the swap's should."""
        return next((rule for rule in rules if rule["Priority"] == str(self.priority)), None)

    def likely(self, rules: Sequence[Rule]) -> list[Rule]:
        """The rules whose tags are worth a look: in the place, or with traffic for the colors."""
        return [rule for rule in rules if rule["Priority"] == str(self.priority) or self._leads_to_colors(rule)]

    def found(self, rules: Sequence[Rule], tags: Mapping[str, Mapping[str, str]]) -> Rule | None:
        """The swap's rule; ``None`` where it has none.

        Args:
            rules: of the listener.
            tags: of some of them, by ARN.

        Raises:
            PlatformError: there are two, and nothing says which one counts; both are named.
        """
        marks = {arn: elbv2.marks_in(rule_tags) for arn, rule_tags in tags.items()}
        owned = [
            rule
            for rule in rules
            if (arn := rule["RuleArn"]) in tags
            and self.ownership.holds(tags[arn].get(OWNER_TAG), marks[arn])
            and not self.ownership.is_anothers(marks[arn])
            and rule["Priority"] != str(self.sibling)
        ]
        if not self.is_production:
            owned = [rule for rule in owned if INCARNATION_MARK not in marks[rule["RuleArn"]]]
        bearing = [rule for rule in owned if self.ownership.bears(marks[rule["RuleArn"]])]
        placed = self.at_place(owned)
        if bearing:
            return self._only(bearing)
        marked = [rule for rule in owned if INCARNATION_MARK in marks[rule["RuleArn"]]]
        pool = [rule for rule in marked or owned if rule is placed or self._leads_to_colors(rule, only=True)]
        if placed is not None and (self.sibling or not self.is_production) and placed in pool:
            return placed
        if not self.is_production and len(pool) > 1:
            return None
        return self._only(pool)

    def _only(self, rules: Sequence[Rule]) -> Rule | None:
        if len(rules) > 1:
            both = " and ".join(f"{rule['RuleArn']} (priority {rule['Priority']})" for rule in rules)
            raise PlatformError(
                "elasticloadbalancing:DescribeTags",
                f"{both} both have the marks of {self.ownership.owner}: remove the one that carries no production "
                f"traffic, or take its {OWNER_TAG} tag away; nothing was written",
            )
        return rules[0] if rules else None

    def _leads_to_colors(self, rule: Rule, *, only: bool = False) -> bool:
        groups = {arn for arn, share in elbv2.shares_of(rule["Actions"]).items() if share}
        meant = groups.intersection(self.target_groups)
        return bool(meant) and (not only or meant == groups)


def with_conditions(
    conditions: Sequence[Rule], declared: Sequence[Rule], former: Sequence[Rule]
) -> list[dict[str, Any]]:
    """A rule's conditions: those that the swap declares, and those that others have added.

    Args:
        conditions: as the rule has them now.
        declared: as they are to be.
        former: as the last update declared them.

    Returns:
        Nothing where there is nothing to change.
    """
    ours = {condition["Field"] for condition in (*declared, *former)}
    kept = [_resent(condition) for condition in conditions if condition["Field"] not in ours]
    wanted = [*(dict(condition) for condition in declared), *kept]
    return [] if _essence(wanted) == _essence(conditions) else wanted


def _resent(condition: Rule) -> dict[str, Any]:
    """A condition in the form that AWS accepts back: the short one or the long one, never both."""
    is_long = any(key.endswith("Config") for key in condition)
    return {key: value for key, value in condition.items() if not (is_long and key in ("Values", "RegexValues"))}


def _essence(conditions: Sequence[Rule]) -> list[str]:
    def one(condition: Rule) -> str:
        rest = {key: value for key, value in condition.items() if key != "Field" and value}
        long = next((value for key, value in rest.items() if key.endswith("Config")), rest)
        values = {key: sorted(map(str, value)) if isinstance(value, list) else value for key, value in long.items()}
        return f"{condition['Field']} {sorted(values.items())}"

    return sorted(map(one, conditions))
