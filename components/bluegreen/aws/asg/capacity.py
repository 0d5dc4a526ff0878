"""EC2 Auto Scaling groups: one a color, scaled by their desired capacity; the old one retires by a scheduled action."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from typing import ClassVar

from bluegreen.aws.asg.live_groups import Group, GroupApi
from bluegreen.aws.asg.live_limits import Limits
from bluegreen.aws.asg.refresh import Refreshes, RefreshSettings
from bluegreen.aws.client import AwsConnection
from bluegreen.aws.connection_option import aws_option
from bluegreen.aws.others_actions import warnings_of
from bluegreen.aws.ranges import Range
from bluegreen.options.declared import Options, option
from bluegreen.options.kinds import Both, Nested, Number, Text
from bluegreen.permissions import Permission
from bluegreen.platforms.just_read import JustRead
from bluegreen.rollout.model import COLORS, Color, Readiness, Size

_TEMPLATE = re.compile(r"lt-[0-9a-f]+:[1-9][0-9]*\Z")
_A_TEMPLATE = "a launch template's ID and version number, such as lt-0123456789abcdef0:3"
# What AWS says when a launch cannot work however often it is tried: another launch template version has to come.
_HOPELESS = re.compile(
    r"does not exist|not authorized|invalid|malformed|does not match|is disabled|encoded authorization",
    re.IGNORECASE,
)


@dataclass(slots=True)
class AsgCapacity(Options):
    """The two groups."""

    where: ClassVar[frozenset[str]] = frozenset({"kind", "groups"})
    release_keys: ClassVar[frozenset[str]] = frozenset({"launch_templates"})
    permissions: ClassVar[tuple[Permission, ...]] = (
        *GroupApi.permissions,
        *Refreshes.permissions,
        Permission(
            "ec2:DescribeLaunchTemplateVersions", "an update of a live color's group: whether its release changes"
        ),
    )

    groups: Mapping[Color, str] = option("a group's name for each color", Both(Text(), "another group than blue's"))
    # `$Latest` moves by itself: nobody could say what a color runs.
    launch_templates: Mapping[Color, str] = option(
        "the launch template and version that each color runs: ``lt-0abc:3``",
        Both(Text(fits=_TEMPLATE.match, allowed=_A_TEMPLATE)),
    )
    desired_count: int = option(
        "instances that a color starts with when none run anywhere", Number(1, whole=True), default=1
    )
    aws: AwsConnection = aws_option()
    autoscaling: Range | None = option(
        "the range that autoscaling has on the live color", Nested(Range), default=None, absent="whatever its group has"
    )
    instance_refresh: RefreshSettings = option(
        "how instances of a former version are replaced before a color is promoted",
        Nested(RefreshSettings),
        default=RefreshSettings(),
    )
    _api: GroupApi = field(init=False, repr=False, compare=False)
    _limits: Limits = field(init=False, repr=False, compare=False)
    _refreshes: Refreshes = field(init=False, repr=False, compare=False)
    # Within one update, which asks `preflight` before it moves traffic to a color that has to prove itself.
    _promoted: Color | None = field(init=False, default=None, repr=False, compare=False)
    _asked_at: datetime | None = field(init=False, default=None, repr=False, compare=False)
    _read: JustRead[Group] = field(init=False, default_factory=JustRead, repr=False, compare=False)
    _preflighted: JustRead[Group] = field(init=False, default_factory=JustRead, repr=False, compare=False)
    _stays: JustRead[Group] = field(init=False, default_factory=JustRead, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._api = GroupApi(self.groups, self.aws)
        self._limits = Limits(self._api, self.autoscaling)
        self._refreshes = Refreshes(self._api, self.instance_refresh)

    @property
    def declared_size(self) -> int:
        """The declared ``desired_count``."""
        return self.desired_count

    def read(self) -> Mapping[Color, Size]:
        """Both groups' counts: one call. Only instances in service count as running."""
        groups = self._api.get(*COLORS)
        self._read.keep(groups)
        return {color: Size(group.desired, group.running) for color, group in groups.items()}

    def _just_read(self, color: Color) -> Group:
        """A group as ``read`` has just found it, or as it is now: one call then."""
        return self._read.take(color) or self._now(color)

    def _now(self, color: Color) -> Group:
        self._read.forget()
        return self._api.get(color)[color]

    def prepare(self, color: Color, size: int) -> None:
        """Set the group's desired capacity, and its minimum so that none is taken away: two or three calls."""
        self._asked_at = datetime.now(timezone.utc)
        self._limits.prepare(self._now(color), size)

    def ready(self, color: Color) -> Readiness:
        """Whether all wanted instances are in service, healthy and of the declared version: one call, more when not.

        Right after ``read``, which got all of that, one less.

        A promotion waits until instances of a former launch template version are replaced, and has them replaced. Where
        traffic only goes back to a color, they are taken as they are: its instances are never replaced under traffic.
        """
        group = self._just_read(color)
        return replace(self._judged(color, group), release=group.release)

    def release(self, color: Color) -> str:
        """The launch template versions that the group launches and that its instances run: one call."""
        return self._now(color).release

    def _judged(self, color: Color, group: Group) -> Readiness:
        wanted = self.launch_templates[color]

        def not_yet(reason: str, *, fatal: bool = False) -> Readiness:
            return Readiness(False, group.running, group.desired, f"group {group.name}: {reason}", fatal)

        if group.template != wanted:
            launches = not_yet(f"launches {group.template or 'no launch template'} instead of {wanted}")
            return replace(launches, undelivered=True)
        if group.desired < 1:
            return not_yet("scaled to 0")
        former = group.former(wanted)
        missing, replaced = group.running < group.desired, former and self._promoted == color
        reasons, fatal = [], False
        if missing:
            said, fatal = self._trouble(color, group)
            reasons += [f"{group.running} of {group.desired} instances are in service", _others(group), said]
        if replaced:
            progress = self._refreshes.drive(color, group)
            reasons += [f"{former} instances are of a former launch template version", progress.text]
            fatal = fatal or progress.failed
        if reasons:
            return not_yet("; ".join(filter(None, reasons)), fatal=fatal)
        return Readiness(True, group.running, group.desired)

    def _trouble(self, color: Color, group: Group) -> tuple[str, bool]:
        """Why instances are missing, and whether waiting will not help."""
        if "Launch" in group.suspended:
            return "its process Launch is suspended: resume it", True
        activity = self._api.trouble(color)
        if activity is None:
            return "", False
        # What failed before this update requested instances says nothing about the ones that it requested.
        fresh = self._asked_at is None or activity.started_at >= self._asked_at
        return activity.message, fresh and activity.failed and bool(_HOPELESS.search(activity.message))

    def preflight(self, color: Color, size: int, retires: bool = True) -> None:  # noqa: ARG002 - the group's own range is written
        """Write the range that is there, hand over a retirement that changes nothing, take it back: five calls."""
        self._promoted = color
        groups = self._read.take_all()
        self._limits.preflight(groups[color] if groups else self._now(color))
        self._preflighted.keep(groups)  # it changes nothing

    def suspend_scale_in(self) -> None:
        """Keep both colors from shrinking: two calls for each group that could; one more where no preflight ran."""
        self._read.forget()
        self._limits.suspend_scale_in(self._preflighted.take_all())

    def resume_scaling(self, serving: Collection[Color]) -> None:
        """Give autoscaling its range where there is traffic: one call if it has it, none right after ``retire``."""
        self._read.forget()
        self._limits.resume_scaling(serving, self._stays.take_all())

    def retire(self, color: Color, size: int, after_seconds: float) -> str:
        """Scale down after a delay: at once by an update of the group, later by its one-time scheduled action.

        With a warm pool that takes instances back they go there.
        """
        self._read.forget()
        groups = self._api.find(*COLORS)
        group = groups.pop(color, None) or self._api.get(color)[color]
        self._stays.keep(groups)  # the other one: nothing is done to it here
        if group.desired <= size:
            return f"{color} is at {group.desired} already"
        if after_seconds <= 0:
            self._limits.rest(group, size)
            return f"{color} is scaled to {size}{group.what_keeps(due=False)}"
        due = self._limits.schedule(group, size, after_seconds)
        keeps = group.what_keeps(due=True)
        return f"{color} is scaled to {size} at {due:%H:%M:%S} UTC by a scheduled action{keeps}"

    def cancel_retirement(self, color: Color) -> None:
        """Cancel a retirement: two calls when there is none."""
        self._limits.cancel_retirement(self._now(color))

    def others_plans(self, color: Color) -> list[str]:
        """The scheduled actions of others that a color's group has: one call."""
        return warnings_of(f"group {self.groups[color]}", self._api.scheduled(color))

    def delete(self) -> None:
        """Cancel retirements and give back the ranges of both colors: three calls when there is nothing."""
        self._read.forget()
        self._limits.delete()


def _others(group: Group) -> str:
    """The states of the instances that do not serve, for people."""
    states = sorted(
        one.state if one.state != "InService" else "unhealthy"
        for one in group.instances
        if not one.serves and not one.state.startswith("Warmed")
    )
    counted = [f"{states.count(state)} {state}" for state in dict.fromkeys(states)]
    return ", ".join(counted)
