"""Cloud Functions (2nd gen): the traffic of a function's Cloud Run service, with releases that the swap deploys.

The swap has each release built by one masked write of the function that leaves traffic where it is, and keeps the
revision that came of it. Traffic goes by the revisions' names and is moved on the service, as any Cloud Run service's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from bluegreen.fields import Fields
from bluegreen.google.client import Stale
from bluegreen.google.cloud_run import functions, rules
from bluegreen.google.cloud_run import settings as declared
from bluegreen.google.cloud_run.router import LIST_REVISIONS, PUBLIC, READ, READ_REVISION, WRITE, CloudRunRouter
from bluegreen.google.functions import deploys, releases
from bluegreen.options.declared import option
from bluegreen.options.kinds import Both
from bluegreen.permissions import Permission
from bluegreen.platforms.templates import Template, suffix
from bluegreen.rollout.errors import PlatformError
from bluegreen.rollout.model import COLORS, Color, Readiness, Weights

# Of one release, where somebody else keeps deploying.
_DEPLOYS = 5


@dataclass(slots=True, kw_only=True)
class CloudFunctionRouter(CloudRunRouter):
    """The traffic of one function of Cloud Functions (2nd gen), whose releases the swap deploys.

    The first write puts the owner on the function's service; before it no color is live as far as the swap is
    concerned. It moves no traffic: a function whose requests go to the other color, or to a stranger's revision, is
    refused.
    """

    release_keys: ClassVar[frozenset[str]] = frozenset({"templates"})
    install_keys: ClassVar[frozenset[str]] = frozenset({"templates"})
    permissions: ClassVar[tuple[Permission, ...]] = (
        Permission(READ, "every preview and update"),
        Permission(READ_REVISION, "the same"),
        Permission(LIST_REVISIONS, "every release"),
        Permission(functions.READ, "every release, every shift"),
        Permission(deploys.DEPLOY, "every release: the deploy"),
        Permission(deploys.FOLLOW, "the same, until it has ended"),
        Permission(deploys.ACT_AS, "the same; on the service account that the function runs as is enough"),
        Permission(WRITE, "every swap: shifts, its lease, releases; `pulumi destroy`"),
        *PUBLIC,
    )

    revisions: Mapping[Color, str] = field(default_factory=dict, init=False)
    templates: Mapping[Color, Template] = option(
        "what each color runs, which the swap itself deploys: a part of a function as Google's API has it "
        "(``buildConfig`` with ``runtime`` and ``source``, ``serviceConfig``). A secret is one of "
        "``secretEnvironmentVariables``",
        Both(releases.FunctionTemplate()),
    )
    settings: declared.Settings = option(
        "what else the function's service is declared to be (``invokerIamDisabled``, ``labels``), by Google's own "
        "names. What differs is sent with the next release, or by the next update. ``project``, ``location`` and "
        "``name`` have to be those of the service",
        declared.DeclaredSettings(),
        default={},
    )
    function: str = option("the function's full name; ``service`` is its Cloud Run service's", functions.FUNCTION)
    _known: dict[Color, str] = field(default_factory=dict, init=False)

    @classmethod
    def check(cls, fields: Fields, values: dict[str, Any]) -> None:
        """A function stays in its place."""
        settings = values["settings"]
        if isinstance(settings, Mapping) and "ingress" in settings:
            allowed = "absent: each deploy writes it, as serviceConfig.ingressSettings of the release says"
            fields.problem("settings.ingress", settings["ingress"], allowed)
        cls.check_place(fields, values)

    def __post_init__(self) -> None:
        """A release is known by its mark."""
        self.revisions = {color: suffix(color, self.templates[color]) for color in COLORS}

    # -- names

    def _names(self) -> Mapping[Color, str]:
        """The revisions' names as far as they are known; else the release's, which is no revision's."""
        return {color: self._known.get(color, release) for color, release in self.revisions.items()}

    def _look(self) -> Mapping[str, Any] | None:
        """The service, and the revisions that are noted on it for the releases; others are looked for if need be."""
        service = CloudRunRouter._look(self)
        if service is None:
            return None
        annotations = rules.annotations_of(service)
        for color, release in self.revisions.items():
            if name := releases.noted(annotations, release):
                self._known[color] = name
        if self._is_owned(service) and len(self._known) < len(COLORS) and self._goes_elsewhere(service):
            self._look_for(COLORS)
        return service

    def _goes_elsewhere(self, service: Mapping[str, Any]) -> bool:
        """Whether some requests go to none of the revisions that are known."""
        known = self._known.values()
        return any(
            target.get("percent") and rules.revision_of(target, service) not in known
            for target in rules.targets_of(service)
        )

    def _look_for(self, colors: tuple[Color, ...]) -> None:
        """Look for the revisions of releases by their marks: one call a page."""
        listed = self._listed()
        for color in colors:
            if revision := releases.first_of(listed, self.revisions[color]):
                self._known[color] = rules.last_part(revision["name"])

    def _noted(self, service: Mapping[str, Any], annotations: Mapping[str, str]) -> dict[str, str]:
        """Annotations with the notes of the releases' revisions; those of revisions with traffic or a tag stay."""
        used = {rules.last_part(one.get("revision")) for one in rules.targets_of(service)}
        notes = {self.revisions[color]: name for color, name in self._known.items()}
        return releases.with_notes(annotations, notes, used)

    def _wanted(self, service: Mapping[str, Any], weights: Weights) -> dict[str, Any]:
        body = CloudRunRouter._wanted(self, service, weights)
        there = rules.annotations_of(service)
        annotations = self._noted(service, body.get("annotations") or there)
        return {**body, "annotations": annotations} if annotations != there else body

    def put_back(self, weights: Weights) -> None:
        """Change the targets; a revision that is not known yet is looked for."""
        wanted = [color for color in COLORS if weights.of(color)]
        if any(color not in self._known for color in wanted):
            self._there()
            if any(color not in self._known for color in wanted):
                self._look_for(COLORS)
        CloudRunRouter.put_back(self, weights)

    def health(self, color: Color) -> Readiness:
        """Whether the release's revision is ready: two calls, and one more where it is not known yet."""
        if color not in self._known:
            self._look()
        return CloudRunRouter.health(self, color)

    # -- releases

    def release(self, color: Color) -> str:
        """The release that it installs: ``source shop/v2.zip as release green-1f3a90bc``."""
        told = releases.text_of(color, self.templates[color])
        return f"the service's {' and '.join(self._behind)}, {told}" if self._behind else told

    def installed(self, color: Color) -> bool:
        """Whether the release's revision is there and noted, with its tag, and the service as it is declared."""
        service = self._seen or self._look()
        if service is None:
            return False
        self._behind = declared.differences(self.settings, service)
        release = self.revisions[color]
        name = releases.noted(rules.annotations_of(service), release)
        found = self._revision(name) if name else None
        if found is None or releases.mark_of(found) != release:
            self._known.pop(color, None)
            return False
        tagged = rules.is_tagged(service, name, self.tags.get(color))
        return not self._behind and (tagged or rules.readiness_of(found, name).fatal)

    def install(self, color: Color) -> None:
        """Have the release built and deployed, unless its revision is there; tag it and note it. Traffic stays.

        Traffic that goes to the latest revision is pinned to that one's name before, as a deploy would move it. One
        that did not start gets no tag: Google follows a service's targets together or not at all.
        """
        self._pinned()
        revision = self._revision_for(color)
        name = self._known[color] = rules.last_part(revision["name"])
        failed = rules.readiness_of(revision, name).fatal

        def brought(found: Mapping[str, Any]) -> Mapping[str, Any] | None:
            fields = {} if failed else self._tagged(found, color, name)
            there = rules.annotations_of(found)
            annotations = self._noted(found, there)
            if annotations != there:
                fields["annotations"] = annotations
            return {**fields, **declared.to_send(self.settings, found)} or None

        self._changed(self._wait() or self._there(), brought)
        self._wait()

    def _revision_for(self, color: Color) -> Mapping[str, Any]:
        """The release's revision, which is deployed where there is none.

        A deploy that runs is waited for: it may be that of this very release, begun by a swap that was ended.
        """
        for _ in range(_DEPLOYS):
            there = deploys.idle(self.google, self.function, self.service)
            if revision := releases.first_of(self._listed(), self.revisions[color]):
                return revision
            former = self.former.get("templates") or {}
            mask, body = releases.to_send(color, self.templates, former, there)
            try:
                operation = deploys.begin(self.google, self.function, mask, body)
            except Stale:
                continue
            why = deploys.finish(self.google, operation)
            if revision := releases.first_of(self._listed(), self.revisions[color]):
                return revision  # that it does not start is for its health to say
            why = (why or "the deploy has made no revision").rstrip(".")
            raise PlatformError(
                deploys.DEPLOY, f"{self.function}: {why}. Requests go where they went; mend {color} and run it again"
            )
        raise PlatformError(deploys.DEPLOY, f"{self.function}: somebody else keeps deploying it; run it again then")
