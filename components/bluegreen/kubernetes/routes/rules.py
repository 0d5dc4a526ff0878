"""The usual rules of a service on each platform, for its production requests and for the way to a color by name. Pure.

Production rules name both colors' Services without a weight: they go into a router's section, and the swap fills the
weights in. Preview rules lead to the color that a header (or a cookie) names, live or idle. Where a platform joins
several objects into one (Gateway API, Ingress, Traefik) they belong into an object of the stack, so that they work
before the first swap; where it does not, they stand before the production rules in the swap's own list.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bluegreen.rollout.model import COLORS, Color

Rule = dict[str, Any]
NGINX_HEADER = "X-Bluegreen-Green"
"""ingress-nginx knows one canary a rule, so its header knows two words: ``always`` is green, ``never`` is blue."""
_NGINX = "nginx.ingress.kubernetes.io/"
_ALB = "alb.ingress.kubernetes.io/"
_BY_ACTION = {"name": "use-annotation"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The service that the rules are for. Services and port may be outputs: they are only passed on.

    Attributes:
        services: each color's Service.
        port: their port.
        paths: prefixes of the paths that are routed.
        header: the header that names a color.
        cookie: a cookie that does, too; none when empty.
        values: what they say for each color.
        suffix: of a header's or cookie's own name, where a platform's words for the colors are fixed.
        rules: the user's own, in place of one for all of the paths: see ``kubernetes_given_rules``.
    """

    services: Mapping[Color, Any]
    port: Any
    paths: Sequence[str] = ("/",)
    header: str = "X-Bluegreen-Color"
    cookie: str = ""
    values: Mapping[Color, str] = field(default_factory=lambda: {"blue": "blue", "green": "green"})
    suffix: str = ""
    rules: Sequence[Mapping[str, Any]] = ()


# -- Gateway API, and Linkerd, which has the same rules with a Service as the route's parent


def http_route_production(wanted: Wanted) -> list[Rule]:
    """One rule of an HTTPRoute: every path to both colors."""
    matches = [{"path": _prefix(path)} for path in wanted.paths]
    return [{"matches": matches, "backendRefs": _backends(wanted, *COLORS)}]


def http_route_preview(wanted: Wanted) -> list[Rule]:
    """A rule of an HTTPRoute for each color. They repeat the paths: a longer path would win over a header."""
    return [
        {
            "matches": [
                {"path": _prefix(path), "headers": [header]}
                for header in _gateway_headers(wanted, color)
                for path in wanted.paths
            ],
            "backendRefs": _backends(wanted, color),
        }
        for color in COLORS
    ]


def grpc_route_production(wanted: Wanted, grpc_services: Sequence[str] = ()) -> list[Rule]:
    """One rule of a GRPCRoute: these gRPC services, all when empty, to both colors."""
    matches = [{"method": {"type": "Exact", "service": service}} for service in grpc_services]
    return [{**({"matches": matches} if matches else {}), "backendRefs": _backends(wanted, *COLORS)}]


def grpc_route_preview(wanted: Wanted, grpc_services: Sequence[str] = ()) -> list[Rule]:
    """A rule of a GRPCRoute for each color, by the header as metadata. gRPC has no cookies."""
    methods: list[Rule] = [{"method": {"type": "Exact", "service": service}} for service in grpc_services] or [{}]
    return [
        {
            "matches": [{**method, "headers": [_exact(wanted.header, wanted.values[color])]} for method in methods],
            "backendRefs": _backends(wanted, color),
        }
        for color in COLORS
    ]


def _backends(wanted: Wanted, *colors: Color) -> list[Rule]:
    return [{"name": wanted.services[color], "port": wanted.port} for color in colors]


def _prefix(path: str) -> Rule:
    return {"type": "PathPrefix", "value": path}


def _exact(name: str, value: str) -> Rule:
    return {"type": "Exact", "name": name, "value": value}


def _gateway_headers(wanted: Wanted, color: Color) -> list[Rule]:
    matches = [_exact(wanted.header, wanted.values[color])]
    if wanted.cookie:
        matches.append(
            {
                "type": "RegularExpression",
                "name": "Cookie",
                "value": _cookie_pattern(wanted.cookie, wanted.values[color]),
            }
        )
    return matches


def _cookie_pattern(cookie: str, value: str) -> str:
    """The whole of a ``Cookie`` header in which a cookie names the color; as proxies have it, from end to end."""
    return rf"^(.*;\s*)?{re.escape(cookie)}={value}(;.*)?$"


# -- Traefik's own: an IngressRoute of the stack in front of a TraefikService, of which the swap owns the weights


def traefik_weighted(wanted: Wanted) -> Rule:
    """The ``weighted`` part of a TraefikService."""
    return {"services": _backends(wanted, *COLORS)}


def traefik_routes(wanted: Wanted, traefik_service: Any, hostnames: Sequence[str] = ()) -> list[Rule]:
    """The routes of the stack's IngressRoute: to the color that is named, else to the TraefikService."""
    hosts = _any_of(f"Host(`{host}`)" for host in hostnames)
    paths = _any_of(f"PathPrefix(`{path}`)" for path in wanted.paths)
    everything = " && ".join(part for part in (hosts, paths) if part)
    routes = [
        {
            "kind": "Rule",
            "match": f"{everything} && {_traefik_names(wanted, color)}",
            "services": _backends(wanted, color),
        }
        for color in COLORS
    ]
    production = {
        "kind": "Rule",
        "match": everything,
        "services": [{"name": traefik_service, "kind": "TraefikService"}],
    }
    # Traefik takes the longest match first: the color's routes are longer.
    return [*routes, production]


