"""The operations that are played, as they are described: who may ask, parameters, bodies and answers.

The facts are in ``described.toml``, which names where each is from; here they are read and enforced.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomllib

FACTS: Mapping[str, Any] = tomllib.loads((Path(__file__).with_name("described.toml")).read_text())
"""The table as it is written."""
READERS = frozenset({"space_auditor", "space_developer", "space_manager", "space_supporter"})
DEVELOPERS = frozenset({"space_developer"})
SUPPORTERS = DEVELOPERS | {"space_supporter"}
ANYBODY = frozenset({""})
_ROLES = {"anybody": ANYBODY, "readers": READERS, "supporters": SUPPORTERS, "developers": DEVELOPERS}
# Of every operation, before it is looked at closer: https://v3-apidocs.cloudfoundry.org/#errors
_ANYWHERE = frozenset({400, 401, 429})


@dataclass(frozen=True)
class Operation:
    """One.

    Attributes:
        verb: of the request.
        path: with a name in braces for what varies.
        roles: of a space, of which one is needed; an empty one: none is.
        query: the parameters that it has.
        body: the kind of its body; empty: it has none.
        answers: the status of its answer.
        errors: those of its errors, and ``default`` where others are left open.
        told: the kind of the object in its answer; empty where that is not described.
        lists: whether the answer is a list of these.
    """

    verb: str
    path: str
    roles: frozenset[str]
    query: tuple[str, ...]
    body: str
    answers: int
    errors: frozenset[int | str]
    told: str
    lists: bool

    @property
    def name(self) -> str:
        """``PATCH /v3/routes/{guid}/destinations``."""
        return f"{self.verb} {self.path}"

    @property
    def pattern(self) -> re.Pattern[str]:
        """The pattern of a request's path."""
        return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.path) + r"\Z")

    def may_answer(self, status: int) -> bool:
        """Whether an answer may have this status."""
        known = {self.answers} | self.errors | _ANYWHERE
        return status in known or (status >= 400 and "default" in self.errors)


def _operation(name: str, told: Mapping[str, Any]) -> Operation:
    verb, _, path = name.partition(" ")
    return Operation(
        verb,
        path,
        _ROLES[told["roles"]],
        tuple(told.get("query", "").split()),
        told.get("body", ""),
        told["answers"],
        frozenset(told["errors"]),
        told.get("list") or told.get("object", ""),
        "list" in told,
    )


OPERATIONS = tuple(_operation(name, told) for name, told in FACTS["operations"].items())


def find(verb: str, path: str) -> tuple[Operation, dict[str, str]] | None:
    """The operation of a request, and what stands in its path."""
    for one in OPERATIONS:
        match = one.pattern.match(path)
        if match and one.verb == verb:
            return one, match.groupdict()
    return None


def wrong_query(operation: Operation, query: Mapping[str, str]) -> str:
    """Why a query is refused; empty if it is not."""
    unknown = sorted(query.keys() - set(operation.query))
    if not unknown:
        return ""
    named = ", ".join(f"'{name}'" for name in unknown)
    valid = ", ".join(f"'{name}'" for name in operation.query)
    return f"The query parameter is invalid: Unknown query parameter(s): {named}. Valid parameters are: {valid}"


def wrong_body(operation: Operation, body: Any) -> str:
    """Why a body is refused; empty if it is not."""
    if not operation.body:
        return ""
    if not isinstance(body, Mapping):
        return "Request body must be an object"
    return _wrong("", operation.body, body)


def unlike(operation: Operation, body: Any) -> str:
    """Where an answer is not as it is described; empty where it is."""
    if not operation.told:
        return ""
    found: Iterable[Mapping[str, Any]] = body["resources"] if operation.lists else [body]
    return next(filter(None, (_unlike(operation.told, one) for one in found)), "")


def _unlike(kind: str, told: Mapping[str, Any]) -> str:
    fields = FACTS["objects"][kind].split()
    always = {one for one in fields if not one.startswith("-")}
    known = {one.lstrip("-") for one in fields}
    if told.keys() - known or always - told.keys():
        return f"{kind}: too much {sorted(told.keys() - known)}, too little {sorted(always - told.keys())}"
    inner = told.get("destinations") or () if kind == "route" else ()
    return next(filter(None, (_unlike("destination", one) for one in inner)), "")


# -- kinds of fields: `string`, `integer 1..9`, `map of string?`, `list of NAME`, `this | that`, the name of a shape


def _wrong(path: str, kind: str, value: Any) -> str:
    if kind.startswith("map of "):  # the mark is its values'
        return _wrong_map(path, kind.removeprefix("map of "), value)
    may_be_null = "?" in kind[len(kind.rstrip("!?")) :]
    kind = kind.rstrip("!?")
    if value is None:
        return "" if may_be_null else f"{path} must not be null"
    if kind in FACTS["shapes"]:
        return _wrong_object(path, FACTS["shapes"][kind], value)
    if kind.startswith("list of "):
        if not isinstance(value, list):
            return f"{path} must be an array"
        element = kind.removeprefix("list of ")
        return next(filter(None, (_wrong(f"{path}[{index}]", element, one) for index, one in enumerate(value))), "")
    if kind == "map":
        return _wrong_map(path, "", value)
    if "|" in kind:
        words = kind.split(" | ")
        return "" if value in words else f"{path} must be one of {', '.join(words)}"
    name, _, limits = kind.partition(" ")
    return _SIMPLE[name](path, value) or _out_of(path, limits, value)


def _wrong_object(path: str, shape: Mapping[str, str], value: Any) -> str:
    if not isinstance(value, Mapping):
        return f"{path} must be an object"
    unknown = sorted(value.keys() - shape.keys())
    if unknown:
        named = ", ".join(f"'{name}'" for name in unknown)
        return f"Unknown field(s): {named}"
    missing = [name for name, kind in shape.items() if "!" in kind and name not in value]
    if missing:
        return f"{f'{path}.{missing[0]}'.strip('.')} is missing"
    found = (_wrong(f"{path}.{name}".strip("."), shape[name], one) for name, one in value.items())
    return next(filter(None, found), "")


def _wrong_map(path: str, element: str, value: Any) -> str:
    """An empty element: whatever it may be."""
    if not isinstance(value, Mapping):
        return f"{path} must be an object"
    found = (_wrong(f"{path}.{name}", element, one) for name, one in value.items() if element)
    return next(filter(None, found), "")


def _wrong_string(path: str, value: Any) -> str:
    return "" if isinstance(value, str) else f"{path} must be a string"


def _wrong_integer(path: str, value: Any) -> str:
    return "" if isinstance(value, int) and not isinstance(value, bool) else f"{path} must be an integer"


_SIMPLE: Mapping[str, Callable[[str, Any], str]] = {"string": _wrong_string, "integer": _wrong_integer}


def _out_of(path: str, limits: str, value: Any) -> str:
    least, _, most = limits.partition("..")
    if least and value < int(least):
        return f"{path} must be greater than or equal to {least}"
    if most and value > int(most):
        return f"{path} must be less than or equal to {most}"
    return ""
