"""The calls for an app and one of its slots.

https://learn.microsoft.com/rest/api/appservice/web-apps
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bluegreen.azure.client import Session
from bluegreen.azure.web_apps import site as sites
from bluegreen.azure.web_apps.names import COLOR_SETTING
from bluegreen.rollout.calls import locked, pause
from bluegreen.rollout.errors import PlatformError
from bluegreen.rollout.exchanging import SHOWS_WITHIN_SECONDS
from bluegreen.rollout.model import Color

VERSION = "2025-05-01"
PRODUCTION = "production"
_SITES = "Microsoft.Web/sites"
_SLOTS = "Microsoft.Web/sites/slots"
_SWAP = f"{_SLOTS}/slotsswap/action"
_PAUSES_SECONDS = (0.2, 0.5, 1.0, 2.0, 5.0)


@dataclass(frozen=True, slots=True)
class Slots:
    """The production slot of an app and another one.

    Attributes:
        session: who calls.
        app_id: the app's resource id.
        slot: the other slot's name.
        limit_seconds: how long an operation on them may take.
    """

    session: Session
    app_id: str
    slot: str
    limit_seconds: float

    def _of(self, place: str) -> tuple[str, str]:
        """A slot's path, and what its actions begin with."""
        return (self.app_id, _SITES) if place == PRODUCTION else (f"{self.app_id}/slots/{self.slot}", _SLOTS)

    # -- reading, a call each

    def site(self) -> dict[str, Any] | None:
        """The app, which is its production slot."""
        return self.session.get(self.app_id, VERSION, f"{_SITES}/read")

    def slot_resource(self) -> dict[str, Any] | None:
        """The other slot."""
        return self.session.get(self._of(self.slot)[0], VERSION, f"{_SLOTS}/read")

    def place_of(self, color: Color) -> tuple[str, Mapping[str, Any]]:
        """The slot that has a color, or is to have it, and its settings: a call, or two where it is not production."""
        settings = self.settings(PRODUCTION)
        if sites.color_of(settings) == color:
            return PRODUCTION, settings
        return self.slot, self.settings(self.slot)

    def settings(self, place: str) -> Mapping[str, Any]:
        """A slot's app settings; none where there is no slot."""
        return sites.properties_of(self._settings_told(place))

    def _settings_told(self, place: str) -> Mapping[str, Any] | None:
        path, kind = self._of(place)
        return self.session.ask(f"{path}/config/appsettings/list", VERSION, f"{kind}/config/list/action")

    def config(self, place: str) -> Mapping[str, Any]:
        """A slot's ``config/web``."""
        path, kind = self._of(place)
        return self.session.get(f"{path}/config/web", VERSION, f"{kind}/config/read") or {}

    def missing(self) -> PlatformError:
        """Why there is no such slot, where the plan says it."""
        farm = str(sites.properties_of(self.site()).get("serverFarmId") or "")
        said = f"{self.app_id} has no slot {self.slot}"
        plan = self.session.get(farm, VERSION, "Microsoft.Web/serverfarms/read") if farm else None
        tier = str(((plan or {}).get("sku") or {}).get("tier") or "")
        if tier.lower() in sites.TIERS_WITHOUT_SLOTS:
            said = f"{said}: {sites.without_slots(tier)}"
        return PlatformError(f"{_SLOTS}/read", said)

    # -- writing

    def send_rules(self, rules: Sequence[Mapping[str, Any]]) -> None:
        """Replace the production slot's routing rules: they alone are sent."""
        body = {"properties": {"experiments": {"rampUpRules": list(rules)}}}
        self.session.change("PATCH", f"{self.app_id}/config/web", VERSION, f"{_SITES}/config/write", body)

    def sticky_settings(self) -> list[str]:
        """The names of the deployment slot settings: one call."""
        names = self.session.get(f"{self.app_id}/config/slotConfigNames", VERSION, f"{_SITES}/config/read")
        return list(sites.properties_of(names).get("appSettingNames") or [])

    def send_content(self, runs: str, settings: Mapping[str, str]) -> None:
        """Replace what the other slot runs, with all of its app settings: one write. Azure restarts the slot."""
        windows = bool(sites.properties_of(self.config(self.slot)).get("windowsFxVersion"))
        path, kind = self._of(self.slot)
        named = [{"name": name, "value": value} for name, value in sorted(settings.items())]
        body = {"properties": {"windowsFxVersion" if windows else "linuxFxVersion": runs, "appSettings": named}}
        self.session.change("PATCH", f"{path}/config/web", VERSION, f"{kind}/config/write", body)

    def refuse_what_would_not_swap(self, wanted: Color) -> None:
        """Look at what a swap would do before it is requested: two calls.

        Raises:
            PlatformError: the color would not be live afterwards, or nobody could tell.
        """
        if COLOR_SETTING in self.sticky_settings():
            raise PlatformError(
                _SWAP,
                f"{COLOR_SETTING} is a deployment slot setting of {self.app_id}, so that it would not move with "
                "the content: take it off that list; nothing was swapped",
            )
        told = self._settings_told(self.slot)
        if told is None:
            raise self.missing()
        found = sites.color_of(sites.properties_of(told))
        if found != wanted:
            raise PlatformError(
                _SWAP,
                f"slot {self.slot} of {self.app_id} has {found or 'no color that is known'} and not {wanted}: set its "
                f"app setting {COLOR_SETTING}, if that is what is in it; nothing was swapped",
            )

    def swap(self) -> tuple[bool, str]:
        """Ask for the swap, once: whether it was accepted, and where its end is reported."""
        answer = self._ask("slotsswap")
        return (False, "") if answer is None else (True, str(answer.headers.get("Location") or ""))

    def failure(self, location: str) -> str:
        """Why a swap that was accepted came to nothing; empty where that is not known."""
        return self.session.ended(location, f"{_SITES}/operationresults/read")

    def prepare(self) -> None:
        """First part of a swap with preview: the slot gets the production slot's settings, and is restarted."""
        self._bring_about(
            "applySlotConfig", sites.is_prepared, "it did not come up with the production slot's settings"
        )

    def reset(self) -> None:
        """Take that back."""
        self._bring_about(
            "resetSlotConfig", lambda slot: not sites.is_prepared(slot), "it did not come up with its own settings"
        )

    def _ask(self, action: str) -> Any:
        body = {"targetSlot": PRODUCTION, "preserveVnet": True}
        sent = None if action == "resetSlotConfig" else body
        return self.session.once(f"{self._of(self.slot)[0]}/{action}", VERSION, f"{_SLOTS}/{action}/action", sent)

    def _bring_about(self, action: str, done: Callable[[Mapping[str, Any]], bool], otherwise: str) -> None:
        """Ask once, and look until it has come about or nothing is open any more."""
        name = f"{_SLOTS}/{action}/action"
        with locked(self.limit_seconds):
            accepted = self._ask(action) is not None
            waited_seconds, looks, begun = 0.0, 0, False
            while True:
                busy = sites.operation_of(self.site() or {})
                begun = begun or bool(busy)
                if not busy and done(self.slot_resource() or {}):
                    return
                ended = begun and not busy
                limit = self.limit_seconds if busy else min(SHOWS_WITHIN_SECONDS, self.limit_seconds)
                if ended or waited_seconds >= limit:
                    said = otherwise if accepted or ended else "the answer did not say whether it was accepted"
                    raise PlatformError(name, f"slot {self.slot} of {self.app_id}: {said}")
                seconds = _PAUSES_SECONDS[min(looks, len(_PAUSES_SECONDS) - 1)]
                pause(seconds)
                waited_seconds, looks = waited_seconds + seconds, looks + 1
