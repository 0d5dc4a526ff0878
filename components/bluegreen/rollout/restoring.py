"""The restore after a swap that failed: the former weights, a time budget of its own, and a true report."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from bluegreen.rollout.apart import beside, made_up_of
from bluegreen.rollout.asking import INTERRUPTIONS
from bluegreen.rollout.clock import Clock
from bluegreen.rollout.errors import (
    BluegreenError,
    LeaseLost,
    NotOwned,
    PlatformError,
    RestoreFailed,
    SwapAborted,
    SwapFailed,
)
from bluegreen.rollout.model import COLORS, Plan, Weights
from bluegreen.rollout.ports import Capability, Capacity, TrafficRouter

_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 15.0
# A platform that moves all at once, and has no weights, shows as 1 % what is only begun: nothing has moved.
_BEGUN_PERCENT = 1


class Tell(Protocol):
    """Takes an event's kind, its line and its data."""

    def __call__(self, kind: str, text: str, **data: object) -> None:
        """Report the event."""
        ...


def as_planned(router: TrafficRouter, live: Weights, plan: Plan) -> bool:
    """Whether traffic is where it was when the plan was made.

    A platform without weights of its own makes a mix only while it is at a deployment, which continues by itself. What
    makes a color ready may give its traffic back with it there: that is no one else's doing.
    """
    if Capability.WEIGHTS not in router.capabilities and not plan.analysis and live == plan.goal:
        return True
    if Capability.WEIGHTS not in router.capabilities and plan.start.live_color is None and not plan.start.elsewhere:
        return live.elsewhere == 0
    begun_percent = 0 if Capability.WEIGHTS in router.capabilities else _BEGUN_PERCENT
    pairs = beside(live, plan.start)
    return all(abs(now.of(color) - then.of(color)) <= begun_percent for now, then in pairs for color in COLORS)


def where_somebody_put_it(reason: str, live: Weights) -> SwapFailed:
    """The failure of a swap that leaves traffic where somebody else has moved it."""
    return SwapFailed(
        reason,
        weights=live,
        restored=f"nothing was written; traffic is where somebody else put it: {live}",
        next_step="find out who moved it and why, then run `pulumi up` again",
        moved=False,
    )


