"""Weights within a platform's own rules: rules with both colors, weights filled in, weights read. Pure.

A rule is split when it names both colors' backends. The swap fills the weights in there; every other rule (a header's
way to one color, somebody's static files) stays as it was declared.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bluegreen.fields import UNKNOWN, Fields
from bluegreen.options.kinds import Made
from bluegreen.rollout.errors import PlatformError
from bluegreen.rollout.model import COLORS, Color, Weights

Rule = Mapping[str, Any]
Rules = Sequence[Rule]
_BY_HEADER = frozenset({"headers", "header", "queryParams", "queryParameter", "withoutHeaders"})


@dataclass(frozen=True, slots=True)
class Shape:
    """The form in which a platform writes the backends of a rule.

    Attributes:
        key: the rule's key for the list of them.
        name: a backend's name, for people.
        color: the color that a backend is, ``None`` for somebody else's.
        closed: the rule while no color is live.
        default_weight: what a backend without a weight has beside one with a weight.
        as_color: a backend with another color in its place, all else as it is.
        match: the rule's key for what it is for.
        normal: what a rule is for in one form, whatever the platform has filled in.
        all_match: whether all entries under that key have to hold, and not one of them.
        first_wins: whether the first rule that matches is taken, and not the one that says most.
        placeholder: whether a rule only stands where the swap's should.
    """

    key: str
    name: Callable[[Rule], str]
    color: Callable[[Rule], Color | None]
    closed: Callable[[Rule], Rule]
    default_weight: int = 1
    as_color: Callable[[Rule, Color], Rule] = lambda backend, _: backend
    match: str = "matches"
    normal: Callable[[Any], Any] = lambda matches: list(matches or ())
    all_match: bool = False
    first_wins: bool = False
    placeholder: Callable[[Rule], bool] = lambda _: False


def backends_of(rule: Rule, shape: Shape) -> list[Rule]:
    """The backends with a share of the rule's requests. A mirror gets copies, and its answers are thrown away."""
    return [backend for backend in rule.get(shape.key) or () if not backend.get("mirror")]


def is_split(rule: Rule, shape: Shape) -> bool:
    """Whether a rule names both colors."""
    return {shape.color(backend) for backend in backends_of(rule, shape)} >= set(COLORS)


def with_weights(rules: Rules, weights: Weights, shape: Shape) -> list[Rule]:
    """The rules with the weights filled in; a color without a share is left out, and no color closes the rule.

    Raises:
        PlatformError: some of the traffic would go nowhere.
    """
    refuse_a_rest(weights)
    return [_with_weights(rule, weights, shape) if is_split(rule, shape) else rule for rule in rules]


def refuse_a_rest(weights: Weights) -> None:
    """Refuse a split that sends some of the traffic to neither color.

    Raises:
        PlatformError: it does.
    """
    if weights != Weights() and weights.elsewhere:
        raise PlatformError("patch", f"{weights} cannot be written: backends share all of the traffic")


def _with_weights(rule: Rule, weights: Weights, shape: Shape) -> Rule:
    if weights == Weights():
        return shape.closed(rule)
    kept = []
    for backend in rule[shape.key]:
        color = None if backend.get("mirror") else shape.color(backend)
        if color is None:
            kept.append(backend)
        elif weights.of(color):  # a weight of 0 beside the other color is a leak waiting to happen
            kept.append({**backend, "weight": weights.of(color)})
    return {**rule, shape.key: kept}


def certain(splits: Sequence[Weights]) -> Weights:
    """The weights of several split rules together; where they differ, each color's smallest share."""
    if not splits:
        return Weights()
    return Weights(min(weights.blue for weights in splits), min(weights.green for weights in splits))


def shares_in(rule: Rule, shape: Shape) -> list[tuple[Rule, int]]:
    """A rule's backends and the share that each has."""
    backends = backends_of(rule, shape)
    # Where no backend has a weight all are alike, and the only one has everything.
    default = shape.default_weight if any("weight" in backend for backend in backends) else 1
    return [(backend, int(backend.get("weight", default))) for backend in backends]


def weights_in(rule: Rule, shape: Shape) -> Weights:
    """The percent of a rule's requests that each color gets."""
    shares: dict[Color | None, int] = {}
    for backend, share in shares_in(rule, shape):
        color = shape.color(backend)
        shares[color] = shares.get(color, 0) + share
    blue, green = (shares.get(color, 0) for color in COLORS)
    return Weights.of_shares(blue, green, sum(shares.values()))


def covers(actual: object, declared: object) -> bool:
    """Whether a value is as declared, apart from additions of the platform: the defaults of its schema."""
    if isinstance(declared, Mapping):
        return isinstance(actual, Mapping) and all(
            key in actual and covers(actual[key], value) for key, value in declared.items()
        )
    if isinstance(declared, (list, tuple)):
        return (
            isinstance(actual, (list, tuple))
            and len(actual) == len(declared)
            and all(covers(*pair) for pair in zip(actual, declared, strict=True))
        )
    return actual == declared


