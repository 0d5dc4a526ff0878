"""The work of a swap on autoscaling: scale-in suspended meanwhile, retirements handed over, ranges given back.

A color has at most one scalable target. Either the swap made it, for a retirement alone, or it is somebody's own: the
component's or the user's. What the swap does to an own target is noted on it in tags before it is done, so that whoever
comes after a kill knows what to undo.

Every target with something to undo has its scale-in suspended, and the one call that describes both colors' targets
says so: the tags of the others need no look. Its owner may set all of that back, though, and a retirement that is left
would take the live color down: its action is always removed by its name.

Sources: https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-scheduled-scaling.html
https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-suspend-resume-scaling.html
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

from bluegreen.aws.ecs.scalable import ScalableTargetApi, Target
from bluegreen.aws.ecs.sight import Targets
from bluegreen.aws.ranges import RANGE_TAG, SUSPENDED_TAG, Range
from bluegreen.rollout.model import COLORS, Color, other

MADE_TAG = "bluegreen:retirement"
"""On a target that the swap made: it goes with the retirement."""

_ACTION = "bluegreen-retire"
_REHEARSAL = "bluegreen-rehearsal"
# The steps that may go by what the one before them has found: this one, and those of `_kept` and `_releasing`.
_HOLD = "hold"
# A rehearsal's action is removed by the next call. Left behind by a kill it waits for the next rehearsal to replace it.
_REHEARSAL_DUE = timedelta(days=300)
# Wider than any service, so that a rehearsal's target scales nothing.
_ANY_SIZE = Range(0, 10_000)


@dataclass(frozen=True, slots=True)
class EcsAutoscaling:
    """Both colors' scalable targets, as far as there are any.

    Attributes:
        api: the calls.
        declared: the range that own targets get back; ``None``: the one that they had.
        cancelled: the colors whose retirement was cancelled within this update; it is added to.
        targets: what was found last, for the step that comes right after.
        suspended: the colors whose scale-in was suspended within this update: it is lifted also where somebody has
            taken the tag away that says so.
        scheduled: whether scheduled actions move the live color's range: a color that comes out of rest gets the one
            that the live color has then, and the declared one where none is live; any other range is left as it is.
    """

    api: ScalableTargetApi
    declared: Range | None
    cancelled: set[Color] = field(default_factory=set)
    targets: Targets = field(default_factory=Targets)
    suspended: set[Color] = field(default_factory=set)
    scheduled: bool = False

    def suspend_scale_in(self) -> None:
        """Suspend scale-in: two calls for each target that is not suspended yet; one more where no preflight ran."""
        for color, target in self._found(_HOLD).items():
            if not target.held:
                self.api.tag(target, {SUSPENDED_TAG: color})
                self.suspended.add(color)
                self._register(color, target, held=True)

    def resume_scaling(self, serving: Collection[Color]) -> None:
        """Lift the swap's suspensions where there is traffic: one call when there is nothing to do, and was before.

        Right after a retirement was handed over, which has found both targets, none. A retirement of a color with
        traffic is cancelled: it must not be about to retire, however it came to have it.
        """
        targets = self._found(_releasing(serving))
        for color in serving:
            if color in targets:
                self._settle(color, targets, lift=True, give_back=True)

    def cancel_retirement(self, color: Color, size: int = 0) -> None:
        """Cancel a retirement, due or done, and give back the range: one call without a target, two with one.

        Scale-in stays suspended: a swap runs, and ``release`` is its end.

        Args:
            color: which.
            size: how many tasks the range has to allow, whatever is given back.
        """
        targets = self.api.find(*COLORS)
        self.targets.keep(targets, _kept(color))
        target = targets.get(color)
        if target is not None:
            limits = self._settle(color, targets, lift=False, give_back=True)
            if limits is not None and limits.high < size:  # nobody knows what the range was: what is requested counts
                self._register(color, target, limits=Range(limits.low, size))

    def delete(self) -> None:
        """Undo everything that the swap did. A declared range goes with its target: nothing starts for it now."""
        targets = self.api.find(*COLORS)
        for color in targets:
            self._settle(color, targets, lift=True, give_back=self.declared is None, look=True)

    def rest(self, color: Color, size: int) -> None:
        """Fix an own target at ``size``, so that nothing brings tasks back: one call when there is no target."""
        target = self.api.find(color).get(color)
        if target is None:
            return
        tags = self.api.tags(target) if target.held else {}
        if self._is_made(tags):
            self.api.deregister(color)
            return
        self._note(color, target, tags)
        if _retiring(tags):
            self.api.unschedule(color, _ACTION)
        self.api.register(color, target, limits=Range(size, size), held=True)

    def schedule(self, color: Color, size: int, present: int, due: datetime) -> str:
        """Have the color scaled from ``present`` to ``size`` tasks when it is ``due``. Until then nothing takes any.

        Returns:
            What keeps the tasks all the same, as an end of a sentence; nothing most times.
        """
        targets = self._found(_kept(other(color)))  # a rollback has just found both
        target = targets.get(color)
        tags = self.api.tags(target) if target is not None and target.held else {}
        if target is None or self._is_made(tags):
            made = {MADE_TAG: color, SUSPENDED_TAG: color} if target is None else None
            self.api.register(color, target, limits=Range(size, present), held=True, tags=made)
        else:
            self._note(color, target, tags)
            if not target.held:
                self.api.register(color, target, held=True)
        self.cancelled.discard(color)
        self.api.put(color, _ACTION, due, MinCapacity=size, MaxCapacity=size)
        self.targets.keep(targets, _releasing([other(color)]))  # the other one alone is as it was found
        return "" if target is None or target.runs_actions else ", once scheduled scaling of its target is resumed"

    def preflight(self, color: Color) -> None:
        """Hand over a retirement that changes nothing, and take it back: three calls, four where no step found them."""
        targets = self._found(_kept(color))
        target = targets.get(color)
        due = datetime.now(timezone.utc) + _REHEARSAL_DUE
        if target is not None:  # tags and the target itself are written by `hold`, before traffic, too
            self.api.put(color, _REHEARSAL, due, MaxCapacity=target.range.high)
            self.api.unschedule(color, _REHEARSAL)
            self.api.untag(target, [_REHEARSAL])
            self.targets.keep(targets, _HOLD)
            return
        self.api.register(color, None, limits=_ANY_SIZE, held=True, tags={MADE_TAG: color, SUSPENDED_TAG: color})
        try:
            self.api.put(color, _REHEARSAL, due, MinCapacity=_ANY_SIZE.low)
        finally:
            self.api.deregister(color)
        self.targets.keep(targets, _HOLD)

    def _found(self, step: str) -> Mapping[Color, Target]:
        """Both targets: those that were just found for this step, else as they are now with one call."""
        kept = self.targets.take(step)
        return self.api.find(*COLORS) if kept is None else kept

    def _register(self, color: Color, target: Target, *, limits: Range | None = None, held: bool | None = None) -> None:
        self.api.register(color, target, limits=limits, held=held)
        self.targets.registered(color, target, limits, held)

    def _settle(
        self, color: Color, targets: Mapping[Color, Target], *, lift: bool, give_back: bool, look: bool = False
    ) -> Range | None:
        """Undo the changes that the tags note, and only then remove the tags: after a kill the next call does it again.

        Returns:
            The target's range afterwards; ``None`` where the target is gone.
        """
        target = targets[color]
        tags = self.api.tags(target) if look or target.held or (give_back and self._differs(target)) else {}
        if self._is_made(tags):
            self.api.deregister(color)
            self.targets.deregistered(color)
            self.cancelled.add(color)
            return None
        if color not in self.cancelled or _retiring(tags):
            self.api.unschedule(color, _ACTION)
            self.cancelled.add(color)
        limits = self._given_back(color, targets, tags) if give_back else None
        lifted = lift and (SUSPENDED_TAG in tags or color in self.suspended)
        if limits is not None or (lifted and target.held):
            self._register(color, target, limits=limits, held=False if lifted else None)
        undone = (MADE_TAG, RANGE_TAG, SUSPENDED_TAG) if lifted else (MADE_TAG, RANGE_TAG)
        if lifted:
            self.suspended.discard(color)
        present = [tag for tag in undone if tag in tags]
        if present:
            self.api.untag(target, present)
        return limits or target.range

    def _given_back(self, color: Color, targets: Mapping[Color, Target], tags: Mapping[str, str]) -> Range | None:
        """The range to set; ``None`` when it is right, or when its owner has set another one since."""
        target = targets[color]
        if self.declared is not None and self.scheduled:
            if RANGE_TAG not in tags and not self._differs(target):
                return None  # not at rest: what it has an action has set
            wanted = self._live_range(targets.get(other(color))) or self.declared
            return wanted if wanted != target.range else None
        if self.declared is not None:
            return self.declared if self._differs(target) else None
        former = Range.of_tag(tags.get(RANGE_TAG, ""))
        return former if target.range.fixed and former != target.range else None

    def _live_range(self, target: Target | None) -> Range | None:
        """The range of a color that is not at rest: one call where its tags may say that it is."""
        if target is None or target.range.low < 1:
            return None
        return None if target.held and _retiring(self.api.tags(target)) else target.range

    def _differs(self, target: Target) -> bool:
        if self.scheduled:  # no declared range begins at 0: it came to rest, or is there since it was made
            return target.range.low < 1
        return self.declared not in (None, target.range)

    def _is_made(self, tags: Mapping[str, str]) -> bool:
        # With declared autoscaling the component has taken over the target that a retirement made before.
        return MADE_TAG in tags and self.declared is None

    def _note(self, color: Color, target: Target, tags: Mapping[str, str]) -> None:
        """Note in tags the range that a retirement is about to take away."""
        notes = {} if RANGE_TAG in tags else {RANGE_TAG: str(target.range)}
        if not target.held:
            notes[SUSPENDED_TAG] = color
        if notes:
            self.api.tag(target, notes)


def _retiring(tags: Mapping[str, str]) -> bool:
    return MADE_TAG in tags or RANGE_TAG in tags


def _kept(color: Color) -> str:
    return f"{color} is kept"


def _releasing(colors: Collection[Color]) -> str:
    return f"release {' '.join(sorted(colors))}"
