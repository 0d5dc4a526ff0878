"""Texts of others (a program's output, an answer's body), made fit to be shown."""

from __future__ import annotations

import re

from bluegreen.secrets import redact

SHOWN_CHARACTERS = 200
_ESCAPE_SEQUENCE = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")


def shortened(text: str, most: int = SHOWN_CHARACTERS) -> str:
    """The first line that says something: redacted, without control characters, at most ``most`` characters."""
    lines = _lines(text)
    return lines[0] if lines and len(lines[0]) <= most else lines[0][: most - 1] + "…" if lines else ""


def last_line(text: str, most: int = SHOWN_CHARACTERS) -> str:
    """The last line, redacted; of a long one its end, since its beginning may have been cut within a secret."""
    lines = _lines(text)
    return lines[-1] if lines and len(lines[-1]) <= most else "…" + lines[-1][1 - most :] if lines else ""


def _lines(text: str) -> list[str]:
    # Redacted before and after: a secret may hold what is taken out, and may appear only when that is gone. Before
    # anything is cut: half a secret would not be found any more.
    clean = _ESCAPE_SEQUENCE.sub("", redact(text))
    lines = ("".join(letter if letter.isprintable() else " " for letter in line).strip() for line in clean.splitlines())
    return [redact(line) for line in lines if line]
