"""The texts of a function's or class' parts, from docstrings in Google's style: their one source."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable
from importlib import import_module
from typing import Any

_SECTION = re.compile(r"^(Args|Attributes|Raises|Returns):(?: as in .*)?$")
_ENTRY = re.compile(r"^    \*{0,2}(\w+): (.*)$")
_REFERENCE = re.compile(r"``([\w.]+)``")


def summary(described: Any) -> str:
    """The text before the sections, a line a paragraph."""
    lines = []
    for line in inspect.cleandoc(described.__doc__ or "").splitlines():
        if _SECTION.match(line):
            break
        lines.append(line)
    return "\n\n".join(" ".join(part.split()) for part in "\n".join(lines).split("\n\n") if part.strip())


def parts(described: Any) -> dict[str, str]:
    """The text of each argument or attribute, also from docstrings that this one refers to, as ``OtherClass``."""
    return _parts(described, set())


def _parts(described: Any, seen: set[int]) -> dict[str, str]:
    seen.add(id(described))
    texts: dict[str, str] = {}
    for other in _referred(described):
        if id(other) not in seen:
            texts = {**_parts(other, seen), **texts}
    return {**texts, **_own_parts(described)}


def _own_parts(described: Any) -> dict[str, str]:
    texts: dict[str, list[str]] = {}
    inside, name = False, ""
    for line in inspect.cleandoc(described.__doc__ or "").splitlines():
        section = _SECTION.match(line)
        if section is not None:
            inside = section[1] in ("Args", "Attributes")
        elif inside and (entry := _ENTRY.match(line)):
            name = entry[1]
            texts[name] = [entry[2]]
        elif inside and name and line.strip():
            texts[name].append(line.strip())
    return {name: " ".join(lines) for name, lines in texts.items()}


def _referred(described: Any) -> Iterable[Any]:
    """Classes and functions of this package that the docstring names."""
    module = inspect.getmodule(described)
    for name in _REFERENCE.findall(described.__doc__ or ""):
        target = None
        if name.startswith("bluegreen.") and name.count(".") > 1:
            home, _, last = name.rpartition(".")
            try:
                target = getattr(import_module(home), last, None)
            except ModuleNotFoundError:
                continue
        elif name.isidentifier():
            target = getattr(module, name, None)
        if (inspect.isclass(target) or inspect.isfunction(target)) and target.__module__.startswith("bluegreen."):
            yield target
