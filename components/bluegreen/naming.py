"""Names as programs in other languages have them: ``activeColor`` for ``active_color``."""

from __future__ import annotations

import re


def camel(name: str) -> str:
    """``desired_count`` becomes ``desiredCount``."""
    first, *others = name.split("_")
    return first + "".join(part[:1].upper() + part[1:] for part in others)


def snake(name: str) -> str:
    """``desiredCount`` becomes ``desired_count``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
