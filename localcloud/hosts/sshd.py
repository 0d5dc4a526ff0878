"""A real sshd on a free port of 127.0.0.1, which lets in whoever has its one key."""

from __future__ import annotations

import contextlib
import getpass
import os
import signal
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Any

from localcloud.errors import LocalCloudError
from localcloud.progress import Silent
from localcloud.tools import system

LIMIT_SECONDS = 20.0
_LOOK_SECONDS = 0.02


class Sshd:
    """A context manager.

    Args:
        folder: for its files; it has to be there.
        forwards: whether it makes connections for those who are in.
    """

    def __init__(self, folder: Path, *, forwards: bool = True) -> None:
        self._folder, self._forwards = folder, forwards
        self.port = _free_port()
        self.key_file, self.known_hosts = folder / "id_ed25519", folder / "known_hosts"

    def __enter__(self) -> Sshd:
        import asyncssh  # noqa: PLC0415 - only who uses it needs it

        host, user = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(2))
        host_file = self._folder / "host_ed25519"
        for key, file in ((host, host_file), (user, self.key_file)):
            file.write_bytes(key.export_private_key())
            file.chmod(0o600)
        self.public_key = host.export_public_key().decode().strip()
        self.known_hosts.write_text(f"[127.0.0.1]:{self.port} {self.public_key}\n")
        allowed = self._folder / "authorized_keys"
        allowed.write_bytes(user.export_public_key())
        answer = "yes" if self._forwards else "no"
        self._config = self._folder / "sshd_config"
        self._config.write_text(
            f"ListenAddress 127.0.0.1:{self.port}\nHostKey {host_file}\nAuthorizedKeysFile {allowed}\n"
            f"PidFile none\nStrictModes no\nUsePAM no\nPasswordAuthentication no\nPermitRootLogin prohibit-password\n"
            f"AllowTcpForwarding {answer}\nAllowStreamLocalForwarding {answer}\n"
        )
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start it."""
        program = system.ensure(("sshd",), Silent())["sshd"].resolve()
        if os.getuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # it wants one that is root's
        log = (self._folder / "sshd.log").open("ab")
        with log:
            self._process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", program, "-D", "-e", "-f", self._config],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + LIMIT_SECONDS
        while not _open(self.port):
            if self._process.poll() is not None or time.monotonic() > deadline:
                said = (self._folder / "sshd.log").read_text(errors="replace")[-2000:]
                raise LocalCloudError(f"sshd did not start:\n{said}")
            time.sleep(_LOOK_SECONDS)

    def stop(self) -> None:
        """End it, and each of its connections: those who are in have a process each."""
        if self._process.poll() is not None:
            return
        connections = _descendants(self._process.pid)
        self._process.terminate()
        for one in connections:
            with contextlib.suppress(ProcessLookupError):
                os.kill(one, signal.SIGKILL)
        self._process.wait(timeout=LIMIT_SECONDS)

    def section(self, **more: Any) -> dict[str, Any]:
        """The `ssh` section of a router."""
        return {
            "host": "127.0.0.1",
            "port": self.port,
            "username": getpass.getuser(),
            "key_file": str(self.key_file),
            "known_hosts": str(self.known_hosts),
            **more,
        }


def _descendants(pid: int) -> list[int]:
    """The processes that one has started, and those that these have."""
    try:
        children = [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
    return [*children, *(one for child in children for one in _descendants(child))]


def _open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
