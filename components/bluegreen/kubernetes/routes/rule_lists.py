"""A list of rules that is written as a whole, of which only some are the swap's, and of these only backends. Pure.

API servers take such a list as one value, so all of it is sent back: rules of others as they were read, and the swap's
own with whatever somebody else has put into them. Where an object is taken over its rules stay what they are, but for
who gets their requests.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bluegreen.kubernetes.routes.own_rules import Own, found_by, same, shadows
from bluegreen.kubernetes.routes.split import Rule, Rules, Shape, backends_of, is_split, shares_in
from bluegreen.rollout.model import COLORS, Color, Weights, other


@dataclass(frozen=True, slots=True)
class _Placed:
    own: Own
    rule: Rule


def merged(
    present: Rules, known: Sequence[tuple[Own, int]], declared: Rules, weights: Weights, shape: Shape
) -> tuple[list[Rule], list[Own]]:
    """The list to write, and the swap's rules in it.

    Args:
        present: the list as it was read.
        known: the own rules in it and where they stand.
        declared: the rules as they are declared now.
        weights: what the split ones should do.
        shape: how the platform writes them.
    """
    pairs = _paired([own for own, _ in known], declared, shape)
    at = {place: number for number, (_, place) in enumerate(known)}
    listed: list[_Placed | Rule] = []
    placeholder = all(map(shape.placeholder, present))
    for place, rule in enumerate(present):
        if place not in at:
            if not placeholder:
                listed.append(rule)
            continue
        own, now = known[at[place]][0], pairs.get(at[place])
        if now is not None:
            listed.append(_changed(rule, own, declared[now], weights, shape))
        elif own.split and own.declared is None:
            listed.append(_Placed(own, _filled(rule, None, None, weights, shape)))
    _insert(
        listed, [number for number in range(len(declared)) if number not in pairs.values()], declared, weights, shape
    )
    ordered = _before_what_shadows(listed, shape)
    rules = [one.rule if isinstance(one, _Placed) else one for one in ordered]
    return rules, [one.own for one in ordered if isinstance(one, _Placed)]


def _paired(owned: Sequence[Own], declared: Rules, shape: Shape) -> dict[int, int]:
    """The declared rule of each own rule: by its matches, else by its turn."""
    pairs: dict[int, int] = {}
    for by_match, (number, own), (now, rule) in itertools.product((True, False), enumerate(owned), enumerate(declared)):
        if number in pairs or now in pairs.values() or own.declared is None:
            continue
        alike = own.split == is_split(rule, shape)
        if alike and (not by_match or same(own.declared, rule, shape)):
            pairs[number] = now
    return pairs


def _changed(rule: Rule, own: Own, now: Rule, weights: Weights, shape: Shape) -> _Placed:
    """An own rule with the changes of its declaration, and the weights."""
    former = own.declared or {}
    if not own.split:
        made = three_way(rule, former, now)
        return _Placed(Own(declared=now, found_by=found_by(made, shape), split=False), made)
    base = _opened(rule, now, shape)
    made = three_way(base, former, now, apart_from=shape.key)
    filled = _filled(made, former, now, weights, shape)
    return _Placed(Own(declared=now, found_by=found_by(made, shape), split=True), filled)


def three_way(current: Rule, former: Rule, now: Rule, *, apart_from: str = "") -> dict[str, Any]:
    """A rule as it is, with the changes from a former declaration to the present one."""
    made = dict(current)
    for key in (former.keys() | now.keys()) - {apart_from}:
        if former.get(key) == now.get(key):
            continue
        if key in now:
            made[key] = now[key]
        else:
            made.pop(key, None)
    return made


def _opened(rule: Rule, declared: Rule, shape: Shape) -> Rule:
    """A rule that was closed while no color was live, as declared again: closing dropped the backends' settings."""
    if any(shape.color(backend) for backend in backends_of(rule, shape)):
        return rule
    closing = shape.closed(declared).keys() - declared.keys()
    kept = {key: value for key, value in rule.items() if key not in closing}
    return {**declared, **kept} if closing & rule.keys() else rule


