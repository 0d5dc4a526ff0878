"""Reads a client package of Microsoft's generator before the present one: a file of operations for each group.

Its models say in tables what stands where on the wire: `properties.profiles` is a field of a model of its own, which
the package has no class for. Enums are plain strings there.
"""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

from localcloud.azure.description.model import Field, Model, Type

_ANY = ("read", "create", "update", "delete", "query")
_SIMPLE = {
    "str": "str",
    "int": "int",
    "long": "int",
    "float": "float",
    "bool": "bool",
    "object": "any",
    "duration": "str",
    "time": "str",
    "iso-8601": "datetime",
    "date": "str",
    "rfc-1123": "datetime",
}


def models(text: str) -> dict[str, Model]:
    """The models in the text of `_models_py3.py`."""
    classes = {one.name: one for one in ast.parse(text).body if isinstance(one, ast.ClassDef)}
    found: dict[str, Model] = {}
    for name, one in classes.items():
        found |= _model(name, _table(one, "_attribute_map"), _table(one, "_validation"))
    return found


def operations(home: Path) -> str:
    """The text of all groups' operations, builders before classes as the present generator has them.

    Builders of different groups have the same names: each gets its group's before it.
    """
    builders, classes = [], []
    for file in sorted((home / "operations").glob("_*_operations.py")):
        text = file.read_text()
        if "\nclass " not in text:
            continue
        group = file.stem.removeprefix("_").removesuffix("_operations")
        named = text.replace("build_", f"build_{group}_")
        before, _, after = named.partition("\nclass ")
        builders.append(before)
        classes.append(f"\nclass {after}")
    return "\n".join(builders + classes)


def _model(name: str, attributes: dict[str, Any], validation: dict[str, Any]) -> dict[str, Model]:
    fields: dict[str, Field] = {}
    below: dict[str, Field] = {}
    for attribute, told in attributes.items():
        rules = validation.get(attribute, {})
        wire = told["key"].replace("\\\\.", "\0")
        field = Field(_type(told["type"]), bool(rules.get("required")), ("read",) if rules.get("readonly") else _ANY)
        first, dot, rest = wire.partition(".")
        if dot:
            below[rest.replace("\0", ".")] = field
        else:
            fields[first.replace("\0", ".")] = field
    if not below:
        return {name: Model(fields)}
    inner = f"{name}Properties"
    required = any(field.required for field in below.values())
    fields["properties"] = Field(("model", inner), required, _ANY)
    return {name: Model(fields), inner: Model(below)}


def _table(code: ast.ClassDef, name: str) -> dict[str, Any]:
    for line in code.body:
        if isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Name) and line.targets[0].id == name:
            found: dict[str, Any] = ast.literal_eval(line.value)
            return found
    return {}


def _type(text: str) -> Type:
    if text.startswith("["):
        return ("list", _type(text[1:-1]))
    if text.startswith("{"):
        return ("dict", _type(text[1:-1]))
    return (_SIMPLE[text],) if text in _SIMPLE else ("model", text)
