"""Notes in DNS of how a record was before its swap. Pure."""

from __future__ import annotations

import base64
import json
from typing import Any

UNREADABLE = (
    "has a value bluegreen:adopted… that cannot be read: it is how a record was before the swap. Put it back as it "
    "was, or take it out, and the record stays as it is at the end"
)
"""What is wrong with a note that somebody has changed, behind its name."""


def unpacked(text: str) -> dict[str, Any]:
    """A record, of a JSON object in Base64.

    Raises:
        ValueError: it is none.
    """
    found = json.loads(base64.b64decode(text))
    if not isinstance(found, dict):
        raise ValueError(text)
    return found
