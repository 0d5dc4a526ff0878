"""An alias of Lambda as weights and back, and what Lambda says of a version. Pure, but for parsing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bluegreen.fields import UNKNOWN, Fields
from bluegreen.rollout.model import COLORS, Color, Readiness, Weights

_VERSION = re.compile(r"[1-9]\d{0,19}\Z")
_DESCRIPTION = re.compile(r"bluegreen:owner=(?P<owner>.+?)(?: blue=(?P<blue>\d+) green=(?P<green>\d+))?\Z")


def parse(fields: Fields) -> dict[Color, Any]:
    """The ``versions`` section: a published version for each color. ``$LATEST`` cannot share an alias."""
    section = fields.section("versions") or Fields({})
    found: dict[Color, Any] = {}
    for color in COLORS:
        value = section.text(color, allowed="a published version's number, such as '3'")
        if value is not UNKNOWN and not _VERSION.match(value):
            section.problem(color, value, "a published version's number, such as '3'")
            value = UNKNOWN
        found[color] = value
    section.done()
    return found


def owner_in(alias: Mapping[str, Any]) -> str | None:
    """Who owns an alias, by its description."""
    found = _DESCRIPTION.match(alias.get("Description", ""))
    return None if found is None else found["owner"]


def shares_of(alias: Mapping[str, Any]) -> dict[str, float]:
    """Each version's share of the alias' requests, 0-1; versions without one are left out."""
    extra: Mapping[str, float] = (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
    shares = {alias["FunctionVersion"]: 1 - sum(extra.values()), **extra}
    return {version: share for version, share in shares.items() if share > 0}


def weights_of(alias: Mapping[str, Any], versions: Mapping[Color, str]) -> Weights:
    """Percent of the alias' requests on each color."""
    shares = shares_of(alias)
    if versions["blue"] == versions["green"]:
        return _meant(alias) if set(shares) == {versions["blue"]} else Weights()
    blue, green = (_percent(shares.get(versions[color], 0)) for color in COLORS)
    if set(shares) <= set(versions.values()) and blue + green:  # rounding must not show a leak that is not there
        green = 100 - blue
    return Weights(blue, min(green, 100 - blue))


def _meant(alias: Mapping[str, Any]) -> Weights:
    """Which split is meant where both colors have the same version, and every split is true."""
    found = _DESCRIPTION.match(alias.get("Description", ""))
    if found is None or found["blue"] is None:
        return Weights.all_on("blue")
    return Weights(int(found["blue"]), int(found["green"]))


def _percent(share: float) -> int:
    """Rounded, but what is not nothing never shows as 0 and what is not all never as 100."""
    if share in (0, 1):
        return round(100 * share)
    return min(max(round(100 * share), 1), 99)


def alias_state(
    owner: str, versions: Mapping[Color, str], weights: Weights, seen: Mapping[str, Any] | None
) -> dict[str, Any]:
    """What an alias has to be for ``weights``, as the API's arguments.

    Args:
        owner: who owns it.
        versions: each color's.
        weights: not none at all.
        seen: the alias as it is now. The version that it points to stays that while it has any traffic, so that a
            step changes the other version's share alone.
    """
    pointed: Color = max(COLORS, key=weights.of)
    if seen is not None:
        pointed = next(
            (color for color in COLORS if versions[color] == seen["FunctionVersion"] and weights.of(color)), pointed
        )
    rest = {versions[color]: weights.of(color) / 100 for color in COLORS if color != pointed and weights.of(color)}
    rest.pop(versions[pointed], None)  # both colors have one version: nothing to split
    return {
        "FunctionVersion": versions[pointed],
        "RoutingConfig": {"AdditionalVersionWeights": rest},
        "Description": f"bluegreen:owner={owner} blue={weights.blue} green={weights.green}",
    }


def readiness_of(configuration: Mapping[str, Any]) -> Readiness:
    """Whether a version can be called.

    The states: https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html
    """
    state = configuration.get("State", "Active")
    update = configuration.get("LastUpdateStatus", "Successful")
    if state == "Active" and update == "Successful":
        return Readiness(True, 1, 1)
    said = [f"version {configuration.get('Version')} is {state}"]
    said += [str(configuration[key]) for key in ("StateReasonCode", "StateReason") if configuration.get(key)]
    if state == "Active":
        said = [f"the last update of version {configuration.get('Version')} is {update}"]
        said += [str(configuration[key]) for key in ("LastUpdateStatusReason",) if configuration.get(key)]
    if state == "Inactive":
        said.append("a call wakes it up")
    return Readiness(False, 0, 1, ", ".join(said), fatal=state == "Failed")


def provisioned(configuration: Mapping[str, Any]) -> Readiness:
    """How much of a version's provisioned concurrency is there."""
    wanted = int(configuration["RequestedProvisionedConcurrentExecutions"])
    there = int(configuration.get("AvailableProvisionedConcurrentExecutions", 0))
    status = configuration["Status"]
    if status == "READY" and there >= wanted:
        return Readiness(True, wanted, wanted)
    reason = configuration.get("StatusReason") or f"provisioned concurrency is {status}"
    return Readiness(False, min(there, wanted - 1), wanted, str(reason), fatal=status == "FAILED")
