"""The rules for every notifier."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bluegreen.notifications.registry import NOTIFIERS
from bluegreen.rollout.errors import BluegreenError
from bluegreen.rollout.model import Outcome
from bluegreen.testing.expecting import expect, keeps_to_sections, parsed_by

_LONGEST_SECONDS = 600
_RECORDS: tuple[Mapping[str, object], ...] = (
    {},
    {"id": "1", "service": "web", "outcome": "promoted", "from": "blue", "to": "green", "release": "app:v2"},
    {"outcome": "failed", "reason": "the gate said no", "restored": {"blue": 100}, "next_step": "look at the gate"},
)


@dataclass(frozen=True, slots=True)
class NotifierCase:
    """A notifier to be held against the rules.

    Attributes:
        section: a good entry of ``notifications``, with its ``kind``.
    """

    section: Mapping[str, object]

    def build(self) -> Any:
        """The notifier."""
        return NOTIFIERS.build(parsed_by(NOTIFIERS, self.section))


def its_options_are_refused_by_name(case: NotifierCase) -> None:
    """See ``keeps_to_sections``."""
    keeps_to_sections(NOTIFIERS, case.section)


def it_says_what_it_is(case: NotifierCase) -> None:
    """A label for people, what it tells of, and how long it may take."""
    notifier = case.build()
    expect(isinstance(notifier.label, str) and notifier.label.strip(), "its label is no text, or an empty one")
    expect(set(notifier.outcomes) <= {outcome.value for outcome in Outcome}, "it has outcomes that there are not")
    expect(0 < notifier.timeout_seconds <= _LONGEST_SECONDS, "one try may take for ever")


def it_tells_or_says_why_not(case: NotifierCase) -> None:
    """Whatever is absent of the record, it tells, or raises ``NotificationFailed``."""
    for record in _RECORDS:
        _told(case.build(), record)


def _told(notifier: Any, record: Mapping[str, object]) -> None:
    try:
        notifier.notify(record)
    except BluegreenError:  # people read it as it is
        return
    except Exception as error:
        said = f"{type(error).__name__}, and not NotificationFailed"
        raise AssertionError(f"of the record {record} it raises {said}: {error}") from error


RULES: tuple[Callable[[NotifierCase], None], ...] = (
    its_options_are_refused_by_name,
    it_says_what_it_is,
    it_tells_or_says_why_not,
)
