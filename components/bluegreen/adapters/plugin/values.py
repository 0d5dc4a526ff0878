"""Values as the engine sends them, and as the swap has them: plain data, ``UNKNOWN``, and paths of secrets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from google.protobuf import struct_pb2

from bluegreen.adapters.plugin import sdk
from bluegreen.fields import UNKNOWN
from bluegreen.secrets import remember

Path = tuple[str | int, ...]
_LEAST_CHARACTERS = 8
_OF_RELEASES = ("previous", "history", "held", "live_release_change")


@dataclass(frozen=True, slots=True)
class Received:
    """The content of a message.

    Attributes:
        values: plain data.
        secrets: paths of what is secret: ``("gates", 0, "headers")``.
    """

    values: dict[str, Any]
    secrets: frozenset[Path] = field(default_factory=frozenset)


def received(message: struct_pb2.Struct) -> Received:
    """Read a message."""
    secrets: set[Path] = set()
    values = {name: _plain(value, (name,), secrets) for name, value in message.fields.items()}
    for path in secrets:
        _remember(_at(values, path))
    # What is said of releases is made of them.
    derived = {(name,) for name in _OF_RELEASES for path in secrets if path[0] == "releases"}
    return Received(values, frozenset(secrets | derived))


def _at(value: Any, path: Path) -> Any:
    for part in path:
        value = value[part]
    return value


def _remember(value: Any) -> None:
    """Redact values that the engine marks as secret. Short ones are left: a color's name stands in every message."""
    if isinstance(value, str) and len(value) >= _LEAST_CHARACTERS:
        remember(value)
    elif isinstance(value, Mapping):
        for item in value.values():
            _remember(item)
    elif isinstance(value, list):
        for item in value:
            _remember(item)


def _plain(value: struct_pb2.Value, path: Path, secrets: set[Path]) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        fields = value.struct_value.fields
        signature = fields[sdk.SIGNATURE_KEY].string_value if sdk.SIGNATURE_KEY in fields else ""
        if signature == sdk.SECRET_SIGNATURE:
            secrets.add(path)
            return _plain(fields["value"], path, secrets)
        if signature == sdk.OUTPUT_SIGNATURE:
            if "secret" in fields and fields["secret"].bool_value:
                secrets.add(path)
            return _plain(fields["value"], path, secrets) if "value" in fields else UNKNOWN
        return {name: _plain(item, (*path, name), secrets) for name, item in fields.items()}
    if kind == "list_value":
        return [_plain(item, (*path, index), secrets) for index, item in enumerate(value.list_value.values)]
    if kind == "string_value" and value.string_value == sdk.UNKNOWN_TEXT:
        return UNKNOWN
    return None if kind in (None, "null_value") else getattr(value, kind)


def message(values: Mapping[str, Any], secrets: frozenset[Path] = frozenset()) -> struct_pb2.Struct:
    """Make a message. A value that came as a secret goes back as one.

    Args:
        values: plain data and ``UNKNOWN``.
        secrets: paths as ``received`` found them; a path that is not in the values says nothing.
    """
    return struct_pb2.Struct(fields={name: _value(value, (name,), secrets) for name, value in values.items()})


def _value(value: Any, path: Path, secrets: frozenset[Path]) -> struct_pb2.Value:
    made = _bare(value, path, secrets)
    if path not in secrets:
        return made
    signature = struct_pb2.Value(string_value=sdk.SECRET_SIGNATURE)
    fields = {sdk.SIGNATURE_KEY: signature, "value": made}
    return struct_pb2.Value(struct_value=struct_pb2.Struct(fields=fields))


def _bare(value: Any, path: Path, secrets: frozenset[Path]) -> struct_pb2.Value:
    if value is None:
        return struct_pb2.Value(null_value=struct_pb2.NULL_VALUE)
    if value is UNKNOWN:
        return struct_pb2.Value(string_value=sdk.UNKNOWN_TEXT)
    if isinstance(value, Mapping):
        fields = {str(name): _value(item, (*path, str(name)), secrets) for name, item in value.items()}
        return struct_pb2.Value(struct_value=struct_pb2.Struct(fields=fields))
    if isinstance(value, (list, tuple)):
        items = [_value(item, (*path, index), secrets) for index, item in enumerate(value)]
        return struct_pb2.Value(list_value=struct_pb2.ListValue(values=items))
    if isinstance(value, bool):
        return struct_pb2.Value(bool_value=value)
    return struct_pb2.Value(string_value=value) if isinstance(value, str) else struct_pb2.Value(number_value=value)
