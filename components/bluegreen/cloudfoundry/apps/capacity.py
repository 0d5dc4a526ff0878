"""The colors' apps at work and at rest: started and scaled before traffic, stopped once nobody needs them.

Cloud Foundry has no scheduler that stops an app. When a color is due stands in an annotation of its app, and the first
update after that does it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import ClassVar

from bluegreen.cloudfoundry import metadata, places
from bluegreen.cloudfoundry.apps import instances, releases, standing
from bluegreen.cloudfoundry.apps.standing import Standing
from bluegreen.cloudfoundry.client import CloudFoundryConnection, Session
from bluegreen.cloudfoundry.connection_option import cloudfoundry_option
from bluegreen.options.declared import Options, option
from bluegreen.options.kinds import Number, Text
from bluegreen.permissions import Permission
from bluegreen.platforms.just_read import JustRead
from bluegreen.platforms.places import Same, or_default
from bluegreen.rollout.calls import side_by_side
from bluegreen.rollout.errors import PlatformError
from bluegreen.rollout.model import COLORS, Color, Readiness, Size, other

_NOTE = "PATCH:/v3/apps/:guid"
_STAMP = "%Y-%m-%dT%H:%M:%SZ"
_PROCESS = "web"


def _now() -> datetime:
    return datetime.now(timezone.utc)


@dataclass(slots=True, kw_only=True)
class CloudFoundryCapacity(Options):
    """The instances of one process of each color's app; none where the app is stopped."""

    where: ClassVar[frozenset[str]] = frozenset({"kind", "space", "apps", "process"})
    same_place: ClassVar[Mapping[str, Same]] = {"process": or_default(_PROCESS)}
    permissions: ClassVar[tuple[Permission, ...]] = (
        Permission(places.ORGANIZATIONS, "every preview and update"),
        Permission(places.SPACES, "every preview and update"),
        Permission(places.APPS, "every preview and update: whether a color is due to rest"),
        Permission(places.PROCESSES, "updates: the colors' sizes"),
        Permission(places.ROUTES, "while a share keeps instances of a color back"),
        Permission(instances.STATS, "updates: the colors' sizes"),
        Permission(releases.DROPLET, "updates: what a color runs"),
        Permission(instances.SCALE, "every promotion: to the other color's size; to find out whether it may"),
        Permission(releases.START, "a promotion of an app that is stopped"),
        Permission(releases.STOP, "once the color without traffic may rest"),
        Permission(_NOTE, "when a color without traffic may rest"),
    )

    space: str = option("the space of the apps", places.SPACE)
    apps: Mapping[Color, str] = option("the name of each color's app", places.NAMES)
    process: str = option("the type of the process that is scaled", Text(), default=_PROCESS)
    route: str = option("the route whose shares may keep instances of a color back", places.ROUTE, default="")
    desired_count: int = option(
        "instances that a color starts with when none run anywhere", Number(1, whole=True), default=1
    )
    cloudfoundry: CloudFoundryConnection = cloudfoundry_option()
    _just_read: JustRead[Readiness] = field(init=False, default_factory=JustRead, repr=False, compare=False)

    @property
    def declared_size(self) -> int:
        """The declared count."""
        return self.desired_count

    @property
    def _session(self) -> Session:
        return self.cloudfoundry.session()

    def _look(self) -> Standing:
        return standing.look(self._session, self.space, self.apps, self.process)

    # -- at work

    def read(self) -> Mapping[Color, Size]:
        """Both colors: six calls. A color that a share keeps instances of back has its own size all the same."""
        found, session = self._look(), self._session
        kept = standing.kept_back(session, found, self.route, self.process)
        readings = dict(
            zip(COLORS, side_by_side(*(partial(self._readiness, found, one) for one in COLORS)), strict=True)
        )
        self._just_read.keep(readings)
        sizes: dict[Color, Size] = {}
        for color in COLORS:
            app, process = found.apps.get(color), found.processes.get(color)
            wanted = process.instances if process is not None and app is not None and app.started else 0
            sizes[color] = Size(kept[color].size if color in kept else wanted, readings[color].healthy)
        return sizes

    def _readiness(self, found: Standing, color: Color) -> Readiness:
        app, process = found.apps.get(color), found.processes.get(color)
        session = self._session
        stats = instances.stats_of(session, process) if process is not None and app is not None and app.started else []
        return instances.readiness(self.apps[color], app, process, stats)

    def prepare(self, color: Color, size: int) -> None:
        """Scale the color's process, and start its app if it is stopped: up to six calls. Does not wait."""
        self._just_read.forget()
        found, session = self._look(), self._session
        app, process = found.apps.get(color), found.processes.get(color)
        if app is None or process is None:
            raise PlatformError(instances.SCALE, self._readiness(found, color).reason)
        if process.instances != size:
            instances.scale(session, process, size)
        if not app.started:
            session.change("POST", f"/v3/apps/{app.guid}/actions/start", releases.START)

    def ready(self, color: Color) -> Readiness:
        """Whether all instances that are wanted run, and of which droplet: up to six calls; two after ``read``."""
        known = self._just_read.take(color)
        readiness = self._readiness(self._look(), color) if known is None else known
        release = self.release(color) if readiness.ready else ""
        return Readiness(
            readiness.ready,
            readiness.healthy,
            readiness.expected,
            readiness.reason,
            readiness.fatal,
            release=release,
        )

    def release(self, color: Color) -> str:
        """The droplet that the color runs: two calls, and those for the space."""
        session = self._session
        app = places.apps_of(session, places.space_guid(session, self.space), self.apps).get(color)
        found = {} if app is None else releases.droplet_of(session, app)
        return f"droplet {found['guid']}" if found.get("guid") else ""

    def preflight(self, color: Color, size: int, retires: bool = True) -> None:  # noqa: ARG002 - scaling is the same right
        """Find out whether a color may be scaled, by asking for the size that the other one has: it changes nothing."""
        process = self._look().processes.get(other(color))
        if process is not None:
            instances.scale(self._session, process, process.instances)

    def suspend_scale_in(self) -> None:
        """Nothing: Cloud Foundry scales no app by itself. Its autoscaler is a service that a space may have."""

    def resume_scaling(self, serving: Collection[Color]) -> None:
        """Nothing was held; a color with traffic is not about to rest, however it came to have it."""
        self._cancel(*serving)

    # -- at rest

    def retire(self, color: Color, size: int, after_seconds: float) -> str:
        """Stop the color's app at once, or scale it; or note when, for the update that comes after that."""
        found, session = self._look(), self._session
        app, process = found.apps.get(color), found.processes.get(color)
        if app is None or process is None:
            return f"{color} is not there any more"
        self._just_read.forget()
        if after_seconds > 0:
            due = _now() + timedelta(seconds=after_seconds)
            self._note(session, app, f"{due:{_STAMP}} {size}")
            what = f"scaled to {size}" if size else "stopped"
            return f"{color} is {what} by the first `pulumi up` after {due:%Y-%m-%d %H:%M:%S} UTC"
        # The update that comes after the delay asks for none at all: what was noted is what is left.
        size = size or self._noted_size(app)
        if size:
            instances.scale(session, process, size)
        elif app.started:
            session.change("POST", f"/v3/apps/{app.guid}/actions/stop", releases.STOP)
        self._cancel_of(session, app)
        return f"{color} is scaled to {size}" if size else f"{color} is stopped: {app.name}"

    @staticmethod
    def _noted_size(app: places.App) -> int:
        """The size that is due by now."""
        due, _, size = app.annotations.get(metadata.RETIRE, "").partition(" ")
        return int(size) if size.isdigit() and due <= f"{_now():{_STAMP}}" else 0

    def overdue(self) -> tuple[Color, ...]:
        """The colors whose time has come: one call, and those for the space."""
        now, session = f"{_now():{_STAMP}}", self._session
        found = places.apps_of(session, places.space_guid(session, self.space), self.apps)
        due = {color: app.annotations.get(metadata.RETIRE, "").partition(" ")[0] for color, app in found.items()}
        return tuple(color for color in COLORS if "" < due.get(color, "") <= now)

    def cancel_retirement(self, color: Color) -> None:
        """Forget when a color may rest: a call, and one more where it was due some time."""
        self._cancel(color)

    def delete(self) -> None:
        """Forget that of both colors."""
        self._cancel(*COLORS)

    def _cancel(self, *colors: Color) -> None:
        session = self._session
        found = places.apps_of(session, places.space_guid(session, self.space), self.apps)
        for color in colors:
            if color in found:
                self._cancel_of(session, found[color])

    def _cancel_of(self, session: Session, app: places.App) -> None:
        if metadata.RETIRE in app.annotations:
            self._note(session, app, None)

    @staticmethod
    def _note(session: Session, app: places.App, text: str | None) -> None:
        session.change("PATCH", f"/v3/apps/{app.guid}", _NOTE, metadata.body({metadata.RETIRE: text}))
