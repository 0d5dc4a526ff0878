"""Executes a plan: prepare, verify before traffic, shift under gates, bake, and restore when anything fails."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bluegreen.capacity.base import Capacity
from bluegreen.gates.base import GateContext, Preview
from bluegreen.rollout.analysis import Analysis, GatedCheck
from bluegreen.rollout.clock import Clock
from bluegreen.rollout.errors import BluegreenError, RestoreFailed, SwapAborted, SwapFailed
from bluegreen.rollout.model import Color, Convergence, Event, Kind, Plan, Readiness, Step, Verdict, Weights, other
from bluegreen.routers.base import TrafficRouter


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a swap waits, in seconds, and how often it looks.

    Attributes:
        steady_state_timeout_seconds: for the new color's units to run and be healthy.
        converge_timeout_seconds: for a written weight to take effect.
        restore_timeout_seconds: for a restore to get through, which is tried for longer than anything else.
        poll_interval_seconds: between two looks at readiness, gates and the abort mark.
    """

    steady_state_timeout_seconds: float = 600
    converge_timeout_seconds: float = 60
    restore_timeout_seconds: float = 300
    poll_interval_seconds: float = 1


class _Stop(BluegreenError):
    """Ends the plan: the reason is what the user reads."""


class _Aborted(_Stop):
    """Somebody asked for the swap to stop."""


