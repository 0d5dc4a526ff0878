"""The namespaces that keep a node's processes and mounts together: one of processes and one of mounts.

Whatever runs in it (the node's programs, containerd's shims, containers) ends when its first process does: the kernel
sees to that, and takes the mounts away, too. The network stays the machine's, since NodePorts belong on its loopback.
Directories that the programs insist on (`/var/lib/kubelet`, …) are bound to ones of the node's own, in there only.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from localcloud.errors import LocalCloudError
from localcloud.processes import Daemon, all_pids, command_line, environment, parent, run, start_daemon

# Where the programs want their files -> the directory of the node that they get.
BOUND = {
    "/run/containerd": "containerd-run",
    "/var/lib/containerd": "containerd",
    "/var/lib/cni": "cni",
    "/var/lib/kubelet": "kubelet",
    "/var/log/containers": "container-logs",
    "/var/log/pods": "pod-logs",
}
START_SECONDS = 10.0

_MARK = "BLUEGREEN_NODE"
_CLONE_NEWPID = 0x20000000


class Sandbox:
    """The namespaces of the node whose files are in `directory`; `holder` is what `start` returned."""

    def __init__(self, directory: Path, holder: Daemon | None = None) -> None:
        self.directory = directory
        self._init = self._first_process(holder) if holder else None

    def environment(self) -> dict[str, str]:
        """For whatever runs inside, marked as this node's; the user's settings for other clusters stay out."""
        inherited = {key: value for key, value in os.environ.items() if key not in ("KUBECONFIG", "NOTIFY_SOCKET")}
        path = dict.fromkeys([*inherited.get("PATH", os.defpath).split(os.pathsep), "/usr/sbin", "/sbin"])
        return inherited | {"PATH": os.pathsep.join(path), _MARK: str(self.directory)}

    def start(self, init: Path, log: Path) -> Daemon:
        """Make the namespaces; `init` is a program that waits, and collects orphans as the first process has to."""
        for name in BOUND.values():
            (self.directory / name).mkdir(exist_ok=True)
        (self.directory / "etcd").mkdir(exist_ok=True)
        command: list[str | Path] = [
            "unshare",
            "--mount",
            "--pid",
            "--fork",
            "--kill-child=SIGKILL",
            "--mount-proc",
            init,
            "-P",
        ]
        daemon = start_daemon(command, env=self.environment(), log=log)
        deadline = time.monotonic() + START_SECONDS
        while self._first_process(daemon) is None:
            if not daemon.alive() or time.monotonic() > deadline:
                daemon.stop()
                raise LocalCloudError(f"cannot make namespaces for the node: {log.read_text().strip() or 'no answer'}")
            time.sleep(0.01)
        self._init = self._first_process(daemon)
        # etcd in memory: it waits for the disk at each write, and nothing of the node is meant to outlive it anyway.
        mounts = [f"mount -t tmpfs -o mode=700 tmpfs '{self.directory}/etcd'"]
        mounts += [f"mount --bind '{self.directory}/{name}' {place}" for place, name in BOUND.items()]
        # What containers mount is to reach those who share it with them.
        self.run(["sh", "-ec", "\n".join([*mounts, "mount --make-rshared /"])], what="mounting the node's directories")
        return daemon

    @staticmethod
    def _first_process(daemon: Daemon) -> int | None:
        """The one that `unshare` forked, once it has become what it is to be."""
        for pid in all_pids():
            if parent(pid) == daemon.pid and not command_line(pid).startswith(b"unshare\0"):
                return pid
        return None

    def inside(self, command: Sequence[str | Path]) -> list[str | Path]:
        """A command that runs where the node's mounts are."""
        if self._init is None:
            raise LocalCloudError("the Kubernetes node has ended")
        # The directory is entered again, there: a process that stands outside of its mounts does not know where it is.
        within: list[str | Path] = ["sh", "-c", 'cd "$0" && exec "$@"', self.directory]
        return ["nsenter", f"--mount=/proc/{self._init}/ns/mnt", "--", *within, *command]

    def run(self, command: Sequence[str | Path], what: str) -> str:
        """Run it among the node's mounts, to its end."""
        return run(self.inside(command), what=what, env=self.environment())

    def spawn(self, command: Sequence[str | Path], log: Path, env: Mapping[str, str] | None = None) -> Daemon:
        """Leave a process running in the namespaces."""
        entered = self.inside(command)
        with _children_in(f"/proc/{self._init}/ns/pid"):
            return start_daemon(entered, env=self.environment() | dict(env or {}), log=log)

    def processes(self) -> list[int]:
        """The processes that this node has started, by their environment: also in mid-start, and without a record."""
        mark = os.fsencode(f"{_MARK}={self.directory}\0")
        return [pid for pid in all_pids() if mark in environment(pid)]

    def end(self) -> None:
        """End every process of this node."""
        while marked := self.processes():
            # With the first process of the namespace the kernel ends all others in it; whoever waits for it continues.
            for pid in sorted(marked, key=lambda pid: (not _is_first(pid), pid)):
                Daemon.of(pid).stop(grace_seconds=0)


def _is_first(pid: int) -> bool:
    """Whether it is number 1 in a process namespace of its own."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return False
    return any(line.startswith("NSpid:") and line.split()[2:] == ["1"] for line in lines)


@contextlib.contextmanager
def _children_in(namespace: str) -> Iterator[None]:
    """Make the processes that this thread starts meanwhile members of a process namespace."""
    # Python has a function for it from 3.12 on.
    libc = ctypes.CDLL(None, use_errno=True)
    with open("/proc/thread-self/ns/pid_for_children") as own, open(namespace) as other:
        if libc.setns(other.fileno(), _CLONE_NEWPID):
            raise LocalCloudError(f"cannot enter the node's namespace: {os.strerror(ctypes.get_errno())}")
        try:
            yield
        finally:
            libc.setns(own.fileno(), _CLONE_NEWPID)
