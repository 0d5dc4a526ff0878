"""The type hints of components and of their arguments, read once."""

from __future__ import annotations

import collections.abc
import functools
import inspect
import typing
from collections.abc import Callable, Mapping
from typing import Any, get_args

import pulumi
from typing_extensions import NotRequired, Required, Unpack, get_type_hints

from bluegreen.connections import AwsConnection
from bluegreen.gates.functions import Limits

# Modules import these for the type checker alone. `pulumi.Input[str]` is a union of `str`, `Awaitable[str]` and the
# text "Output[T]", which nobody fills in.
NAMES: Mapping[str, Any] = {
    "pulumi": pulumi,
    "Output": pulumi.Output,
    "Input": pulumi.Input,
    "T": typing.TypeVar("T"),
    "Unpack": Unpack,
    "Required": Required,
    "NotRequired": NotRequired,
    "Awaitable": collections.abc.Awaitable,
    "AwsConnection": AwsConnection,
    "Limits": Limits,
}
LISTS = (collections.abc.Sequence, collections.abc.Collection, collections.abc.Iterable, list, tuple)
MAPS = (collections.abc.Mapping, dict)
"""What hints call lists, and objects with whatever fields."""


@functools.lru_cache(maxsize=256)
def fields_of(kind: Any) -> Mapping[str, Any]:
    """The fields of a typed dictionary or a data class."""
    return get_type_hints(kind, localns=dict(NAMES), include_extras=True)


@functools.lru_cache(maxsize=64)
def arguments_of(function: Callable[..., Any]) -> Mapping[str, Any]:
    """The arguments of a function with their hints, those of ``**options`` among them."""
    hints = get_type_hints(function, localns=dict(NAMES), include_extras=True)
    arguments: dict[str, Any] = {}
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind is parameter.VAR_KEYWORD:
            inner = get_args(hints.get(name))
            arguments |= fields_of(inner[0]) if inner else {}
        elif name in hints:
            arguments[name] = hints[name]
    return arguments


@functools.lru_cache(maxsize=64)
def required_of(function: Callable[..., Any]) -> frozenset[str]:
    """The arguments that have no default."""
    parameters = inspect.signature(function).parameters.values()
    return frozenset(one.name for one in parameters if one.default is one.empty and one.kind is not one.VAR_KEYWORD)


@functools.lru_cache(maxsize=64)
def texts_of(function: Callable[..., Any]) -> Mapping[str, str]:
    """The arguments whose default is a text."""
    parameters = inspect.signature(function).parameters.values()
    return {one.name: one.default for one in parameters if isinstance(one.default, str)}


@functools.lru_cache(maxsize=64)
def optional_of(function: Callable[..., Any]) -> frozenset[str]:
    """The arguments whose default is ``None``."""
    return frozenset(one.name for one in inspect.signature(function).parameters.values() if one.default is None)
