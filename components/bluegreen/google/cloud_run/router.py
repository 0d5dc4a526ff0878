"""Google Cloud Run: the traffic of a service with a revision for each color.

Traffic is a part of the service, which others write, too: the swap changes it alone, in a PATCH with a mask, and every
write has the ``etag`` of the look before it, so that what somebody else has changed since is looked at again. Its
owner and its marks are annotations of the service. Google's own provider sends the whole service with every update,
traffic and all, as its state has it: a program that declares the service ignores all changes, and the swap installs.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from bluegreen.fields import Fields
from bluegreen.google.client import GoogleConnection, Session, Stale
from bluegreen.google.cloud_run import functions, releases, rules
from bluegreen.google.cloud_run import settings as declared
from bluegreen.google.connection_option import google_option
from bluegreen.options.declared import Options, option
from bluegreen.options.kinds import Both, Flag, Text
from bluegreen.permissions import Permission
from bluegreen.platforms import templates as naming
from bluegreen.platforms.declared_templates import refuse_another
from bluegreen.platforms.looks import Look
from bluegreen.platforms.ownership import Ownership
from bluegreen.platforms.templates import Template
from bluegreen.rollout.calls import pause
from bluegreen.rollout.errors import NotOwned, PlatformError, TrafficMoved
from bluegreen.rollout.model import COLORS, Color, Convergence, Readiness, Traffic, Weights
from bluegreen.rollout.ports import Capability

HOST = "run.googleapis.com"
READ, WRITE = "run.services.get", "run.services.update"
# https://cloud.google.com/run/docs/authenticating/public
PUBLIC = (
    Permission(
        "run.services.create", "where `invokerIamDisabled` of the settings is changed: Google asks for it there"
    ),
    Permission("run.services.setIamPolicy", "the same"),
)
READ_REVISION, LIST_REVISIONS = "run.revisions.get", "run.revisions.list"
_NAME = re.compile(r"projects/[^/]+/locations/[^/]+/services/[a-z]([a-z0-9-]{0,47}[a-z0-9])?\Z")
SERVICE = Text(fits=_NAME.match, allowed="projects/PROJECT/locations/REGION/services/NAME")
"""What a service's name has to be."""
_TAG = re.compile(r"[a-z]([a-z0-9-]{0,44}[a-z0-9])?\Z")
# Of one write, where somebody else keeps changing the service, or Google itself while it is at work on it.
_ATTEMPTS, _PAUSES_SECONDS = 8, (0.0, 0.5, 1.0, 2.0)
# Google keeps the last 1,000 revisions of a service.
_MOST_PAGES = 1000
# A new revision pulls its image and starts; a change of traffic takes some seconds.
_SETTLE_ATTEMPTS, _SETTLE_PAUSES_SECONDS = 120, (0.2, 0.5, 1.0, 2.0, 5.0)
_TRAFFIC_ATTEMPTS = 10


