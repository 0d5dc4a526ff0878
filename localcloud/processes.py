"""Commands run to their end, and processes left running that are known again later."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import resource
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from localcloud.errors import LocalCloudError


def cpu_seconds_of_children() -> float:
    """The processor seconds of all processes that this one has started and waited for, and of theirs."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


_here = threading.local()


def cpu_seconds_of_commands() -> float:
    """The seconds of CPU of the commands that this thread has run to their end, with all that they started."""
    return float(getattr(_here, "cpu_seconds", 0.0))


def _wait(process: subprocess.Popen[str]) -> int:
    """Wait for its end, and count what it took for the thread that waits: no other thread's commands are in that."""
    _pid, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    _here.cpu_seconds = cpu_seconds_of_commands() + used.ru_utime + used.ru_stime
    return process.returncode


def run(
    command: Sequence[str | Path],
    *,
    what: str,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    on_line: Callable[[str], None] | None = None,
    stdin: IO[str] | None = None,
) -> str:
    """Run a command, hand each line to `on_line` as it comes, and return all of it; a failure shows the last lines."""
    output: list[str] = []
    try:
        process = subprocess.Popen(
            [str(part) for part in command],
            env=dict(env) if env is not None else None,
            cwd=cwd,
            stdin=stdin or subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
    except OSError as error:
        raise LocalCloudError(f"{what}: cannot run {command[0]}: {error.strerror}") from error
    assert process.stdout is not None
    try:
        for line in process.stdout:
            output.append(line)
            if on_line is not None and line.strip():
                on_line(line.strip())
        code = _wait(process)
    except BaseException:
        process.kill()
        process.wait()
        raise
    if code:
        tail = "".join(deque(output, maxlen=15)).rstrip()
        raise LocalCloudError(
            f"{what} failed (`{' '.join(str(part) for part in command[:3])} …`, status {code}):\n{tail}"
        )
    return "".join(output)


@dataclasses.dataclass(frozen=True)
class Daemon:
    """A process left running. The start time tells it from another process that got the same pid later."""

    pid: int
    started: str

    @staticmethod
    def of(pid: int) -> Daemon:
        return Daemon(pid, _start_time(pid) or "")

    def alive(self) -> bool:
        return bool(self.started) and _start_time(self.pid) == self.started

    def stop(self, grace_seconds: float = 5.0) -> None:
        """End it: kindly first, then by force. One that is gone already, or was replaced, is left alone."""
        for number, wait_seconds in ((signal.SIGTERM, grace_seconds), (signal.SIGKILL, 5.0)):
            if not self.alive():
                return
            try:
                os.kill(self.pid, number)
            except ProcessLookupError:
                return
            deadline = time.monotonic() + wait_seconds
            while self.alive() and time.monotonic() < deadline:
                _reap(self.pid)
                time.sleep(0.02)


def start_daemon(command: Sequence[str | Path], *, env: Mapping[str, str], log: Path) -> Daemon:
    """Start a process that outlives this one, apart from its terminal, with everything it says in `log`."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            [str(part) for part in command],
            env=dict(env),
            cwd=log.parent,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    # Left running on purpose: without this, Python would warn of it when the object goes away.
    process.returncode = 0
    return Daemon.of(process.pid)


def no_proxy(environment: Mapping[str, str]) -> dict[str, str]:
    """Loopback is never reached through a proxy."""
    if not any(key.lower() in ("http_proxy", "https_proxy", "all_proxy") for key in environment):
        return {}
    old = environment.get("NO_PROXY") or environment.get("no_proxy") or ""
    value = ",".join(dict.fromkeys([*filter(None, old.split(",")), "127.0.0.1", "localhost"]))
    return {"NO_PROXY": value, "no_proxy": value}


def all_pids() -> list[int]:
    """Every process there is now."""
    return [int(entry) for entry in os.listdir("/proc") if entry.isdigit()]


def command_line(pid: int) -> bytes:
    """The arguments of a process, each ended by a zero byte; empty for one that is gone, or not to be seen."""
    return _read(pid, "cmdline")


def environment(pid: int) -> bytes:
    """The environment that it was started with."""
    return _read(pid, "environ")


def parent(pid: int) -> int | None:
    """The process that started it, or took it over."""
    fields = _stat(pid)
    return int(fields[1]) if fields else None


def _start_time(pid: int) -> str | None:
    """The time when the kernel started this process (clock ticks since boot); None for one that is gone or a zombie."""
    fields = _stat(pid)
    return fields[19] if fields and fields[0] != "Z" else None


def _stat(pid: int) -> list[str]:
    # The second field is the program's name in parentheses, which may hold anything.
    return _read(pid, "stat").rpartition(b")")[2].decode().split()


def _read(pid: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""


def _reap(pid: int) -> None:
    with contextlib.suppress(ChildProcessError):  # somebody else's child
        os.waitpid(pid, os.WNOHANG)
