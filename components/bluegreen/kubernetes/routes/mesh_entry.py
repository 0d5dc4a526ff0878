"""Service meshes in front of the colors: Istio's VirtualService, Linkerd's HTTPRoute."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import pulumi

from bluegreen.arguments.reporting import reporting
from bluegreen.component.bounds import problems_of_bounds
from bluegreen.component.declaration import known, listed
from bluegreen.fields import UNKNOWN, Fields
from bluegreen.kubernetes.routes import given_rules as given
from bluegreen.kubernetes.routes import rules
from bluegreen.kubernetes.routes.weighted_entry import (
    LiveColorField,
    RouteContext,
    RouteObject,
    RouteOptions,
    RoutePlatform,
    WeightedEntry,
    host_url,
    weighted,
)
from bluegreen.kubernetes.services import cluster_url, service_manifest
from bluegreen.options.declared import declared, option
from bluegreen.options.functions import Function, Rest
from bluegreen.options.kinds import Anything, Flag, Text, Texts
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import COLORS, Color

if TYPE_CHECKING:
    pass

if TYPE_CHECKING:
    from typing_extensions import Unpack

_ISTIO = "networking.istio.io/v1"
_LINKERD = {"gateway.networking.k8s.io": "v1", "policy.linkerd.io": "v1beta3"}
"""The kinds of HTTPRoute that Linkerd takes: the Gateway API's own, and its own from before."""


@declared
class Istio(RoutePlatform):
    """An Istio VirtualService with weights: promotions may go in steps."""

    kind: ClassVar[str] = "istio_virtual_service"
    function: ClassVar[Function] = Function(
        "istio", returns="WeightedEntry", by="weighted", rest=Rest("options", "RouteOptions", "see ``RouteOptions``")
    )

    hosts: Sequence[pulumi.Input[str]] = option(
        "hosts that requests come by",
        Anything("Sequence[pulumi.Input[str]]"),
    )
    gateways: Sequence[str] = option(
        "Istio Gateways, ``mesh`` for requests from within; the mesh alone when empty",
        Texts(),
        default=(),
    )
    scheme: str = option(
        "``http`` or ``https``, for the URL",
        Text(choices=("http", "https"), any_text=True),
        default="http",
    )
    subsets: bool = option(
        "whether the colors are subsets of one Service, by a DestinationRule, instead of a Service each",
        Flag(),
        default=False,
    )
    traffic_policy: Mapping[str, Any] | None = option(
        "that DestinationRule's ``trafficPolicy``",
        Anything("Mapping[str, Any]"),
        default=None,
    )

    def problems(self) -> list[Problem]:
        """The problems with the options."""
        fields = Fields(known({"hosts": list(self.hosts), "gateways": list(self.gateways)}))
        fields.texts("hosts")
        fields.texts("gateways")
        if not self.hosts:
            fields.problem("hosts", [], "the hosts that requests come by, such as ['shop.example.com']")
        if self.traffic_policy is not None and not self.subsets:
            allowed = "none without subsets=True: it stands in their DestinationRule"
            fields.problem("traffic_policy", dict(self.traffic_policy), allowed)
        return [*fields.problems, *problems_of_bounds(self)]

    def is_open(self, rule: Mapping[str, Any]) -> bool:
        """Whether a rule of the user's own leads nowhere yet."""
        return given.is_open_istio(rule)

    def url(self, asked: RouteContext) -> pulumi.Input[str] | None:  # noqa: ARG002 - the host says it
        """The first host's URL."""
        return host_url(self.scheme, self.hosts)

    def section(self, asked: RouteContext) -> dict[str, Any]:
        """The ways to each color, which Istio takes first, and the one in which the swap fills the weights in."""
        destinations = self._destinations(asked)
        ways, usual = (make(asked.wanted, destinations) for make in (rules.istio_preview, rules.istio_production))
        own = asked.wanted.rules
        routes = given.istio_routes(own, usual, ways) if own else [*ways, *usual]
        return {"http": routes, **({} if destinations is None else {"destinations": destinations})}

    def live_color_field(self, asked: RouteContext) -> LiveColorField:  # noqa: ARG002 - which route is the swap's the router finds
        """The VirtualService's routes."""
        return LiveColorField("virtualservices.networking.istio.io")

    def objects(self, asked: RouteContext) -> list[RouteObject]:
        """The VirtualService without its routes; with subsets a Service of both colors and its DestinationRule."""
        spec = {
            "hosts": list(self.hosts),
            **({"gateways": list(self.gateways)} if self.gateways else {}),
            # Istio takes no VirtualService without routes; these are the swap's from its first write on.
            "http": rules.istio_placeholder(),
        }
        route = RouteObject(
            asked.object(_ISTIO, "VirtualService", asked.name, spec), set_once=["spec.http"], of_route=True
        )
        return [route, *self._subset_objects(asked)]

    def _subset_objects(self, asked: RouteContext) -> list[RouteObject]:
        if not self.subsets:
            return []
        context, name = asked.context, _both(asked)
        subsets = [{"name": color, "labels": dict(context.selectors[color])} for color in COLORS]
        rule = {
            "host": name,
            "subsets": subsets,
            **({} if self.traffic_policy is None else {"trafficPolicy": dict(self.traffic_policy)}),
        }
        selector = common_labels(context.selectors)
        return [
            RouteObject(service_manifest(context, name, port=asked.wanted.port, selector=selector)),
            RouteObject(asked.object(_ISTIO, "DestinationRule", name, rule)),
        ]

    def _destinations(self, asked: RouteContext) -> dict[Color, dict[str, str]] | None:
        return {color: {"host": _both(asked), "subset": color} for color in COLORS} if self.subsets else None


