"""Property names of the SDK (`properties.json`): what a program can send, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from localcloud.plugins.values import UNKNOWN, Failure, Props, Secret

_CUSTOM = {"apiVersion": ".", "kind": ".", "metadata": "@meta.v1.ObjectMeta"}
"""What every kind has; of a custom resource nothing more is known before the API server sees it."""
# Accepted and left to the cluster: manifests have it, the cluster alone writes it.
_OF_THE_CLUSTER = {"status"}


@cache
def _table() -> dict[str, dict[str, dict[str, str]]]:
    loaded: dict[str, dict[str, dict[str, str]]] = json.loads(Path(__file__).with_name("properties.json").read_text())
    return loaded


def known(token: str) -> bool:
    """Whether the SDK has the type, as opposed to a custom resource."""
    return _plain(token) in _table()["types"]


def input_names(token: str) -> list[str]:
    """The top-level properties of a type that the SDK has."""
    return list(_table()["types"].get(_plain(token), {}))


def tokens() -> list[str]:
    """Every type that the SDK has."""
    return list(_table()["types"])


@cache
def group_versions() -> frozenset[str]:
    """Every API group and version that the SDK has, as manifests write it: `v1`, `apps/v1`."""
    return frozenset(token.split(":")[1].removeprefix("core/") for token in tokens())


def _plain(token: str) -> str:
    """A patch has the properties of what it patches."""
    return token.removesuffix("Patch") if token not in _table()["types"] else token


def refused(token: str, inputs: Props) -> Iterator[Failure]:
    """Names that the SDK does not send, and lists or objects where the SDK sends something else."""
    names = _table()["types"].get(_plain(token))
    if names is not None:
        yield from _object(inputs, names, "")
        return
    declared = {key: value for key, value in inputs.items() if key in _CUSTOM}
    yield from _object(declared, _CUSTOM, "")


def _object(value: Props, names: dict[str, str], path: str) -> Iterator[Failure]:
    for key, item in value.items():
        here = f"{path}.{key}" if path else key
        if not path and (key in _OF_THE_CLUSTER or key.startswith("__")):
            continue
        kind = names.get(key) or names.get(key.replace("-", "_"))
        if kind is None:
            yield Failure(here, f"unknown property; known: {', '.join(sorted(names))}")
        else:
            yield from _value(item, kind, here)


def _value(value: Any, kind: str, path: str) -> Iterator[Failure]:
    if isinstance(value, Secret):
        value = value.value
    if value is UNKNOWN or value is None or kind == "*":
        return
    if kind[0] == "[":
        if not isinstance(value, list):
            yield _misfit(path, "a list", value)
            return
        for index, item in enumerate(value):
            yield from _value(item, kind[1:], f"{path}[{index}]")
    elif kind[0] in "{@":
        if not isinstance(value, dict):
            yield _misfit(path, "a map" if kind[0] == "{" else "an object", value)
        elif kind[0] == "@":
            yield from _object(value, _table()["objects"][kind[1:]], path)
        else:
            for key, item in value.items():
                yield from _value(item, kind[1:], f"{path}.{key}")
    elif isinstance(value, dict | list):
        yield _misfit(path, "a single value", value)


def _misfit(path: str, wanted: str, value: Any) -> Failure:
    # The value itself may be a secret: its kind is enough to find the mistake.
    return Failure(path, f"expected {wanted}, got {type(value).__name__}")
