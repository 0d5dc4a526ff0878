"""The values that rules see: plain ones, and one mark for those that a preview cannot know."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

_SHOWN_CHARACTERS = 120

Props = Mapping[str, Any]
"""A resource's properties by the names that the engine has for them (``healthCheck``, not ``health_check``)."""


class _Unknown:
    def __repr__(self) -> str:
        return "<not known yet>"


UNKNOWN: Final = _Unknown()
"""Stands for a value that only an update will know. No rule makes a statement about it."""

TARGET_GROUPS: Final = frozenset({"aws:lb/targetGroup:TargetGroup", "aws:alb/targetGroup:TargetGroup"})
TASK_DEFINITION: Final = "aws:ecs/taskDefinition:TaskDefinition"
ECS_SERVICE: Final = "aws:ecs/service:Service"
# Of the imported package and of the plugin.
TRAFFIC_SWAPS: Final = frozenset({"pulumi-python:dynamic/bluegreen:TrafficSwap", "bluegreen:index:TrafficSwap"})


@dataclass(frozen=True, slots=True)
class StackResource:
    """A resource of the stack.

    Attributes:
        type: its type token.
        name: its name in the program.
        urn: its URN.
        props: its outputs; in a preview, those that are known.
    """

    type: str
    name: str
    urn: str
    props: Props


@dataclass(frozen=True, slots=True)
class Violation:
    """A problem with a resource."""

    message: str
    urn: str


def shown(value: object) -> str:
    """A value as a message has it: short, and whole numbers without a fraction."""
    if value is None:
        return "not set"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = json.dumps(value, default=repr)
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[: _SHOWN_CHARACTERS - 1]}…"


def noun(type_token: str) -> str:
    """A type as people say it: ``TargetGroup``, ``TaskDefinition``, ``Service``."""
    return type_token.rpartition(":")[2]
