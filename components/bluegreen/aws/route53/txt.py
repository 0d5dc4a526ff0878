"""Texts as values of Route 53's TXT records, and back. Pure."""

from __future__ import annotations

import re

_STRING_LIMIT = 255
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')


def text_of(value: str) -> str:
    """A TXT value without its quotes; long ones are several strings, and some characters come as octal numbers."""
    joined = "".join(_STRING.findall(value))
    return re.sub(r"\\(\d{3}|.)", lambda match: chr(int(match[1], 8)) if len(match[1]) == 3 else match[1], joined)


def quoted(text: str) -> str:
    """A text as a TXT value."""
    parts = (text[start : start + _STRING_LIMIT] for start in range(0, len(text), _STRING_LIMIT))
    return " ".join(f'"{part}"' for part in parts)
