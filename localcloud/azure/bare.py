"""Azure's API within this process: no server, no app that answers requests, and no time that passes by itself.

An operation continues by one step with each request, or is over when it has been requested.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterable
from typing import Any, cast
from urllib.parse import parse_qsl

import httpx

from localcloud.azure import description
from localcloud.azure.api import Api, Service
from localcloud.azure.cloud import OWNER
from localcloud.azure.description.matching import Matcher
from localcloud.azure.identity import Identity
from localcloud.azure.operations import Operations, Running, Steps
from localcloud.azure.throttling import Buckets, Limit
from localcloud.azure.world import Pace, World
from localcloud.envoy.no_plane import NoPlane
from localcloud.envoy.plane import Plane
from localcloud.tls_server import Answer, Request

_TAGS_VERSION = "2025-04-01"
_VERSIONS = {
    "microsoft.network": "2026-03-01",
    "microsoft.compute": "2026-04-01",
    "microsoft.insights": "2022-10-01",
}
"""Where more than one provider is named."""


class Stepwise(Operations):
    """Each continues on demand, but while all are stopped."""

    def __init__(self, *arguments: Any, at_once: bool = False) -> None:
        super().__init__(*arguments)
        self.at_once, self.stopped = at_once, False
        self._open: list[tuple[Running, Steps]] = []

    def start(self, kind: str, resource: str, steps: Steps) -> Running:
        """Its first step, or all of them."""
        running = Running(kind, resource.lower())
        self._all[running.id] = running
        while self._step(running, steps) is not None:
            if not self.at_once:
                self._open.append((running, steps))
                break
        return running

    @property
    def going_on(self) -> bool:
        """Whether anything is open that may continue."""
        return bool(self._open) and not self.stopped

    def go_on(self) -> None:
        """One step more of each."""
        if self.stopped:
            return
        self._open = [(running, steps) for running, steps in self._open if self._step(running, steps) is not None]


@functools.cache
def _matcher(packages: tuple[str, ...]) -> Matcher:
    """The description of all that may be requested, read once."""
    return Matcher(description.load(packages))


class BareAzure:
    """One.

    Args:
        services: what is played.
        packages: Microsoft's packages that say what may be requested.
        version: the api-version of what is requested, unless it is tags or resource groups.
        at_once: whether an operation is over when it has been requested.
    """

    def __init__(
        self,
        services: Iterable[Callable[[World], Service]],
        packages: Iterable[str],
        version: str,
        *,
        at_once: bool = False,
    ) -> None:
        self.plane = NoPlane()
        self.world = World(cast(Plane, self.plane), Pace(write=0, start=0.5, ready=1, restart=0))
        self.operations = Stepwise(self.world.lock, self.world.changed, at_once=at_once)
        self.world.operations = self.operations
        self.identity = Identity([OWNER])
        self._version, packages = version, tuple(packages)
        self._versions = _VERSIONS if "azure-mgmt-network" in packages else {}
        endless = Buckets(dict.fromkeys(("reads", "writes", "deletes"), Limit(1e9, 1e9)))
        played = [kind(self.world) for kind in services]
        self._api = Api(self.world, played, _matcher((*packages, "azure-mgmt-resource")), self.identity, endless, {})

    def ask(self, verb: str, path: str, body: Any = None, client_id: str = OWNER.client_id, **headers: str) -> Answer:
        """One request, as somebody; what runs meanwhile comes first. A path may have a query."""
        with self.world.lock:
            self.operations.go_on()
        path, _, query = path.partition("?")
        asked = {"api-version": self._version_of(path), **dict(parse_qsl(query))}
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        told |= {"authorization": f"Bearer {self.identity.issue(client_id)}", "content-type": "application/json"}
        data = b"" if body is None else json.dumps(body).encode()
        return self._api.answer(Request(verb, path, asked, told, data, "https://azure.test"))

    def _version_of(self, path: str) -> str:
        if "/providers/" not in path or "/tags/" in path:
            return _TAGS_VERSION
        return self._versions.get(path.rpartition("/providers/")[2].partition("/")[0].lower(), self._version)

    def settle(self) -> None:
        """Whatever runs comes to its end."""
        while self.operations.going_on:
            with self.world.lock:
                self.operations.go_on()

    def answer(
        self, verb: str, path: str, body: Any = None, client_id: str = OWNER.client_id, **headers: str
    ) -> httpx.Response:
        """The same as an HTTP client has it."""
        found = self.ask(verb, path, body, client_id, **headers)
        content = b"" if found.body is None else json.dumps(found.body).encode()
        return httpx.Response(found.status, content=content, headers=dict(found.headers))
