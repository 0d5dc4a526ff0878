"""Notes in an object's ``description``, for objects that have neither labels nor annotations. Pure.

Each is a line of its own behind whatever people have written there, which stays as it is::

    The shop's front door
    bluegreen {"marks":{"incarnation":"1f3a"},"owner":"project/stack/web","place":"default"}

Where that gets too long for a description, the marks are packed: compressed, and in Base64.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping
from typing import Any

_PREFIX = "bluegreen "
LONGEST = 2048
"""The most characters that are written. Google's reference names no limit; this is what it has elsewhere."""

_PACKED = "packed"

Note = Mapping[str, Any]


def note_in(description: str, place: str) -> Note | None:
    """The note of a place; ``None`` where there is none."""
    found = (_note_of(line) for line in description.split("\n"))
    return next((note for note in found if note is not None and note.get("place") == place), None)


def with_note(description: str, place: str, note: Note | None) -> str:
    """The description with another note of a place; ``None`` takes it away."""
    lines = description.split("\n") if description else []
    kept = [line for line in lines if (_note_of(line) or {}).get("place") != place]
    if note is None:
        return "\n".join(kept)
    plain = "\n".join([*kept, _PREFIX + _text({**note, "place": place})])
    return plain if len(plain) <= LONGEST else "\n".join([*kept, _PREFIX + _text({**_packed(note), "place": place})])


def _text(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), sort_keys=True)


def _packed(note: Note) -> dict[str, Any]:
    marks = zlib.compress(_text(note.get("marks") or {}).encode(), 9)
    return {**{key: value for key, value in note.items() if key != "marks"}, _PACKED: base64.b64encode(marks).decode()}


def _unpacked(note: dict[str, Any]) -> dict[str, Any]:
    marks = zlib.decompress(base64.b64decode(note.pop(_PACKED)))
    return {**note, "marks": json.loads(marks)}


def _note_of(line: str) -> Note | None:
    if not line.startswith(_PREFIX):
        return None
    try:
        found = json.loads(line.removeprefix(_PREFIX))
        if not isinstance(found, dict):
            return None
        return _unpacked(found) if _PACKED in found else found
    except (ValueError, TypeError, zlib.error):
        return None  # somebody's own words, which begin alike
