"""The rules for every metric source."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bluegreen.metrics.registry import METRICS
from bluegreen.rollout.errors import GateUnavailable, PlatformError
from bluegreen.rollout.ports import GateContext
from bluegreen.testing.expecting import expect, keeps_to_sections, parsed_by

_WINDOW_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class MetricCase:
    """A metric source to be held against the rules.

    Attributes:
        section: a good ``source`` of a gate, with its ``kind``.
        context: what it may look at.
    """

    section: Mapping[str, object]
    context: GateContext = field(default_factory=lambda: GateContext("green", service="web"))

    def build(self) -> Any:
        """The source."""
        return METRICS.build(parsed_by(METRICS, self.section))


def its_options_are_refused_by_name(case: MetricCase) -> None:
    """See ``keeps_to_sections``."""
    keeps_to_sections(METRICS, case.section)


def it_says_what_it_is(case: MetricCase) -> None:
    """A label for people, and the shortest window."""
    source = case.build()
    expect(isinstance(source.label, str) and source.label.strip(), "its label is no text, or an empty one")
    expect(source.least_window_seconds >= 0, "its shortest window is less than nothing")


def it_has_a_number_or_says_why_not(case: MetricCase) -> None:
    """A number, ``None`` for no data, or that it cannot be reached: anything else would be a failure of the swap's."""
    source = case.build()
    window = max(_WINDOW_SECONDS, source.least_window_seconds)
    try:
        value = source.value(case.context, case.context.color, window)
        series = list(source.series(case.context, case.context.color, window))
    except (GateUnavailable, PlatformError):
        return
    except Exception as error:
        raise AssertionError(f"it raises {type(error).__name__}, and not GateUnavailable: {error}") from error
    expect(value is None or isinstance(value, (int, float)), f"its value is {value!r}: a number, or None for no data")
    expect(all(isinstance(sample, (int, float)) for sample in series), "its series has something that is no number")


RULES: tuple[Callable[[MetricCase], None], ...] = (
    its_options_are_refused_by_name,
    it_says_what_it_is,
    it_has_a_number_or_says_why_not,
)
