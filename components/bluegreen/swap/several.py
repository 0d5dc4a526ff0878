"""The router sections of a swap's inputs: one, or an ordered list, and which of them name one place. Pure."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bluegreen.fields import UNKNOWN
from bluegreen.plain import holds_unknown, plain
from bluegreen.platforms.places import Same, shared_form
from bluegreen.platforms.routers import ROUTERS

ONE, MANY = "router", "routers"
BOTH = (ONE, MANY)
"""The two inputs; one of them is given."""

Section = Mapping[str, Any]
# With more than these, not each choice of them is looked up.
_FEW = 6


def sections_of(inputs: Mapping[str, Any]) -> list[Section]:
    """Each router's section, in the declared order; none where they are not known yet, or no sections at all."""
    given = inputs.get(MANY)
    sections = [inputs.get(ONE)] if given is None else given
    if not isinstance(sections, (list, tuple)) or not all(isinstance(section, Mapping) for section in sections):
        return []
    return list(sections)


def may_be_several(inputs: Mapping[str, Any]) -> bool:
    """Whether there is more than one, or nobody knows yet."""
    given = inputs.get(MANY)
    return given is UNKNOWN or (isinstance(given, (list, tuple)) and len(given) > 1)


def with_sections(inputs: Mapping[str, Any], sections: Sequence[Section]) -> dict[str, Any]:
    """The inputs with other sections in the place of theirs."""
    rest = {key: value for key, value in inputs.items() if key not in (ONE, MANY)}
    if len(sections) == 1 and inputs.get(MANY) is None:
        return {**rest, ONE: dict(sections[0])}
    return {**rest, MANY: [dict(section) for section in sections]}


def with_fewer(inputs: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The inputs, and as they were before some of their routers came, whichever these are."""
    yield inputs
    sections = sections_of(inputs)
    sizes = range(1, len(sections)) if len(sections) <= _FEW else [1]
    for size in sizes:
        for some in itertools.combinations(sections, size):
            yield with_sections(inputs, some)


def kept(caught_up: Mapping[str, Any], formerly: Mapping[str, Any]) -> Mapping[str, Any]:
    """The inputs that a failure leaves in the state: also the routers that are declared no more but may exist still.

    Args:
        caught_up: the last update's outputs, with the routers that the inputs have.
        formerly: the same as they were.
    """
    former = sections_of(formerly)
    return with_sections({**caught_up, MANY: formerly.get(MANY)}, former) if former else caught_up


def kind_of(section: object) -> str | None:
    """A section's kind, where it is one that is known here."""
    kind = section.get("kind") if isinstance(section, Mapping) else None
    return kind if isinstance(kind, str) and kind in ROUTERS else None


def same_place(one: Section, another: Section) -> bool:
    """Whether two sections say the same of where traffic is routed.

    What is not known yet most times turns out to be what it was; the update's own check sees it if not.
    """
    kind = str(one.get("kind"))
    if kind not in ROUTERS or another.get("kind") not in (kind, UNKNOWN):
        return False
    router = ROUTERS.load(kind)
    same: Mapping[str, Same] = getattr(router, "same_place", {})
    for key in router.where - {"kind"}:
        first, second = plain(one.get(key)), plain(another.get(key))
        if first != second and not holds_unknown([first, second]) and not (key in same and same[key](first, second)):
            return False
    return True


def names_one_place(one: Section, another: Section) -> bool:
    """Whether two sections are known to say the same of where traffic is routed."""
    return not holds_unknown([place_of(one), place_of(another)]) and same_place(one, another)


def formers(olds: Mapping[str, Any], news: Mapping[str, Any]) -> list[Section | None]:
    """For each of the new sections the former one of the same place; ``None`` for one that is added.

    Those whose place is known choose first: what is not known yet is most times what is left over.
    """
    rest, news_found = sections_of(olds), sections_of(news)
    by_index: dict[int, Section] = {}
    for index in sorted(range(len(news_found)), key=lambda index: holds_unknown(place_of(news_found[index]))):
        former = next((old for old in rest if same_place(old, news_found[index])), None)
        if former is not None:
            by_index[index] = former
            rest = [old for old in rest if old is not former]
    return [by_index.get(index) for index in range(len(news_found))]


def named_like(one: Section, another: Section) -> Section:
    """A section with its place named as in another section of the same place; no name of it is added or taken away."""
    return {**one, **{key: another[key] for key in where_of(one) & one.keys() & another.keys()}}


def removed(olds: Mapping[str, Any], news: Mapping[str, Any]) -> list[Section]:
    """The former sections that are declared no more; none where the new ones are not known yet."""
    kept = [former for former in formers(olds, news) if former is not None]
    return [old for old in sections_of(olds) if sections_of(news) and all(old is not former for former in kept)]


def added(olds: Mapping[str, Any], news: Mapping[str, Any]) -> list[Section]:
    """The sections that were not there before."""
    return [new for new, old in zip(sections_of(news), formers(olds, news), strict=True) if old is None]


def moved(olds: Mapping[str, Any], news: Mapping[str, Any]) -> bool:
    """Whether none of the former places is left, which makes it another swap."""
    old, new = sections_of(olds), sections_of(news)
    return bool(old and new) and not any(former is not None for former in formers(olds, news))


def mark_suffix(section: Section) -> str:
    """The suffix of one member's marks: 8 hexadecimal digits of its place."""
    return _digits(place_of(section))


def _digits(place: Mapping[str, object]) -> str:
    return hashlib.sha256(json.dumps(place, sort_keys=True, default=str).encode()).hexdigest()[:8]


def places_said(sections: Sequence[Section]) -> list[str]:
    """A text for each section's place, the same however that is spelled: 8 hexadecimal digits.

    Where two places share what is left of them without their spelling, each has the digits of how it is declared.
    """
    shared = [_digits(_without_spelling(section)) for section in sections]
    alone = Counter(shared)
    return [text if alone[text] == 1 else mark_suffix(section) for text, section in zip(shared, sections, strict=True)]


def _without_spelling(section: Section) -> dict[str, object]:
    kind = kind_of(section)
    same: Mapping[str, Same] = {} if kind is None else getattr(ROUTERS.load(kind), "same_place", {})
    return {
        key: shared_form(same[key], value) if key in same and not holds_unknown(value) else value
        for key, value in place_of(section).items()
    }


def where_of(section: Section) -> frozenset[str]:
    """The keys of a section, beside its kind, that say where traffic is routed."""
    kind = kind_of(section)
    return frozenset() if kind is None else ROUTERS.load(kind).where - {"kind"}


def place_of(section: Section) -> dict[str, object]:
    """The values of a section that say where traffic is routed, normalized."""
    return {"kind": kind_of(section), **{key: plain(section.get(key)) for key in where_of(section)}}
