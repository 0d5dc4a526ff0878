"""The inputs of gates that only the component knows: the connection, the load balancer and target groups.

A CloudWatch gate without an ``aws`` of its own asks as the swap does. In the dimensions of a ``cloudwatch`` source,
``{load_balancer}`` and ``{target_group}`` stand for what the metrics of ``AWS/ApplicationELB`` want there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from bluegreen.component.declaration import refuse
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import COLORS, Color

_BALANCER, _GROUP = "{load_balancer}", "{target_group}"


def bound(
    gate: Mapping[str, Any],
    connection: Mapping[str, str],
    listener_arn: pulumi.Input[str] | None,
    target_group_arns: Mapping[Color, pulumi.Input[str]] | None,
) -> dict[str, Any]:
    """The gate with the values that it left open.

    Args:
        gate: as a user declared it.
        connection: the swap's own.
        listener_arn: the listener in front of the service, if there is one; its ARN names the load balancer.
        target_group_arns: a target group for each color, if there are any.

    Raises:
        pulumi.RunError: a dimension stands for what is not there.
    """
    source = gate.get("source")
    if isinstance(source, Mapping) and source.get("kind") == "cloudwatch":
        bound_source = {"aws": dict(connection), **source}
        if any(value in (_BALANCER, _GROUP) for value in _texts(source.get("dimensions"))):
            if listener_arn is None or not target_group_arns:
                allowed = f"values of your own: nothing here is behind {_BALANCER} or a {_GROUP}"
                refuse("gates", [Problem("source.dimensions", source.get("dimensions"), allowed)])
                raise AssertionError  # refuse has ended the program
            bound_source["color_dimensions"] = {
                color: {
                    **_filled(source.get("dimensions") or {}, listener_arn, target_group_arns[color]),
                    **((source.get("color_dimensions") or {}).get(color) or {}),
                }
                for color in COLORS
            }
            bound_source.pop("dimensions", None)
        return {**gate, "source": bound_source}
    return {"aws": dict(connection), **gate} if gate.get("kind") == "cloudwatch_alarms" else dict(gate)


def _texts(dimensions: object) -> list[str]:
    values = dimensions.values() if isinstance(dimensions, Mapping) else ()
    return [value for value in values if isinstance(value, str)]


def _filled(dimensions: Mapping[str, Any], listener: pulumi.Input[str], group: pulumi.Input[str]) -> dict[str, Any]:
    known = {
        _BALANCER: pulumi.Output.from_input(listener).apply(_balancer_of),
        _GROUP: pulumi.Output.from_input(group).apply(lambda arn: arn.rpartition(":")[2]),
    }
    return {
        name: known[value] if isinstance(value, str) and value in known else value for name, value in dimensions.items()
    }


def _balancer_of(listener_arn: str) -> str:
    """``app/NAME/ID``: a listener's ARN holds its load balancer's name and ID."""
    return listener_arn.partition(":listener/")[2].rpartition("/")[0]
