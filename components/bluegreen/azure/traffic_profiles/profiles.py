"""A Traffic Manager profile and the two endpoints of the colors: what it says of them, and what has to be sent. Pure.

An endpoint's weight is 1 to 1000; nothing at all is an endpoint that is disabled. Endpoints of others keep whatever
they have: where one of them gets requests, both colors together keep the weight that they had, and so their part.

https://learn.microsoft.com/azure/traffic-manager/traffic-manager-routing-methods#weighted-traffic-routing-method
https://learn.microsoft.com/azure/traffic-manager/traffic-manager-monitoring#endpoint-and-profile-status
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bluegreen.azure.tag_names import Names
from bluegreen.rollout.model import COLORS, Color, Readiness, Weights

Told = Mapping[str, Any]
OWNER_TAG, MARK_PREFIX = "bluegreen-owner", "bluegreen-mark-"
"""Traffic Manager takes no colon in a tag's name.

https://learn.microsoft.com/azure/azure-resource-manager/management/tag-resources#limitations
"""
TOGETHER_TAG, MADE_TAG = "bluegreen-weight", "bluegreen-made"
"""The weight that both colors have together beside endpoints of others; the endpoints that the swap has made."""
TAGS = Names(OWNER_TAG, MARK_PREFIX, (TOGETHER_TAG, MADE_TAG))
MOST, LEAST_TOGETHER = 1000, 100
_WAITING, _SERVED = "checkingendpoint", frozenset({"online", "unmonitored"})
_ENDED = frozenset({"degraded", "stopped", "inactive"})


@dataclass(frozen=True, slots=True)
class Change:
    """A write of one endpoint.

    Attributes:
        color: whose.
        below: where, below the profile's id: its kind and its name.
        made: whether it is sent as a whole, since it is not there or leads elsewhere.
        properties: what is sent of it.
    """

    color: Color
    below: str
    made: bool
    properties: Told


def properties_of(told: Told | None) -> Told:
    """The content of ``properties``."""
    found: Told = (told or {}).get("properties") or {}
    return found


def tags_of(profile: Told) -> dict[str, str]:
    """The profile's tags."""
    return dict(profile.get("tags") or {})


def unfit(profile: Told) -> str:
    """Why a profile's traffic cannot be split between two endpoints; empty if it can."""
    told = properties_of(profile)
    method = str(told.get("trafficRoutingMethod") or "")
    if method.lower() != "weighted":
        return f"its routing method is {method or 'not known'}: set trafficRoutingMethod to Weighted"
    if str(told.get("profileStatus") or "Enabled").lower() == "disabled":
        return "it is disabled, so that its name has no answer: set profileStatus to Enabled"
    return ""


def ttl_seconds(profile: Told | None) -> float:
    """How long resolvers may keep an answer."""
    return float((properties_of(profile).get("dnsConfig") or {}).get("ttl") or 0)


def probe_seconds(profile: Told) -> float:
    """The longest that Traffic Manager takes until an endpoint that it begins to probe is good or bad."""
    monitor = properties_of(profile).get("monitorConfig") or {}
    interval, timeout = (float(monitor.get(f"{name}InSeconds") or usual) for name, usual in _PROBES)
    failures = float(monitor.get("toleratedNumberOfFailures") or 3)
    return (interval + timeout) * (failures + 1)


_PROBES = (("interval", 30), ("timeout", 10))


def converge_seconds(kept_seconds: float = 60, interval_seconds: float = 30) -> float:
    """The time until no resolver keeps an answer, and Traffic Manager has probed whoever is new.

    Args:
        kept_seconds: the profile's TTL, by default Azure's own.
        interval_seconds: the time between two of its probes, likewise.
    """
    return kept_seconds + 2 * _PROBES_AT_MOST * interval_seconds + _MARGIN_SECONDS


def converge_seconds_of(profile: Told) -> float:
    """The same for a profile, with its own TTL and probes."""
    probes = (properties_of(profile).get("monitorConfig") or {}).get("intervalInSeconds")
    return converge_seconds(ttl_seconds(profile), float(probes or dict(_PROBES)["interval"]))


# An endpoint is good or bad after so many probes at most, with as much again for the answers' way.
_PROBES_AT_MOST, _MARGIN_SECONDS = 4, 60


# -- endpoints


