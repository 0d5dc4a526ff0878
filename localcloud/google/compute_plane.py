"""The way of a request to a load balancer: forwarding rule, proxy, URL map, backend service, instance.

https://cloud.google.com/load-balancing/docs/url-map-concepts
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from localcloud.envoy.plane import Site
from localcloud.envoy.routes import Answer, Route, Share

LINK = "https://www.googleapis.com/compute/v1/"
_PARTS = 2520
"""A weight is cut into so many parts, for up to ten instances to have as many each."""

Objects = Mapping[str, Mapping[str, Any]]
Serving = Callable[[str], tuple[Share, ...]]
"""Those behind a backend service that get requests, as the data plane knows them, with their weights."""


def sites_of(objects: Objects, serving: Serving) -> list[Site]:
    """The sites of the load balancers: an address each, and the names of its host rules."""
    found: list[Site] = []
    taken: set[str] = set()
    rules = [rule for name, rule in objects.items() if "/forwardingRules/" in name]
    # One address may have a rule for HTTP that redirects to HTTPS beside that: ports are one here.
    for rule in sorted(rules, key=lambda one: "defaultUrlRedirect" in _map_of(objects, one)):
        url_map = _map_of(objects, rule)
        if not url_map:
            continue
        for names, routes in _hosts(str(rule.get("IPAddress") or ""), url_map, serving):
            free = tuple(one for one in names if one and one not in taken)
            if free:
                taken |= set(free)
                found.append(Site(free, tuple(routes)))
    return found


def _map_of(objects: Objects, rule: Mapping[str, Any]) -> Mapping[str, Any]:
    proxy = objects.get(_bare(rule.get("target"))) or {}
    return objects.get(_bare(proxy.get("urlMap"))) or {}


def _hosts(
    address: str, url_map: Mapping[str, Any], serving: Serving
) -> Iterator[tuple[tuple[str, ...], Iterator[Route]]]:
    matchers = {one["name"]: one for one in url_map.get("pathMatchers") or ()}
    for rule in url_map.get("hostRules") or ():
        names = tuple(address if one == "*" else one.lower() for one in rule["hosts"])
        yield names, _routes(matchers[rule["pathMatcher"]], serving)
    yield (address,), _routes(url_map, serving)


def _routes(matcher: Mapping[str, Any], serving: Serving) -> Iterator[Route]:
    """Route rules by their priority, path rules by the longest path, and then the default."""
    for rule in sorted(matcher.get("routeRules") or (), key=lambda one: int(one.get("priority") or 0)):
        for match in rule.get("matchRules") or ():
            prefix = match.get("prefixMatch") or match.get("fullPathMatch")
            if prefix and not match.get("headerMatches") and not match.get("queryParameterMatches"):
                yield Route(_to(rule, ("service", "routeAction"), serving), prefix)
    pairs = [(path, rule) for rule in matcher.get("pathRules") or () for path in rule.get("paths") or ()]
    for path, rule in sorted(pairs, key=lambda pair: -len(pair[0])):
        yield Route(_to(rule, ("service", "routeAction"), serving), path.removesuffix("*"))
    yield Route(_to(matcher, ("defaultService", "defaultRouteAction"), serving))


def _to(holder: Mapping[str, Any], keys: tuple[str, str], serving: Serving) -> tuple[Share, ...] | Answer:
    service, action = keys
    weighted = (holder.get(action) or {}).get("weightedBackendServices") or ()
    pairs = [(_bare(one["backendService"]), int(one.get("weight") or 0)) for one in weighted]
    pairs = pairs or ([(_bare(holder[service]), 1)] if holder.get(service) else [])
    if not pairs:
        return Answer(404, "nothing is there")
    shares: list[Share] = []
    for name, weight in pairs:
        # A backend service with nobody who is well answers 503 by itself.
        behind = (serving(name) if weight else ()) or (Share(name),)
        parts = weight * _PARTS // (sum(one.weight for one in behind) or 1)
        shares += [Share(one.backend, parts * one.weight) for one in behind]
    return tuple(shares)


def _bare(link: Any) -> str:
    return str(link or "").removeprefix(LINK)
