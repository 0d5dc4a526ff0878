"""Docstrings as texts for users of every language: other names, and defaults where the text names none."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

_FOR_PYTHON = re.compile(
    r"\s?\(see ``bluegreen\.[\w.]+``\)|,? (?:from|of) ``bluegreen\.[\w.]+``"
    r"|``\w+`` and ``\w+`` say what the arguments are\."
)
"""Where to look in the Python package."""
_CODE = re.compile(r"``(.+?)``")
_NAME = re.compile(r"(?<![\w./-])[a-z][a-z0-9]*(?:_[a-z0-9]+)+(?![\w.-])")


def described(
    text: str, *, default: Any = None, none: Any = None, choices: Sequence[str] = (), free: bool = False
) -> str:
    """The text of a docstring with the defaults of its function's signature; names are still Python's: see ``spelled``.

    Args:
        text: from a docstring.
        default: the default, ``None`` where there is none to name.
        none: the value that stands for ``None``.
        choices: the texts that are allowed.
        free: whether the property is a map whose keys are passed on as they are: so are the names in its text.
    """
    zero, text = json.dumps(none), _FOR_PYTHON.sub("", text).strip()
    # "``None``: no budget" is true of what stands for it.
    told = text if none is None else text.replace("``None``", f"``{zero}``")
    if free:
        told = _CODE.sub(r"`\1`", told)
    more = []
    if choices:
        more.append(f"One of {', '.join(f'`{choice}`' for choice in choices)}.")
    if default is not None and "default" not in told.lower():
        more.append(f"Default: `{json.dumps(default)}`.")
    if none is not None and f"``{zero}``" not in told:
        more.append(f"`{zero}`: none.")
    if free:
        more.append("Keys are passed on as they are.")
    if more and not told.endswith("."):
        told += "."
    sentence = " ".join([told, *more])
    return sentence[:1].upper() + sentence[1:]


def spelled(text: str, names: Mapping[str, str]) -> str:
    """The text with the names of properties, where they stand as code, as every other language has them.

    Args:
        text: from ``described``.
        names: of all properties, in Python's spelling and in every other language's.
    """

    def code(match: re.Match[str]) -> str:
        words = match[1][:-2] if re.fullmatch(r"\w+\(\)", match[1]) else match[1]
        return f"`{_NAME.sub(lambda name: names.get(name[0], name[0]), words)}`"

    return _CODE.sub(code, text)
