"""Templates of revisions, where a platform keeps release and traffic in one object: names and merges. Pure.

A revision never changes, so its name has a digest of its template: the same template always comes to the same name.
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Callable, Collection, Mapping
from typing import Any

from bluegreen.fields import UNKNOWN, Fields
from bluegreen.plain import holds_unknown, plain
from bluegreen.rollout.model import COLORS, Color

Template = Mapping[str, Any]
DIGITS = 8
"""Of the digest in a revision's name."""


def canonical(template: Template) -> str:
    """A template as text: the same for all that mean the same."""
    return json.dumps(_ordered(plain(template)), sort_keys=True, separators=(",", ":"))


def _ordered(value: Any) -> Any:
    """Variables in one order; all else keeps the one that it has."""
    if isinstance(value, Mapping):
        return {
            key: sorted(map(_ordered, item), key=lambda one: str(one.get("name")))
            if key == "env" and isinstance(item, list) and all(isinstance(one, Mapping) for one in item)
            else _ordered(item)
            for key, item in value.items()
        }
    return [_ordered(item) for item in value] if isinstance(value, list) else value


def suffix(color: Color, template: Template) -> str:
    """The end of the name of a color's revision: ``green-1f3a90bc``."""
    return f"{color}-{hashlib.sha256(canonical(template).encode()).hexdigest()[:DIGITS]}"


def with_suffixes(section: Mapping[str, object]) -> Mapping[str, object]:
    """A section with ``revisions`` by their suffixes where it has ``templates``; what is not known yet is so, too."""
    templates = section.get("templates")
    if templates is None:
        return section
    if not isinstance(templates, Mapping):
        return {**section, "revisions": UNKNOWN}
    found = {color: _suffix_or_unknown(color, templates.get(color)) for color in COLORS}
    return {**section, "revisions": found}


def _suffix_or_unknown(color: Color, template: object) -> object:
    if not isinstance(template, Mapping) or holds_unknown(template):
        return UNKNOWN
    return suffix(color, template)


def settle_names(
    fields: Fields,
    values: dict[str, Any],
    place: str,
    thing: str,
    named: Callable[[str, Color, Template], str],
    longest: int,
) -> None:
    """One of ``revisions`` and ``templates`` is given; of the latter come the revisions' names.

    Args:
        fields: the section; what is wrong with it is added to its problems.
        values: its options, ``revisions`` among them.
        place: the option that names the object; the last part of its value is the object's own name.
        thing: what the object is called in an error: ``an app``.
        named: a revision's name, by the object's, the color and the template.
        longest: how many characters a revision's name may have.
    """
    given, templates, where = values["revisions"], values["templates"], values[place]
    if fields.unknown:
        return
    if bool(given) == bool(templates):
        allowed = "one of revisions (somebody else installs) and templates (the swap does)"
        fields.problem("revisions" if given else "templates", given or None, allowed)
        return
    if given or not all(isinstance(templates.get(color), Mapping) for color in COLORS):
        return
    name = where.rpartition("/")[2] if isinstance(where, str) else ""
    values["revisions"] = {color: named(name, color, templates[color]) for color in COLORS}
    most = max(map(len, values["revisions"].values()))
    if most > longest:
        left = longest - (most - len(name))
        fields.problem(place, where, f"{thing} whose name has at most {left} characters, as revisions have to fit")


def text_of(color: Color, template: Template) -> str:
    """``image app:v2 as revision green-1f3a90bc``."""
    images = [str(one["image"]).rpartition("/")[2] for one in template["containers"]]
    return f"image{'s' if len(images) > 1 else ''} {', '.join(images)} as revision {suffix(color, template)}"


def merged(base: Any, former: Any, wanted: Any, alone: Collection[str]) -> Any:
    """A template that keeps what somebody else has added to the one before it.

    Args:
        base: what the color ran last; what is neither in ``wanted`` nor was in ``former`` is somebody else's, and
            stays.
        former: what was declared before; empty where nobody knows.
        wanted: what is declared now. Lists whose entries have names are merged by these.
        alone: the keys by which a named entry is replaced as a whole: a variable is a value or a reference.
    """
    if isinstance(wanted, Mapping):
        base, former = (one if isinstance(one, Mapping) else {} for one in (base, former))
        kept = {key: copy.deepcopy(item) for key, item in base.items() if key not in wanted and key not in former}
        return {**kept, **{key: merged(base.get(key), former.get(key), item, alone) for key, item in wanted.items()}}
    if _are_named(wanted):
        mine = {one["name"]: one for one in wanted}
        there, before = ({one["name"]: one for one in side} if _are_named(side) else {} for side in (base, former))
        kept_too = [copy.deepcopy(one) for name, one in there.items() if name not in mine and name not in before]
        own = (
            dict(one) if one.keys() & set(alone) else merged(there.get(name), before.get(name), one, alone)
            for name, one in mine.items()
        )
        return [*own, *kept_too]
    return copy.deepcopy(wanted)


def _are_named(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and all(isinstance(one, Mapping) and one.get("name") for one in value)
