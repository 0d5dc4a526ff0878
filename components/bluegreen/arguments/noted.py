"""The problems with the arguments that a value was made of, kept until a component is given the value."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bluegreen.rollout.errors import Problem

# With each value itself, so that no other one gets its number.
_wrong: dict[int, tuple[object, Sequence[Problem]]] = {}


def note(value: object, problems: Sequence[Problem]) -> None:
    """Keep problems, for the component that is given the value."""
    _wrong[id(value)] = (value, problems)


def noted(value: object, path: str) -> Iterator[Problem]:
    """The problems with the arguments that a value was made of, by the path where it stands now."""
    for problem in _wrong.get(id(value), (value, ()))[1]:
        yield Problem(f"{path}.{problem.field}", problem.value, problem.allowed)