def guess(rules: Rules, declared: Rules, shape: Shape) -> list[int]:
    """The rules of an object of somebody else's that carry production's requests to a color.

    Not those that are declared as ways, and not ways to the idle color by a header.
    """
    ways = [rule for rule in declared if not is_split(rule, shape)]
    leading = [
        place
        for place, rule in enumerate(rules)
        if any(shape.color(backend) for backend in backends_of(rule, shape))
        and not any(covers(rule, way) for way in ways)
    ]
    by_header = [place for place in leading if _by_header(rules[place], shape) and not is_split(rules[place], shape)]
    plain = [place for place in leading if place not in by_header]
    live = {color for place in plain for color in _colors(rules[place], shape)}
    if plain and any(_colors(rules[place], shape) - live for place in by_header):
        return plain
    return leading


def _colors(rule: Rule, shape: Shape) -> set[Color | None]:
    return {shape.color(one) for one, share in shares_in(rule, shape) if share} - {None}


def _by_header(rule: Rule, shape: Shape) -> bool:
    asked = rule.get(shape.match) or ()
    chosen = [bool(_BY_HEADER & one.keys()) for one in asked if isinstance(one, Mapping)]
    return bool(chosen) and (any(chosen) if shape.all_match else all(chosen))


# -- reading the declaration


def parse_rules(fields: Fields, key: str, *, required: bool = True) -> Any:
    """A list of the platform's own rules; values in it may be unknown."""
    value = whole_numbers(fields.raw(key, () if not required else None))
    if value is UNKNOWN or fields.unknown:
        return UNKNOWN
    allowed = "a list of the platform's own rules" + ("" if required else ", or nothing")
    if not isinstance(value, (list, tuple)) or (required and not value):
        fields.problem(key, value, f"{allowed}; it is required" if value is None else allowed)
        return UNKNOWN
    wrong = [(f"{key}[{number}]", rule) for number, rule in enumerate(value) if not _is_rule(rule)]
    for name, rule in wrong:
        fields.problem(name, rule, "an object with named fields")
    return UNKNOWN if wrong else list(value)


RULES = Made("Sequence[Mapping[str, Any]]", parse_rules)
"""What a list of the platform's own rules can be."""

OPTIONAL_RULES = Made("Sequence[Mapping[str, Any]]", functools.partial(parse_rules, required=False))
"""The same where it may be absent."""

ONE_RULE = Made("Mapping[str, Any]", lambda fields, name: fields.raw(name))
"""What one rule can be; what is in it the router looks at."""


def _is_rule(value: object) -> bool:
    return isinstance(value, Mapping) or value is UNKNOWN


def check_rules(fields: Fields, key: str, rules: Any, shape: Shape, services: Sequence[str]) -> int:
    """Note what is wrong with the backends of a list of rules.

    Returns:
        How many rules are split; what is not known yet counts as one that is.
    """
    if has_unknown(rules):
        return 1
    counted = 0
    for number, rule in enumerate(rules):
        at = f"{key}[{number}].{shape.key}" if key else shape.key
        listed = rule.get(shape.key) or []
        if not isinstance(listed, (list, tuple)) or not all(isinstance(backend, Mapping) for backend in listed):
            fields.problem(at, listed, "a list of the platform's own backends")
            return 1
        counted += _check_rule(fields, at, rule, shape, services)
    return counted


def _check_rule(fields: Fields, at: str, rule: Rule, shape: Shape, services: Sequence[str]) -> bool:
    """Whether the rule is split."""
    colors = [shape.color(backend) for backend in backends_of(rule, shape)]
    if not any(colors):
        return False
    split = is_split(rule, shape)
    named = " and ".join(services)
    for number, backend in enumerate(rule[shape.key]):
        place, color = f"{at}[{number}]", shape.color(backend)
        if backend.get("mirror"):
            continue
        if color is None:
            fields.problem(place, shape.name(backend), f"{named}: beside a color there is only the other one")
        elif colors.count(color) > 1:
            fields.problem(place, shape.name(backend), "each color's once")
        elif split and "weight" in backend:
            fields.problem(f"{place}.weight", backend["weight"], "none: the swap fills the weights in")
    return split


def has_unknown(value: object) -> bool:
    """Whether something in it is not known yet."""
    if isinstance(value, Mapping):
        return any(map(has_unknown, value.values()))
    if isinstance(value, (list, tuple)):
        return any(map(has_unknown, value))
    return value is UNKNOWN


def whole_numbers(value: Any) -> Any:
    """The engine sends every number as a float, and no API server takes 80.0 as a port; ``None`` is left out."""
    if isinstance(value, Mapping):
        return {key: whole_numbers(item) for key, item in value.items() if item is not None}
    if isinstance(value, (list, tuple)):
        return [whole_numbers(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
