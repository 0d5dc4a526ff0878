"""Cloud DNS in front of two services: the zone, the name by which clients come, and how long they keep an answer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

from bluegreen.arguments.told import told
from bluegreen.component.declaration import known
from bluegreen.fields import UNKNOWN, Fields
from bluegreen.google.dns.pending import SERVERS_SECONDS
from bluegreen.rollout.errors import Problem

_MARGIN_SECONDS = 60
_LONGEST_TTL_SECONDS = 86_400
_PORTS = {"https": 443, "http": 80}
_PATH = re.compile(r"/[^\s]*\Z")


@dataclass(frozen=True, slots=True)
class CloudDnsEntry:
    """The arguments of ``cloud_dns()``."""

    zone: pulumi.Input[str]
    record_name: pulumi.Input[str]
    ttl_seconds: int
    adopt: bool
    scheme: str
    port: int | None
    path: str

    @property
    def converge_timeout_seconds(self) -> float:
        """The time until no name server and no resolver has an answer from before."""
        ttl = known(self.ttl_seconds)
        kept = ttl if isinstance(ttl, (int, float)) and not isinstance(ttl, bool) else 60
        return kept + SERVERS_SECONDS + _MARGIN_SECONDS

    def problems(self) -> list[Problem]:
        """The problems with the options that the router does not know; values that only an update knows pass."""
        given = {
            "ttl_seconds": known(self.ttl_seconds),
            "scheme": known(self.scheme),
            "port": known(self.port),
            "path": known(self.path),
        }
        fields = Fields(given)
        fields.whole("ttl_seconds", 60, least=0, most=_LONGEST_TTL_SECONDS)
        fields.text("scheme", choices=tuple(_PORTS))
        fields.whole("port", None, least=1, most=65_535)
        path = fields.text("path")
        if isinstance(path, str) and not _PATH.match(path):
            fields.problem("path", path, "a path, such as /healthz")
        return fields.problems

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


@told
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
        port: of the same; 443 or 80 by default.
        path: what the gate asks of a color where no gates are given.
    """
    return CloudDnsEntry(zone, record_name, ttl_seconds, adopt, scheme, port, path)
