"""Envoy's routing table, turned into the two files that Envoy watches."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from localcloud.paths import short_hash

ROUTES = "routes"
"""The name of the one route configuration."""
APPLIED_HOST = "applied.envoy.invalid"
"""By this name Envoy shows the version of its table."""


@dataclass(frozen=True)
class Share:
    """A backend's part of a route's requests.

    Attributes:
        backend: its name in the table.
        weight: against the sum of the route's weights; nothing at all goes to one of 0.
        cookies: set in its answers, each as a ``Set-Cookie`` header has it.
    """

    backend: str
    weight: int = 1
    cookies: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answer:
    """An answer that Envoy gives by itself, where there is nobody to ask."""

    status: int
    body: str


@dataclass(frozen=True)
class Route:
    """Requests that go one way. The first of a host that matches is taken.

    Attributes:
        to: the shares, or an answer. Shares of which none has a weight answer 503.
        prefix: how the path begins.
        cookie: name and value of one that the request has to have.
        query: name and value of a parameter that the request has to have.
    """

    to: tuple[Share, ...] | Answer
    prefix: str = "/"
    cookie: tuple[str, str] | None = None
    query: tuple[str, str] | None = None


@dataclass(frozen=True)
class Host:
    """Names, with or without a port, in lower case; ``*`` is every other one."""

    names: tuple[str, ...]
    routes: tuple[Route, ...]


@dataclass(frozen=True)
class Table:
    """The whole routing table.

    Attributes:
        hosts: no name may stand in two of them.
        backends: the ports on 127.0.0.1 of each backend's instances; requests take turns.
    """

    hosts: tuple[Host, ...] = ()
    backends: Mapping[str, tuple[int, ...]] = field(default_factory=dict)


def cluster(table: Table, backend: str) -> str:
    """Envoy's name for a backend as it is now: of other instances it is another one, so that none is ever changed."""
    ports = sorted(table.backends[backend])
    return f"{backend}-{short_hash(','.join(map(str, ports)))}"


def clusters(table: Table) -> dict[str, Any]:
    """The backends, by Envoy's names."""
    return {cluster(table, name): _cluster(cluster(table, name), ports) for name, ports in table.backends.items()}


def _cluster(name: str, ports: tuple[int, ...]) -> dict[str, Any]:
    endpoints = [
        {"endpoint": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": port}}}}
        for port in sorted(ports)
    ]
    return {
        "@type": "type.googleapis.com/envoy.config.cluster.v3.Cluster",
        "name": name,
        "type": "STATIC",
        "connect_timeout": "5s",
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": endpoints}]},
    }


def routes(table: Table, version: str) -> dict[str, Any]:
    """The route configuration; `version` is what `APPLIED_HOST` answers."""
    applied = Host((APPLIED_HOST,), (Route(Answer(200, version)),))
    return {
        "@type": "type.googleapis.com/envoy.config.route.v3.RouteConfiguration",
        "name": ROUTES,
        # A backend that is gone answers 503; the whole table is not refused for it.
        "validate_clusters": False,
        "ignore_port_in_host_matching": True,
        "virtual_hosts": [
            {"name": host.names[0], "domains": list(host.names), "routes": [_route(table, one) for one in host.routes]}
            for host in (*table.hosts, applied)
        ],
    }


def _route(table: Table, route: Route) -> dict[str, Any]:
    match: dict[str, Any] = {"prefix": route.prefix}
    if route.cookie is not None:
        name, value = route.cookie
        pattern = {"safe_regex": {"regex": f"(.*;\\s*)?{_escaped(name)}={_escaped(value)}(\\s*;.*)?"}}
        match["headers"] = [{"name": "cookie", "string_match": pattern}]
    if route.query is not None:
        name, value = route.query
        match["query_parameters"] = [{"name": name, "string_match": {"exact": value}}]
    if isinstance(route.to, Answer):
        return {"match": match, **_answer(route.to)}
    shares = [share for share in route.to if share.weight > 0]
    if not shares:
        return {"match": match, **_answer(Answer(503, "no backend has a weight"))}
    return {
        "match": match,
        "route": {
            # Who calls decides how long to wait; nothing is sent twice.
            "timeout": "0s",
            "weighted_clusters": {
                "clusters": [
                    {"name": cluster(table, share.backend), "weight": share.weight, **_cookies(share)}
                    for share in shares
                ]
            },
        },
    }


def _cookies(share: Share) -> dict[str, Any]:
    added = [
        {"header": {"key": "set-cookie", "value": cookie}, "append_action": "APPEND_IF_EXISTS_OR_ADD"}
        for cookie in share.cookies
    ]
    return {"response_headers_to_add": added} if added else {}


def _answer(answer: Answer) -> dict[str, Any]:
    return {"direct_response": {"status": answer.status, "body": {"inline_string": answer.body}}}


def _escaped(text: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "-_" else f"\\x{ord(letter):02x}" for letter in text)


def discovery(resources: list[dict[str, Any]], version: str) -> str:
    """A file that Envoy watches."""
    return json.dumps({"version_info": version, "resources": resources})


def bootstrap(admin: str, routes_file: str, clusters_file: str) -> dict[str, Any]:
    """Configuration of Envoy: one listener on a free port of 127.0.0.1, which also takes whole URLs, as a proxy."""
    filters = "type.googleapis.com/envoy.extensions.filters"
    manager = {
        "@type": f"{filters}.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "ingress",
        "codec_type": "AUTO",
        "rds": {"route_config_name": ROUTES, "config_source": _watched(routes_file)},
        "http_protocol_options": {"allow_absolute_url": True},
        "http_filters": [
            {
                "name": "envoy.filters.http.router",
                "typed_config": {"@type": f"{filters}.http.router.v3.Router"},
            }
        ],
    }
    return {
        "node": {"id": "localcloud", "cluster": "localcloud"},
        "admin": {"address": {"pipe": {"path": admin}}},
        "dynamic_resources": {"cds_config": _watched(clusters_file)},
        "static_resources": {
            "listeners": [
                {
                    "name": "http",
                    "address": {"socket_address": {"address": "127.0.0.1", "port_value": 0}},
                    "filter_chains": [
                        {
                            "filters": [
                                {"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}
                            ]
                        }
                    ],
                }
            ]
        },
    }


def _watched(file: str) -> dict[str, Any]:
    return {"resource_api_version": "V3", "path_config_source": {"path": file}}
