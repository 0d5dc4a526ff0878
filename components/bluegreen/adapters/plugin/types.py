"""Shapes from type hints, and object types from typed dictionaries, data classes and functions."""

from __future__ import annotations

import collections.abc
import dataclasses
import inspect
import types
import typing
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

import pulumi
from typing_extensions import NotRequired, Required, Unpack, is_typeddict

from bluegreen.adapters.plugin import docstrings, sdk_types
from bluegreen.adapters.plugin.choices import BY_CLASS, BY_NAME, Choice
from bluegreen.adapters.plugin.descriptions import described
from bluegreen.adapters.plugin.shapes import (
    Anything,
    ListOf,
    MapOf,
    ObjectOf,
    ObjectType,
    OneOf,
    Property,
    Shape,
    Simple,
)
from bluegreen.arguments import hints
from bluegreen.arguments.hints import LISTS, MAPS
from bluegreen.naming import camel

_SIMPLE: Mapping[Any, Any] = {str: "string", Path: "string", int: "integer", float: "number", bool: "boolean"}
_WAITING = (pulumi.Output, collections.abc.Awaitable, collections.abc.Callable)
_MODULES = ("aws", "gates", "hosts", "kubernetes", "notifications")
NAMES: dict[str, Any] = dict(hints.NAMES)
_NOTHING = (dataclasses.MISSING, inspect.Parameter.empty)
_LEFT_OUT = ("opts", "provider", "swap_provider")
"""What only the imported package has: Pulumi's own options, resources as values, and who does the swap."""


