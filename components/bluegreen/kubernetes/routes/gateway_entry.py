"""The Gateway API in front of the colors: an HTTPRoute or a GRPCRoute with weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import pulumi

from bluegreen.arguments.reporting import reporting
from bluegreen.component.bounds import problems_of_bounds
from bluegreen.component.declaration import known, listed
from bluegreen.fields import Fields
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
from bluegreen.options.declared import declared, option
from bluegreen.options.functions import Function, Rest
from bluegreen.options.kinds import Anything, Text, Texts
from bluegreen.rollout.errors import Problem

if TYPE_CHECKING:
    pass

if TYPE_CHECKING:
    from typing_extensions import Unpack

_API = "gateway.networking.k8s.io/v1"
_H2C = "kubernetes.io/h2c"


@declared
class GatewayRoute(RoutePlatform):
    """An HTTPRoute with weights: promotions may go in steps. Any Gateway API controller carries it."""

    kind: ClassVar[str] = "gateway_http_route"
    route_kind: ClassVar[str] = "HTTPRoute"
    function: ClassVar[Function] = Function(
        "gateway_route",
        returns="WeightedEntry",
        by="weighted",
        rest=Rest("options", "RouteOptions", "see ``RouteOptions``"),
    )

    parent_refs: Sequence[Mapping[str, Any]] = option(
        'the Gateways that it belongs to, as the HTTPRoute has them: ``[{"name": "public"}]``',
        Anything("Sequence[Mapping[str, Any]]"),
    )
    hosts: Sequence[pulumi.Input[str]] = option(
        "hosts that this service is for; all of the Gateway's when empty",
        Anything("Sequence[pulumi.Input[str]]"),
        default=(),
        argument="hostnames",
    )
    scheme: str = option(
        "``http`` or ``https``, for the URL",
        Text(choices=("http", "https"), any_text=True),
        default="http",
    )

    def problems(self) -> list[Problem]:
        """The problems with the options."""
        fields = Fields(known({"parent_refs": list(self.parent_refs), "hostnames": list(self.hosts)}))
        for parent in fields.sections("parent_refs"):
            parent.text("name")
        if not self.parent_refs:
            fields.problem("parent_refs", [], "the Gateways, such as [{'name': 'public', 'namespace': 'gateways'}]")
        fields.texts("hostnames")
        return [*fields.problems, *problems_of_bounds(self)]

    def is_open(self, rule: Mapping[str, Any]) -> bool:
        """Whether a rule of the user's own leads nowhere yet."""
        return given.is_open_http(rule)

    def url(self, asked: RouteContext) -> pulumi.Input[str] | None:  # noqa: ARG002 - the host says it
        """The first host's URL."""
        return host_url(self.scheme, self.hosts)

    def section(self, asked: RouteContext) -> dict[str, Any]:
        """The production rules, in which the swap fills the weights in."""
        usual = self._production(asked)
        return {"rules": given.http_production(asked.wanted.rules, usual) if asked.wanted.rules else usual}

    def live_color_field(self, asked: RouteContext) -> LiveColorField:  # noqa: ARG002 - which rule is the swap's the router finds
        """The route's rules."""
        return LiveColorField(f"{self.route_kind.lower()}s.gateway.networking.k8s.io")

    def objects(self, asked: RouteContext) -> list[RouteObject]:
        """The route without its rules, and another one with the ways to each color by itself."""
        common = {
            "parentRefs": [dict(parent) for parent in self.parent_refs],
            **({"hostnames": list(self.hosts)} if self.hosts else {}),
        }
        usual = self._preview(asked)
        ways = given.http_preview(asked.wanted.rules, usual) if asked.wanted.rules else usual
        preview = {**common, "rules": ways}
        return [
            RouteObject(
                asked.object(_API, self.route_kind, asked.name, common), set_once=["spec.rules"], of_route=True
            ),
            RouteObject(asked.object(_API, self.route_kind, f"{asked.name}-preview", preview)),
        ]

    def _production(self, asked: RouteContext) -> list[dict[str, Any]]:
        return rules.http_route_production(asked.wanted)

    def _preview(self, asked: RouteContext) -> list[dict[str, Any]]:
        return rules.http_route_preview(asked.wanted)


@declared
class GrpcRoute(GatewayRoute):
    """A GRPCRoute with weights: promotions may go in steps. Weights count for requests, not for connections."""

    kind: ClassVar[str] = "gateway_grpc_route"
    route_kind: ClassVar[str] = "GRPCRoute"
    function: ClassVar[Function] = Function(
        "grpc_route",
        returns="WeightedEntry",
        by="weighted",
        rest=Rest(
            "options",
            "RouteOptions",
            "see ``RouteOptions``; ``app_protocol`` is ``kubernetes.io/h2c`` by default, ``paths`` and ``cookie`` mean "
            "nothing here",
        ),
    )

    grpc_services: Sequence[str] = option(
        "gRPC services by their full names, such as ``shop.v1.Orders``; all when empty",
        Texts(),
        default=(),
    )

    def usual_options(self) -> RouteOptions:
        """The Services speak HTTP/2, without TLS."""
        return {"app_protocol": _H2C}

    def _production(self, asked: RouteContext) -> list[dict[str, Any]]:
        return rules.grpc_route_production(asked.wanted, self.grpc_services)

    def _preview(self, asked: RouteContext) -> list[dict[str, Any]]:
        return rules.grpc_route_preview(asked.wanted, self.grpc_services)


# -- written by `python dev/public_functions.py` from the options above


@reporting
def gateway_route(
    *,
    parent_refs: Sequence[Mapping[str, Any]],
    hostnames: Sequence[pulumi.Input[str]] = (),
    scheme: str = "http",
    **options: Unpack[RouteOptions],
) -> WeightedEntry:
    """An HTTPRoute with weights: promotions may go in steps. Any Gateway API controller carries it.

    Args:
        parent_refs: the Gateways that it belongs to, as the HTTPRoute has them: ``[{"name": "public"}]``.
        hostnames: hosts that this service is for; all of the Gateway's when empty.
        scheme: ``http`` or ``https``, for the URL.
        **options: see ``RouteOptions``.
    """
    return weighted(GatewayRoute(parent_refs=listed(parent_refs), hosts=listed(hostnames), scheme=scheme), options)


@reporting
def grpc_route(
    *,
    parent_refs: Sequence[Mapping[str, Any]],
    hostnames: Sequence[pulumi.Input[str]] = (),
    scheme: str = "http",
    grpc_services: Sequence[str] = (),
    **options: Unpack[RouteOptions],
) -> WeightedEntry:
    """A GRPCRoute with weights: promotions may go in steps. Weights count for requests, not for connections.

    Args:
        parent_refs: the Gateways that it belongs to, as the HTTPRoute has them: ``[{"name": "public"}]``.
        hostnames: hosts that this service is for; all of the Gateway's when empty.
        scheme: ``http`` or ``https``, for the URL.
        grpc_services: gRPC services by their full names, such as ``shop.v1.Orders``; all when empty.
        **options: see ``RouteOptions``; ``app_protocol`` is ``kubernetes.io/h2c`` by default, ``paths`` and ``cookie``
            mean nothing here.
    """
    return weighted(
        GrpcRoute(
            parent_refs=listed(parent_refs), hosts=listed(hostnames), scheme=scheme, grpc_services=listed(grpc_services)
        ),
        options,
    )
