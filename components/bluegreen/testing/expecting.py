"""The error of a broken rule, and the rules for sections of every kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bluegreen.fields import UNKNOWN, Fields
from bluegreen.registry import Registry


def expect(holds: object, otherwise: str) -> None:
    """Raise when something does not hold.

    Raises:
        AssertionError: with ``otherwise``, a sentence.
    """
    if not holds:
        raise AssertionError(otherwise)


def parsed_by(registry: Registry[Any], section: Mapping[str, object]) -> tuple[str, Mapping[str, object]]:
    """A section that is good, as its kind and the constructor's arguments.

    Raises:
        AssertionError: it is refused.
    """
    fields = Fields(section, "section")
    parsed = registry.parse(fields)
    expect(parsed is not None, f"a good section is refused: {'; '.join(map(str, fields.problems))}")
    assert parsed is not None  # noqa: S101 - said above
    return parsed


def keeps_to_sections(registry: Registry[Any], section: Mapping[str, object]) -> None:
    """A misspelt option is refused by its name; an unknown value is not; no value at all raises.

    Raises:
        AssertionError: naming the option.
    """
    parsed_by(registry, section)
    kind = section["kind"]
    for name in [name for name in section if name != "kind"]:
        fields = Fields({**section, name: UNKNOWN}, "section")
        registry.parse(fields)
        refused = [problem.field for problem in fields.problems]
        expect(f"section.{name}" not in refused, f"{kind}: {name} is refused while it is not known yet, in a preview")
        for wrong in (object(), "", -1, ["\n"], {"": None}):
            registry.parse(Fields({**section, name: wrong}, "section"))
    fields = Fields({**section, "no_such_option": 1}, "section")
    registry.parse(fields)
    refused = [problem.field for problem in fields.problems]
    expect("section.no_such_option" in refused, f"{kind}: an option that it does not have is taken in silence")
