"""Google's APIs within this process: no server, no app that answers requests, and no time that passes by itself."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import unquote

import httpx

from localcloud.envoy.no_plane import NoPlane
from localcloud.envoy.plane import Plane
from localcloud.google.api import Api
from localcloud.google.cloud import PROJECT, REGION
from localcloud.google.compute import KINDS, Compute
from localcloud.google.dns import CloudDns
from localcloud.google.errors import GoogleError
from localcloud.google.functions import CloudFunctions
from localcloud.google.run import CloudRun
from localcloud.google.service import Service
from localcloud.google.services import SERVICES
from localcloud.google.world import World

__all__ = [
    "COMPUTE",
    "COMPUTE_ADMIN",
    "DNS",
    "DNS_ADMIN",
    "FUNCTIONS",
    "FUNCTIONS_ADMIN",
    "OWNER",
    "PROJECT",
    "REGION",
    "RUN",
    "BareGoogle",
]
RUN, COMPUTE, DNS, FUNCTIONS = CloudRun.host, Compute.host, CloudDns.host, CloudFunctions.host
OWNER = frozenset(
    {
        "run.services.create", "run.services.delete", "run.services.get", "run.services.list",
        "run.services.setIamPolicy", "run.services.update", "run.revisions.delete", "run.revisions.get",
        "run.revisions.list", "run.operations.get",
    }
)  # fmt: skip
"""What the role Cloud Run Admin allows of what is played: https://cloud.google.com/run/docs/reference/iam/roles"""
COMPUTE_ADMIN = frozenset(
    f"compute.{kind}.{verb}"
    for kind in (*KINDS, "globalOperations", "regionOperations", "zoneOperations")
    for verb in (
        "attachNetworkEndpoints",
        "create",
        "delete",
        "detachNetworkEndpoints",
        "get",
        "list",
        "update",
        "use",
        "useReadOnly",
    )
)
"""The same of Compute Admin: https://cloud.google.com/iam/docs/roles-permissions/compute"""
DNS_ADMIN = frozenset(
    {
        "dns.changes.create", "dns.changes.get", "dns.changes.list", "dns.managedZones.create",
        "dns.managedZones.delete", "dns.managedZones.get", "dns.managedZones.list", "dns.resourceRecordSets.create",
        "dns.resourceRecordSets.delete", "dns.resourceRecordSets.get", "dns.resourceRecordSets.list",
        "dns.resourceRecordSets.update",
    }
)  # fmt: skip
"""The same of DNS Administrator: https://cloud.google.com/dns/docs/access-control"""
FUNCTIONS_ADMIN = frozenset(
    {
        *(f"cloudfunctions.functions.{verb}" for verb in ("create", "delete", "get", "list", "update")),
        "cloudfunctions.operations.get", "iam.serviceAccounts.actAs",
    }
)  # fmt: skip
"""The same of Cloud Functions Admin, who is a Service Account User as well:
https://cloud.google.com/functions/docs/reference/iam/roles"""


class BareGoogle:
    """One.

    Args:
        images: those that can be pulled and start; every other one fails. None: all do.
        at_once: whether whatever is requested is over when it has been requested.

    Attributes:
        services: all that is played, by its address at Google.
        works: whatever runs, for hands.
        run: Cloud Run, for hands.
        compute: Compute Engine, for hands.
        dns: Cloud DNS, for hands.
        allowed: the permissions of who asks; None: all of them.
        calls: the permission that each request needed which was taken, in their order.
        beside: those that requests needed beside, for other objects that they name.
    """

    def __init__(self, *, images: frozenset[str] | None = None, at_once: bool = False) -> None:
        self.plane = NoPlane()
        self.world = World(cast(Plane, self.plane), lambda image: image if images is None or image in images else None)
        self.works = self.world.works
        self.works.at_once = at_once
        self.services: dict[str, Service] = {kind.host: kind(self.world) for kind in SERVICES}
        self._api = Api(self.world, self.services.values())
        self.calls, self.beside = self._api.calls, self._api.beside
        self.allowed: frozenset[str] | None = OWNER | COMPUTE_ADMIN | DNS_ADMIN | FUNCTIONS_ADMIN

    @property
    def run(self) -> CloudRun:
        return cast(CloudRun, self.services[RUN])

    @property
    def compute(self) -> Compute:
        return cast(Compute, self.services[COMPUTE])

    @property
    def dns(self) -> CloudDns:
        return cast(CloudDns, self.services[DNS])

    def ask(
        self, verb: str, path: str, query: Mapping[str, str] | None = None, body: Any = None, host: str = RUN
    ) -> tuple[int, Any]:
        """One request; what runs meanwhile comes first. The status and the body of the answer."""
        self.works.go_on()
        try:
            found = self._api.ask(host, verb, unquote(path), query or {}, copy.deepcopy(body), self.allowed)
            return 200, copy.deepcopy(found)
        except GoogleError as error:
            return error.code, error.body()

    def settle(self) -> None:
        """Whatever runs comes to its end."""
        while self.works.going_on:
            self.works.go_on()

    def answer(
        self, verb: str, path: str, query: Mapping[str, str] | None = None, body: Any = None, host: str = RUN
    ) -> httpx.Response:
        """The same as an HTTP client has it."""
        status, found = self.ask(verb, path, query, body, host)
        return httpx.Response(status, content=json.dumps(found).encode())
