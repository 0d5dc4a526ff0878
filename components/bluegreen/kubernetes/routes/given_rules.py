"""Rules of the user's own for a route that a component makes: those that lead nowhere yet lead to the colors. Pure.

Each is the platform's own, with whatever the platform knows: filters, timeouts, retries, session persistence. One that
has backends, or an answer of its own such as a redirect, stays as it is. The ways to each color by its header are made
of the same rules, so that a tester meets what production has. What is usual on a platform comes from
``kubernetes_rules``; here it is put into the rules that are given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

Rule = dict[str, Any]
Given = Sequence[Mapping[str, Any]]


def is_open_http(rule: Mapping[str, Any]) -> bool:
    """Whether a rule of an HTTPRoute or a GRPCRoute leads nowhere yet."""
    filters = [one for one in _listed(rule.get("filters")) if isinstance(one, Mapping)]
    return "backendRefs" not in rule and not any(one.get("type") == "RequestRedirect" for one in filters)


def is_open_istio(rule: Mapping[str, Any]) -> bool:
    """Whether an ``http`` route of a VirtualService does."""
    return not rule.keys() & {"route", "redirect", "directResponse", "delegate"}


def is_open_contour(rule: Mapping[str, Any]) -> bool:
    """Whether a route of an HTTPProxy does."""
    return not rule.keys() & {"services", "requestRedirectPolicy", "directResponsePolicy"}


def is_open_traefik(rule: Mapping[str, Any]) -> bool:
    """Whether a route of an IngressRoute does."""
    return "services" not in rule


def is_open_ingress(rule: Mapping[str, Any]) -> bool:
    """Whether a rule of an Ingress has a path that does."""
    return any("backend" not in path for path in _paths(rule))


def http_production(given: Given, usual: Sequence[Rule]) -> list[Rule]:
    """Rules of an HTTPRoute or a GRPCRoute."""
    return _filled(given, "backendRefs", usual[0]["backendRefs"], is_open_http)


def http_preview(given: Given, usual: Sequence[Rule]) -> list[Rule]:
    """The ways to each color: a rule for each that is open, and each color."""

    def matches(rule: Mapping[str, Any], way: Rule) -> list[Rule]:
        return [
            {**match, "headers": [*(match.get("headers") or ()), *named["headers"]]}
            for match in rule.get("matches") or [{}]
            for named in _once([{"headers": one["headers"]} for one in way["matches"]])
        ]

    return [
        {**_nameless(rule), "matches": matches(rule, way), "backendRefs": way["backendRefs"]}
        for rule in given
        if is_open_http(rule)
        for way in usual
    ]


def istio_routes(given: Given, usual: Sequence[Rule], ways: Sequence[Rule]) -> list[Rule]:
    """All ``http`` routes: before each that is open the ways to each color, as the first that matches counts."""
    made: list[Rule] = []
    for rule in given:
        if not is_open_istio(rule):
            made.append(dict(rule))
            continue
        for way in ways:
            named = _once([one["headers"] for one in way["match"]])
            matches = [
                {**match, "headers": {**(match.get("headers") or {}), **headers}}
                for match in rule.get("match") or [{}]
                for headers in named
            ]
            made.append({**_nameless(rule), "match": matches, "route": way["route"]})
        made.append({**rule, "route": usual[0]["route"]})
    return made


def contour_production(given: Given, usual: Sequence[Rule]) -> list[Rule]:
    """Routes of an HTTPProxy."""
    return _filled(given, "services", usual[0]["services"], is_open_contour)


def contour_preview(given: Given, usual: Sequence[Rule]) -> list[Rule]:
    """The ways to each color, which stand in the HTTPProxy of the host."""
    by_header = _once([{"header": way["conditions"][1], "services": way["services"]} for way in usual])
    return [
        {**rule, "conditions": [*(rule.get("conditions") or ()), way["header"]], "services": way["services"]}
        for rule in given
        if is_open_contour(rule)
        for way in by_header
    ]


def traefik_routes(given: Given, usual: Sequence[Rule], everything: str) -> list[Rule]:
    """Routes of an IngressRoute: Traefik takes the longest match first, unless a priority says otherwise.

    Args:
        given: the user's own.
        usual: those to each color, and last the one of production, for ``everything``.
        everything: what the usual ones match before they name a color.
    """
    made: list[Rule] = []
    for rule in given:
        if not is_open_traefik(rule):
            made.append({"kind": "Rule", **rule})
            continue
        for way in usual[:-1]:
            match = f"({rule.get('match', everything)}) && {way['match'].removeprefix(f'{everything} && ')}"
            first = {"priority": rule["priority"] + 1} if rule.get("priority") else {}
            made.append({**way, **rule, **first, "match": match, "services": way["services"]})
        made.append({**usual[-1], **rule, "services": usual[-1]["services"]})
    return made


def ingress_rules(given: Given, backends: Sequence[Mapping[str, Any]], *, open_alone: bool = False) -> list[Rule]:
    """Rules of an Ingress.

    Args:
        given: the user's own; a path without a backend is open.
        backends: what each open path leads to, in this order.
        open_alone: whether the paths with backends of their own are left out: a canary is beside another Ingress.
    """
    made = []
    for rule in given:
        paths = [
            one
            for path in _paths(rule)
            if "backend" not in path or not open_alone
            for one in ([path] if "backend" in path else [{**path, "backend": backend} for backend in backends])
        ]
        if paths:
            made.append({**rule, "http": {**rule["http"], "paths": paths}})
    return made


def _filled(given: Given, key: str, backends: Any, is_open: Callable[[Mapping[str, Any]], bool]) -> list[Rule]:
    return [{**rule, key: backends} if is_open(rule) else dict(rule) for rule in given]


def _paths(rule: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    http = rule.get("http")
    return [one for one in _listed(http.get("paths") if isinstance(http, Mapping) else ()) if isinstance(one, Mapping)]


def _listed(rules: Any) -> Sequence[Any]:
    return rules if isinstance(rules, (list, tuple)) else ()


def _nameless(rule: Mapping[str, Any]) -> Rule:
    """The rule without its name, which only one rule may have."""
    return {key: value for key, value in rule.items() if key != "name"}


def _once(rules: Sequence[Any]) -> list[Any]:
    return [one for number, one in enumerate(rules) if one not in rules[:number]]
