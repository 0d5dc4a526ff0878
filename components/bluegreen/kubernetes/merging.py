"""A manifest with another one laid over it, as people expect of an override. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def merged(base: Any, over: Any) -> Any:
    """``over`` laid over ``base``: objects merge by key, lists of named objects by name; anything else is replaced.

    ``None`` removes what it stands for.
    """
    if isinstance(base, Mapping) and isinstance(over, Mapping):
        result = {key: merged(base[key], over[key]) if key in over else base[key] for key in base}
        result.update({key: _plain(value) for key, value in over.items() if key not in base})
        return {key: value for key, value in result.items() if not (key in over and over[key] is None)}
    if _named(base) and _named(over):
        by_name = {item["name"]: item for item in over}
        first = [merged(item, by_name.pop(item["name"])) if item["name"] in by_name else item for item in base]
        return [*first, *map(_plain, by_name.values())]
    return _plain(over)


def _plain(value: Any) -> Any:
    """A value without ``None`` entries, which remove nothing where there is nothing."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items() if item is not None}
    return [_plain(item) for item in value] if isinstance(value, (list, tuple)) else value


def _named(value: Any) -> bool:
    is_list = isinstance(value, Sequence) and not isinstance(value, (str, bytes))
    return (
        is_list
        and bool(value)
        and all(isinstance(item, Mapping) and isinstance(item.get("name"), str) for item in value)
    )
