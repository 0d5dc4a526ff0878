"""A URL map before both colors: one that is there, or an Application Load Balancer made for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import pulumi

from bluegreen.arguments.reporting import reporting
from bluegreen.component.declaration import is_of_both, known, listed
from bluegreen.fields import UNKNOWN
from bluegreen.google.compute_engine.services import BACKEND_SERVICE
from bluegreen.google.entry import EntryContext, EntryResources
from bluegreen.google.load_balancers.made_balancer import made_balancer
from bluegreen.google.load_balancers.router import URL_MAP
from bluegreen.options.declared import Options, declared, option
from bluegreen.options.functions import Function
from bluegreen.options.kinds import Anything, Flag, Text
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import COLORS, Color

_OF_ONES_OWN = ("backend_services", "path_matcher", "route_priority", "path", "url", "preview_urls")
_OF_A_MADE_ONE = ("region", "network", "host", "ssl_certificates", "redirect_http")


@declared
class UrlMapEntry(Options):
    """An Application Load Balancer: the weights of both colors' backend services in a URL map, global or regional.

    Without arguments a global one is made, with a backend service and a health check for each color.
    """

    function: ClassVar[Function] = Function("url_map")

    url_map_id: pulumi.Input[str] | None = option(
        "a URL map that is there, by its id or its selfLink, in place of a load balancer made here",
        Text(later=True),
        default=None,
    )
    backend_services: Mapping[Color, pulumi.Input[str]] | None = option(
        "of one that is there, each color's backend service, by its id or its selfLink",
        Anything("Mapping[Color, pulumi.Input[str]]"),
        default=None,
    )
    path_matcher: str | None = option(
        "of one that is there, the path matcher whose default service is led; the map's own when absent",
        Text(),
        default=None,
    )
    route_priority: int | None = option(
        "the priority of the route rule in it that is led",
        Anything("int"),
        default=None,
    )
    path: str | None = option(
        "in its place, a path of the path rule in it that is led",
        Text(),
        default=None,
    )
    url: pulumi.Input[str] | None = option(
        "of one that is there, where production requests go",
        Text(later=True),
        default=None,
    )
    preview_urls: Mapping[Color, pulumi.Input[str]] | None = option(
        "of one that is there, a URL for each color; ``url`` where only ``preview_hosts`` are given",
        Anything("Mapping[Color, pulumi.Input[str]]"),
        default=None,
    )
    preview_hosts: Mapping[Color, str] | None = option(
        "the host's name that leads to each color; ``blue.preview.internal`` and ``green.preview.internal`` on a "
        "load balancer that is made here",
        Anything("Mapping[Color, str]"),
        default=None,
    )
    region: str | None = option(
        "make a regional load balancer there; a global one when absent",
        Text(),
        default=None,
    )
    network: pulumi.Input[str] | None = option(
        "the VPC network of a regional one; it has to have a proxy-only subnet",
        Text(later=True),
        default=None,
    )
    host: str | None = option(
        "the host's name in ``url``; the address when absent",
        Text(),
        default=None,
    )
    ssl_certificates: Sequence[pulumi.Input[str]] = option(
        "make it HTTPS, with these certificates, by their ids",
        Anything("Sequence[pulumi.Input[str]]"),
        default=(),
    )
    redirect_http: bool = option(
        "whether port 80 of one with certificates tells clients to come over HTTPS; nothing answers there otherwise",
        Flag(),
        default=False,
    )

    @property
    def is_there(self) -> bool:
        """Whether the load balancer is there already, with its backend services."""
        return self.url_map_id is not None

    def _hosts(self) -> dict[Color, str]:
        made = {} if self.is_there else {color: f"{color}.preview.internal" for color in COLORS}
        return {**made, **(self.preview_hosts if isinstance(self.preview_hosts, Mapping) else {})}

    @property
    def preview_headers(self) -> Mapping[Color, Mapping[str, str]]:
        """The host's name that leads to the color; empty where there are no previews."""
        hosts = self._hosts()
        if not hosts and not self.preview_urls:
            return {}
        return {color: {"Host": hosts[color]} if color in hosts else {} for color in COLORS}

    def problems(self) -> list[Problem]:
        """Either all of a map that is there, or what a load balancer is made of."""
        found = []
        if self.is_there:
            found += [
                Problem(name, known(getattr(self, name)), "absent: it is of a load balancer that is made here")
                for name in _OF_A_MADE_ONE
                if getattr(self, name)
            ]
            found += [
                Problem(name, None, "given: the URL map is there already")
                for name in ("backend_services", "url")
                if getattr(self, name) is None
            ]
            found += [
                Problem(name, known(getattr(self, name)), "one for each color, blue and green")
                for name in ("backend_services", "preview_urls", "preview_hosts")
                if getattr(self, name) is not None and not is_of_both(getattr(self, name))
            ]
            found += self._misnamed()
        else:
            found += [
                Problem(name, known(getattr(self, name)), "absent without a url_map_id")
                for name in _OF_ONES_OWN
                if getattr(self, name) is not None
            ]
            hosts = self.preview_hosts
            if hosts is not None and not (isinstance(hosts, Mapping) and set(hosts) <= set(COLORS)):
                found.append(Problem("preview_hosts", hosts, "names of blue and green"))
            if self.region is not None and self.network is None:
                found.append(Problem("network", None, "given: a regional load balancer is in a network"))
            if self.redirect_http is True and not self.ssl_certificates:
                found.append(Problem("redirect_http", True, "false without ssl_certificates: there is no HTTPS"))
            if self.region is None and self.network is not None:
                found.append(Problem("network", known(self.network), "absent without a region"))
        return found

    def _misnamed(self) -> list[Problem]:
        """The names that Google has no object of, before anything is made for it."""
        services = known(self.backend_services) if is_of_both(self.backend_services) else {}
        named = [("url_map_id", known(self.url_map_id), URL_MAP)]
        named += [(f"backend_services.{color}", services.get(color), BACKEND_SERVICE) for color in COLORS]
        return [
            Problem(field, value, kind.allowed)
            for field, value, kind in named
            if isinstance(value, str) and not (kind.fits and kind.fits(value))
        ]

    def problems_of_gates(self, gates: Any) -> list[Problem]:
        """Over HTTPS the certificate has to be for the names at which gates ask each color."""
        asks = any(isinstance(one, Mapping) and one.get("kind") in ("http", "grpc") for one in gates or ())
        if not asks:
            return []
        if self.is_there and not self.preview_urls and not self.preview_hosts:
            allowed = "given: an http gate asks each color there"
            return [Problem("preview_urls", None, allowed)]
        if self.ssl_certificates and not is_of_both(self.preview_hosts):
            allowed = "a name for each color that the certificates are for, too: an http gate asks the color there"
            return [Problem("preview_hosts", known(self.preview_hosts), allowed)]
        return []

    def draft(self, owner: str, connection: Mapping[str, str]) -> dict[str, Any]:
        """The router's section."""
        place = {"path_matcher": self.path_matcher, "route_priority": self.route_priority, "path": self.path}
        return {
            "kind": "url_map",
            "url_map": UNKNOWN,
            "backend_services": UNKNOWN,
            **{name: value for name, value in place.items() if value is not None},
            "owner": owner,
            **({} if self.is_there else {"made_with_it": True}),
            "google": dict(connection),
        }

    def declare(self, context: EntryContext) -> EntryResources:
        """The load balancer, unless it is there."""
        router = self.draft(context.owner, context.connection)
        if self.is_there:
            url = pulumi.Output.from_input(self.url or "")
            given = self.preview_urls or {}
            services = {color: pulumi.Output.from_input((self.backend_services or {})[color]) for color in COLORS}
            return EntryResources(
                router={**router, "url_map": self.url_map_id, "backend_services": services},
                url=url,
                preview_urls={color: pulumi.Output.from_input(given.get(color, url)) for color in self.preview_headers},
                backend_services=services,
            )
        made = made_balancer(
            context,
            region=self.region,
            network=self.network,
            hosts=self._hosts(),
            ssl_certificates=self.ssl_certificates,
            redirects=self.redirect_http,
        )
        scheme = "https" if self.ssl_certificates else "http"
        url = made.address.apply(lambda address: f"{scheme}://{self.host or address or ''}")
        return EntryResources(
            router={**router, "url_map": made.url_map, "backend_services": made.backend_services},
            url=url,
            preview_urls=dict.fromkeys(COLORS, made.address.apply(lambda address: f"{scheme}://{address or ''}")),
            backend_services=made.backend_services,
            made=made.resources,
        )


