"""The bounds of what a program declares, checked as its options declare them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from bluegreen.component.declaration import known
from bluegreen.fields import Fields
from bluegreen.options.declared import options_of
from bluegreen.options.kinds import Number, Text
from bluegreen.rollout.errors import Problem

T = TypeVar("T")


def given_or_usual(cls: type[T], given: Mapping[str, Any]) -> T:
    """An instance of a class of options from those that a program gives; the others have their defaults.

    Args:
        cls: none of its options is required.
        given: by the options' names; what the class does not have is left out.
    """
    names = [option.attribute for option in options_of(cls)]
    return cls(**{name: given[name] for name in names if given.get(name) is not None})


def problems_of_bounds(made: Any) -> list[Problem]:
    """The problems with numbers and texts that are out of their declared bounds, by the arguments' names.

    Values that only an update knows pass. Of which type a value is, its public function has looked at.

    Args:
        made: an instance of a class of options.
    """
    problems: list[Problem] = []
    for option in options_of(type(made)):
        kind, value = option.kind, known(getattr(made, option.attribute))
        bounded = isinstance(kind, Number) or (isinstance(kind, Text) and (kind.choices or kind.fits) is not None)
        if bounded and not (value is None and option.default is None):
            kind.read(Fields({option.argument: value}, problems=problems), option.argument, option.default)
    return problems
