"""Envoy before the colors, as programs declare it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from bluegreen.arguments.reporting import reporting
from bluegreen.connections import SshConnection
from bluegreen.hosts.proxy import Proxy
from bluegreen.options.declared import Options, declared, option
from bluegreen.options.functions import Function
from bluegreen.options.kinds import Anything, Flag, Text
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import COLORS


@declared
class Envoy(Options):
    """An Envoy that reads its routes from a file, which the swap replaces."""

    function: ClassVar[Function] = Function("envoy", returns="Proxy")

    routes_file: str = option(
        "the file's path on the machine that runs `pulumi`; it ends with ``.json``",
        Text(),
    )
    admin_url: str = option(
        "Envoy's admin interface as it is reached from there, such as ``http://127.0.0.1:9901``",
        Text(),
    )
    route_config: str | None = option(
        "the ``route_config_name`` of Envoy's listener; the component's name by default",
        Text(),
        default=None,
    )
    clusters: Mapping[str, str] | None = option(
        "Envoy's cluster for each color, each with ``health_checks``; ``NAME-blue`` and ``NAME-green`` by default",
        Anything("Mapping[str, str]"),
        default=None,
    )
    adopt: bool = option(
        "whether the file has a route to the clusters already, which is taken over with the traffic that it has; "
        "else the file is the swap's, and has to be without routes before the first update",
        Flag(),
        default=False,
    )
    route: str = option(
        "the name of the route that is taken over, where there are more than one to the clusters",
        Text(),
        default="",
    )
    ssh: SshConnection | None = option(
        "the host that the file is on, where it is not the machine that runs `pulumi`: ``host``, and ``port``, "
        "``username``, ``key_file``, ``known_hosts`` where they are not the usual ones. The admin interface is then "
        "reached from that host",
        Anything("SshConnection"),
        default=None,
    )

    def problems(self) -> list[Problem]:
        """None: the swap's own check has them."""
        return []

    def router(self, name: str, owner: str) -> dict[str, Any]:
        """The router's section."""
        return {
            "kind": "envoy",
            "routes_file": self.routes_file,
            "route_config": self.route_config or name,
            "clusters": dict(self.clusters or {}) or {color: f"{name}-{color}" for color in COLORS},
            "admin_url": self.admin_url,
            "owner": owner,
            **({"adopt": True} if self.adopt else {}),
            **({"route": self.route} if self.route else {}),
            **({"ssh": dict(self.ssh)} if self.ssh is not None else {}),
        }


# -- written by `python dev/public_functions.py` from the options above


@reporting
def envoy(
    *,
    routes_file: str,
    admin_url: str,
    route_config: str | None = None,
    clusters: Mapping[str, str] | None = None,
    adopt: bool = False,
    route: str = "",
    ssh: SshConnection | None = None,
) -> Proxy:
    """An Envoy that reads its routes from a file, which the swap replaces.

    Args:
        routes_file: the file's path on the machine that runs `pulumi`; it ends with ``.json``.
        admin_url: Envoy's admin interface as it is reached from there, such as ``http://127.0.0.1:9901``.
        route_config: the ``route_config_name`` of Envoy's listener; the component's name by default.
        clusters: Envoy's cluster for each color, each with ``health_checks``; ``NAME-blue`` and ``NAME-green`` by
            default.
        adopt: whether the file has a route to the clusters already, which is taken over with the traffic that it has;
            else the file is the swap's, and has to be without routes before the first update.
        route: the name of the route that is taken over, where there are more than one to the clusters.
        ssh: the host that the file is on, where it is not the machine that runs `pulumi`: ``host``, and ``port``,
            ``username``, ``key_file``, ``known_hosts`` where they are not the usual ones. The admin interface is then
            reached from that host.
    """
    return Envoy(
        routes_file=routes_file,
        admin_url=admin_url,
        route_config=route_config,
        clusters=clusters,
        adopt=adopt,
        route=route,
        ssh=ssh,
    )