def endpoints_of(profile: Told) -> list[Told]:
    """All endpoints."""
    found: list[Told] = properties_of(profile).get("endpoints") or []
    return found


def endpoint_of(profile: Told, name: str) -> Told | None:
    """The endpoint of that name, if there is one."""
    return next((one for one in endpoints_of(profile) if str(one.get("name")).lower() == name.lower()), None)


def with_endpoint(profile: Told, name: str, endpoint: Told) -> Told:
    """The profile with that endpoint as it is reported now."""
    rest = [one for one in endpoints_of(profile) if str(one.get("name")).lower() != name.lower()]
    return {**profile, "properties": {**properties_of(profile), "endpoints": [*rest, {"name": name, **endpoint}]}}


def is_enabled(endpoint: Told | None) -> bool:
    """Whether it is one, and gets requests while it is healthy."""
    return endpoint is not None and str(properties_of(endpoint).get("endpointStatus") or "").lower() == "enabled"


def status_of(endpoint: Told | None) -> str:
    """How Traffic Manager finds it, in lower case."""
    return str(properties_of(endpoint).get("endpointMonitorStatus") or "").lower()


def _weight(endpoint: Told | None) -> int:
    return int(properties_of(endpoint).get("weight") or 1) if is_enabled(endpoint) else 0


def weights_of(profile: Told, names: Mapping[Color, str]) -> Weights:
    """The percent of both colors' requests that go to each of them."""
    found = {color: _weight(endpoint_of(profile, names[color])) for color in COLORS}
    return Weights.of_shares(found["blue"], found["green"], sum(found.values()))


def others_served(profile: Told, names: Mapping[Color, str]) -> bool:
    """Whether endpoints of others get requests."""
    ours = {name.lower() for name in names.values()}
    return any(is_enabled(one) for one in endpoints_of(profile) if str(one.get("name")).lower() not in ours)


def together(profile: Told, names: Mapping[Color, str]) -> int:
    """The weight that both colors share."""
    noted = tags_of(profile).get(TOGETHER_TAG, "")
    if noted.isdigit() and int(noted):
        return min(int(noted), MOST)
    if not others_served(profile, names):
        return MOST
    return min(sum(_weight(endpoint_of(profile, names[color])) for color in COLORS), MOST) or MOST


def too_coarse(profile: Told, names: Mapping[Color, str], weights: Weights) -> str:
    """Why a share cannot be had beside endpoints of others; empty if it can."""
    whole = together(profile, names)
    if weights.live_color is not None or whole >= LEAST_TOGETHER:
        return ""
    return (
        f"{names['blue']} and {names['green']} have a weight of {whole} together, beside endpoints of others, and have "
        f"to keep it: whole percents need {LEAST_TOGETHER} at least. Multiply the weights of all endpoints"
    )


def changes(profile: Told, names: Mapping[Color, str], targets: Mapping[Color, str], weights: Weights) -> list[Change]:
    """The changes to send, in an order in which the share moves one way only, and never both are disabled.

    Args:
        profile: as it is.
        names: the endpoints' names.
        targets: where each leads; empty where they are there already, and stay where they lead.
        weights: wanted.
    """
    whole = together(profile, names)
    present = {color: _weight(endpoint_of(profile, names[color])) for color in COLORS}
    wanted = {color: _wanted(weights.of(color), whole) for color in COLORS}
    found = {color: _change(profile, color, names[color], targets.get(color), wanted[color], whole) for color in COLORS}
    order = min((COLORS, COLORS[::-1]), key=lambda order: _strays(order[0], present, wanted))
    return [change for change in (found[color] for color in order) if change is not None]


def _wanted(percent: int, whole: int) -> int:
    """The weight that comes to so many percent; 0 is none. Who is alone has all of it, to be shared later."""
    shared = 0 < percent < 100
    return min(max(round(whole * percent / 100), 1), whole - 1 if shared else whole) if percent else 0


def _strays(first: Color, present: Mapping[Color, int], wanted: Mapping[Color, int]) -> float:
    """How far blue's share is off its way once the first of two writes is done; infinite where nobody is served."""

    def share(of: Mapping[Color, int]) -> float:
        return of["blue"] / whole if (whole := sum(of.values())) else -1.0

    between = {**present, first: wanted[first]}
    if not any(between.values()):
        return float("inf") if any(wanted.values()) else 0.0
    ends = [end for end in (share(present), share(wanted)) if end >= 0]
    return max(share(between) - max(ends), min(ends) - share(between), 0.0) if ends else 0.0


