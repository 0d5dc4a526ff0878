"""The rules for every capacity."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bluegreen.platforms.capacities import CAPACITIES
from bluegreen.rollout.model import COLORS
from bluegreen.testing.expecting import expect, keeps_to_sections, parsed_by

_PATIENCE = 200


@dataclass(frozen=True, slots=True)
class CapacityCase:
    """A capacity to be held against the rules.

    Attributes:
        section: a good ``capacity``, with its ``kind``; what it names is there, and is the rule's own.
        rest: lets time pass between two looks at the platform.
    """

    section: Mapping[str, object]
    rest: Callable[[], None] = lambda: None

    def build(self) -> Any:
        """The capacity, as a fresh process has it."""
        return CAPACITIES.build(parsed_by(CAPACITIES, self.section))


def its_options_are_refused_by_name(case: CapacityCase) -> None:
    """See ``keeps_to_sections``."""
    keeps_to_sections(CAPACITIES, case.section)


def it_starts_with_one_unit_at_least(case: CapacityCase) -> None:
    """Of nothing nobody could be served."""
    expect(case.build().declared_size >= 1, "it starts a color with no unit at all")


def both_colors_have_a_size(case: CapacityCase) -> None:
    """Counts of units that are wanted and that are ready."""
    sizes = case.build().read()
    expect(set(sizes) == set(COLORS), f"it knows the sizes of {', '.join(sizes)} alone")
    expect(all(size.desired >= 0 for size in sizes.values()), "it wants fewer units than none")


def what_is_prepared_becomes_ready(case: CapacityCase) -> None:
    """As many units as were requested, also where that is requested twice."""
    for _ in range(2):
        case.build().prepare("green", 2)
    capacity = case.build()
    capacity.prepare("green", 2)
    for _ in range(_PATIENCE):
        if capacity.ready("green").ready:
            break
        case.rest()
    expect(capacity.ready("green").ready, f"green is never ready: {capacity.ready('green').reason}")
    expect(case.build().read()["green"].desired == 2, "it wants another number of units than requested")


def who_is_not_ready_says_why(case: CapacityCase) -> None:
    """Users read the reason."""
    for color in COLORS:
        readiness = case.build().ready(color)
        expect(readiness.ready or readiness.reason, f"{color} is not ready, and nothing says why")


def what_holds_lets_go_and_is_let_go_of_twice(case: CapacityCase) -> None:
    """An update that is tried again does all of it once more."""
    for _ in range(2):
        case.build().suspend_scale_in()
    for _ in range(2):
        case.build().resume_scaling(["blue"])
    for _ in range(2):
        case.build().cancel_retirement("blue")


def a_later_retirement_leaves_the_size_until_then(case: CapacityCase) -> None:
    """It can still be cancelled: a rollback finds the color warm."""
    case.build().prepare("green", 2)
    said = case.build().retire("green", 0, 3600)
    expect(isinstance(said, str) and said, "it does not say what it has arranged")
    expect(case.build().read()["green"].desired == 2, "the color is scaled down before its time")
    case.build().cancel_retirement("green")
    case.build().delete()
    case.build().delete()


RULES: tuple[Callable[[CapacityCase], None], ...] = (
    its_options_are_refused_by_name,
    it_starts_with_one_unit_at_least,
    both_colors_have_a_size,
    what_is_prepared_becomes_ready,
    who_is_not_ready_says_why,
    what_holds_lets_go_and_is_let_go_of_twice,
    a_later_retirement_leaves_the_size_until_then,
)
