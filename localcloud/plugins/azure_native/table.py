"""The generated table, and how a value stands in a body."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from localcloud.plugins.typed import Table
from localcloud.plugins.values import Props

_TABLE = Table(Path(__file__).with_name("properties.json"), "the Azure Native provider")
tokens, entry, kinds, check = _TABLE.tokens, _TABLE.entry, _TABLE.kinds, _TABLE.check


def beside(token: str) -> frozenset[str]:
    """Paths in a body that the provider's api-version has, and Microsoft's client has not."""
    return frozenset(_TABLE.content["beside"].get(token, ()))


def sent(value: Any, kind: str) -> Any:
    """A value as the API has it: some of a part's names stand below `properties` of its own."""
    if kind[0] == "[" and isinstance(value, list):
        return [sent(one, kind[1:]) for one in value]
    if kind[0] != "@" or not isinstance(value, dict):
        return value
    below = _TABLE.content["below"].get(kind[1:], ())
    shaped: Props = {}
    inner: Props = {}
    kinds_of = _TABLE.object(kind[1:])
    for name, one in value.items():
        (inner if name in below else shaped)[name] = sent(one, kinds_of.get(name, "*"))
    return {**shaped, "properties": inner} if inner else shaped


def told(value: Any, kind: str) -> Any:
    """The reverse: a value of the API as the SDK has it."""
    if kind[0] == "[" and isinstance(value, list):
        return [told(one, kind[1:]) for one in value]
    if kind[0] != "@" or not isinstance(value, dict):
        return value
    kinds_of = _TABLE.object(kind[1:])
    flat = dict(value)
    if kind[1:] in _TABLE.content["below"] and isinstance(value.get("properties"), dict):
        flat = {**value["properties"], **{name: one for name, one in value.items() if name != "properties"}}
    return {name: told(one, kinds_of.get(name, "*")) for name, one in flat.items()}
