"""Names as programs in other languages have them, ``activeColor`` for ``active_color``, and as short as a place is."""

from __future__ import annotations

import hashlib
import re

_DIGITS = 6


def camel(name: str) -> str:
    """``desired_count`` becomes ``desiredCount``."""
    first, *others = name.split("_")
    return first + "".join(part[:1].upper() + part[1:] for part in others)


def snake(name: str) -> str:
    """``desiredCount`` becomes ``desired_count``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def shortened(name: str, most: int) -> str:
    """The name where it fits, else its beginning and a digest of all of it: the same each time, and of no other name.

    Args:
        name: in full.
        most: how many characters there may be.
    """
    if len(name) <= most:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:_DIGITS]
    return f"{name[: most - _DIGITS - 1].rstrip('-._')}-{digest}"
