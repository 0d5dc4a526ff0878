"""Whether a body is what the description has, and what of it counts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from localcloud.azure.description.model import Field, Model, Package, Type

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}.*")
_SIMPLE: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "str": ("a string", lambda value: isinstance(value, str)),
    "int": ("an integer", lambda value: isinstance(value, int) and not isinstance(value, bool)),
    "float": ("a number", lambda value: isinstance(value, int | float) and not isinstance(value, bool)),
    "bool": ("true or false", lambda value: isinstance(value, bool)),
    "datetime": ("a time as RFC 3339 has it", lambda value: isinstance(value, str) and bool(_DATE.match(value))),
    "any": ("", lambda _value: True),
}


def problems(
    package: Package, kind: Type, value: Any, *, partial: bool, known: frozenset[str] = frozenset()
) -> list[str]:
    """The problems with it, each with its path.

    Args:
        package: where the types are.
        kind: what it should be.
        value: what it is.
        partial: of a PATCH, which may leave out what is required otherwise, and takes nulls.
        known: paths of properties that another api-version has beside the description's.
    """
    return list(_Check(package, partial, known).of(kind, value, ""))


class _Check:
    def __init__(self, package: Package, partial: bool, known: frozenset[str]) -> None:
        self._package, self._partial, self._known = package, partial, known

    def of(self, kind: Type, value: Any, path: str) -> Iterator[str]:
        where = path or "the body"
        if value is None:
            if not path:
                yield f"{where} is missing"
        elif kind[0] in ("list", "dict", "model"):
            wanted = "a list" if kind[0] == "list" else "an object"
            if isinstance(value, list if kind[0] == "list" else dict):
                yield from self._inside(kind, value, path)
            else:
                yield f"{where} has to be {wanted}, not {_told(value)}"
        elif kind[0] == "enum":
            values = self._package.enums[kind[1]]
            if not isinstance(value, str) or value.lower() not in {one.lower() for one in values}:
                yield f"{where} is {_told(value)}; allowed: {', '.join(values)}"
        else:
            said, right = _SIMPLE[kind[0]]
            if not right(value):
                yield f"{where} has to be {said}, not {_told(value)}"

    def _inside(self, kind: Type, value: Any, path: str) -> Iterator[str]:
        if kind[0] == "model":
            yield from self._model(self._package.models[kind[1]], value, path)
        elif kind[0] == "list":
            for number, one in enumerate(value):
                yield from self.of(kind[1], one, f"{path}[{number}]")
        else:
            for name, one in value.items():
                yield from self.of(kind[1], one, f"{path}.{name}" if path else name)

    def _model(self, model: Model, value: dict[str, Any], path: str) -> Iterator[str]:
        model = kind_of(self._package, model, value)
        for name, one in value.items():
            at = f"{path}.{name}" if path else name
            field = model.fields.get(name)
            if field is not None:
                yield from self.of(field.type, one, at)
            elif re.sub(r"\[\d+\]", "[]", at) not in self._known:
                yield f"{at} is not known"
        if not self._partial:
            missing = (name for name, field in model.fields.items() if field.required and value.get(name) is None)
            yield from (f"{path}.{name} is required" if path else f"{name} is required" for name in missing)


def kind_of(package: Package, model: Model, value: dict[str, Any]) -> Model:
    """The model that a value is of, where its discriminator tells."""
    kind = model.kinds.get(str(value.get(model.discriminator, ""))) if model.discriminator else None
    return package.models[kind] if kind else model


def writable(package: Package, kind: Type, value: Any, *, creating: bool = True) -> Any:
    """The value without what only Azure writes: it is taken, and left alone, as Azure does it.

    Args:
        package: where the types are.
        kind: what it is.
        value: the body.
        creating: whether what may be sent for a creation alone counts.
    """
    if isinstance(value, list) and kind[0] == "list":
        return [writable(package, kind[1], one, creating=creating) for one in value]
    if isinstance(value, dict) and kind[0] == "dict":
        return {name: writable(package, kind[1], one, creating=creating) for name, one in value.items()}
    if not isinstance(value, dict) or kind[0] != "model":
        return value
    model = kind_of(package, package.models[kind[1]], value)
    kept = {}
    for name, one in value.items():
        field = model.fields.get(name)
        if field is None:
            kept[name] = one
        elif _counts(field, creating):
            kept[name] = writable(package, field.type, one, creating=creating)
    return kept


def _counts(field: Field, creating: bool) -> bool:
    return not field.read_only and (creating or not set(field.visibility) <= {"read", "create"})


def _told(value: Any) -> str:
    return repr(value) if isinstance(value, str | int | float | bool) else type(value).__name__
