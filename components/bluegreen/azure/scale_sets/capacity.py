"""Virtual Machine Scale Sets: one a color, scaled by ``sku.capacity``; their releases are brought while they are idle.

A scale set's model and its capacity are one object, and an update of it by Pulumi would send the capacity that it was
made with. So a program declares it once, and the swap changes the two: in one masked write of image, user data and
capacity. Instances of a former model are removed and made anew, and never changed under traffic.

Azure has no scheduler that scales a set once. When a color is due stands in a tag of its scale set, and the first
update after that scales it in.

https://learn.microsoft.com/azure/virtual-machine-scale-sets/virtual-machine-scale-sets-upgrade-scale-set
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import Any, ClassVar

from bluegreen.azure import tags
from bluegreen.azure.client import AzureConnection, Busy, Stale
from bluegreen.azure.connection_option import azure_option
from bluegreen.azure.scale_sets import ranges, sets
from bluegreen.azure.scale_sets.ranges import Ranges
from bluegreen.azure.scale_sets.sets import Instance, ScaleSet
from bluegreen.options.declared import Options, option
from bluegreen.options.kinds import Both, Number, Text
from bluegreen.permissions import Permission
from bluegreen.platforms.just_read import JustRead
from bluegreen.platforms.places import Same, alike
from bluegreen.rollout.calls import pause, side_by_side
from bluegreen.rollout.errors import PlatformError
from bluegreen.rollout.model import COLORS, Color, Readiness, Size

VERSION = "2026-04-01"
_KIND = "Microsoft.Compute/virtualMachineScaleSets"
READ, WRITE, READ_INSTANCES = f"{_KIND}/read", f"{_KIND}/write", f"{_KIND}/virtualMachines/read"
RETIRE_TAG = "bluegreen:retire"
"""On a color's scale set: when it may rest."""
_ID = re.compile(
    r"/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.Compute/virtualMachineScaleSets/[^/]+\Z",
    re.IGNORECASE,
)
SCALE_SET_ID = Text(
    fits=_ID.match,
    allowed="/subscriptions/…/resourceGroups/…/providers/Microsoft.Compute/virtualMachineScaleSets/NAME",
)
_STAMP = "%Y-%m-%dT%H:%M:%SZ"
_NOBODYS_VERSION = '"bluegreen-preflight"'
"""An entity tag that no scale set has: a write under it is refused as stale, by whoever may write at all."""
_BUSY_ATTEMPTS, _BUSY_PAUSE_SECONDS = 120, 5.0
_TAGS_BUSY_SECONDS = 900.0
_MOST_PAGES = 20


def _now() -> datetime:
    return datetime.now(timezone.utc)


