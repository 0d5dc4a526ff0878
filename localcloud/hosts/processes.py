"""The releases and the Envoy of one host, each of them real and on 127.0.0.1. For Linux and for macOS."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx

from localcloud import loopback, paths
from localcloud.envoy.process import program
from localcloud.errors import LocalCloudError
from localcloud.hosts.program import HostProgram

ROUTE_CONFIG = "web"
_TYPES = "type.googleapis.com/envoy"


class Release:
    """A release that runs; see `localcloud.hosts.app`."""

    def __init__(self, color: str, release: str = "v1", port: int = 0) -> None:
        self.color, self.release = color, release
        command = [sys.executable, "-m", "localcloud.hosts.app", str(port), color, release]
        self._process = subprocess.Popen(
            command,
            cwd=paths.CHECKOUT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # a Ctrl-C in the terminal is for whoever started it
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self.end()
            raise LocalCloudError(f"{color} did not start on port {port}")
        self.port = int(line)

    @property
    def url(self) -> str:
        """Where it answers by itself."""
        return f"http://127.0.0.1:{self.port}"

    def end(self) -> None:
        """At once."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()


class HostEnvoy(HostProgram):
    """Envoy as a host has it: its configuration in a file, its routes in another one that it watches.

    Args:
        folder: for its files; `routes_file` is there before it starts, with no route in it.
        ports: each color's own, on 127.0.0.1. Its cluster is called ``web-blue``, ``web-green``.
    """

    called = "Envoy"

    def __init__(self, folder: Path, ports: Mapping[str, int]) -> None:
        super().__init__(folder)
        self.routes_file = folder / "routes.json"
        self.clusters = {color: f"web-{color}" for color in ports}
        if not self.routes_file.exists():
            self.routes_file.write_text('{"resources": []}\n')
        self._ports = dict(ports)
        self.port, self._admin_port = free_ports(2)

    @property
    def admin_url(self) -> str:
        """Its admin interface."""
        return f"http://127.0.0.1:{self._admin_port}"

    def command(self) -> Sequence[str | Path]:
        """Envoy with its configuration."""
        config = self.folder / "envoy.json"
        config.write_text(json.dumps(bootstrap(self.port, self._admin_port, self.routes_file, self._ports), indent=2))
        options = ["--concurrency", "2", "--disable-hot-restart", "--log-level", "warning"]
        return [program(), "--config-path", config, *options]

    def listens(self) -> bool:
        """Whether it says so."""
        try:
            return loopback.get(f"{self.admin_url}/ready", timeout=5).text.strip() == "LIVE"
        except httpx.TransportError:
            return False


def bootstrap(port: int, admin_port: int, routes_file: Path, ports: Mapping[str, int]) -> dict[str, Any]:
    """Envoy's own configuration: a listener, a checked cluster for each color, and where the routes stand."""
    filters = f"{_TYPES}.extensions.filters"
    manager = {
        "@type": f"{filters}.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "web",
        "rds": {
            "route_config_name": ROUTE_CONFIG,
            "config_source": {"resource_api_version": "V3", "path_config_source": {"path": str(routes_file)}},
        },
        "http_filters": [
            {"name": "envoy.filters.http.router", "typed_config": {"@type": f"{filters}.http.router.v3.Router"}}
        ],
    }
    listener = {
        "name": "web",
        "address": _address(port),
        "filter_chains": [
            {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}
        ],
    }
    return {
        "node": {"id": "host", "cluster": "host"},
        "admin": {"address": _address(admin_port)},
        "static_resources": {
            "listeners": [listener],
            "clusters": [_cluster(f"web-{color}", port) for color, port in ports.items()],
        },
    }


def _cluster(name: str, port: int) -> dict[str, Any]:
    return {
        "name": name,
        "type": "STATIC",
        "connect_timeout": "1s",
        "health_checks": [
            {
                "timeout": "1s",
                "interval": "0.5s",
                "no_traffic_interval": "0.5s",
                "unhealthy_threshold": 2,
                "healthy_threshold": 1,
                "http_health_check": {"path": "/healthz"},
            }
        ],
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": _address(port)}}]}],
        },
    }


def _address(port: int) -> dict[str, Any]:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


def free_ports(count: int) -> list[int]:
    """Ports that nobody has now; taken all at once, so that they differ."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()