def _both(asked: RouteContext) -> str:
    """The name of a Service that nobody calls: the host of both subsets."""
    return f"{asked.context.name}-colors"


def common_labels(selectors: Mapping[Color, Mapping[str, Any]]) -> dict[str, Any]:
    """The labels that the pods of both colors have."""
    blue, green = selectors["blue"], selectors["green"]
    return {key: value for key, value in blue.items() if known(value) is not UNKNOWN and green.get(key) == value}


@declared
class Linkerd(RoutePlatform):
    """An HTTPRoute of Linkerd with weights, for requests from within the mesh: promotions may go in steps."""

    kind: ClassVar[str] = "linkerd_http_route"
    function: ClassVar[Function] = Function(
        "linkerd", returns="WeightedEntry", by="weighted", rest=Rest("options", "RouteOptions", "see ``RouteOptions``")
    )

    service_name: str = option(
        "the Service that clients call, which is made without a selector of its own",
        Text(),
    )
    api_group: str = option(
        "``gateway.networking.k8s.io``, or ``policy.linkerd.io`` before Linkerd 2.18",
        Text(choices=_LINKERD, any_text=True),
        default="gateway.networking.k8s.io",
    )

    def problems(self) -> list[Problem]:
        """The problems with the options."""
        fields = Fields({"api_group": self.api_group, "service_name": self.service_name})
        fields.text("api_group", choices=_LINKERD)
        fields.text("service_name")
        return fields.problems

    def is_open(self, rule: Mapping[str, Any]) -> bool:
        """Whether a rule of the user's own leads nowhere yet."""
        return given.is_open_http(rule)

    def url(self, asked: RouteContext) -> pulumi.Input[str] | None:
        """The Service's URL within the cluster."""
        return cluster_url(self.service_name, asked.context.place.namespace, asked.wanted.port)

    def section(self, asked: RouteContext) -> dict[str, Any]:
        """The production rule, in which the swap fills the weights in."""
        own, usual = asked.wanted.rules, rules.http_route_production(asked.wanted)
        return {"rules": given.http_production(own, usual) if own else usual, "api_group": self.api_group}

    def live_color_field(self, asked: RouteContext) -> LiveColorField:  # noqa: ARG002 - which rule is the swap's the router finds
        """The route's rules."""
        return LiveColorField(f"httproutes.{self.api_group}")

    def objects(self, asked: RouteContext) -> list[RouteObject]:
        """The Service that clients call, without pods of its own, and its routes."""
        api = f"{self.api_group}/{_LINKERD[self.api_group]}"
        port = asked.wanted.port
        parent = {"parentRefs": [{"group": "core", "kind": "Service", "name": self.service_name, "port": port}]}
        own, usual = asked.wanted.rules, rules.http_route_preview(asked.wanted)
        preview = {**parent, "rules": given.http_preview(own, usual) if own else usual}
        return [
            # Without a selector: where a route leads nowhere, Linkerd takes the Service's own endpoints.
            RouteObject(service_manifest(asked.context, self.service_name, port=port)),
            RouteObject(asked.object(api, "HTTPRoute", asked.name, parent), set_once=["spec.rules"], of_route=True),
            RouteObject(asked.object(api, "HTTPRoute", f"{asked.name}-preview", preview)),
        ]


# -- written by `python dev/public_functions.py` from the options above


@reporting
def istio(
    *,
    hosts: Sequence[pulumi.Input[str]],
    gateways: Sequence[str] = (),
    scheme: str = "http",
    subsets: bool = False,
    traffic_policy: Mapping[str, Any] | None = None,
    **options: Unpack[RouteOptions],
) -> WeightedEntry:
    """An Istio VirtualService with weights: promotions may go in steps.

    Args:
        hosts: hosts that requests come by.
        gateways: Istio Gateways, ``mesh`` for requests from within; the mesh alone when empty.
        scheme: ``http`` or ``https``, for the URL.
        subsets: whether the colors are subsets of one Service, by a DestinationRule, instead of a Service each.
        traffic_policy: that DestinationRule's ``trafficPolicy``.
        **options: see ``RouteOptions``.
    """
    return weighted(
        Istio(
            hosts=listed(hosts),
            gateways=listed(gateways),
            scheme=scheme,
            subsets=subsets,
            traffic_policy=traffic_policy,
        ),
        options,
    )


@reporting
def linkerd(
    *,
    service_name: str,
    api_group: str = "gateway.networking.k8s.io",
    **options: Unpack[RouteOptions],
) -> WeightedEntry:
    """An HTTPRoute of Linkerd with weights, for requests from within the mesh: promotions may go in steps.

    Args:
        service_name: the Service that clients call, which is made without a selector of its own.
        api_group: ``gateway.networking.k8s.io``, or ``policy.linkerd.io`` before Linkerd 2.18.
        **options: see ``RouteOptions``.
    """
    return weighted(Linkerd(service_name=service_name, api_group=api_group), options)
