"""Azure Container Apps: the traffic rules of an app in multiple revision mode, with a revision for each color.

The rules are a part of the app, which others write, too: the swap changes them alone, in a PATCH of just that part, and
keeps every rule that is not its own. Its owner and its marks are tags of the app. Nothing else may declare traffic:
a program that declares the app ignores ``configuration.ingress.traffic``, and yet an update of it by Pulumi sends what
the state has; the swap then finds drift and mends it.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from bluegreen.azure import tags
from bluegreen.azure.client import AzureConnection, Busy
from bluegreen.azure.connection_option import azure_option
from bluegreen.azure.container_apps import releases, rules, shell
from bluegreen.fields import Fields
from bluegreen.options.declared import Options, option
from bluegreen.options.kinds import Both, Flag, Text
from bluegreen.permissions import Permission
from bluegreen.platforms import templates
from bluegreen.platforms.declared_templates import refuse_another
from bluegreen.platforms.looks import Look
from bluegreen.platforms.ownership import Ownership
from bluegreen.platforms.places import Same, in_any_case
from bluegreen.platforms.templates import Template
from bluegreen.rollout.calls import locked, pause
from bluegreen.rollout.errors import NotOwned, PlatformError, TrafficMoved
from bluegreen.rollout.model import COLORS, Color, Convergence, Readiness, Traffic, Weights
from bluegreen.rollout.ports import Capability

VERSION = "2026-07-01"
READ, WRITE = "Microsoft.App/containerApps/read", "Microsoft.App/containerApps/write"
READ_REVISION = "Microsoft.App/containerApps/revisions/read"
_ID = re.compile(
    r"/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.App/containerApps/[A-Za-z0-9-]+\Z", re.IGNORECASE
)
APP_ID = Text(fits=_ID.match, allowed="/subscriptions/…/resourceGroups/…/providers/Microsoft.App/containerApps/NAME")
"""The form of an app's id."""
_OWNER_LONGEST = 256
# A change of the rules takes some seconds; somebody else's operation may take minutes, as a new revision has to start.
_BUSY_ATTEMPTS, _BUSY_PAUSE_SECONDS = 60, 5.0
# How long an image may be pulled and a revision start until nobody waits for it here any more.
_INSTALL_SECONDS = 600.0
_SETTLE_ATTEMPTS, _SETTLE_PAUSES_SECONDS = 60, (0.2, 0.5, 1.0, 2.0, 5.0)


