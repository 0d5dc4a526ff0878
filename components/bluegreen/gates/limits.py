"""The options that every gate takes beside its own; the words are those of Argo Rollouts."""

from __future__ import annotations

from typing import Any

from bluegreen.fields import Fields
from bluegreen.options.declared import Options, declared, option
from bluegreen.options.kinds import Number, Texts
from bluegreen.rollout.analysis import GatePolicy
from bluegreen.rollout.model import Phase

_ONE_DAY_SECONDS = 86_400
_ONE_WEEK_SECONDS = 604_800
_USUAL = GatePolicy()


@declared
class Policy(Options):
    """How often a gate runs, and how its answers are counted."""

    interval_seconds: float = option(
        "the time between two questions", Number(0.05, _ONE_DAY_SECONDS, "seconds"), default=_USUAL.interval_seconds
    )
    failure_limit: int = option(
        "failed answers allowed in one phase; each hold is a phase",
        Number(0, 1_000, whole=True),
        default=_USUAL.failure_limit,
    )
    inconclusive_limit: int = option(
        "inconclusive answers allowed in one phase", Number(0, 1_000, whole=True), default=_USUAL.inconclusive_limit
    )
    consecutive_error_limit: int = option(
        "questions in a row that may go unanswered",
        Number(0, 1_000, whole=True),
        default=_USUAL.consecutive_error_limit,
    )
    timeout_seconds: float | None = option(
        "how long the gate may be pending where nothing else ends the phase",
        Number(1, _ONE_WEEK_SECONDS, "seconds"),
        default=_USUAL.timeout_seconds,
        absent="the swap's own time-out",
    )
    phases: frozenset[Phase] | None = option(
        "when it runs, instead of the phases that are usual for its kind",
        Texts(choices=tuple(phase.value for phase in Phase)),
        default=_USUAL.phases,
    )

    @classmethod
    def check(cls, fields: Fields, values: dict[str, Any]) -> None:  # noqa: ARG003 - each is checked by its kind
        """Refuse phases that the core does not have."""
        known = {phase.value: phase for phase in Phase}
        values["phases"] = frozenset(known[name] for name in values["phases"] if name in known) or None

    @classmethod
    def of(cls, fields: Fields) -> GatePolicy:
        """The policy of one entry of ``gates``."""
        values: dict[str, Any] = dict(cls.parse(fields))
        return GatePolicy(**values)
