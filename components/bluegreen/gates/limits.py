"""What every gate takes beside its own arguments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict


class Limits(TypedDict, total=False):
    """How a gate is asked, and how its answers are counted; the words are those of Argo Rollouts.

    Attributes:
        interval_seconds: time between two questions, default 10.
        failure_limit: failed answers allowed in one phase, default 0.
        inconclusive_limit: inconclusive answers allowed in one phase, default 0.
        consecutive_error_limit: questions in a row that may go unanswered, default 4.
        timeout_seconds: how long the gate may be pending where nothing else ends the phase; the swap's own time-out
            when absent.
        phases: when it is asked, instead of the phases that are usual for its kind: ``confirm``, ``before``,
            ``increase``, ``promote``, ``hold``, ``bake``, ``after``.
    """

    interval_seconds: float
    failure_limit: int
    inconclusive_limit: int
    consecutive_error_limit: int
    timeout_seconds: float
    phases: Sequence[str]
