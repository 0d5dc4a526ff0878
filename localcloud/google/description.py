"""Google's description of an API: what may be requested, and with which body. Read from the discovery documents.

https://developers.google.com/discovery/v1/type-format
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

_INTEGERS = {"int32": range(-(2**31), 2**31), "uint32": range(2**32)}
_LONG = re.compile(r"-?\d{1,19}\Z")
_PROJECT, _PROJECTS = "[^/]+", ("project", "projectsId")
_PLACE = re.compile(r"\{(\+?)(\w+)\}")


@dataclass(frozen=True)
class Method:
    """One, as the document has it."""

    name: str
    verb: str
    pattern: re.Pattern[str]
    query: frozenset[str]
    body: str


@dataclass(frozen=True)
class Match:
    """A method that a request means, and what stands in its path's places."""

    method: Method
    places: Mapping[str, str]


class Description:
    """One API's.

    Args:
        document: a discovery document.
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.schemas: Mapping[str, Any] = document["schemas"]
        self._name: str = document["name"]
        self._everywhere = frozenset(document["parameters"])
        base = f"/{document['servicePath']}"
        self._methods = [self._method(base, name, one) for name, one in _methods(document)]

    @staticmethod
    def _method(base: str, name: str, one: Mapping[str, Any]) -> Method:
        # `flatPath` tells which name is meant; `path` has one place for all of it.
        path = re.escape(base + one.get("flatPath", one["path"])).replace(r"\{", "{").replace(r"\}", "}")
        # A project may be a domain's own, as `example.com:shop`; elsewhere a colon is before a method's own verb.
        path = _PLACE.sub(lambda place: f"(?P<{place[2]}>{_PROJECT if place[2] in _PROJECTS else '[^/:]+'})", path)
        parameters = one.get("parameters", {})
        query = frozenset(key for key, given in parameters.items() if given["location"] == "query")
        return Method(name, one["httpMethod"], re.compile(path + r"\Z"), query, one.get("request", {}).get("$ref", ""))

    def find(self, verb: str, path: str) -> Match | None:
        """The method that a request means; None where there is none."""
        for method in self._methods:
            match = method.pattern.match(path) if method.verb == verb else None
            if match:
                return Match(method, match.groupdict())
        return None

    def wrong_query(self, method: Method, query: Mapping[str, str]) -> list[str]:
        """The parameters that a method does not have."""
        return [name for name in query if name not in method.query | self._everywhere]

    def missing(self, method: Method, body: Mapping[str, Any]) -> list[str]:
        """The fields that a method needs and a body has not: those that the description notes for it."""
        known = self.schemas[method.body].get("properties", {}) if method.body else {}
        wanted = f"{self._name}.{method.name}"
        return [
            name
            for name, kind in known.items()
            if wanted in kind.get("annotations", {}).get("required", ()) and name not in body
        ]

    def problems(self, schema: str, value: Any, path: str = "") -> list[str]:
        """The parts of a body that the API does not take: unknown names, wrong types, values outside of an enum."""
        return list(self._problems({"$ref": schema}, value, path))

    def _problems(self, kind: Mapping[str, Any], value: Any, path: str) -> Iterator[str]:
        if value is None:
            return
        if "$ref" in kind:
            kind = self.schemas[kind["$ref"]]
        found = kind.get("type")
        if found == "object":
            if not isinstance(value, dict):
                yield f"{path or 'the body'}: an object"
                return
            known, any_name = kind.get("properties", {}), kind.get("additionalProperties")
            for name, item in value.items():
                below = f"{path}.{name}" if path else name
                if name in known:
                    yield from self._problems(known[name], item, below)
                elif any_name is not None:
                    yield from self._problems(any_name, item, below)
                else:
                    yield f'Unknown name "{name}" at "{path}": Cannot find field.'
        elif found == "array":
            if not isinstance(value, list):
                yield f"{path}: a list"
                return
            for index, item in enumerate(value):
                yield from self._problems(kind["items"], item, f"{path}[{index}]")
        else:
            yield from _scalar(kind, value, path)


def _scalar(kind: Mapping[str, Any], value: Any, path: str) -> Iterator[str]:
    found, form = kind.get("type"), kind.get("format", "")
    said = f"Invalid value at '{path}': {value!r}"
    if found == "boolean" and not isinstance(value, bool):
        yield said
    elif found == "integer":
        whole = isinstance(value, (int, float)) and not isinstance(value, bool) and int(value) == value
        if not whole or int(value) not in _INTEGERS.get(form, range(-(2**63), 2**63)):
            yield said
    elif found == "number" and (not isinstance(value, (int, float)) or isinstance(value, bool)):
        yield said
    elif found == "string":
        if "enum" in kind:
            # Names, or their numbers, which Google's own REST clients send.
            numbers = range(len(kind["enum"]))
            if value not in kind["enum"] and not (isinstance(value, int) and value in numbers):
                yield said
        elif form in ("int64", "uint64"):
            if not _LONG.match(str(value)):
                yield said
        elif not isinstance(value, str):
            yield said


def _methods(part: Mapping[str, Any], name: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    for key, method in part.get("methods", {}).items():
        yield f"{name}{key}", method
    for key, below in part.get("resources", {}).items():
        yield from _methods(below, f"{name}{key}.")


@functools.cache
def load(api: str) -> Description:
    """The description of an API: `run.v2`."""
    package = find_spec("googleapiclient")
    assert package is not None
    assert package.origin is not None
    file = Path(package.origin).with_name("discovery_cache") / "documents" / f"{api}.json"
    return Description(json.loads(file.read_text()))
