"""The inputs of gates that only ``LambdaAlias`` knows: the function, the versions, the connection.

A ``lambda_invoke`` gate without ``functions`` or a ``hook`` calls the color's own version. In the dimensions of a
``cloudwatch`` source, ``{function}``, ``{alias}`` and ``{version}`` stand for what the metrics of ``AWS/Lambda`` want
as ``FunctionName``, ``Resource`` and ``ExecutedVersion``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from bluegreen.rollout.model import COLORS, Color

_PLACES = {"{function}", "{alias}", "{version}"}


def drafted(gate: Mapping[str, Any]) -> dict[str, Any]:
    """The gate as it can be checked, and planned with, before a version is known."""
    if _calls_the_colors(gate):
        return {**gate, "functions": {color: color for color in COLORS}}
    return dict(gate)


def bound(
    gate: Mapping[str, Any],
    place: pulumi.Input[str],
    function: pulumi.Input[str],
    alias_name: str,
    versions: Mapping[Color, pulumi.Input[str]],
    connection: Mapping[str, str],
) -> dict[str, Any]:
    """The gate with the values that it left open.

    Args:
        gate: as a user declared it.
        place: the function's ARN, where that is known: it is called where that says.
        function: the function's name.
        alias_name: the alias.
        versions: each color's version.
        connection: the swap's own.
    """
    completed = dict(gate)
    if gate.get("kind") == "lambda_invoke":
        completed = {"aws": dict(connection), **gate}
    if _calls_the_colors(gate):
        completed["functions"] = {color: pulumi.Output.concat(place, ":", versions[color]) for color in COLORS}
    source = gate.get("source")
    if isinstance(source, Mapping) and _PLACES & set(_texts(source.get("dimensions"))):
        known = {"{function}": function, "{alias}": pulumi.Output.concat(function, ":", alias_name)}
        own = source.get("color_dimensions") or {}
        completed["source"] = {
            **source,
            "dimensions": {},
            "color_dimensions": {
                color: {
                    **_filled(source["dimensions"], {**known, "{version}": versions[color]}),
                    **(own.get(color) or {}),
                }
                for color in COLORS
            },
        }
    return completed


def _calls_the_colors(gate: Mapping[str, Any]) -> bool:
    return gate.get("kind") == "lambda_invoke" and not gate.get("functions") and not gate.get("hook")


def _texts(dimensions: object) -> list[str]:
    values = dimensions.values() if isinstance(dimensions, Mapping) else ()
    return [value for value in values if isinstance(value, str)]


def _filled(dimensions: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: known[value] if isinstance(value, str) and value in known else value for name, value in dimensions.items()
    }
