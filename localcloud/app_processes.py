"""The sample app as processes of this machine, each on a free port of 127.0.0.1: for what the emulator keeps as a
record only, and what requests should reach all the same."""

from __future__ import annotations

import os
import socket
import subprocess
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path

from localcloud.progress import Silent
from localcloud.tools import app


class AppProcess:
    """One that runs."""

    def __init__(self, program: Path, settings: Mapping[str, str]) -> None:
        self.port = _free_port()
        self._process = subprocess.Popen(
            [program],
            env={**settings, "HOST": "127.0.0.1", "PORT": str(self.port), "PATH": os.defpath},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    @property
    def alive(self) -> bool:
        """Whether it has not ended by itself, as it does where somebody else took its port meanwhile."""
        return self._process.poll() is None

    def end(self) -> None:
        """End it; it finishes what it has begun."""
        self._process.terminate()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()
        self._process.wait()


class AppProcesses:
    """Starts them, as a context, which ends those that nobody has ended before."""

    def __init__(self) -> None:
        self._started: list[AppProcess] = []
        self._home = tempfile.TemporaryDirectory(prefix="bluegreen-app-")

    def __enter__(self) -> AppProcesses:
        with tarfile.open(app.ensure(Silent())) as archive:
            archive.extract("app", self._home.name)
        return self

    def __exit__(self, *_: object) -> None:
        for one in self._started:
            if one.alive:
                one.kill()
        self._home.cleanup()

    def start(self, settings: Mapping[str, str]) -> AppProcess:
        """One more; ``settings`` are its environment: ``COLOR``, ``VERSION``, ``FAIL``, ``SLOW_MS``."""
        started = AppProcess(Path(self._home.name) / "app", settings)
        self._started.append(started)
        return started


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