class Types:
    """The object types that have been requested, each under a token of its own."""

    def __init__(self) -> None:
        self._types: dict[str, ObjectType] = {}
        self._sources: dict[str, object] = {}

    def __getitem__(self, token: str) -> ObjectType:
        return self._types[token]

    @property
    def all(self) -> Mapping[str, ObjectType]:
        """The object types that have been requested, by token."""
        return dict(sorted(self._types.items()))

    # -- shapes

    def shape_of(self, hint: Any, name: str = "", *, later: bool = False) -> Shape:
        """The shape of a type hint; ``name`` is the property's."""
        if name in BY_NAME:
            item = ObjectOf(later=later, token=self._choice(BY_NAME[name]))
            return ListOf(later=later, item=item) if _is_list(hint) else item
        if hint in (Any, object):
            return Anything(later=True)
        if hint in _SIMPLE:
            return Simple(later=later, kind=_SIMPLE[hint])
        origin, arguments = get_origin(hint), get_args(hint)
        if origin in (Required, NotRequired):
            return self.shape_of(arguments[0], name, later=later)
        if origin is Literal:
            return Simple(later=later, choices=tuple(map(str, arguments)))
        if origin in (Union, types.UnionType):
            return self._union(arguments, name, later=later)
        if origin in LISTS:
            return ListOf(later=later, item=self.shape_of(arguments[0]))
        if origin in MAPS:
            return MapOf(later=later, value=self.shape_of(arguments[1]))
        return ObjectOf(later=later, token=self._object(hint))

    def _union(self, hints: tuple[Any, ...], name: str, *, later: bool) -> Shape:
        """``Input[T]`` is a union, too: of ``T``, awaitables and outputs."""
        inside = [
            one
            for hint in hints
            if get_origin(hint) is collections.abc.Awaitable
            for inner in get_args(hint)
            for one in (inner, *(get_args(inner) if get_origin(inner) is Union else ()))
        ]
        rest = [hint for hint in hints if get_origin(hint) not in _WAITING and hint is not type(None)]
        # A function or a tuple in place of an object, or a free-form map in place of a typed one, is for Python alone.
        if any(_is_object(hint) for hint in rest):
            rest = [hint for hint in rest if _is_object(hint) or hint in _SIMPLE]
        options = list(dict.fromkeys(self.shape_of(hint, name, later=later or hint in inside) for hint in rest))
        if len(options) == 1:
            return options[0]
        return OneOf(later=any(option.later for option in options), options=tuple(options))

    # -- object types

    def _object(self, hint: Any) -> str:
        choice = BY_CLASS.get(f"{hint.__module__}.{hint.__qualname__}")
        if choice is not None:
            return self._choice(choice)
        if sdk_types.is_one(hint):
            return self._object_of_an_sdk(hint)
        token = f"bluegreen:{_module_of(hint.__module__)}:{hint.__name__}"
        if not self._begin(token, hint):
            return token
        make = dict if is_typeddict(hint) else hint
        properties = self.properties_of_fields(hint)
        self._types[token] = ObjectType(token, described(docstrings.summary(hint)), properties, make)
        return token

    def _object_of_an_sdk(self, hint: Any) -> str:
        """A copy of an SDK's class of arguments, without what components refuse."""
        token = sdk_types.token_of(hint)
        if self._begin(token, hint):
            told, needed = sdk_types.told_of(hint), sdk_types.required_of(hint)
            properties = {
                camel(name): Property(name, camel(name), self.shape_of(one), described(told[name]), name in needed)
                for name, one in sdk_types.hints_of(hint).items()
            }
            self._types[token] = ObjectType(token, sdk_types.summary_of(hint), properties, dict)
        return token

    def _choice(self, choice: Choice) -> str:
        if not self._begin(choice.token, choice):
            return choice.token
        properties = {}
        for name in choice.functions:
            function = choice.load(name)
            token = self._function(choice, name, function)
            text = described(docstrings.summary(function))
            properties[camel(name)] = Property(name, camel(name), ObjectOf(token=token), text)
        self._types[choice.token] = ObjectType(choice.token, choice.description, properties, _only, exactly_one=True)
        return choice.token

    def _function(self, choice: Choice, name: str, function: Callable[..., Any]) -> str:
        title = camel(choice.functions[name].rpartition(":")[2] if not choice.suffix else name)
        token = f"{choice.token.rpartition(':')[0]}:{title[0].upper()}{title[1:]}{choice.suffix}"
        if self._begin(token, function):
            text = described(docstrings.summary(function))
            self._types[token] = ObjectType(token, text, self.properties_of_arguments(function), function)
        return token

    def _begin(self, token: str, source: object) -> bool:
        """Whether the type is a new one; two types of one name would be one too many."""
        if self._sources.setdefault(token, source) is not source:
            raise TypeError(f"{token} is both {self._sources[token]} and {source}")
        known = token in self._types
        # Before its own properties, which may refer to it.
        self._types.setdefault(token, ObjectType(token, "", {}, dict))
        return not known

    # -- properties

    def properties_of_fields(self, cls: type, *, optional: bool = False) -> dict[str, Property]:
        """The fields of a typed dictionary or a data class."""
        hints = typing.get_type_hints(cls, localns=NAMES, include_extras=True)
        required = {name for name in hints if not optional and _is_required(cls, name, hints[name])}
        told = docstrings.parts(cls)
        defaults = {field.name: field.default for field in dataclasses.fields(cls)} if not is_typeddict(cls) else {}
        return self._properties(
            cls, {name: (hint, name in required, defaults.get(name)) for name, hint in hints.items()}, told
        )

    def properties_of_arguments(self, function: Callable[..., Any], but: str = "") -> dict[str, Property]:
        """The arguments of a function, those of ``**options`` among them; ``but`` is one to leave out."""
        hints = typing.get_type_hints(function, localns=NAMES, include_extras=True)
        told = docstrings.parts(function)
        own: dict[str, tuple[Any, bool, Any]] = {}
        properties: dict[str, Property] = {}
        for name, parameter in inspect.signature(function).parameters.items():
            if name in ("self", but) or name in _LEFT_OUT:
                continue
            if parameter.kind is parameter.VAR_KEYWORD:
                if get_origin(hints[name]) is not Unpack:
                    raise TypeError(f"{function.__qualname__}: **{name} is not typed: it takes Unpack[...]")
                properties |= self.properties_of_fields(get_args(hints[name])[0], optional=True)
                continue
            absent = parameter.default is parameter.empty
            may_be_none = type(None) in get_args(hints[name])
            own[name] = (hints[name], absent and not may_be_none, parameter.default)
        return {**self._properties(function, own, told), **properties}

    def _properties(
        self, owner: Any, fields: Mapping[str, tuple[Any, bool, Any]], told: Mapping[str, str]
    ) -> dict[str, Property]:
        properties = {}
        for name, (hint, required, default) in fields.items():
            if name in _LEFT_OUT:
                continue
            if name not in told:
                raise TypeError(f"{owner.__qualname__}: {name} is not described in its docstring")
            shape = self.shape_of(hint, name)
            scalar = default if isinstance(default, (str, int, float)) and default not in ("", -1) else None
            none = _none_of(hint, shape) if default not in (None, *_NOTHING) or "``None``" in told[name] else None
            free = isinstance(shape, MapOf) and isinstance(shape.value, Anything)
            text = described(told[name], default=scalar, none=none, choices=_choices(shape), free=free)
            always = default is inspect.Parameter.empty and not required
            properties[camel(name)] = Property(name, camel(name), shape, text, required, scalar, none, always)
        return properties


def _only(**made: Any) -> Any:
    """A choice: the one thing that was made."""
    (only,) = made.values()
    return only


def _module_of(python_module: str) -> str:
    _, second, *_ = [*python_module.split("."), ""]
    return second if second in _MODULES else "index"


def _is_list(hint: Any) -> bool:
    return get_origin(hint) in LISTS or any(_is_list(one) for one in get_args(hint) if get_origin(hint) is Union)


def _is_object(hint: Any) -> bool:
    return isinstance(hint, type) and hint not in _SIMPLE and get_origin(hint) is None and hint is not object


def _is_required(cls: type, name: str, hint: Any) -> bool:
    if get_origin(hint) in (Required, NotRequired):
        return get_origin(hint) is Required
    if is_typeddict(cls):
        return name in getattr(cls, "__required_keys__", ())
    return next(field.default for field in dataclasses.fields(cls) if field.name == name) is dataclasses.MISSING


def _choices(shape: Shape) -> tuple[str, ...]:
    return shape.choices if isinstance(shape, Simple) else ()


def _none_of(hint: Any, shape: Shape) -> Any:
    """The value for ``None`` in languages that cannot tell it from an absent one."""
    if type(None) not in get_args(hint):
        return None
    if isinstance(shape, Simple):
        return {"string": "", "integer": 0, "number": 0}.get(shape.kind)
    return {}
