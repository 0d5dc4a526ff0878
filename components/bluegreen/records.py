"""Records that leave the process: plain JSON data without secrets."""

from __future__ import annotations

import math
from collections.abc import Mapping
from enum import Enum
from typing import Any

from bluegreen.secrets import redact


def shown(value: object) -> Any:
    """The value as JSON has it, every text redacted; what JSON cannot hold becomes its text."""
    if isinstance(value, Enum):
        return shown(value.value)
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, Mapping):
        return {redact(str(key)): shown(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [shown(item) for item in value]
    return redact(str(value))
