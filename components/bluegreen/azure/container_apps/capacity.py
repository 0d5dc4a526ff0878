"""A container app's revisions at work and at rest: activated before traffic, deactivated once nobody needs them.

How many replicas a revision has is Azure's business, by the scale rules of its template; so a color is one unit, its
revision. Azure has no scheduler that deactivates one. When a color is due stands in a tag of the app, and the first
update after that does it.

https://learn.microsoft.com/azure/container-apps/revisions
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import Any, ClassVar

from bluegreen.azure import tags
from bluegreen.azure.client import AzureConnection, Busy
from bluegreen.azure.connection_option import azure_option
from bluegreen.azure.container_apps import releases, rules
from bluegreen.azure.container_apps.router import APP_ID, READ, READ_REVISION, VERSION
from bluegreen.fields import Fields
from bluegreen.options.declared import Options, option
from bluegreen.options.kinds import Both, Text
from bluegreen.permissions import Permission
from bluegreen.platforms.just_read import JustRead
from bluegreen.platforms.places import Same, in_any_case
from bluegreen.platforms.templates import Template
from bluegreen.rollout.calls import pause, side_by_side
from bluegreen.rollout.model import COLORS, Color, Readiness, Size, other

RETIRE_PREFIX = "bluegreen:retire:"
_ACTIVATE, _DEACTIVATE, _RESTART = (
    f"Microsoft.App/containerApps/revisions/{verb}/action" for verb in ("activate", "deactivate", "restart")
)
_STAMP = "%Y-%m-%dT%H:%M:%SZ"
# Azure is at work on an app for some seconds after a write, and as long as somebody else's new revision starts.
_BUSY_ATTEMPTS, _BUSY_PAUSE_SECONDS = 60, 5.0
_NOBODY = "bluegreen-preflight"


def _now() -> datetime:
    return datetime.now(timezone.utc)


@dataclass(slots=True, kw_only=True)
class ContainerAppCapacity(Options):
    """The colors' revisions of one app: a color has one unit, its revision, or none where that is not active."""

    where: ClassVar[frozenset[str]] = frozenset({"kind", "app_id"})
    install_keys: ClassVar[frozenset[str]] = frozenset({"templates", "revisions"})
    same_place: ClassVar[Mapping[str, Same]] = {"app_id": in_any_case}
    permissions: ClassVar[tuple[Permission, ...]] = (
        Permission(READ, "every preview and update: whether a color is due to rest"),
        Permission(READ_REVISION, "previews of a rollback, updates"),
        Permission(_ACTIVATE, "a promotion, or a rollback to a color at rest"),
        Permission(_DEACTIVATE, "once the color without traffic may rest"),
        Permission(_RESTART, "a color whose revision failed to start before"),
        Permission(tags.WRITE, "when a color without traffic may rest"),
    )

    app_id: str = option("the app's resource id", APP_ID)
    revisions: Mapping[Color, str] = option(
        "the name of each color's revision, where somebody else makes the revisions",
        Both(Text(), differs="another revision than blue's"),
        default={},
    )
    templates: Mapping[Color, Template] = option(
        "in its place, what each color runs, as the router has it", Both(releases.ReleaseTemplate()), default={}
    )
    azure: AzureConnection = azure_option()
    _found: JustRead[Mapping[str, Any] | None] = field(init=False, default_factory=JustRead, repr=False, compare=False)

    @classmethod
    def check(cls, fields: Fields, values: dict[str, Any]) -> None:
        """One of revisions and templates; of the latter come the revisions' names."""
        releases.settle_names(fields, values)

    @property
    def declared_size(self) -> int:
        """One revision."""
        return 1

    # -- at work

    def read(self) -> Mapping[Color, Size]:
        """Both colors: a call each, side by side."""
        found = side_by_side(*(partial(self._revision, color) for color in COLORS))
        by_color: dict[Color, Mapping[str, Any] | None] = dict(zip(COLORS, found, strict=True))
        self._found.keep(by_color)
        return {color: self._size(color, by_color[color]) for color in COLORS}

    def _size(self, color: Color, revision: Mapping[str, Any] | None) -> Size:
        told = {} if revision is None else rules.properties_of(revision)
        active, ready = bool(told.get("active")), rules.readiness_of(revision, self.revisions[color]).ready
        failed = str(told.get("provisioningState") or "").lower() == "failed"
        return Size(1 if active else 0, 1 if active and ready else 0, stuck=active and failed)

    def _revision(self, color: Color) -> Mapping[str, Any] | None:
        return self._get(f"/revisions/{self.revisions[color]}", READ_REVISION)

    def _get(self, below: str, action: str) -> Mapping[str, Any] | None:
        return self.azure.session().get(f"{self.app_id}{below}", VERSION, action)

    def prepare(self, color: Color, size: int) -> None:  # noqa: ARG002 - a revision is there or not
        """Activate the color's revision, and start one afresh that had failed: two calls."""
        self._found.forget()
        found = self._revision(color)
        failed = found is not None and self._size(color, found).stuck
        self._act(self.revisions[color], "restart" if failed else "activate", _RESTART if failed else _ACTIVATE)

    def ready(self, color: Color) -> Readiness:
        """Whether its revision runs with the replicas that its scale rules ask for at least: one call.

        None right after ``read``.
        """
        name, known = self.revisions[color], self._found.take_all()
        found = known[color] if color in known else self._revision(color)
        readiness = rules.readiness_of(found, name)
        if not readiness.ready or found is None:
            return readiness
        told = rules.properties_of(found)
        least = int(((told.get("template") or {}).get("scale") or {}).get("minReplicas") or 0)
        replicas = int(told.get("replicas") or 0)
        if replicas < least:
            return Readiness(False, replicas, least, f"revision {name}: {replicas} of {least} replicas run")
        return readiness

    def _act(self, name: str, verb: str, action: str) -> None:
        """An action on a revision, once Azure is not at work on the app any more. The second time it does nothing."""
        path = f"{self.app_id}/revisions/{name}/{verb}"
        for _ in range(_BUSY_ATTEMPTS):
            if self._acted(path, action):
                return
            pause(_BUSY_PAUSE_SECONDS)
        self.azure.session().change("POST", path, VERSION, action, None)

    def _acted(self, path: str, action: str) -> bool:
        try:
            self.azure.session().change("POST", path, VERSION, action, None)
        except Busy:
            return False
        return True

    def preflight(self, color: Color, size: int, retires: bool = True) -> None:  # noqa: ARG002 - see `prepare`
        """Find out whether the other color's revision may be deactivated, at one that is not there: one call."""
        if retires:
            path = f"{self.app_id}/revisions/{releases.app_name_of(self.app_id)}--{_NOBODY}/deactivate"
            self.azure.session().preflight("POST", path, VERSION, _DEACTIVATE)

    def suspend_scale_in(self) -> None:
        """Nothing: Azure takes no replica away from a revision below what its own scale rules say."""

    def resume_scaling(self, serving: Collection[Color]) -> None:
        """Nothing was held; a color with traffic is not about to rest, however it came to have it: one call if so."""
        self._cancel(*serving)

    # -- at rest

    def retire(self, color: Color, size: int, after_seconds: float) -> str:
        """Deactivate at once what the color has without traffic; or note when, for the update that comes after that.

        At once: a call for the list and one for each active revision. Later: two calls.
        """
        if size:
            return f"{color} keeps its revision active"
        if after_seconds > 0:
            due = _now() + timedelta(seconds=after_seconds)
            tags.set_tags(self.azure.session(), self.app_id, {_tag(color): f"{due:{_STAMP}}"})
            return f"{color} is deactivated by the first `pulumi up` after {due:%Y-%m-%d %H:%M:%S} UTC"
        self._found.forget()
        names = self._active(color)
        for name in names:
            self._act(name, "deactivate", _DEACTIVATE)
        self._cancel(color)
        return f"{color} is deactivated: {', '.join(names)}" if names else f"{color} is not active already"

    def _active(self, color: Color) -> list[str]:
        """The color's active revisions, this release's and those before it, that get no requests."""
        app_name = releases.app_name_of(self.app_id)
        found = (self._get("/revisions", READ_REVISION) or {}).get("value") or ()
        kept = self.revisions[other(color)]
        return [
            name
            for name, told in ((str(one.get("name") or ""), rules.properties_of(one)) for one in found)
            if name != kept and (name == self.revisions[color] or releases.is_own(name, app_name, color))
            if told.get("active") and not told.get("trafficWeight")
        ]

    def overdue(self) -> tuple[Color, ...]:
        """The colors whose time has come: one call."""
        now, found = f"{_now():{_STAMP}}", self._tags()
        return tuple(color for color in COLORS if "" < found.get(_tag(color), "") <= now)

    def cancel_retirement(self, color: Color) -> None:
        """Forget when a color may rest: one call, two where it was due some time."""
        self._cancel(color)

    def delete(self) -> None:
        """Forget that of both colors."""
        self._cancel(*COLORS)

    def _tags(self) -> Mapping[str, str]:
        return rules.tags_of(self._get("", READ) or {})

    def _cancel(self, *colors: Color) -> None:
        there = self._tags()
        found = {_tag(color): there[_tag(color)] for color in colors if _tag(color) in there}
        tags.remove_tags(self.azure.session(), self.app_id, found)


def _tag(color: Color) -> str:
    return f"{RETIRE_PREFIX}{color}"
