"""The generated table, and a program's inputs held against it."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from localcloud.plugins.values import UNKNOWN, Failure, Props, ProviderError


@cache
def _table() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(Path(__file__).with_name("properties.json").read_text())
    return loaded


def tokens() -> list[str]:
    """All types that are served."""
    return list(_table()["types"])


def entry(token: str) -> dict[str, Any]:
    """The entry of a type.

    Raises:
        ProviderError: it is not served.
    """
    known: dict[str, Any] | None = _table()["types"].get(token)
    if known is None:
        raise ProviderError(
            f"{token} is not served by this stand-in for the Azure Native provider "
            "(see localcloud/plugins/azure_native)"
        )
    return known


def beside(token: str) -> frozenset[str]:
    """Paths in a body that the provider's api-version has, and Microsoft's client has not."""
    return frozenset(_table()["beside"].get(token, ()))


def kinds(token: str) -> dict[str, str]:
    """The kind of each input."""
    return {name.rstrip("!"): kind for name, kind in entry(token)["in"].items()}


def sent(value: Any, kind: str) -> Any:
    """A value as the API has it: some of a part's names stand below `properties` of its own."""
    if kind[0] == "[" and isinstance(value, list):
        return [sent(one, kind[1:]) for one in value]
    if kind[0] != "@" or not isinstance(value, dict):
        return value
    below = _table()["below"].get(kind[1:], ())
    shaped: Props = {}
    inner: Props = {}
    kinds_of = {name.rstrip("!"): one for name, one in _table()["objects"][kind[1:]].items()}
    for name, one in value.items():
        (inner if name in below else shaped)[name] = sent(one, kinds_of.get(name, "*"))
    return {**shaped, "properties": inner} if inner else shaped


def told(value: Any, kind: str) -> Any:
    """The reverse: a value of the API as the SDK has it."""
    if kind[0] == "[" and isinstance(value, list):
        return [told(one, kind[1:]) for one in value]
    if kind[0] != "@" or not isinstance(value, dict):
        return value
    kinds_of = {name.rstrip("!"): one for name, one in _table()["objects"][kind[1:]].items()}
    flat = dict(value)
    if kind[1:] in _table()["below"] and isinstance(value.get("properties"), dict):
        flat = {**value["properties"], **{name: one for name, one in value.items() if name != "properties"}}
    return {name: told(one, kinds_of.get(name, "*")) for name, one in flat.items()}


def check(token: str, inputs: Props) -> list[Failure]:
    """The problems with inputs: unknown names, other types, missing values."""
    failures: list[Failure] = []
    _object(inputs, entry(token)["in"], "", failures)
    return failures


def _object(value: Props, names: dict[str, str], path: str, failures: list[Failure]) -> None:
    kinds = {name.rstrip("!"): kind for name, kind in names.items()}
    for key, item in value.items():
        if key.startswith("__"):
            continue
        at = f"{path}.{key}" if path else key
        if key not in kinds:
            failures.append(Failure(at, f"unknown property; known: {', '.join(sorted(kinds))}"))
        else:
            _value(item, kinds[key], at, failures)
    missing = (name[:-1] for name in names if name.endswith("!") and value.get(name[:-1]) is None)
    failures += [Failure(f"{path}.{name}" if path else name, "missing required property") for name in missing]


def _value(value: Any, kind: str, path: str, failures: list[Failure]) -> None:
    if value is UNKNOWN or value is None or kind == "*":
        return
    if kind[0] == "@" and isinstance(value, dict):
        _object(value, _table()["objects"][kind[1:]], path, failures)
    elif kind[0] == "[" and isinstance(value, list):
        for number, one in enumerate(value):
            _value(one, kind[1:], f"{path}[{number}]", failures)
    elif kind[0] == "{" and isinstance(value, dict):
        for name, one in value.items():
            _value(one, kind[1:], f"{path}.{name}", failures)
    elif not _fits(value, kind):
        # The value itself may be a secret: its kind is enough to find the mistake.
        failures.append(Failure(path, f"expected {_SAID.get(kind[0], 'another value')}, got {type(value).__name__}"))


_SAID = {"@": "an object", "[": "a list", "{": "a map", "s": "a string", "i": "a whole number", "f": "a number",
         "b": "a boolean"}  # fmt: skip


def _fits(value: Any, kind: str) -> bool:
    if kind == "s":
        return isinstance(value, str)
    if kind == "b":
        return isinstance(value, bool)
    if kind in ("i", "f"):
        return isinstance(value, int if kind == "i" else (int, float)) and not isinstance(value, bool)
    return False
