"""The health of the slot that has a color: whether it runs, runs what is declared, and answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bluegreen.azure.web_apps import answering
from bluegreen.azure.web_apps import site as sites
from bluegreen.azure.web_apps.names import WARM_UP_PATH, WARM_UP_STATUSES
from bluegreen.azure.web_apps.slots import PRODUCTION, Slots
from bluegreen.rollout.model import Color, Readiness


def of(slots: Slots, color: Color) -> Readiness:
    """Whether it runs: two or three calls."""
    place, told, settings = _looked_at(slots, color)
    if told is None:
        return _missing(slots)
    return sites.readiness_of(place, told, settings, {}, color=color, image="", idle=False)


def looked_at_closely(slots: Slots, color: Color, image: str, *, answers: bool) -> Readiness:
    """Whether it runs as declared and, where it is idle, can be swapped: three or four calls.

    Args:
        slots: of one app.
        color: which.
        image: what it has to run; empty where nobody says.
        answers: whether it has to answer the warm-up path as well, where it is idle.
    """
    place, told, settings = _looked_at(slots, color)
    if told is None:
        return _missing(slots)
    idle = place != PRODUCTION
    found = sites.readiness_of(place, told, settings, slots.config(place), color=color, image=image, idle=idle)
    if not (found.ready and idle and answers):
        return found
    url = f"https://{sites.host_of(told)}{settings.get(WARM_UP_PATH) or '/'}"
    problem = answering.problem_of(url, str(settings.get(WARM_UP_STATUSES) or ""))
    return Readiness(False, 0, 1, f"slot {place}: {problem}") if problem else found


def _looked_at(slots: Slots, color: Color) -> tuple[str, Mapping[str, Any] | None, Mapping[str, Any]]:
    """The slot that has the color, as Azure tells it, with its settings; no settings are requested where it is not."""
    settings = slots.settings(PRODUCTION)
    if sites.color_of(settings) == color:
        return PRODUCTION, slots.site(), settings
    told = slots.slot_resource()
    return slots.slot, told, {} if told is None else slots.settings(slots.slot)


def _missing(slots: Slots) -> Readiness:
    return Readiness(False, 0, 1, slots.missing().reason, fatal=True, undelivered=True)
