"""A component declared for a program in another language: inputs by the schema's names in, outputs by them out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import pulumi
from pulumi.provider import ConstructResult

from bluegreen.adapters.plugin.arguments import keyword_arguments
from bluegreen.adapters.plugin.components import load
from bluegreen.adapters.plugin.model import TYPES, component
from bluegreen.adapters.plugin.resolving import resolved
from bluegreen.adapters.plugin.shapes import Property
from bluegreen.naming import camel

__all__ = ["construct", "resolved"]

_FIELD = re.compile(r"^(  )([\w.\[\]]+)(?=: )", re.MULTILINE)


def construct(
    token: str, name: str, inputs: Mapping[str, Any], options: pulumi.ResourceOptions | None = None
) -> ConstructResult:
    """Declare a component.

    Args:
        token: its type.
        name: its name.
        inputs: as ``resolved`` gives them.
        options: its options.

    Raises:
        pulumi.RunError: naming each wrong property as the program spells it, its value and what is allowed.
    """
    arguments = keyword_arguments(token, inputs, name)
    try:
        made = load(token)(name, **arguments, opts=options)
    except pulumi.RunError as error:
        raise pulumi.RunError(_respelled(str(error), token, inputs)) from None
    shown = {one.key: getattr(made, one.name, None) for one in component(token).outputs.values()}
    return ConstructResult(made.urn, {key: value for key, value in shown.items() if value is not None})


def _respelled(message: str, token: str, inputs: Mapping[str, Any]) -> str:
    """A component's own message with the names at the front of its lines as the program has them."""
    groups: list[Iterable[Property]] = [component(token).inputs.values()]
    groups += [one.properties.values() for one in TYPES.all.values()]
    names = {one.name for group in groups for one in group}

    def respelled(match: re.Match[str]) -> str:
        words = re.sub(r"\w+", lambda word: camel(word[0]) if word[0] in names else word[0], match[2])
        return match[1] + _with_kinds(words, inputs)

    return _FIELD.sub(respelled, message)


def _with_kinds(path: str, inputs: Mapping[str, Any]) -> str:
    """``gates[0].failureLimit`` as the program wrote it: ``gates[0].http.failureLimit``."""
    match = re.match(r"(gates|notifications)\[(\d+)\]\.", path)
    given = inputs.get(match[1]) if match is not None else None
    if match is None or not isinstance(given, (list, tuple)) or not isinstance(given[int(match[2])], Mapping):
        return path
    kind = next((key for key, value in given[int(match[2])].items() if value is not None), "")
    return f"{path[: match.end()]}{kind}.{path[match.end() :]}".replace(".kind", "") if kind else path
