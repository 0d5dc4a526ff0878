"""Amounts of CPU, memory and the like: `0.5` and `500m` are the same, and the API server writes them its own way."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Final

_SUFFIXES: Final = {
    **dict(zip(("Ki", "Mi", "Gi", "Ti", "Pi", "Ei"), (Decimal(1024) ** n for n in range(1, 7)), strict=True)),
    **dict(zip(("k", "M", "G", "T", "P", "E"), (Decimal(1000) ** n for n in range(1, 7)), strict=True)),
    "": Decimal(1),
    "m": Decimal("0.001"),
    "u": Decimal("0.000001"),
    "n": Decimal("0.000000001"),
}
# Maps of amounts, and single amounts, by the name of the property that holds them.
_MAPS: Final = frozenset(
    {
        *("limits", "requests", "hard", "capacity", "overhead", "default", "defaultRequest", "max", "min"),
        "maxLimitRequestRatio",
    }
)
_SINGLE: Final = frozenset({"sizeLimit", "divisor", "averageValue"})


def amount(value: object) -> Decimal | None:
    """The number that is meant; None where it is no amount."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    match = re.fullmatch(r"([+-]?[0-9.]+)(?:([eE][+-]?\d+)|([a-zA-Z]*))", str(value).strip())
    if match is None or (match[3] or "") not in _SUFFIXES:
        return None
    try:
        return Decimal(match[1] + (match[2] or "")) * _SUFFIXES[match[3] or ""]
    except InvalidOperation:
        return None


def is_amount(path: tuple[str | int, ...]) -> bool:
    """Whether the API holds an amount at this path."""
    if path[-1] in _SINGLE or path[-2:] == ("target", "value"):
        return True
    return len(path) > 1 and path[-2] in _MAPS


def same(one: object, other: object) -> bool:
    """Whether two ways to write an amount mean the same."""
    first = amount(one)
    return first is not None and first == amount(other)
