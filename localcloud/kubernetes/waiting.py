"""Waiting for something to become true, for a limited time, with the reason if it does not."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import httpx

from localcloud.errors import LocalCloudError
from localcloud.processes import Daemon


def until(
    check: Callable[[], object],
    what: str,
    *,
    seconds: float = 60.0,
    interval_seconds: float = 0.05,
    of: Daemon | None = None,
    log: Path | None = None,
) -> None:
    """Ask `check` until it says yes. An error of its own is an answer, too, and is shown in the end.

    Args:
        check: whether it is so.
        what: what should be so, for the message: "the API server answers".
        seconds: how long to wait.
        interval_seconds: between two questions.
        of: the process that has to bring it about: when it has ended there is nothing to wait for.
        log: what that process says.
    """
    deadline = time.monotonic() + seconds
    while True:
        problem = ""
        try:
            if check():
                return
        except (LocalCloudError, OSError, httpx.HTTPError) as error:
            problem = f": {error}"
        ended = of is not None and not of.alive()
        if ended or time.monotonic() > deadline:
            why = "its process has ended" if ended else f"not within {seconds:.0f} s{problem}"
            raise LocalCloudError(f"waited in vain until {what} ({why}){_tail(log)}")
        time.sleep(interval_seconds)


def _tail(log: Path | None, lines: int = 12) -> str:
    if log is None or not log.is_file():
        return ""
    return f"; the end of {log}:\n" + "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
