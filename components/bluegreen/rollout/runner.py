"""Executes a plan: prepare, verify before traffic, shift under gates, bake, and restore when anything fails."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from bluegreen.rollout.analysis import GatedCheck
from bluegreen.rollout.asking import INTERRUPTIONS, named
from bluegreen.rollout.clock import Clock
from bluegreen.rollout.errors import BluegreenError, LeaseHeld, LeaseLost, SwapFailed, TrafficMoved
from bluegreen.rollout.fresh_health import FreshHealth
from bluegreen.rollout.gate_rounds import GateRounds
from bluegreen.rollout.limits import Limits
from bluegreen.rollout.model import (
    Color,
    Convergence,
    Event,
    Kind,
    Phase,
    Plan,
    Readiness,
    Size,
    Step,
    Traffic,
    Weights,
    other,
)
from bluegreen.rollout.ports import Capacity, TrafficRouter
from bluegreen.rollout.restoring import Restoring, as_planned
from bluegreen.rollout.same_release import SameRelease
from bluegreen.rollout.stopping import Aborted, Moved, NotReady, Stopped, Watch, judged, rest
from bluegreen.rollout.subject import Subject

# A live color that grows each time it is looked at is not waited for without end.
_CATCH_UPS = 3
# Where nothing was waited for, sizes that were just read are the present ones.
_SIZES_LAST_SECONDS = 0.25
# A mark that is never set: its removal proves that marks may be removed.
_NO_MARK = "rehearsal"


class Runner:
    """Runs plans against one router. ``report`` is called with every event while it happens.

    Attributes:
        waited: whether time has gone by since the last write was sent, for it to take effect: what was read before
            is old.
    """

    def __init__(
        self,
        router: TrafficRouter,
        capacity: Capacity | None,
        checks: Sequence[GatedCheck],
        subject: Subject,
        clock: Clock,
        report: Callable[[Event], None],
        watch: Watch,
        limits: Limits,
    ) -> None:
        self._router = router
        self._health = FreshHealth(router.health, clock)
        self._capacity = capacity
        self._subject = subject
        self._clock = clock
        self._report = report
        self._watch = watch
        self._limits = limits
        self._written: Weights | None = None
        self.waited = False
        self._shifted_at_seconds: float | None = None
        self._sized_at_seconds, self._confirmed = -math.inf, False
        self._tried_on = False
        self._same: SameRelease
        self._gates = GateRounds(
            router,
            checks,
            subject,
            clock,
            self._tell,
            self._stop_if_asked,
            limits,
            self._health,
            lambda: (self._written, self._shifted_at_seconds),
        )

    def run(self, plan: Plan) -> None:
        """Execute the plan.

        Raises:
            SwapFailed: it could not be finished; the former weights are live again and verified.
            SwapAborted: the same, because somebody requested it.
            RestoreFailed: it could not be finished and the former weights could not be confirmed.
            LeaseHeld: it was to be the first start, and another one came first.
            LeaseLost: another swap took over; nothing more was written.
        """
        self._written = self._shifted_at_seconds = None
        self._tried_on = False
        self._same = SameRelease(plan.target, self._capacity)
        try:
            if plan.analysis:
                self._preflight(plan)
                self._gates.ask(Phase.CONFIRM, plan.target)
                self._confirmed = True
            elif plan.unproved:
                self._gates.ask_of_another_target(Phase.CONFIRM, plan)
            if not plan.warm:
                for color in plan.rising:
                    self._prepare(plan, color)
            if plan.unproved:
                self._gates.ask_of_another_target(Phase.BEFORE, plan)
                self._gates.ask_of_another_target(Phase.PROMOTE, plan)
            elif plan.analysis or plan.kind is Kind.FIRST:
                self._try_on(plan)
                self._gates.ask(Phase.BEFORE, plan.target)
            for step in plan.steps:
                self._shift(plan, step)
            if plan.bake_seconds:
                self._tell("bake", f"bake {plan.bake_seconds:g} s at {plan.target} 100 %")
                self._gates.hold(Phase.BAKE, plan.target, plan.bake_seconds)
            if plan.holds_at_the_end:
                self._refuse_what_moved()  # what is said and retired next is about what is live now
        except (LeaseHeld, LeaseLost):
            raise  # another one writes now
        except (Exception, *INTERRUPTIONS) as error:  # whatever went wrong, traffic goes back first
            raise self._restored(plan, error) from error

    def ask_afterwards(self, plan: Plan) -> None:
        """Ask the gates of a promotion that is over and let go: whatever these say or do changes nothing."""
        self._gates.ask_afterwards(plan)

    def _tell(self, kind: str, text: str, **data: object) -> None:
        self._report(Event(self._clock.wall_seconds(), kind, text, data))

    def _stop_if_asked(self, marks: Mapping[str, str] | None = None) -> None:
        who = self._watch.check() if marks is None else self._watch.judge(marks)
        if who is not None:
            raise Aborted(f"the swap was aborted by {who}")

    # -- before traffic

    def _preflight(self, plan: Plan) -> None:
        """Find missing permissions before anything is scaled or moved, also by a write that changes nothing.

        Before any gate runs: what was read a moment ago is still so, and nothing that somebody moves while a gate
        waits is put back by it.
        """
        # An exchange is no write that changes nothing: between a look and it somebody may have exchanged as well.
        if plan.start.elsewhere == 0 and not getattr(self._router, "exchanges", False):
            if getattr(self._router, "looks_before_writes", False):  # one call for both
                self._look_before_the_first_write(plan, fresh=True)
            self._begin(plan, lambda: self._router.write(plan.start))
        self._router.mark({_NO_MARK: None})

    def _prepare(self, plan: Plan, color: Color) -> None:
        capacity, wanted = self._capacity, 1
        if capacity is not None:
            capacity.cancel_retirement(color)
            sizes = self._sizes(capacity)
            if plan.analysis and color == plan.target:
                capacity.preflight(color, sizes[color].desired, self._subject.retires)
                capacity.suspend_scale_in()
            # Autoscaling may have moved the live color away from what was declared: its present size counts.
            wanted = max(sizes[color].present, sizes[other(color)].present) or capacity.declared_size
            if sizes[color].desired != wanted or sizes[color].stuck:
                again = ", a fresh start after one that failed" if sizes[color].stuck else ""
                self._tell("prepare", f"scale {color} from {sizes[color].desired} to {wanted}{again}")
                capacity.prepare(color, wanted)
            self._keep_least(plan, capacity, color, wanted, sizes)
        limit = self._limits.steady_state_timeout_seconds
        deadline = self._clock.monotonic_seconds() + limit
        told = ""
        while True:
            self._stop_if_asked()
            readiness = self._readiness(color, wanted)
            if str(readiness) != told:
                told = str(readiness)
                self._tell("prepare", f"{color}: {told}")
            if color == plan.target:
                note = self._same.is_ready_with if readiness.ready else self._same.refuse_another
                note(readiness.release)
            if readiness.ready:
                return
            if readiness.fatal or self._clock.monotonic_seconds() >= deadline:
                waited = "" if readiness.fatal else f" after {limit:g} s"
                reason = f"{color} is not ready for traffic{waited}: {readiness}"
                raise NotReady(reason, undelivered=readiness.undelivered)
            rest(self._clock, self._limits.poll_interval_seconds, self._stop_if_asked)

    def _keep_least(
        self, plan: Plan, capacity: Capacity, color: Color, wanted: int, sizes: Mapping[Color, Size]
    ) -> None:
        """Scale the other color up from zero, where nobody reaches a color unless the other one runs, too."""
        least, rest_color = getattr(self._router, "least_idle_percent", 0), other(color)
        if least and sizes[rest_color].desired == 0:
            size = wanted if plan.start.of(rest_color) else math.ceil(wanted * least / 100)
            self._tell("prepare", f"scale {rest_color} from 0 to {size}: without it no request reaches {color}")
            capacity.cancel_retirement(rest_color)
            capacity.prepare(rest_color, size)

    def _catch_up(self, plan: Plan) -> None:
        """Grow the new color where the live one has grown while the new one started and its gates ran."""
        if self._capacity is None or self._clock.monotonic_seconds() - self._sized_at_seconds < _SIZES_LAST_SECONDS:
            return
        for _ in range(_CATCH_UPS):
            sizes = self._sizes(self._capacity)
            # Another release may have come, too: whoever has just read the sizes knows that.
            if sizes[plan.target].desired >= sizes[other(plan.target)].present:
                readiness = self._capacity.ready(plan.target)
                self._same.refuse_another(readiness.release)
                if readiness.ready:
                    return
            self._prepare(plan, plan.target)

    def _sizes(self, capacity: Capacity) -> Mapping[Color, Size]:
        self._sized_at_seconds = self._clock.monotonic_seconds()
        return capacity.read()

    def _readiness(self, color: Color, wanted: int) -> Readiness:
        release = ""
        if self._capacity is not None:
            capacity = self._capacity.ready(color)
            if not capacity.ready:
                return capacity
            release = capacity.release
        health = self._health.now(color)
        if not health.enough_for(wanted):
            reason = health.reason or f"{health.healthy} of {wanted} targets are healthy"
            undelivered = health.undelivered
            return Readiness(
                False, health.healthy, wanted, reason, health.fatal, undelivered=undelivered, release=release
            )
        return replace(health, release=release)

    def _try_on(self, plan: Plan) -> None:
        """Have the gates look at the color as it will be in production, where its platform can do that."""
        try_on = getattr(self._router, "try_on", None)
        if try_on is not None and plan.analysis and plan.start.of(plan.target) == 0:
            self._tried_on = True  # before the call: a lost reply may have done it
            try_on(plan.target)

    def _take_off(self) -> None:
        """Give a color that never came to be live its own settings back; where that fails, the next update does it."""
        take_off = getattr(self._router, "take_off", None)
        if take_off is not None and self._tried_on and self._written is None:
            try:
                take_off()
            except LeaseLost:
                raise
            except BluegreenError as error:
                self._tell(
                    "restore", f"its own settings are not back yet ({error}); the next `pulumi up` restores them"
                )

    # -- traffic

    def _shift(self, plan: Plan, step: Step) -> None:
        if plan.analysis:
            self._gates.ask(Phase.PROMOTE if step.weight_percent == 100 else Phase.INCREASE, plan.target)
        if self._written is None:
            if plan.analysis:
                self._catch_up(plan)
            self._look_before_the_first_write(plan)
        else:
            if plan.analysis:
                self._same.look()  # before the weights: whoever moved those is what has to be known last
            self._refuse_what_moved()
        weights = Weights.split(plan.target, step.weight_percent)
        self._shifted_at_seconds = self._shifted_at_seconds or self._clock.wall_seconds()
        began_seconds = self._clock.monotonic_seconds()
        if self._written is None:
            self._begin(plan, lambda: self._write(weights))
        else:
            self._write(weights)
        took_seconds = round(self._clock.monotonic_seconds() - began_seconds, 3)
        hold = f", hold {step.hold_seconds:g} s" if step.hold_seconds and plan.analysis else ""
        really = getattr(self._router, "comes_to", lambda _weights: "")(weights)
        text = f"{weights} ({really}){hold}" if really else f"{weights}{hold}"
        self._tell("shift", text, weights=weights.as_dict(), took_seconds=took_seconds)
        if plan.analysis and step.hold_seconds:
            self._gates.hold(Phase.HOLD, plan.target, step.hold_seconds)

    def _begin(self, plan: Plan, write: Callable[[], None]) -> None:
        """Write for the first time, or preflight that write; traffic that somebody moved since the look stays moved."""
        try:
            write()
        except TrafficMoved as error:
            if getattr(self._router, "names", ()):
                raise  # of several, others may have been written
            self._written = None
            raise Moved(self._router.read().weights, plan.start) from error

    def _refuse_what_moved(self) -> None:
        """Stop the swap where somebody else has moved traffic while it held the object."""
        traffic = self._glance()
        if traffic.weights != self._written:
            live = traffic.weights
            raise Stopped(f"the live weights are {live} instead of {self._written}: somebody else moved them")

    def _look_before_the_first_write(self, plan: Plan, *, fresh: bool = False) -> None:
        """Look once more, since minutes may have passed since the plan: what somebody moved is not written over."""
        if plan.start == Weights() and not getattr(self._router, "is_there", False):
            self._stop_if_asked()
            return  # with nothing there the first write is refused by whoever came first
        traffic = self._glance(fresh=fresh)
        if not as_planned(self._router, traffic.weights, plan):
            raise Moved(traffic.weights, plan.start)

    def _glance(self, *, fresh: bool = False) -> Traffic:
        """The live weights, with the marks where they come with them; otherwise those are looked at if it is time."""
        glance = getattr(self._router, "glance", None)
        traffic = self._router.read() if glance is None else glance(fresh=fresh)
        self._stop_if_asked(traffic.marks or None)
        return traffic

    def _write(self, weights: Weights, *, stoppable: bool = True) -> None:
        self._written = weights  # before the call: a lost reply may still have moved traffic
        self.waited = False
        write = self._router.write if stoppable else getattr(self._router, "put_back", self._router.write)
        write(weights)
        limit_seconds = self._limits.converge_seconds(self._router)
        deadline = self._clock.monotonic_seconds() + limit_seconds
        told = None
        while self._router.verify(weights) is not Convergence.CONVERGED:
            progress = self._router.progress()
            if progress != told:
                told = progress
                self._tell("wait", f"waiting for {weights} to take effect{': ' if told else ''}{told}")
            if self._clock.monotonic_seconds() >= deadline:
                at = f": {told}" if told else ""
                raise Stopped(f"{weights} was written and had not taken effect after {limit_seconds:g} s{at}")
            self._pause(self._limits.poll_interval_seconds, stoppable=stoppable)
        self._propagate(weights, stoppable=stoppable)

    def _propagate(self, weights: Weights, *, stoppable: bool) -> None:
        """Wait, once the platform has confirmed a write, for the data plane to follow."""
        seconds = self._limits.propagation_seconds
        deadline = self._clock.monotonic_seconds() + seconds
        if seconds:
            self._tell("wait", f"{weights} is accepted; requests follow within {seconds:g} s")
        while (left := deadline - self._clock.monotonic_seconds()) > 0:
            self._pause(min(self._limits.poll_interval_seconds, left), stoppable=stoppable)

    def _pause(self, seconds: float, *, stoppable: bool) -> None:
        # A restore continues, but its lease has to be renewed.
        look = self._stop_if_asked if stoppable else self._watch.check
        self.waited = True
        rest(self._clock, seconds, look)
        look()

    # -- after a failure

    def _restored(self, plan: Plan, error: BaseException) -> SwapFailed | LeaseLost:
        reason = str(error) if isinstance(error, BluegreenError) else named(error)
        self._tell("restore", f"{plan.target} is not promoted: {reason}")
        try:
            self._take_off()
        except LeaseLost as lost:
            return lost
        restoring = Restoring(
            self._router,
            self._clock,
            self._tell,
            lambda weights: self._write(weights, stoppable=False),
            self._watch.judge,
            self._limits.restore_timeout_seconds,
            self._capacity,
        )
        if isinstance(error, Moved):
            return restoring.left(reason, error.found)
        interruption = error if isinstance(error, INTERRUPTIONS) else None
        moved, aborted = self._written is not None, isinstance(error, Aborted)
        failed = restoring.after(plan, reason, moved=moved, aborted=aborted, interruption=interruption)
        return judged(failed, plan, error, confirmed=self._confirmed)
