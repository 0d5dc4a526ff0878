"""One update of a swap, from the first read to the outputs."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, cast

from bluegreen.rollout.calls import guarded
from bluegreen.rollout.clock import Clock
from bluegreen.rollout.errors import (
    BluegreenError,
    LeaseHeld,
    LeaseLost,
    PlatformError,
    RestoreFailed,
    SwapAborted,
    SwapFailed,
    UpdateHeld,
    refuse,
)
from bluegreen.rollout.model import COLORS, Color, Kind, Outcome, Plan, Recorded, Step, Traffic, Weights, other
from bluegreen.rollout.plan import can_roll_back, make_plan
from bluegreen.rollout.ports import Capacity, TrafficRouter
from bluegreen.rollout.runner import Runner
from bluegreen.rollout.subject import Subject
from bluegreen.swap import contract, pauses, releases, several, skipping, verdicts
from bluegreen.swap.contract import SwapSpec
from bluegreen.swap.incarnation import MARK, is_there
from bluegreen.swap.installing import ANEW, Installing, bring_afterwards, without_way_back
from bluegreen.swap.journal import (
    Journal,
    marks_of,
    outcome_marks,
    outcome_of,
    untold_in,
    untold_mark,
    with_marks,
)
from bluegreen.swap.keeper import Watching, kept
from bluegreen.swap.lease import Lease, leases_in
from bluegreen.swap.leaving import come_and_go
from bluegreen.swap.messages import TOLD, UNTOLD
from bluegreen.swap.reporting import headline
from bluegreen.swap.resting import Resting, former_of
from bluegreen.swap.shared import Shared
from bluegreen.swap.way_back import WayBack, leading_back

# The kinds that go from one color to the other, so that one of the two ends without traffic.
_MOVES = (Kind.PROMOTION, Kind.RESUME, Kind.ROLLBACK)
_FAILURES = (Outcome.RESTORED.value, Outcome.ABORTED.value)
_IDLE = "idle_capacity_percent"
_TAKES = 3


class Update:
    """Brings traffic to where the inputs want it.

    Args:
        spec: the checked inputs.
        news: the same as they came, for the outputs.
        olds: the last update's outputs; empty at creation.
        clock: time.
        journal: gets what happens.
        cancelled: whether whoever runs this wants it to stop.
        incarnation: the resource's own, which the object should have.
        formerly: ``olds`` as they are, where those have caught up with the inputs.
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
        formerly: Mapping[str, Any] | None = None,
    ) -> None:
        self._spec = spec
        self._news = news
        self._olds, self._formerly = olds, olds if formerly is None else formerly
        self._kept = several.kept(self._olds, self._formerly) or news
        self._clock = clock
        self._journal = journal
        self._cancelled = cancelled
        self._stamp = {MARK: incarnation} if incarnation else {}
        self._recorded = contract.recorded_in(olds)
        router = spec.build_router()
        self._capacity: Capacity | None = spec.build_capacity()
        self._target: Color = spec.active_color
        self._release = self._digest = ""
        self._held = self._elsewhere = False
        self._stuck: verdicts.Held | None = None
        self._skip: skipping.Skip | None = None
        self._skip_marks: dict[str, str | None] = {}
        self._told = ""
        self._left_over = self._takes_over = self._ended_by_caller = False
        self._planned: Plan
        self._left = Weights()
        self._lease = Lease(
            router, clock, "", spec.limits.poll_interval_seconds, lambda text: journal.tell("lease", text)
        )
        self._lease.stamp = self._stamp
        getattr(router, "bears", dict)(self._stamp)
        self._shared = Shared(router, self._lease)
        self._router = self._used = cast("TrafficRouter", self._shared)
        self._former_capacity = former_of(olds, news)
        self._resting = Resting(spec, self._shared, self._capacity, journal)
        self._way_back: WayBack | None = None
        self._installing = Installing(self._shared, journal)

    def run(self) -> dict[str, Any]:
        """Run the update, and return the outputs.

        Raises:
            LeaseHeld: another swap of the same object is running.
            LeaseLost: another swap took over.
            SwapFailed: it could not be finished; says what is true now.
            PlatformError: the platform could not be reached; nothing was written.
        """
        try:
            beside = kept(self._lease, self._clock, self._journal.calls.append)
            with guarded(self._lease.fence, self._lease.outlast, self._clock.sleep, self._lease.locked), beside:
                return self._run()
        except LeaseLost:
            self._lease.leave_behind()
            raise
        finally:
            self._lease.forget()

    def _run(self) -> dict[str, Any]:
        began_seconds = self._clock.monotonic_seconds()
        traffic = self._router.read()
        plan = self._plan(traffic, warm=False)
        self._tell_what_was_not(traffic, plan)
        interrupted = bool(leases_in(traffic.marks))
        self._takes_over = is_there(traffic) and traffic.marks.get(MARK) != self._stamp.get(MARK)
        due = interrupted or self._takes_over or self._left_over or self._settings_changed()
        due = due or bool(self._installing.missing(traffic.weights)) or bool(self._resting.overdue(traffic.weights))
        if plan.kind is Kind.NOTHING and not due:
            return self._ended(traffic, plan)
        self._planned = plan
        self._lease.purpose = f"{plan.kind.value} to {self._target}"
        traffic = self._held_still(traffic, plan, began_seconds)
        self._look_for_a_wish(traffic)
        try:
            runner = self._runner()
            plan = self._under_lease(traffic, runner, interrupted=interrupted)
        except LeaseHeld:
            raise  # another first start came first, and holds all that there is to let go of
        except LeaseLost as lost:
            self._record(Outcome.TAKEN_OVER, str(lost))
            raise
        except RestoreFailed as failed:
            # The lease stays: whatever the config says, the next update finds it and puts things right.
            entry = self._record(Outcome.NOT_RESTORED, failed.reason)
            self._set(marks_of(entry, traffic.marks))
            failed.outputs = self._outputs_after(failed, traffic, entry)
            raise
        except SwapFailed as failed:
            failed.outputs = self._restored(failed, traffic)
            raise
        except Exception:
            with contextlib.suppress(LeaseLost):
                self._let_go({})
            raise
        try:
            self._let_go(self._marks_at_the_end(traffic, plan))
        except LeaseLost as lost:  # at the very end, and so what was left is not what there is
            self._record(Outcome.TAKEN_OVER, str(lost))
            raise
        if plan.kind is Kind.NOTHING:
            return self._ended(traffic, plan)
        runner.ask_afterwards(plan)  # last of all: it may hang or end badly, and nothing waits for it
        entry = self._record(outcome_of(plan))
        self._journal.tell("done", f"{entry['outcome']}: {plan.goal} after {self._journal.took_seconds:.1f} s")
        return self._ended(traffic, plan, entry)

    def _restored(self, failed: SwapFailed, traffic: Traffic) -> dict[str, Any]:
        """Record a failure whose former weights are back, let go with its verdict, and return the outputs."""
        self._left = failed.weights
        outcome = Outcome.ABORTED if isinstance(failed, SwapAborted) else Outcome.RESTORED
        entry = self._record(outcome, failed.reason)
        verdict = self._verdict(failed, entry)
        try:
            marks = {**marks_of(entry, traffic.marks), **verdicts.marks_of(verdict)}
            self._let_go({**marks, **self._unpaused(failed, traffic), **self._end_marks(outcome)})
        except LeaseLost as lost:
            raise LeaseLost(f"{failed.reason}; {failed.restored}; then {lost}") from lost
        return self._outputs_after(failed, traffic, entry, verdict)

    def _held_still(self, traffic: Traffic, plan: Plan, read_at_seconds: float) -> Traffic:
        """Take the lease, and return the traffic then. Without an object the first write makes the lease, too."""
        for _ in range(_TAKES):
            passed = self._lease.take(traffic.marks, read_at_seconds)
            # An object that came or went meanwhile; and settings beside the weights, whose write does not look itself.
            changed = plan.kind is Kind.NOTHING or (traffic.weights == Weights()) is self._lease.placed
            if not passed and not changed and not self._unexplained(traffic):
                return traffic
            read_at_seconds, traffic = self._clock.monotonic_seconds(), self._router.read()
            if self._lease.placed or traffic.weights == Weights():
                return traffic
        raise PlatformError("lease", "the object that the swap owns comes and goes: nothing was written")

    def _tell_what_was_not(self, traffic: Traffic, plan: Plan) -> None:
        """Send the end of a former swap whose process ended before it could, and remember what has been reported.

        One that came to its end unseen by the state is resumed, which tells its end.
        """
        messages = self._journal.messages
        self._told = traffic.marks.get(TOLD, "")
        messages.first, messages.all_told = self._first_time, lambda: self._set({UNTOLD: None})
        former = untold_in(traffic.marks, self._olds.get("history") or []) if messages.wanted else None
        if former is not None and (plan.kind is not Kind.RESUME or former["outcome"] in _FAILURES):
            messages.all_told()
            messages.send(former)

    def _first_time(self, what: str) -> bool:
        """Whether something has not been reported yet; from here on it has, also in a later process."""
        digest = hashlib.sha256(what.encode()).hexdigest()[:8]
        if digest in self._told.split():
            return False
        self._told = f"{self._told} {digest}".strip()
        self._set({TOLD: self._told})
        return True

    def _end_marks(self, outcome: Outcome) -> dict[str, str | None]:
        """The marks that say whom to tell of this end, set by the call that lets go."""
        gone: dict[str, str | None] = {TOLD: None} if self._told else {}
        if not self._journal.messages.wanted or self._planned.kind is Kind.NOTHING:
            return gone
        began, took = self._journal.began_at_seconds, self._journal.took_seconds
        return {**gone, **untold_mark(self._lease.id, outcome, self._target, began, took)}

    def _look_for_a_wish(self, traffic: Traffic) -> None:
        """Find out whether a person wants this very promotion without its gates; the wish ends with the swap."""
        self._journal.id = self._lease.id
        self._skip_marks = skipping.removal(traffic.marks)
        if self._skip_marks and self._planned.kind in (Kind.PROMOTION, Kind.RESUME):
            now = self._clock.wall_seconds()
            self._skip = skipping.wished(traffic.marks, self._target, (self._digest,), now)
        if self._skip is not None:
            self._journal.skipped = str(self._skip)
            self._journal.tell("skipped", str(self._skip))

    def _unexplained(self, traffic: Traffic) -> bool:
        """Whether a mix is no pause of anybody's: a swap may have ended between its weights and its marks."""
        paused = self._recorded.weights if self._recorded is not None else None
        return traffic.weights.live_color is None and not leases_in(traffic.marks) and traffic.weights != paused

    def _plan(self, traffic: Traffic, *, warm: bool) -> Plan:
        self._stuck = verdicts.held(traffic, self._olds, self._news)
        self._left_over = verdicts.left_over(traffic, self._olds, self._news)
        if self._recorded is None:
            self._recorded = pauses.remembered(traffic)
        self._target, recorded = self._spec.active_color, self._recorded
        if self._stuck is not None:  # all stays on the color that it was restored to, or goes back there
            self._target = verdicts.kept(self._stuck, recorded)
            # It stays live, so another release of it would come in place.
            refuse(releases.refused_while_held(self._olds, self._news, self._target))
            recorded = Recorded(self._target, {})
        recorded = without_way_back(recorded, traffic.marks, self._installing.missing(traffic.weights))
        self._release = self._spec.releases[self._target]
        self._digest = contract.fingerprint(self._news, self._target)
        plan = make_plan(
            traffic.weights,
            recorded,
            self._target,
            self._digest,
            self._spec.strategy,
            self._spec.bake_seconds,
            warm=warm,
            promote_to_percent=self._spec.promote_to_percent,
        )
        return self._to_another_target(plan, interrupted=bool(leases_in(traffic.marks)))

    def _to_another_target(self, plan: Plan, *, interrupted: bool) -> Plan:
        """The plan, where the live color's requests are to go to another target: that one has to prove itself first.

        Traffic is there already where a swap was interrupted, or where somebody has put it there; that is theirs.
        """
        kinds = (Kind.HEAL, Kind.NOTHING) if interrupted and plan.goal.live_color == self._target else (Kind.HEAL,)
        self._elsewhere = plan.kind in kinds and releases.leads_elsewhere(self._olds, self._news, self._target)
        if not self._elsewhere:
            return plan
        same_units = self._capacity is not None and self._former_capacity is None  # the former target loses them now
        # Anew with each plan: it remembers what it was made with.
        self._way_back = leading_back(self._shared, self._lease, self._formerly, self._news, same_units=same_units)
        steps = plan.steps or (Step(100),)
        bake = self._spec.bake_seconds if self._way_back is not None else 0
        return replace(plan, kind=Kind.HEAL, steps=steps, unproved=True, bake_seconds=bake)

    def _runner(self) -> Runner:
        spec, way_back = self._spec, self._way_back if self._elsewhere else None
        self._used = self._router if way_back is None else cast("TrafficRouter", way_back)
        return Runner(
            self._used,
            self._capacity,
            spec.build_checks(None if self._skip is None else skipping.ALWAYS_ASKED),
            Subject(spec.name, spec.releases, spec.previews, retires=spec.idle_capacity_percent < 100),
            self._clock,
            self._journal.report,
            Watching(self._lease, self._is_cancelled),
            spec.limits,
        )

    def _under_lease(self, traffic: Traffic, runner: Runner, *, interrupted: bool) -> Plan:
        self._resting.leave(self._former_capacity)
        traffic = come_and_go(self._shared, traffic, self._formerly, self._news, self._clock, self._spec, self._journal)
        self._plan(traffic, warm=False)  # a verdict may have come with what was read anew
        warm = can_roll_back(self._recorded, self._target, self._digest) and self._resting.keep_warm(self._target)
        plan = self._planned = self._plan(traffic, warm=warm)
        coming = self._install(traffic)
        # Also after a rollback: what keeps a color from being retired leaves autoscaling held.
        self._held, self._left = plan.kind is not Kind.NOTHING or interrupted, traffic.weights
        if plan.kind is Kind.NOTHING:
            self._settle(traffic.weights, interrupted=interrupted)
            self._resting.finish(self._resting.overdue(traffic.weights))
            for color in coming:
                self._resting.retire(color)
            return plan
        self._journal.messages.swap = (plan, self._release, self._lease.id)
        self._journal.tell(plan.kind.value, headline(plan))
        try:
            runner.run(plan)
        except RestoreFailed:
            raise  # nobody knows for sure where traffic is: every color keeps its size
        except SwapFailed as failed:
            if self._capacity is not None and plan.kind in _MOVES and failed.weights.of(self._target) == 0:
                self._resting.retire_and_look(self._target, failed.weights, failed)
            elif runner.waited:
                self._resting.look_after(failed, self._used, self._lease.judge)
            raise
        self._left = plan.goal
        # A heal that followed an interrupted swap brings that swap's color to rest, too.
        retires = not plan.pauses and (plan.kind in _MOVES or interrupted)
        if retires and self._capacity is not None:
            self._resting.retire_and_look(other(self._target), plan.goal)
        elif runner.waited and not plan.holds_at_the_end:
            self._resting.look(plan.goal, self._lease.judge)
        self._install_what_was_left(traffic.weights, plan)
        return plan

    def _install(self, traffic: Traffic) -> tuple[Color, ...]:
        """Bring the releases of the colors without traffic; at a first start just the one that starts: see below."""
        coming = self._installing.missing(traffic.weights)
        if traffic.weights == Weights():
            coming = tuple(color for color in coming if color == self._target)
        if self._target in coming:
            self._installing.note(self._recorded, self._target, self._digest, traffic)
        self._installing.bring(coming, traffic.weights)
        return coming

    def _install_what_was_left(self, start: Weights, plan: Plan) -> None:
        """Bring the other color's release, where that had to wait: for its traffic to be gone, or for a lease."""
        left, goal = other(self._target), plan.goal
        waited = start == Weights() or any(change.color == left for change in releases.changes(self._olds, self._news))
        if not self._shared.installs or goal.of(left) or not waited:
            return
        brought = bring_afterwards(left, goal, self._news, self._olds, self._lease, self._journal)
        if brought is None:
            self._resting.look(goal, self._lease.judge)  # minutes may have gone by
        if brought:
            spec = contract.parse(self._news)
            Resting(spec, self._shared, spec.build_capacity(), self._journal).retire(left)

    def _marks_at_the_end(self, traffic: Traffic, plan: Plan) -> dict[str, str | None]:
        gone = verdicts.removal(traffic, self._olds) if self._stuck is None else {}
        anew = plan.kind in _MOVES and (ANEW in traffic.marks or self._installing.noted)
        paused = pauses.marks_after(plan, traffic.marks)
        told = self._end_marks(outcome_of(plan)) if plan.kind is not Kind.NOTHING else {}
        return {**outcome_marks(traffic.marks), **gone, **({ANEW: None} if anew else {}), **paused, **told}

    def _unpaused(self, failed: SwapFailed, traffic: Traffic) -> dict[str, str | None]:
        return pauses.gone(traffic.marks) if failed.weights.live_color is not None else {}

    def _is_cancelled(self) -> bool:
        self._ended_by_caller = self._ended_by_caller or self._cancelled()
        return self._ended_by_caller

    def _verdict(self, failed: SwapFailed, entry: Mapping[str, Any]) -> verdicts.Held | None:
        """The verdict of a failure; none after an accident, such as the end of this very process."""
        ended = isinstance(failed, SwapAborted) and self._ended_by_caller
        if not failed.verdict or ended or self._spec.retry_after_verdict == verdicts.ALWAYS:
            return None
        verdict = verdicts.Held.of(entry, self._news, failed.weights, failed.verdict, self._clock.wall_seconds())
        failed.advise(verdicts.after(verdict))
        return verdict

    def _ended(self, traffic: Traffic, plan: Plan, entry: Mapping[str, Any] | None = None) -> dict[str, Any]:
        outputs = self._outputs(traffic, plan, entry)
        if self._stuck is None:
            return outputs
        ways = verdicts.ways_on(self._stuck, self._target)
        held = {"id": self._stuck.id, "to": self._stuck.color, "reason": str(self._stuck), "next_step": ways}
        self._journal.messages.held(self._stuck.id, held)
        if self._spec.on_held != "fail":
            self._journal.tell("held", f"held: {self._stuck}; {ways}")
            return outputs
        now = f"nothing moved towards {self._stuck.color}: {plan.goal}"
        failed = UpdateHeld(str(self._stuck), weights=plan.goal, restored=now, next_step=ways, moved=False)
        stays, history = self._stuck.as_dict(), outputs["history"]
        failed.outputs = contract.outputs_after(self._kept, plan.goal, history, stays, self._shared.names)
        raise failed

    def _outputs(self, traffic: Traffic, plan: Plan, entry: Mapping[str, Any] | None = None) -> dict[str, Any]:
        live_color = plan.goal.live_color or other(self._target)
        moved = plan.kind if entry is not None and plan.kind in _MOVES and not plan.pauses else None
        previous, proved = releases.left_behind(self._olds, self._news, live_color, moved, anew=self._elsewhere)
        history = with_marks(self._olds.get("history") or [], traffic.marks)
        history = [entry, *history] if entry is not None else history
        held, names = self._stuck.as_dict() if self._stuck is not None else {}, self._shared.names
        return contract.outputs_of(self._news, live_color, plan.goal, previous, history, proved, held, names)

    def _outputs_after(
        self, failed: SwapFailed, traffic: Traffic, entry: Mapping[str, Any], verdict: verdicts.Held | None = None
    ) -> dict[str, Any]:
        """The outputs after a failure: those of the last finished swap, with the live weights and the new history."""
        weights = failed.weights
        if isinstance(failed, RestoreFailed):  # those were wanted, and nobody knows whether they came to be
            with contextlib.suppress(BluegreenError):
                weights = self._router.read().weights
        history = [entry, *with_marks(self._olds.get("history") or [], traffic.marks)]
        held, names = verdict.as_dict() if verdict is not None else None, self._shared.names
        return contract.outputs_after(self._kept, weights, history, held, names)

    # -- what changes without moving traffic

    def _changed(self, key: str, part: str | None = None) -> bool:
        old, new = self._formerly.get(key), self._news.get(key)
        if part is not None:
            old, new = ((side or {}).get(part) for side in (old, new))
        return bool(self._olds) and contract.plain(old) != contract.plain(new)

    def _settings_changed(self) -> bool:
        changed = any(map(self._changed, (*several.BOTH, _IDLE))) or self._changed("capacity", "autoscaling")
        return changed or self._former_capacity is not None

    def _settle(self, live: Weights, *, interrupted: bool) -> None:
        """Tidy up after an interrupted swap, and apply changed settings; traffic stays where it is."""
        if any(map(self._changed, several.BOTH)) or (self._takes_over and contract.recorded_in(self._olds) is None):
            self._router.write(live)  # what the rule is for has changed (hosts, paths, stickiness); the weights stay
        idle = other(self._target)
        if interrupted:
            self._journal.tell("retire", "tidying up after a swap that was interrupted")
            self._shared.take_off()
            if live.of(idle) == 0:
                self._resting.retire(idle)
        elif live.of(idle) == 0 and self._changed(_IDLE):
            self._resting.settle(idle)
        self._held = self._held or self._changed("capacity", "autoscaling")

    # -- the end

    def _record(self, outcome: Outcome, reason: str = "") -> dict[str, Any]:
        entry = self._journal.entry(self._planned, outcome, self._release, reason)
        self._journal.finished(entry)
        return entry

    def _let_go(self, marks: Mapping[str, str | None]) -> None:
        """Give autoscaling and the lease back. Where that fails the lease stays, and the next update does it.

        Raises:
            LeaseLost: another swap took over; what is live now is its doing.
        """
        marks = {**self._skip_marks, **marks}
        try:
            if self._capacity is not None and self._held:
                self._capacity.resume_scaling([color for color in COLORS if self._left.of(color)])
            if self._resting.unfinished:
                self._router.mark(marks)
                stays = "the lease stays as a note: the next `pulumi up` brings the rest to its end"
                self._journal.tell("lease", stays)
            else:
                self._lease.give_back(marks)
        except LeaseLost:
            raise
        except BluegreenError as error:
            self._journal.tell("lease", f"not tidied up ({error}); the next `pulumi up` does it")

    def _set(self, marks: Mapping[str, str | None]) -> None:
        try:
            self._router.mark(marks)
        except BluegreenError as error:
            self._journal.tell("lease", f"the failure could not be noted: {error}")
