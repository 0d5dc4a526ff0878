"""Objects with any of the fields that a platform's own definition knows, made from its OpenAPI schema.

What is made has the shape that the schema says, in types, names, enumerations and bounds of lists; patterns and rules
over several fields are not kept: nothing that a router does may depend on them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import yaml
from hypothesis import strategies as st

from localcloud.kubernetes.crds import crds
from localcloud.progress import Silent
from localcloud.tools import go, kubernetes

_WORDS = st.sampled_from(["alpha", "beta", "gamma", "/delta", "5s", "legacy.example.com"])
_DEEPEST = 7
_MOST_FIELDS = 4


@cache
def spec_of(project: str, plural: str, version: str) -> dict[str, Any]:
    """The schema of a kind's ``spec``."""
    for file in crds(project, Silent()):
        for text in file.read_text().split("\n---"):  # these files are megabytes, of which one definition is wanted
            if not re.search(rf"^    plural: {plural}$", text, re.MULTILINE):
                continue
            definition = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
            for one in definition["spec"]["versions"]:
                if one["name"] == version:
                    schema: dict[str, Any] = one["schema"]["openAPIV3Schema"]["properties"]["spec"]
                    return schema
    raise AssertionError(f"{project} defines no {plural} {version}")


@cache
def _own_kinds() -> dict[str, Any]:
    """The schemas of Kubernetes' own kinds, as its module has them."""
    module = go.download(go.require("read the kinds of Kubernetes"), "k8s.io/kubernetes", f"v{kubernetes.VERSION}")
    definitions: dict[str, Any] = json.loads((module / "api/openapi-spec/swagger.json").read_text())["definitions"]
    return definitions


def own_spec_of(kind: str) -> Mapping[str, Any]:
    """The schema of the ``spec`` of one of Kubernetes' own kinds: ``core.v1.Service``."""
    return _resolved(at(_own_kinds()[f"io.k8s.api.{kind}"], "spec"))


def _resolved(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    name = schema.get("$ref", "").rpartition("/")[2]
    if not name:
        return schema
    definition: Mapping[str, Any] = _own_kinds()[name]
    if name.endswith("IntOrString"):
        return {"x-kubernetes-int-or-string": True}
    return definition if "properties" in definition or "$ref" not in definition else _resolved(definition)


def at(schema: Mapping[str, Any], *path: str) -> Mapping[str, Any]:
    """A part of a schema; ``[]`` is an entry of a list."""
    for name in path:
        schema = _resolved(schema["items"] if name == "[]" else schema["properties"][name])
    return schema


def values(schema: Mapping[str, Any], depth: int = 0) -> st.SearchStrategy[Any]:
    """The values that a schema allows."""
    schema = _resolved(schema)
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if schema.get("x-kubernetes-int-or-string"):
        return st.one_of(st.integers(1, 9000), _WORDS)
    kind = schema.get("type", "object")
    if kind == "string":
        return _WORDS
    if kind in ("integer", "number"):
        least = int(schema.get("minimum", 0))
        return st.integers(least, min(int(schema.get("maximum", least + 50)), least + 50))
    if kind == "boolean":
        return st.booleans()
    if kind == "array":
        least = schema.get("minItems", 0)
        if depth >= _DEEPEST:
            return st.just([])
        return st.lists(values(schema["items"], depth + 1), min_size=least, max_size=max(least, 2))
    return objects(schema, depth)


def objects(schema: Mapping[str, Any], depth: int = 0, without: tuple[str, ...] = ()) -> st.SearchStrategy[Any]:
    """An object with its required fields and some of the others."""
    fields = {key: one for key, one in (schema.get("properties") or {}).items() if key not in without}
    if not fields:
        inner = schema.get("additionalProperties")
        if isinstance(inner, Mapping) and depth < _DEEPEST:
            return st.dictionaries(st.sampled_from(["a", "b"]), values(inner, depth + 1), max_size=2)
        return st.just({})
    needed = [key for key in schema.get("required") or () if key in fields]
    if depth >= _DEEPEST:
        return st.fixed_dictionaries({key: values(fields[key], depth + 1) for key in needed})
    others = sorted(fields.keys() - set(needed))

    @st.composite
    def made(draw: Any) -> dict[str, Any]:
        chosen = draw(st.lists(st.sampled_from(others), unique=True, max_size=_MOST_FIELDS)) if others else []
        return {key: draw(values(fields[key], depth + 1)) for key in [*needed, *chosen]}

    return made()
