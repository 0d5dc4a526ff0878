"""Comparisons of names of places, for a router's ``same_place``: whether two values mean one place. Pure.

A key that is not named there is compared as it is.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Same = Callable[[Any, Any], bool]
"""Whether two values of a key, ``None`` where it is absent, name one place."""


@dataclass(frozen=True, slots=True)
class _Compared:
    """A comparison, with the one form that all spellings of a place share."""

    same: Same
    normal: Callable[[Any], Any]

    def __call__(self, one: Any, another: Any) -> bool:
        return self.same(one, another)


def alike(normal: Callable[[Any], Any]) -> Same:
    """A comparison of values by their normal form."""
    return _Compared(lambda one, another: bool(normal(one) == normal(another)), normal)


def shared_form(same: Same, value: Any) -> Any:
    """The form that a value shares with each one that may name the same place; ``None`` where nobody knows one.

    Two places may share it, too: an account and a region are in an ARN, and not in a name.
    """
    return same.normal(value) if isinstance(same, _Compared) else None


def or_default(default: str) -> Same:
    """A comparison in which an absent value means ``default``."""
    return alike(lambda value: default if value in (None, "") else value)


def by_color(same: Same) -> Same:
    """A comparison of two objects with a value for each color."""

    def both(one: Any, another: Any) -> bool:
        if not isinstance(one, Mapping) or not isinstance(another, Mapping):
            return bool(one == another)
        return one.keys() == another.keys() and all(same(one[key], another[key]) for key in one)

    def each(value: Any) -> Any:
        known = isinstance(value, Mapping)
        return {key: shared_form(same, item) for key, item in value.items()} if known else value

    return _Compared(both, each)


def _arn_or_name(one: Any, another: Any) -> bool:
    if not isinstance(one, str) or not isinstance(another, str):
        return bool(one == another)
    if _is_arn(one) and _is_arn(another):
        return one == another
    return last_of_arn(one) == last_of_arn(another)


def last_of_arn(value: str) -> str:
    """``web`` of ``arn:aws:ecs:us-east-1:123456789012:service/cluster/web`` and of ``web``."""
    return value.replace("/", ":").rpartition(":")[2] if _is_arn(value) else value


def zone_id(value: Any) -> Any:
    """``Z1`` of ``/hostedzone/Z1``, as the API's own answers have it."""
    return value.removeprefix("/").removeprefix("hostedzone/") if isinstance(value, str) else value


def dns_name(value: Any) -> Any:
    """A host or record name in small letters, without the dot at its end."""
    return value.lower().removesuffix(".") if isinstance(value, str) else value


def file_path(value: Any) -> Any:
    """``/etc/web.json`` of ``/etc//envoy/../web.json``; links are not followed."""
    if not isinstance(value, str):
        return value
    return posixpath.normpath("/" + value.lstrip("/") if value.startswith("/") else value)


def _is_arn(value: str) -> bool:
    return value.startswith("arn:")


arn_or_name: Same = _Compared(_arn_or_name, lambda value: last_of_arn(value) if isinstance(value, str) else value)
"""Whether an ARN and the bare name at its end are the same; two ARNs have to be equal, with account and region."""

in_any_case: Same = alike(lambda value: value.lower() if isinstance(value, str) else value)
"""Whether two texts are the same but for capitals."""
