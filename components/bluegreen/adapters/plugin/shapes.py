"""The shapes of properties, from which both the schema and the reading of inputs are made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

SimpleKind = Literal["string", "integer", "number", "boolean"]


@dataclass(frozen=True, slots=True)
class Shape:
    """The base of all shapes.

    Attributes:
        later: whether an output will do, whose value only an update knows.
    """

    later: bool = False


@dataclass(frozen=True, slots=True)
class Simple(Shape):
    """A text, a number, a truth value.

    Attributes:
        kind: which.
        choices: the texts that are allowed; any when empty.
    """

    kind: SimpleKind = "string"
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Anything(Shape):
    """A value of any kind."""


@dataclass(frozen=True, slots=True)
class ListOf(Shape):
    """A list."""

    item: Shape = field(default_factory=Anything)


@dataclass(frozen=True, slots=True)
class MapOf(Shape):
    """Values by keys of the user's own."""

    value: Shape = field(default_factory=Anything)


@dataclass(frozen=True, slots=True)
class OneOf(Shape):
    """One of several shapes, each of another kind."""

    options: tuple[Shape, ...] = ()


@dataclass(frozen=True, slots=True)
class ObjectOf(Shape):
    """An object with named properties; ``token`` is its type's."""

    token: str = ""


@dataclass(frozen=True, slots=True)
class Property:
    """One property of a component or of an object type.

    Attributes:
        name: as Python has it.
        key: as every other language has it.
        shape: what it may be.
        description: for people.
        required: whether it must be given.
        default: what counts when it is absent; ``None`` where that is for the component to say.
        none: the value that stands for ``None`` where that means something; ``None``: there is none.
        always: whether the component wants it said, as ``None`` where it is absent.
    """

    name: str
    key: str
    shape: Shape
    description: str
    required: bool = False
    default: Any = None
    none: Any = None
    always: bool = False


@dataclass(frozen=True, slots=True)
class ObjectType:
    """A type with named properties.

    Attributes:
        token: ``bluegreen:aws:EcsRelease``.
        description: for people.
        properties: by their keys.
        make: makes what the component takes from the properties' values by their names in Python.
        exactly_one: whether it stands for a choice: exactly one property is given.
    """

    token: str
    description: str
    properties: Mapping[str, Property]
    make: Callable[..., Any]
    exactly_one: bool = False


@dataclass(frozen=True, slots=True)
class Component:
    """A component.

    Attributes:
        token: its type.
        description: for people.
        inputs: by their keys.
        outputs: by their keys.
    """

    token: str
    description: str
    inputs: Mapping[str, Property]
    outputs: Mapping[str, Property]
