"""App Service and Functions with two slots: production, and one beside it. The content is the color.

A share of the requests goes to the other slot by routing rules (``rampUpRules``); all of them go there by a slot swap,
which Azure undoes where it is requested once more. Rules stay with the slot: they are cleared before a swap, since the
share would be the other color's right after it. The owner and the marks are tags of the app.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import urlsplit, urlunsplit

from bluegreen.azure import tags
from bluegreen.azure.client import AzureConnection
from bluegreen.azure.connection_option import azure_option
from bluegreen.azure.web_apps import contents, health
from bluegreen.azure.web_apps import site as sites
from bluegreen.azure.web_apps.installing import Installing
from bluegreen.azure.web_apps.names import COLOR_SETTING
from bluegreen.azure.web_apps.slots import PRODUCTION, Slots
from bluegreen.fields import Fields
from bluegreen.options.declared import Options, option
from bluegreen.options.kinds import Both, Flag, Number, Text
from bluegreen.permissions import Permission
from bluegreen.platforms.looks import Look
from bluegreen.platforms.ownership import Ownership
from bluegreen.platforms.places import Same, alike, in_any_case
from bluegreen.rollout.errors import NotOwned, PlatformError, TrafficMoved
from bluegreen.rollout.exchanging import Standing, bring_live
from bluegreen.rollout.model import Color, Convergence, Readiness, Traffic, Weights, other
from bluegreen.rollout.ports import Capability, Preview

_ID = re.compile(
    r"/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.Web/sites/[A-Za-z0-9-]+\Z", re.IGNORECASE
)
_ALLOWED = "/subscriptions/…/resourceGroups/…/providers/Microsoft.Web/sites/NAME"
_OWNER_LONGEST = 256
_SWAP = "Microsoft.Web/sites/slots/slotsswap/action"
_SLOT = "staging"


@dataclass(slots=True)
class AzureSlotsRouter(Options):
    """The production slot of one app, and the slot that it is swapped with.

    The first write tags the app with its owner; before it no color is live as far as the swap is concerned. It moves no
    traffic: an app whose production slot has the other color, or none that is known, is refused.

    Attributes:
        former_owner, incarnation, former: of the resource's last update, no part of the section: who owned the app's
            traffic, the mark on the app, and the section as it was.
    """

    capabilities: ClassVar[frozenset[Capability]] = frozenset({Capability.WEIGHTS})
    exchanges: ClassVar[bool] = True
    propagation_seconds: ClassVar[float] = 0
    where: ClassVar[frozenset[str]] = frozenset({"kind", "app_id", "slot"})
    release_keys: ClassVar[frozenset[str]] = frozenset({"images"})
    install_keys: ClassVar[frozenset[str]] = frozenset({"contents"})
    same_place: ClassVar[Mapping[str, Same]] = {
        "app_id": in_any_case,
        "slot": alike(lambda value: value.lower() if isinstance(value, str) else value or _SLOT),
    }
    permissions: ClassVar[tuple[Permission, ...]] = (
        Permission("Microsoft.Web/sites/read", "every preview and update"),
        Permission("Microsoft.Web/sites/config/read", "every preview and update: the routing rules"),
        Permission("Microsoft.Web/sites/config/list/action", "every preview and update: which color is in production"),
        Permission("Microsoft.Web/sites/slots/read", "previews of a promotion, updates"),
        Permission("Microsoft.Web/sites/slots/config/read", "previews of a promotion, updates"),
        Permission("Microsoft.Web/sites/slots/config/list/action", "previews of a promotion, updates"),
        Permission("Microsoft.Web/sites/config/write", "each share below 100 %, and its end: the routing rules"),
        Permission("Microsoft.Web/sites/slots/config/write", "with `contents`: every release"),
        Permission(_SWAP, "promotions and rollbacks"),
        Permission("Microsoft.Web/sites/operationresults/read", "promotions and rollbacks: why a swap failed"),
        Permission("Microsoft.Web/sites/slots/applySlotConfig/action", "promotions with `with_preview`"),
        Permission("Microsoft.Web/sites/slots/resetSlotConfig/action", "promotions with `with_preview`"),
        Permission("Microsoft.Web/serverfarms/read", "where the slot is missing: why"),
        Permission(tags.WRITE, "every swap: its lease; `pulumi destroy`"),
    )

    app_id: str = option("the app's resource id", Text(fits=_ID.match, allowed=_ALLOWED))
    owner: str = option(
        "who owns the app's traffic, a tag of the app: ``project/stack/name``",
        Text(fits=lambda owner: len(owner) <= _OWNER_LONGEST, allowed=f"at most {_OWNER_LONGEST} characters"),
    )
    slot: str = option(
        "the slot that production is swapped with",
        Text(fits=lambda name: name.lower() != PRODUCTION, allowed="a slot's name, not ``production``"),
        default=_SLOT,
    )
    images: Mapping[Color, str] = option(
        "what each color runs, as its slot has it (``linuxFxVersion``: ``DOCKER|shop.azurecr.io/app:v2``): a color "
        "whose slot runs something else is not promoted",
        Both(Text()),
        default={},
        absent="whatever is there",
    )
    contents: Mapping[Color, contents.Content] = option(
        "in their place, what each color has, which the swap itself brings into the idle slot: ``runs``, Azure's "
        "``linuxFxVersion`` of the slot, and ``settings``, app settings by name. Secrets are references to Key "
        "Vault",
        Both(contents.SlotContent()),
        default={},
    )
    reached_from_here: bool = option(
        "with ``contents``: whether the swap requests the warm-up path from the idle slot's address before any "
        "share goes there; false where that address cannot be reached from where Pulumi runs; then Azure's word counts",
        Flag(),
        default=True,
    )
    restart_seconds: float = option(
        "how long Azure may let what ran before answer in the slot, once it has to run something else",
        Number(most=600, unit="seconds"),
        default=30,
    )
    with_preview: bool = option(
        "swap with preview: before the gates run the new color gets the production slot's own settings, and they "
        "are taken back where it is not promoted. With steps below 100 % also before the first of them",
        Flag(),
        default=False,
    )
    swap_timeout_seconds: float = option(
        "how long a slot swap may take; the app is locked meanwhile",
        Number(least=30, most=2400, unit="seconds"),
        default=1200,
    )
    made_with_it: bool = option(
        "the app was made together with the swap, so that nobody depends on which color is in production before the "
        "first write; it may then swap",
        Flag(),
        default=False,
    )
    azure: AzureConnection = azure_option()
    former_owner: str = ""
    incarnation: str = ""
    former: Mapping[str, Any] = field(default_factory=dict)
    _site: Mapping[str, Any] | None = field(default=None, init=False)
    _config: Mapping[str, Any] = field(default_factory=dict, init=False)
    _live: Color | None = field(default=None, init=False)
    _fresh: Look = field(default_factory=Look, init=False)
    _done: Look = field(default_factory=Look, init=False)
    _location: str = field(default="", init=False)

    @classmethod
    def check(cls, fields: Fields, values: dict[str, Any]) -> None:
        """At most one of images and contents; of the latter comes what each color runs."""
        contents.settle_images(fields, values)

    @staticmethod
    def filled_in(section: Mapping[str, object]) -> Mapping[str, object]:
        """The section with images that tell its contents apart."""
        return contents.with_images(section)

    @property
    def id(self) -> str:
        """The app's resource id."""
        return self.app_id

    @property
    def clients_stay(self) -> str:
        """Azure pins clients by a cookie, for an hour or for the life of their session."""
        return (
            f"clients that a step sends to slot {self.slot} stay there by the cookie {sites.COOKIE}, for an hour or "
            "the life of their session: also after a rollback, and while Azure restarts the slot for the swap"
        )

    @property
    def _slots(self) -> Slots:
        return Slots(self.azure.session(), self.app_id, self.slot, self.swap_timeout_seconds)

    # -- reading

    def read(self) -> Traffic:
        """The live weights and the marks: three calls."""
        site = self._look_closely()
        if site is None or not self._is_owned(site):
            return Traffic(Weights())
        if self._live is None:
            raise PlatformError(
                "Microsoft.Web/sites/config/list/action",
                f"the production slot of {self.app_id} does not say which color it is: set its app setting "
                f"{COLOR_SETTING} to blue or green, not as a deployment slot setting",
            )
        self._fresh.taken()
        return Traffic(self._weights(), tags.marks_in(sites.tags_of(site)))

    def glance(self, *, fresh: bool = False) -> Traffic:  # noqa: ARG002 - it takes all of it to know the weights
        """The same."""
        return self.read()

    def _look(self) -> Mapping[str, Any] | None:
        """The app at this moment, if it is nobody else's: one call."""
        self._site = None
        self._done.spent()
        site = self._slots.site()
        if site is None:
            return None
        holder, marks = sites.tags_of(site).get(tags.OWNER_TAG), tags.marks_in(sites.tags_of(site))
        if holder is not None and not Ownership(self.owner, self.former_owner, self.incarnation).holds(holder, marks):
            raise NotOwned(
                "Microsoft.Web/sites/read",
                f"the traffic of {self.app_id} is owned by {holder}; this swap is {self.owner}",
            )
        self._site = site
        return site

    def _look_closely(self) -> Mapping[str, Any] | None:
        """The rules, who is live, and the app: three calls, and last of all what the next write has to rely on most."""
        self._config = self._slots.config(PRODUCTION)
        self._live = self._live_color()
        return self._look()

    def _live_color(self) -> Color | None:
        return sites.color_of(self._slots.settings(PRODUCTION))

    def _weights(self) -> Weights:
        return sites.weights_of(self._live, sites.rules_of(self._config), self._slot_host)

    @property
    def _slot_host(self) -> str:
        """A slot's host name is the app's with the slot's in it, whatever domain the cloud has."""
        name, _, domain = sites.host_of(self._site).partition(".")
        return f"{name}-{self.slot}.{domain}".lower()

    @staticmethod
    def _is_owned(site: Mapping[str, Any]) -> bool:
        return tags.OWNER_TAG in sites.tags_of(site)

    def marks(self) -> Mapping[str, str]:
        """The marks: one call."""
        self._fresh.spent()
        site = self._look()
        return {} if site is None or not self._is_owned(site) else tags.marks_in(sites.tags_of(site))

    def mark(self, changes: Mapping[str, str | None]) -> None:
        """Set and remove marks: a call for each of the two, and one before where the app has not been looked at.

        They wait for the end of a swap: it may be one of ours that outlived its process.
        """
        self._fresh.spent()
        self._done.spent()
        site = self._site or self._look()
        if site is None or not self._is_owned(site):
            return
        session, there, patience = self.azure.session(), sites.tags_of(site), self.swap_timeout_seconds
        left = tags.change_marks(session, self.app_id, there, changes, self.owner, busy_seconds=patience)
        self._site = {**site, "tags": left}

    # -- writing

    def write(self, weights: Weights) -> None:
        """Change the rules, or clear them and swap; what is there already is left alone. No weight at all lets go."""
        self._write(weights)

    def put_back(self, weights: Weights) -> None:
        """The same after a failure: a share that somebody has sent to the former color does not leave it first."""
        self._write(weights, under_rules=True)

    def _write(self, weights: Weights, *, under_rules: bool = False) -> None:
        if weights == Weights():
            self.delete()
            return
        if not self._fresh.spent() or self._site is None:
            self._look_closely()
        if self._live is None:
            raise PlatformError(
                _SWAP,
                f"the production slot of {self.app_id} does not say which color it is; nothing was written",
            )
        owned = self._is_owned(self._there_known())
        if not owned and not self.made_with_it and self._weights() != weights:
            raise NotOwned(
                _SWAP,
                f"taking over the traffic of {self.app_id} would move it: it is {self._weights()} now, wanted is "
                f"{weights}. Swap by hand so that the color that is to be live is in production, or say `made_with_it`",
            )
        wanted = weights.live_color
        swaps = wanted is not None and wanted != self._live
        # No swap under rules: the share would be the other color's after it, and Azure restarts the slot that has it.
        if not swaps or not under_rules:
            self._send_rules(0 if wanted is not None else weights.of(other(self._live)))
        if wanted is not None and swaps:
            self._bring_live(wanted, under_rules=under_rules)
        elif self.with_preview:
            self.take_off()
        site = self._there_known()
        if sites.tags_of(site).get(tags.OWNER_TAG) != self.owner:
            stamp = {tags.OWNER_TAG: self.owner}
            tags.set_tags(self.azure.session(), self.app_id, stamp, busy_seconds=self.swap_timeout_seconds)
            self._site = {**site, "tags": {**sites.tags_of(site), **stamp}}

    def _bring_live(self, wanted: Color, *, under_rules: bool) -> None:
        seen, former = Standing(self._live, sites.operation_of(self._there_known())), other(wanted)
        bring_live(self, wanted, limit_seconds=self.swap_timeout_seconds, call=_SWAP, seen=seen)
        self._config = self._slots.config(PRODUCTION)
        if under_rules:
            self._send_rules(0)
        elif self._weights() != Weights.all_on(wanted):
            raise TrafficMoved(_SWAP, self.app_id, Weights.all_on(former), self._weights())
        else:
            self._done.taken()

    def _there(self) -> Mapping[str, Any]:
        site = self._look()
        if site is None:
            raise PlatformError("Microsoft.Web/sites/read", f"there is no app {self.app_id}")
        return site

    def _there_known(self) -> Mapping[str, Any]:
        return self._site if self._site is not None else self._there()

    def _send_rules(self, percent: int) -> None:
        rules = sites.rules_of(self._config)
        wanted = sites.with_percent(rules, self.slot, self._slot_host, percent)
        if sites.are_as(rules, wanted):
            return
        try:
            self._slots.send_rules(wanted)
        except PlatformError:
            slot = self._slots.slot_resource()
            if slot is None:
                raise self._slots.missing() from None
            if not sites.is_prepared(slot):
                raise
            self._slots.reset()  # as long as a swap with preview waits, Azure takes no rules
            self._slots.send_rules(wanted)
        self._config = {"properties": {"experiments": {"rampUpRules": wanted}}}

    def standing(self) -> Standing:
        """Who is live, what is open, and Azure's record: two calls, and one where a swap has come to nothing."""
        former, self._live = self._live, self._live_color()
        site = self._there()
        busy, failed = sites.operation_of(site), ""
        if self._location and self._live == former and not busy:
            failed = self._slots.failure(self._location)
        return Standing(self._live, busy, sites.last_swap_of(site), failed)

    def before_exchange(self, wanted: Color) -> None:
        """The content has to carry its color along, the slot has to have this one, the rules be as known: three calls.

        A share that somebody has sent to a color since would be the other one's after the exchange.
        """
        self._slots.refuse_what_would_not_swap(wanted)
        known, self._config = self._config, self._slots.config(PRODUCTION)
        if not sites.are_as(sites.rules_of(self._config), sites.rules_of(known)):
            before = sites.weights_of(self._live, sites.rules_of(known), self._slot_host)
            raise TrafficMoved(_SWAP, self.app_id, before, self._weights())

    def exchange(self, wanted: Color) -> bool:  # noqa: ARG002 - there are two
        """Ask for the swap, once: the slot is the source, so that production is the one that stays up."""
        accepted, self._location = self._slots.swap()
        return accepted

    # -- releases

    @property
    def installs(self) -> bool:
        """Whether the section has contents."""
        return bool(self.contents)

    @property
    def _installing(self) -> Installing:
        former = self.former.get("contents") or {}
        return Installing(self._slots, self.contents, former, self.restart_seconds)

    def release(self, color: Color) -> str:
        """The release that it installs: ``image app:v2 in slot staging (1f3a90bc)``."""
        return self._installing.release(color)

    def installed(self, color: Color) -> bool:
        """Whether the slot that has the color, or is to have it, has its release: two or three calls."""
        return self._installing.is_there(color)

    def install(self, color: Color) -> None:
        """Bring the color's release into the slot that is idle now: one write, after which Azure restarts the slot.

        Nothing of production is written. Whether the release comes up its health says.
        """
        self._fresh.spent()
        self._done.spent()
        self._installing.bring(color)

    # -- a swap with preview

    def try_on(self, color: Color) -> None:
        """Give the idle slot the production slot's own settings, where that is wanted."""
        if not self.with_preview or sites.is_prepared(self._slots.slot_resource()) or self._live_color() == color:
            return
        self._fresh.spent()
        self._slots.prepare()

    def take_off(self) -> None:
        """Give the idle slot its own settings back, where a swap with preview waits."""
        if sites.is_prepared(self._slots.slot_resource()):
            self._fresh.spent()
            self._slots.reset()

    # -- the rest

    def verify(self, weights: Weights) -> Convergence:
        """Whether these weights are live and nothing is open on the app: three calls, none right after a swap."""
        site = self._site if self._done.spent() else self._look_closely()
        if site is None or not self._is_owned(site):
            return Convergence.CONVERGED if weights == Weights() else Convergence.PENDING
        done = self._weights() == weights and not sites.operation_of(site)
        return Convergence.CONVERGED if done else Convergence.PENDING

    def progress(self) -> str:
        """The operation that Azure has open."""
        return sites.operation_of(self._site) if self._site is not None else ""

    def commands(self, weights: Weights) -> tuple[str, ...]:
        """The commands for a person to type."""
        if weights == Weights():
            return (
                f"az tag update --operation Delete --resource-id {shlex.quote(self.app_id)} --tags {tags.OWNER_TAG}",
            )
        parts = self.app_id.split("/")
        app = f"--subscription {parts[2]} --resource-group {parts[4]} --name {parts[8]}"
        wanted = weights.live_color
        if wanted is None:
            live: Color = self._live or ("blue" if weights.blue >= weights.green else "green")
            return (f"az webapp traffic-routing set {app} --distribution {self.slot}={weights.of(other(live))}",)
        setting = f"az webapp config appsettings list {app} --query \"[?name=='{COLOR_SETTING}'].value\""
        return (
            f"az webapp traffic-routing clear {app}",
            f"{setting}    # where this does not say {wanted}:",
            f"az webapp deployment slot swap {app} --slot {self.slot} --target-slot {PRODUCTION}",
        )

    def health(self, color: Color) -> Readiness:
        """Whether the slot that has the color runs it as declared and can be swapped: three or four calls.

        What the swap has brought has to answer the warm-up path as well.
        """
        answers = bool(self.contents) and self.reached_from_here
        return health.looked_at_closely(self._slots, color, self.images.get(color, ""), answers=answers)

    def health_to_go_back(self, color: Color) -> Readiness:
        """Whether it runs."""
        return health.of(self._slots, color)

    def reaches(self, color: Color, preview: Preview) -> Preview:
        """How a color is reached now: at the slot's address while it is idle, and at production's while it is live.

        Args:
            color: which.
            preview: at the slot's address.
        """
        host = sites.host_of(self._site)
        if color != self._live or not host:
            return preview
        url = urlsplit(preview.url)
        port = f":{url.port}" if url.port else ""
        # Whatever the rules say: this client is for the production slot.
        headers = {**preview.headers, "Cookie": f"{sites.COOKIE}=self"}
        return Preview(urlunsplit(url._replace(netloc=f"{host}{port}")), headers)

    def delete(self) -> None:
        """Take the owner and the marks off the app; its requests stay as they are."""
        site = self._look()
        if site is None or not self._is_owned(site):
            return
        tags.remove_tags(self.azure.session(), self.app_id, tags.own_in(sites.tags_of(site)))
        self._site = None
