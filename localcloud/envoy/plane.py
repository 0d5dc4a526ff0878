"""The data plane: the sample app as processes, and Envoy before them."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType

import httpx

from localcloud import images, loopback
from localcloud.app_processes import AppProcess, AppProcesses
from localcloud.envoy.process import Envoy
from localcloud.envoy.routes import Answer, Host, Route, Table

LIMIT_SECONDS = 15.0
"""The longest that the end waits for a process that finishes what it has begun."""


@dataclass(frozen=True)
class Site:
    """Names, and what their requests get. A share's backend is the name of installed instances."""

    names: tuple[str, ...]
    routes: tuple[Route, ...]


class Instances:
    """Processes of one release; one that ends by itself is started again until all are ready."""

    def __init__(self, start: Callable[[], AppProcess], count: int) -> None:
        self._start = start
        self.running = [start() for _ in range(count)]

    @property
    def ports(self) -> tuple[int, ...]:
        return tuple(sorted(one.port for one in self.running))

    def ready(self, path: str = "", right: Callable[[int], bool] = lambda status: 200 <= status < 400) -> bool:
        """Whether each answers at a path with such a status; without a path, whether each has its port open."""
        self.running = [one if one.alive else self._start() for one in self.running]
        return all(_open(port) if not path else right(_status(port, path)) for port in self.ports)

    def end(self) -> None:
        """End them; what they have begun they finish."""
        for one in self.running:
            one.end()

    def kill(self) -> None:
        """End them at once."""
        for one in self.running:
            one.kill()


class Elsewhere:
    """A port of 127.0.0.1 where somebody else runs something."""

    def __init__(self, port: int) -> None:
        self.ports = (port,)

    def ready(self, path: str = "", right: Callable[[int], bool] = lambda status: 200 <= status < 400) -> bool:
        """Whether it answers at a path with such a status; without a path, whether the port is open."""
        (port,) = self.ports
        return _open(port) if not path else right(_status(port, path))

    def end(self) -> None:
        """It is not ours to end."""

    kill = end


class Plane:
    """Envoy and the processes behind it; a context manager."""

    def __init__(self) -> None:
        self._envoy = Envoy()
        self._processes = AppProcesses()
        self._coming: list[Instances] = []
        self._instances: dict[str, Instances | Elsewhere] = {}
        self._leaving: list[Instances | Elsewhere] = []
        self._ending: list[threading.Thread] = []
        self._shown: Table | None = None

    def __enter__(self) -> Plane:
        self._processes.__enter__()
        self._envoy.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for one in (*self._instances.values(), *self._leaving, *self._coming):
            one.kill()
        for thread in self._ending:
            thread.join(timeout=LIMIT_SECONDS)
        self._envoy.__exit__(kind, error, trace)
        self._processes.__exit__()

    @property
    def url(self) -> str:
        """Where requests go, with the site's name as `Host`; also an HTTP proxy for those names."""
        return self._envoy.url

    def prepare(self, image: str, settings: Mapping[str, str], count: int = 1) -> Instances:
        """Start processes of a release, which no request reaches.

        Args:
            image: as `known_image` has it.
            settings: their environment.
            count: how many.
        """
        environment = {**images.TAGS[image], **settings}
        started = Instances(lambda: self._processes.start(environment), count)
        self._coming = [one for one in self._coming if one not in self._instances.values()]
        self._coming.append(started)
        return started

    @staticmethod
    def reach(port: int) -> Elsewhere:
        """Whatever somebody else runs on that port of 127.0.0.1, to be installed."""
        return Elsewhere(port)

    def install(self, name: str, instances: Instances | Elsewhere) -> None:
        """From the next sites that are shown on these are what shares name so; those that were end."""
        self.end(name)
        self._instances[name] = instances

    def answers(self, name: str, path: str, right: Callable[[int], bool]) -> bool:
        """Whether each of these instances answers at a path with such a status; none answers where there are none."""
        found = self._instances.get(name)
        return found is not None and found.ready(path, right)

    def rename(self, names: Mapping[str, str]) -> None:
        """Give instances other names, all at once: old -> new."""
        moved = {new: self._instances.pop(old) for old, new in names.items() if old in self._instances}
        self._instances.update(moved)

    def end(self, name: str) -> None:
        """End those of this name: with the next sites that are shown no request reaches them, and then they finish
        what they have begun.
        """
        found = self._instances.pop(name, None)
        if found is not None:
            self._leaving.append(found)

    def show(self, sites: list[Site]) -> None:
        """Go by these sites from now on. A share without instances answers 503."""
        hosts = tuple(Host(site.names, site.routes) for site in sites)
        used = {
            share.backend
            for host in hosts
            for route in host.routes
            if not isinstance(route.to, Answer)
            for share in route.to
        }
        ports = {name: self._instances[name].ports if name in self._instances else () for name in sorted(used)}
        table = Table(hosts, ports)
        if table != self._shown:
            self._envoy.apply(table)
            self._shown = table
        leaving, self._leaving = self._leaving, []
        self._ending = [one for one in self._ending if one.is_alive()]
        for one in leaving:
            thread = threading.Thread(target=one.end, daemon=True)
            self._ending.append(thread)
            thread.start()


def known_image(reference: str) -> str | None:
    """The sample app's tag that an image reference means; None for any other image, which cannot be pulled here."""
    name, _, tag = reference.rpartition(":")
    return tag if name.rpartition("/")[2] == images.REPOSITORY and tag in images.TAGS else None


def _open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _status(port: int, path: str) -> int:
    """0 where nothing answers."""
    if not _open(port):
        return 0
    try:
        return loopback.get(f"http://127.0.0.1:{port}{path}", timeout=2).status_code
    except httpx.TransportError:
        return 0
