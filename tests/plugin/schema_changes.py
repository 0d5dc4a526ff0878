"""The changes between two versions of the package's schema that break programs. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

_TOLD = {"description", "displayName", "keywords", "language", "license", "meta", "provider", "name"}
Schema = Mapping[str, Any]


def shape(schema: Any, *, named: bool = False) -> Any:
    """A schema without what is said to people and to generators; ``named``: its keys are names, and all count."""
    if isinstance(schema, Mapping):
        names = ("properties", "inputProperties", "types", "resources")
        return {
            key: shape(value, named=key in names and not named)
            for key, value in sorted(schema.items())
            if named or key not in _TOLD
        }
    return [shape(item) for item in schema] if isinstance(schema, list) else schema


def breaks(old: Schema, new: Schema) -> list[str]:
    """Each break by its path: ``bluegreen:aws:EcsService.desiredCount removed``."""
    before, after = shape(old), shape(new)
    return [*_members("resources", before, after, _resource), *_members("types", before, after, _type)]


def named_in(changelog: str) -> str:
    """The text of a changelog under "Unreleased", "Breaking"; empty where there is none."""
    unreleased = re.search(r"^## \[Unreleased\]$(.*?)(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL)
    breaking = unreleased and re.search(r"^### Breaking$(.*?)(?=^### |\Z)", unreleased[1], re.MULTILINE | re.DOTALL)
    return breaking[1] if breaking else ""


def unnamed(breaks: list[str], changelog: str) -> list[str]:
    """The breaks that the changelog does not name, each as code."""
    told = named_in(changelog)
    return [one for one in breaks if f"`{one}`" not in told]


def _members(group: str, old: Schema, new: Schema, compare: Any) -> Iterator[str]:
    before, after = old.get(group, {}), new.get(group, {})
    for token in sorted(before):
        if token not in after:
            yield f"{token} removed"
        else:
            yield from compare(token, before[token], after[token])


def _resource(token: str, old: Schema, new: Schema) -> Iterator[str]:
    if old.get("isComponent") != new.get("isComponent"):
        yield f"{token} is another kind of resource"
    yield from _properties(token, old, new, "inputProperties", "requiredInputs")
    yield from _properties(f"{token} output ", old, new, "properties", "required", given=False)


def _type(token: str, old: Schema, new: Schema) -> Iterator[str]:
    values = {json.dumps(one["value"]) for one in new.get("enum", ())}
    for one in old.get("enum", ()):
        if json.dumps(one["value"]) not in values:
            yield f"{token} value {json.dumps(one['value'])} removed"
    yield from _properties(token, old, new, "properties", "required")


def _properties(
    path: str, old: Schema, new: Schema, properties: str, required: str, *, given: bool = True
) -> Iterator[str]:
    before, after = old.get(properties, {}), new.get(properties, {})
    musts_before, musts_after = old.get(required, ()), new.get(required, ())
    for name in sorted({*before, *after}):
        field = f"{path}.{name}" if not path.endswith(" ") else f"{path}{name}"
        if name not in after:
            yield f"{field} removed"
            continue
        if given and name in musts_after and name not in musts_before:
            yield f"{field} required"
        if name not in before:
            continue
        if not given and name in musts_before and name not in musts_after:
            yield f"{field} may be absent"
        yield from _value(field, before[name], after[name])


def _value(field: str, old: Schema, new: Schema) -> Iterator[str]:
    kinds_before, kinds_after = _kind(old), _kind(new)
    if kinds_before != kinds_after:
        yield f"{field} type changed"
    elif _plain(old) != _plain(new):
        yield f"{field} plain changed"
    if old.get("secret") and not new.get("secret"):
        yield f"{field} no longer secret"
    if old.get("default") != new.get("default"):
        yield f"{field} default changed"


def _kind(spec: Any) -> Any:
    """The type alone, without how it may be given."""
    if isinstance(spec, Mapping):
        return {key: _kind(value) for key, value in spec.items() if key not in ("plain", "secret", "default")}
    return [_kind(item) for item in spec] if isinstance(spec, list) else spec


def _plain(spec: Any) -> Any:
    """Where a type is plain: a program may give no output there."""
    if isinstance(spec, Mapping):
        return {key: _plain(value) for key, value in spec.items() if key not in ("secret", "default")}
    return [_plain(item) for item in spec] if isinstance(spec, list) else spec
