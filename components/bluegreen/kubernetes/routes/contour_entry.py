"""Contour's HTTPProxy in front of the colors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import pulumi

from bluegreen.arguments.reporting import reporting
from bluegreen.component.declaration import known
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
from bluegreen.options.kinds import Anything, Text
from bluegreen.rollout.errors import Problem

if TYPE_CHECKING:
    pass

if TYPE_CHECKING:
    from typing_extensions import Unpack

_API = "projectcontour.io/v1"


@declared
class Contour(RoutePlatform):
    """A Contour HTTPProxy with weights: promotions may go in steps."""

    kind: ClassVar[str] = "contour_http_proxy"
    function: ClassVar[Function] = Function(
        "contour", returns="WeightedEntry", by="weighted", rest=Rest("options", "RouteOptions", "see ``RouteOptions``")
    )

    fqdn: pulumi.Input[str] = option(
        "the host that requests come by",
        Text(later=True),
    )
    tls: Mapping[str, Any] | None = option(
        'the virtual host\'s ``tls``: ``{"secretName": "shop-tls"}``',
        Anything("Mapping[str, Any]"),
        default=None,
    )
    ingress_class: str | None = option(
        "which Contour, where there are several",
        Text(),
        default=None,
    )

    def problems(self) -> list[Problem]:
        """The problems with the options."""
        fields = Fields(known({"fqdn": self.fqdn, "ingress_class": self.ingress_class}))
        fields.text("fqdn")
        fields.text("ingress_class", None)
        return fields.problems

    def is_open(self, rule: Mapping[str, Any]) -> bool:
        """Whether a rule of the user's own leads nowhere yet."""
        return given.is_open_contour(rule)

    def url(self, asked: RouteContext) -> pulumi.Input[str] | None:  # noqa: ARG002 - the host says it
        """The first host's URL."""
        return host_url("http" if self.tls is None else "https", [self.fqdn])

    def section(self, asked: RouteContext) -> dict[str, Any]:
        """The routes, in which the swap fills the weights in."""
        usual = rules.contour_production(asked.wanted)
        return {"routes": given.contour_production(asked.wanted.rules, usual) if asked.wanted.rules else usual}

    def live_color_field(self, asked: RouteContext) -> LiveColorField:  # noqa: ARG002 - which route is the swap's the router finds
        """The proxy's routes."""
        return LiveColorField("httpproxies.projectcontour.io")

    def objects(self, asked: RouteContext) -> list[RouteObject]:
        """The HTTPProxy without its routes, and the one of the host, which includes it after each color's own way."""
        shared = {} if self.ingress_class is None else {"ingressClassName": self.ingress_class}
        usual = rules.contour_preview(asked.wanted)
        ways = given.contour_preview(asked.wanted.rules, usual) if asked.wanted.rules else usual
        root = {
            **shared,
            "virtualhost": {"fqdn": self.fqdn, **({} if self.tls is None else {"tls": dict(self.tls)})},
            "routes": ways,
            "includes": [{"name": asked.name, "namespace": asked.context.place.namespace}],
        }
        return [
            RouteObject(asked.object(_API, "HTTPProxy", asked.name, shared), set_once=["spec.routes"], of_route=True),
            RouteObject(asked.object(_API, "HTTPProxy", f"{asked.name}-host", root), of_route=True),
        ]


# -- written by `python dev/public_functions.py` from the options above


@reporting
def contour(
    *,
    fqdn: pulumi.Input[str],
    tls: Mapping[str, Any] | None = None,
    ingress_class: str | None = None,
    **options: Unpack[RouteOptions],
) -> WeightedEntry:
    """A Contour HTTPProxy with weights: promotions may go in steps.

    Args:
        fqdn: the host that requests come by.
        tls: the virtual host's ``tls``: ``{"secretName": "shop-tls"}``.
        ingress_class: which Contour, where there are several.
        **options: see ``RouteOptions``.
    """
    return weighted(Contour(fqdn=fqdn, tls=tls, ingress_class=ingress_class), options)
