"""Functions whose value goes into a component: problems with their arguments are named with the component's.

So all that is wrong with a component is reported at once. Only what a function cannot even look at is reported alone.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar, cast

from bluegreen.arguments.noted import note
from bluegreen.rollout.errors import Problem

F = TypeVar("F", bound=Callable[..., Any])


def reporting(function: F) -> F:
    """Decorate a function so that a component names the problems with its arguments.

    Raises:
        pulumi.RunError: by the decorated function, where it cannot make anything of what it is given.
    """

    @functools.wraps(function)
    def checking(*positional: Any, **named: Any) -> Any:
        # An argument that is missing, or that there is not, is reported as Python itself does.
        given = inspect.signature(function).bind(*positional, **named).arguments
        try:
            made = function(*positional, **named)
        except Exception as error:
            problems = _problems(function, given)
            if not problems:
                raise
            from bluegreen.component.declaration import refuse  # noqa: PLC0415 - where something is wrong alone

            try:
                refuse(f"{function.__name__}()", problems)
            except Exception as refused:
                raise refused from error
            raise
        problems = _problems(function, given)
        if problems:
            note(made, problems)
        return made

    return cast("F", checking)


def _problems(function: Callable[..., Any], given: Any) -> list[Problem]:
    from bluegreen.arguments.checked import problems_in  # noqa: PLC0415 - with all of Pulumi, which gates do without

    parameters = inspect.signature(function).parameters
    arguments = dict[str, Any]()
    for name, value in given.items():
        parameter = parameters[name]
        if parameter.kind is parameter.VAR_KEYWORD:
            arguments |= value
        elif value is not parameter.default:
            arguments[name] = value
    return problems_in(function, arguments)
