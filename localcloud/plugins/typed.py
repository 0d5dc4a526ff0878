"""A generated table of types, and a program's inputs held against it.

Types are written as in the table of the AWS stand-in.
"""

from __future__ import annotations

import json
from functools import cached_property
from pathlib import Path
from typing import Any

from localcloud.plugins.values import UNKNOWN, Failure, Props, ProviderError


class Table:
    """One.

    Args:
        file: of JSON: `types` with the inputs (`in`) and outputs (`out`) of each, and the `objects` in them.
        stands_in_for: whose stand-in has it: "the AWS provider".
    """

    def __init__(self, file: Path, stands_in_for: str) -> None:
        self._file, self._stands_in_for = file, stands_in_for

    @cached_property
    def content(self) -> dict[str, Any]:
        """All of it."""
        loaded: dict[str, Any] = json.loads(self._file.read_text())
        return loaded

    def tokens(self) -> list[str]:
        """All types that are served."""
        return list(self.content["types"])

    def entry(self, token: str) -> dict[str, Any]:
        """The entry of a type.

        Raises:
            ProviderError: it is not served.
        """
        known: dict[str, Any] | None = self.content["types"].get(token)
        if known is None:
            where = self._file.parent.name
            raise ProviderError(
                f"{token} is not served by this stand-in for {self._stands_in_for} (see localcloud/plugins/{where})"
            )
        return known

    def kinds(self, token: str) -> dict[str, str]:
        """The kind of each input."""
        return {name.rstrip("!"): kind for name, kind in self.entry(token)["in"].items()}

    def object(self, name: str) -> dict[str, str]:
        """The kind of each name of an object."""
        return {one.rstrip("!"): kind for one, kind in self.content["objects"][name].items()}

    def check(self, token: str, inputs: Props) -> list[Failure]:
        """The problems with inputs: unknown names, other types, missing values."""
        failures: list[Failure] = []
        self._object(inputs, self.entry(token)["in"], "", failures)
        return failures

    def _object(self, value: Props, names: dict[str, str], path: str, failures: list[Failure]) -> None:
        kinds = {name.rstrip("!"): kind for name, kind in names.items()}
        for key, item in value.items():
            if key.startswith("__"):
                continue
            at = f"{path}.{key}" if path else key
            if key not in kinds:
                failures.append(Failure(at, f"unknown property; known: {', '.join(sorted(kinds))}"))
            else:
                self._value(item, kinds[key], at, failures)
        missing = (name[:-1] for name in names if name.endswith("!") and value.get(name[:-1]) is None)
        failures += [Failure(f"{path}.{name}" if path else name, "missing required property") for name in missing]

    def _value(self, value: Any, kind: str, path: str, failures: list[Failure]) -> None:
        if value is UNKNOWN or value is None or kind == "*":
            return
        if kind[0] == "@" and isinstance(value, dict):
            self._object(value, self.content["objects"][kind[1:]], path, failures)
        elif kind[0] == "[" and isinstance(value, list):
            for number, one in enumerate(value):
                self._value(one, kind[1:], f"{path}[{number}]", failures)
        elif kind[0] == "{" and isinstance(value, dict):
            for name, one in value.items():
                self._value(one, kind[1:], f"{path}.{name}", failures)
        elif not _fits(value, kind):
            # The value itself may be a secret: its kind is enough to find the mistake.
            said = f"expected {_SAID.get(kind[0], 'another value')}, got {type(value).__name__}"
            failures.append(Failure(path, said))


_SAID = {"@": "an object", "[": "a list", "{": "a map", "s": "a string", "i": "a whole number", "f": "a number",
         "b": "a boolean"}  # fmt: skip


def _fits(value: Any, kind: str) -> bool:
    if kind == "s":
        return isinstance(value, str)
    if kind == "b":
        return isinstance(value, bool)
    if kind in ("i", "f"):
        return isinstance(value, int if kind == "i" else (int, float)) and not isinstance(value, bool)
    return False
