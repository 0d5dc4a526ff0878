"""A promotion whose gates are skipped, because a person says so: for the night on which a gate is wrong.

The wish is a mark on the swap's object (``skip``), about one release in one color, and for an hour. The swap that it is
about takes it away with its lease, however it ends. Target health is no gate that can be skipped.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from bluegreen.printable import printable
from bluegreen.rollout.model import Color
from bluegreen.secrets import redact
from bluegreen.swap.marks import mark_text, who

MARK = "skip"
LASTS_SECONDS = 3_600
ALWAYS_ASKED = "target_health"
_STAMP = "%Y-%m-%dT%H:%M:%SZ"
_TEXT = re.compile(r"(blue|green) ([0-9a-f]{16}) (\S+Z) (\S+) (.+)")


@dataclass(frozen=True, slots=True)
class Skip:
    """The wish.

    Attributes:
        who: wants it.
        reason: why, as it was typed.
    """

    who: str
    reason: str

    def __str__(self) -> str:
        return f"all gates but target health are skipped in this promotion, as {self.who} wants: {self.reason}"


def wish(color: Color, digest: str, reason: str, at_seconds: float) -> dict[str, str]:
    """The mark of a wish.

    Args:
        color: the one to be promoted.
        digest: of its release.
        reason: why.
        at_seconds: now, since the epoch.
    """
    at = datetime.fromtimestamp(at_seconds, timezone.utc)
    return {MARK: mark_text(f"{color} {digest} {at:{_STAMP}} {who()} {reason}")}


def wished(marks: Mapping[str, str], color: Color, digests: Any, at_seconds: float) -> Skip | None:
    """The wish about this release in this color; ``None`` where there is none, or one about another, or an old one.

    Args:
        marks: the object's.
        color: the one that is promoted.
        digests: whatever tells its release now.
        at_seconds: now, since the epoch.
    """
    match = _TEXT.fullmatch(marks.get(MARK, ""))
    if match is None or match[1] != color or match[2] not in digests:
        return None
    try:
        at = datetime.strptime(match[3], _STAMP).replace(tzinfo=timezone.utc).timestamp()
    except ValueError:
        return None
    if abs(at_seconds - at) > LASTS_SECONDS:
        return None
    return Skip(printable(match[4]), printable(redact(match[5])))


def removal(marks: Mapping[str, str]) -> dict[str, str | None]:
    """The removal of any wish, whatever it is about."""
    return {MARK: None} if MARK in marks else {}
