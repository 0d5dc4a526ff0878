"""The check of a component's arguments before its constructor does anything."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any

import pulumi

from bluegreen.arguments import names
from bluegreen.arguments.hints import arguments_of, optional_of, required_of, texts_of
from bluegreen.arguments.kinds import problems_of
from bluegreen.component.declaration import also_refused
from bluegreen.rollout.errors import Problem

_SKIPPED = ("self", "name", "opts")


def problems_in(function: Callable[..., Any], given: Mapping[str, Any]) -> list[Problem]:
    """The problems with a function's arguments, by its signature."""
    hints, required, defaults = arguments_of(function), required_of(function), texts_of(function)
    optional = optional_of(function)
    problems = []
    for name, value in given.items():
        if name in _SKIPPED or name not in hints:
            continue
        of_value = problems_of(hints[name], value, name)
        problems += of_value
        if not of_value and name in required:
            problems += _empty(name, value)
        elif value == "" and defaults.get(name):  # it would take the place of what goes without saying
            problems.append(Problem(name, value, f"a text that is not empty, or absent: {defaults[name]!r}"))
        elif value == "" and name in optional and not of_value:  # a setting that nobody has made yet, most likely
            problems.append(Problem(name, value, "a text that is not empty, or absent"))
    return problems


def unknown_arguments(kind: type, given: Any, path: str) -> list[Problem]:
    """The problems with arguments that a resource of Pulumi's does not take."""
    if not isinstance(given, Mapping):
        return []
    known = inspect.signature(kind).parameters
    allowed = f"no such argument of {kind.__name__}"
    return [Problem(f"{path}.{name}", type(value), allowed) for name, value in given.items() if name not in known]


def _empty(path: str, value: object) -> list[Problem]:
    """The problem with a required argument that is empty."""
    if isinstance(value, str) and not value:
        return [Problem(path, value, "a text that is not empty")]
    if isinstance(value, (list, tuple)):
        if not value:
            return [Problem(path, list(value), "a list that is not empty")]
        return [problem for index, item in enumerate(value) for problem in _empty(f"{path}[{index}]", item)]
    return []


def checked(constructor: Callable[..., None], token: str) -> Callable[..., None]:
    """A constructor that refuses arguments of other kinds than it declares, and names that its platform refuses.

    They are reported with what the component itself finds before it declares anything.

    Raises:
        pulumi.RunError: naming each wrong argument, its value and what is allowed. Nothing was written.
    """

    @functools.wraps(constructor)
    def checking(self: Any, *positional: Any, **named: Any) -> None:
        # An argument that is missing, or that there is not, is reported as Python itself does.
        given = inspect.signature(constructor).bind(self, *positional, **named)
        arguments = {key: value for key, value in given.arguments.items() if key != "settings"}
        arguments |= given.arguments.get("settings", {})
        name = arguments.get("name")
        rule = names.RULES.get(token, names.AWS)
        problems = [*rule.problems(name), *problems_in(constructor, arguments)]
        opts = arguments.get("opts")
        if opts is not None and not isinstance(opts, pulumi.ResourceOptions):
            problems.append(Problem("opts", opts, "pulumi.ResourceOptions"))
        with also_refused(problems):
            constructor(self, *positional, **named)

    return checking
