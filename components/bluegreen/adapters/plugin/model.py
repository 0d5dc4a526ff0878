"""Every component as data: its inputs and outputs, from its signature, its hints and its docstrings."""

from __future__ import annotations

import inspect
import typing
from functools import cache
from typing import Any, get_args, get_origin

import pulumi

from bluegreen.adapters.plugin import docstrings
from bluegreen.adapters.plugin.components import load
from bluegreen.adapters.plugin.descriptions import described
from bluegreen.adapters.plugin.shapes import Component, Property
from bluegreen.adapters.plugin.types import NAMES, Types
from bluegreen.naming import camel

TYPES = Types()
"""The object types of all components that have been requested."""


@cache
def component(token: str) -> Component:
    """A component.

    Raises:
        pulumi.RunError: there is none with this token; it names those that there are.
    """
    cls = load(token)
    text = described(docstrings.summary(cls))
    return Component(token, text, TYPES.properties_of_arguments(cls.__init__, but="name"), _outputs(cls))


def _outputs(cls: Any) -> dict[str, Property]:
    told: dict[str, str] = {}
    outputs: dict[str, Property] = {}
    for base in reversed([base for base in cls.__mro__ if base.__module__.startswith("bluegreen.")]):
        told |= docstrings.parts(base)
        hints = typing.get_type_hints(base, localns=NAMES)
        for name in inspect.get_annotations(base):
            if name.startswith("_"):
                continue
            optional = type(None) in get_args(hints[name])
            hint = _shown(hints[name])
            text = described(told[name].replace("``None``", "absent"))
            outputs[name] = Property(name, camel(name), TYPES.shape_of(hint), text, required=not optional)
    return {one.key: one for one in outputs.values()}


def _shown(hint: Any) -> Any:
    """The type within an output, or the type itself where it is no output."""
    if type(None) in get_args(hint):
        hint = next(one for one in get_args(hint) if one is not type(None))
    return get_args(hint)[0] if get_origin(hint) is pulumi.Output else hint
