"""The end of a swap's life: what it owns is removed, unless a swap of it is running."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping

from bluegreen.rollout.calls import guarded
from bluegreen.rollout.clock import Clock
from bluegreen.rollout.errors import BluegreenError
from bluegreen.rollout.ports import Capacity, TrafficRouter
from bluegreen.swap.lease import Lease

_POLL_SECONDS = 1.0


def remove(
    router: TrafficRouter,
    capacity: Capacity | None,
    clock: Clock,
    marks: Mapping[str, str],
    tell: Callable[[str], None],
) -> None:
    """Remove what the swap owns under a lease like any other write's, which goes with the object.

    Args:
        router: whose object is removed.
        capacity: what else is removed with it.
        clock: time.
        marks: what the object has just been found to have.
        tell: called when it waits for another swap's end.

    Raises:
        LeaseHeld: another swap of the same object is running; nothing was removed.
        LeaseLost: one took over meanwhile.
        PlatformError: a call failed.
    """
    lease = Lease(router, clock, "removal", _POLL_SECONDS, tell)
    try:
        lease.take(marks)
        with guarded(lease.fence, lease.outlast, clock.sleep):
            if capacity is not None:
                capacity.delete()
            with lease.leaving():
                router.delete()  # last of all: the lease goes with the object
    except Exception:
        with contextlib.suppress(BluegreenError):
            lease.give_back()
        raise
    finally:
        lease.forget()
