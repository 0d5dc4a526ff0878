"""An Envoy route configuration in a file: which of its routes leads to two clusters, and with which weights. Pure.

What is not known here goes back as it was read. JSON as Envoy takes it has names in snake case or in camel case, and
numbers may be texts.

https://www.envoyproxy.io/docs/envoy/v1.35.0/api-v3/config/route/v3/route_components.proto
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bluegreen.rollout.model import COLORS, Color, Weights

_TYPE = "type.googleapis.com/envoy.config.route.v3.RouteConfiguration"
ROUTE = "bluegreen"
"""The name of the route that the swap makes."""

File = dict[str, Any]
"""What stands in the file."""


class Unfit(Exception):
    """Why traffic cannot be moved by this file, as the end of a sentence that begins with its name."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The route that is looked for in the file.

    Attributes:
        name: the route configuration's.
        clusters: Envoy's name for each color's hosts.
        route: the route's name; empty: the one and only that leads to these clusters.
    """

    name: str
    clusters: Mapping[Color, str]
    route: str = ""


def parsed(content: bytes | None) -> File:
    """The file's content; an empty one where there is none.

    Raises:
        Unfit: it is no JSON object.
    """
    if content is None or not content.strip():
        return {"resources": []}
    try:
        content_read = json.loads(content)
    except ValueError as error:
        raise Unfit(f"is not JSON: {error}") from error
    if not isinstance(content_read, dict) or not isinstance(content_read.get("resources", []), list):
        raise Unfit('is not what Envoy reads: an object with a list "resources"')
    return content_read


def text(file: File) -> bytes:
    """The file's content."""
    return json.dumps(file, indent=2, ensure_ascii=False).encode() + b"\n"


def fresh(wanted: Wanted, weights: Weights) -> File:
    """A file with one route for all requests."""
    route = {"name": ROUTE, "match": {"prefix": "/"}, "route": {"weighted_clusters": {"clusters": []}}}
    host = {"name": ROUTE, "domains": ["*"], "routes": [route]}
    file: File = {"resources": [{"@type": _TYPE, "name": wanted.name, "virtual_hosts": [host]}]}
    return with_weights(file, wanted, weights, route)


def closed(wanted: Wanted) -> File:
    """A file without any route: Envoy answers 404 to every request, also after a restart."""
    return {"resources": [{"@type": _TYPE, "name": wanted.name}]}


def leads_nowhere(file: File) -> bool:
    """Whether there is no route at all in it."""
    return not any(
        _get(host, "routes") or _get(host, "matcher")
        for configuration in file.get("resources", [])
        for host in _get(configuration, "virtual_hosts") or []
    ) and not any(_get(configuration, "vhds") for configuration in file.get("resources", []))


def configuration_in(file: File, wanted: Wanted) -> dict[str, Any] | None:
    """The route configuration of that name."""
    return next((one for one in file.get("resources", []) if one.get("name") == wanted.name), None)


def own_route(file: File, wanted: Wanted) -> dict[str, Any]:
    """The route whose weights are the swap's.

    Raises:
        Unfit: there is none, or more than one, or its weights are not what the file says.
    """
    configuration = configuration_in(file, wanted)
    if configuration is None:
        raise Unfit(f"has no route configuration {wanted.name}")
    return route_of(configuration, wanted)


def route_of(configuration: Mapping[str, Any], wanted: Wanted) -> dict[str, Any]:
    """The same, of one configuration.

    Raises:
        Unfit: as above.
    """
    colors = set(wanted.clusters.values())
    every = [route for host in _get(configuration, "virtual_hosts") or [] for route in _get(host, "routes") or []]
    routes = [
        route
        for route in every
        if (route.get("name") == wanted.route if wanted.route else _clusters_of(route) & colors)
    ]
    what = f"named {wanted.route}" if wanted.route else f"to {' or '.join(sorted(colors))}"
    if len(routes) != 1:
        more = "" if wanted.route else ": give the one that is to be moved a name, and say it as `route`"
        raise Unfit(f"has {len(routes)} routes {what}{more if routes else ''}")
    action = _get(routes[0], "route")
    if not isinstance(action, dict) or not (_get(action, "cluster") or _weighted(action)):
        raise Unfit(f"has a route {what} that leads to no cluster by its name")
    weighted = _weighted(action) or {}
    if _get(weighted, "runtime_key_prefix"):
        raise Unfit(f"has a route {what} with `runtime_key_prefix`: its weights may be others than the file says")
    if any(not entry.get("name") for entry in weighted.get("clusters", [])):
        raise Unfit(f"has a route {what} with a cluster that a request names")
    route: dict[str, Any] = routes[0]
    return route


def weights_of(route: Mapping[str, Any], clusters: Mapping[Color, str]) -> Weights:
    """The percent of the route's requests for each color.

    A part of a percent counts as one, and what is not all is not 100.
    """
    action = _get(route, "route") or {}
    weighted = _weighted(action)
    if weighted is None:
        shares = {str(_get(action, "cluster")): 1}
    else:
        shares = {}
        for entry in weighted.get("clusters", []):
            shares[entry["name"]] = shares.get(entry["name"], 0) + _number(entry.get("weight", 0))
    blue, green = (shares.get(clusters[color], 0) for color in COLORS)
    return Weights.of_shares(blue, green, sum(shares.values()))


def with_weights(file: File, wanted: Wanted, weights: Weights, route: dict[str, Any] | None = None) -> File:
    """The file with other weights, and with everything else as it is.

    Args:
        file: as it was read; it is not changed.
        wanted: whose weights.
        weights: for each color; whatever else the route led to gets nothing any more.
        route: the route in ``file``; ``None``: it is looked for.

    Raises:
        Unfit: as ``own_route`` does.
    """
    if route is None:
        file = copy.deepcopy(file)
        route = own_route(file, wanted)
    action = _get(route, "route")
    weighted = _weighted(action)
    if weighted is None:
        weighted = {"clusters": [{"name": action.pop("cluster")}]}
        action["weighted_clusters"] = weighted
    entries = weighted.setdefault("clusters", [])
    left = {wanted.clusters[color]: weights.of(color) for color in COLORS}
    for entry in entries:
        entry["weight"] = left.pop(entry["name"], 0)
    entries += [{"name": name, "weight": weight} for name, weight in left.items()]
    for key in weighted.keys() & {"total_weight", "totalWeight"}:  # Envoy holds the sum against it
        weighted[key] = sum(weights.as_dict().values())
    return file


def _clusters_of(route: Mapping[str, Any]) -> set[str]:
    action = _get(route, "route")
    if not isinstance(action, Mapping):
        return set()
    entries = (_weighted(action) or {}).get("clusters", [])
    return {str(name) for name in (_get(action, "cluster"), *(entry.get("name") for entry in entries)) if name}


def _weighted(action: Mapping[str, Any]) -> dict[str, Any] | None:
    weighted = _get(action, "weighted_clusters")
    return weighted if isinstance(weighted, dict) else None


def _get(thing: Any, name: str) -> Any:
    """A field by its name in snake case, or in camel case."""
    if not isinstance(thing, Mapping):
        return None
    first, *rest = name.split("_")
    return thing.get(name, thing.get(first + "".join(word.title() for word in rest)))


def _number(value: Any) -> int:
    return int(value) if isinstance(value, (int, float, str)) and str(value).strip().isdigit() else 0
