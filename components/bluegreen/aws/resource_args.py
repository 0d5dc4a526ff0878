"""Arguments of a resource of the provider's own that a component takes as they are, and those that it refuses by name.

A component copies no fields of a provider: where there is a typed resource, its own arguments pass, as its class of
arguments or as a dictionary in Python's spelling. What the component or the swap writes itself is refused by its name.
"""

from __future__ import annotations

import functools
import inspect
import typing
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args, get_origin

import pulumi

from bluegreen.arguments.hints import LISTS, NAMES
from bluegreen.component.declaration import known
from bluegreen.rollout.errors import Problem


def names_of(kind: type) -> tuple[str, ...]:
    """The arguments that a class of the provider's SDK takes, in Python's spelling."""
    return tuple(hints_of(kind))


@functools.lru_cache(maxsize=256)
def hints_of(kind: type) -> Mapping[str, Any]:
    """The arguments with their type hints."""
    constructor = inspect.unwrap(kind.__init__)  # type: ignore[misc]
    hints = typing.get_type_hints(constructor, localns=dict(NAMES))
    return {name: hints[name] for name in list(inspect.signature(constructor).parameters)[1:]}


def required_of(kind: type) -> frozenset[str]:
    """The arguments that it cannot do without."""
    parameters = inspect.signature(inspect.unwrap(kind.__init__)).parameters.values()  # type: ignore[misc]
    return frozenset([one.name for one in parameters if one.default is one.empty][1:])


def is_of_the_sdk(kind: Any) -> bool:
    """Whether a type is a class of arguments of an SDK."""
    return isinstance(kind, type) and pulumi._types.is_input_type(kind)


def plain(given: Any) -> Any:
    """Objects of the SDK's classes as dictionaries, however deep they lie; outputs, and all else, as they are."""
    if is_of_the_sdk(type(given)):
        given = {name: getattr(given, name) for name in names_of(type(given))}
    if isinstance(given, Mapping):
        return {key: plain(value) for key, value in given.items() if value is not None}
    return [plain(one) for one in given] if isinstance(given, (list, tuple)) else given


def problems_in(given: Any, kind: type, path: str, refused: Mapping[str, str]) -> list[Problem]:
    """The problems with arguments that a resource does not take, however deep, and with refused ones.

    Args:
        given: an object of ``kind``, or a dictionary; nothing is fine.
        kind: the SDK's class of arguments.
        path: what the component calls it.
        refused: what to give instead, by the argument's name.
    """
    values = known(plain(given or {}))
    if not isinstance(values, Mapping):
        return []  # of another kind, which the constructor's own check tells
    problems = [
        Problem(f"{path}.{name}", _shown(value), refused[name]) for name, value in values.items() if name in refused
    ]
    rest = {name: value for name, value in values.items() if name not in refused}
    return [*problems, *_unknown(kind, rest, path, refused)]


def _unknown(kind: type, values: Mapping[str, Any], path: str, refused: Mapping[str, str]) -> Iterator[Problem]:
    hints = hints_of(kind)
    for name, value in values.items():
        if name in hints:
            yield from _within(hints[name], value, f"{path}.{name}")
        else:
            there = ", ".join(one for one in hints if one not in refused)
            yield Problem(f"{path}.{name}", type(value), f"no such argument; those that there are: {there}")


def _within(hint: Any, value: Any, path: str) -> Iterator[Problem]:
    """The problems within an object, or a list of them, of an argument."""
    kinds = list(flat(hint))
    if isinstance(value, Mapping):
        for kind in kinds:
            if is_of_the_sdk(kind):
                yield from _unknown(kind, value, path, {})
    elif isinstance(value, list):
        for kind in kinds:
            if get_origin(kind) in LISTS:
                for index, item in enumerate(value):
                    yield from _within(get_args(kind)[0], item, f"{path}[{index}]")


def flat(hint: Any) -> Iterator[Any]:
    """The members of a union, and of any in it."""
    if get_origin(hint) is typing.Union:
        for one in get_args(hint):
            yield from flat(one)
    else:
        yield hint


def _shown(value: Any) -> Any:
    """The value for a message: not what an object holds, which may be secret."""
    return type(value) if isinstance(value, (Mapping, Sequence)) and not isinstance(value, str) else value
