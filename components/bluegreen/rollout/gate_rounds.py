"""Rounds of questions to a swap's gates: until all pass, for as long as a hold lasts, and once all is over."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bluegreen.rollout.analysis import Analysis, GatedCheck, GateFailed
from bluegreen.rollout.clock import Clock
from bluegreen.rollout.errors import BluegreenError
from bluegreen.rollout.fresh_health import FreshHealth
from bluegreen.rollout.limits import Limits
from bluegreen.rollout.model import Color, Phase, Plan, Verdict, Weights
from bluegreen.rollout.ports import GateContext, Preview, TrafficRouter
from bluegreen.rollout.restoring import Tell
from bluegreen.rollout.stopping import rest
from bluegreen.rollout.subject import Subject


class GateRounds:
    """The gates of a swap, phase by phase.

    Args:
        router: it knows how a color is reached, and whether a former target serves.
        checks: the gates and how their answers count.
        subject: what they know of the service.
        clock: the swap's.
        tell: reports an event: its kind, its text, its data.
        stop_if_asked: raises where the swap was aborted or its lease is lost.
        limits: how long is waited, and how often is looked.
        health: of each color.
        moved: the weights that the swap has written, ``None`` for none, and when it wrote the first ones.
    """

    def __init__(
        self,
        router: TrafficRouter,
        checks: Sequence[GatedCheck],
        subject: Subject,
        clock: Clock,
        tell: Tell,
        stop_if_asked: Callable[[], None],
        limits: Limits,
        health: FreshHealth,
        moved: Callable[[], tuple[Weights | None, float | None]],
    ) -> None:
        self._router = router
        self._checks = checks
        self._subject = subject
        self._clock = clock
        self._tell = tell
        self._stop_if_asked = stop_if_asked
        self._limits = limits
        self._health = health
        self._moved = moved

    def _checks_in(self, phase: Phase) -> list[GatedCheck]:
        return [check for check in self._checks if phase in check.phases]

    def ask(self, phase: Phase, color: Color, may_wait: Callable[[], bool] = lambda: True) -> bool:
        """Ask until every gate of a phase passes, one says no, or one's time is over.

        Args:
            phase: which.
            color: of which color.
            may_wait: called before each round; where it says no, no gate runs any more.

        Returns:
            Whether all have passed.

        Raises:
            GateFailed: one of them said no, or not yes in time.
        """
        checks = self._checks_in(phase)
        if not checks:
            return True
        analysis = self._analysis(phase, color, checks)
        count = "1 gate" if len(checks) == 1 else f"{len(checks)} gates"
        self._tell("verify", f"{phase.value}: running {count} on {color}", phase=phase.value)
        while True:
            self._stop_if_asked()
            if not may_wait():
                return False
            analysis.poll()
            if analysis.settled() or analysis.overdue(self._limits.steady_state_timeout_seconds):
                break
            rest(self._clock, self._limits.poll_interval_seconds, self._stop_if_asked)
        analysis.finish()
        return True

    def ask_of_another_target(self, phase: Phase, plan: Plan) -> None:
        """Ask the gates of a phase while the former target serves, unless nothing runs behind that one any more."""
        serves: Callable[[Color], bool] = getattr(self._router, "former_serves", lambda _color: True)
        try:
            if self.ask(phase, plan.target, lambda: serves(plan.target)):
                return
        except GateFailed:
            if serves(plan.target):
                raise
        self._tell(
            "verify",
            f"{phase.value}: the gates are not waited for: no target is healthy at the former place",
            phase=phase.value,
        )

    def hold(self, phase: Phase, color: Color, seconds: float) -> None:
        """Ask for so long.

        Raises:
            GateFailed: one of them said no, or could not run.
        """
        analysis = self._analysis(phase, color, self._checks_in(phase))
        deadline = self._clock.monotonic_seconds() + seconds
        while (left := deadline - self._clock.monotonic_seconds()) > 0:
            self._stop_if_asked()
            analysis.poll()
            rest(self._clock, min(self._limits.poll_interval_seconds, left), self._stop_if_asked)
        analysis.finish()  # the marks are looked at right after it, with the weights
        self._tell("gate", f"{phase.value}: all gates passed", phase=phase.value)

    def ask_afterwards(self, plan: Plan) -> None:
        """Ask the gates of a promotion that is over and let go: whatever these say or do changes nothing."""
        checks = self._checks_in(Phase.AFTER) if plan.analysis or plan.unproved else []
        if checks:
            try:
                self._analysis(Phase.AFTER, plan.target, checks).finish()
            except (Exception, SystemExit, KeyboardInterrupt) as failed:  # noqa: BLE001 - it is recorded all the same
                said = str(failed) if isinstance(failed, BluegreenError) else f"{type(failed).__name__}: {failed}"
                self._tell("gate", f"{said}; the swap is over and stays as it is", phase=Phase.AFTER.value)

    def _analysis(self, phase: Phase, color: Color, checks: Sequence[GatedCheck]) -> Analysis:
        began = self._clock.wall_seconds()

        def context() -> GateContext:
            written, shifted_at_seconds = self._moved()
            return GateContext(
                color,
                self._preview(color),
                lambda: self._health.for_gate(color, phase),
                service=self._subject.service,
                releases=self._subject.releases or {},
                phase=phase,
                weight_percent=written.of(color) if written is not None else 0,
                phase_began_at_seconds=began,
                shifted_at_seconds=shifted_at_seconds,
                asked_at_seconds=self._clock.wall_seconds(),
            )

        def tell(label: str, verdict: Verdict) -> None:
            self._tell(
                "gate",
                f"gate {label}: {verdict.decision.value} {verdict}".rstrip(),
                gate=label,
                phase=phase.value,
                decision=verdict.decision.value,
                value=verdict.value,
                limit=verdict.limit,
            )

        return Analysis(checks, context, self._clock, tell)

    def _preview(self, color: Color) -> Preview | None:
        """How the color is reached now: where contents change places its own address is another one once it is live."""
        preview = (self._subject.previews or {}).get(color)
        reaches: Callable[[Color, Preview], Preview] | None = getattr(self._router, "reaches", None)
        return preview if preview is None or reaches is None else reaches(color, preview)
