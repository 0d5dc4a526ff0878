"""A cloud that is played, in a process that stays and is found again by later commands of `python -m localcloud`."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import shutil
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import certifi
from typing_extensions import Self

from localcloud import paths
from localcloud import state as states
from localcloud.bootstrap import for_played
from localcloud.errors import LocalCloudError
from localcloud.processes import Daemon, no_proxy, start_daemon
from localcloud.progress import Progress, Silent
from localcloud.pulumi_home import PulumiHome

READY_SECONDS = 60.0


@dataclasses.dataclass(frozen=True)
class Record:
    """The record that `up` leaves behind: the process, and where Pulumi's programs are."""

    pid: int
    started: str
    path: list[str]


class Played(ABC):
    """One that is up. Its directory is beside that of the others, so that each can be ended by itself.

    The module `localcloud.WORD` serves until it has to end, and writes into the directory that it is given: where
    (`where.json`, as its last), and the certificate that it shows, if any (`WORD.pem`).

    Attributes:
        called: its name for people.
        word: its name in commands, files and modules.
        url: its API.
        requests: where requests to its apps go, by their host names.
        names: a proxy that leads clients to its apps by their own names, over HTTPS; empty where there is none.
    """

    called: ClassVar[str]
    word: ClassVar[str]

    def __init__(self, state_dir: Path, record: Record) -> None:
        self.state_dir = state_dir
        self._record = record
        where = json.loads((state_dir / "where.json").read_text())
        self.url: str = where["url"]
        self.requests: str = where["requests"]
        self.names: str = where.get("names", "")

    @abstractmethod
    def own_env(self) -> Mapping[str, str]:
        """The environment that leads clients of this cloud here."""

    @classmethod
    def up(
        cls, state_dir: Path | None = None, progress: Progress | None = None, project_dir: Path = paths.CHECKOUT
    ) -> Self:
        """Start it, or find it running. Stacks are made for the config files of the project in `project_dir`."""
        state, progress = cls._directory(state_dir), progress or Silent()
        with states.lock(state):
            record = _read(state)
            if record is None or not Daemon(record.pid, record.started).alive():
                record = cls._start(state, progress)
            found = cls(state, record)
            home = PulumiHome(state)
            home.install_plugins()
            search = os.pathsep.join([*found.path, os.environ.get("PATH", os.defpath)])
            home.init_stacks(project_dir, {**os.environ, **found.env(), "PATH": search})
            return found

    @classmethod
    def current(cls, state_dir: Path | None = None) -> Self:
        """The one that is up; an error if it is not."""
        state = cls._directory(state_dir)
        record = _read(state)
        if record is None or not Daemon(record.pid, record.started).alive():
            raise LocalCloudError(
                f"{cls.called} is not running here: start it with `python -m localcloud up {cls.word}`"
            )
        return cls(state, record)

    @classmethod
    def running(
        cls, state_dir: Path | None = None, progress: Progress | None = None, project_dir: Path = paths.CHECKOUT
    ) -> contextlib.AbstractContextManager[Self]:
        """One that is up is used, else one is started, and ended in the end, also half-way."""
        return states.used(
            lambda: cls.current(state_dir),
            lambda: cls.up(state_dir, progress, project_dir),
            lambda: cls.down(state_dir),
        )

    @classmethod
    def down(cls, state_dir: Path | None = None) -> bool:
        """End it and remove its state; returns whether there was one."""
        state = cls._directory(state_dir)
        with states.lock(state):
            there = state.exists()
            record = _read(state)
            if record is not None:
                Daemon(record.pid, record.started).stop(grace_seconds=20)
            states.remove(state)
            states.lock_file(state).unlink()
            return there

    def process_env(self, base: Mapping[str, str] | None = None) -> dict[str, str]:
        """A whole environment for a child process: `base` (else this one's), led to this cloud."""
        base = os.environ if base is None else base
        path = os.pathsep.join([*self.path, base.get("PATH", os.defpath)])
        return {**base, **self.env(), "PATH": path, **no_proxy(base)}

    def by_name(self) -> dict[str, str]:
        """The environment of a process that reaches the apps by their own names, over HTTPS: all else it cannot."""
        return {"HTTPS_PROXY": self.names, "NO_PROXY": "127.0.0.1,localhost", "no_proxy": "127.0.0.1,localhost"}

    @property
    def pid(self) -> int:
        return self._record.pid

    @property
    def log(self) -> Path:
        """Its log."""
        return self.state_dir / f"{self.word}.log"

    @property
    def certificates(self) -> Path:
        """The certificates that clients trust: all that they trust elsewhere, and this one."""
        return self.state_dir / "certificates.pem"

    @property
    def path(self) -> list[str]:
        """The directories that PATH begins with for commands that use it."""
        return [*self._record.path, str(Path(sys.executable).parent)]

    def env(self) -> dict[str, str]:
        """The environment of commands that use it, beside their PATH (see `path`)."""
        trusted = dict.fromkeys(("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"), str(self.certificates))
        own = {**PulumiHome(self.state_dir).env(), **self.own_env()}
        return {**own, **(trusted if self.certificates.exists() else {})}

    @classmethod
    def _directory(cls, state_dir: Path | None) -> Path:
        state = states.directory(state_dir)
        return state.with_name(f"{state.name}-{cls.word}")

    @classmethod
    def _start(cls, state: Path, progress: Progress) -> Record:
        tools = for_played(progress)
        with progress.step(f"Starting {cls.called}"):
            shutil.rmtree(state, ignore_errors=True)  # its resources were gone with the process before
            state.mkdir(parents=True)
            path = PulumiHome(state).prepare(tools.pulumi)
            command: list[str | Path] = [sys.executable, "-m", f"localcloud.{cls.word}", state]
            search = {"PYTHONPATH": os.pathsep.join([str(paths.CHECKOUT), os.environ.get("PYTHONPATH", "")])}
            log = state / f"{cls.word}.log"
            daemon = start_daemon(command, env={**os.environ, **search}, log=log)
            # Written before it answers: whatever happens now, `down` finds the process.
            record = Record(daemon.pid, daemon.started, [str(one) for one in path])
            (state / "env.json").write_text(json.dumps(dataclasses.asdict(record)))
            deadline = time.monotonic() + READY_SECONDS
            while not (state / "where.json").exists():
                if not daemon.alive() or time.monotonic() > deadline:
                    said = log.read_text(errors="replace")[-2000:]
                    daemon.stop()
                    raise LocalCloudError(f"{cls.called} did not start; the end of {log}:\n{said}")
                time.sleep(0.05)
            if (shown := state / f"{cls.word}.pem").exists():
                own = shown.read_text()
                certificate = own[own.index("-----BEGIN CERTIFICATE") :]
                (state / "certificates.pem").write_text(Path(certifi.where()).read_text() + certificate)
        return record


def _read(state: Path) -> Record | None:
    try:
        return Record(**json.loads((state / "env.json").read_text()))
    except (FileNotFoundError, json.JSONDecodeError, TypeError):
        return None