@dataclass(slots=True, kw_only=True)
class CloudRunRouter(Options):
    """The traffic of one Cloud Run service.

    The first write puts the owner on the service; before it no color is live as far as the swap is concerned. It moves
    no traffic: a service whose requests go to the other color, or to a stranger's revision, is refused.

    Attributes:
        former_owner, incarnation, former: of the resource's last update, no part of the section: who owned the traffic,
            the mark on the service, and the section as it was.
    """

    capabilities: ClassVar[frozenset[Capability]] = frozenset({Capability.WEIGHTS})
    propagation_seconds: ClassVar[float] = 0
    where: ClassVar[frozenset[str]] = frozenset({"kind", "service"})
    release_keys: ClassVar[frozenset[str]] = frozenset({"revisions"})
    install_keys: ClassVar[frozenset[str]] = frozenset({"templates"})
    permissions: ClassVar[tuple[Permission, ...]] = (
        Permission(READ, "every preview and update"),
        Permission(READ_REVISION, "previews of a promotion, updates; with templates every preview"),
        Permission(LIST_REVISIONS, "with templates: every release"),
        Permission(functions.READ, "with `function`: the same, and every shift"),
        Permission(WRITE, "every swap: shifts, its lease; with templates every release; `pulumi destroy`"),
        *PUBLIC,
    )

    service: str = option("the service's full name", SERVICE)
    revisions: Mapping[Color, str] = option(
        "the name of each color's revision, where somebody else makes the revisions",
        Both(Text(), differs="another revision than blue's"),
        default={},
    )
    templates: Mapping[Color, Template] = option(
        "in its place, what each color runs, which the swap itself installs: a template as Google's API has it "
        "(``containers``, ``scaling``, ``volumes``). A secret is a ``valueSource`` that names one of Secret Manager",
        Both(releases.ReleaseTemplate()),
        default={},
    )
    tags: Mapping[Color, str] = option(
        "the tag at which each color can be looked at, live or idle, by an address of its own",
        Both(Text(fits=_TAG.match, allowed="lower-case letters, digits and dashes"), differs="another tag than blue's"),
        default={},
    )
    settings: declared.Settings = option(
        "with ``templates``: what else the service is declared to be (``ingress``, ``invokerIamDisabled``, "
        "``labels``), by Google's own names. What differs is sent with the next release, or by the next update. "
        "``project``, ``location`` and ``name`` have to be those of the service",
        declared.DeclaredSettings(),
        default={},
    )
    function: str | None = option(
        "with ``revisions``: the function of Cloud Functions (2nd gen) whose service it is, by its full name. While it "
        "is being deployed no traffic is moved",
        functions.FUNCTION,
        default=None,
    )
    owner: str = option("who owns the traffic, an annotation of the service: ``project/stack/name``", Text())
    made_with_it: bool = option(
        "the service was made together with the swap, so that nobody depends on where its requests go before the first "
        "write; it may then put production on either color",
        Flag(),
        default=False,
    )
    google: GoogleConnection = google_option()
    former_owner: str = ""
    incarnation: str = ""
    former: Mapping[str, Any] = field(default_factory=dict)
    _seen: Mapping[str, Any] | None = field(default=None, init=False)
    _behind: tuple[str, ...] = field(default=(), init=False)
    _fresh: Look = field(default_factory=Look, init=False)
    _done: Look = field(default_factory=Look, init=False)

    @classmethod
    def check(cls, fields: Fields, values: dict[str, Any]) -> None:
        """One of revisions and templates; of the latter come the revisions' names. A service stays in its place."""
        releases.settle_names(fields, values)
        if values["function"] is not None and values["templates"]:
            fields.problem(
                "function",
                values["function"],
                "absent beside templates: Cloud Functions builds its revisions, for the router cloud_function",
            )
        cls.check_place(fields, values)

    @staticmethod
    def check_place(fields: Fields, values: Mapping[str, Any]) -> None:
        """Refuse a declared place that is another one than the service's."""
        service, given = values["service"], values["settings"]
        if isinstance(service, str) and isinstance(values["tags"], Mapping):
            most = rules.LONGEST_TAGGED_NAME
            for color, tag in values["tags"].items():
                if isinstance(tag, str) and len(tag) + len(rules.last_part(service)) > most:
                    fields.problem(f"tags.{color}", tag, f"at most {most} characters, with those of the service's name")
        if isinstance(service, str) and isinstance(given, Mapping) and _NAME.match(service):
            for name, (wanted, found) in declared.elsewhere(given, service).items():
                allowed = f"{found}, as the service was made: another {name} is another service, another component"
                fields.problem(f"settings.{name}", wanted, allowed)

    @staticmethod
    def filled_in(section: Mapping[str, object]) -> Mapping[str, object]:
        """The section with the revisions that its templates come to, by their suffixes."""
        return naming.with_suffixes(section)

    @property
    def id(self) -> str:
        """The service's full name."""
        return self.service

    @property
    def _path(self) -> str:
        return f"/v2/{self.service}"

    def _session(self) -> Session:
        return self.google.session(HOST)

    # -- reading

    def read(self) -> Traffic:
        """The live weights and the marks: one call."""
        service = self._look()
        if service is None or not self._is_owned(service):
            return Traffic(Weights())
        weights = self._live(service)
        return Traffic(weights, rules.marks_in(rules.annotations_of(service)))

    def glance(self, *, fresh: bool = False) -> Traffic:  # noqa: ARG002 - one call has both
        """The same: one call."""
        return self.read()

    def _look(self) -> Mapping[str, Any] | None:
        """The service at this moment, if it is nobody else's."""
        self._seen = None
        self._done.spent()
        service = self._session().get(self._path, READ)
        if service is None:
            return None
        self._refuse_another_owner(service)
        self._seen = service
        self._fresh.taken()
        return service

    def _refuse_another_owner(self, service: Mapping[str, Any]) -> None:
        annotations = rules.annotations_of(service)
        holder, marks = annotations.get(rules.OWNER), rules.marks_in(annotations)
        if holder is not None and not Ownership(self.owner, self.former_owner, self.incarnation).holds(holder, marks):
            raise NotOwned(READ, f"the traffic of {self.service} is owned by {holder}; this swap is {self.owner}")

    @staticmethod
    def _is_owned(service: Mapping[str, Any]) -> bool:
        return rules.OWNER in rules.annotations_of(service)

    def _there(self) -> Mapping[str, Any]:
        service = self._look()
        if service is None:
            raise PlatformError(READ, f"there is no Cloud Run service {self.service}")
        return service

    def marks(self) -> Mapping[str, str]:
        """The marks: one call."""
        return self.read().marks

    # -- writing

    def _changed(
        self, service: Mapping[str, Any], change: Callable[[Mapping[str, Any]], Mapping[str, Any] | None]
    ) -> None:
        """Send what ``change`` makes of the service; where somebody else was faster, of what there is then.

        Args:
            service: as it was read last.
            change: the fields that are to be sent; ``None``: nothing any more. It may refuse.

        Raises:
            Stale: somebody else keeps changing the service.
        """
        for attempt in range(_ATTEMPTS):
            fields = change(service)
            if fields is None:
                return
            body = {"name": self.service, "etag": service.get("etag"), **fields}
            try:
                answer = self._session().patch(self._path, WRITE, ",".join(sorted(fields)), body)
            except Stale:
                if attempt == _ATTEMPTS - 1:
                    raise
                if attempt:
                    pause(_PAUSES_SECONDS[min(attempt, len(_PAUSES_SECONDS) - 1)])
                service = self._there()
                continue
            told = answer.get("response") if answer.get("done") else answer.get("metadata")
            # An operation tells the service as it becomes; where it does not, the next write looks first.
            self._seen = told if isinstance(told, Mapping) and told.get("etag") else None
            return

    def mark(self, changes: Mapping[str, str | None]) -> None:
        """Set and remove marks: one call, and one before where the service has not been looked at."""
        self._fresh.spent()
        self._done.spent()
        service = self._seen or self._look()
        if service is None or not self._is_owned(service):
            return

        def marked(found: Mapping[str, Any]) -> Mapping[str, Any] | None:
            there = rules.annotations_of(found)
            if rules.OWNER not in there:
                return None
            wanted = rules.with_marks(there, self.owner, changes)
            return {"annotations": wanted} if wanted != there else None

        self._changed(service, marked)

    def write(self, weights: Weights) -> None:
        """Change the targets, and wait until requests follow; no weight at all gives them back as they are."""
        if self.function is not None and weights != Weights():
            function = functions.read(self.google, self.function)
            why = functions.unfit(function, self.service) or functions.at_work(function)
            if why:
                raise PlatformError(
                    WRITE, f"the traffic of {self.function} is not moved: {why}. Nothing was written; run it again then"
                )
        self.put_back(weights)

    def put_back(self, weights: Weights) -> None:
        """The same after a failure: a deploy of a function is nothing to wait for."""
        if weights == Weights():
            self.delete()
            return
        seen = self._seen if self._fresh.spent() and self._seen is not None else self._there()
        before = self._live(seen)

        def moved(found: Mapping[str, Any]) -> Mapping[str, Any]:
            now = self._live(found)
            if now not in (before, weights):  # the latter is a write of ours whose reply was lost
                raise TrafficMoved(WRITE, self.service, before, now)
            return self._wanted(found, weights)

        self._changed(seen, moved)
        # Half a minute at most: `verify` continues from there, for as long as the swap has to wait.
        self._wait(_TRAFFIC_ATTEMPTS)
        self._done.taken()

    def _live(self, service: Mapping[str, Any]) -> Weights:
        return rules.weights_of(rules.targets_of(service), service, self._names())

    def _names(self) -> Mapping[Color, str]:
        """The name of each color's revision in Google."""
        return self.revisions

    def _wanted(self, service: Mapping[str, Any], weights: Weights) -> dict[str, Any]:
        annotations = rules.annotations_of(service)
        if not self._is_owned(service) and not self.made_with_it:
            found = self._live(service)
            if found != weights:
                raise NotOwned(
                    WRITE,
                    f"taking over the traffic of {self.service} would move it: it is {found} now, wanted is {weights}. "
                    "Send it by hand to the color that is to be live, or say `made_with_it`",
                )
        body: dict[str, Any] = {
            "traffic": rules.with_weights(service, self._names(), weights, self._tags_for(service, weights))
        }
        if annotations.get(rules.OWNER) != self.owner:
            body["annotations"] = rules.with_marks(annotations, self.owner, {})
        return body

    def _tags_for(self, service: Mapping[str, Any], weights: Weights) -> Mapping[Color, str]:
        """Those of the colors whose revisions are there: what the swap installs has its tag from that time on."""
        there = {rules.last_part(one.get("revision")) for one in rules.targets_of(service)}
        return {
            color: tag
            for color, tag in self.tags.items()
            if not self.templates or weights.of(color) or self._names()[color] in there
        }

    def _wait(self, attempts: int = _SETTLE_ATTEMPTS) -> Mapping[str, Any] | None:
        """Until Google has done what was requested, or gave up: then `verify` says what it is."""
        for attempt in range(attempts):
            service = self._look()
            if service is None or not rules.is_busy(service):
                return service
            pause(_SETTLE_PAUSES_SECONDS[min(attempt, len(_SETTLE_PAUSES_SECONDS) - 1)])
        return self._seen

    def verify(self, weights: Weights) -> Convergence:
        """Whether requests follow the targets, each color by its name, and Google is not at work on the service.

        One call; none right after a write, which has looked at what it came to.
        """
        service = self._seen if self._done.spent() else self._look()
        if service is None or not self._is_owned(service):
            return Convergence.CONVERGED if weights == Weights() else Convergence.PENDING
        followed = rules.weights_of(rules.statuses_of(service), service, self._names())
        asked = self._live(service)
        done = asked == followed == weights and rules.pinned(service) and not rules.is_busy(service)
        return Convergence.CONVERGED if done else Convergence.PENDING

    # -- releases

    @property
    def installs(self) -> bool:
        """Whether the section has templates."""
        return bool(self.templates)

    def release(self, color: Color) -> str:
        """The release that it installs: ``image app:v2 as revision green-1f3a90bc``."""
        told = naming.text_of(color, self.templates[color])
        return f"the service's {' and '.join(self._behind)}, {told}" if self._behind else told

    def installed(self, color: Color) -> bool:
        """Whether the color's revision is there, with its tag, and the service as it is declared: one call.

        Raises:
            PlatformError: it runs something else. A revision never changes, so somebody else has made it.
        """
        name = self.revisions[color]
        service = self._held_against()
        found = self._revision(name)
        if found is None:
            return False
        why = releases.another(found, self.templates[color])
        refuse_another(READ_REVISION, name, color, why)
        return not self._behind and (service is None or rules.is_tagged(service, name, self.tags.get(color)))

    def _held_against(self) -> Mapping[str, Any] | None:
        """The service as it was last seen, once it has been held against what it is declared to be."""
        if not (self.settings or self.tags):
            return None
        service = self._seen or self._look()
        if service is not None:
            self._behind = declared.differences(self.settings, service)
        return service

    def install(self, color: Color) -> None:
        """Make the color's revision by one masked write, which leaves traffic where it is, and wait until it is done.

        With it goes what the service is declared to be and is not. Traffic that goes to the latest revision is pinned
        to that one's name before, in a write of its own.
        """
        service = self._pinned()
        name = self.revisions[color]
        template = None if self._revision(name) is not None else self._template_for(color)

        def brought(found: Mapping[str, Any]) -> Mapping[str, Any] | None:
            fields = self._tagged(found, color, name)
            # Where the reply to an earlier try was lost, it is there.
            if template is not None and releases.service_of(str(found.get("latestCreatedRevision") or "")) != name:
                fields["template"] = template
            return {**fields, **declared.to_send(self.settings, found)} or None

        self._changed(service, brought)
        self._wait()

    def _pinned(self) -> Mapping[str, Any]:
        """The service at rest, with no request left that goes to whatever revision is the latest."""
        service = self._wait()
        if service is None:
            raise PlatformError(READ, f"there is no Cloud Run service {self.service}")
        if rules.pinned(service):
            return service
        self._changed(service, lambda found: {"traffic": rules.with_latest_named(found)})
        return self._wait() or self._there()

    def _tagged(self, found: Mapping[str, Any], color: Color, name: str) -> dict[str, Any]:
        """The field of a write that gives a color's revision its tag at 0 %; empty where it has it."""
        targets = rules.with_latest_named(found)
        if color in self.tags:
            targets = rules.with_tagged(targets, name, self.tags[color])
        return {"traffic": targets} if targets != found.get("traffic") else {}

    def _listed(self) -> list[Mapping[str, Any]]:
        """The service's revisions, whatever the number of pages."""
        found: list[Mapping[str, Any]] = []
        query: dict[str, str] = {}
        for _ in range(_MOST_PAGES):
            page = self._session().get(f"{self._path}/revisions", LIST_REVISIONS, query) or {}
            found += page.get("revisions") or ()
            if not page.get("nextPageToken"):
                break
            query = {"pageToken": str(page["nextPageToken"])}
        return found

    def _template_for(self, color: Color) -> dict[str, Any]:
        """The template that is sent: what the color ran last, with the release in it."""
        base = releases.last_own(self._listed(), releases.service_of(self.service), color)
        former = (self.former.get("templates") or {}).get(color) or {}
        return {**releases.to_send(self.templates[color], base, former), "revision": self.revisions[color]}

    def _revision(self, name: str) -> Mapping[str, Any] | None:
        return self._session().get(f"{self._path}/revisions/{name}", READ_REVISION)

    # -- the rest

    def progress(self) -> str:
        """Google's work on the service, or why it gave up."""
        if self._seen is None:
            return ""
        if self.function is not None and not rules.pinned(self._seen):
            return f"a deploy of {self.function} gave all requests to its own revision: {functions.HOW}"
        return "Google is at work on the service" if rules.is_busy(self._seen) else rules.failure_of(self._seen)

    def commands(self, weights: Weights) -> tuple[str, ...]:
        """The command that a person types."""
        parts = self.service.split("/")
        place = f"--project {shlex.quote(parts[1])} --region {shlex.quote(parts[3])}"
        if weights == Weights():
            return (f"gcloud run services describe {parts[5]} {place}",)
        shares = ",".join(f"{self._names()[color]}={weights.of(color)}" for color in COLORS)
        return (f"gcloud run services update-traffic {parts[5]} {place} --to-revisions={shares}",)

    def health(self, color: Color) -> Readiness:
        """Whether the color's revision is ready: one call, and one more of a function."""
        name = self._names()[color]
        if self.function is not None:
            function = functions.read(self.google, self.function)
            unfit, busy = functions.unfit(function, self.service), functions.at_work(function)
            if unfit or busy:
                return Readiness(False, 0, 1, f"{self.function}: {unfit or busy}", fatal=bool(unfit))
        return rules.readiness_of(self._revision(name), name)

    def delete(self) -> None:
        """Take the owner and the marks off the service; its requests stay as they are."""
        service = self._look()
        if service is None or not self._is_owned(service):
            return

        def released(found: Mapping[str, Any]) -> Mapping[str, Any] | None:
            if not self._is_owned(found):
                return None
            self._refuse_another_owner(found)
            return {"annotations": rules.without_ours(rules.annotations_of(found))}

        self._changed(service, released)
        self._seen = None
