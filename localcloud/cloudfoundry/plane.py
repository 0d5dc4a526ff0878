"""Instances as processes of the sample app, and Envoy before them, which takes turns over those of a route."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from types import TracebackType
from typing import Any

import httpx

from localcloud import images, loopback
from localcloud.app_processes import AppProcess, AppProcesses
from localcloud.envoy.process import Envoy
from localcloud.envoy.routes import Host, Route, Share, Table

LIMIT_SECONDS = 15.0
"""The longest that the end waits for a process that finishes what it has begun."""


class Instance:
    """One process. What its health check says for the first time holds."""

    def __init__(self, process: AppProcess, health: str) -> None:
        self.process, self._health, self._state = process, health or "/", "STARTING"

    def state(self) -> str:
        """As Cloud Foundry tells it."""
        if not self.process.alive:
            self._state = "CRASHED"
        elif self._state == "STARTING":
            status = _status(self.process.port, self._health)
            self._state = "STARTING" if not status else "RUNNING" if status < 400 else "CRASHED"
        return self._state

    @property
    def name(self) -> str:
        """Of its backend."""
        return f"instance-{self.process.port}"


class RealPlane:
    """A context manager."""

    def __init__(self) -> None:
        self._envoy, self._processes = Envoy(), AppProcesses()
        self._shown: Table | None = None
        self._all: list[Instance] = []
        self._ending: list[threading.Thread] = []

    def __enter__(self) -> RealPlane:
        self._processes.__enter__()
        self._envoy.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for one in self._all:
            one.process.kill()
        for thread in self._ending:
            thread.join(timeout=LIMIT_SECONDS)
        self._envoy.__exit__(kind, error, trace)
        self._processes.__exit__()

    @property
    def url(self) -> str:
        """Where requests go, with the route's host as `Host`."""
        return self._envoy.url

    def start(self, image: str, environment: Mapping[str, str], health: str) -> Instance:
        """One more process."""
        found = Instance(self._processes.start({**images.TAGS[image], **environment}), health)
        self._all.append(found)
        return found

    def show(self, routes: Mapping[str, list[Any]], leaving: list[Any]) -> None:
        """Go by these from now on; then end those that leave, which finish what they have begun."""
        hosts = tuple(
            Host((url.partition("/")[0],), (Route(tuple(Share(one.name) for one in found)),))
            for url, found in routes.items()
        )
        backends = {one.name: (one.process.port,) for found in routes.values() for one in found}
        table = Table(hosts, backends)
        if table != self._shown:
            self._envoy.apply(table)
            self._shown = table
        for one in leaving:
            thread = threading.Thread(target=one.process.end, daemon=True)
            self._ending.append(thread)
            thread.start()


def _status(port: int, path: str) -> int:
    """0 where nothing answers."""
    try:
        return loopback.get(f"http://127.0.0.1:{port}{path}", timeout=2).status_code
    except httpx.TransportError:
        return 0
