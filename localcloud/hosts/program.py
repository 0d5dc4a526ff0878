"""A program that a host has in front of its releases, real and on 127.0.0.1, as its own child process."""

from __future__ import annotations

import shutil
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import ClassVar

from typing_extensions import Self

from localcloud.errors import LocalCloudError

LIMIT_SECONDS = 30.0
_LOOK_SECONDS = 0.01


class HostProgram(ABC):
    """One, which runs from `start` to `stop`; a context manager.

    Args:
        folder: for its files.

    Attributes:
        called: its name, in words.
        port: where requests go, on 127.0.0.1.
    """

    called: ClassVar[str]
    port: int

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where requests go."""
        return f"http://127.0.0.1:{self.port}"

    @abstractmethod
    def command(self) -> Sequence[str | Path]:
        """The program and its arguments, once its files are written."""

    @abstractmethod
    def listens(self) -> bool:
        """Whether it takes requests."""

    def start(self) -> None:
        """Start it, and wait until it listens."""
        command, log = self.command(), self.folder / f"{self.called.lower()}.log"
        # Killed with whoever started it, where there is a program for that.
        mortal = ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [*mortal, *command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=self.folder,
                start_new_session=True,
            )
        deadline = time.monotonic() + LIMIT_SECONDS
        while not self.listens():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise LocalCloudError(f"{self.called} did not start:\n{log.read_text(errors='replace')[-2000:]}")
            time.sleep(_LOOK_SECONDS)

    def stop(self) -> None:
        """End it at once, as a machine that loses its power does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
