"""`python -m dev.benchmarks.proxies`: the requests that proxies lose while they change from one color to the other.

Envoy by its routes file and HAProxy by its runtime API are those of the product, moved by its own routers; nginx by a
reload and Caddy by its admin interface are here for comparison. nginx and Caddy come with ``apt-get install nginx-light
caddy``; whichever is not there is left out.
"""

from __future__ import annotations

import http.client
import json
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
from rich import box
from rich.console import Console
from rich.table import Table

from bluegreen.hosts.route_files.router import EnvoyRouter
from bluegreen.hosts.runtime_api.router import HaproxyRouter
from bluegreen.rollout.model import COLORS, Color, Weights, other
from localcloud import loopback
from localcloud.hosts.haproxy import HostHaproxy
from localcloud.hosts.processes import ROUTE_CONFIG, HostEnvoy, Release, free_ports
from localcloud.tools import system

SWITCHES, SECONDS, CLIENTS = 20, 2.0, 4
_LIMIT_SECONDS = 20.0
Ports = dict[str, int]


@dataclass
class Counted:
    """The answers that the clients got."""

    requests: int = 0
    errors: int = 0
    kinds: dict[str, int] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, problem: str) -> None:
        with self.lock:
            self.requests += 1
            if problem:
                self.errors += 1
                self.kinds[problem] = self.kinds.get(problem, 0) + 1


@dataclass(frozen=True)
class Proxy:
    """One that runs.

    Attributes:
        port: where requests go, on 127.0.0.1.
        send: leads all of them to a color.
    """

    port: int
    send: Callable[[Color], object]


@contextmanager
def envoy(folder: Path, ports: Ports) -> Iterator[Proxy]:
    """Envoy, by the product's router."""
    with HostEnvoy(folder, ports) as host:
        router = EnvoyRouter(
            routes_file=str(host.routes_file),
            route_config=ROUTE_CONFIG,
            clusters={color: host.clusters[color] for color in COLORS},
            admin_url=host.admin_url,
            owner="project/stack/web",
        )
        yield Proxy(host.port, lambda color: router.write(Weights.all_on(color)))


@contextmanager
def haproxy(folder: Path, ports: Ports) -> Iterator[Proxy]:
    """HAProxy, by the product's router."""
    with HostHaproxy(folder, ports) as host:
        router = HaproxyRouter(
            map_file=str(host.map_file),
            backends={color: host.backends[color] for color in COLORS},
            socket=str(host.socket),
            owner="project/stack/web",
        )
        yield Proxy(host.port, lambda color: router.write(Weights.all_on(color)))


@contextmanager
def nginx(folder: Path, ports: Ports) -> Iterator[Proxy]:
    """The program nginx, by an included file and a reload."""
    program = system.find("nginx")
    assert program is not None
    (port,) = free_ports(1)
    config, upstream = folder / "nginx.conf", folder / "upstream.conf"

    def named(color: Color) -> None:
        scratch = folder / "upstream.new"
        scratch.write_text(f"server 127.0.0.1:{ports[color]};\n")
        scratch.replace(upstream)

    named("blue")
    config.write_text(
        f"daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log; worker_processes 2;\n"
        f"events {{}}\nhttp {{ access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;\n"
        f"upstream web {{ include {upstream}; keepalive 16; }}\n"
        f"server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://web; proxy_http_version 1.1;\n"
        f'proxy_set_header Connection ""; }} }} }}\n'
    )
    command = [str(program), "-c", str(config), "-p", str(folder)]

    def send(color: Color) -> None:
        named(color)
        subprocess.run([*command, "-s", "reload"], check=True, capture_output=True)

    with _running(command, port):
        yield Proxy(port, send)


