"""Refusals of URL maps beyond types and names.

https://cloud.google.com/compute/docs/reference/rest/v1/urlMaps
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from localcloud.google.compute_errors import invalid

_LINK = "https://www.googleapis.com/compute/v1/"
# The reference names no limit for it; this is what Compute Engine has for descriptions elsewhere.
_LONGEST_DESCRIPTION = 2048
# "Each must start with / and the only place a * is allowed is at the end following a /": the description's words.
_PATH = re.compile(r"/([^*?#]*/)?([^*?#]*|\*)\Z")


def refuse_unfit(name: str, wanted: Mapping[str, Any], objects: Mapping[str, Mapping[str, Any]]) -> None:
    """Raise where the map is not one that can be."""
    if len(str(wanted.get("description") or "")) > _LONGEST_DESCRIPTION:
        raise invalid("resource.description", "…", f"Must be at most {_LONGEST_DESCRIPTION} characters")
    named = [one.get("name") for one in wanted.get("pathMatchers") or ()]
    _refuse_twice("resource.pathMatchers", named)
    _refuse_twice("resource.hostRules", [host for one in wanted.get("hostRules") or () for host in one["hosts"]])
    matchers = set(named)
    for index, rule in enumerate(wanted.get("hostRules") or ()):
        if rule.get("pathMatcher") not in matchers:
            raise invalid(f"resource.hostRules[{index}].pathMatcher", rule.get("pathMatcher"), "There is none")
    for where, holder, keys in _holders(wanted):
        service, action, redirect = keys
        weighted = (holder.get(action) or {}).get("weightedBackendServices")
        # "Only one of defaultUrlRedirect, defaultService or defaultRouteAction.weightedBackendService can be set."
        if sum(bool(one) for one in (holder.get(service), weighted, holder.get(redirect))) != 1:
            raise invalid(where or "resource", "", f"Exactly one of {service}, weightedBackendServices, {redirect}")
        if holder.get(service):
            _refuse_foreign(f"{where}{service}", name, holder[service], objects, weighted=False)
        for index, one in enumerate(weighted or ()):
            at = f"{where}{action}.weightedBackendServices[{index}]"
            _refuse_foreign(f"{at}.backendService", name, one.get("backendService"), objects, weighted=True)
            if not 0 <= int(one.get("weight") or 0) <= 1000:
                raise invalid(f"{at}.weight", one.get("weight"), "Must be from 0 to 1000")
        if weighted and not sum(int(one.get("weight") or 0) for one in weighted):
            raise invalid(f"{where}{action}", "", "One weightedBackendService must have a weight that is not 0")
    _refuse_unfit_matchers(wanted)


def _refuse_unfit_matchers(wanted: Mapping[str, Any]) -> None:
    for index, matcher in enumerate(wanted.get("pathMatchers") or ()):
        if matcher.get("pathRules") and matcher.get("routeRules"):
            raise invalid(f"resource.pathMatchers[{index}]", matcher.get("name"), "Only one of pathRules or routeRules")
        paths = [path for one in matcher.get("pathRules") or () for path in one.get("paths") or ()]
        _refuse_twice(f"resource.pathMatchers[{index}].pathRules", paths)
        for path in paths:
            if not _PATH.match(path):
                raise invalid(f"resource.pathMatchers[{index}].pathRules", path, "It starts with /, and * ends it")
        priorities = [one.get("priority") for one in matcher.get("routeRules") or ()]
        if len(set(priorities)) < len(priorities):
            raise invalid(f"resource.pathMatchers[{index}].routeRules", "", "Priorities must be unique")


def refuse_uncertified(wanted: Mapping[str, Any], objects: Mapping[str, Mapping[str, Any]]) -> None:
    """Raise where a proxy for HTTPS has no certificate, or one that is not there.

    https://cloud.google.com/compute/docs/reference/rest/v1/targetHttpsProxies: the field `sslCertificates`.
    """
    certificates = wanted.get("sslCertificates") or ()
    if not certificates and not wanted.get("certificateMap"):
        raise invalid("resource.sslCertificates", "", "At least 1 SSL certificate must be specified")
    for index, link in enumerate(certificates):
        if str(link).removeprefix(_LINK) not in objects:
            raise invalid(f"resource.sslCertificates[{index}]", link, "The referenced resource was not found")


def _refuse_twice(field: str, names: list[Any]) -> None:
    found = next((one for one in names if names.count(one) > 1), None)
    if found is not None:
        raise invalid(field, found, "Duplicate")


def _holders(wanted: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any], tuple[str, str, str]]]:
    default = ("defaultService", "defaultRouteAction", "defaultUrlRedirect")
    yield "resource.", wanted, default
    for index, matcher in enumerate(wanted.get("pathMatchers") or ()):
        where = f"resource.pathMatchers[{index}]."
        yield where, matcher, default
        for rules in ("pathRules", "routeRules"):
            for number, rule in enumerate(matcher.get(rules) or ()):
                yield f"{where}{rules}[{number}].", rule, ("service", "routeAction", "urlRedirect")


def _refuse_foreign(
    field: str, url_map: str, link: Any, objects: Mapping[str, Mapping[str, Any]], *, weighted: bool
) -> None:
    name = str(link or "").removeprefix(_LINK)
    found = objects.get(name)
    if found is None:
        raise invalid(field, link, "The referenced resource was not found")
    if name.split("/")[2:-2] != url_map.split("/")[2:-2]:
        raise invalid(field, link, "It has to be of the URL map's own scope")
    # https://cloud.google.com/load-balancing/docs/features: no weights in a classic Application Load Balancer.
    if weighted and found.get("loadBalancingScheme", "EXTERNAL") == "EXTERNAL":
        raise invalid(field, link, "Advanced routing is not supported with loadBalancingScheme EXTERNAL")
