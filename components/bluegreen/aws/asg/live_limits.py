"""The work of a swap on a group's range: scale-in kept off meanwhile, retirements handed over, all given back.

EC2 Auto Scaling has no suspension of scale-in alone: ``AlarmNotification`` stops scale-out, too. So a group is held by
its minimum, raised to what it has: it can grow and not shrink, and instances are replaced and balanced as ever. What
the range was is noted on the group in a tag before it is changed, so that whoever comes after a kill knows what to
undo. Its owner may take tags away that it does not know, though, and a retirement that is left would take the live
color down: its action is always removed by its name.

Sources: https://docs.aws.amazon.com/autoscaling/ec2/userguide/asg-capacity-limits.html
https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-scheduled-scaling.html
https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-suspend-resume-processes.html
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

from bluegreen.aws.asg.live_groups import Group, GroupApi
from bluegreen.aws.ranges import Range
from bluegreen.rollout.model import COLORS, Color

RANGE_TAG = "bluegreen:range"
"""On a group whose range the swap has changed: the one to give back, such as ``2-10``."""
RETIREMENT_TAG = "bluegreen:retirement"
"""On a group that a scheduled action of the swap's is due on: when."""
REHEARSAL_TAG = "bluegreen:rehearsal"
"""On a group that a preflight runs at."""

_ACTION = "bluegreen-retire"
_REHEARSAL = "bluegreen-rehearsal"
# A rehearsal's action is removed by the next call. Left behind by a kill it waits for whatever comes next to remove it.
_REHEARSAL_DUE = timedelta(days=300)
# AWS refuses a start time that is in the past when the call arrives.
_SOONEST = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Limits:
    """Both groups' ranges.

    Attributes:
        api: the calls.
        declared: the range that autoscaling has on a color with traffic; ``None``: the one that the group had.
    """

    api: GroupApi
    declared: Range | None
    #: The groups whose retirement was cancelled within this update.
    cancelled: set[str] = field(default_factory=set)

    def prepare(self, group: Group, size: int) -> None:
        """Have ``size`` instances that nothing takes away: one call, and more where a retirement is pending."""
        self._cancel(group)
        self._note(group)
        high = max(size, group.range.high, self._own(group).high)
        self.api.update(group, Range(size, high), size)

    def suspend_scale_in(self, known: Mapping[Color, Group]) -> None:
        """Raise both minimums to the present sizes: two calls for each group that could shrink.

        Args:
            known: both groups, where they were just read; one call more where they are not.
        """
        for group in (known or self.api.get(*COLORS)).values():
            if group.range.low < group.desired:
                self._note(group)
                self.api.update(group, Range(group.desired, group.range.high))

    def resume_scaling(self, serving: Collection[Color], known: Mapping[Color, Group]) -> None:
        """Give autoscaling its range where there is traffic: one call when there is nothing to do.

        A retirement is cancelled, too: what has traffic must not be about to retire, however it came to have it.

        Args:
            serving: the colors with traffic.
            known: groups that were just read, one call less where these are all of them.
        """
        if not known.keys() >= {*serving}:
            known = self.api.get(*serving)
        for group in (known[color] for color in serving):
            self._cancel(group)
            limits = self._given_back(group)
            if limits != group.range:
                self.api.update(group, limits)
            self._forget(group, RANGE_TAG)

    def cancel_retirement(self, group: Group) -> None:
        """Cancel a retirement, due or done: one call when there is none.

        The minimum stays what it is until ``resume_scaling``: given back now, it would start instances before they are
        requested.
        """
        self._cancel(group)
        high = max(group.range.high, self._own(group).high)
        if high != group.range.high:
            self.api.update(group, Range(group.range.low, high))

    def rest(self, group: Group, size: int) -> None:
        """Bring a group to ``size`` at once, and let nothing bring instances back."""
        if RETIREMENT_TAG in group.tags:  # of a group that goes to rest no other one does harm
            self._cancel(group)
        self._note(group)
        self.api.update(group, self._at_rest(group, size), size)

    def schedule(self, group: Group, size: int, after_seconds: float) -> datetime:
        """Have a group scaled to ``size`` later, and keep its instances until then. Return the time."""
        due = datetime.now(timezone.utc) + max(timedelta(seconds=after_seconds), _SOONEST)
        self.cancelled.discard(group.name)
        self.api.tag(group, {**self._notes(group), RETIREMENT_TAG: f"{due:%Y-%m-%dT%H:%M:%SZ}"})
        if group.range.low < group.desired:
            self.api.update(group, Range(group.desired, group.range.high))
        limits = self._at_rest(group, size)
        self.api.put(group, _ACTION, due, MinSize=limits.low, MaxSize=limits.high, DesiredCapacity=size)
        return due

    def preflight(self, group: Group) -> None:
        """Make every call that comes after the shift, so that it changes nothing: five calls."""
        self.api.update(group, group.range)
        due = datetime.now(timezone.utc) + _REHEARSAL_DUE
        self.api.tag(group, {REHEARSAL_TAG: f"{due:%Y-%m-%d}"})
        self.api.put(group, _REHEARSAL, due, MaxSize=group.range.high)
        self.api.unschedule(group, _REHEARSAL)
        self.api.untag(group, [REHEARSAL_TAG])

    def delete(self) -> None:
        """Undo everything without starting instances: one call when there is nothing."""
        for group in self.api.find(*COLORS).values():
            self._cancel(group)
            if RANGE_TAG in group.tags:
                own = self._own(group)
                limits = Range(min(own.low, group.desired), max(own.high, group.desired))
                if limits != group.range:
                    self.api.update(group, limits)
                self._forget(group, RANGE_TAG)

    def _at_rest(self, group: Group, size: int) -> Range:
        # A warm pool is as large as the maximum is above the desired capacity: without the one there is no other.
        # https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-warm-pools.html
        return Range(size, self._own(group).high if group.pooled else size)

    def _own(self, group: Group) -> Range:
        """The group's range when no swap has to do with it."""
        return self.declared or Range.of_tag(group.tags.get(RANGE_TAG, "")) or group.range

    def _given_back(self, group: Group) -> Range:
        own = self._own(group)
        if self.declared is not None:
            return own
        if own.fixed:  # a group of one size keeps the size that it has
            return Range(group.desired, max(own.high, group.desired))
        return Range(own.low, max(own.high, group.desired))

    def _notes(self, group: Group) -> dict[str, str]:
        return {} if RANGE_TAG in group.tags else {RANGE_TAG: str(group.range)}

    def _note(self, group: Group) -> None:
        """Note in tags the range that is about to be taken away."""
        # A range without a choice is not worth a note: any size is like it. Beside a warm pool the maximum is one.
        worth = self.declared is None and (group.pooled or not group.range.fixed)
        if worth and (notes := self._notes(group)):
            self.api.tag(group, notes)

    def _cancel(self, group: Group) -> None:
        """Remove the swap's scheduled actions, and only then the tags that tell of them."""
        if group.name not in self.cancelled or RETIREMENT_TAG in group.tags:
            self.api.unschedule(group, _ACTION)
            self.cancelled.add(group.name)
            self._forget(group, RETIREMENT_TAG)
        if REHEARSAL_TAG in group.tags:
            self.api.unschedule(group, _REHEARSAL)
            self._forget(group, REHEARSAL_TAG)

    def _forget(self, group: Group, tag: str) -> None:
        if tag in group.tags:
            self.api.untag(group, [tag])
