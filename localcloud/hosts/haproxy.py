"""HAProxy as a host has it: its configuration in a file, and a map by which it chooses a color's backend."""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence
from pathlib import Path

from localcloud.hosts.processes import free_ports
from localcloud.hosts.program import HostProgram
from localcloud.progress import Silent
from localcloud.tools import system


class HostHaproxy(HostProgram):
    """HAProxy with a backend for each color, called ``web-blue`` and ``web-green``; a context manager.

    Args:
        folder: for its files, with a short path: a socket stands in it. `map_file` is there before it starts, empty.
        ports: each color's own, on 127.0.0.1.
    """

    called = "HAProxy"

    def __init__(self, folder: Path, ports: Mapping[str, int]) -> None:
        super().__init__(folder)
        self.map_file, self.socket = folder / "web.map", folder / "api"
        self.backends = {color: f"web-{color}" for color in ports}
        self.map_file.touch()
        self._ports = dict(ports)
        (self.port,) = free_ports(1)

    def command(self) -> Sequence[str | Path]:
        """HAProxy in the foreground."""
        program = system.ensure(("haproxy",), Silent())["haproxy"]
        config = self.folder / "haproxy.cfg"
        config.write_text(configuration(self.port, self.socket, self.map_file, self._ports))
        return [program, "-db", "-f", config]

    def listens(self) -> bool:
        """Whether its port is open."""
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self) -> None:
        """End it at once; its socket goes, too."""
        if self._process is not None:
            super().stop()
            self.socket.unlink(missing_ok=True)


def configuration(port: int, api: Path, map_file: Path, ports: Mapping[str, int]) -> str:
    """HAProxy's own configuration; what stands in `frontend` is what docs/hosts.md has."""
    backends = "\n".join(
        f"backend web-{color}\n  option httpchk GET /healthz\n"
        f"  server one 127.0.0.1:{its} check inter 500ms fall 20 rise 1\n"
        for color, its in ports.items()
    )
    return f"""\
global
  stats socket {api} mode 600 level admin
defaults
  mode http
  timeout connect 2s
  timeout client 30s
  timeout server 30s
frontend web
  bind 127.0.0.1:{port}
  http-request set-var(txn.green) str(green),map_str_int({map_file},-1)
  http-request set-var(txn.dice) rand(100)
  http-request return status 503 if {{ var(txn.green) -m int lt 0 }}
  use_backend web-green if {{ var(txn.dice),sub(txn.green) -m int lt 0 }}
  default_backend web-blue
{backends}"""
