"""An alias of Lambda as weights and back, and the readiness of a version. Pure, but for parsing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bluegreen.aws.service_limits import LIMITS
from bluegreen.options.kinds import Both, Text
from bluegreen.rollout.model import COLORS, Color, Readiness, Weights

_VERSION = re.compile(r"[1-9]\d{0,19}\Z")
_STAMP = r"bluegreen:owner=(?P<owner>.+?)(?: blue=(?P<blue>\d+) green=(?P<green>\d+))?"
_KEPT = " kept"
_MADE_STAMP = re.compile(rf"{_STAMP}\Z")
_KEPT_STAMP = re.compile(rf"(?:(?P<theirs>.*) )?{_STAMP}{_KEPT}\Z", re.DOTALL)
DESCRIPTION_LONGEST = LIMITS["alias_description"].most


_A_VERSION = "a published version's number, such as '3'"
VERSIONS = Both(Text(fits=_VERSION.match, allowed=_A_VERSION))
"""What the option with a version for each color can be; ``$LATEST`` cannot share an alias."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """The swap's stamp in an alias' description.

    Attributes:
        owner: who owns it; ``None``: nobody does.
        split: blue's percent and green's that are meant, where the description says so.
        theirs: what stood there when somebody else's alias was taken over; ``None``: the swap has made it.
    """

    owner: str | None = None
    split: tuple[int, int] | None = None
    theirs: str | None = None


def stamp_of(alias: Mapping[str, Any]) -> Stamp:
    """The swap's stamp in an alias' description."""
    text = alias.get("Description", "")
    match = _KEPT_STAMP.match(text) if text.endswith(_KEPT) else _MADE_STAMP.match(text)
    if match is None:
        return Stamp()
    split = None if match["blue"] is None else (int(match["blue"]), int(match["green"]))
    return Stamp(match["owner"], split, (match["theirs"] or "") if text.endswith(_KEPT) else None)


def owner_in(alias: Mapping[str, Any]) -> str | None:
    """The owner of an alias, by its description."""
    return stamp_of(alias).owner


def described(owner: str, weights: Weights, theirs: str | None) -> str:
    """An alias' description, with its former text at the beginning.

    Args:
        owner: who owns it.
        weights: which split is meant.
        theirs: of an alias that was taken over; ``None``: the swap makes it.
    """
    stamp = f"bluegreen:owner={owner} blue={weights.blue} green={weights.green}"
    return stamp if theirs is None else f"{theirs} {stamp}{_KEPT}".removeprefix(" ")


def unfit(alias: Mapping[str, Any], versions: Mapping[Color, str], owner: str) -> tuple[str, str]:
    """Why an alias that nobody owns cannot be taken over, and what to do about it; empty when it can."""
    strangers = sorted(set(shares_of(alias)) - set(versions.values()))
    if strangers:
        said = f"points to version {', '.join(strangers)}, which is neither color's"
        return said, "name it as one color's version to take the alias over"
    theirs = str(alias.get("Description", ""))
    over = len(described(owner, Weights.all_on("blue"), theirs)) - DESCRIPTION_LONGEST
    if over > 0:
        said = f"has a description of {len(theirs)} characters, {over} too many to write the owner's name behind it"
        return said, "shorten it to take the alias over"
    return "", ""


def shares_of(alias: Mapping[str, Any]) -> dict[str, float]:
    """Each version's share of the alias' requests, 0-1; versions without one are left out."""
    extra: Mapping[str, float] = (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
    shares = {alias["FunctionVersion"]: 1 - sum(extra.values()), **extra}
    return {version: share for version, share in shares.items() if share > 0}


def weights_of(alias: Mapping[str, Any], versions: Mapping[Color, str]) -> Weights:
    """The percentage of the alias' requests on each color."""
    shares = shares_of(alias)
    if versions["blue"] == versions["green"]:
        return _meant(alias) if set(shares) == {versions["blue"]} else Weights()
    blue, green = (shares.get(versions[color], 0) for color in COLORS)
    others = sum(share for version, share in shares.items() if version not in versions.values())
    return Weights.of_shares(blue, green, blue + green + others)


def _meant(alias: Mapping[str, Any]) -> Weights:
    """The intended split where both colors have the same version, and every split is true."""
    split = stamp_of(alias).split
    return Weights.all_on("blue") if split is None else Weights(*split)


def alias_state(
    owner: str, versions: Mapping[Color, str], weights: Weights, seen: Mapping[str, Any] | None
) -> dict[str, Any]:
    """The state of an alias for ``weights``, as the API's arguments.

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
    stamp = Stamp() if seen is None else stamp_of(seen)
    description = None if seen is None else str(seen.get("Description", ""))
    rest.pop(versions[pointed], None)  # both colors have one version: nothing to split
    return {
        "FunctionVersion": versions[pointed],
        "RoutingConfig": {"AdditionalVersionWeights": rest},
        "Description": described(owner, weights, description if stamp.owner is None else stamp.theirs),
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
    """The readiness of a version's provisioned concurrency."""
    wanted = int(configuration["RequestedProvisionedConcurrentExecutions"])
    there = int(configuration.get("AvailableProvisionedConcurrentExecutions", 0))
    status = configuration["Status"]
    if status == "READY" and there >= wanted:
        return Readiness(True, wanted, wanted)
    reason = configuration.get("StatusReason") or f"provisioned concurrency is {status}"
    return Readiness(False, min(there, wanted - 1), wanted, str(reason), fatal=status == "FAILED")
