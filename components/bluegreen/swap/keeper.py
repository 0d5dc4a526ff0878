"""Who looks after a running swap's lease, and hears the wish to stop it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bluegreen.swap.lease import Lease


class Watching:
    """The runner's watch: the adapter's own wish to stop, and the lease's marks."""

    def __init__(self, lease: Lease, cancelled: Callable[[], bool]) -> None:
        self._lease = lease
        self._cancelled = cancelled

    def check(self) -> str | None:
        """Ask, if it is time."""
        return "whoever runs this update" if self._cancelled() else self._lease.check()

    def judge(self, marks: Mapping[str, str]) -> str | None:
        """Look at marks that were read anyway."""
        return "whoever runs this update" if self._cancelled() else self._lease.judge(marks)
