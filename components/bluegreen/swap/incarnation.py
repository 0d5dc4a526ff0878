"""Incarnations: a mark says which life of a resource made an object, so that a delete removes only its own.

A replacement at the same place makes the new resource before it deletes the old one, and both mean one object. The new
one stamps it with its own incarnation when it takes it over, and the old one's delete then sees that it is another's.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from bluegreen.platforms.routers import ROUTERS
from bluegreen.rollout.model import Traffic, Weights
from bluegreen.swap import several
from bluegreen.swap.contract import SwapSpec

MARK = "incarnation"
OUTPUT = "incarnation"


def new() -> str:
    """A new incarnation: 16 random hex digits."""
    return secrets.token_hex(8)


def recorded(outputs: Mapping[str, Any]) -> str:
    """The incarnation of a resource by its outputs; empty in those of a version that knew none."""
    incarnation = outputs.get(OUTPUT)
    return incarnation if isinstance(incarnation, str) else ""


def known_to(spec: SwapSpec, outputs: Mapping[str, Any], incarnation: str) -> SwapSpec:
    """The spec with routers that know the resource's former incarnation, where their kind has use for that.

    Args:
        spec: checked inputs.
        outputs: what the last update left; its owner may take over what it owned.
        incarnation: whose object the router may find at another place; empty at creation.
    """
    alone = len(spec.routers) == 1
    formers = several.formers(outputs, {several.MANY: spec.sections})
    if alone:  # whatever it says of its place: another one would be another swap
        formers = [*several.sections_of(outputs), None][:1]
    known = []
    for (kind, arguments), suffix, section in zip(
        spec.routers, map(several.mark_suffix, spec.sections), formers, strict=True
    ):
        former = dict(section or {})
        owner = former.get("owner")
        own = incarnation if alone else f"{incarnation}.{suffix}"
        given = {"incarnation": own, "former_owner": owner if isinstance(owner, str) else "", "former": former}
        taken = {field.name for field in fields(ROUTERS.load(kind))}
        known.append((kind, {**arguments, **{key: given[key] for key in given if key in taken}}))
    return replace(spec, routers=known)


def is_there(traffic: Traffic) -> bool:
    """Whether the traffic that was read shows an object."""
    return traffic.weights != Weights() or bool(traffic.marks)


def whose(traffic: Traffic, incarnation: str) -> str:
    """Say why an object is not this incarnation's; empty when it is.

    Args:
        traffic: what the router read.
        incarnation: the resource's own; empty in the state of a version that knew none.
    """
    mark = traffic.marks.get(MARK, "")
    if not is_there(traffic) or mark == incarnation:
        return ""
    if mark:
        return f"it has the mark of another incarnation ({mark}; this one is {incarnation or 'from before marks'})"
    return f"it has no incarnation's mark (this one is {incarnation})"
