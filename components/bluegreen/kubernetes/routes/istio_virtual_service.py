"""Istio: the routes of a VirtualService, with a weight for each color's destination.

A color is the host of its Service, or a subset of one host, whose DestinationRule is the stack's. Routes of
others in ``spec.http``, ``tcp`` and ``tls`` go back as they were read. Istio refuses a VirtualService without any
route, so the stack declares it with a placeholder and ignores its changes (``kubernetes_rules.istio_placeholder``).

VirtualService: https://istio.io/latest/docs/reference/config/networking/virtual-service/
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from bluegreen.fields import UNKNOWN, Fields
from bluegreen.kubernetes.routes import split as kubernetes_split
from bluegreen.kubernetes.routes.split import Rule, Rules, Shape
from bluegreen.kubernetes.routes.weighted_router import KubernetesRulesRouter, permissions_for
from bluegreen.options.declared import Options, declared, option, several
from bluegreen.options.kinds import Made
from bluegreen.permissions import Permission
from bluegreen.rollout.model import COLORS, Color

_KIND = ("networking.istio.io/v1", "VirtualService", "virtualservices")
_LISTS = ("http", "tcp", "tls")
_NOBODY = "no-color-is-live.invalid"
_CLUSTER_DOMAIN = ".svc.cluster.local"


@declared
class _Lists(Options):
    """The lists of routes in ``spec``; at least one of them has both colors."""

    http: Sequence[Rule] = option(
        "``spec.http``; in routes that name both colors the swap fills the weights in",
        kubernetes_split.OPTIONAL_RULES,
        default=[],
    )
    tcp: Sequence[Rule] = option("``spec.tcp``, the same", kubernetes_split.OPTIONAL_RULES, default=[])
    tls: Sequence[Rule] = option("``spec.tls``, the same", kubernetes_split.OPTIONAL_RULES, default=[])


@dataclass(slots=True, kw_only=True)
class IstioVirtualServiceRouter(KubernetesRulesRouter):
    """``spec.http``, ``spec.tcp`` and ``spec.tls`` of a VirtualService."""

    kind: ClassVar[tuple[str, str, str]] = _KIND
    conventions: ClassVar[tuple[str, ...]] = ("istio",)
    backend_keys: ClassVar[frozenset[str]] = frozenset({"destinations"})
    permissions: ClassVar[tuple[Permission, ...]] = permissions_for(_KIND)

    destinations: Mapping[Color, Mapping[str, str]] = option(
        "for each color ``host`` and, where both colors have one host, ``subset``",
        Made("Mapping[Color, Mapping[str, str]]", lambda fields, name: fields.raw(name)),
        default={},
        absent="the colors' Services",
    )
    rules: Mapping[str, Rules] = several(_Lists)

    @classmethod
    def check(cls, fields: Fields, values: dict[str, Any]) -> None:
        """Check the colors' destinations, and that at least one route has both."""
        before = len(fields.problems)
        values["destinations"] = destinations = _parse_destinations(fields, values["services"])
        named = tuple(" subset ".join(map(str, destinations[color].values())) for color in COLORS)
        split = 0
        for key, rules in values["rules"].items():
            shape = _routes(key, destinations, str(values["namespace"]))
            split += kubernetes_split.check_rules(fields, key, rules, shape, named)
        if not split and not fields.unknown and len(fields.problems) == before:
            fields.problem(
                "http", values["rules"]["http"], f"routes of which at least one has both {' and '.join(named)}"
            )

    @staticmethod
    def filled_in(section: Mapping[str, object]) -> Mapping[str, object]:
        """The section with ``destinations``, also where ``services`` says the host."""
        given, services = section.get("destinations"), section.get("services")
        if UNKNOWN in (given, services):
            return {**section, "destinations": UNKNOWN}
        destinations: dict[Color, Any] = {}
        for color in COLORS:
            own, host = (side.get(color) if isinstance(side, Mapping) else None for side in (given, services))
            if UNKNOWN in (own, host):
                destinations[color] = UNKNOWN
            elif own or host:
                destinations[color] = {"host": host, **(own if isinstance(own, Mapping) else {})}
        return {**section, "destinations": destinations}

    def _shape(self, key: str) -> Shape:
        return _routes(key, self.destinations, self.namespace)


def _parse_destinations(fields: Fields, services: Mapping[Color, Any]) -> dict[Color, dict[str, Any]]:
    section = fields.section("destinations", None)
    if section is None:
        return {color: {"host": services[color]} for color in COLORS}
    destinations: dict[Color, dict[str, Any]] = {}
    for color in COLORS:
        one = section.section(color) or Fields({})
        host, subset = one.text("host", services[color]), one.text("subset", None)
        one.done()
        destinations[color] = {"host": host, **({"subset": subset} if subset else {})}
    section.done()
    if destinations["blue"] == destinations["green"] and UNKNOWN not in destinations["blue"].values():
        section.problem("green", destinations["green"], "another host or another subset than blue's")
    return destinations


def _routes(key: str, destinations: Mapping[Color, Mapping[str, Any]], namespace: str) -> Shape:
    """Backends as Istio has them: ``route`` with a destination each."""
    places = {color: _place(destinations[color], namespace) for color in COLORS}

    def color(backend: Rule) -> Color | None:
        place = _place(backend.get("destination") or {}, namespace)
        return next((color for color in COLORS if places[color] == place), None)

    def as_color(backend: Rule, color: Color) -> Rule:
        rest = {key: value for key, value in backend["destination"].items() if key not in ("host", "subset")}
        return {**backend, "destination": {**destinations[color], **rest}}

    # Beside a destination that has a weight, one without has none.
    return Shape(
        "route",
        _name,
        color,
        _closed_http if key == "http" else _closed_stream,
        default_weight=0,
        as_color=as_color,
        match="match",
        first_wins=True,
        placeholder=lambda rule: "directResponse" in rule and not rule.keys() - {"directResponse", "name"},
    )


def _place(destination: Rule, namespace: str) -> tuple[str, str]:
    """Host and subset; a short host is one in the object's own namespace."""
    host = str(destination.get("host")).removesuffix(_CLUSTER_DOMAIN).removesuffix(".svc")
    return host if "." in host else f"{host}.{namespace}", str(destination.get("subset", ""))


def _name(backend: Rule) -> str:
    destination = backend.get("destination") or {}
    return " subset ".join(str(destination[key]) for key in ("host", "subset") if destination.get(key))


def _closed_http(rule: Rule) -> Rule:
    return {**_match(rule), "directResponse": {"status": 503, "body": {"string": "no color is live"}}}


def _closed_stream(rule: Rule) -> Rule:
    """A TCP or TLS route to a host that does not exist: it has to lead somewhere, and connections are cut off there."""
    return {**_match(rule), "route": [{"destination": {"host": _NOBODY}}]}


def _match(rule: Rule) -> dict[str, Any]:
    return {key: rule[key] for key in ("name", "match") if key in rule}
