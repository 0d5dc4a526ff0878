"""One update of a swap, from the first read to the outputs."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Mapping
from typing import Any, cast

from bluegreen.calls import guarded
from bluegreen.capacity.base import Capacity
from bluegreen.rollout.clock import Clock
from bluegreen.rollout.errors import (
    BluegreenError,
    LeaseLost,
    PlatformError,
    RestoreFailed,
    SwapAborted,
    SwapFailed,
)
from bluegreen.rollout.model import COLORS, Color, Kind, Outcome, Plan, Traffic, Weights, other
from bluegreen.rollout.plan import can_roll_back, make_plan
from bluegreen.rollout.runner import Runner, Subject
from bluegreen.routers.base import TrafficRouter
from bluegreen.swap import contract, releases
from bluegreen.swap.contract import SwapSpec
from bluegreen.swap.incarnation import MARK, is_there
from bluegreen.swap.journal import Journal, marks_of, outcome_marks, outcome_of, with_marks
from bluegreen.swap.keeper import Watching
from bluegreen.swap.lease import Lease, leases_in
from bluegreen.swap.reporting import headline
from bluegreen.swap.shared import Shared

# The kinds that go from one color to the other, so that one of the two ends without traffic.
_MOVES = (Kind.PROMOTION, Kind.RESUME, Kind.ROLLBACK)
_IDLE = "idle_capacity_percent"


class Update:
    """Brings traffic to where the inputs want it.

    Args:
        spec: the checked inputs.
        news: the same as they came, for the outputs.
        olds: the last update's outputs; empty at creation.
        clock: time.
        journal: told what happens.
        cancelled: whether whoever runs this wants it to stop.
        incarnation: the resource's own, which the object shall bear.
    """

    def __init__(
        self,
        spec: SwapSpec,
        news: Mapping[str, Any],
        olds: Mapping[str, Any],
        clock: Clock,
        journal: Journal,
        cancelled: Callable[[], bool],
        incarnation: str = "",
    ) -> None:
        self._spec = spec
        self._news = news
        self._olds = olds
        self._clock = clock
        self._journal = journal
        self._cancelled = cancelled
        self._stamp = {MARK: incarnation} if incarnation else {}
        self._recorded = contract.recorded_in(olds)
        router = spec.build_router()
        self._capacity: Capacity | None = spec.build_capacity()
        self._target: Color = spec.active_color
        self._release = spec.releases[spec.active_color]
        self._digest = contract.fingerprint(news, spec.active_color)
        self._held = False
        self._unfinished = self._takes_over = False
        self._planned: Plan
        self._left = Weights()
        self._lease = Lease(router, clock, "", spec.limits.poll_interval_seconds, self._say_lease)
        self._lease.stamp = self._stamp
        self._router = cast("TrafficRouter", Shared(router, self._lease))

    def run(self) -> dict[str, Any]:
        """Do it, and return the outputs.

        Raises:
            LeaseHeld: another swap of the same object is going on.
            LeaseLost: another swap took over.
            SwapFailed: it could not be finished; says what is true now.
            PlatformError: the platform could not be asked; nothing was written.
        """
        try:
            with guarded(self._lease.fence):
                return self._run()
        finally:
            self._lease.forget()

    def _run(self) -> dict[str, Any]:
        began_seconds = self._clock.monotonic_seconds()
        found = self._router.read()
        plan = self._plan(found.weights, warm=False)
        interrupted = bool(leases_in(found.marks))
        self._takes_over = is_there(found) and found.marks.get(MARK) != self._stamp.get(MARK)
        if plan.kind is Kind.NOTHING and not interrupted and not self._takes_over and not self._settings_changed():
            return self._outputs(found, plan)
        self._planned = plan
        self._lease.purpose = f"{plan.kind.value} to {self._target}"
        # Without an object it is put on with the first write; an object that leads elsewhere takes it like any other.
        if self._lease.take(found.marks, began_seconds) or self._unexplained(found):
            found = self._router.read()
        self._lease.placed = self._lease.placed or found.weights != Weights()
        self._journal.id = self._lease.id
        try:
            runner = self._runner()
            plan = self._under_lease(found, runner, interrupted=interrupted)
        except LeaseLost as lost:
            self._record(Outcome.TAKEN_OVER, str(lost))
            raise
        except RestoreFailed as failed:
            # The lease stays: whatever the config says, the next update finds it and puts things right.
            entry = self._record(Outcome.NOT_RESTORED, failed.reason)
            self._set(marks_of(entry, found.marks))
            failed.outputs = self._outputs_after(failed, found, entry)
            raise
        except SwapFailed as failed:
            outcome = Outcome.ABORTED if isinstance(failed, SwapAborted) else Outcome.RESTORED
            entry = self._record(outcome, failed.reason)
            self._let_go(marks_of(entry, found.marks))
            failed.outputs = self._outputs_after(failed, found, entry)
            raise
        except Exception:
            self._let_go({})
            raise
        self._let_go(outcome_marks(found.marks))
        if plan.kind is Kind.NOTHING:
            return self._outputs(found, plan)
        runner.ask_afterwards(plan)  # last of all: it may hang or end badly, and nothing waits for it
        entry = self._record(outcome_of(plan))
        self._journal.tell("done", f"{entry['outcome']}: {plan.goal} after {self._journal.took_seconds:.1f} s")
        return self._outputs(found, plan, entry)

    def _unexplained(self, found: Traffic) -> bool:
        """Whether a mix is nobody's, and no pause: a swap may have ended after the weights and before the marks."""
        paused = self._recorded.weights if self._recorded is not None else None
        return found.weights.live_color is None and not leases_in(found.marks) and found.weights != paused

    def _plan(self, live: Weights, *, warm: bool) -> Plan:
        return make_plan(
            live,
            self._recorded,
            self._target,
            self._digest,
            self._spec.strategy,
            self._spec.bake_seconds,
            warm=warm,
            promote_to_percent=self._spec.promote_to_percent,
        )

    def _runner(self) -> Runner:
        spec = self._spec
        return Runner(
            self._router,
            self._capacity,
            spec.build_checks(),
            Subject(spec.name, spec.releases, spec.previews, retires=spec.idle_capacity_percent < 100),
            self._clock,
            self._journal.report,
            Watching(self._lease, self._cancelled),
            spec.limits,
        )

    def _under_lease(self, found: Traffic, runner: Runner, *, interrupted: bool) -> Plan:
        warm = can_roll_back(self._recorded, self._target, self._digest) and self._kept_warm()
        plan = self._planned = self._plan(found.weights, warm=warm)
        # Also after a rollback: what keeps a color from being retired leaves autoscaling held.
        self._held, self._left = plan.kind is not Kind.NOTHING or interrupted, found.weights
        if plan.kind is Kind.NOTHING:
            self._settle(found.weights, interrupted=interrupted)
            return plan
        self._journal.tell(plan.kind.value, headline(plan))
        try:
            runner.run(plan)
        except RestoreFailed:
            raise  # nobody knows for sure where traffic is: every color keeps its size
        except SwapFailed as failed:
            self._left = failed.weights
            if plan.kind in _MOVES and failed.weights.of(self._target) == 0:
                self._retire(self._target)
            raise
        self._left = plan.goal
        # A heal that followed an interrupted swap brings that swap's color to rest, too.
        if not plan.pauses and (plan.kind in _MOVES or interrupted):
            self._retire(other(self._target))
        return plan

    def _outputs(self, found: Traffic, plan: Plan, entry: Mapping[str, Any] | None = None) -> dict[str, Any]:
        recorded = self._recorded
        live_color = plan.goal.live_color or (recorded.live_color if recorded is not None else self._target)
        moved = entry is not None and plan.kind in _MOVES and not plan.pauses
        previous, proved = releases.left_behind(self._olds, self._news, live_color, plan.kind if moved else None)
        history = with_marks(self._olds.get("history") or [], found.marks)
        history = [entry, *history] if entry is not None else history
        return contract.outputs_of(self._news, live_color, plan.goal, previous, history, proved)

    def _outputs_after(self, failed: SwapFailed, found: Traffic, entry: Mapping[str, Any]) -> dict[str, Any]:
        """What is true after a failure: what the last finished swap left, but for the weights and the history."""
        weights = failed.weights
        if isinstance(failed, RestoreFailed):  # those were wanted, and nobody knows whether they came to be
            with contextlib.suppress(BluegreenError):
                weights = self._router.read().weights
        history = [entry, *with_marks(self._olds.get("history") or [], found.marks)]
        return contract.outputs_after(self._olds or self._news, weights, history)

    # -- what changes without moving traffic

    def _changed(self, key: str, part: str | None = None) -> bool:
        old, new = self._olds.get(key), self._news.get(key)
        if part is not None:
            old, new = ((side or {}).get(part) for side in (old, new))
        return bool(self._olds) and contract.plain(old) != contract.plain(new)

    def _settings_changed(self) -> bool:
        return self._changed("router") or self._changed("capacity", "autoscaling") or self._changed(_IDLE)

    def _settle(self, live: Weights, *, interrupted: bool) -> None:
        """Traffic stays where it is: what an interrupted swap left is tidied up, and changed settings take effect."""
        if self._changed("router") or (self._takes_over and self._recorded is None):
            self._router.write(live)  # what the rule is for has changed (hosts, paths, stickiness); the weights stay
        idle = other(self._target)
        if interrupted:
            self._journal.tell("retire", "tidying up after a swap that was interrupted")
            if live.of(idle) == 0:
                self._retire(idle)
        elif self._capacity is not None and live.of(idle) == 0 and self._changed(_IDLE):
            self._rest(idle)
        self._held = self._held or self._changed("capacity", "autoscaling")

    def _rest(self, color: Color) -> None:
        """Give a color at rest the size that it shall have now."""
        assert self._capacity is not None  # noqa: S101 - asked for by the caller
        sizes = self._capacity.read()
        size = self._resting_size(sizes[other(color)].present)
        if sizes[color].desired >= size:
            self._retire(color)
            return
        self._capacity.keep(color)
        self._capacity.prepare(color, size)
        self._journal.tell("prepare", f"{color} rests at {size} from now on")

    # -- capacity

    def _kept_warm(self) -> bool:
        """Whether the target could take all of the traffic at this moment.

        A pending retirement is stopped first, so that what is found warm stays warm.
        """
        try:
            if self._capacity is not None:
                self._capacity.keep(self._target)
            return is_warm(self._router, self._capacity, self._target)
        except PlatformError:
            return False  # the slow way asks again and says what is wrong

    def _resting_size(self, live_size: int) -> int:
        return math.ceil(live_size * self._spec.idle_capacity_percent / 100)

    def _retire(self, color: Color) -> None:
        """Bring a color without traffic to rest. Its failure costs money, not requests: it is told and no more."""
        if self._capacity is None:
            return
        if self._spec.idle_capacity_percent == 100:
            self._journal.tell("retire", f"{color} keeps its size: idle_capacity_percent is 100")
            return
        try:
            size = 0
            if self._spec.idle_capacity_percent:
                size = self._resting_size(self._capacity.read()[other(color)].present)
            self._journal.tell("retire", self._capacity.retire(color, size, self._spec.scale_down_delay_seconds))
        except BluegreenError as error:
            self._unfinished = True
            self._journal.tell("retire", f"{color} could not be retired and keeps running: {error}")

    # -- the end

    def _record(self, outcome: Outcome, reason: str = "") -> dict[str, Any]:
        entry = self._journal.entry(self._planned, outcome, self._release, reason)
        self._journal.finished(entry)
        return entry

    def _let_go(self, marks: Mapping[str, str | None]) -> None:
        """Give autoscaling and the lease back. Where that fails the lease stays, and the next update does it."""
        try:
            if self._capacity is not None and self._held:
                self._capacity.release([color for color in COLORS if self._left.of(color)])
            if self._unfinished:
                self._router.mark(marks)
                self._journal.tell(
                    "lease", "the lease stays as a note: the next `pulumi up` brings the rest to its end"
                )
            else:
                self._lease.give_back(marks)
        except BluegreenError as error:
            self._journal.tell("lease", f"not tidied up ({error}); the next `pulumi up` does it")

    def _set(self, marks: Mapping[str, str | None]) -> None:
        try:
            self._router.mark(marks)
        except BluegreenError as error:
            self._journal.tell("lease", f"the failure could not be noted: {error}")

    def _say_lease(self, text: str) -> None:
        self._journal.tell("lease", text)


def is_warm(router: TrafficRouter, capacity: Capacity | None, color: Color) -> bool:
    """Whether a color could take all of the traffic at this moment."""
    health = router.health(color)
    if capacity is None or not health.ready:
        return health.ready
    sizes = capacity.read()
    wanted = max(sizes[other(color)].present, 1)
    # What was told to shrink is about to be gone, also while all of it still runs.
    staying = min(sizes[color].running, sizes[color].desired)
    return staying >= wanted and health.enough_for(wanted) and capacity.ready(color).ready
