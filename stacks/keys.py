"""The config keys that a program here reads, found in its text: a key stands only where it is read.

``config.get("url")``, ``config.require(f"{color}Image")``, ``setting("replicas", 2)``, and whatever the functions of
``settings.py`` read that the program calls.
"""

from __future__ import annotations

import ast
import difflib
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

import settings

_HERE = Path(__file__).parent
_NO_PROGRAMS = ("__main__", "keys", "settings")
_CONFIGS = ("config", "_config")
_COLORS = ("blue", "green")


def programs() -> list[str]:
    """Each platform that has a program here: every file is one, but for those that they share."""
    return sorted({path.stem for path in _HERE.glob("*.py")} - set(_NO_PROGRAMS))


def keys_of(platform: str) -> frozenset[str]:
    """Every key that the program of a platform may read."""
    shared = ast.parse((_HERE / "settings.py").read_text())
    functions = {function.name: function for function in shared.body if isinstance(function, ast.FunctionDef)}
    wanted: list[ast.AST] = [ast.parse((_HERE / f"{platform}.py").read_text())]
    keys: set[str] = set()
    while wanted:
        for call in _calls(wanted.pop()):
            keys |= _read_by(call)
            called = call.func.id if isinstance(call.func, ast.Name) else ""
            if called in functions:
                wanted.append(functions.pop(called))
                keys |= set(settings.SWAP_KEYS.values()) if called == "swaps" else set()
    return frozenset(keys)


def unread(given: Iterable[str], read: Collection[str]) -> Iterator[str]:
    """The problems with keys that a program does not read: one sentence each.

    Args:
        given: the project's keys in the stack's config.
        read: the keys that are read.
    """
    for key in sorted(set(given) - set(read)):
        alike = difflib.get_close_matches(key, read, n=1)
        meant = f"did you mean {alike[0]}?" if alike else f"it reads {', '.join(sorted(read))}."
        yield f"the program reads no config key {key}, which would be without effect; {meant}"


def _calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def _read_by(call: ast.Call) -> set[str]:
    named, of = call.func, getattr(call.func, "value", None)
    of_config = isinstance(named, ast.Attribute) and isinstance(of, ast.Name) and of.id in _CONFIGS
    if not call.args or not (of_config or (isinstance(named, ast.Name) and named.id == "setting")):
        return set()
    key = call.args[0]
    if isinstance(key, ast.Constant) and isinstance(key.value, str):
        return {key.value}
    if isinstance(key, ast.JoinedStr):  # f"{color}Image"
        rest = "".join(str(part.value) for part in key.values if isinstance(part, ast.Constant))
        return {f"{color}{rest}" for color in _COLORS}
    return set()
