"""Clients that find their server by name: each asks a DNS server, and keeps its answer for as long as the TTL says.

    with DnsServer(cloud.endpoint) as server:
        with NameProxy(Resolving(server.port), Reach(cloud), "app.example.com:8080") as proxy:
            with Load(proxy.url, connections_kept=0) as load:
                ...

A new connection to the proxy is a client's: it goes to one of several resolvers with caches of their own, as clients
all over the world do, and from there to the address in the answer. A connection that is kept stays where it is.
"""

from __future__ import annotations

import contextlib
import itertools
import re
import socket
import threading
from types import TracebackType
from urllib.parse import urlsplit

import dns.exception
import dns.resolver

from localcloud.cloud import LocalCloud
from localcloud.cloud_map import address_of
from localcloud.dns import balancer_address, client

_CHUNK = 65_536
_TIMEOUT_SECONDS = 10.0
_LOST = (dns.exception.DNSException, OSError, ValueError, LookupError)


class Resolving:
    """Several resolvers, each with a cache that keeps answers for their TTL; they are read in turn."""

    def __init__(self, dns_port: int, resolvers: int = 8) -> None:
        self._turns = itertools.cycle(range(resolvers))
        self._resolvers = [_resolver(dns_port) for _ in range(resolvers)]
        self._next = itertools.count()

    def addresses(self, name: str, number: int | None = None) -> list[str]:
        """A name's addresses as one of the resolvers, the next one or the given one, has them now."""
        resolver = self._resolvers[next(self._turns) if number is None else number]
        return [record.to_text() for record in resolver.resolve(f"{name.rstrip('.')}.", "A")]

    def address(self, name: str) -> str:
        """One of them; each client takes another."""
        addresses = self.addresses(name)
        return addresses[next(self._next) % len(addresses)]


def _resolver(port: int) -> dns.resolver.Resolver:
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers = ["127.0.0.1"]
    resolver.port = port
    resolver.lifetime = _TIMEOUT_SECONDS
    resolver.cache = dns.resolver.Cache()
    return resolver


class Reach:
    """The addresses of the emulated network on this machine: the work of routers and a VPC elsewhere."""

    def __init__(self, cloud: LocalCloud) -> None:
        self._cloud = cloud
        self._ecs = client(cloud.endpoint, "ecs")
        self._known: dict[tuple[str, int], tuple[str, int]] = {}

    def __call__(self, address: str, port: int) -> tuple[str, int]:
        """Host and port to connect to.

        Raises:
            LookupError: nothing has this address.
        """
        parts = [int(part) for part in address.split(".")]
        bound = parts[2] << 8 | parts[3]
        if address == balancer_address(bound):
            return "127.0.0.1", bound
        if address.startswith("127."):
            return address, port
        if (address, port) not in self._known:
            self._known[address, port] = "127.0.0.1", self._published(address, port)
        return self._known[address, port]

    def _published(self, address: str, port: int) -> int:
        """The emulator gives a task an address, and its container a port of this machine: podman knows which."""
        for cluster in self._ecs.list_clusters()["clusterArns"]:
            arns = self._ecs.list_tasks(cluster=cluster)["taskArns"]
            for task in self._ecs.describe_tasks(cluster=cluster, tasks=arns)["tasks"] if arns else []:
                if address_of(task) == address:
                    for container in task["containers"]:
                        listed = self._cloud.podman("port", container["runtimeId"])
                        match = re.search(rf"^{port}/tcp -> 127\.0\.0\.1:(\d+)$", listed, re.MULTILINE)
                        if match:
                            return int(match[1])
        raise LookupError(f"no task listens at {address}:{port}")


class NameProxy:
    """Takes connections on 127.0.0.1 and opens each to where a name leads at that moment.

    `to` is the name and port of all of them. Without it, it is a proxy as HTTP clients know them (`HTTP_PROXY`), which
    takes the name from each connection's first request.
    """

    def __init__(self, resolving: Resolving, reach: Reach, to: str | None = None) -> None:
        self._resolving, self._reach, self._to = resolving, reach, to
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def url(self) -> str:
        """The proxy's URL."""
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}/"

    def _serve(self) -> None:
        while True:
            try:
                accepted, _ = self._listener.accept()
            except OSError:  # closed
                return
            threading.Thread(target=self._connect, args=(accepted,), daemon=True).start()

    def _connect(self, near: socket.socket) -> None:
        """Whatever goes wrong on the way is what the client sees: a connection that is closed without an answer."""
        with near, contextlib.suppress(*_LOST):
            first, to = (b"", self._to) if self._to else _first_request(near)
            name, _, port = to.partition(":")
            where = self._reach(self._resolving.address(name), int(port or 80))
            with socket.create_connection(where, timeout=_TIMEOUT_SECONDS) as far:
                far.sendall(first)
                back = threading.Thread(target=_pipe, args=(far, near), daemon=True)
                back.start()
                _pipe(near, far)
                back.join()

    def __enter__(self) -> NameProxy:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.close()


def _pipe(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(_CHUNK):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


def _first_request(near: socket.socket) -> tuple[bytes, str]:
    """The first request as a server expects it, and the server's name and port; the connection is for it alone."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = near.recv(_CHUNK)
        if not more:
            raise ValueError("no request")
        data += more
    line, _, rest = data.partition(b"\r\n")
    method, url, version = line.decode("latin-1").split(" ")
    parts = urlsplit(url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    head, _, body = rest.partition(b"\r\n\r\n")
    kept = [header for header in head.split(b"\r\n") if not header.lower().startswith((b"connection:", b"proxy-"))]
    lines = [f"{method} {path} {version}".encode("latin-1"), *kept, b"Connection: close"]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body, f"{parts.hostname}:{parts.port or 80}"
