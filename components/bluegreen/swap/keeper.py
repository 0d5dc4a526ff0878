"""The keeper: it renews a running swap's lease and hears the wish to stop it, also while something else blocks.

The swap itself looks at its lease whenever it waits. A gate of minutes, a call that is tried again and again, a slow
scale-out keep it from that; the keeper beside it then renews the lease and hears an abort. It steps in only where
nobody has looked for ``STEPS_IN_SECONDS``: a swap that goes its way makes no call more for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from bluegreen.rollout.calls import counted
from bluegreen.rollout.clock import Clock
from bluegreen.rollout.errors import BluegreenError
from bluegreen.swap.lease import Lease

STEPS_IN_SECONDS = 5.0
_BEATS_A_LOOK = 5


class Keeper:
    """Looks after one lease, from outside of the work that it is for.

    Args:
        lease: whose.
        count: called with each API call that it makes.
    """

    def __init__(self, lease: Lease, count: Callable[[str], None] = lambda _: None) -> None:
        self._lease = lease
        self._count = count

    def beat(self) -> None:
        """Look and renew, where nobody else has for a while. The lease keeps the findings; it never raises.

        While a call of the work holds the object nothing is done: what the two know of it would be each other's past.
        The work renews the lease itself then, before each try and each pause.
        """
        lease = self._lease
        if not lease.lock.acquire(blocking=False):
            return
        try:
            if lease.unseen_seconds >= STEPS_IN_SECONDS:
                with counted(self._count):
                    lease.check()
        except BluegreenError:
            pass  # a lease that is lost says so to the work, before whatever it writes next
        finally:
            lease.lock.release()


@contextmanager
def kept(lease: Lease, clock: Clock, count: Callable[[str], None]) -> Iterator[None]:
    """Run a keeper beside the work, on clocks that can run one; a test drives it by hand.

    Args:
        lease: the work's.
        clock: time.
        count: called with each API call that the keeper makes.
    """
    beside = getattr(clock, "beside", None)
    if beside is None:
        yield
        return
    with beside(Keeper(lease, count).beat, STEPS_IN_SECONDS / _BEATS_A_LOOK):
        yield


class Watching:
    """The runner's watch: the adapter's own wish to stop, and the lease's marks."""

    def __init__(self, lease: Lease, cancelled: Callable[[], bool]) -> None:
        self._lease = lease
        self._cancelled = cancelled

    def check(self) -> str | None:
        """Ask, if it is time."""
        return "the one who runs this update" if self._cancelled() else self._lease.check()

    def judge(self, marks: Mapping[str, str]) -> str | None:
        """Look at marks that were read anyway."""
        return "the one who runs this update" if self._cancelled() else self._lease.judge(marks)
