"""Traefik's own weighted services in front of the colors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import pulumi

from bluegreen.arguments.reporting import reporting
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
from bluegreen.options.kinds import Anything, Texts
from bluegreen.rollout.errors import Problem

if TYPE_CHECKING:
    pass

if TYPE_CHECKING:
    from typing_extensions import Unpack

_API = "traefik.io/v1alpha1"


@declared
class Traefik(RoutePlatform):
    """A TraefikService with weights behind an IngressRoute: promotions may go in steps."""

    kind: ClassVar[str] = "traefik_service"
    function: ClassVar[Function] = Function(
        "traefik", returns="WeightedEntry", by="weighted", rest=Rest("options", "RouteOptions", "see ``RouteOptions``")
    )

    hosts: Sequence[str] = option(
        "hosts that this service is for; all when empty",
        Texts(),
        default=(),
        argument="hostnames",
    )
    entry_points: Sequence[str] = option(
        "Traefik's entry points; its defaults when empty",
        Texts(),
        default=(),
    )
    tls: Mapping[str, Any] | None = option(
        "the IngressRoute's ``tls``; ``{}`` takes Traefik's default certificate",
        Anything("Mapping[str, Any]"),
        default=None,
    )
    sticky: Mapping[str, Any] | None = option(
        'the weighted service\'s ``sticky``: ``{"cookie": {"name": "color"}}``',
        Anything("Mapping[str, Any]"),
        default=None,
    )

    def problems(self) -> list[Problem]:
        """The problems with the options."""
        fields = Fields(known({"entry_points": list(self.entry_points), "hostnames": list(self.hosts)}))
        fields.texts("entry_points")
        fields.texts("hostnames")
        return fields.problems

    def is_open(self, rule: Mapping[str, Any]) -> bool:
        """Whether a rule of the user's own leads nowhere yet."""
        return given.is_open_traefik(rule)

    def url(self, asked: RouteContext) -> pulumi.Input[str] | None:  # noqa: ARG002 - the host says it
        """The first host's URL."""
        return host_url("http" if self.tls is None else "https", self.hosts)

    def section(self, asked: RouteContext) -> dict[str, Any]:
        """The two services, in which the swap fills the weights in."""
        backends = rules.traefik_weighted(asked.wanted)
        return {"weighted": {**backends, **({} if self.sticky is None else {"sticky": dict(self.sticky)})}}

    def live_color_field(self, asked: RouteContext) -> LiveColorField:
        """The TraefikService's backends."""
        return LiveColorField("traefikservices.traefik.io", "{.spec.weighted.services[*].name}", asked.wanted.services)

    def objects(self, asked: RouteContext) -> list[RouteObject]:
        """The TraefikService without its weights, and the stack's IngressRoute to it and to each color."""
        usual = rules.traefik_routes(asked.wanted, asked.name, self.hosts)
        own = asked.wanted.rules
        routes = given.traefik_routes(own, usual, usual[-1]["match"]) if own else usual
        way: dict[str, Any] = {"entryPoints": list(self.entry_points)} if self.entry_points else {}
        way |= {} if self.tls is None else {"tls": dict(self.tls)}
        # A second way to an adopted service would go around what its own has: middlewares that sign in, for one.
        ways = (
            given.traefik_routes(list(filter(given.is_open_traefik, own)), usual, usual[-1]["match"]) if own else usual
        )
        to_colors = [route for route in ways if route["services"] != usual[-1]["services"]]
        return [
            RouteObject(
                asked.object(_API, "TraefikService", asked.name, {}), set_once=["spec.weighted"], of_route=True
            ),
            RouteObject(
                asked.object(_API, "IngressRoute", asked.name, {"routes": routes, **way}),
                beside=asked.object(_API, "IngressRoute", f"{asked.name}-preview", {"routes": to_colors, **way}),
            ),
        ]


# -- written by `python dev/public_functions.py` from the options above


@reporting
def traefik(
    *,
    hostnames: Sequence[str] = (),
    entry_points: Sequence[str] = (),
    tls: Mapping[str, Any] | None = None,
    sticky: Mapping[str, Any] | None = None,
    **options: Unpack[RouteOptions],
) -> WeightedEntry:
    """A TraefikService with weights behind an IngressRoute: promotions may go in steps.

    Args:
        hostnames: hosts that this service is for; all when empty.
        entry_points: Traefik's entry points; its defaults when empty.
        tls: the IngressRoute's ``tls``; ``{}`` takes Traefik's default certificate.
        sticky: the weighted service's ``sticky``: ``{"cookie": {"name": "color"}}``.
        **options: see ``RouteOptions``.
    """
    return weighted(
        Traefik(hosts=listed(hostnames), entry_points=listed(entry_points), tls=tls, sticky=sticky), options
    )
