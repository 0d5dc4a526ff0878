"""Texts as values of a TXT record, and back. Pure.

A value is one or more strings in quotes, each of at most 255 bytes: https://www.rfc-editor.org/rfc/rfc1035#section-5.1
"""

from __future__ import annotations

import re

_LONGEST_BYTES = 255
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')
_ESCAPED = re.compile(rb"\\(\d{3}|.)", re.DOTALL)


def text_of(value: str) -> str:
    """The text of a value, with quotes or without."""
    strings = _STRING.findall(value) if value.startswith('"') else [value]
    joined = "".join(strings).encode()
    plain = _ESCAPED.sub(lambda match: bytes([int(match[1]) & 255]) if len(match[1]) == 3 else match[1], joined)
    return plain.decode(errors="replace")


def quoted(text: str) -> str:
    """The value of a text."""
    said = text.encode()
    parts = (said[start : start + _LONGEST_BYTES] for start in range(0, len(said), _LONGEST_BYTES))
    return " ".join(f'"{"".join(map(_escaped, part))}"' for part in parts) or '""'


def _escaped(byte: int) -> str:
    if byte in b'"\\':
        return f"\\{chr(byte)}"
    return chr(byte) if 32 <= byte < 127 else f"\\{byte:03d}"