def _traefik_names(wanted: Wanted, color: Color) -> str:
    matchers = [f"Header(`{wanted.header}`, `{wanted.values[color]}`)"]
    if wanted.cookie:
        matchers.append(f"HeaderRegexp(`Cookie`, `{_cookie_pattern(wanted.cookie, wanted.values[color])}`)")
    return _any_of(matchers)


def _any_of(matchers: Any) -> str:
    terms = list(matchers)
    return terms[0] if len(terms) == 1 else f"({' || '.join(terms)})" if terms else ""


# -- Istio


def istio_production(wanted: Wanted, destinations: Mapping[Color, Mapping[str, Any]] | None = None) -> list[Rule]:
    """One ``http`` route of a VirtualService, to both colors.

    Args:
        wanted: what it is for.
        destinations: ``{"host": …, "subset": …}`` for each color where it is not the host of its Service.
    """
    matches = [{"uri": {"prefix": path}} for path in wanted.paths]
    return [{"match": matches, "route": [_istio_route(wanted, color, destinations) for color in COLORS]}]


def istio_preview(wanted: Wanted, destinations: Mapping[Color, Mapping[str, Any]] | None = None) -> list[Rule]:
    """An ``http`` route of a VirtualService for each color."""
    return [
        {
            "match": [
                {"uri": {"prefix": path}, "headers": headers}
                for headers in _istio_headers(wanted, color)
                for path in wanted.paths
            ],
            "route": [_istio_route(wanted, color, destinations)],
        }
        for color in COLORS
    ]


def istio_placeholder() -> list[Rule]:
    """The ``http`` routes of a VirtualService that no swap has written yet: Istio takes none without routes."""
    return [{"directResponse": {"status": 503, "body": {"string": "no color is live"}}}]


def _istio_route(wanted: Wanted, color: Color, destinations: Mapping[Color, Mapping[str, Any]] | None) -> Rule:
    destination = (destinations or {}).get(color) or {"host": wanted.services[color]}
    return {"destination": {"port": {"number": wanted.port}, **destination}}


def _istio_headers(wanted: Wanted, color: Color) -> list[Rule]:
    # Istio wants a header's name in lower case.
    matches: list[Rule] = [{wanted.header.lower(): {"exact": wanted.values[color]}}]
    if wanted.cookie:
        matches.append({"cookie": {"regex": _cookie_pattern(wanted.cookie, wanted.values[color])}})
    return matches


# -- Contour


def contour_production(wanted: Wanted) -> list[Rule]:
    """A route of an HTTPProxy for each path, to both colors: the conditions of one route all have to hold."""
    return [{"conditions": [{"prefix": path}], "services": _backends(wanted, *COLORS)} for path in wanted.paths]


def contour_preview(wanted: Wanted) -> list[Rule]:
    """The routes of an HTTPProxy to each color."""
    return [
        {"conditions": [{"prefix": path}, {"header": header}], "services": _backends(wanted, color)}
        for color in COLORS
        for header in _contour_headers(wanted, color)
        for path in wanted.paths
    ]


def _contour_headers(wanted: Wanted, color: Color) -> list[Rule]:
    matches = [{"name": wanted.header, "exact": wanted.values[color]}]
    if wanted.cookie:
        matches.append({"name": "Cookie", "regex": _cookie_pattern(wanted.cookie, wanted.values[color])})
    return matches


# -- Ingress: ingress-nginx, AWS Load Balancer Controller


def nginx_canary_annotations(header: str = NGINX_HEADER, cookie: str = "") -> dict[str, str]:
    """The stack's annotations of the canary Ingress, whose backend is green; the weight beside them is the swap's."""
    annotations = {f"{_NGINX}canary": "true", f"{_NGINX}canary-by-header": header}
    return {**annotations, **({f"{_NGINX}canary-by-cookie": cookie} if cookie else {})}


def nginx_preview_headers(color: Color, header: str = NGINX_HEADER) -> dict[str, str]:
    """The headers that lead to a color."""
    return {header: "always" if color == "green" else "never"}


def alb_forward(wanted: Wanted) -> Rule:
    """The ``forwardConfig`` of an action, to both colors."""
    return {"targetGroups": _alb_groups(wanted, *COLORS)}


def alb_preview_actions(wanted: Wanted, action: str) -> dict[str, Rule]:
    """The content of the stack's annotations of the Ingress: an action and its condition for each color.

    They also keep both target groups on the load balancer, so that the idle one is health-checked.
    """
    by_annotation: dict[str, Any] = {}
    for color in COLORS:
        by_annotation[f"{_ALB}actions.{action}-{color}"] = {
            "type": "forward",
            "forwardConfig": {"targetGroups": _alb_groups(wanted, color)},
        }
        by_annotation[f"{_ALB}conditions.{action}-{color}"] = [
            {
                "field": "http-header",
                "httpHeaderConfig": {"httpHeaderName": wanted.header, "values": [wanted.values[color]]},
            }
        ]
    return by_annotation


def alb_paths(wanted: Wanted, action: str) -> list[Rule]:
    """The paths of the stack's Ingress rule: to the color that is named, else to the swap's action, in this order."""
    return [
        {"path": path, "pathType": "Prefix", "backend": {"service": {"name": name, "port": _BY_ACTION}}}
        for path in wanted.paths
        for name in (*(f"{action}-{color}" for color in COLORS), action)
    ]


def _alb_groups(wanted: Wanted, *colors: Color) -> list[Rule]:
    return [{"serviceName": wanted.services[color], "servicePort": wanted.port} for color in colors]


def as_json(value: Any) -> str:
    """A value as the JSON of an annotation: the same text for the same value."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))