def _change(profile: Told, color: Color, name: str, target: str | None, weight: int, whole: int) -> Change | None:
    there = endpoint_of(profile, name)
    sent: dict[str, Any] = {"endpointStatus": "Enabled", "weight": weight} if weight else _DISABLED
    made = there is None or (target is not None and not leads_to(there, target))
    if not made:
        return None if _weight(there) == weight else Change(color, f"{kind_of(there)}/{name}", False, sent)
    kept = {key: copy.deepcopy(value) for key, value in properties_of(there).items() if key not in _NOT_KEPT}
    leads = {} if target is None else {target_key(target): target}
    whole_one = {**kept, "weight": whole, **sent, **leads}
    return Change(color, f"{kind_for(target or '')}/{name}", True, whole_one)


_DISABLED: dict[str, Any] = {"endpointStatus": "Disabled"}
_NOT_KEPT = frozenset({"target", "targetResourceId", "endpointMonitorStatus"})


def kind_of(endpoint: Told | None) -> str:
    """``azureEndpoints``, ``externalEndpoints`` or ``nestedEndpoints``."""
    return str((endpoint or {}).get("type") or "").rpartition("/")[2]


def kind_for(target: str) -> str:
    """The kind of an endpoint that leads there."""
    if not is_resource(target):
        return "externalEndpoints"
    return "nestedEndpoints" if "/trafficmanagerprofiles/" in target.lower() else "azureEndpoints"


def is_resource(target: str) -> bool:
    """Whether a target is a resource's id, and not a host name or an address."""
    return target.lower().startswith("/subscriptions/")


def target_key(target: str) -> str:
    """The property that says so."""
    return "targetResourceId" if is_resource(target) else "target"


def leads_to(endpoint: Told | None, target: str) -> bool:
    """Whether an endpoint leads there."""
    found = str(properties_of(endpoint).get(target_key(target)) or "")
    return found.lower().rstrip(".") == target.lower().rstrip(".")


def of_another_kind(profile: Told, names: Mapping[Color, str], targets: Mapping[Color, str]) -> str:
    """Why an endpoint cannot be made to lead to its target, which is of another kind; empty if it can."""
    for color in COLORS:
        there, target = endpoint_of(profile, names[color]), targets.get(color)
        if there is not None and target is not None and kind_of(there).lower() != kind_for(target).lower():
            return (
                f"endpoint {names[color]} is one of {kind_of(there)}, and {target} takes one of {kind_for(target)}: "
                f"delete it, or give {color} another name in `endpoints`"
            )
    return ""


# -- health


def served(profile: Told, names: Mapping[Color, str]) -> bool:
    """Whether the weights are what clients get: Traffic Manager leaves out what it finds bad, and has probed both."""
    states = [status_of(one) for one in (endpoint_of(profile, names[color]) for color in COLORS) if is_enabled(one)]
    if len(states) < 2:  # the only one is reported in any case
        return True
    return not any(state in _ENDED or state == _WAITING for state in states)


def is_checked(endpoint: Told | None) -> bool:
    """Whether Traffic Manager has an opinion on it."""
    return status_of(endpoint) != _WAITING


def readiness_of(profile: Told | None, name: str, color: Color, *, to_be_made: bool) -> Readiness:
    """An endpoint's health as Traffic Manager tells it; one that is disabled is not probed, and so not judged.

    Args:
        profile: as it is.
        name: the endpoint's.
        color: whose it is.
        to_be_made: whether the swap makes it where it is not there.
    """
    there = endpoint_of(profile or {}, name)
    if there is None and not to_be_made:
        return Readiness(False, 0, 1, f"there is no endpoint {name}", fatal=True, counts_units=False)
    status = status_of(there)
    if not is_enabled(there) or status in _SERVED:
        return Readiness(True, 1, 1, counts_units=False)
    if status == _WAITING:
        reason = f"endpoint {name}: Traffic Manager has not probed it yet"
        return Readiness(False, 0, 1, reason, starting=1, counts_units=False)
    told = properties_of(there).get("endpointMonitorStatus") or "not monitored"
    return Readiness(False, 0, 1, f"endpoint {name} of {color} is {told}", counts_units=False)
