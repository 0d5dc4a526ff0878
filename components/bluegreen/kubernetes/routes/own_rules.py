"""The swap's own rules in a list: how they are found again, and their present weights. Pure.

Own rules are found by what they match, wherever they stand. What was declared when they were written last is kept on
the object, so that a change of the declaration is one, and nothing else is. An object that others wrote is taken over
by the rules that lead production's requests to a color.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bluegreen.kubernetes.routes.split import Rule, Rules, Shape, backends_of, covers, guess, is_split, weights_in
from bluegreen.rollout.model import Weights


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """One rule that is the swap's.

    Attributes:
        declared: as it was declared when it was written last; ``None`` for one that was there and leads to a color.
        found_by: its matches and its name, by which it is found again.
        split: whether it has weights; else it is a way to one place.
    """

    declared: Rule | None
    found_by: Rule
    split: bool

    def as_dict(self) -> dict[str, Any]:
        """The rule as it is noted on the object."""
        return {"declared": self.declared, "found_by": self.found_by, "split": self.split}

    @classmethod
    def of(cls, noted: Mapping[str, Any]) -> Own:
        """Read a note."""
        declared, found_by = noted.get("declared"), noted.get("found_by")
        return cls(
            declared=declared if isinstance(declared, Mapping) else None,
            found_by=found_by if isinstance(found_by, Mapping) else {},
            split=bool(noted.get("split")),
        )


def can_be_read(noted: Sequence[Own], shape: Shape) -> bool:
    """Whether notes have the form of the swap's: anybody may write an annotation."""
    rules = [rule for own in noted for rule in (own.declared or {}, own.found_by)]
    listed = [rule.get(key) for rule in rules for key in (shape.key, shape.match)]
    return all(
        one is None or (isinstance(one, list) and all(isinstance(each, Mapping) for each in one)) for one in listed
    )


def found_by(rule: Rule, shape: Shape) -> dict[str, Any]:
    """The parts of a rule by which it is found again."""
    return {key: rule[key] for key in (shape.match, "name") if key in rule}


def same(rule: Rule, known: Rule, shape: Shape) -> bool:
    """Whether a rule that was found matches what a known one does, apart from what the platform fills in."""
    if {"name"} <= rule.keys() & known.keys() and rule["name"] != known["name"]:
        return False
    return bool(shape.normal(rule.get(shape.match)) == shape.normal(known.get(shape.match)))


def places(rules: Rules, owned: Sequence[Own], shape: Shape) -> dict[int, int]:
    """The places of own rules: their number among the own ones to their number in the list.

    Of several that match the same, one that looks like ours is rather ours than one of somebody else's.
    """
    taken: dict[int, int] = {}
    for least in (2, 1, 0):
        for number, own in enumerate(owned):
            if number in taken:
                continue
            for place, rule in enumerate(rules):
                free = place not in taken.values() and same(rule, own.found_by, shape)
                if free and _likeness(rule, own, shape) >= least:
                    taken[number] = place
                    break
    return taken


def _likeness(rule: Rule, own: Own, shape: Shape) -> int:
    """2 where a rule leads where ours does, 1 where it is closed as ours is while no color is live, else 0."""
    backends = backends_of(rule, shape)
    if not own.split:
        declared = backends_of(own.declared or {}, shape)
        return 2 * covers([shape.name(one) for one in backends], [shape.name(one) for one in declared])
    if any(shape.color(backend) for backend in backends):
        return 2
    return int(_is_closed(rule, own.declared, shape))


def _is_closed(rule: Rule, declared: Rule | None, shape: Shape) -> bool:
    """Whether a rule is closed as the swap leaves it while no color is live."""
    left = shape.closed(declared or {})
    return covers(rule, {key: value for key, value in left.items() if key != shape.match}) and (
        rule.keys() <= {*left, shape.match, "name"}
    )


