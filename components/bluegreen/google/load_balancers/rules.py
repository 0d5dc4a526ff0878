"""A URL map's places: where each leads to, and what it has to say to lead elsewhere. Pure.

A place is the map's default service, a path matcher's, or that of one of its route rules or path rules. Whatever else
stands there (mirrors, rewrites, retries, headers, and what is not known here) stays as it was read.

https://cloud.google.com/load-balancing/docs/https/traffic-management-global
https://cloud.google.com/compute/docs/reference/rest/v1/urlMaps
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bluegreen.google.compute_engine import names
from bluegreen.rollout.model import COLORS, Color, Weights

UrlMap = Mapping[str, Any]
Holder = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a URL map.

    Attributes:
        matcher: the path matcher's name; empty: the map's own default service.
        priority: of the path matcher's route rule; ``None``: none of them.
        path: one of the paths of the path matcher's path rule; empty: none of them.
    """

    matcher: str = ""
    priority: int | None = None
    path: str = ""

    @property
    def name(self) -> str:
        """The place as notes and messages have it."""
        if not self.matcher:
            return "default"
        if self.priority is not None:
            return f"{self.matcher}, route rule {self.priority}"
        return f"{self.matcher}, path {self.path}" if self.path else self.matcher

    @property
    def _keys(self) -> tuple[str, str, str]:
        if self.priority is not None or self.path:
            return "service", "routeAction", "urlRedirect"
        return "defaultService", "defaultRouteAction", "defaultUrlRedirect"

    def holder_in(self, found: UrlMap) -> Holder | None:
        """The part of a map that says where this place leads to; ``None`` where it has no such part."""
        if not self.matcher:
            return found
        matcher = next((one for one in found.get("pathMatchers") or () if one.get("name") == self.matcher), None)
        if matcher is None:
            return None
        if self.priority is not None:
            rules = matcher.get("routeRules") or ()
            return next((one for one in rules if int(one.get("priority") or 0) == self.priority), None)
        if self.path:
            return next((one for one in matcher.get("pathRules") or () if self.path in (one.get("paths") or ())), None)
        return matcher  # type: ignore[no-any-return]

    def services_in(self, found: UrlMap) -> list[tuple[str, int]]:
        """The backend services that the place leads to, in their normal form, each with its weight."""
        holder = self.holder_in(found)
        if holder is None:
            return []
        service, action, _ = self._keys
        project = names.project_of(names.normal(str(found.get("selfLink") or "projects//")))
        weighted = (holder.get(action) or {}).get("weightedBackendServices") or ()
        if weighted:
            return [
                (names.normal(str(one.get("backendService") or ""), project), int(one.get("weight") or 0))
                for one in weighted
            ]
        return [(names.normal(holder[service], project), 1)] if holder.get(service) else []

    def unfit(self, found: UrlMap) -> str:
        """Why the place cannot be led elsewhere; empty if it can."""
        holder = self.holder_in(found)
        if holder is None:
            return f"the map has no {self.name}"
        return "it redirects its requests (urlRedirect)" if holder.get(self._keys[2]) else ""

    def others_in(self, found: UrlMap, backends: Mapping[Color, str]) -> list[Place]:
        """The other rules of the path matcher that list both colors' backend services, as a swap leaves its own."""
        matchers: Sequence[UrlMap] = found.get("pathMatchers") or ()
        matcher: UrlMap = next((one for one in matchers if one.get("name") == self.matcher), {})
        places: list[Place] = []
        if self.priority is not None:
            places = [Place(self.matcher, int(one.get("priority") or 0)) for one in matcher.get("routeRules") or ()]
        elif self.path:
            rules = matcher.get("pathRules") or ()
            places = [Place(self.matcher, path=path) for one in rules for path in one.get("paths") or ()]
        return [
            one
            for one in places
            if one != self and {name for name, _ in one.services_in(found)} >= {backends[color] for color in COLORS}
        ]

    def weights_in(self, found: UrlMap, backends: Mapping[Color, str]) -> Weights:
        """The percent of requests that the place sends to each color's backend service.

        Whoever gets any gets one at least, so that no color looks live that is not alone.
        """
        services = self.services_in(found)
        total = sum(weight for _, weight in services)
        if not total:
            return Weights()
        shares = {color: sum(weight for name, weight in services if name == backends[color]) for color in COLORS}
        return Weights.of_shares(shares["blue"], shares["green"], total)

    def led_to(self, found: UrlMap, backends: Mapping[Color, str], weights: Weights) -> dict[str, Any]:
        """The fields of the map that are to be sent, as a merge patch, so that the place sends requests as wanted.

        Both colors' backend services stay in the list, so that Google keeps probing the idle one.
        """
        service, action, _ = self._keys
        project = names.project_of(names.normal(str(found.get("selfLink") or "projects//")))

        def led(holder: Holder) -> dict[str, Any]:
            own: dict[str, Any] = copy.deepcopy(dict(holder))
            route = own.get(action) or {}
            there = {
                names.normal(str(one.get("backendService") or ""), project): one
                for one in route.get("weightedBackendServices") or ()
            }
            wanted = {
                backends[color]: {
                    **there.pop(backends[color], {"backendService": names.link(backends[color])}),
                    "weight": weights.of(color),
                }
                for color in COLORS
            }
            others = [{**one, "weight": 0} for one in there.values()]
            own[action] = {**route, "weightedBackendServices": [*wanted.values(), *others]}
            own.pop(service, None)
            return own

        if not self.matcher:
            return {service: None, action: led(found)[action]}
        holder = self.holder_in(found)
        matchers: list[Mapping[str, Any]] = []
        for matcher in found.get("pathMatchers") or ():
            rules = [key for key in ("routeRules", "pathRules") if key in matcher]
            below = {key: [led(one) if _is(one, holder) else one for one in matcher[key]] for key in rules}
            matchers.append(led(matcher) if _is(matcher, holder) else {**matcher, **below})
        return {"pathMatchers": matchers}


def _is(one: Holder, another: Holder | None) -> bool:
    return one is another
