"""An app and its slots in Azure's answers: who is live, which rules there are, what a slot lacks. Pure.

https://learn.microsoft.com/azure/app-service/deploy-staging-slots
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping, Sequence
from typing import Any

from bluegreen.azure.web_apps.names import COLOR_SETTING, WARM_UP_PATH, WARM_UP_STATUSES
from bluegreen.rollout.model import COLORS, Color, Readiness, Weights, other

Told = Mapping[str, Any]
Rule = dict[str, Any]

TIERS_WITHOUT_SLOTS = frozenset({"free", "shared", "basic", "flexconsumption"})
"""In lower case.

https://learn.microsoft.com/azure/azure-resource-manager/management/azure-subscription-service-limits
"""
COOKIE = "x-ms-routing-name"
"""A client that has it goes to the slot that it names; ``self`` is the production slot."""


def properties_of(told: Told | None) -> Told:
    """The content of ``properties``."""
    found: Told = (told or {}).get("properties") or {}
    return found


def color_of(settings: Told) -> Color | None:
    """Which color a slot's content is; ``None`` where its settings do not say."""
    said = str(settings.get(COLOR_SETTING) or "").strip().lower()
    return next((color for color in COLORS if color == said), None)


def runs_of(config: Told) -> str:
    """The image or stack of a slot, as Azure has it: ``DOCKER|shop.azurecr.io/app:v2``."""
    told = properties_of(config)
    return str(told.get("linuxFxVersion") or told.get("windowsFxVersion") or "")


def tags_of(site: Told) -> dict[str, str]:
    """The app's tags."""
    return dict(site.get("tags") or {})


def operation_of(site: Told) -> str:
    """The operation that is open on the app or its slots; empty where none is."""
    found = properties_of(site).get("inProgressOperationId")
    return f"operation {found}" if found else ""


def last_swap_of(site: Told) -> str:
    """Azure's record of the last swap: when, from where, to where."""
    return json.dumps(properties_of(site).get("slotSwapStatus") or {}, sort_keys=True)


def is_prepared(slot: Told | None) -> bool:
    """Whether a slot has the settings of the one that it is to be swapped with: a swap with preview waits."""
    return bool(properties_of(slot).get("targetSwapSlot"))


def host_of(told: Told | None) -> str:
    """The name at which an app or a slot is reached."""
    return str(properties_of(told).get("defaultHostName") or "")


# -- routing rules


def rules_of(config: Told) -> list[Rule]:
    """Which part of the production slot's requests goes to another slot."""
    found: list[Rule] = (properties_of(config).get("experiments") or {}).get("rampUpRules") or []
    return found


def leads_to(rule: Rule, host: str) -> bool:
    """Whether a rule sends requests to a slot."""
    return str(rule.get("actionHostName") or "").lower() == host.lower()


def weights_of(live: Color | None, rules: Sequence[Rule], slot_host: str) -> Weights:
    """The percent of new clients that get each color.

    Args:
        live: whose content the production slot has.
        rules: the production slot's.
        slot_host: where the other color's content is.
    """
    if live is None:
        return Weights()
    there = sum(_percent(rule) for rule in rules if leads_to(rule, slot_host))
    elsewhere = sum(_percent(rule) for rule in rules if not leads_to(rule, slot_host))
    here = max(100 - there - elsewhere, 0)
    found: dict[Color, float] = {live: here, other(live): there}
    return Weights.of_shares(found["blue"], found["green"], here + there + elsewhere)


def _percent(rule: Rule) -> float:
    return max(float(rule.get("reroutePercentage") or 0), 0)


def with_percent(rules: Sequence[Rule], slot: str, slot_host: str, percent: int) -> list[Rule]:
    """The rules that send so much to the slot, and nothing to any other.

    A rule of others' keeps what it has but for its share. The own one has its share alone: what Azure would change of
    it by itself (``changeStep``) is gone.
    """
    kept = [{**copy.deepcopy(rule), "reroutePercentage": 0} for rule in rules if not leads_to(rule, slot_host)]
    own: list[Rule] = [{"name": slot, "actionHostName": slot_host, "reroutePercentage": percent}] if percent else []
    return [*kept, *own]


def are_as(rules: Sequence[Rule], wanted: Sequence[Rule]) -> bool:
    """Whether the rules do what they should, and nothing changes them by itself."""

    def told(some: Sequence[Rule]) -> list[tuple[str, float, Any]]:
        parts = [
            (str(one.get("actionHostName")).lower(), float(one.get("reroutePercentage") or 0), one.get("changeStep"))
            for one in some
        ]
        return sorted((part for part in parts if part[1] or part[2]), key=str)

    return told(rules) == told(wanted)


# -- what a slot lacks


def readiness_of(
    place: str, slot: Told | None, settings: Told, config: Told, *, color: Color, image: str, idle: bool
) -> Readiness:
    """Whether a slot can serve a color, and the first reason why not.

    Args:
        place: how Azure calls the slot.
        slot: what is known of it; ``None`` where there is none.
        settings: its app settings.
        config: its ``config/web``.
        color: the one that it is to serve.
        image: what the color is declared to run (``linuxFxVersion``, ``windowsFxVersion``); empty for anything.
        idle: whether it is not the production slot, so that a swap has still to warm it up.
    """
    if slot is None:
        return Readiness(False, 0, 1, f"there is no slot {place}", fatal=True)
    found = color_of(settings)
    if found != color:
        said = f"{COLOR_SETTING}={settings.get(COLOR_SETTING)}" if settings.get(COLOR_SETTING) else "no color at all"
        return _lacks(f"slot {place} says {said}: set its app setting {COLOR_SETTING} to {color}")
    runs = runs_of(config)
    if image and runs.lower() != image.lower():
        return _lacks(f"slot {place} runs {runs or 'nothing'}, and {color} is declared as {image}: deploy that there")
    if idle:
        missing = [name for name in (WARM_UP_PATH, WARM_UP_STATUSES) if not settings.get(name)]
        if missing:
            return _lacks(
                f"slot {place} has no app setting {' and '.join(missing)}: without it any answer at all counts as warm"
            )
        if properties_of(config).get("autoSwapSlotName"):
            return _lacks(
                f"slot {place} is swapped by Azure after each deployment: turn auto swap off (autoSwapSlotName)"
            )
    told = properties_of(slot)
    state, available = str(told.get("state") or ""), str(told.get("availabilityState") or "Normal")
    if state.lower() != "running":
        return Readiness(False, 0, 1, f"slot {place} is {state.lower() or 'in an unknown state'}")
    if available.lower() != "normal":
        return Readiness(False, 0, 1, f"slot {place}: its availability is {available}")
    return Readiness(True, 1, 1)


def _lacks(reason: str) -> Readiness:
    return Readiness(False, 0, 1, reason, fatal=True, undelivered=True)


def without_slots(tier: str) -> str:
    """The reason why an app has no slot, where its plan has none."""
    return f"its plan is in the tier {tier}: slots need Standard or higher, and there are none on Flex Consumption"
