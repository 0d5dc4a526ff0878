"""One form for plain data that means the same, and whether all of it is known. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from bluegreen.fields import UNKNOWN


def plain(value: object) -> object:
    """A normal form for values that mean the same: no ``None`` entries, no tuples, whole floats as integers."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items() if item is not None}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def holds_unknown(value: object) -> bool:
    """Whether something in a value is not known yet."""
    if isinstance(value, Mapping):
        return any(holds_unknown(item) for item in value.values())
    if isinstance(value, (list, tuple)):
        return any(holds_unknown(item) for item in value)
    return value is UNKNOWN