@dataclass(frozen=True, slots=True)
class Restoring:
    """One restore.

    Attributes:
        router: where traffic is.
        clock: time.
        tell: called with what happens.
        write: writes weights and waits until they have taken effect.
        judge: looks at marks; raises ``LeaseLost`` when another swap took over.
        limit_seconds: how long the write is tried again.
        capacity: what scales the colors, so that a pending retirement can be stopped; ``None`` where nothing does.
    """

    router: TrafficRouter
    clock: Clock
    tell: Tell
    write: Callable[[Weights], None]
    judge: Callable[[Mapping[str, str]], str | None]
    limit_seconds: float
    capacity: Capacity | None

    def after(
        self, plan: Plan, reason: str, *, moved: bool, aborted: bool, interruption: BaseException | None = None
    ) -> SwapFailed | LeaseLost:
        """Restore, if traffic is not where it was or was in a mix; returns what is to be raised.

        A first ``interruption`` of the process (Ctrl-C) waits until traffic is back; another one ends the restore.
        """
        try:
            failed = self._after(plan, reason, moved=moved, aborted=aborted)
        except INTERRUPTIONS as error:
            if interruption is not None:
                raise
            interruption = error
            self.tell("restore", "interrupted: traffic goes back first; a second interruption leaves it where it is")
            failed = self._after(plan, reason, moved=moved, aborted=aborted)
        if isinstance(failed, SwapFailed):
            failed.interruption = interruption
        return failed

    def _after(self, plan: Plan, reason: str, *, moved: bool, aborted: bool) -> SwapFailed | LeaseLost:
        # A mix that was found is no state to stay in: all goes to the color that was live before it began. Not where
        # that one was to get more of it and is what is not ready.
        unfit = () if plan.analysis else plan.rising
        moved = moved or (plan.start != plan.restore_to and plan.restore_to.live_color not in (plan.target, *unfit))
        # An interrupted swap has brought traffic to a target that was still to prove itself.
        moved = moved or (plan.unproved and plan.start == plan.goal)
        unread = ""
        if not moved:
            try:
                stranger = self._moved_by_somebody(plan)
            except LeaseLost as lost:
                return lost
            except BluegreenError as error:
                unread = f" as far as this swap knows: it could not be read again ({error})"
            else:
                moved, reason = bool(stranger), reason + stranger
        weights = plan.restore_to if moved else plan.start
        if moved and weights == Weights() and (left := self._not_ours_to_remove(plan, reason)) is not None:
            return left
        if moved:
            try:
                problem = self._unfit(plan) or self._write_back(weights)
            except LeaseLost as lost:
                return lost
            if problem:
                return self._gave_up(reason, weights, problem)
        former = plan.unproved and hasattr(self.router, "former_serves")
        present = None if moved or plan.start != Weights() else self._live_by_now()
        if present is not None and present not in (plan.start, plan.goal):
            return self._left(reason, present, "where somebody else has moved it")
        begun = present == plan.goal != plan.start
        weights = plan.goal if begun else weights
        done = f"traffic was not moved: {f'{plan.target} keeps its former target' if former else weights}{unread}"
        if begun:
            done = f"{plan.target} has traffic already, which this swap has not sent there: {weights}"
        elif moved:
            where = ", at its former target" if former else ""
            done = f"restored and verified: {weights}{where}{self._not_as_declared(weights)}"
        self.tell("restore", done, weights=weights.as_dict())
        live = weights.live_color
        again = "run" if aborted else f"fix {' and '.join(plan.rising)} and run"
        if former and not aborted:
            again = f"fix {plan.target}'s new target, or give {plan.target} its former one back, and run"
        revert = f", or set activeColor back to {live}" if live not in (None, plan.target) else ""
        return (SwapAborted if aborted else SwapFailed)(
            reason,
            weights=weights,
            restored=done,
            next_step=f"{again} `pulumi up` again{revert}",
            moved=moved,
        )

    def left(self, reason: str, live: Weights) -> SwapFailed:
        """Put nothing back: somebody else moved traffic on purpose, and the color it was on may be broken."""
        failed = where_somebody_put_it(reason, live)
        self.tell("restore", failed.restored, weights=live.as_dict())
        return failed

    def _left(self, reason: str, live: Weights, how: str) -> SwapFailed:
        """Leave traffic where somebody else has put it, also in a first start, before which nobody was served."""
        done = f"traffic was left {how}: {live}"
        self.tell("restore", done, weights=live.as_dict())
        return SwapFailed(reason, weights=live, restored=done, next_step="run `pulumi up` again")

    def _moved_by_somebody(self, plan: Plan) -> str:
        """Say what somebody else did before this swap came to move traffic; empty where traffic is as it was."""
        if plan.restore_to.live_color in (None, plan.target):
            return ""
        traffic = self.router.read()
        self.judge(traffic.marks)
        if as_planned(self.router, traffic.weights, plan):
            return ""
        return f"; somebody else moved traffic meanwhile: {traffic.weights} instead of {plan.start}"

    def _not_ours_to_remove(self, plan: Plan, reason: str) -> SwapFailed | None:
        """The failure of a first start whose object is another's by now; ``None`` where it may be removed."""
        with contextlib.suppress(BluegreenError):
            traffic = self.router.read()
            may_remove = getattr(self.router, "may_remove", None)
            if not made_up_of(traffic.weights, Weights(), plan.goal):
                return self._left(reason, traffic.weights, "where somebody else has moved it")
            made = traffic.marks or traffic.weights != Weights()
            if may_remove is not None and made and not may_remove(traffic.marks):
                return self._left(reason, traffic.weights, "as it is; what this swap has not made is not removed")
        return None

    def _live_by_now(self) -> Weights | None:
        """The live weights; ``None`` where they cannot be read."""
        with contextlib.suppress(BluegreenError):
            return self.router.read().weights
        return None

    def _gave_up(self, reason: str, weights: Weights, problem: str) -> RestoreFailed:
        by_hand = "\n".join(f"    {command}" for command in self.router.commands(weights))
        failed = RestoreFailed(
            reason,
            weights=weights,
            restored=f"the former weights ({weights}) could NOT be confirmed: {problem}",
            next_step=f"run `pulumi up` again, or put {weights} in place by hand:\n{by_hand}",
        )
        self.tell("restore", failed.restored)
        return failed

    def _unfit(self, plan: Plan) -> str:
        """Why the former color must not get traffic back: a restore to a dead color is an outage of its own."""
        color = plan.restore_to.live_color
        if color is None:
            return ""
        if plan.start.of(color) == 0:  # a swap that was interrupted may have begun to retire it
            try:
                if self.capacity is not None:
                    self.capacity.cancel_retirement(color)
            except LeaseLost:
                raise
            except BluegreenError as error:
                return f"the retirement of {color} could not be stopped ({error}), so traffic was left where it is"
        try:
            health = getattr(self.router, "health_to_go_back", self.router.health)(color)
        except BluegreenError:
            return ""  # it cannot be reached: the color that was live before is still the better guess
        return "" if health.healthy else f"{color} has {health}, so traffic was left where it is"

    def _not_as_declared(self, weights: Weights) -> str:
        """The reservation about the color that all traffic went back to, though it is still the best one there is.

        Another release may have come into it while it was not the color that was looked at.
        """
        color = weights.live_color
        if self.capacity is None or color is None:
            return ""
        try:
            readiness = self.capacity.ready(color)
        except BluegreenError:
            return ""
        return "" if readiness.ready else f"; but {color} is not as declared: {readiness.reason}"

    def _write_back(self, weights: Weights) -> str:
        """Write and verify until it holds or the budget is spent; returns why not, or an empty string."""
        deadline = self.clock.monotonic_seconds() + self.limit_seconds
        pause = _FIRST_PAUSE_SECONDS
        while True:
            try:
                self._refuse_a_lost_lease()
                self.write(weights)
            except LeaseLost:
                raise
            except NotOwned as error:  # whoever has made it his own decides from now on where it leads
                raise LeaseLost(f"{error.reason}; nothing more was written") from error
            except Exception as error:  # noqa: BLE001 - any failure is tried again until the budget is spent
                problem = str(error)
            else:
                return ""
            if self.clock.monotonic_seconds() + pause > deadline:
                return problem
            self.tell("restore", f"not restored yet ({problem}); again in {pause:.1f} s")
            self.clock.sleep(pause * random.uniform(0.5, 1))  # noqa: S311 - jitter, not a secret
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)

    def _refuse_a_lost_lease(self) -> None:
        try:
            marks = self.router.marks()
        except PlatformError:
            return  # the marks cannot be read: traffic has to go back all the same
        self.judge(marks)