@contextmanager
def caddy(folder: Path, ports: Ports) -> Iterator[Proxy]:
    """Caddy, by its admin interface."""
    port, admin = free_ports(2)
    home = {"HOME": str(folder), "XDG_CONFIG_HOME": str(folder), "XDG_DATA_HOME": str(folder)}

    def configuration(color: Color) -> dict[str, Any]:
        route = {"handle": [{"handler": "reverse_proxy", "upstreams": [{"dial": f"127.0.0.1:{ports[color]}"}]}]}
        server = {"listen": [f"127.0.0.1:{port}"], "routes": [route], "automatic_https": {"disable": True}}
        logs = {"default": {"level": "ERROR"}}
        http_app = {"servers": {"web": server}}
        return {"admin": {"listen": f"127.0.0.1:{admin}"}, "logging": {"logs": logs}, "apps": {"http": http_app}}

    file = folder / "caddy.json"
    file.write_text(json.dumps(configuration("blue")))
    program = str(shutil.which("caddy"))

    def send(color: Color) -> None:
        answer = loopback.post(f"http://127.0.0.1:{admin}/load", json=configuration(color), timeout=_LIMIT_SECONDS)
        answer.raise_for_status()

    with _running([program, "run", "--config", str(file)], port, home):
        yield Proxy(port, send)


PROXIES = {"Envoy, routes file": envoy, "HAProxy, runtime API": haproxy, "nginx, reload": nginx, "Caddy, admin": caddy}
_NEEDS = {"nginx, reload": "nginx", "Caddy, admin": "caddy"}


@contextmanager
def _running(command: list[str], port: int, env: dict[str, str] | None = None) -> Iterator[None]:
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=env
    )
    try:
        _until_it_answers(port)
        yield
    finally:
        process.terminate()
        process.wait(timeout=_LIMIT_SECONDS)


def _until_it_answers(port: int) -> None:
    deadline = time.monotonic() + _LIMIT_SECONDS
    while time.monotonic() < deadline:
        try:
            if loopback.get(f"http://127.0.0.1:{port}/", timeout=2).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    raise RuntimeError(f"nothing answers on port {port}")


def _ask(port: int, counted: Counted, ended: threading.Event, *, kept: bool) -> None:
    """Ask one time after the other, over one connection as long as it lasts, or over a new one each time."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    while not ended.is_set():
        problem = ""
        try:
            connection.request("GET", "/")
            answer = connection.getresponse()
            answer.read()
            problem = "" if answer.status == 200 else f"status {answer.status}"
        except (OSError, http.client.HTTPException) as error:
            problem = type(error).__name__
        if problem or not kept:
            connection.close()
        counted.add(problem)
    connection.close()


def measured(proxy: Proxy, *, kept: bool) -> Counted:
    """Twenty switches in two seconds, and clients meanwhile."""
    counted, ended = Counted(), threading.Event()
    clients = [
        threading.Thread(target=_ask, args=(proxy.port, counted, ended), kwargs={"kept": kept}) for _ in range(CLIENTS)
    ]
    color: Color = "blue"
    proxy.send(color)
    _until_it_answers(proxy.port)
    for client in clients:
        client.start()
    try:
        for number in range(SWITCHES):
            began = time.monotonic()
            color = other(color)
            proxy.send(color)
            if number < SWITCHES - 1:
                time.sleep(max(SECONDS / SWITCHES - (time.monotonic() - began), 0))
    finally:
        time.sleep(0.2)
        ended.set()
        for client in clients:
            client.join()
    return counted


def main() -> int:
    """Measure and print; the exit status is 1 if Envoy or HAProxy lost a request."""
    table = Table("proxy", "connections", "lost", "requests", "how", box=box.MARKDOWN)
    lost = 0
    for name, started in PROXIES.items():
        if name in _NEEDS and system.find(_NEEDS[name]) is None:
            continue
        with ExitStack() as ending:
            releases = {color: Release(color) for color in COLORS}
            for release in releases.values():
                ending.callback(release.end)
            folder = Path(ending.enter_context(TemporaryDirectory(prefix="bg-")))
            folder.chmod(0o755)
            proxy = ending.enter_context(started(folder, {color: one.port for color, one in releases.items()}))
            for kept in (True, False):
                counted = measured(proxy, kept=kept)
                lost += counted.errors if name not in _NEEDS else 0
                how = ", ".join(f"{kind} {count}" for kind, count in sorted(counted.kinds.items()))
                connections = "kept" if kept else "new"
                table.add_row(name, connections, str(counted.errors), f"{counted.requests:,}", how or "-")
    Console(width=120).print(table)
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
