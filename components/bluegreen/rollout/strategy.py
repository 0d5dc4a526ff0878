"""The strategies that users name, each a list of steps before 100 %.

They are plain values: the swap's contract checks them together with everything else, so that a mistake is reported
with its field and what is allowed, and never as a traceback out of a user's program.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import Step, Strategy


def all_at_once() -> Strategy:
    """0 to 100 % in one write. The default."""
    return Strategy("all_at_once")


def canary(weight_percent: int, *, hold_seconds: float) -> Strategy:
    """One step of ``weight_percent`` held for ``hold_seconds``, then 100 %.

    Args:
        weight_percent: of the step, 1-99.
        hold_seconds: how long it lasts, in seconds.
    """
    return Strategy("canary", (Step(weight_percent, hold_seconds),))


def linear(step_percent: int, *, hold_seconds: float) -> Strategy:
    """Equal steps of ``step_percent``, each held for ``hold_seconds``, up to 100 %.

    Args:
        step_percent: of each step, 1-99.
        hold_seconds: how long each lasts, in seconds.
    """
    whole = isinstance(step_percent, int) and not isinstance(step_percent, bool)
    if not whole or step_percent < 1:  # refused by the contract, with its field
        return Strategy("linear", (Step(step_percent, hold_seconds),))
    return Strategy("linear", tuple(Step(weight, hold_seconds) for weight in range(step_percent, 100, step_percent)))


def steps(weights: Iterable[Step | tuple[int, float]]) -> Strategy:
    """Any rising weights (percent), each with its own hold (seconds): ``steps([(10, 300), (50, 600)])``.

    Args:
        weights: the steps before 100 %.
    """
    given = weights if isinstance(weights, Iterable) and not isinstance(weights, (str, bytes, Mapping)) else [weights]
    return Strategy("steps", tuple(map(_step, given)))


def _step(item: Any) -> Step:
    """Make a step; a value that is none becomes its weight, which the contract refuses."""
    if isinstance(item, Step):
        return item
    return Step(*item) if isinstance(item, (tuple, list)) and 0 < len(item) < 3 else Step(item)


def problems_of(strategy: Strategy, field: str) -> list[Problem]:
    """The problems with a strategy: weights that do not rise from 1 to 99, holds below 0."""
    problems = []
    floor = 0
    for index, step in enumerate(strategy.steps):
        if not floor < step.weight_percent < 100:
            allowed = f"a whole number from {floor + 1} to 99 (weights rise; 100 % follows as the last one)"
            problems.append(Problem(f"{field}.steps[{index}].weight_percent", step.weight_percent, allowed))
        if step.hold_seconds < 0:
            problems.append(Problem(f"{field}.steps[{index}].hold_seconds", step.hold_seconds, "seconds, 0 or more"))
        floor = max(floor, step.weight_percent)
    return problems


def untrue(strategy: Strategy, field: str, preset: Strategy | None = None) -> list[Problem]:
    """The problem with a name that promises other steps: who reads ``canary`` in a plan relies on it.

    Args:
        strategy: a strategy without other problems.
        field: where it stands.
        preset: what goes by its name elsewhere, if anything does.
    """
    weights = [step.weight_percent for step in strategy.steps]
    step = weights[0] if weights else 100
    if preset is not None and strategy.steps != preset.steps:
        return [Problem(f"{field}.name", strategy.name, "a name of its own: these are not the steps of that preset")]
    if strategy.name == "all_at_once" and weights:
        return [Problem(f"{field}.name", strategy.name, "another name: all_at_once has no steps")]
    if strategy.name == "canary" and not weights:
        return [Problem(f"{field}.steps", weights, "a step at least: a canary without one is all at once")]
    if strategy.name == "linear" and (not weights or weights != list(range(step, 100, step))):
        allowed = "equal steps up to 100 %, as linear(10, ...) makes them of a whole number; or another name"
        return [Problem(f"{field}.steps", weights, allowed)]
    return []
