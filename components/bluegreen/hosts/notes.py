"""The file beside a proxy's own: whose that one is, and the marks of its swap. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bluegreen.platforms.ownership import Ownership
from bluegreen.rollout.errors import NotOwned, PlatformError

SUFFIX = ".bluegreen"
_OWNER, _MARKS = "owner", "marks"


@dataclass(frozen=True, slots=True)
class Notes:
    """The content of the file of notes.

    Attributes:
        owner: ``project/stack/name``.
        marks: the swap's.
        more: what a router keeps there beside.
    """

    owner: str
    marks: Mapping[str, str]
    more: Mapping[str, Any] = field(default_factory=dict)

    def text(self) -> bytes:
        """The file."""
        content = {_OWNER: self.owner, _MARKS: dict(sorted(self.marks.items())), **self.more}
        return json.dumps(content, indent=2).encode() + b"\n"

    def with_marks(self, changes: Mapping[str, str | None]) -> dict[str, str]:
        """The marks after changes; ``None`` removes one."""
        return {name: value for name, value in {**self.marks, **changes}.items() if value is not None}


def parsed(content: bytes | None, file: str, call: str) -> Notes | None:
    """The notes in the file; ``None`` where there is none.

    Raises:
        PlatformError: it is not what a swap has written.
    """
    if content is None:
        return None
    try:
        values = json.loads(content)
        owner, marks = values.pop(_OWNER), values.pop(_MARKS)
        if not isinstance(owner, str) or not isinstance(marks, dict):
            raise ValueError("its owner is no text, or its marks are no object")
    except (ValueError, AttributeError, KeyError, TypeError) as error:
        raise PlatformError(call, f"{file} is not what a swap has written: {error}") from error
    return Notes(owner, marks, values)


def check(notes: Notes | None, known: Ownership, what: str, call: str) -> None:
    """Refuse what is somebody else's.

    Raises:
        NotOwned: it is.
    """
    if notes is not None and not known.holds(notes.owner, notes.marks):
        raise NotOwned(call, f"{what} is owned by {notes.owner}; this swap is {known.owner}")
