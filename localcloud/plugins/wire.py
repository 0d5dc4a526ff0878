"""Protobuf structs <-> Python values.

A plugin that says that it accepts no secrets gets plain values, and the engine marks the outputs secret again by
itself; what still arrives wrapped is unwrapped here. One that accepts them asks for `keep_secrets` and gets `Secret`.
Resource references and output values are always unwrapped. Whole numbers arrive as floats and become integers.
"""

from __future__ import annotations

from typing import Any, Final

from google.protobuf import struct_pb2

from localcloud.plugins.values import UNKNOWN, Props, Secret

_SIG: Final = "4dabf18193072939515e22adb298388d"
_SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"
_RESOURCE: Final = "5cf8f73096256a8f31e491e813e4eb8e"
_OUTPUT: Final = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
_UNKNOWN_STRING: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
# The engine has a sentinel for each kind of value that is not known yet.
_UNKNOWNS: Final = frozenset(
    {
        _UNKNOWN_STRING,
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
        "030794c1-ac77-496b-92df-f27374a8bd58",
        "e48ece36-62e2-4504-bad9-02848725956a",
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
    }
)


def props_of(struct: struct_pb2.Struct, *, keep_secrets: bool = False) -> Props:
    """A request's properties; nulls are left out, as the engine means "not given" by them."""
    props = {key: _value(item, keep_secrets) for key, item in struct.fields.items()}
    return {key: item for key, item in props.items() if item is not None}


def _value(value: struct_pb2.Value, keep: bool) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "string_value":
        return UNKNOWN if value.string_value in _UNKNOWNS else value.string_value
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() else number
    if kind == "bool_value":
        return value.bool_value
    if kind == "list_value":
        return [_value(item, keep) for item in value.list_value.values]
    if kind == "struct_value":
        fields = value.struct_value.fields
        return _special(fields, keep) if _SIG in fields else props_of(value.struct_value, keep_secrets=keep)
    return None


def _special(fields: Any, keep: bool) -> Any:
    sig = fields[_SIG].string_value
    if sig == _SECRET:
        return _secret(_value(fields["value"], keep), keep)
    if sig == _OUTPUT:
        value = _value(fields["value"], keep) if "value" in fields else UNKNOWN
        return _secret(value, keep and "secret" in fields and fields["secret"].bool_value)
    if sig == _RESOURCE:
        return _value(fields["id"] if "id" in fields else fields["urn"], keep)
    return {key: _value(item, keep) for key, item in fields.items()}  # an asset or archive


def _secret(value: Any, keep: bool) -> Any:
    return Secret(value) if keep and not isinstance(value, Secret) else value


def struct_of(props: Props) -> struct_pb2.Struct:
    """Properties for a response; what is None is left out."""
    struct = struct_pb2.Struct()
    for key, item in props.items():
        if item is not None:
            struct.fields[key].CopyFrom(_proto(item))
    return struct


def resource_reference(urn: str, resource_id: str) -> Props:
    """A resource as a component's outputs name it."""
    return {_SIG: _RESOURCE, "urn": urn, "id": resource_id}


def _proto(value: Any) -> struct_pb2.Value:
    if value is UNKNOWN:
        return struct_pb2.Value(string_value=_UNKNOWN_STRING)
    if isinstance(value, Secret):
        return _proto({_SIG: _SECRET, "value": value.value})
    if value is None:
        return struct_pb2.Value(null_value=struct_pb2.NULL_VALUE)
    if isinstance(value, bool):
        return struct_pb2.Value(bool_value=value)
    if isinstance(value, int | float):
        return struct_pb2.Value(number_value=float(value))
    if isinstance(value, str):
        return struct_pb2.Value(string_value=value)
    if isinstance(value, dict):
        return struct_pb2.Value(struct_value=struct_of(value))
    if isinstance(value, list | tuple):
        return struct_pb2.Value(list_value=struct_pb2.ListValue(values=[_proto(item) for item in value]))
    raise TypeError(f"no protobuf value for {type(value).__name__}")
