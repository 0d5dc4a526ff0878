"""The bounds of what a program declares, checked as its options declare them."""

from __future__ import annotations

from typing import Any

from bluegreen.component.declaration import known
from bluegreen.fields import Fields
from bluegreen.options.declared import options_of
from bluegreen.options.kinds import Number, Text
from bluegreen.rollout.errors import Problem


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
