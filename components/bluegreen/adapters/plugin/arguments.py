"""A component's inputs, as programs in any language give them, turned into the arguments that its class takes.

Along the component's shapes: names become Python's where an object's type says what they are, and never in maps, whose
keys are the user's; what Python programs make by calling a function is made by calling it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pulumi

from bluegreen.adapters.plugin.model import TYPES, component
from bluegreen.adapters.plugin.reading import Shown, check_kind, fitting, unknown_key, whole
from bluegreen.adapters.plugin.shapes import Anything, ListOf, MapOf, ObjectOf, ObjectType, Property, Shape
from bluegreen.component.declaration import known, refuse
from bluegreen.rollout.errors import Problem

_ABSENT: Any = object()
_DNS, _CLUSTERS = "bluegreen:aws:DnsEntry", "bluegreen:kubernetes:KubernetesClusters"


def keyword_arguments(token: str, inputs: Mapping[str, Any], name: str = "") -> dict[str, Any]:
    """The keyword arguments for a component's class.

    Args:
        token: the component's type.
        inputs: plain values, and outputs where the schema has inputs: see ``bluegreen.adapters.plugin.resolving``.
        name: the component's own, for messages.

    Raises:
        pulumi.RunError: naming every property that is wrong as the user spells it: ``gates[0].http.failureLimit``.
    """
    problems: list[Problem] = []
    reading = Reading(problems)
    values = reading.properties(component(token).inputs, inputs, "")
    refuse(name or token, problems)
    entry = inputs.get("entry")
    if token == _CLUSTERS and isinstance(entry, Mapping) and (entry.get("dns") or {}).keys() - {"targets"}:
        options = {key: value for key, value in entry["dns"].items() if value is not None}
        values |= {"entry": _of_addresses(options)} if "targets" not in options else {}
    return values


class Reading:
    """Reads values along shapes and collects the problems with them; with problems, its results mean nothing."""

    def __init__(self, problems: list[Problem]) -> None:
        self._problems = problems

    def properties(self, known_here: Mapping[str, Property], given: Mapping[str, Any], path: str) -> dict[str, Any]:
        """The values of named properties by their names in Python."""
        values: dict[str, Any] = {}
        for key, value in given.items():
            if key not in known_here and value is not None:
                self._problems.append(unknown_key(path, key, known_here))
        for key, one in known_here.items():
            value = given.get(key)
            if value is None:
                if one.required:
                    self._problem(_at(path, key), None, "a value: it is required")
                if one.always:
                    values[one.name] = None
                continue
            made = self._property(one, value, _at(path, key))
            if made is not _ABSENT:
                values[one.name] = made
        return values

    def _property(self, one: Property, value: Any, path: str) -> Any:
        plain = not isinstance(value, pulumi.Output)
        if plain and one.none is not None and _same(value, one.none):
            return None
        made = self.value(one.shape, value, path)
        # What is said and what goes without saying are the same: SDKs say every default.
        return _ABSENT if plain and one.default is not None and _same(made, one.default) else made

    def value(self, shape: Shape, value: Any, path: str) -> Any:
        """A value as the component takes it."""
        if isinstance(value, pulumi.Output):
            return self._later(shape, value, path)
        shape = fitting(shape, value)
        if isinstance(shape, Anything):
            return whole(value)
        if not check_kind(shape, value, path, self._problems):
            return _ABSENT
        if isinstance(shape, ListOf):
            return [self.value(shape.item, item, f"{path}[{index}]") for index, item in enumerate(value)]
        if isinstance(shape, MapOf):
            return {key: self.value(shape.value, item, _at(path, key)) for key, item in value.items()}
        if isinstance(shape, ObjectOf):
            return self._object(TYPES[shape.token], value, path)
        return whole(value)

    def _later(self, shape: Shape, value: pulumi.Output[Any], path: str) -> Any:
        """An output, passed on; its value is read when it is known."""
        if not shape.later:
            self._problem(path, known(value), "a value that is known before anything is declared, and no output")
            return _ABSENT
        return value.apply(lambda resolved: _read(shape, resolved, path))

    def _object(self, kind: ObjectType, value: Mapping[str, Any], path: str) -> Any:
        before = len(self._problems)
        given = sorted(key for key, item in value.items() if item is not None)
        if kind.exactly_one and len(given) != 1:
            self._problem(path, given, f"exactly one of {', '.join(sorted(kind.properties))}")
            return _ABSENT
        values = self.properties(kind.properties, value, path)
        # A function that is given too little would end in a traceback.
        return kind.make(**values) if len(self._problems) == before else _ABSENT

    def _problem(self, path: str, value: object, allowed: str) -> None:
        self._problems.append(Problem(path, value, allowed))


def _read(shape: Shape, value: Any, path: str) -> Any:
    if value is None:
        return None
    problems: list[Problem] = []
    read_value = Reading(problems).value(shape, value, path)
    refuse(path, [Problem(problem.field, Shown("<an output>"), problem.allowed) for problem in problems])
    return read_value


def _at(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _same(value: Any, default: Any) -> bool:
    return bool(value == default) and isinstance(value, bool) == isinstance(default, bool)


def _of_addresses(options: Mapping[str, Any]) -> Callable[[Mapping[str, Any]], Any]:
    """An entry of two clusters whose addresses are known later: what Python programs write as a function of them."""
    shape = ObjectOf(token=_DNS)
    return lambda addresses: Reading([]).value(shape, {**options, "targets": addresses}, "entry.dns")
