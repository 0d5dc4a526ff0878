"""apt-get beside others: one that finds the packages locked waits for whoever has them, and says so."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence

from localcloud.errors import LocalCloudError
from localcloud.processes import run
from localcloud.progress import Note, Progress

PATIENCE_SECONDS = 900
"""A fresh machine may be at its first upgrades by itself."""
_PAUSE_SECONDS = 3.0
# What apt says, in every version, of every lock: the lists', the archives' and dpkg's own.
_LOCKED = re.compile(r"Could not get lock (\S+?)\.?(?= |$)(?:.* process (\d+ \([^)]*\)))?")


def apt_get(
    words: Sequence[str],
    *,
    what: str,
    env: Mapping[str, str],
    note: Note,
    progress: Progress,
    pause: Callable[[float], None] = time.sleep,
) -> None:
    """Run apt-get; where another process has a lock that it needs, wait until that one is done.

    apt waits for dpkg's lock by itself, and for that of the lists not at all: there it is run again.

    Args:
        words: its arguments.
        what: what a failure names.
        env: its environment; what it says is read, so its language is set.
        note: hears each line.
        progress: called once with that, for whom and for how long it waits.
        pause: waits for some seconds.

    Raises:
        LocalCloudError: it failed, also because the lock was held for longer than ``PATIENCE_SECONDS``.
    """
    ends, told = time.monotonic() + PATIENCE_SECONDS, False

    def on_line(line: str) -> None:
        nonlocal told
        match = _LOCKED.search(line)
        if match and not told:
            told = True
            holder = f"process {match[2]}" if match[2] else "another process"
            progress.say(f"{what} waits for {holder}, which has locked {match[1]} (for {PATIENCE_SECONDS} s at most)")
        note(line)

    while True:
        left = max(1, int(ends - time.monotonic()))
        command = ["apt-get", f"--option=DPkg::Lock::Timeout={left}", *words]
        try:
            run(command, what=what, env={**env, "LC_ALL": "C.UTF-8"}, on_line=on_line)
        except LocalCloudError as error:
            locked = any(_LOCKED.search(line) for line in str(error).splitlines())
            if not locked or time.monotonic() >= ends:
                raise
            pause(_PAUSE_SECONDS)
        else:
            return
