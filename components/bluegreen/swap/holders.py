"""The processes of this machine that hold leases, and whether they live."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import socket
from pathlib import Path

active: set[str] = set()
"""The leases that swaps of this very process hold."""


def here() -> str:
    """This machine, as far as its process ids go: a container is one of its own."""
    known = []
    with contextlib.suppress(OSError):
        known = [Path("/proc/sys/kernel/random/boot_id").read_text(), os.readlink("/proc/self/ns/pid")]
    return hashlib.sha256(repr(known or [socket.gethostname()]).encode()).hexdigest()[:8]


def ended_here(lease: str, value: str) -> bool | None:
    """Whether the holder was a swap of this process, or a process of this machine, that is no more.

    ``None`` is a swap of this very process that continues: nothing is to be found out about it.
    """
    match = re.search(r" pid (\d+) on ([0-9a-f]{8})\b", value)
    if match is None or match[2] != here() or not Path("/proc/self").exists():
        return False
    if int(match[1]) == os.getpid():
        return None if lease in active else True
    try:
        state = Path(f"/proc/{match[1]}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return True
    return state in ("Z", "X")
