"""Texts of others, made fit to be shown: on a terminal, in a CI log, in a stack's state.

Marks are annotations and tags: whoever may set one chooses its characters. Control characters would write over what a
terminal shows, and a CI system takes ``::error::`` or ``##vso[`` for a command of its own.
"""

from __future__ import annotations

import re

_LONGEST = 250
# Control and format characters, lone surrogates, and separators of lines: none of them is a letter of anything.
_INVISIBLE = re.compile("[\x00-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]+")
_COMMAND = re.compile(r"#{2,}(?=\w*\[)|:{2,}")


def printable(text: str, longest: int = _LONGEST) -> str:
    """Text of somebody else's on one line, without control characters, and no command for what reads the log.

    Args:
        text: what stands in a mark.
        longest: of how many characters at most.
    """
    seen = " ".join(_INVISIBLE.sub(" ", text).split())
    seen = _COMMAND.sub(lambda command: command[0][0], seen)
    return seen if len(seen) <= longest else f"{seen[:longest]}..."
