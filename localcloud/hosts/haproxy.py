"""HAProxy as a host has it: its configuration in a file, and a map by which it chooses a color's backend."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from localcloud.errors import LocalCloudError
from localcloud.hosts.processes import free_ports
from localcloud.progress import Silent
from localcloud.tools import system

LIMIT_SECONDS = 30.0
_LOOK_SECONDS = 0.01


class HostHaproxy:
    """HAProxy with a backend for each color, called ``web-blue`` and ``web-green``; a context manager.

    Args:
        folder: for its files, with a short path: a socket stands in it. `map_file` is there before it starts, empty.
        ports: each color's own, on 127.0.0.1.
    """

    def __init__(self, folder: Path, ports: Mapping[str, int]) -> None:
        self.folder = folder
        self.map_file, self.socket = folder / "web.map", folder / "api"
        self.backends = {color: f"web-{color}" for color in ports}
        self.map_file.touch()
        self._ports = dict(ports)
        (self.port,) = free_ports(1)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where requests go."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, and wait until it listens."""
        program = system.ensure(("haproxy",), Silent())["haproxy"]
        config, log = self.folder / "haproxy.cfg", self.folder / "haproxy.log"
        config.write_text(configuration(self.port, self.socket, self.map_file, self._ports))
        mortal = ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [*mortal, program, "-db", "-f", config],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=self.folder,
                start_new_session=True,
            )
        deadline = time.monotonic() + LIMIT_SECONDS
        while not self._listens():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise LocalCloudError(f"HAProxy did not start:\n{log.read_text(errors='replace')[-2000:]}")
            time.sleep(_LOOK_SECONDS)

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self) -> None:
        """End it at once, as a machine that loses its power does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
            self.socket.unlink(missing_ok=True)

    def __enter__(self) -> HostHaproxy:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


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
