"""The content of a color, brought into the slot that is idle: a release that the swap itself installs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bluegreen.azure.client import Busy
from bluegreen.azure.web_apps import contents
from bluegreen.azure.web_apps import site as sites
from bluegreen.azure.web_apps.names import COLOR_SETTING
from bluegreen.azure.web_apps.slots import PRODUCTION, Slots
from bluegreen.rollout.calls import pause
from bluegreen.rollout.errors import PlatformError
from bluegreen.rollout.model import Color

_WRITE = "Microsoft.Web/sites/slots/config/write"
_BUSY_PAUSE_SECONDS = 5.0
_OTHERWISE = "runs something else: declare what runs there, or put the release into the other color and promote that"


@dataclass(frozen=True, slots=True)
class Installing:
    """The contents of two slots.

    Attributes:
        slots: of one app.
        wanted: each color's content.
        former: the same as the last update had it: of its settings those go that are declared no more.
        restart_seconds: how long Azure may let what ran before answer in the slot.
    """

    slots: Slots
    wanted: Mapping[Color, contents.Content]
    former: Mapping[str, Any]
    restart_seconds: float

    def release(self, color: Color) -> str:
        """A color's release in words: ``image app:v2 in slot staging (1f3a90bc)``."""
        return contents.text_of(self.wanted[color], self.slots.slot)

    def is_there(self, color: Color) -> bool:
        """Whether the slot that has the color, or is to have it, has its release: two or three calls."""
        slots = self.slots
        place, settings = slots.place_of(color)
        return contents.is_there(self.wanted[color], color, settings, sites.runs_of(slots.config(place)))

    def bring(self, color: Color) -> None:
        """Bring it into the idle slot, once Azure is not at work on the app, and wait until the slot has restarted.

        Raises:
            PlatformError: the color is in production, or there is no slot; nothing was written.
        """
        waited_seconds = 0.0
        while not self._brought(color):
            if waited_seconds >= self.slots.limit_seconds:
                raise PlatformError(_WRITE, f"{self.release(color)}: Azure is still at work on {self.slots.app_id}")
            pause(_BUSY_PAUSE_SECONDS)
            waited_seconds += _BUSY_PAUSE_SECONDS
        # Until then what ran before may answer, and would be taken for what was brought.
        pause(self.restart_seconds)

    def _brought(self, color: Color) -> bool:
        """Whether it could be sent: Azure was not at work on the app."""
        try:
            self._bring(color)
        except Busy:
            return False
        return True

    def _bring(self, color: Color) -> None:
        slots = self.slots
        live = sites.color_of(slots.settings(PRODUCTION))
        if live == color and self.is_there(color):
            return
        if live is None or live == color:
            why = (
                f"{color} is in production, and {_OTHERWISE}"
                if live
                else f"the production slot does not say which color it is, by {COLOR_SETTING}"
            )
            raise PlatformError(_WRITE, f"{self.release(color)} cannot be installed in {slots.app_id}: {why}")
        there = slots.slot_resource()
        if there is None:
            raise slots.missing()
        if sites.is_prepared(there):
            slots.reset()  # as long as a swap with preview waits, Azure takes no other change
        present, sticky = slots.settings(slots.slot), slots.sticky_settings()
        former, wanted = self.former.get(color) or {}, self.wanted[color]
        slots.send_content(str(wanted["runs"]), contents.to_send(wanted, color, present, former, dict.fromkeys(sticky)))
