"""Managed instance groups: one a color, scaled by their size; their releases are brought while they are idle.

A group's template and its size are one object, and an update of it by Pulumi would send both. So a program declares it
once, and the swap changes the two. Instances of a former template are removed and made anew, and never changed under
traffic.

Google has no scheduler that scales a group once. When a color is due stands in the description of its backend service,
since a group's own cannot be changed, and the first update after that scales it in.

https://cloud.google.com/compute/docs/instance-groups
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import Any, ClassVar

from bluegreen.google.client import Busy, GoogleConnection, Session, Stale
from bluegreen.google.compute_engine import changes, names, notes
from bluegreen.google.compute_engine.services import BACKEND_SERVICE, Backends, read_action
from bluegreen.google.connection_option import google_option
from bluegreen.google.instance_groups import autoscalers
from bluegreen.google.instance_groups.autoscalers import Autoscalers, Scaler
from bluegreen.google.instance_groups.groups import Group, Instance
from bluegreen.google.instance_groups.names import RETIRE_NOTE
from bluegreen.options.declared import Options, option
from bluegreen.options.kinds import Both, Number, Text
from bluegreen.permissions import Permission
from bluegreen.platforms.just_read import JustRead
from bluegreen.platforms.places import Same, alike
from bluegreen.rollout.calls import pause, side_by_side
from bluegreen.rollout.errors import PlatformError
from bluegreen.rollout.model import COLORS, Color, Readiness, Size

READ, WRITE = "compute.instanceGroupManagers.get", "compute.instanceGroupManagers.update"
WRITE_SERVICE, WRITE_SERVICE_REGION = "compute.backendServices.update", "compute.regionBackendServices.update"
GROUP = Text(
    fits=names.pattern("instanceGroupManagers", "zones/[^/]+|regions/[^/]+").match,
    allowed="projects/PROJECT/zones/ZONE/instanceGroupManagers/NAME or "
    "projects/PROJECT/regions/REGION/instanceGroupManagers/NAME, or its selfLink",
)
"""What a group's name has to be."""
TEMPLATE = Text(
    fits=names.pattern("instanceTemplates", "global|regions/[^/]+").match,
    allowed="projects/PROJECT/global/instanceTemplates/NAME or projects/PROJECT/regions/REGION/instanceTemplates/NAME, "
    "or its selfLink",
)
"""What an instance template's name has to be."""
_STAMP = "%Y-%m-%dT%H:%M:%SZ"
_NOBODYS_FINGERPRINT = "AAAAAAAAAAA="
"""One that no object has: a write under it is refused as stale, by whoever may write at all."""
_ATTEMPTS, _PAUSE_SECONDS = 20, 3.0
_MOST_PAGES = 20


def _now() -> datetime:
    return datetime.now(timezone.utc)