def _by_set(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _each_alike(value: Any) -> Any:
    return {color: _by_set(one) for color, one in value.items()} if isinstance(value, Mapping) else value


@dataclass(slots=True, kw_only=True)
class ScaleSetCapacity(Options):
    """The two scale sets."""

    where: ClassVar[frozenset[str]] = frozenset({"kind", "scale_sets"})
    release_keys: ClassVar[frozenset[str]] = frozenset({"releases"})
    brings_releases: ClassVar[bool] = True
    same_place: ClassVar[Mapping[str, Same]] = {"scale_sets": alike(_each_alike)}
    permissions: ClassVar[tuple[Permission, ...]] = (
        Permission(READ, "every preview and update"),
        Permission(READ_INSTANCES, "previews of a promotion, updates: how many instances are well"),
        Permission(WRITE, "every promotion, and once a color may rest"),
        Permission(
            "Microsoft.Compute/galleries/images/versions/read", "promotions of a release from a Compute Gallery"
        ),
        Permission(ranges.READ, "updates: which autoscale settings the scale sets have"),
        Permission(ranges.WRITE, "updates of scale sets with autoscale settings"),
        Permission(tags.WRITE, "when a color without traffic may rest"),
    )

    scale_sets: Mapping[Color, str] = option(
        "the resource id of each color's scale set", Both(SCALE_SET_ID, "another scale set than blue's")
    )
    releases: Mapping[Color, sets.Release] = option(
        "what each color runs: ``imageReference`` as Azure's API has it, and ``userData`` in Base64",
        Both(sets.ScaleSetRelease()),
        default={},
        absent="whatever the scale sets' models say",
    )
    desired_count: int = option(
        "instances that a color starts with when none run anywhere", Number(1, whole=True), default=1
    )
    azure: AzureConnection = azure_option()
    _ranges: Ranges = field(init=False, repr=False, compare=False)
    # Within one update, which asks `preflight` before it moves traffic to a color that has to prove itself.
    _promoted: Color | None = field(init=False, default=None, repr=False, compare=False)
    _wanted: dict[Color, int] = field(init=False, default_factory=dict, repr=False, compare=False)
    _found: JustRead[ScaleSet] = field(init=False, default_factory=JustRead, repr=False, compare=False)
    _rehearsed: JustRead[ScaleSet] = field(init=False, default_factory=JustRead, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._ranges = Ranges(self.azure)

    @property
    def declared_size(self) -> int:
        """The declared ``desired_count``."""
        return self.desired_count

    # -- reading

    def read(self) -> Mapping[Color, Size]:
        """Both scale sets' counts: two calls each, side by side. Only instances that are well count as running."""
        found = dict(zip(COLORS, side_by_side(*(partial(self._whole, color) for color in COLORS)), strict=True))
        self._found.keep(found)
        return {color: Size(one.capacity, one.running) for color, one in found.items()}

    def _told(self, color: Color) -> Mapping[str, Any]:
        path = f"{self.scale_sets[color]}?$expand=userData"
        found = self.azure.session().get(path, VERSION, READ)
        if found is None:
            raise PlatformError(READ, f"there is no {self.scale_sets[color]}")
        return found

    def _whole(self, color: Color) -> ScaleSet:
        told, session = self._told(color), self.azure.session()
        listed: list[Mapping[str, Any]] = []
        path = f"{self.scale_sets[color]}/virtualMachines?$expand=instanceView"
        for _ in range(_MOST_PAGES):
            page = session.get(path, VERSION, READ_INSTANCES) or {}
            listed += page.get("value") or ()
            _, _, query = str(page.get("nextLink") or "").partition("?")
            if not query:
                break
            path = f"{self.scale_sets[color]}/virtualMachines?{query}"
        return ScaleSet(told, [Instance.of(one) for one in listed])

    def ready(self, color: Color) -> Readiness:
        """Whether all instances run, are well, and are of the declared release: two calls, none right after ``read``.

        A promotion brings the release: where instances of a former one are there, that removes them, and makes new ones
        once they are gone. Where traffic only goes back to a color, they are taken as they are.
        """
        now = self._found.take(color) or self._whole(color)
        self._found.forget()
        return replace(self._judged(color, now), release=now.told_release)

    def _judged(self, color: Color, now: ScaleSet) -> Readiness:
        name = self.scale_sets[color].rpartition("/")[2]

        def not_yet(reason: str, *, fatal: bool = False) -> Readiness:
            return Readiness(False, now.running, max(now.capacity, 1), f"scale set {name}: {reason}", fatal)

        if now.unfit:
            return not_yet(now.unfit, fatal=True)
        promoted = self._promoted == color
        if not self._is_right(color, now) and not promoted:
            own, wanted = sets.text_of(now.release), sets.text_of(self.releases[color])
            runs = f"its model has {own} instead of {wanted}" if own != wanted else "its model has other user data"
            return replace(not_yet(runs), undelivered=True)
        if promoted and (not self._is_right(color, now) or now.former):
            self._replace(color, now, self._wanted.get(color, now.capacity))
            return not_yet(f"{len(now.instances)} instances of a former release are removed")
        if promoted and not now.capacity and self._wanted.get(color) and not now.instances:
            self._scale(color, self._wanted[color])
            return not_yet(f"scaled to {self._wanted[color]}")
        if not now.capacity:
            return not_yet("scaled to 0")
        if now.running < now.capacity:
            states = [one.health or one.state for one in now.instances if not one.serves]
            counted = ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states))
            told = f"; {counted}" if counted else ""
            return not_yet(f"{now.running} of {now.capacity} instances are well{told}")
        return Readiness(True, now.running, now.capacity)

    def _is_right(self, color: Color, now: ScaleSet) -> bool:
        return not self.releases or now.runs(self.releases[color])

    def release(self, color: Color) -> str:
        """The scale set's model, and how many instances are of another one: two calls."""
        return self._whole(color).told_release

    # -- scaling

    def prepare(self, color: Color, size: int) -> None:
        """Set the capacity, with the release where it is to be promoted, and keep autoscaling from taking any away.

        Four calls, one more where there is an autoscale setting.
        """
        self._found.forget()
        now = self._whole(color)
        if now.unfit:
            raise PlatformError(WRITE, f"{self.scale_sets[color]} cannot be scaled: {now.unfit}")
        if self._promoted == color and not self._is_right(color, now):
            self._replace(color, now, size)
            return
        self._wanted[color] = size
        self._scale(color, size)

    def _replace(self, color: Color, now: ScaleSet, size: int) -> None:
        """Bring the release: at once where no instance is there, else once those that are have gone."""
        self._wanted[color] = size
        change = {} if self._is_right(color, now) else {"properties": {"virtualMachineProfile": self._profile(color)}}
        if not now.instances and not now.capacity:
            self._scale(color, size, change)
        elif now.capacity or change:
            self._rest(color)
            self._change(color, {"sku": {"capacity": 0}, **change})

    def _profile(self, color: Color) -> dict[str, Any]:
        return sets.profile_of(self.releases[color])

    def _scale(self, color: Color, size: int, change: Mapping[str, Any] | None = None) -> None:
        setting = self._setting(color)
        self._change(color, {"sku": {"capacity": size}, **(change or {})})
        if setting is not None:
            self._ranges.hold(setting, size)

    def _setting(self, color: Color) -> ranges.Setting | None:
        return self._ranges.of({color: self.scale_sets[color]}).get(color)

    def _change(self, color: Color, body: Mapping[str, Any]) -> None:
        """One write, once Azure takes it."""
        for _ in range(_BUSY_ATTEMPTS):
            if self._changed(color, body):
                return
            pause(_BUSY_PAUSE_SECONDS)
        self.azure.session().change("PATCH", self.scale_sets[color], VERSION, WRITE, body)

    def _changed(self, color: Color, body: Mapping[str, Any]) -> bool:
        try:
            self.azure.session().change("PATCH", self.scale_sets[color], VERSION, WRITE, body)
        except Busy:
            return False
        return True

    def preflight(self, color: Color, size: int, retires: bool = True) -> None:  # noqa: ARG002 - one write for all
        """Find out whether the scale set may be changed, by a write that no version of it takes: one call."""
        self._promoted = color
        self._rehearsed.keep(self._found.take_all())  # it changes nothing
        try:
            session, path = self.azure.session(), self.scale_sets[color]
            session.change("PATCH", path, VERSION, WRITE, {}, if_match=_NOBODYS_VERSION)
        except (Busy, Stale):
            return

    def suspend_scale_in(self) -> None:
        """Keep autoscaling from taking instances away from either color: a call, and one for each that could shrink.

        One more for each of these where no preflight ran.
        """
        known = self._rehearsed.take_all()
        for color, setting in self._ranges.of(self.scale_sets).items():
            if ranges.is_enabled(setting):  # else it is at rest, and stays so
                told = known[color].told if color in known else self._told(color)
                self._ranges.hold(setting, int((told.get("sku") or {}).get("capacity") or 0))

    def resume_scaling(self, serving: Collection[Color]) -> None:
        """Give autoscaling its range where there is traffic; what has traffic is not about to rest any more.

        A call for the settings and one for each color with traffic; more where there is something to do.
        """
        self._found.forget()
        self._cancel(*serving)
        for setting in self._ranges.of({color: self.scale_sets[color] for color in serving}).values():
            self._ranges.give_back(setting)

    # -- at rest

    def retire(self, color: Color, size: int, after_seconds: float) -> str:
        """Scale in at once, with autoscaling off; or note when, for the update that comes after that.

        At once: three calls, more where there is an autoscale setting or a note. Later: two calls.
        """
        self._found.forget()
        told = self._told(color)
        desired = int((told.get("sku") or {}).get("capacity") or 0)
        if desired <= size:
            self._rest(color)
            self._cancel_in(color, told)
            return f"{color} is at {desired} already"
        if after_seconds > 0:
            due = _now() + timedelta(seconds=after_seconds)
            self._tag(color, {RETIRE_TAG: f"{due:{_STAMP}}"})
            return f"{color} is scaled to {size} by the first `pulumi up` after {due:%Y-%m-%d %H:%M:%S} UTC"
        rests = self._rest(color)
        self._change(color, {"sku": {"capacity": size}})
        self._cancel_in(color, told)
        return f"{color} is scaled to {size}" + (", its autoscale setting is disabled" if rests else "")

    def _rest(self, color: Color) -> bool:
        """Have autoscaling bring nothing back; whether there is a setting."""
        setting = self._setting(color)
        if setting is not None:
            self._ranges.rest(setting)
        return setting is not None

    def _tag(self, color: Color, wanted: Mapping[str, str]) -> None:
        tags.set_tags(self.azure.session(), self.scale_sets[color], wanted, busy_seconds=_TAGS_BUSY_SECONDS)

    def overdue(self) -> tuple[Color, ...]:
        """The colors whose time has come: a call each."""
        now = f"{_now():{_STAMP}}"
        found = side_by_side(*(partial(self._told, color) for color in COLORS))
        return tuple(color for color, told in zip(COLORS, found, strict=True) if "" < _due(told) <= now)

    def cancel_retirement(self, color: Color) -> None:
        """Forget when a color may rest: one call, two where it was due some time."""
        self._cancel(color)

    def _cancel(self, *colors: Color) -> None:
        for color in colors:
            self._cancel_in(color, self._told(color))

    def _cancel_in(self, color: Color, told: Mapping[str, Any]) -> None:
        if _due(told):
            own = {name: value for name, value in (told.get("tags") or {}).items() if name.lower() == RETIRE_TAG}
            session = self.azure.session()
            tags.remove_tags(session, self.scale_sets[color], own, busy_seconds=_TAGS_BUSY_SECONDS)

    def delete(self) -> None:
        """Forget that of both colors, and give the autoscale settings back that are not at rest."""
        for color in COLORS:
            told = self.azure.session().get(self.scale_sets[color], VERSION, READ)
            if told is not None:
                self._cancel_in(color, told)
        for setting in self._ranges.of(self.scale_sets).values():
            if ranges.is_enabled(setting):
                self._ranges.give_back(setting)


def _due(told: Mapping[str, Any]) -> str:
    return next((value for name, value in (told.get("tags") or {}).items() if name.lower() == RETIRE_TAG), "")
