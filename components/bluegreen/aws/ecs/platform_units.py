"""The running tasks of an ECS service whose traffic AWS shifts, and their colors. Pure.

A color is a task definition. There is no target group of a color's own, so what a group carries is identified by its
tasks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bluegreen.aws.elb import elbv2
from bluegreen.fields import Fields
from bluegreen.options.declared import Options, declared, option
from bluegreen.options.kinds import Text
from bluegreen.rollout.model import COLORS, Color, Weights, other, percent_of

_TAG_LIMIT = 250


@dataclass(frozen=True, slots=True)
class Unit:
    """Tasks of one task definition, and the target group that they are in."""

    task_definition: str
    target_group: str


@dataclass(frozen=True, slots=True)
class Running:
    """A deployment that runs.

    Attributes:
        id: the platform's name for it.
        target: the task definition that it brings; ``None`` while that is not known.
        settled: all traffic is on it, and only the way back is kept open.
        ending: it is on its way back already.
        at: what it is at, in the platform's own words.
    """

    id: str
    target: str | None
    settled: bool = False
    ending: bool = False
    at: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """The service as the platform has it now: its live task definition, all that runs, and its deployment."""

    live: str
    units: Sequence[Unit]
    running: Running | None = None

    def groups(self, task_definition: str | None) -> set[str]:
        """The target groups with tasks of a task definition."""
        return {unit.target_group for unit in self.units if unit.task_definition == task_definition}


@declared
class RouteOptions(Options):
    """The production route: a listener, or a rule of one."""

    listener_arn: str | None = option("the production listener", Text(), default=None)
    rule_arn: str | None = option("a rule of it, in its place", Text(), default=None)

    @classmethod
    def check(cls, fields: Fields, values: dict[str, Any]) -> None:
        """Refuse a route that names none or both of the two."""
        listener, rule = values["listener_arn"], values["rule_arn"]
        if (rule is None) == (listener is None) and not fields.unknown:
            fields.problem("listener_arn", listener, "a listener's ARN, or a rule's as rule_arn: one of the two")


def weights_of(seen: Seen, actions: Sequence[Mapping[str, Any]], task_definitions: Mapping[Color, str]) -> Weights:
    """The live weights, from what the route forwards to and what runs there.

    A deployment that runs shows as a mix from its beginning to its end, also before it has moved anything: an update
    that finds it knows that something is to be brought to its end, or back. So does an earlier release of a color,
    which is not all that the color should be.
    """
    shares = elbv2.shares_of(actions)
    total = sum(shares.values())
    if not total:
        return Weights()
    present = colors_of(seen, task_definitions)
    carried = {color: sum(shares.get(group, 0) for group in seen.groups(present[color])) for color in COLORS}
    weights = {color: percent_of(carried[color], total) for color in COLORS}
    run = seen.running
    if run is not None and (run.ending or not run.settled):
        weights = {color: min(percent, 99) for color, percent in weights.items()}
        coming = next((color for color in COLORS if present[color] == run.target), None)
        if coming is not None:
            weights[coming] = weights[coming] or 1
            weights[other(coming)] = weights[other(coming)] or 1
    for color in COLORS:
        if present[color] != task_definitions[color]:
            weights[color] = min(weights[color], 99)
    return Weights(min(weights["blue"], 100 - weights["green"]), weights["green"])


def colors_of(seen: Seen, task_definitions: Mapping[Color, str]) -> dict[Color, str]:
    """The task definition that stands for each color now: its own, or another revision where that one does not run."""
    running = {unit.task_definition for unit in seen.units} | {seen.live}
    standing: dict[Color, str] = {}
    for color, wanted in task_definitions.items():
        mates = sorted(task for task in running if family(task) == family(wanted))
        standing[color] = wanted if wanted in running or not mates else mates[-1]
    return standing


def family(task_definition: str) -> str:
    """A task definition without its revision."""
    return task_definition.rpartition(":")[0]


def tag_text(task_definition: str) -> str:
    """A task definition's family and revision, as far as a tag holds them."""
    return task_definition.rpartition("/")[2][-_TAG_LIMIT:]