@dataclass(slots=True, kw_only=True)
class InstanceGroupCapacity(Options):
    """The two groups."""

    where: ClassVar[frozenset[str]] = frozenset({"kind", "groups"})
    release_keys: ClassVar[frozenset[str]] = frozenset({"templates"})
    brings_releases: ClassVar[bool] = True
    same_place: ClassVar[Mapping[str, Same]] = {"groups": alike(names.in_each)}
    permissions: ClassVar[tuple[Permission, ...]] = (
        Permission(READ, "every preview and update"),
        Permission(WRITE, "every promotion, and once a color may rest"),
        Permission("compute.instanceTemplates.useReadOnly", "promotions of another template"),
        Permission(autoscalers.READ, "updates of groups with an autoscaler"),
        Permission(autoscalers.WRITE, "the same: it is held meanwhile, and off at rest"),
        *Backends.permissions,
        Permission(WRITE_SERVICE, "when a color without traffic may rest, a line in a global one's description"),
        Permission(WRITE_SERVICE_REGION, "the same in a regional one's"),
        Permission(changes.GLOBAL, "changes are waited for"),
        Permission(changes.REGION, "changes are waited for"),
        Permission(changes.ZONE, "changes are waited for"),
    )

    groups: Mapping[Color, str] = option(
        "the name of each color's managed instance group, from ``projects`` on, or its selfLink",
        Both(GROUP, "another group than blue's"),
    )
    backend_services: Mapping[Color, str] = option(
        "the backend service before each group, in the same forms: its description says when a color may rest",
        Both(BACKEND_SERVICE, "another backend service than blue's"),
    )
    templates: Mapping[Color, str] = option(
        "the instance template that each color runs, in the same forms",
        Both(TEMPLATE),
        default={},
        absent="whatever the groups have",
    )
    desired_count: int = option(
        "instances that a color starts with when none run anywhere", Number(1, whole=True), default=1
    )
    google: GoogleConnection = google_option()
    # Within one update, which asks `preflight` before it moves traffic to a color that has to prove itself.
    _promoted: Color | None = field(init=False, default=None, repr=False, compare=False)
    _wanted: dict[Color, int] = field(init=False, default_factory=dict, repr=False, compare=False)
    _found: JustRead[Group] = field(init=False, default_factory=JustRead, repr=False, compare=False)
    _rehearsed: JustRead[Group] = field(init=False, default_factory=JustRead, repr=False, compare=False)

    def __post_init__(self) -> None:
        self.groups = names.in_each(self.groups)
        self.backend_services = names.in_each(self.backend_services)
        self.templates = names.in_each(self.templates)

    @staticmethod
    def filled_in(section: Mapping[str, object]) -> Mapping[str, object]:
        """The section with its templates in one form, so that a selfLink is no other one."""
        return {**section, "templates": names.in_each(section.get("templates"))}

    @property
    def declared_size(self) -> int:
        """The declared ``desired_count``."""
        return self.desired_count

    def _session(self) -> Session:
        return self.google.session(names.HOST)

    # -- reading

    def read(self) -> Mapping[Color, Size]:
        """Both groups' counts: two calls each, side by side. Only instances that are well count as running."""
        found = dict(zip(COLORS, side_by_side(*(partial(self._whole, color) for color in COLORS)), strict=True))
        self._found.keep(found)
        return {color: Size(one.size, one.running) for color, one in found.items()}

    def _told(self, color: Color) -> Mapping[str, Any]:
        name = self.groups[color]
        found = self._session().get(names.path(name), READ)
        if found is None:
            raise PlatformError(READ, f"there is no {name}")
        return found

    def _whole(self, color: Color) -> Group:
        told, session, name = self._told(color), self._session(), self.groups[color]
        listed: list[Mapping[str, Any]] = []
        query: dict[str, str] = {}
        for _ in range(_MOST_PAGES):
            path = f"{names.path(name)}/listManagedInstances"
            page = session.send("POST", path, READ, query=query, writes=False)
            listed += page.get("managedInstances") or ()
            if not page.get("nextPageToken"):
                break
            query = {"pageToken": str(page["nextPageToken"])}
        project = names.project_of(name)
        return Group(name, told, [Instance.of(one, project) for one in listed])

    def ready(self, color: Color) -> Readiness:
        """Whether all instances run, are well, and are of the declared template: two calls, none right after ``read``.

        A promotion brings the template: where instances of a former one are there, that removes them, and makes new
        ones once they are gone. Where traffic only goes back to a color, they are taken as they are.
        """
        now = self._found.take(color) or self._whole(color)
        self._found.forget()
        return replace(self._judged(color, now), release=now.told_release)

    def _judged(self, color: Color, now: Group) -> Readiness:
        name = names.last(now.name)

        def not_yet(reason: str, *, fatal: bool = False) -> Readiness:
            return Readiness(False, now.running, max(now.size, 1), f"instance group {name}: {reason}", fatal)

        if now.unfit:
            return not_yet(now.unfit, fatal=True)
        promoted = self._promoted == color
        if not self._is_right(color, now) and not promoted:
            wanted = names.last(self.templates[color])
            return replace(not_yet(f"it has {names.last(now.template)} instead of {wanted}"), undelivered=True)
        if promoted and (not self._is_right(color, now) or now.former):
            self._replace(color, now, self._wanted.get(color, now.size))
            return not_yet(f"{len(now.instances)} instances of a former template are removed")
        if promoted and not now.size and self._wanted.get(color) and not now.instances:
            self._scale(color, now, self._wanted[color])
            return not_yet(f"scaled to {self._wanted[color]}")
        if not now.size:
            return not_yet("scaled to 0")
        if now.running < now.size:
            states = [one.state for one in now.instances if not one.serves]
            counted = ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states))
            trouble = next((one.trouble for one in now.instances if one.trouble and not one.serves), "")
            return not_yet(
                "; ".join(filter(None, (f"{now.running} of {now.size} instances are well", counted, trouble)))
            )
        return Readiness(True, now.running, now.size)

    def _is_right(self, color: Color, now: Group) -> bool:
        return not self.templates or now.template == self.templates[color]

    def release(self, color: Color) -> str:
        """The group's template, and how many instances are of another one: two calls."""
        return self._whole(color).told_release

    # -- scaling

    def prepare(self, color: Color, size: int) -> None:
        """Set the size, with the template where it is to be promoted, and keep autoscaling from taking any away.

        Three calls, two more where there is an autoscaler, one more for another template.
        """
        self._found.forget()
        now = self._whole(color)
        if now.unfit:
            raise PlatformError(WRITE, f"{now.name} cannot be scaled: {now.unfit}")
        if self._promoted == color and not self._is_right(color, now):
            self._replace(color, now, size)
            return
        self._wanted[color] = size
        self._scale(color, now, size)

    def _replace(self, color: Color, now: Group, size: int) -> None:
        """Bring the template: at once where no instance is there, else once those that are have gone."""
        self._wanted[color] = size
        if not self._is_right(color, now):
            self._bring(color, now.told)
        if not now.instances and not now.size:
            self._scale(color, now, size)
        elif now.size:
            self._rest(now)
            self._resize(now.name, 0)

    def _bring(self, color: Color, told: Mapping[str, Any]) -> None:
        """Give the group its template, for the instances that it makes from now on."""
        for attempt in range(_ATTEMPTS):
            version = Group(self.groups[color], told, ()).version
            wanted = {**version, "instanceTemplate": names.link(self.templates[color])}
            body = {"fingerprint": told.get("fingerprint"), "versions": [wanted]}
            try:
                changes.change(self._session(), "PATCH", self.groups[color], WRITE, body)
            except (Stale, Busy) as refused:
                if attempt == _ATTEMPTS - 1:
                    raise
                if isinstance(refused, Busy) or attempt:
                    pause(_PAUSE_SECONDS)
                told = self._told(color)
                continue
            return

    def _scale(self, color: Color, now: Group, size: int) -> None:
        scaler = Autoscalers(self._session()).get(now.autoscaler)
        if scaler is not None:
            Autoscalers(self._session()).hold(scaler)
        self._resize(self.groups[color], size)

    def _resize(self, name: str, size: int) -> None:
        for attempt in range(_ATTEMPTS):
            try:
                changes.change(self._session(), "POST", f"{name}/resize", WRITE, query={"size": str(size)})
            except Busy:
                if attempt == _ATTEMPTS - 1:
                    raise
                pause(_PAUSE_SECONDS)
                continue
            return

    def preflight(self, color: Color, size: int, retires: bool = True) -> None:  # noqa: ARG002 - one write for all
        """Find out whether group and description may be changed, by writes that neither takes: a call for each."""
        self._promoted = color
        found = self._found.take_all()
        for one in (now for other, now in found.items() if retires and other != color):
            self._refuse_to_remove(one)
        self._rehearsed.keep(found)  # it changes nothing
        body: dict[str, Any] = {"fingerprint": _NOBODYS_FINGERPRINT}
        if self.templates:
            body["versions"] = [{"instanceTemplate": names.link(self.templates[color])}]
        self._try(self.groups[color], WRITE, body)
        if retires:
            service = self.backend_services[color]
            self._try(service, _write_action(service), {"fingerprint": _NOBODYS_FINGERPRINT})

    @staticmethod
    def _refuse_to_remove(now: Group) -> None:
        if now.stateful:
            raise PlatformError(WRITE, f"{now.name} cannot be scaled in: {now.stateful}")

    def _try(self, name: str, action: str, body: Mapping[str, Any]) -> None:
        try:
            changes.change(self._session(), "PATCH", name, action, body)
        except (Stale, Busy):
            return

    def suspend_scale_in(self) -> None:
        """Keep autoscaling from taking instances away from either color: two calls for each that could shrink.

        One more for each of these where no preflight ran.
        """
        known = self._rehearsed.take_all()
        for color in COLORS:
            told = known[color].told if color in known else self._told(color)
            scaler = self._scaler(color, told)
            if scaler is not None and autoscalers.is_on(scaler):  # else it is at rest, and stays so
                Autoscalers(self._session()).hold(scaler)

    def _scaler(self, color: Color, told: Mapping[str, Any]) -> Scaler | None:
        return Autoscalers(self._session()).get(Group(self.groups[color], told, ()).autoscaler)

    def resume_scaling(self, serving: Collection[Color]) -> None:
        """Give autoscaling its mode where there is traffic; what has traffic is not about to rest any more.

        Two calls for each color with traffic, two more where it has an autoscaler.
        """
        self._found.forget()
        for color in COLORS:
            if color in serving:
                self._note(color, None)
                scaler = self._scaler(color, self._told(color))
                if scaler is not None:
                    Autoscalers(self._session()).give_back(scaler)

    # -- at rest

    def retire(self, color: Color, size: int, after_seconds: float) -> str:
        """Scale in at once, with autoscaling off; or note when, for the update that comes after that.

        At once: three calls, more where there is an autoscaler or a note. Later: three calls.
        """
        self._found.forget()
        now = Group(self.groups[color], self._told(color), ())
        if now.size > size:
            self._refuse_to_remove(now)
        if now.size <= size:
            self._rest(now)
            self._note(color, None)
            return f"{color} is at {now.size} already"
        if after_seconds > 0:
            due = _now() + timedelta(seconds=after_seconds)
            self._note(color, {"due": f"{due:{_STAMP}}"})
            return f"{color} is scaled to {size} by the first `pulumi up` after {due:%Y-%m-%d %H:%M:%S} UTC"
        rests = self._rest(now)
        self._resize(now.name, size)
        self._note(color, None)
        return f"{color} is scaled to {size}" + (", its autoscaler is off" if rests else "")

    def _rest(self, now: Group) -> bool:
        """Have autoscaling bring nothing back; whether there is any."""
        scaler = Autoscalers(self._session()).get(now.autoscaler)
        if scaler is not None:
            Autoscalers(self._session()).rest(scaler)
        return scaler is not None

    def _service(self, color: Color) -> Mapping[str, Any]:
        name = self.backend_services[color]
        found = Backends(self._session()).get(name)
        if found is None:
            raise PlatformError(read_action(name), f"there is no {name}")
        return found

    def _note(self, color: Color, note: notes.Note | None) -> None:
        """Write when the color may rest into its backend service's description: two calls, one where it says so."""
        name = self.backend_services[color]
        for attempt in range(_ATTEMPTS):
            found = self._service(color)
            words = str(found.get("description") or "")
            wanted = notes.with_note(words, RETIRE_NOTE, note)
            if wanted == words:
                return
            if len(wanted) > notes.LONGEST:
                raise PlatformError(
                    _write_action(name),
                    f"the description of {name} would have {len(wanted):,} characters with the swap's line in it, "
                    f"which is more than {notes.LONGEST:,}: have the words in it shortened",
                )
            body = {"fingerprint": found.get("fingerprint"), "description": wanted}
            try:
                changes.change(self._session(), "PATCH", name, _write_action(name), body)
            except (Stale, Busy) as refused:
                if attempt == _ATTEMPTS - 1:
                    raise
                if isinstance(refused, Busy) or attempt:
                    pause(_PAUSE_SECONDS)
                continue
            return

    def overdue(self) -> tuple[Color, ...]:
        """The colors whose time has come: a call each."""
        now = f"{_now():{_STAMP}}"
        found = side_by_side(*(partial(self._service, color) for color in COLORS))
        return tuple(color for color, service in zip(COLORS, found, strict=True) if "" < _due(service) <= now)

    def cancel_retirement(self, color: Color) -> None:
        """Forget when a color may rest: one call, two where it was due some time."""
        self._note(color, None)

    def delete(self) -> None:
        """Forget that of both colors, and give the autoscalers back that are not at rest."""
        for color in COLORS:
            if Backends(self._session()).get(self.backend_services[color]) is not None:
                self._note(color, None)
            told = self._session().get(names.path(self.groups[color]), READ)
            scaler = None if told is None else self._scaler(color, told)
            if scaler is not None and autoscalers.is_on(scaler):
                Autoscalers(self._session()).give_back(scaler)


def _due(service: Mapping[str, Any]) -> str:
    note = notes.note_in(str(service.get("description") or ""), RETIRE_NOTE)
    return str((note or {}).get("due") or "")


def _write_action(service: str) -> str:
    return WRITE_SERVICE_REGION if names.is_regional(service) else WRITE_SERVICE
