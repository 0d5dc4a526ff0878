"""Cloud DNS in front of two services: the zone, the name by which clients come, and how long they keep an answer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

import pulumi

from bluegreen.arguments.reporting import reporting
from bluegreen.component.bounds import problems_of_bounds
from bluegreen.component.declaration import known
from bluegreen.fields import UNKNOWN
from bluegreen.google.dns.pending import MARGIN_SECONDS, SERVERS_SECONDS
from bluegreen.options.declared import Options, declared, option
from bluegreen.options.functions import Function
from bluegreen.options.kinds import Flag, Number, Text
from bluegreen.rollout.errors import Problem

_PORTS = {"https": 443, "http": 80}
_PATH = re.compile(r"/[^\s]*\Z")


@declared
class CloudDnsEntry(Options):
    """A weighted record set in Cloud DNS: promotions may go in steps, each of which takes two minutes to take effect.

    A weight is a share of the answers that resolvers get, not of the requests: each keeps its answer for a TTL.
    """

    function: ClassVar[Function] = Function("cloud_dns")

    zone: pulumi.Input[str] = option(
        "the managed zone, public or private, by its full name: ``projects/PROJECT/managedZones/ZONE``, which is "
        "the ``id`` of a ``gcp.dns.ManagedZone``",
        Text(later=True),
    )
    record_name: pulumi.Input[str] = option(
        "the service's name in it, in full: ``shop.example.com``. The swap makes its record set",
        Text(later=True),
    )
    ttl_seconds: int = option(
        "how long resolvers keep an answer, and so how long each shift takes",
        Number(0, 86_400, whole=True),
        default=60,
    )
    adopt: bool = option(
        "whether a record set that the name has already is taken over, if it leads to the live color",
        Flag(),
        default=False,
    )
    scheme: str = option(
        "of production's and the colors' URLs: ``https`` or ``http``",
        Text(choices=tuple(_PORTS), any_text=True),
        default="https",
    )
    port: int | None = option(
        "of the same; 443 or 80 by default",
        Number(1, 65_535, whole=True),
        default=None,
    )
    path: str = option(
        "the path that the gate requests of a color where no gates are given",
        Text(fits=_PATH.match, allowed="a path, such as /healthz"),
        default="/",
    )

    @property
    def converge_timeout_seconds(self) -> float:
        """The time until no name server and no resolver has an answer from before."""
        ttl = known(self.ttl_seconds)
        kept = ttl if isinstance(ttl, (int, float)) and not isinstance(ttl, bool) else 60
        return kept + SERVERS_SECONDS + MARGIN_SECONDS

    def problems(self) -> list[Problem]:
        """The problems with the options that the router does not know; values that only an update knows pass."""
        return problems_of_bounds(self)

    def draft(self, owner: str, connection: Mapping[str, Any], targets: Mapping[str, Any]) -> dict[str, Any]:
        """The router's section.

        Args:
            owner: whose the records are.
            connection: where and as whom the swap calls.
            targets: where each color is.
        """
        return {
            "kind": "cloud_dns",
            "zone": self.zone,
            "record_name": self.record_name,
            "targets": targets,
            "owner": owner,
            "ttl_seconds": self.ttl_seconds,
            **({"adopt": True} if self.adopt else {}),
            "google": dict(connection),
        }

    def at(self, host: Any) -> str:
        """The address of a host, which may be an IP address."""
        if host is UNKNOWN or not host:
            return ""
        named = f"[{host}]" if ":" in host else str(host).rstrip(".")
        port = "" if self.port in (None, _PORTS.get(self.scheme)) else f":{self.port}"
        return f"{self.scheme}://{named}{port}"


# -- written by `python dev/public_functions.py` from the options above


@reporting
def cloud_dns(
    *,
    zone: pulumi.Input[str],
    record_name: pulumi.Input[str],
    ttl_seconds: int = 60,
    adopt: bool = False,
    scheme: str = "https",
    port: int | None = None,
    path: str = "/",
) -> CloudDnsEntry:
    """A weighted record set in Cloud DNS: promotions may go in steps, each of which takes two minutes to take effect.

    A weight is a share of the answers that resolvers get, not of the requests: each keeps its answer for a TTL.

    Args:
        zone: the managed zone, public or private, by its full name: ``projects/PROJECT/managedZones/ZONE``, which is
            the ``id`` of a ``gcp.dns.ManagedZone``.
        record_name: the service's name in it, in full: ``shop.example.com``. The swap makes its record set.
        ttl_seconds: how long resolvers keep an answer, and so how long each shift takes (0 to 86400).
        adopt: whether a record set that the name has already is taken over, if it leads to the live color.
        scheme: of production's and the colors' URLs: ``https`` or ``http``.
        port: of the same; 443 or 80 by default (1 to 65535).
        path: the path that the gate requests of a color where no gates are given.
    """
    return CloudDnsEntry(
        zone=zone, record_name=record_name, ttl_seconds=ttl_seconds, adopt=adopt, scheme=scheme, port=port, path=path
    )