@dataclass(slots=True, kw_only=True)
class ContainerAppRouter(Options):
    """The traffic rules of one container app.

    The first write tags the app with its owner; before it no color is live as far as the swap is concerned. It moves no
    traffic: an app whose requests go to the other color, or to a stranger's revision, is refused.

    Attributes:
        former_owner, incarnation, former: of the resource's last update, no part of the section: who owned the rules,
            the mark on the app, and the section as it was.
    """

    capabilities: ClassVar[frozenset[Capability]] = frozenset({Capability.WEIGHTS})
    propagation_seconds: ClassVar[float] = 0
    where: ClassVar[frozenset[str]] = frozenset({"kind", "app_id"})
    release_keys: ClassVar[frozenset[str]] = frozenset({"revisions"})
    install_keys: ClassVar[frozenset[str]] = frozenset({"templates"})
    same_place: ClassVar[Mapping[str, Same]] = {"app_id": in_any_case}
    permissions: ClassVar[tuple[Permission, ...]] = (
        Permission(READ, "every preview and update"),
        Permission(READ_REVISION, "previews of a promotion, updates; with templates every preview"),
        Permission(WRITE, "the first start and every shift; with templates every release"),
        Permission(tags.WRITE, "every swap: its lease; `pulumi destroy`"),
    )

    app_id: str = option("the app's resource id", APP_ID)
    revisions: Mapping[Color, str] = option(
        "the name of each color's revision, where somebody else makes the revisions",
        Both(Text(), differs="another revision than blue's"),
        default={},
    )
    templates: Mapping[Color, Template] = option(
        "in its place, what each color runs, which the swap itself installs: a template as Azure's API has it "
        "(``containers``, ``scale``, ``volumes``). A secret is a ``secretRef`` to one of the app's",
        Both(releases.ReleaseTemplate()),
        default={},
    )
    labels: bool = option(
        "with ``templates``: each color's revision has the label ``blue`` or ``green``, and so one address for all of "
        "its releases: ``APP---green.…``",
        Flag(),
        default=False,
    )
    app: shell.Shell = option(
        "with ``templates``: what else the app is declared to be, which has been made once. What only adds to it "
        "(secrets, registries, identities, tags) is sent by the next update; anything else is refused by its name "
        "where it is not so",
        shell.DeclaredShell(),
        default={},
    )
    owner: str = option(
        "who owns the rules, a tag of the app: ``project/stack/name``",
        Text(fits=lambda owner: len(owner) <= _OWNER_LONGEST, allowed=f"at most {_OWNER_LONGEST} characters"),
    )
    made_with_it: bool = option(
        "the app was made together with the swap, so that nobody depends on where its requests go before the first "
        "write; it may then put production on either color",
        Flag(),
        default=False,
    )
    azure: AzureConnection = azure_option()
    former_owner: str = ""
    incarnation: str = ""
    former: Mapping[str, Any] = field(default_factory=dict)
    _app: Mapping[str, Any] | None = field(default=None, init=False)
    _behind: tuple[str, ...] = field(default=(), init=False)
    _fresh: Look = field(default_factory=Look, init=False)
    _done: Look = field(default_factory=Look, init=False)

    @classmethod
    def check(cls, fields: Fields, values: dict[str, Any]) -> None:
        """One of revisions and templates; of the latter come the revisions' names."""
        releases.settle_names(fields, values)

    @staticmethod
    def filled_in(section: Mapping[str, object]) -> Mapping[str, object]:
        """The section with the revisions that its templates come to, by their suffixes."""
        return templates.with_suffixes(section)

    @property
    def id(self) -> str:
        """The app's resource id."""
        return self.app_id

    # -- reading

    def read(self) -> Traffic:
        """The live weights and the marks: one call."""
        app = self._look()
        if app is None or not self._is_owned(app):
            return Traffic(Weights())
        return Traffic(rules.weights_of(app, self.revisions), tags.marks_in(rules.tags_of(app)))

    def glance(self, *, fresh: bool = False) -> Traffic:  # noqa: ARG002 - one call has both
        """The same: one call."""
        return self.read()

    def _look(self) -> Mapping[str, Any] | None:
        """The app at this moment, if it is nobody else's."""
        self._app = None
        self._done.spent()
        app = self.azure.session().get(self.app_id, VERSION, READ)
        if app is None:
            return None
        holder, marks = rules.tags_of(app).get(tags.OWNER_TAG), tags.marks_in(rules.tags_of(app))
        if holder is not None and not Ownership(self.owner, self.former_owner, self.incarnation).holds(holder, marks):
            raise NotOwned(READ, f"the traffic of {self.app_id} is owned by {holder}; this swap is {self.owner}")
        self._app = app
        self._fresh.taken()
        return app

    @staticmethod
    def _is_owned(app: Mapping[str, Any]) -> bool:
        return tags.OWNER_TAG in rules.tags_of(app)

    def marks(self) -> Mapping[str, str]:
        """The marks: one call."""
        return self.read().marks

    def mark(self, changes: Mapping[str, str | None]) -> None:
        """Set and remove marks: a call for each of the two, and one before where the app has not been looked at."""
        self._fresh.spent()
        self._done.spent()
        app = self._app or self._look()
        if app is None or not self._is_owned(app):
            return
        there = rules.tags_of(app)
        self._app = {**app, "tags": tags.change_marks(self.azure.session(), self.app_id, there, changes, self.owner)}

    # -- writing

    def write(self, weights: Weights) -> None:
        """Change the rules, and wait until Azure has done it; no weight at all gives them back as they are."""
        if weights == Weights():
            self.delete()
            return
        seen = self._app if self._fresh.spent() and self._app is not None else self._there()
        while (busy := self._sent(seen, weights)) is not None:
            # Somebody else's operation: what it leaves is looked at before anything is written over it.
            found = self._after(busy)
            before, after = (rules.weights_of(one, self.revisions) for one in (seen, found))
            if after not in (before, weights):  # the latter is a write of ours whose reply was lost
                raise TrafficMoved(WRITE, self.app_id, before, after)
            seen = found
        self._wait()
        self._done.taken()

    def _sent(self, app: Mapping[str, Any], weights: Weights) -> Busy | None:
        """Send it; what kept it from being done."""
        try:
            self._send(app, weights)
        except Busy as busy:
            return busy
        return None

    def _after(self, busy: Busy) -> Mapping[str, Any]:
        """The app once Azure is not at work on it any more.

        Raises:
            Busy: it still is, after minutes.
        """
        for _ in range(_BUSY_ATTEMPTS):
            pause(_BUSY_PAUSE_SECONDS)
            app = self._there()
            if not rules.is_busy(app):
                return app
        raise busy

    def _there(self) -> Mapping[str, Any]:
        app = self._look()
        if app is None:
            raise PlatformError(READ, f"there is no container app {self.app_id}")
        return app

    def _send(self, app: Mapping[str, Any], weights: Weights) -> None:
        problem = rules.unfit(app)
        if problem:
            raise PlatformError(WRITE, f"the traffic of {self.app_id} cannot be moved: {problem}")
        if not self._is_owned(app) and not self.made_with_it:
            found = rules.weights_of(app, self.revisions)
            if found != weights:
                raise NotOwned(
                    WRITE,
                    f"taking over the traffic of {self.app_id} would move it: it is {found} now, wanted is {weights}. "
                    "Send it by hand to the color that is to be live, or say `made_with_it`",
                )
        wanted = rules.with_weights(app, self.revisions, weights)
        if self.labels:
            wanted = rules.with_labels(wanted, self.revisions, [color for color in COLORS if weights.of(color)])
        body: dict[str, Any] = {"properties": {"configuration": {"ingress": {"traffic": wanted}}}}
        if rules.tags_of(app).get(tags.OWNER_TAG) != self.owner:
            body["tags"] = {tags.OWNER_TAG: self.owner}
        self.azure.session().change("PATCH", self.app_id, VERSION, WRITE, body)

    def _wait(self) -> None:
        """Until Azure has done what was requested, or gave up: then `verify` tells what it is."""
        for attempt in range(_SETTLE_ATTEMPTS):
            app = self._look()
            if app is None or not rules.is_busy(app):
                return
            pause(_SETTLE_PAUSES_SECONDS[min(attempt, len(_SETTLE_PAUSES_SECONDS) - 1)])

    def verify(self, weights: Weights) -> Convergence:
        """Whether the rules, with each color by its name, have these weights, and Azure is not at work on the app.

        One call; none right after a write, which has looked at what it came to.
        """
        app = self._app if self._done.spent() else self._look()
        if app is None or not self._is_owned(app):
            return Convergence.CONVERGED if weights == Weights() else Convergence.PENDING
        live = rules.weights_of(app, self.revisions)
        done = live == weights and rules.pinned(app) and not rules.is_busy(app)
        return Convergence.CONVERGED if done else Convergence.PENDING

    # -- releases

    @property
    def installs(self) -> bool:
        """Whether the section has templates."""
        return bool(self.templates)

    def release(self, color: Color) -> str:
        """The release that it installs: ``image app:v2 as revision green-1f3a90bc``."""
        told = templates.text_of(color, self.templates[color])
        return f"the app's {' and '.join(self._behind)}, {told}" if self._behind else told

    def installed(self, color: Color) -> bool:
        """Whether the color's revision is there, at rest or not, with its label, and the app as declared: one call.

        Raises:
            PlatformError: it runs something else. A revision never changes, so somebody else has made it. Or the app is
                not as it is declared, and that cannot be sent.
        """
        if not self._is_there(color):
            self._look_at_the_app()
            return False
        app = self._look_at_the_app()
        labeled = not self.labels or app is None or rules.is_labeled(app, self.revisions, color)
        return labeled and not self._behind

    def _look_at_the_app(self) -> Mapping[str, Any] | None:
        """The app as it was last seen, once it has been held against its declaration."""
        if not (self.app or self.labels):
            return None
        app = self._app or self._look()
        if app is not None and self.app:
            self._behind = shell.differences(self.app, app)
            problem = shell.refused(self._behind, self.app, app)
            if problem:
                raise PlatformError(
                    WRITE,
                    f"{self.app_id} is not as it is declared, and a swap does not change how production is served: "
                    f"{problem}. Change it with `az containerapp`, or declare what it is; nothing was written",
                )
        return app

    def _is_there(self, color: Color) -> bool:
        name = self.revisions[color]
        found = self._revision(name)
        if found is None:
            return False
        why = releases.another(rules.properties_of(found).get("template") or {}, self.templates[color])
        refuse_another(READ_REVISION, name, color, why)
        return True

    def install(self, color: Color) -> None:
        """Make the color's revision by a PATCH of the template alone, and wait until Azure has done it: five calls.

        Traffic that goes to the latest revision is pinned to that one's name before.
        """
        app = self._there()
        problem = rules.unfit(app)
        if problem:
            raise PlatformError(WRITE, f"{self.release(color)} cannot be installed in {self.app_id}: {problem}")
        if rules.is_busy(app):
            app = self._after(Busy(WRITE, f"Azure is still at work on {self.app_id}"))
        app = self._as_declared(app)
        # Without these two nobody asks for what is there already.
        if not (self.app or self.labels) or not self._is_there(color):
            self._install_release(app, color)
        if self.labels and self._is_there(color):
            self._label(color)

    def _as_declared(self, app: Mapping[str, Any]) -> Mapping[str, Any]:
        """The app, once what it lacks of its declaration was added to it."""
        self._look_at_the_app()
        if not self._behind:
            return app
        if "tags" in self._behind:
            tags.set_tags(self.azure.session(), self.app_id, self.app["tags"])
        body = shell.to_send(self._behind, self.app, app)
        if body:
            self.azure.session().change("PATCH", self.app_id, VERSION, WRITE, body)
            self._wait()
        self._behind = ()
        return self._there()

    def _label(self, color: Color) -> None:
        """Lead the color's label to its revision; weights stay."""
        app = self._there()
        if not rules.is_labeled(app, self.revisions, color):
            wanted = rules.with_labels(rules.rules_of(app), self.revisions, (color,))
            self._change({"configuration": {"ingress": {"traffic": wanted}}})
            self._wait()

    def _install_release(self, app: Mapping[str, Any], color: Color) -> None:
        if not rules.pinned(app):
            self._change({"configuration": {"ingress": {"traffic": rules.with_latest_named(app)}}})
            self._wait()
            app = self._there()
        session, name = self.azure.session(), releases.app_name_of(self.app_id)
        listed = session.get(f"{self.app_id}/revisions", VERSION, READ_REVISION) or {}
        base = releases.last_own(listed.get("value") or (), name, color)
        former = (self.former.get("templates") or {}).get(color) or {}
        # No tag can be written while a revision starts, and so no lease be renewed: it is made to last before.
        with locked(_INSTALL_SECONDS):
            while True:
                template = releases.to_send(self.templates[color], base, former, _template_of(app))
                busy = self._sent_release(template, color)
                if busy is None:
                    break
                app = self._after(busy)
                if self._is_there(color):  # the reply to an earlier try was lost
                    return
            self._wait()

    def _sent_release(self, template: Mapping[str, Any], color: Color) -> Busy | None:
        """Send a template; what kept it from being taken."""
        named = {**template, "revisionSuffix": templates.suffix(color, self.templates[color])}
        try:
            self._change({"template": named})
        except Busy as busy:
            return busy
        return None

    def _change(self, properties: Mapping[str, Any]) -> None:
        self.azure.session().change("PATCH", self.app_id, VERSION, WRITE, {"properties": properties})

    def _revision(self, name: str) -> Mapping[str, Any] | None:
        return self.azure.session().get(f"{self.app_id}/revisions/{name}", VERSION, READ_REVISION)

    # -- the rest

    def progress(self) -> str:
        """Whether Azure is at work on the app."""
        return "Azure is at work on the app" if self._app is not None and rules.is_busy(self._app) else ""

    def commands(self, weights: Weights) -> tuple[str, ...]:
        """The commands for a person to type."""
        if weights == Weights():
            return (
                f"az tag update --operation Delete --resource-id {shlex.quote(self.app_id)} --tags {tags.OWNER_TAG}",
            )
        parts = self.app_id.split("/")
        shares = " ".join(f"{self.revisions[color]}={weights.of(color)}" for color in COLORS)
        return (
            f"az containerapp ingress traffic set --subscription {parts[2]} --resource-group {parts[4]} "
            f"--name {parts[8]} --revision-weight {shares}",
        )

    def health(self, color: Color) -> Readiness:
        """Whether the color's revision runs: one call."""
        name = self.revisions[color]
        return rules.readiness_of(self._revision(name), name)

    def delete(self) -> None:
        """Take the owner and the marks off the app; its requests stay as they are."""
        app = self._look()
        if app is None or not self._is_owned(app):
            return
        tags.remove_tags(self.azure.session(), self.app_id, tags.own_in(rules.tags_of(app)))
        self._app = None


def _template_of(app: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = rules.properties_of(app).get("template") or {}
    return found
