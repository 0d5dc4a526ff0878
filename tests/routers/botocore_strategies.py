"""Objects with any of the fields that an AWS API knows, made from botocore's own model of the service.

What is made has the shape that the model says: types, required fields, enumerations, bounds of numbers. Which fields go
together (an action's kind and its section) is read from their names, so that the next botocore's are among them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

import botocore.session
from hypothesis import strategies as st

_WORDS = st.sampled_from(["alpha", "beta 2", "https://id.example.com", "it's", 'a "b"', "*.example.com", "/v1/*", "ü"])
_MOMENT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
_MOST_FIELDS = 5
_DEEPEST = 6


@cache
def shape(service: str, name: str) -> Any:
    """A shape of a service's model, or with ``Operation.input`` or ``Operation.output`` what a call takes or gives."""
    model = botocore.session.get_session().get_service_model(service)
    operation, dot, side = name.partition(".")
    return getattr(model.operation_model(operation), f"{side}_shape") if dot else model.shape_for(name)


def values(of: Any, depth: int = 0) -> st.SearchStrategy[Any]:
    """The values that a shape allows."""
    kind, least, most = of.type_name, of.metadata.get("min"), of.metadata.get("max")
    if kind == "string":
        if of.enum:
            return st.sampled_from(list(of.enum))
        return _WORDS.map(lambda word: word[:most].ljust(int(least or 0), "x"))
    if kind in ("integer", "long"):
        low = int(least or 0)
        return st.integers(low, min(int(most or low + 90), low + 90))
    if kind in ("double", "float"):
        return st.sampled_from([0.0, 0.5, 10.0])
    if kind == "boolean":
        return st.booleans()
    if kind == "timestamp":
        return st.just(_MOMENT)
    if kind == "list":
        return st.lists(values(of.member, depth + 1), min_size=1, max_size=2)
    if kind == "map":
        return st.dictionaries(st.sampled_from(["one", "two"]), values(of.value, depth + 1), max_size=2)
    if kind == "structure":
        return structures(of, depth)
    return st.just(b"x")


def structures(
    of: Any, depth: int = 0, without: tuple[str, ...] = (), fixed: Mapping[str, Any] | None = None
) -> st.SearchStrategy[dict[str, Any]]:
    """A structure with its required fields and some of the others.

    Args:
        of: its shape.
        depth: how deep it stands.
        without: fields that are left out.
        fixed: fields with a value that is given.
    """
    fields = {name: one for name, one in of.members.items() if name not in (*without, *(fixed or {}))}
    needed = [name for name in of.required_members if name in fields]
    others = sorted(fields.keys() - set(needed)) if depth < _DEEPEST else []

    @st.composite
    def made(draw: Any) -> dict[str, Any]:
        chosen = draw(st.lists(st.sampled_from(others), unique=True, max_size=_MOST_FIELDS)) if others else []
        return {**{name: draw(values(fields[name], depth + 1)) for name in [*needed, *chosen]}, **(fixed or {})}

    return made()


def kinds_of(of: Any) -> dict[str, str]:
    """A structure's sections by the kind that each is for: ``JwtValidationConfig`` is for ``jwt-validation``."""
    known = of.members.get("Type")
    sections = {name.removesuffix("Config").lower(): name for name in of.members if name.endswith("Config")}
    if known is not None and known.enum:
        return {kind: sections[kind.replace("-", "")] for kind in known.enum if kind.replace("-", "") in sections}
    return {_dashed(name.removesuffix("Config")): name for name in sections.values()}


def of_a_kind(of: Any, kind: str, field: str = "Type") -> st.SearchStrategy[dict[str, Any]]:
    """A structure that is of one of its kinds, with that kind's section."""
    section = kinds_of(of)[kind]
    filled = structures(of.members[section], 2)
    return filled.map(lambda content: {field: kind, section: content})


def _dashed(name: str) -> str:
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in name).strip("-")
