"""Autoscale settings of scale sets: held while a swap runs, off at rest, and given back as they were.

A setting is held by its minimum, raised to what its scale set has: that can grow and not shrink. At rest it is
disabled, as its minimum would bring instances back. What it was is noted in a tag of the setting with the same write,
so that whoever comes after a kill knows what to undo; one that its owner has disabled is left alone.

https://learn.microsoft.com/azure/azure-monitor/autoscale/autoscale-understanding-settings
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bluegreen.azure.client import AzureConnection
from bluegreen.azure.scale_sets.names import RANGE_TAG

VERSION = "2022-10-01"
READ, WRITE = "Microsoft.Insights/AutoscaleSettings/Read", "Microsoft.Insights/AutoscaleSettings/Write"
_LIMITS = ("minimum", "maximum", "default")

Setting = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Ranges:
    """The settings of some scale sets, which stand in the scale sets' own resource groups."""

    azure: AzureConnection

    def of(self, scale_set_ids: Mapping[Any, str]) -> dict[Any, Setting]:
        """The setting of each scale set that has one, by the keys given: one call for each resource group."""
        groups = {"/".join(one.split("/")[:5]).lower(): "/".join(one.split("/")[:5]) for one in scale_set_ids.values()}
        found: dict[str, Setting] = {}
        for group in groups.values():
            path = f"{group}/providers/Microsoft.Insights/autoscalesettings"
            for one in (self.azure.session().get(path, VERSION, READ) or {}).get("value") or ():
                target = str((one.get("properties") or {}).get("targetResourceUri") or "")
                found[target.lower()] = one
        return {key: found[one.lower()] for key, one in scale_set_ids.items() if one.lower() in found}

    def hold(self, setting: Setting, size: int) -> None:
        """Have nothing taken away below a size: one call, none where that is so."""
        self._write(setting, held(setting, size))

    def rest(self, setting: Setting) -> None:
        """Have nothing brought back: one call, none where that is so."""
        self._write(setting, at_rest(setting))

    def give_back(self, setting: Setting) -> None:
        """Write the setting as it was before: one call, none where it is so."""
        self._write(setting, given_back(setting))

    def _write(self, setting: Setting, wanted: Setting | None) -> None:
        if wanted is not None and wanted != setting:
            self.azure.session().change("PUT", str(setting["id"]), VERSION, WRITE, wanted)


def is_enabled(setting: Setting) -> bool:
    """Whether autoscaling works by it."""
    return bool((setting.get("properties") or {}).get("enabled"))


def held(setting: Setting, size: int) -> Setting | None:
    """A setting that keeps a size at least; ``None`` where its owner has disabled it."""
    noted = _noted(setting)
    if noted is None:
        return None
    for profile in noted["properties"]["profiles"]:
        own = profile["capacity"]
        limits = {name: max(size, int(own[name])) for name in _LIMITS}
        limits["minimum"] = size
        profile["capacity"] = {**own, **{name: str(value) for name, value in limits.items()}}
    noted["properties"]["enabled"] = True
    return noted


def at_rest(setting: Setting) -> Setting | None:
    """A setting that does nothing; ``None`` where its owner has disabled it."""
    noted = _noted(setting)
    if noted is not None:
        noted["properties"]["enabled"] = False
    return noted


def given_back(setting: Setting) -> Setting | None:
    """A setting as it was; ``None`` where nothing is noted."""
    if _note_in(setting) is None:
        return None
    noted = _noted(setting)
    if noted is not None:
        noted["properties"]["enabled"] = True
        noted["tags"] = {name: value for name, value in noted["tags"].items() if name.lower() != RANGE_TAG}
    return noted


def _note_in(setting: Setting) -> str | None:
    return next((value for name, value in (setting.get("tags") or {}).items() if name.lower() == RANGE_TAG), None)


def _noted(setting: Setting) -> dict[str, Any] | None:
    """A copy with its own limits and the note of them; ``None`` where there is no note and it is disabled."""
    own: dict[str, Any] = copy.deepcopy(dict(setting))
    profiles, note = own["properties"].get("profiles") or [], _note_in(setting)
    if note is None:
        if not is_enabled(setting):
            return None
        limits = ["-".join(str(one["capacity"][name]) for name in _LIMITS) for one in profiles]
        return {**own, "tags": {**(own.get("tags") or {}), RANGE_TAG: ",".join(limits)}}
    noted = note.split(",")
    if len(noted) == len(profiles):  # else somebody has declared other ones meanwhile: those count
        for profile, limits_of in zip(profiles, noted, strict=True):
            values = dict(zip(_LIMITS, limits_of.split("-"), strict=False))
            profile["capacity"] = {**profile["capacity"], **values}
    return own
