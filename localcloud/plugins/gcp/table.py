"""The generated table, and how a value has to be written on the wire."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from localcloud.plugins.typed import Table
from localcloud.plugins.values import Props

_TABLE = Table(Path(__file__).with_name("properties.json"), "the Google Cloud provider")
tokens, entry, kinds, check = _TABLE.tokens, _TABLE.entry, _TABLE.kinds, _TABLE.check


def sent(token: str, inputs: Props) -> Props:
    """Inputs as Google has them; what is the provider's own is left out."""
    return _sent(inputs, kinds(token), entry(token)["wire"])


def _sent(value: Props, kinds_of: dict[str, str], wire: dict[str, str]) -> Props:
    found: Props = {}
    for name, one in value.items():
        if name not in wire or one is None:
            continue
        bare, mark = _parted(wire[name])
        outer, _, inner = bare.rpartition(".")
        into = found.setdefault(outer, {}) if outer else found
        into[inner] = _marked(_value_sent(one, kinds_of.get(name, "*")), mark)
    return found


def _value_sent(value: Any, kind: str) -> Any:
    if kind[0] == "[" and isinstance(value, list):
        return [_value_sent(one, kind[1:]) for one in value]
    if kind[0] == "{" and isinstance(value, dict):
        return {name: _value_sent(one, kind[1:]) for name, one in value.items()}
    if kind[0] == "@" and isinstance(value, dict):
        return _sent(value, _TABLE.object(kind[1:]), _TABLE.content["wire"].get(kind[1:], {}))
    return value


def _marked(value: Any, mark: str) -> Any:
    if mark == "*":
        return [value]
    if mark == "=":
        return [{"key": key, "value": item} for key, item in value.items()]
    if mark == "^":
        return value[0] if isinstance(value, list) and value else None
    return str(value) if mark == "#" else value


def told(token: str, answer: Props) -> Props:
    """The reverse: an object of Google's as the SDK has it."""
    return _told(answer, kinds(token), entry(token)["wire"])


def _told(value: Props, kinds_of: dict[str, str], wire: dict[str, str]) -> Props:
    found = {}
    for name, on_the_wire in wire.items():
        bare, mark = _parted(on_the_wire)
        outer, _, inner = bare.rpartition(".")
        one = ((value.get(outer) or {}) if outer else value).get(inner)
        if one is None:
            continue
        if mark == "=":
            one = {item["key"]: item["value"] for item in one}
        elif mark == "*":
            one = one[0] if one else None
        elif mark == "^":
            one = [one]
        elif mark == "#":
            one = int(one)
        found[name] = _value_told(one, kinds_of.get(name, "*"))
    return found


def _value_told(value: Any, kind: str) -> Any:
    if kind[0] == "[" and isinstance(value, list):
        return [_value_told(one, kind[1:]) for one in value]
    if kind[0] == "{" and isinstance(value, dict):
        return {name: _value_told(one, kind[1:]) for name, one in value.items()}
    if kind[0] == "@" and isinstance(value, dict):
        return _told(value, _TABLE.object(kind[1:]), _TABLE.content["wire"].get(kind[1:], {}))
    return value


def _parted(wire: str) -> tuple[str, str]:
    return (wire[:-1], wire[-1]) if wire[-1] in "*^#=" else (wire, "")
