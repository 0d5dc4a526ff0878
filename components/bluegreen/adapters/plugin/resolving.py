"""Outputs around values that must be known before anything is declared: waited for, or refused.

An engine may send a whole object as one output, because a part of it is one or because a program made it so. What the
object decides (an entry's kind, a count) has to be known; what in it may be an output then has the secrecy and the
dependencies of the whole.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pulumi

from bluegreen.adapters.plugin.model import TYPES, component
from bluegreen.adapters.plugin.reading import Shown, fitting
from bluegreen.adapters.plugin.shapes import ListOf, MapOf, ObjectOf, Property, Shape
from bluegreen.component.declaration import refuse
from bluegreen.fields import UNKNOWN
from bluegreen.rollout.errors import Problem

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Around:
    """The facts about the outputs around a value.

    Attributes:
        secret: whether one of them is secret.
        resources: what they depend on.
    """

    secret: bool = False
    resources: frozenset[pulumi.Resource] = field(default_factory=frozenset)


async def resolved(token: str, inputs: Mapping[str, Any], name: str = "") -> dict[str, Any]:
    """The inputs with outputs only where the component takes them.

    Args:
        token: the component's type.
        inputs: as the engine sends them, by the keys of the schema.
        name: the component's own, for messages.

    Raises:
        pulumi.RunError: naming every value that is not known yet, or is secret, where it has to be known in the open.
    """
    resolving = _Resolving()
    known_inputs = await resolving.properties(component(token).inputs, inputs, "", Around())
    refuse(name or token, resolving.problems)
    return known_inputs


class _Resolving:
    def __init__(self) -> None:
        self.problems: list[Problem] = []

    async def properties(
        self, known_here: Mapping[str, Property], given: Mapping[str, Any], path: str, around: Around
    ) -> dict[str, Any]:
        values = {}
        for key, value in given.items():
            shape = known_here[key].shape if key in known_here else None
            # A property that there is not is refused when it is read.
            values[key] = value if shape is None else await self.value(shape, value, _at(path, key), around)
        return values

    async def value(self, shape: Shape, value: Any, path: str, around: Around) -> Any:
        shape = fitting(shape, value) if not isinstance(value, pulumi.Output) else shape
        if shape.later:
            return _within(value, around)
        if isinstance(value, pulumi.Output):
            if not await value.is_known():
                self.problems.append(Problem(path, UNKNOWN, _advice(shape)))
                return None
            inside = Around(around.secret or await value.is_secret(), around.resources | await value.resources())
            return await self.value(shape, await value.future(), path, inside)
        if isinstance(shape, ObjectOf) and isinstance(value, Mapping):
            return await self.properties(TYPES[shape.token].properties, value, path, around)
        if isinstance(shape, ListOf) and isinstance(value, (list, tuple)):
            return [await self.value(shape.item, item, f"{path}[{i}]", around) for i, item in enumerate(value)]
        if isinstance(shape, MapOf) and isinstance(value, Mapping):
            return {key: await self.value(shape.value, item, _at(path, key), around) for key, item in value.items()}
        if around.secret and value is not None:
            self.problems.append(Problem(path, Shown("<a secret>"), "no secret: it decides what is declared"))
            return None
        return value


def _within(value: Any, around: Around) -> Any:
    """The value as an output with the facts of those around it."""
    if value is None or not (around.secret or around.resources):
        return value
    output: pulumi.Output[Any] = pulumi.Output.from_input(value)
    if around.resources:
        both = _joined(output.resources(), around.resources)
        output = pulumi.Output(asyncio.ensure_future(both), output.future(), output.is_known(), output.is_secret())
    return pulumi.Output.secret(output) if around.secret else output


async def _joined(own: Any, more: frozenset[pulumi.Resource]) -> set[pulumi.Resource]:
    return set(await own) | more


def _advice(shape: Shape) -> str:
    """The advice about a value that only an update knows."""
    text = "a value that is known before anything is declared: it decides what is declared"
    if isinstance(shape, ObjectOf):
        later = sorted(_later_keys(shape, set()))
        text += f"; outputs of other resources are for its {', '.join(later)}" if later else ""
    return text


def _later_keys(shape: ObjectOf, seen: set[str]) -> set[str]:
    """The names of the properties within an object that may be outputs."""
    seen.add(shape.token)
    keys: set[str] = set()
    for one in TYPES[shape.token].properties.values():
        inner = one.shape.item if isinstance(one.shape, ListOf) else one.shape
        inner = inner.value if isinstance(inner, MapOf) else inner
        if one.shape.later or inner.later:
            keys.add(one.key)
        elif isinstance(inner, ObjectOf) and inner.token not in seen:
            keys |= _later_keys(inner, seen)
    return keys


def _at(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
