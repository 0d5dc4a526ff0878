"""Asking gates again and again, with the limits that Argo Rollouts' users know."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bluegreen.rollout.asking import ask
from bluegreen.rollout.clock import Clock
from bluegreen.rollout.errors import BluegreenError, LeaseLost
from bluegreen.rollout.model import Decision, Phase, Verdict
from bluegreen.rollout.ports import Gate, GateContext


class GateFailed(BluegreenError):
    """A gate said no, or could not say yes in time.

    Attributes:
        unasked: whether it could not be reached, which says nothing about what it would have looked at.
    """

    def __init__(self, text: str, *, unasked: bool = False) -> None:
        self.unasked = unasked
        super().__init__(text)


@dataclass(frozen=True, slots=True)
class GatePolicy:
    """The rules by which a gate's answers are counted.

    Attributes:
        interval_seconds: the time between two questions.
        failure_limit: failed answers allowed in one phase; 0 means that the first one ends it.
        inconclusive_limit: the same of answers that could not tell good from bad.
        consecutive_error_limit: questions in a row that may go unanswered.
        timeout_seconds: how long it may stay pending where nothing else ends the phase (before traffic and before a
            weight); ``None`` is the swap's own time-out.
        phases: when it runs; ``None`` leaves that to the gate.
    """

    interval_seconds: float = 10
    failure_limit: int = 0
    inconclusive_limit: int = 0
    consecutive_error_limit: int = 4
    timeout_seconds: float | None = None
    phases: frozenset[Phase] | None = None


@dataclass(frozen=True, slots=True)
class GatedCheck:
    """A gate with its policy."""

    gate: Gate
    policy: GatePolicy = GatePolicy()

    @property
    def phases(self) -> frozenset[Phase]:
        """The phases in which the gate runs."""
        return self.gate.phases if self.policy.phases is None else self.policy.phases


_STALE_SECONDS = 1.0


@dataclass(slots=True)
class _Tally:
    check: GatedCheck
    due_seconds: float
    answered_seconds: float = float("-inf")
    took_seconds: float = 0
    failures: int = 0
    inconclusive: int = 0
    errors_in_a_row: int = 0
    last: Verdict | None = None
    told: Decision | None = field(default=None)

    @property
    def passed(self) -> bool:
        return self.last is not None and self.last.decision is Decision.PASS


class Analysis:
    """The gates of one phase (before traffic, one hold, the bake): call ``poll`` often, ``finish`` at the end.

    ``context`` makes what a gate gets, anew for each question. Raises ``GateFailed`` from either; the message
    carries the gate, its value and its limit.
    """

    def __init__(
        self,
        checks: Sequence[GatedCheck],
        context: Callable[[], GateContext],
        clock: Clock,
        tell: Callable[[str, Verdict], None],
    ) -> None:
        self._context = context
        self._clock = clock
        self._tell = tell
        self._began_seconds = self._round_seconds = clock.monotonic_seconds()
        self._tallies = [_Tally(check, self._began_seconds) for check in checks]

    def poll(self) -> None:
        """Ask every gate that is due."""
        self._round_seconds = self._clock.monotonic_seconds()
        for tally in self._tallies:
            now = self._clock.monotonic_seconds()
            if now >= tally.due_seconds:
                tally.due_seconds = now + tally.check.policy.interval_seconds
                self._ask(tally)

    def settled(self) -> bool:
        """Whether every gate's last answer was a pass."""
        return all(tally.passed for tally in self._tallies)

    def overdue(self, limit_seconds: float) -> bool:
        """Whether a gate has been without a pass for longer than it may be; ``limit_seconds`` where it has no own."""
        waited = self._clock.monotonic_seconds() - self._began_seconds
        limits = [tally.check.policy.timeout_seconds for tally in self._tallies if not tally.passed]
        return any(waited >= (limit_seconds if limit is None else limit) for limit in limits)

    def finish(self) -> None:
        """Ask once more and fail closed: whatever is not a pass by now is a no."""
        for tally in self._tallies:
            # A pass from the phase's beginning says nothing about its end; one of the last round does where its gate
            # takes long, so that none runs for minutes twice. What answers at once runs again at the end.
            age_seconds = self._clock.monotonic_seconds() - tally.answered_seconds
            is_quick = tally.took_seconds < _STALE_SECONDS
            stale = age_seconds >= _STALE_SECONDS and (is_quick or tally.answered_seconds < self._round_seconds)
            if not tally.passed or stale:
                self._ask(tally)
            if not tally.passed:
                raise GateFailed(
                    f"gate {tally.check.gate.label} did not pass in time: {tally.last or 'no answer'}",
                    unasked=tally.errors_in_a_row > 0,
                )

    def _ask(self, tally: _Tally) -> None:
        gate, policy = tally.check.gate, tally.check.policy
        began_seconds = self._clock.monotonic_seconds()
        try:
            verdict = ask(gate, self._context())
            tally.errors_in_a_row = 0
        except LeaseLost:
            raise
        except BluegreenError as error:
            verdict = Verdict(Decision.PENDING, reason=f"could not run: {error}")
            tally.errors_in_a_row += 1
        # An answer is as old as its end: a gate that measures for minutes has just said what it says.
        tally.answered_seconds = self._clock.monotonic_seconds()
        tally.took_seconds = tally.answered_seconds - began_seconds
        tally.last = verdict
        # A pass is reported once a phase, everything else each time.
        if verdict.decision is not Decision.PASS or tally.told is not Decision.PASS:
            self._tell(gate.label, verdict)
        tally.told = verdict.decision
        tally.failures += verdict.decision is Decision.FAIL
        tally.inconclusive += verdict.decision is Decision.INCONCLUSIVE
        if tally.failures > policy.failure_limit:
            raise GateFailed(f"gate {gate.label} failed: {verdict}")
        if tally.inconclusive > policy.inconclusive_limit:
            raise GateFailed(f"gate {gate.label} is inconclusive: {verdict}")
        if tally.errors_in_a_row > policy.consecutive_error_limit:
            text = f"gate {gate.label} {verdict.reason} ({tally.errors_in_a_row} times in a row)"
            raise GateFailed(text, unasked=True)