def shares(rules: Rules, owned: Sequence[Own], shape: Shape) -> list[Weights]:
    """The weights of each own rule that has some; none where it is gone, or another one stands before it."""
    return [
        Weights() if place is None else weights_in(rules[place], shape) for place in split_places(rules, owned, shape)
    ]


def shares_of_strangers_object(rules: Rules, declared: Rules, shape: Shape) -> list[Weights]:
    """The weights of rules in an object that the swap has not written."""
    where = guess(rules, declared, shape)
    return [Weights() if shadows(rules, place, where, shape) else weights_in(rules[place], shape) for place in where]


def split_places(rules: Rules, owned: Sequence[Own], shape: Shape) -> list[int | None]:
    """The places of the own rules with weights; ``None`` for one that is gone, or that another one stands before."""
    where = places(rules, owned, shape)
    said: list[int | None] = []
    for number, own in enumerate(owned):
        if own.split:
            place = where.get(number)
            said.append(None if place is None or shadows(rules, place, where.values(), shape) else place)
    return said


def shadows(rules: Rules, place: int, ours: Iterable[int], shape: Shape) -> list[int]:
    """The rules of others before one of ours that take all of its requests."""
    own, known = set(ours), found_by(rules[place], shape)
    return [number for number, rule in enumerate(rules[:place]) if number not in own and _takes(rule, known, shape)]


def witness(rules: Rules, split: Iterable[int], shape: Shape) -> dict[str, Any]:
    """The content that these rules depend on: their backends, and their and all former rules' matches.

    Returns:
        By a JSON pointer within the list what stands there now, ``None`` for nothing.
    """
    ours = set(split)
    kept = {f"/{number}/{shape.match}": rules[number].get(shape.match) for number in range(max(ours, default=-1) + 1)}
    return {**kept, **{f"/{number}/{shape.key}": rules[number].get(shape.key) for number in sorted(ours)}}


def _takes(rule: Rule, known: Rule, shape: Shape) -> bool:
    matches = {key: value for key, value in known.items() if key == shape.match}
    return same(rule, matches, shape) or (shape.first_wins and not rule.get(shape.match))


# -- taking over


def taken_over(rules: Rules, declared: Rules, shape: Shape) -> list[tuple[Own, int]]:
    """The rules of an object of somebody else's that are the swap's from now on, and their places.

    Those with production's requests to a color, whether they are declared or not, and declared ways that are there.
    """
    owned: list[tuple[Own, int]] = []
    ways = [rule for rule in declared if not is_split(rule, shape)]
    for place, rule in enumerate(rules):
        way = next((way for way in ways if same(rule, way, shape) and covers(rule, way)), None)
        if way is not None:
            ways.remove(way)
            owned.append((Own(declared=way, found_by=found_by(rule, shape), split=False), place))
    left = [rule for rule in declared if is_split(rule, shape)]
    taken = {place for _, place in owned}
    for place in guess(rules, declared, shape):
        if place in taken:
            continue
        template = next((rule for rule in left if same(rules[place], rule, shape)), None)
        if template is not None:
            left.remove(template)
        owned.append((Own(declared=template, found_by=found_by(rules[place], shape), split=True), place))
    taken = {place for _, place in owned}
    for place, rule in enumerate(rules):  # what a swap left that ended without a live color
        declaration = next((one for one in left if same(rule, one, shape) and _is_closed(rule, one, shape)), None)
        if place not in taken and declaration is not None and not shape.placeholder(rule):
            left.remove(declaration)
            owned.append((Own(declared=declaration, found_by=found_by(rule, shape), split=True), place))
    return _with_the_only_one_left(owned, left)


def _with_the_only_one_left(owned: list[tuple[Own, int]], left: Rules) -> list[tuple[Own, int]]:
    """The rules found, with a single declared rule as the single one left, also where that matches less."""
    unknown = [number for number, (own, _) in enumerate(owned) if own.split and own.declared is None]
    if len(unknown) == len(left) == 1:
        (number,), (rule,) = unknown, left
        owned[number] = (replace(owned[number][0], declared=rule), owned[number][1])
    return owned
