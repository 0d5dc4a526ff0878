"""Whatever one color has, the other has too: a color that is not there cannot take the traffic."""

from __future__ import annotations

from collections.abc import Iterable

from .colors import pairs
from .values import ECS_SERVICE, TASK_DEFINITION, StackResource, Violation, noun


def violations(resources: Iterable[StackResource]) -> list[Violation]:
    """Target groups, ECS services and task definitions without a counterpart."""
    problems = []
    all_pairs = list(pairs(resources))
    handed_in = {
        (pair.service, color)
        for pair in all_pairs
        for color, one in (("blue", pair.blue), ("green", pair.green))
        # A service without a task definition of the stack's runs one that was made elsewhere.
        if one is not None and one.type == ECS_SERVICE and one.props.get("taskDefinition")
    }
    for pair in all_pairs:
        if pair.blue is not None and pair.green is not None:
            continue
        there, color, missing = (pair.blue, "blue", "green") if pair.green is None else (pair.green, "green", "blue")
        if there is None:
            continue
        if there.type == TASK_DEFINITION and (pair.service, missing) in handed_in:
            continue
        kind = noun(there.type)
        problems.append(
            Violation(
                f"{there.name}: the service {pair.service!r} has this {kind} for {color}, but none for {missing}. "
                f"Declare {missing}'s, tagged bluegreen:service = {pair.service} and bluegreen:color = {missing}.",
                there.urn,
            )
        )
    return problems