class Runner:
    """Runs plans against one router. ``report`` is told every event while it happens."""

    def __init__(
        self,
        router: TrafficRouter,
        capacity: Capacity | None,
        checks: Sequence[GatedCheck],
        previews: Mapping[Color, Preview],
        clock: Clock,
        report: Callable[[Event], None],
        cancelled: Callable[[], bool],
        limits: Limits,
    ) -> None:
        self._router = router
        self._capacity = capacity
        self._checks = checks
        self._previews = previews
        self._clock = clock
        self._report = report
        self._cancelled = cancelled
        self._limits = limits
        self._written: Weights | None = None

    def run(self, plan: Plan) -> None:
        """Do what the plan says.

        Raises:
            SwapFailed: it could not be finished; the former weights are live again and verified.
            SwapAborted: the same, because somebody asked for it.
            RestoreFailed: it could not be finished and the former weights could not be confirmed.
        """
        self._written = None
        try:
            if not plan.warm:
                self._prepare(plan)
            if plan.analysis or plan.kind is Kind.FIRST:
                self._ask_gates("before traffic", plan.target, self._limits.steady_state_timeout_seconds)
            for step in plan.steps:
                self._shift(plan, step)
            if plan.bake_seconds:
                self._tell("bake", f"bake {plan.bake_seconds:g} s at {plan.target} 100 %")
                self._hold(plan.target, plan.bake_seconds, "bake")
        except Exception as error:  # whatever went wrong, traffic goes back first
            raise self._restored(plan, error) from error

    def _tell(self, kind: str, text: str, **data: object) -> None:
        self._report(Event(self._clock.wall_seconds(), kind, text, data))

    def _stop_if_cancelled(self) -> None:
        if self._cancelled():
            raise _Aborted("the swap was asked to stop")

    # -- before traffic

    def _prepare(self, plan: Plan) -> None:
        color, capacity, wanted = plan.target, self._capacity, 1
        if capacity is not None:
            capacity.keep(color)
            sizes = capacity.read()
            # Autoscaling may have moved the live color away from what was declared: its present size counts.
            wanted = max(sizes[color].present, sizes[other(color)].present) or capacity.declared_size
            if sizes[color].desired != wanted or sizes[color].stuck:
                again = ", a fresh start after one that failed" if sizes[color].stuck else ""
                self._tell("prepare", f"scale {color} from {sizes[color].desired} to {wanted}{again}")
                capacity.prepare(color, wanted)
        limit = self._limits.steady_state_timeout_seconds
        deadline = self._clock.monotonic_seconds() + limit
        told = ""
        while True:
            self._stop_if_cancelled()
            readiness = self._readiness(color, wanted)
            if str(readiness) != told:
                told = str(readiness)
                self._tell("prepare", f"{color}: {told}")
            if readiness.ready:
                return
            if readiness.fatal or self._clock.monotonic_seconds() >= deadline:
                waited = "" if readiness.fatal else f" after {limit:g} s"
                raise _Stop(f"{color} is not ready for traffic{waited}: {readiness}")
            self._clock.sleep(self._limits.poll_interval_seconds)

    def _readiness(self, color: Color, wanted: int) -> Readiness:
        if self._capacity is not None:
            capacity = self._capacity.ready(color)
            if not capacity.ready:
                return capacity
        health = self._router.health(color)
        if health.healthy < wanted:
            reason = health.reason or f"{health.healthy} of {wanted} targets are healthy"
            return Readiness(False, health.healthy, wanted, reason, health.fatal)
        return health

    def _ask_gates(self, phase: str, color: Color, limit_seconds: float) -> None:
        analysis = self._analysis(color)
        deadline = self._clock.monotonic_seconds() + limit_seconds
        self._tell("verify", f"{phase}: asking {len(self._checks)} gates of {color}")
        while True:
            self._stop_if_cancelled()
            analysis.poll()
            if analysis.settled() or self._clock.monotonic_seconds() >= deadline:
                break
            self._clock.sleep(self._limits.poll_interval_seconds)
        analysis.finish()

    def _analysis(self, color: Color) -> Analysis:
        context = GateContext(color, self._previews.get(color), lambda: self._router.health(color))

        def tell(label: str, verdict: Verdict) -> None:
            self._tell("gate", f"gate {label}: {verdict.decision.value} {verdict}".rstrip(), gate=label)

        return Analysis(self._checks, context, self._clock, tell)

    # -- traffic

    def _shift(self, plan: Plan, step: Step) -> None:
        self._stop_if_cancelled()
        expected = self._written or plan.start
        if self._written is not None:  # nobody else may have moved traffic while this swap held it
            found = self._router.read()
            if found != expected:
                raise _Stop(f"the live weights are {found} instead of {expected}: somebody else moved them")
        weights = Weights.split(plan.target, step.weight_percent)
        self._write(weights, self._limits.converge_timeout_seconds)
        hold = f", hold {step.hold_seconds:g} s" if step.hold_seconds and plan.analysis else ""
        self._tell("shift", f"{weights}{hold}", weights=weights.as_dict())
        if plan.analysis and step.hold_seconds:
            self._hold(plan.target, step.hold_seconds, f"hold at {step.weight_percent} %")

    def _write(self, weights: Weights, limit_seconds: float) -> None:
        self._written = weights  # before the call: a lost reply may still have moved traffic
        self._router.write(weights)
        deadline = self._clock.monotonic_seconds() + limit_seconds
        while self._router.verify(weights) is not Convergence.CONVERGED:
            if self._clock.monotonic_seconds() >= deadline:
                raise _Stop(f"{weights} was written and had not taken effect after {limit_seconds:g} s")
            self._clock.sleep(self._limits.poll_interval_seconds)

    def _hold(self, color: Color, seconds: float, phase: str) -> None:
        analysis = self._analysis(color)
        deadline = self._clock.monotonic_seconds() + seconds
        while (left := deadline - self._clock.monotonic_seconds()) > 0:
            self._stop_if_cancelled()
            analysis.poll()
            self._clock.sleep(min(self._limits.poll_interval_seconds, left))
        self._stop_if_cancelled()
        analysis.finish()
        self._tell("gate", f"{phase}: all gates passed")

    # -- after a failure

    def _restored(self, plan: Plan, error: Exception) -> SwapFailed:
        reason = str(error) if isinstance(error, BluegreenError) else f"{type(error).__name__}: {error}"
        self._tell("restore", f"{plan.target} is not promoted: {reason}")
        # A resumed swap found a half-way mix: its failure goes back to the color that was live before it began.
        moved = self._written is not None or plan.kind is Kind.RESUME
        weights = plan.restore_to if moved else plan.start
        if moved:
            problem = self._unfit(plan) or self._restore(weights)
            if problem:
                return RestoreFailed(
                    reason,
                    weights=weights,
                    restored=f"the former weights ({weights}) could NOT be confirmed: {problem}",
                    next_step=f"run `pulumi up` again, or set {self._router.id} to {weights} by hand",
                )
        done = f"restored and verified: {weights}" if moved else f"traffic was not moved: {weights}"
        self._tell("restore", done, weights=weights.as_dict())
        failed = SwapAborted if isinstance(error, _Aborted) else SwapFailed
        live = weights.live_color
        revert = f", or set activeColor back to {live}" if live not in (None, plan.target) else ""
        return failed(
            reason,
            weights=weights,
            restored=done,
            next_step=f"mend {plan.target} and run `pulumi up` again{revert}",
        )

    def _unfit(self, plan: Plan) -> str:
        """Why the former color must not get traffic back: a restore to a dead color is an outage of its own."""
        color = plan.restore_to.live_color
        if color is None or plan.start.of(color) == 100:
            return ""
        try:
            health = self._router.health(color)
        except BluegreenError:
            return ""  # it cannot be asked: the color that was live before is still the better guess
        return "" if health.healthy else f"{color} has {health}, so traffic was left where it is"

    def _restore(self, weights: Weights) -> str:
        """Write and verify until it holds or the budget is spent; returns why not, or an empty string."""
        deadline = self._clock.monotonic_seconds() + self._limits.restore_timeout_seconds
        pause = 0.5
        while True:
            try:
                self._write(weights, self._limits.converge_timeout_seconds)
            except Exception as error:  # noqa: BLE001 - any failure is tried again until the budget is spent
                problem = str(error)
            else:
                return ""
            if self._clock.monotonic_seconds() + pause > deadline:
                return problem
            self._tell("restore", f"not restored yet ({problem}); again in {pause:g} s")
            self._clock.sleep(pause * random.uniform(0.5, 1))  # noqa: S311 - jitter, not a secret
            pause = min(pause * 2, 15)
