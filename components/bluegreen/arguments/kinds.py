"""One value against one type hint: the problems where it is not of that kind, by path.

Outputs and what is not known yet are of every kind: only an update knows them.
"""

from __future__ import annotations

import collections.abc
import dataclasses
import math
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

import pulumi
from typing_extensions import NotRequired, Required, is_typeddict

from bluegreen.arguments.hints import LISTS, MAPS, fields_of
from bluegreen.arguments.noted import noted
from bluegreen.fields import UNKNOWN
from bluegreen.rollout.errors import Problem

_LATER = (pulumi.Output, pulumi.output.Unknown, collections.abc.Awaitable)
_MOST, _MOST_PORT = 2**31 - 1, 65_535


def problems_of(hint: Any, value: Any, path: str) -> list[Problem]:
    """The problems with a value; empty where there are none or it is not known yet."""
    return list(_problems(hint, value, path))


def _problems(hint: Any, value: Any, path: str) -> Iterator[Problem]:
    if isinstance(value, _LATER) or value is UNKNOWN or hint in (Any, object) or isinstance(hint, (TypeVar, str)):
        return
    yield from noted(value, path)
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Required, NotRequired):
        yield from _problems(inner[0], value, path)
    elif origin in (Union, types.UnionType):
        yield from _union(inner, value, path)
    elif not _fits(hint, value, path):
        yield Problem(path, _shown(value), _wanted(hint, path))
    elif origin in LISTS and inner:
        for index, item in enumerate(value):
            yield from _problems(inner[0], item, f"{path}[{index}]")
    elif origin in MAPS and inner and isinstance(value, Mapping):
        for key, item in value.items():
            yield from _problems(inner[1], item, f"{path}.{key}")
    elif is_typeddict(hint):
        yield from _fields(hint, value, path)
    elif _is_ours(value):  # made by a function of this package, which took what it was given
        yield from _inside(value, path)


def _union(options: Sequence[Any], value: Any, path: str) -> Iterator[Problem]:
    if value is None and type(None) in options:
        return
    # `pulumi.Input[str]` is a union, too: of `str`, awaitables and outputs.
    kinds = [one for one in options if one is not type(None) and get_origin(one) not in _LATER and one not in _LATER]
    fitting = [one for one in kinds if _fits(one, value, path)]
    if not fitting:
        wanted = dict.fromkeys(_wanted(one, path) for one in kinds)
        yield Problem(path, _shown(value), " or ".join(wanted))
        return
    problems = [problems_of(one, value, path) for one in fitting]
    yield from min(problems, key=len)


def _fields(hint: Any, value: Mapping[Any, Any], path: str) -> Iterator[Problem]:
    hints = fields_of(hint)
    for key, item in value.items():
        if key not in hints:
            yield Problem(f"{path}.{key}", _shown(item), f"no such field; known here: {', '.join(sorted(hints))}")
        elif item is not None:  # as if absent
            yield from _problems(hints[key], item, f"{path}.{key}")


def _inside(value: Any, path: str) -> Iterator[Problem]:
    """The problems in an object of ours."""
    kind: Any = type(value)
    for name, hint in fields_of(kind).items():
        field = kind.__dataclass_fields__.get(name)
        if field is None or name.startswith("_"):
            continue
        own = getattr(value, name)
        if own is not field.default:  # nobody has given that
            yield from _problems(hint, own, f"{path}.{name}")


def _fits(hint: Any, value: Any, path: str) -> bool:
    """Whether a value is of a kind; its content is not looked at."""
    origin = get_origin(hint)
    simple = _SIMPLE.get(hint)
    if simple is not None:
        return simple(value, path)
    if origin is Literal:
        return value in get_args(hint)
    if origin in (Union, types.UnionType):
        return any(_fits(one, value, path) for one in get_args(hint))
    if origin in LISTS:
        return isinstance(value, (list, tuple)) or (
            origin is not collections.abc.Sequence and isinstance(value, (set, frozenset, Iterator))
        )
    if origin in MAPS or is_typeddict(hint):
        return _is_object(value) or (origin in MAPS and pulumi._types.is_input_type(type(value)))
    if origin is collections.abc.Callable or hint is collections.abc.Callable:
        return callable(value)
    if not isinstance(hint, type):
        return True
    if getattr(hint, "_is_protocol", False):
        names = (name for name in vars(hint) if not name.startswith("_"))
        return all(hasattr(value, name) for name in names)
    return isinstance(value, hint)


def _is_ours(value: object) -> bool:
    return dataclasses.is_dataclass(value) and type(value).__module__.startswith("bluegreen.")


def _is_object(value: object) -> bool:
    return isinstance(value, Mapping) and all(isinstance(key, str) for key in value)


def _is_number(value: object, _: str = "") -> bool:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    # A whole number may be larger than any float.
    return number and (isinstance(value, int) or math.isfinite(value)) and value >= 0  # type: ignore[arg-type, operator]


def _is_whole(value: object, path: str) -> bool:
    if not _is_number(value) or int(value) != value:  # type: ignore[call-overload]
        return False
    least, most = (1, _MOST_PORT) if _is_port(path) else (0, _MOST)
    return least <= value <= most  # type: ignore[operator]


def _is_port(path: str) -> bool:
    return path.rpartition(".")[2].partition("[")[0].endswith(("port", "ports"))


def _is_text(value: object, path: str) -> bool:
    # A version is a number in a stack's configuration: components make a text of it.
    numbered = path.endswith(".version") and isinstance(value, (int, float)) and not isinstance(value, bool)
    return isinstance(value, str) or numbered


_SIMPLE: Mapping[Any, Callable[[Any, str], bool]] = {
    str: _is_text,
    Path: lambda value, _: isinstance(value, (str, Path)),
    int: _is_whole,
    float: _is_number,
    bool: lambda value, _: isinstance(value, bool),
    type(None): lambda value, _: value is None,
}


def _wanted(hint: Any, path: str) -> str:
    """The name of a kind."""
    if hint is int:
        return f"a port, 1 to {_MOST_PORT}" if _is_port(path) else "a whole number, 0 or more"
    words = {str: "a text", Path: "a path", float: "a number, 0 or more", bool: "true or false (True, False in Python)"}
    origin = get_origin(hint)
    if hint in words:
        return words[hint]
    if origin is Literal:
        return ", ".join(map(repr, get_args(hint)))
    if origin in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(_wanted(one, path) for one in get_args(hint)))
    if origin in LISTS:
        return "a list"
    if origin in MAPS or is_typeddict(hint):
        return "an object with named fields"
    if origin is collections.abc.Callable:
        return "a function"
    name = getattr(hint, "__name__", str(hint))
    module = getattr(hint, "__module__", "")
    if name == "Entry":
        return f"what a function of `bluegreen.{'aws' if '.aws.' in module else 'kubernetes'}` returns, such as alb()"
    return f"{'an' if name[:1] in 'AEIOU' else 'a'} {name}"


def _shown(value: Any) -> Any:
    """The value for a message, without the content of an object, which may be secret."""
    if isinstance(value, (Mapping, list, tuple)) and value:
        return type(value)
    return value if isinstance(value, (str, int, float, type(None), Mapping, list, tuple)) else type(value)
