"""Writes `properties.json`: what the installed SDK sends, and the names that it has on the wire.

The SDK's modules are parsed, not imported. Its names come from Terraform: lists have a plural of their own (`envs`),
and where there may be one alone there is no list (`ports`). So each name is looked for in Google's description, as it
is and in its singular.

    python -m localcloud.plugins.gcp.generate

Types are written as in the table of the AWS stand-in. On the wire `*` after a name is a list of the one value, `^` the
one of the list, `#` a whole number written as a text, `=` a list of keys with their values. A name with a dot is in an
object of its own.
"""

from __future__ import annotations

import ast
import importlib.util
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from localcloud.google.description import load
from localcloud.plugins.aws.generate import inputs_of, object_name, output_getters, text
from localcloud.plugins.gcp.declared import Declared
from localcloud.plugins.gcp.types import TYPES

TABLE = Path(__file__).with_name("properties.json")
_LISTED, _ALONE, _NUMBER = "*", "^", "#"


@cache
def _sdk() -> Path:
    spec = importlib.util.find_spec("pulumi_gcp")
    if spec is None or spec.origin is None:
        raise SystemExit("pulumi_gcp is not installed: pip install '.[dev]'")
    return Path(spec.origin).parent


@cache
def _classes(path: Path) -> dict[str, ast.ClassDef]:
    return {node.name: node for node in ast.parse(path.read_text()).body if isinstance(node, ast.ClassDef)}


def _module(token: str) -> str:
    return token.split(":")[1].partition("/")[0]


def _file(token: str) -> Path:
    name = token.rpartition(":")[2]
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
    return _sdk() / _module(token) / f"{snake}.py"


def _singular(name: str) -> str:
    return name[:-3] + "y" if name.endswith("ies") else name.removesuffix("s")


class _Wire:
    """The names on the wire of a type's objects, found by going through both descriptions side by side."""

    def __init__(self, declared: Declared, objects: Mapping[str, Mapping[str, str]]) -> None:
        self._declared, self._objects = declared, objects
        self._schemas = load(declared.api[3]).schemas
        self.names: dict[str, dict[str, str]] = {}
        self.missing: list[str] = []

    def of(self, kinds: Mapping[str, str], schema: Mapping[str, Any], called: str) -> dict[str, str]:
        """Those of an object's names that are on the wire."""
        found = {}
        known = schema.get("properties", {})
        for given, kind in kinds.items():
            name = given.rstrip("!")
            renamed = self._declared.renamed.get(f"{called}.{name}")
            wire = renamed or (name if name in known else _singular(name))
            if "." in wire:
                found[name] = wire
                continue
            if wire not in known:
                self.missing.append(f"{called}.{name}")
                continue
            there = self._resolved(known[wire])
            found[name] = wire + self._mark(kind, there)
            inner = self._resolved(there["items"]) if there.get("type") == "array" else there
            self._below(kind.lstrip("[{"), inner)
        return found

    def _below(self, kind: str, schema: Mapping[str, Any]) -> None:
        if kind[:1] != "@" or kind[1:] in self.names:
            return
        self.names[kind[1:]] = {}  # for one that has itself below it
        values = self._resolved(schema["additionalProperties"]) if "additionalProperties" in schema else schema
        self.names[kind[1:]] = self.of(self._objects[kind[1:]], values, kind[1:])

    def _resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        return self._schemas[schema["$ref"]] if "$ref" in schema else schema

    @staticmethod
    def _mark(kind: str, there: Mapping[str, Any]) -> str:
        if (there.get("type") == "array") is not (kind[0] == "["):
            return _LISTED if kind[0] != "[" else _ALONE
        if kind == "i" and there.get("type") == "string":
            return _NUMBER
        return ""


def _places(declared: Declared) -> list[str]:
    return re.findall(r"\{(\w+)\}", declared.id)


def _kind_told(schema: Mapping[str, Any], name: str) -> str:
    """Of an output: the SDK's annotations lead to classes that are not read, and a plural is a list."""
    there = schema["properties"].get(name)
    return "[*" if there is None or there.get("type") == "array" else "*"


def build() -> dict[str, Any]:
    """The whole table, from what is installed."""
    wanted: set[tuple[str, str]] = set()
    types: dict[str, dict[str, Any]] = {}
    for token in sorted(TYPES):
        name, classes = token.rpartition(":")[2], _classes(_file(token))
        given = inputs_of(classes[f"{name}Args"], _module(token), wanted)
        types[token] = {"in": given, "out": sorted(wire for wire, _ in output_getters(classes[name]))}
    objects: dict[str, dict[str, str]] = {}
    while pending := [pair for pair in sorted(wanted) if object_name(*pair) not in objects]:
        for module, name in pending:
            cls = _classes(_sdk() / module / "_inputs.py")[name]
            objects[object_name(module, name)] = inputs_of(cls, module, wanted)
    names: dict[str, dict[str, str]] = {}
    for token, entry in types.items():
        declared = TYPES[token]
        wire = _Wire(declared, objects)
        schema = wire._resolved({"$ref": declared.schema})
        given = {key.rstrip("!"): kind for key, kind in entry["in"].items()}
        entry["wire"] = wire.of(given, schema, token)
        if unsent := set(wire.missing) - {f"{token}.{name}" for name in _places(declared)} - declared.beside:
            raise SystemExit(
                f"{token}: on the wire there is no {', '.join(sorted(unsent))}: see `renamed` and `beside`"
            )
        told = {name: _kind_told(schema, name) for name in entry["out"] if name not in given}
        entry["wire"] |= wire.of(told, schema, token)
        names |= wire.names
    return {"types": types, "objects": dict(sorted(objects.items())), "wire": dict(sorted(names.items()))}


if __name__ == "__main__":
    TABLE.write_text(text(build()))
    print(f"wrote {TABLE}")