def _filled(rule: Rule, former: Rule | None, now: Rule | None, weights: Weights, shape: Shape) -> Rule:
    if weights == Weights():
        return shape.closed(rule)
    return {**rule, shape.key: filled(rule, former, now, weights, shape)}


def filled(rule: Rule, former: Rule | None, now: Rule | None, weights: Weights, shape: Shape) -> list[Rule]:
    """A rule's backends with these weights: those that are there as they are, one that comes like the other color's.

    Mirrors stay, and what has a weight of 0; whatever else takes a share is taken away.
    """
    there = {shape.color(backend): backend for backend in reversed(backends_of(rule, shape))}
    sharing = [id(backend) for backend, share in shares_in(rule, shape) if share]
    made: list[Rule] = []
    seen: set[Color] = set()

    def put(color: Color) -> None:
        if color in seen:
            return
        seen.add(color)
        declared, here = _backend(now, color, shape), there.get(color)
        if here is not None:
            backend: Rule = three_way(here, _backend(former, color, shape), declared)
        else:
            backend = _coming(color, there.get(other(color)), declared, shape)
        if weights.of(color):
            made.append({**backend, "weight": weights.of(color)})

    for backend in rule.get(shape.key) or ():
        color = None if backend.get("mirror") else shape.color(backend)
        if color is None and id(backend) not in sharing:
            made.append(backend)
        for one in COLORS if color is not None else ():
            if one == color or one not in there:
                put(one)
    for one in COLORS:
        put(one)
    return made


def _backend(rule: Rule | None, color: Color, shape: Shape) -> Rule:
    return next((one for one in backends_of(rule or {}, shape) if shape.color(one) == color), {})


def _coming(color: Color, like: Rule | None, declared: Rule, shape: Shape) -> Rule:
    if like is None:
        return declared
    made = dict(shape.as_color(like, color))
    for key, value in declared.items():
        both = isinstance(value, Mapping) and isinstance(made.get(key), Mapping)
        made[key] = {**made[key], **value} if both else value
    return made


def _insert(listed: list[_Placed | Rule], new: Sequence[int], declared: Rules, weights: Weights, shape: Shape) -> None:
    """Declared rules that are not there yet: after the one that they are declared after, else before the next one."""
    at: dict[int, _Placed] = {}
    for one in listed:
        if isinstance(one, _Placed) and one.own.declared is not None:
            number = next((n for n, rule in enumerate(declared) if rule is one.own.declared), None)
            if number is not None:
                at[number] = one
    for number in new:
        rule = declared[number]
        split = is_split(rule, shape)
        own = Own(declared=rule, found_by=found_by(rule, shape), split=split)
        placed = _Placed(own, _filled(rule, None, rule, weights, shape) if split else rule)
        listed.insert(_position(listed, at, number), placed)
        at[number] = placed


def _position(listed: list[_Placed | Rule], at: Mapping[int, _Placed], number: int) -> int:
    before = [_index(listed, at[one]) for one in at if one < number]
    after = [_index(listed, at[one]) for one in at if one > number]
    if before:
        return max(before) + 1
    return min(after) if after else len(listed)


def _index(listed: Sequence[_Placed | Rule], wanted: _Placed) -> int:
    return next(number for number, one in enumerate(listed) if one is wanted)


def _before_what_shadows(listed: list[_Placed | Rule], shape: Shape) -> list[_Placed | Rule]:
    """Own rules with weights come before a rule of somebody else that would take all of their requests."""
    ordered = list(listed)
    for one in [one for one in listed if isinstance(one, _Placed) and one.own.split]:
        rules = [each.rule if isinstance(each, _Placed) else each for each in ordered]
        place = _index(ordered, one)
        ours = [number for number, each in enumerate(ordered) if isinstance(each, _Placed)]
        before = shadows(rules, place, ours, shape)
        if before:
            ordered.insert(before[0], ordered.pop(place))
    return ordered
