"""Shared by stages of REST, HTTP and WebSocket APIs: the properties left to the swap, and a stage's URL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
import pulumi_aws as aws

from bluegreen.component.declaration import known
from bluegreen.fields import UNKNOWN, Fields
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import COLORS, Color


def production_options(parent: pulumi.Resource, properties: Sequence[str]) -> pulumi.ResourceOptions:
    """Options of a stage that production requests come to.

    The swap writes ``properties``, and its owner and marks as tags: the stack sets these once, when it makes the stage,
    and leaves them alone from then on.
    """
    return pulumi.ResourceOptions(parent=parent, ignore_changes=[*properties, "tags", "tagsAll"])


def preview_names(stage_name: str) -> dict[Color, str]:
    """The stages of the two colors: ``prod-blue``; beside ``$default`` just ``blue``."""
    prefix = "" if stage_name == "$default" else f"{stage_name}-"
    return {color: f"{prefix}{color}" for color in COLORS}


def url_of(api_id: pulumi.Input[str], stage_name: str, parent: pulumi.Resource) -> pulumi.Output[str]:
    """The URL of a stage that was not made here."""
    invoke = pulumi.InvokeOutputOptions(parent=parent)
    region = aws.get_region_output(opts=invoke).region
    suffix = aws.get_partition_output(opts=invoke).dns_suffix
    path = "" if stage_name == "$default" else stage_name
    return pulumi.Output.concat("https://", api_id, ".execute-api.", region, ".", suffix, "/", path)


def problems_in(color: Color, given: Mapping[str, Any], required: str) -> list[Problem]:
    """The problems with a color's own argument, beside those that the router finds."""
    fields = Fields(known(dict(given)), color)
    fields.text(required)
    fields.text("release", None)
    fields.raw("variables")
    fields.done()
    return fields.problems


def of_both(colors: Mapping[Color, Mapping[str, Any]], key: str) -> dict[Color, Any]:
    """A value by color, ``UNKNOWN`` where it is missing, so that a problem is named once."""
    return {color: given.get(key, UNKNOWN) for color, given in colors.items()}
