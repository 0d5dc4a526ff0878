"""Property names and types of the SDK (`properties.json`): what a program can send, and what it expects back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from localcloud.plugins.aws.model import UNKNOWN, Failure, Props, ResourceType


@cache
def _table() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(Path(__file__).with_name("properties.json").read_text())
    return loaded


@cache
def input_types(token: str) -> dict[str, str]:
    """Input name -> short type of a resource type, required marks removed."""
    return {key.rstrip("!"): kind for key, kind in _table()["types"][token]["in"].items()}


def output_names(token: str) -> list[str]:
    """The names of the type's outputs beside its inputs."""
    names: list[str] = _table()["types"][token]["out"]
    return names


def invoke_arguments(token: str) -> list[str]:
    names: list[str] = _table()["invokes"][token]
    return names


class Reader:
    """Brings a program's inputs to the SDK's types, collecting what does not fit in `failures`."""

    def __init__(self, declared: ResourceType) -> None:
        self._declared = declared
        self.failures: list[Failure] = []

    def read(self, inputs: Props) -> Props:
        return self._object(inputs, _table()["types"][self._declared.token]["in"], "", "")

    def _object(self, value: Props, names: dict[str, str], path: str, pattern: str) -> Props:
        prefix, declared = (f"{path}." if path else ""), (f"{pattern}." if pattern else "")
        kinds = {name.rstrip("!"): kind for name, kind in names.items()}
        result: Props = {"__defaults": []} if path else {}
        for key, item in value.items():
            if key.startswith("__"):
                continue
            if key not in kinds:
                self.failures.append(Failure(prefix + key, f"unknown property; known: {', '.join(sorted(kinds))}"))
            elif declared + key not in self._declared.props:
                # In the SDK, but nothing here carries it out: taking it in silence would be kinder than the real one.
                self.failures.append(Failure(prefix + key, "this stand-in for the AWS provider does not support it"))
            elif item is not None:
                result[key] = self._value(item, kinds[key], prefix + key, declared + key)
        for name in names:
            bare = name.rstrip("!")
            if name.endswith("!") and bare not in result:
                self.failures.append(Failure(prefix + bare, "missing required property"))
        return result

    def _value(self, value: Any, kind: str, path: str, pattern: str) -> Any:
        if value is UNKNOWN or kind == "*":
            return value
        if kind == "j":
            return value if isinstance(value, str) else json.dumps(value)
        if kind[0] == "@":
            if isinstance(value, dict):
                return self._object(value, _table()["objects"][kind[1:]], path, pattern)
            return self._refuse(path, "an object", value)
        if kind[0] == "[":
            if isinstance(value, list):
                inner = kind[1:]
                return [self._value(v, inner, f"{path}[{i}]", f"{pattern}[]") for i, v in enumerate(value)]
            return self._refuse(path, "a list", value)
        if kind[0] == "{":
            if isinstance(value, dict):
                return {
                    k: self._value(v, kind[1:], f"{path}.{k}", f"{pattern}.*")
                    for k, v in value.items()
                    if v is not None
                }
            return self._refuse(path, "a map", value)
        return self._scalar(value, kind, path)

    def _scalar(self, value: Any, kind: str, path: str) -> Any:
        """The provider converts between strings, numbers and booleans where that loses nothing."""
        if kind == "s":
            if isinstance(value, bool):
                return str(value).lower()
            return str(value) if isinstance(value, str | int | float) else self._refuse(path, "a string", value)
        if kind == "b":
            if isinstance(value, bool):
                return value
            return value == "true" if value in {"true", "false"} else self._refuse(path, "a boolean", value)
        if isinstance(value, int | float) and not isinstance(value, bool):
            if kind == "f" or float(value).is_integer():
                return value
        elif isinstance(value, str):
            try:
                return int(value) if kind == "i" else float(value)
            except ValueError:
                pass
        return self._refuse(path, "a whole number" if kind == "i" else "a number", value)

    def _refuse(self, path: str, wanted: str, value: Any) -> Any:
        # The value itself may be a secret: its kind is enough to find the mistake.
        self.failures.append(Failure(path, f"expected {wanted}, got {type(value).__name__}"))
        return value


def walk(value: Any, path: str = "", pattern: str = "") -> Iterator[tuple[str, str, Any]]:
    """Every nested value as (path, declared path, value): `actions[0].type`, `actions[].type`."""
    if isinstance(value, dict):
        for key, item in value.items():
            if not key.startswith("__"):
                here = (f"{path}.{key}" if path else key), (f"{pattern}.{key}" if pattern else key)
                yield (*here, item)
                yield from walk(item, *here)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            here = f"{path}[{index}]", f"{pattern}[]"
            yield (*here, item)
            yield from walk(item, *here)
