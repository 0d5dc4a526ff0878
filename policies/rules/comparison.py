"""Compares two resources' properties and names each difference by its path."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from .values import UNKNOWN


class _Absent:
    def __repr__(self) -> str:
        return "not set"


ABSENT: Final = _Absent()

# What names an entry of a list, so that its path says more than a number.
_ENTRY_NAMES = ("name", "containerPort", "containerPath", "sourceContainer", "sourceVolume")


@dataclass(frozen=True, slots=True)
class Difference:
    """One property with its two values; either may be ``ABSENT``."""

    path: str
    blue: object
    green: object


def differences(blue: Any, green: Any, path: str = "") -> Iterator[Difference]:
    """Every property that differs. What is not known yet differs from nothing; absent and empty are the same."""
    if blue is UNKNOWN or green is UNKNOWN or (_empty(blue) and _empty(green)):
        return
    if isinstance(blue, Mapping) and isinstance(green, Mapping):
        for key in sorted({*blue, *green}):
            inner = f"{path}.{key}" if path else str(key)
            yield from differences(blue.get(key, ABSENT), green.get(key, ABSENT), inner)
    elif _is_list(blue) and _is_list(green):
        yield from _lists(blue, green, path)
    elif blue != green:
        yield Difference(path, blue, green)


def _lists(blue: Sequence[Any], green: Sequence[Any], path: str) -> Iterator[Difference]:
    named_blue, named_green = _by_name(blue), _by_name(green)
    if named_blue is not None and named_green is not None:
        for name in dict.fromkeys([*named_blue, *named_green]):
            yield from differences(named_blue.get(name, ABSENT), named_green.get(name, ABSENT), f"{path}[{name}]")
    elif len(blue) != len(green):
        if UNKNOWN not in (*blue, *green):
            yield Difference(path, blue, green)
    else:
        for index, (one, two) in enumerate(zip(blue, green, strict=True)):
            yield from differences(one, two, f"{path}[{index}]")


def _by_name(entries: Sequence[Any]) -> dict[Any, Any] | None:
    """A list's entries by what names them, if something does."""
    if not all(isinstance(entry, Mapping) for entry in entries):
        return None
    for key in _ENTRY_NAMES:
        names = [entry.get(key) for entry in entries]
        if all(isinstance(name, (str, int, float)) for name in names) and len(set(names)) == len(names):
            return dict(zip(names, entries, strict=True))
    return None


def _is_list(value: object) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes))


def _empty(value: Any) -> bool:
    """Nothing, or what stands for it: platforms write ``0``, ``""`` and ``[]`` where a program wrote nothing."""
    if isinstance(value, Mapping):
        return all(_empty(item) for item in value.values())
    return value is ABSENT or value is None or (not value and value is not UNKNOWN)
