"""Questions about one value: its kind, and the name that a misspelt one was meant to be."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from typing import Any

import pulumi

from bluegreen.adapters.plugin.shapes import Anything, ListOf, MapOf, ObjectOf, OneOf, Shape, Simple
from bluegreen.component.declaration import known
from bluegreen.naming import camel
from bluegreen.rollout.errors import Problem

_KINDS = {"string": "a text", "integer": "a whole number", "number": "a number", "boolean": "true or false"}


class Shown(str):
    """Stands for a value that a message does not show."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def whole(value: Any) -> Any:
    """The value with whole numbers as integers, wherever they are: the engine sends every number as a float."""
    if isinstance(value, pulumi.Output):
        return value.apply(whole)
    if isinstance(value, Mapping):
        return {key: whole(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [whole(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def fits(shape: Shape, value: Any) -> bool:
    """Whether a plain value is of the shape's kind; its content is not looked at."""
    if isinstance(shape, OneOf):
        return any(fits(option, value) for option in shape.options)
    if isinstance(shape, ListOf):
        return isinstance(value, (list, tuple))
    if isinstance(shape, (MapOf, ObjectOf)):
        return isinstance(value, Mapping)
    if isinstance(shape, Simple):
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        return {
            "string": isinstance(value, str) and (not shape.choices or value in shape.choices),
            "boolean": isinstance(value, bool),
            "number": number,
            "integer": number and float(value).is_integer(),
        }[shape.kind]
    return True


def fitting(shape: Shape, value: Any) -> Shape:
    """The one of several shapes that fits the value; the shape itself where none fits."""
    if not isinstance(shape, OneOf):
        return shape
    return next((option for option in shape.options if fits(option, value)), shape)


def kind_of(shape: Shape) -> str:
    """The kind that a shape wants, in words."""
    if isinstance(shape, OneOf):
        return " or ".join(kind_of(option) for option in shape.options)
    if isinstance(shape, Simple):
        return ", ".join(shape.choices) or _KINDS[shape.kind]
    if isinstance(shape, ListOf):
        return "a list"
    return "anything" if isinstance(shape, Anything) else "an object with named properties"


def check_kind(shape: Shape, value: Any, path: str, problems: list[Problem]) -> bool:
    """Whether the value is of the shape's kind; if not, that is a problem."""
    if fits(shape, value):
        return True
    problems.append(Problem(path, known(value), kind_of(shape)))
    return False


def unknown_key(path: str, key: str, known_here: Collection[str]) -> Problem:
    """The problem with a property that does not exist."""
    meant = camel(key) if camel(key) in known_here else next(iter(difflib.get_close_matches(key, known_here, 1)), "")
    hint = f"did you mean {meant}? " if meant else ""
    field = f"{path}.{key}" if path else key
    return Problem(field, Shown("<a value>"), f"no such property; {hint}known here: {', '.join(sorted(known_here))}")
