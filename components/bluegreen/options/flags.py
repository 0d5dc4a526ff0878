"""Options that are on or off."""

from __future__ import annotations

from bluegreen.fields import UNKNOWN, Fields


def flag(fields: Fields, name: str) -> bool:
    """``True`` or ``False``; absent and not known yet are off."""
    value = fields.raw(name, False)
    if isinstance(value, bool):
        return value
    if value is not UNKNOWN:
        fields.problem(name, value, "true or false")
    return False
