"""Writes `properties.json`: what the installed SDK sends, and where Microsoft's description has each part of it.

The SDK's modules are parsed, not imported. Its inputs have the API's own names but for the places of the URL, so that
the description says which go to the top of a body and which below `properties`, what cannot be changed, and what the
description does not have, since the SDK speaks another api-version.

    python -m localcloud.plugins.azure_native.generate

Types are written as in the table of the AWS stand-in.
"""

from __future__ import annotations

import ast
import importlib.util
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from localcloud.azure import description
from localcloud.azure.description.model import Field, Model, Operation, Package, Type
from localcloud.plugins.aws.generate import inputs_of, object_name, output_getters, text
from localcloud.plugins.azure_native.types import TYPES, Declared

TABLE = Path(__file__).with_name("properties.json")
PLACE, TOP, PROPERTIES = "place", "top", "properties"
_VERSION = re.compile(r"Uses Azure REST API version (\d{4}-\d{2}-\d{2}(?:-?preview)?)")


@cache
def _sdk() -> Path:
    spec = importlib.util.find_spec("pulumi_azure_native")
    if spec is None or spec.origin is None:
        raise SystemExit("pulumi_azure_native is not installed: pip install '.[dev]'")
    return Path(spec.origin).parent


@cache
def _classes(path: Path) -> dict[str, ast.ClassDef]:
    return {node.name: node for node in ast.parse(path.read_text()).body if isinstance(node, ast.ClassDef)}


def _file(token: str) -> Path:
    _, module, name = token.split(":")
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
    return _sdk() / module / f"{snake}.py"


def version(token: str) -> str:
    """The api-version that the SDK's provider speaks for a type."""
    match = _VERSION.search(_file(token).read_text())
    if match is None:
        raise SystemExit(f"{token} does not say its api-version")
    return match[1]


def operations(declared: Declared) -> tuple[Package, Operation]:
    """Its description, and the operation that writes it."""
    package = description.load([declared.package])[0]
    name = f"{declared.group}.{declared.write}"
    return package, next(one for one in package.operations if one.name == name)


def _resource(token: str, declared: Declared, objects: set[tuple[str, str]]) -> dict[str, Any]:
    module, name = token.split(":")[1:]
    classes = _classes(_file(token))
    # Where a name is also that of a part of another resource, the SDK calls the arguments so.
    arguments = classes.get(f"{name}InitArgs") or classes[f"{name}Args"]
    given = inputs_of(arguments, module, objects)
    names = [one.rstrip("!") for one in given]
    package, write = operations(declared)
    places = re.findall(r"\{(\w+)\}", write.url)
    assert write.body is not None
    model = package.models[write.body[1]]
    inner = _below(package, model)
    where = {
        one: PLACE if one in places else TOP if one in model.fields and one != PROPERTIES else PROPERTIES
        for one in names
    }
    fields = {one: (model if where[one] == TOP else inner).fields.get(one) for one in names if where[one] != PLACE}
    return {
        "version": version(token),
        "url": write.url,
        "in": given,
        "out": sorted({wire for wire, _ in output_getters(classes[name])}),
        "where": where,
        # What is sent with a creation alone cannot be changed: the resource is replaced.
        "forces": sorted(
            [one for one, field in fields.items() if field is not None and not _changes(field)]
            + [one for one in names if where[one] == PLACE]
        ),
    }


def _below(package: Package, model: Model) -> Model:
    field = model.fields.get(PROPERTIES)
    return package.models[field.type[1]] if field is not None and field.type[0] == "model" else Model({})


def _changes(field: Field) -> bool:
    return "update" in field.visibility


def _beside(token: str, table: dict[str, Any]) -> list[str]:
    """Paths in a body that the SDK can send, and that the description does not have."""
    package, write = operations(TYPES[token])
    entry = table["types"][token]
    assert write.body is not None
    model = package.models[write.body[1]]
    inner = _below(package, model)
    paths: list[str] = []
    for name, kind in entry["in"].items():
        bare = name.rstrip("!")
        where = entry["where"][bare]
        if where == PLACE:
            continue
        field = (model if where == TOP else inner).fields.get(bare)
        path = bare if where == TOP else f"{PROPERTIES}.{bare}"
        if field is None:
            paths += [path, *_all(table, kind, path, ())]
        else:
            paths += _missing(package, table, kind, field.type, path, ())
    return sorted(paths)


def _missing(
    package: Package, table: dict[str, Any], kind: str, described: Type, path: str, above: tuple[str, ...]
) -> Iterator[str]:
    """Those of a value, while what of its parts stands below their own `properties` is noted in the table."""
    if kind[0] == "[" and described[0] == "list":
        yield from _missing(package, table, kind[1:], described[1], f"{path}[]", above)
    elif kind[0] == "@" and described[0] == "model" and kind not in above:
        fields = package.models[described[1]].fields
        below = _below(package, package.models[described[1]]).fields
        for name, inner in table["objects"][kind[1:]].items():
            bare = name.rstrip("!")
            if bare in fields:
                yield from _missing(package, table, inner, fields[bare].type, f"{path}.{bare}", (*above, kind))
            elif bare in below:
                table["below"].setdefault(kind[1:], set()).add(bare)
                at = f"{path}.{PROPERTIES}.{bare}"
                yield from _missing(package, table, inner, below[bare].type, at, (*above, kind))
            else:
                yield f"{path}.{bare}"
                yield from _all(table, inner, f"{path}.{bare}", (*above, kind))


def _all(table: dict[str, Any], kind: str, path: str, above: tuple[str, ...]) -> Iterator[str]:
    if kind[0] == "[":
        yield from _all(table, kind[1:], f"{path}[]", above)
    elif kind[0] == "@" and kind not in above:
        for name, inner in table["objects"][kind[1:]].items():
            yield f"{path}.{name.rstrip('!')}"
            yield from _all(table, inner, f"{path}.{name.rstrip('!')}", (*above, kind))


def build() -> dict[str, Any]:
    """The whole table, from what is installed."""
    wanted: set[tuple[str, str]] = set()
    types = {token: _resource(token, TYPES[token], wanted) for token in sorted(TYPES)}
    objects: dict[str, dict[str, str]] = {}
    while pending := [pair for pair in sorted(wanted) if object_name(*pair) not in objects]:
        for module, name in pending:
            objects[object_name(module, name)] = inputs_of(
                _classes(_sdk() / module / "_inputs.py")[name], module, wanted
            )
    table: dict[str, Any] = {"types": types, "objects": dict(sorted(objects.items())), "below": {}}
    table["beside"] = {token: paths for token in types if (paths := _beside(token, table))}
    table["below"] = {kind: sorted(names) for kind, names in sorted(table["below"].items())}
    return table


if __name__ == "__main__":
    TABLE.write_text(text(build()))
    print(f"wrote {TABLE}")