# -- written by `python dev/public_functions.py` from the options above


@reporting
def url_map(
    *,
    url_map_id: pulumi.Input[str] | None = None,
    backend_services: Mapping[Color, pulumi.Input[str]] | None = None,
    path_matcher: str | None = None,
    route_priority: int | None = None,
    path: str | None = None,
    url: pulumi.Input[str] | None = None,
    preview_urls: Mapping[Color, pulumi.Input[str]] | None = None,
    preview_hosts: Mapping[Color, str] | None = None,
    region: str | None = None,
    network: pulumi.Input[str] | None = None,
    host: str | None = None,
    ssl_certificates: Sequence[pulumi.Input[str]] = (),
    redirect_http: bool = False,
) -> UrlMapEntry:
    """An Application Load Balancer: the weights of both colors' backend services in a URL map, global or regional.

    Without arguments a global one is made, with a backend service and a health check for each color.

    Args:
        url_map_id: a URL map that is there, by its id or its selfLink, in place of a load balancer made here.
        backend_services: of one that is there, each color's backend service, by its id or its selfLink.
        path_matcher: of one that is there, the path matcher whose default service is led; the map's own when absent.
        route_priority: the priority of the route rule in it that is led.
        path: in its place, a path of the path rule in it that is led.
        url: of one that is there, where production requests go.
        preview_urls: of one that is there, a URL for each color; ``url`` where only ``preview_hosts`` are given.
        preview_hosts: the host's name that leads to each color; ``blue.preview.internal`` and
            ``green.preview.internal`` on a load balancer that is made here.
        region: make a regional load balancer there; a global one when absent.
        network: the VPC network of a regional one; it has to have a proxy-only subnet.
        host: the host's name in ``url``; the address when absent.
        ssl_certificates: make it HTTPS, with these certificates, by their ids.
        redirect_http: whether port 80 of one with certificates tells clients to come over HTTPS; nothing answers there
            otherwise.
    """
    return UrlMapEntry(
        url_map_id=url_map_id,
        backend_services=backend_services,
        path_matcher=path_matcher,
        route_priority=route_priority,
        path=path,
        url=url,
        preview_urls=preview_urls,
        preview_hosts=preview_hosts,
        region=region,
        network=network,
        host=host,
        ssl_certificates=listed(ssl_certificates),
        redirect_http=redirect_http,
    )
