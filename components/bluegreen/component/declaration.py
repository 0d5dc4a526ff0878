"""The check of a component's arguments before it declares anything, which names all problems at once."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import pulumi

from bluegreen.fields import UNKNOWN
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import COLORS, Strategy


def known(value: Any) -> Any:
    """The value with every output in it, which only an update knows, marked as such for checking."""
    if isinstance(value, pulumi.Output):
        return UNKNOWN
    if isinstance(value, Mapping):
        return {key: known(item) for key, item in value.items()}
    return [known(item) for item in value] if isinstance(value, (list, tuple)) else value


def strategy_inputs(strategy: Strategy | Mapping[str, Any] | str) -> dict[str, Any] | str:
    """A strategy as the swap's inputs have it: an object, or a preset's name as it is."""
    if not isinstance(strategy, Strategy):
        # Anything else than an object, a number in a stack's configuration say, is for the contract to refuse.
        return dict(strategy) if isinstance(strategy, Mapping) else strategy
    steps = [{"weight_percent": step.weight_percent, "hold_seconds": step.hold_seconds} for step in strategy.steps]
    return {"name": strategy.name, "steps": steps}


def listed(value: Any) -> Any:
    """A list as a tuple; any other value as it is, for the component to refuse by its name."""
    return tuple(value) if isinstance(value, Iterable) and not isinstance(value, (str, bytes, Mapping)) else value


def is_of_both(value: Any) -> bool:
    """Whether it is an object with an entry for each color."""
    return isinstance(value, Mapping) and set(value) == set(COLORS)


def unfit(value: Any, path: str) -> Iterator[Problem]:
    """The problems with values that no state can hold: NaN, a function, an object whose fields have no names.

    Args:
        value: with ``UNKNOWN`` for what only an update knows.
        path: where it stands; empty for a whole.
    """
    if isinstance(value, Mapping):
        for key, item in value.items():
            inside = f"{path}.{key}" if path else str(key)
            if not isinstance(key, str):
                yield Problem(path, key, "an object whose fields have texts as names")
            yield from unfit(item, inside)
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from unfit(item, f"{path}[{index}]")
    elif isinstance(value, float) and not math.isfinite(value):
        yield Problem(path, value, "a number")
    elif value is not UNKNOWN and not isinstance(value, (str, int, float, type(None), Awaitable)):
        yield Problem(path, type(value), "a text, a number, true or false, a list or an object")


_of_kinds: ContextVar[Sequence[Problem]] = ContextVar("of_kinds", default=())


@contextmanager
def also_refused(problems: Sequence[Problem]) -> Iterator[None]:
    """Have ``refuse`` name these problems, too, so that all of them are named at once.

    Where code cannot even look at what is wrong, they are reported alone.

    Raises:
        pulumi.RunError: as ``refuse`` does.
    """
    token = _of_kinds.set(problems)
    try:
        yield
        refuse("", [])
    except pulumi.RunError:
        raise
    except Exception:
        refuse("", [])
        raise
    finally:
        _of_kinds.reset(token)


def refuse(name: str, problems: Sequence[Problem]) -> None:
    """End the program with a message, and not with a traceback, when there are problems.

    Raises:
        pulumi.RunError: naming each wrong field, its value and what is allowed. Nothing was written.
    """
    told = {_last(problem.field) for problem in problems}  # who checks a field itself says more about it
    problems = [*problems, *(problem for problem in _of_kinds.get() if _last(problem.field) not in told)]
    name = name if isinstance(name, str) and name else "the component"
    if problems:
        lines = "\n".join(f"  {line}" for line in dict.fromkeys(map(str, problems)))
        raise pulumi.RunError(f"{name} is refused; nothing was written:\n{lines}")


def _last(field: str) -> str:
    return field.rpartition(".")[2]
