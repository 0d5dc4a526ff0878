"""Google's Application Load Balancers: the weights of two backend services in a URL map, global or regional.

A URL map is one object that others write, too: the swap sends the place that it owns and nothing else of it, as a merge
patch under the ``fingerprint`` of the look before it, so that what somebody else has changed since is looked at again.
A URL map has no labels; owner and marks are a line of its ``description``, behind the words that stand there.

Google sends the change to every proxy after it has said that it is done, and names no time for that.

https://cloud.google.com/load-balancing/docs/url-map
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from bluegreen.fields import Fields
from bluegreen.google.client import Busy, GoogleConnection, Session, Stale
from bluegreen.google.compute_engine import changes, names, notes
from bluegreen.google.compute_engine.services import BACKEND_SERVICE, Backends
from bluegreen.google.connection_option import google_option
from bluegreen.google.load_balancers.rules import Place, UrlMap
from bluegreen.options.declared import Options, option
from bluegreen.options.kinds import Both, Flag, Number, Text
from bluegreen.permissions import Permission
from bluegreen.platforms.looks import Look
from bluegreen.platforms.ownership import Ownership
from bluegreen.platforms.places import Same, alike
from bluegreen.rollout.calls import pause
from bluegreen.rollout.errors import NotOwned, PlatformError, TrafficMoved
from bluegreen.rollout.model import COLORS, Color, Convergence, Readiness, Traffic, Weights
from bluegreen.rollout.ports import Capability

READ, READ_REGION = "compute.urlMaps.get", "compute.regionUrlMaps.get"
WRITE, WRITE_REGION = "compute.urlMaps.update", "compute.regionUrlMaps.update"
URL_MAP = Text(
    fits=names.pattern("urlMaps", "global|regions/[^/]+").match,
    allowed="projects/PROJECT/global/urlMaps/NAME or projects/PROJECT/regions/REGION/urlMaps/NAME, or its selfLink",
)
"""What a URL map's name has to be."""
_ATTEMPTS, _PAUSES_SECONDS = 20, (0.0, 0.5, 1.0, 2.0, 5.0)
_PROPAGATION_SECONDS = 60


