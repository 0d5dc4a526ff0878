"""The package's schema, from which other languages' SDKs are made. ``python -m`` this module prints it."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from functools import cache
from typing import Any

from bluegreen._origin import REPOSITORY, origin
from bluegreen._version import __version__
from bluegreen.adapters.native import TOKEN
from bluegreen.adapters.plugin.choices import SOURCE
from bluegreen.adapters.plugin.components import COMPONENTS
from bluegreen.adapters.plugin.descriptions import spelled
from bluegreen.adapters.plugin.model import TYPES, component
from bluegreen.adapters.plugin.shapes import (
    Anything,
    ListOf,
    MapOf,
    ObjectOf,
    ObjectType,
    OneOf,
    Property,
    Shape,
    Simple,
)
from bluegreen.naming import camel
from bluegreen.swap import properties as swap

COMMAND = "python -m bluegreen.adapters.plugin.schema > components/schema.json"
"""Rewrites the file that is checked in."""

_ANY = {"$ref": "pulumi.json#/Any"}
_SECRET = {
    ("bluegreen:aws:AsgRelease", "userData"),
    ("bluegreen:gates:Webhook", "url"),
    ("bluegreen:notifications:Webhook", "url"),
}
"""Properties whose values are often secrets. What users mark as secret stays one everywhere."""


def schema_text() -> str:
    """The schema as it is checked in: sorted, indented, with a newline at its end."""
    return json.dumps(package_schema(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


@cache
def package_schema() -> dict[str, Any]:
    """The whole schema, as https://www.pulumi.com/docs/iac/guides/building-extending/packages/schema/ has it."""
    components = [component(token) for token in sorted(COMPONENTS)]
    # What there is of types is known once every component has been read.
    groups = [group for one in components for group in (one.inputs, one.outputs)]
    groups += [one.properties for one in TYPES.all.values()]
    names = {one.name: one.key for group in groups for one in group.values()}
    names |= {function: camel(key) for key, function in SOURCE.functions.items()}
    resources = {
        one.token: {
            "isComponent": True,
            "description": spelled(one.description, names),
            "inputProperties": _properties(one.inputs, names, plain=True, defaults=True),
            "requiredInputs": _required(one.inputs),
            "properties": _properties(one.outputs, names, plain=False),
            "required": _required(one.outputs),
        }
        for one in components
    }
    return {
        "name": "bluegreen",
        "displayName": "Bluegreen",
        "version": __version__,
        "description": "Components for blue-green deployments: a promotion is a config change, a rollback its revert.",
        "keywords": ["pulumi", "category/cloud", "kind/component", "blue-green", "canary", "deployment"],
        "license": "Apache-2.0",
        **origin(REPOSITORY, __version__),
        "meta": {"moduleFormat": "(.*)"},
        "language": {
            "csharp": {"respectSchemaVersion": True, "namespaces": {"aws": "Aws", "kubernetes": "Kubernetes"}},
            "go": {"respectSchemaVersion": True},
            "java": {},
            "nodejs": {"respectSchemaVersion": True},
            "python": {"respectSchemaVersion": True, "pyproject": {"enabled": True}},
        },
        "provider": {"description": "The plugin has no settings of its own."},
        "resources": {**resources, TOKEN: _swap()},
        "types": {token: _type(one, names) for token, one in TYPES.all.items()},
    }


def _type(one: ObjectType, names: Mapping[str, str]) -> dict[str, Any]:
    properties = _properties(one.properties, names, plain=True)
    for token, key in _SECRET:
        if token == one.token:
            properties[key]["secret"] = True
    return {
        "type": "object",
        "description": spelled(one.description, names),
        "properties": properties,
        "required": _required(one.properties),
    }


def _properties(
    properties: Mapping[str, Property], names: Mapping[str, str], *, plain: bool, defaults: bool = False
) -> dict[str, Any]:
    """Properties; only a component's own have a default.

    With a default in an object type, SDKs make one output of the whole object, which is unknown in a preview as soon
    as anything in it is.
    """
    return {
        key: {
            **_spec(one.shape, plain=plain),
            "description": spelled(one.description, names),
            **({"default": one.default} if defaults and one.default is not None and _takes_default(one) else {}),
        }
        for key, one in sorted(properties.items())
    }


def _takes_default(one: Property) -> bool:
    return isinstance(one.shape, Simple)


def _required(properties: Mapping[str, Property]) -> list[str]:
    return sorted(key for key, one in properties.items() if one.required)


def _spec(shape: Shape, *, plain: bool) -> dict[str, Any]:
    """A type; ``plain`` where it is an input, some of which have to be known before anything is declared.

    Objects are never plain: SDKs would let nothing in them be an output.
    """
    if isinstance(shape, Anything):
        return dict(_ANY)
    if isinstance(shape, ObjectOf):
        return {"$ref": f"#/types/{shape.token}"}
    mark = {"plain": True} if plain and not shape.later else {}
    if isinstance(shape, ListOf):
        return {"type": "array", "items": _spec(shape.item, plain=plain), **mark}
    if isinstance(shape, MapOf):
        return {"type": "object", "additionalProperties": _spec(shape.value, plain=plain), **mark}
    if isinstance(shape, OneOf):
        options = [_spec(option, plain=plain) for option in shape.options]
        return {"oneOf": options, **({} if any(isinstance(one, ObjectOf) for one in shape.options) else mark)}
    assert isinstance(shape, Simple)  # noqa: S101 - there are no others
    return {"type": shape.kind, **mark}


def _swap() -> dict[str, Any]:
    def of(properties: Collection[swap.Property]) -> dict[str, Any]:
        return {one.name: {**one.type, "description": one.text} for one in properties}

    return {
        "description": swap.DESCRIPTION,
        "inputProperties": of([*swap.INPUTS, *swap.CHECKED]),
        "requiredInputs": sorted(one.name for one in swap.INPUTS if one.required),
        "properties": of([*swap.INPUTS, *swap.CHECKED, *swap.OUTPUTS]),
        "required": sorted(one.name for one in (*swap.INPUTS, *swap.OUTPUTS) if one.required),
    }


if __name__ == "__main__":
    print(schema_text(), end="")  # noqa: T201
