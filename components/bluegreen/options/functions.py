"""How programs call a class of options: by a function that ``python dev/public_functions.py`` writes below the class.

So an argument stands once, as the class' option: its name, type, bounds, default and meaning.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rest:
    """Options that several functions share, which a function takes beside its own.

    Attributes:
        name: of the function's ``**`` argument, and of the field that holds them.
        type: the typed dictionary's name.
        help: what the function's page says of them, as a phrase without a full stop.
    """

    name: str
    type: str
    help: str


@dataclass(frozen=True, slots=True)
class Function:
    """The public function of a class of options.

    Attributes:
        name: the function's.
        returns: the type of what it returns; the class where it is empty.
        by: a function of the module that makes that of the class' instance (and of the rest, where there is one).
        rest: what it takes beside the class' own options.
    """

    name: str
    returns: str = ""
    by: str = ""
    rest: Rest | None = None