@dataclass(slots=True, kw_only=True)
class UrlMapRouter(Options):
    """One place in one URL map.

    The first write puts the owner into the map's description; before it no color is live as far as the swap is
    concerned. It moves no traffic: a place that leads to the other color, or to a stranger's backend, is refused.

    Attributes:
        former_owner, incarnation, former: of the resource's last update, no part of the section: who owned the place,
            the mark on it, and the section as it was.
    """

    capabilities: ClassVar[frozenset[Capability]] = frozenset({Capability.WEIGHTS})
    propagation_seconds: ClassVar[float] = _PROPAGATION_SECONDS
    where: ClassVar[frozenset[str]] = frozenset({"kind", "url_map", "path_matcher", "route_priority", "path"})
    backend_keys: ClassVar[frozenset[str]] = frozenset({"backend_services"})
    same_place: ClassVar[Mapping[str, Same]] = {"url_map": alike(names.in_each)}
    permissions: ClassVar[tuple[Permission, ...]] = (
        Permission(READ, "a global URL map: every preview and update"),
        Permission(WRITE, "a global URL map: every swap: shifts, its lease; `pulumi destroy`"),
        Permission(READ_REGION, "a regional URL map: every preview and update"),
        Permission(WRITE_REGION, "a regional URL map: every swap: shifts, its lease; `pulumi destroy`"),
        *Backends.permissions,
        Permission("compute.backendServices.use", "writes of a global URL map, which name them"),
        Permission("compute.regionBackendServices.use", "writes of a regional URL map, which name them"),
        Permission(changes.GLOBAL, "the same: a global change is waited for"),
        Permission(changes.REGION, "the same: a regional change is waited for"),
    )

    url_map: str = option("the URL map's name, from ``projects`` on, or its selfLink", URL_MAP)
    backend_services: Mapping[Color, str] = option(
        "the name of each color's backend service, in the same forms",
        Both(BACKEND_SERVICE, differs="another backend service than blue's"),
    )
    path_matcher: str | None = option(
        "the path matcher whose default service is led", Text(), default=None, absent="the map's own default service"
    )
    route_priority: int | None = option(
        "the priority of the route rule in it that is led", Number(0, 2147483647, whole=True), default=None
    )
    path: str | None = option(
        "in its place, a path of the path rule in it that is led: ``/api/*``",
        Text(fits=lambda path: path.startswith("/"), allowed="a path, which begins with a slash"),
        default=None,
    )
    owner: str = option("who owns the place, a line of the map's description: ``project/stack/name``", Text())
    made_with_it: bool = option(
        "the map was made together with the swap, so that nobody depends on where it leads to before the first write; "
        "it may then put production on either color",
        Flag(),
        default=False,
    )
    google: GoogleConnection = google_option()
    former_owner: str = ""
    incarnation: str = ""
    former: Mapping[str, Any] = field(default_factory=dict)
    _place: Place = field(default=Place(), init=False)
    _seen: UrlMap | None = field(default=None, init=False)
    _fresh: Look = field(default_factory=Look, init=False)
    _done: Look = field(default_factory=Look, init=False)

    def __post_init__(self) -> None:
        self.url_map = names.normal(self.url_map)
        self.backend_services = names.in_each(self.backend_services)
        self._place = Place(self.path_matcher or "", self.route_priority, self.path or "")

    @classmethod
    def check(cls, fields: Fields, values: dict[str, Any]) -> None:
        """At most one rule, of a path matcher; both backend services apart, and where the map can name them."""
        if values["route_priority"] is not None and values["path"] is not None:
            fields.problem("path", values["path"], "none beside a route_priority")
        for name in ("route_priority", "path"):
            if values[name] is not None and values["path_matcher"] is None:
                fields.problem(name, values[name], "none without a path_matcher")
        url_map, services = values["url_map"], values["backend_services"]
        if not isinstance(url_map, str) or not isinstance(services, Mapping):
            return
        section = fields.section("backend_services", None)
        scope = names.scope_of(names.normal(url_map))
        known = {color: names.normal(one) for color, one in services.items() if isinstance(one, str) and one}
        for color, one in known.items():
            if section is not None and names.scope_of(one) != scope:
                section.problem(color, services[color], f"one of the map's own scope, {scope}")
        if section is not None and len(set(services.values())) > len(set(known.values())) == 1 < len(known):
            section.problem("green", services["green"], "another backend service than blue's")

    @staticmethod
    def filled_in(section: Mapping[str, object]) -> Mapping[str, object]:
        """The section with its backend services in one form, so that a selfLink is no other one."""
        return {**section, "backend_services": names.in_each(section.get("backend_services"))}

    # -- names

    @property
    def id(self) -> str:
        """The map's name, and the place in it."""
        return self.url_map if self._place == Place() else f"{self.url_map} ({self._place.name})"

    @property
    def _regional(self) -> bool:
        return names.is_regional(self.url_map)

    @property
    def _read_action(self) -> str:
        return READ_REGION if self._regional else READ

    @property
    def _write_action(self) -> str:
        return WRITE_REGION if self._regional else WRITE

    def _session(self) -> Session:
        return self.google.session(names.HOST)

    # -- reading

    def read(self) -> Traffic:
        """The live weights and the marks: one call."""
        found = self._look()
        if found is None or not self._is_owned(found):
            return Traffic(Weights())
        return Traffic(self._live(found), self._marks_in(found))

    def glance(self, *, fresh: bool = False) -> Traffic:  # noqa: ARG002 - one call has both
        """The same: one call."""
        return self.read()

    def marks(self) -> Mapping[str, str]:
        """The marks: one call."""
        return self.read().marks

    def _look(self) -> UrlMap | None:
        """The map at this moment, if the place is nobody else's."""
        self._seen = None
        self._done.spent()
        found = self._session().get(names.path(self.url_map), self._read_action)
        if found is None:
            return None
        self._refuse_another_owner(found)
        self._seen = found
        self._fresh.taken()
        return found

    def _there(self) -> UrlMap:
        found = self._look()
        if found is None:
            raise PlatformError(self._read_action, f"there is no {self.url_map}")
        return found

    def _note(self, found: UrlMap) -> notes.Note | None:
        return notes.note_in(str(found.get("description") or ""), self._place.name)

    def _holder(self, found: UrlMap) -> str | None:
        note = self._note(found)
        return None if note is None else str(note.get("owner") or "")

    def _marks_in(self, found: UrlMap) -> dict[str, str]:
        return {str(name): str(value) for name, value in ((self._note(found) or {}).get("marks") or {}).items()}

    def _is_owned(self, found: UrlMap) -> bool:
        return self._note(found) is not None

    def _refuse_another_owner(self, found: UrlMap) -> None:
        holder = self._holder(found)
        ours = Ownership(self.owner, self.former_owner, self.incarnation)
        if holder is not None and not ours.holds(holder, self._marks_in(found)):
            raise NotOwned(self._read_action, f"{self.id} is owned by {holder}; this swap is {self.owner}")

    def _live(self, found: UrlMap) -> Weights:
        return self._place.weights_in(found, self.backend_services)

    # -- writing

    def _changed(self, found: UrlMap, change: Callable[[UrlMap], Mapping[str, Any] | None]) -> None:
        """Send what ``change`` makes of the map; where somebody else was faster, of what there is then.

        Args:
            found: as it was read last.
            change: the fields that are to be sent; ``None``: nothing any more. It may refuse.

        Raises:
            Stale: somebody else keeps changing the map.
            Busy: Google stays at work on it.
        """
        for attempt in range(_ATTEMPTS):
            fields = change(found)
            if fields is None:
                return
            body = {"fingerprint": found.get("fingerprint"), **fields}
            self._seen = None
            try:
                changes.change(self._session(), "PATCH", self.url_map, self._write_action, body)
            except (Stale, Busy) as refused:
                if attempt == _ATTEMPTS - 1:
                    raise
                if isinstance(refused, Busy) or attempt:
                    pause(_PAUSES_SECONDS[min(attempt + 1, len(_PAUSES_SECONDS) - 1)])
                found = self._there()
                continue
            return

    def _described(self, found: UrlMap, note: notes.Note | None) -> dict[str, Any]:
        text = notes.with_note(str(found.get("description") or ""), self._place.name, note)
        if len(text) > notes.LONGEST:
            raise PlatformError(
                self._write_action,
                f"the description of {self.url_map} would have {len(text):,} characters with the swap's line in it, "
                f"which is more than {notes.LONGEST:,}: have the words in it shortened",
            )
        return {"description": text}

    def _noted(self, found: UrlMap, changes_of_marks: Mapping[str, str | None]) -> dict[str, Any]:
        kept = {**self._marks_in(found), **changes_of_marks}
        marks = {name: value for name, value in kept.items() if value is not None}
        return self._described(found, {"owner": self.owner, "marks": marks})

    def mark(self, changes: Mapping[str, str | None]) -> None:
        """Set and remove marks: one call, and one before where nobody has looked since the last write."""
        self._fresh.spent()
        self._done.spent()
        seen = self._seen or self._look()
        if seen is None or not self._is_owned(seen):
            return

        def marked(found: UrlMap) -> Mapping[str, Any] | None:
            if not self._is_owned(found):
                return None
            wanted = self._noted(found, changes)
            return wanted if wanted["description"] != found.get("description") else None

        self._changed(seen, marked)

    def write(self, weights: Weights) -> None:
        """Change the weights, and wait until that is done; no weight at all gives the place back as it is."""
        if weights == Weights():
            self.delete()
            return
        seen = self._seen if self._fresh.spent() and self._seen is not None else self._there()
        before = self._live(seen)

        def moved(found: UrlMap) -> Mapping[str, Any] | None:
            now = self._live(found)
            if now not in (before, weights):  # the latter is a write of ours whose reply was lost
                raise TrafficMoved(self._write_action, self.id, before, now)
            return self._wanted(found, weights)

        self._changed(seen, moved)
        self._look()
        self._done.taken()

    def _wanted(self, found: UrlMap, weights: Weights) -> dict[str, Any]:
        problem, now = self._place.unfit(found), self._live(found)
        moved = self._moved_to(found) if self._is_owned(found) and now == Weights() else None
        if problem or moved:
            raise PlatformError(
                self._write_action, f"{self.id} cannot be led elsewhere: {'; '.join(filter(None, (problem, moved)))}"
            )
        if not self._is_owned(found) and not self.made_with_it and now != weights:
            raise NotOwned(
                self._write_action,
                f"taking over {self.id} would move its traffic: it is {now} now, wanted is {weights}. Lead it by hand "
                "to the color that is to be live, or say `made_with_it`",
            )
        body = self._place.led_to(found, self.backend_services, weights)
        if self._holder(found) != self.owner:
            body |= self._noted(found, {})
        return body

    def _moved_to(self, found: UrlMap) -> str | None:
        """Where the rule of this place seems to be by now: what has come here is somebody else's then."""
        places = self._place.others_in(found, self.backend_services)
        description = str(found.get("description") or "")
        free = [one.name for one in places if notes.note_in(description, one.name) is None]
        if not free:
            return None
        return (
            f"it leads to neither color, and {free[0]} does: somebody has moved the rule. Nothing was written; say "
            "where it is now, or lead this one by hand to the color that is live"
        )

    def verify(self, weights: Weights) -> Convergence:
        """Whether the map says so: one call; none right after a write, which has looked at what it came to."""
        found = self._seen if self._done.spent() else self._look()
        if found is None or not self._is_owned(found):
            return Convergence.CONVERGED if weights == Weights() else Convergence.PENDING
        return Convergence.CONVERGED if self._live(found) == weights else Convergence.PENDING

    # -- the rest

    def progress(self) -> str:
        """Nothing: a write returns when Google has done it."""
        return ""

    def commands(self, weights: Weights) -> tuple[str, ...]:
        """The commands that a person types: the map is taken to a file, changed there, and put back."""
        name, project = shlex.quote(names.last(self.url_map)), shlex.quote(names.project_of(self.url_map))
        scope = f"--region {shlex.quote(self.url_map.split('/')[3])}" if self._regional else "--global"
        place = f"{name} {scope} --project {project}"
        if weights == Weights():
            return (f"gcloud compute url-maps describe {place}",)
        shares = ", ".join(f"{names.last(self.backend_services[color])} {weights.of(color)}" for color in COLORS)
        return (
            f"gcloud compute url-maps export {place} --destination=url-map.yaml",
            f'"${{EDITOR:-vi}}" url-map.yaml  # {self._place.name}: weightedBackendServices {shares}',
            f"gcloud compute url-maps import {place} --source=url-map.yaml",
        )

    def health(self, color: Color) -> Readiness:
        """The verdict of the load balancer's health checks: a call, and one for each group of instances.

        A backend without health checks, as Cloud Run is one, has no health that could be read: it counts as well.
        """
        return Backends(self._session()).readiness(self.backend_services[color])

    def delete(self) -> None:
        """Take the owner and the marks out of the description; requests stay as they are."""
        found = self._look()
        if found is None or not self._is_owned(found):
            return

        def released(there: UrlMap) -> Mapping[str, Any] | None:
            if not self._is_owned(there):
                return None
            self._refuse_another_owner(there)
            return self._described(there, None)

        self._changed(found, released)
        self._seen = None
