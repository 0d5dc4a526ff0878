"""The place in a data class' field that holds the declaration of its option."""

from __future__ import annotations

import dataclasses

OPTION = "bluegreen.option"
"""What is declared of it: see ``bluegreen.options.declared.option``."""
SEVERAL = "bluegreen.several"
"""The class that declares several options of the same section."""


def names_of(cls: type) -> list[str]:
    """The names of a class' options in the inputs, in the order in which they are declared."""
    names = []
    for field in dataclasses.fields(cls):
        if SEVERAL in field.metadata:
            names += names_of(field.metadata[SEVERAL])
        elif OPTION in field.metadata:
            _, _, _, name, *_ = field.metadata[OPTION]
            names.append(name or field.name)
    return names
