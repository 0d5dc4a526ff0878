"""The router as one swap uses it: its writes and its keeper's marks one after the other, and the first write of all.

What is known of an object (its version, its note) is kept in the router. A mark that another thread sets goes through
the same router under the same lock, so that neither makes what the other one knows stale.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import cast

from bluegreen.rollout.errors import PlatformError
from bluegreen.rollout.model import Color, Convergence, Readiness, Traffic, Weights
from bluegreen.rollout.ports import Capability, Installs, Preview, TrafficRouter
from bluegreen.swap.incarnation import MARK as INCARNATION
from bluegreen.swap.lease import Lease, leases_in


class Shared:
    """A router under a lock, whose object is made together with the swap's lease where there is none."""

    def __init__(self, router: TrafficRouter, lease: Lease) -> None:
        self._router = router
        self._lease = lease

    @property
    def capabilities(self) -> frozenset[Capability]:
        """The capabilities of the platform."""
        return self._router.capabilities

    @property
    def where(self) -> frozenset[str]:
        """The keys of the section that say where traffic is routed."""
        return self._router.where

    @property
    def propagation_seconds(self) -> float:
        """The time, in seconds, for which requests may go the former way."""
        return self._router.propagation_seconds

    @property
    def id(self) -> str:
        """The place where traffic is routed."""
        return self._router.id

    @property
    def least_idle_percent(self) -> float:
        """The percentage that the idle color must keep for the live one to be reached."""
        return getattr(self._router, "least_idle_percent", 0)

    @property
    def looks_before_writes(self) -> bool:
        """Whether a write is sent right after a look, which may be the one that ``glance`` has just made."""
        return hasattr(self._router, "live") or hasattr(self._router, "glance")

    @property
    def exchanges(self) -> bool:
        """Whether all traffic moves by an exchange, so that no write is rehearsed."""
        return getattr(self._router, "exchanges", False)

    def comes_to(self, weights: Weights) -> str:
        """The real share that a split has come to, where the platform has no weights. No I/O."""
        told = getattr(self._router, "comes_to", None)
        return "" if told is None else str(told(weights))

    def converge_seconds(self) -> float:
        """How long what was just written may take by what the platform says; 0 where it says nothing. No I/O."""
        known = getattr(self._router, "converge_seconds", None)
        return 0 if known is None else float(known())

    def reaches(self, color: Color, preview: Preview) -> Preview:
        """How a color is reached now, where its address depends on who is live. No I/O."""
        reaches = getattr(self._router, "reaches", None)
        return preview if reaches is None else cast("Preview", reaches(color, preview))

    def try_on(self, color: Color) -> None:
        """Give an idle color the live one's settings, where the platform can do that."""
        self._settings("try_on", color)

    def take_off(self) -> None:
        """Give it its own ones back."""
        self._settings("take_off")

    def _settings(self, which: str, *color: Color) -> None:
        change = getattr(self._router, which, None)
        if change is not None:
            with self._lease.lock:
                with contextlib.suppress(PlatformError):
                    self._lease.fence()
                change(*color)

    @property
    def is_there(self) -> bool:
        """Whether there is an object, which has the swap's lease."""
        return self._lease.placed

    def read(self) -> Traffic:
        """The live weights and the marks."""
        with self._lease.lock:
            return self._router.read()

    def glance(self, *, fresh: bool = False) -> Traffic:
        """The live weights, for a write that comes next; with the marks where those need no call of their own.

        Args:
            fresh: whether nothing has come after the last call, which need not be made again then.

        Raises:
            LeaseLost: another swap took over.
        """
        # A lease that is due is renewed now: between the look and the write that would hide what has moved.
        with self._lease.lock, contextlib.suppress(PlatformError):
            self._lease.fence()
        both = getattr(self._router, "glance", None)
        if both is None:
            return Traffic(self.weights()) if hasattr(self._router, "live") else self.read()
        with self._lease.lock:
            traffic: Traffic = both(fresh=fresh)
        return traffic

    def weights(self) -> Weights:
        """The live weights alone, as they are at this moment."""
        alone = getattr(self._router, "live", None)
        with self._lease.lock:
            return alone() if alone is not None else self._router.read().weights

    def write(self, weights: Weights) -> None:
        """Send production traffic as ``weights`` says; with no object yet, make it with the lease on it.

        Raises:
            LeaseHeld: another swap made the object first; nothing was written.
        """
        self._write(weights, self._router.write)

    def put_back(self, weights: Weights) -> None:
        """Write the former weights after a failure; of several routers each is tried whatever the others say."""
        self._write(weights, getattr(self._router, "put_back", self._router.write))

    def join(self, weights: Weights, added: Sequence[bool], proved: Weights) -> tuple[str, ...]:
        """Make what of several routers has no object yet, at the weights of the others; the names of those made."""
        with self._lease.lock:
            join = getattr(self._router, "join", None)
            return (
                () if join is None or not self._lease.placed else cast("tuple[str, ...]", join(weights, added, proved))
            )

    def settled(self) -> bool:
        """Whether what ``join`` has made has taken effect."""
        with self._lease.lock:
            return getattr(self._router, "settled", lambda: True)()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of several routers; none where there is one."""
        return getattr(self._router, "names", ())

    @property
    def installs(self) -> bool:
        """Whether the swap itself brings the releases."""
        return bool(getattr(self._router, "installs", False))

    def release(self, color: Color) -> str:
        """The release that it installs in a color, for people."""
        return cast("Installs", self._router).release(color)

    def installed(self, color: Color) -> bool:
        """Whether the platform has a color's release."""
        with self._lease.lock:
            return cast("Installs", self._router).installed(color)

    def install(self, color: Color) -> None:
        """Bring a color's release, and leave all traffic where it is.

        Raises:
            LeaseLost: another swap took over.
        """
        with self._lease.lock:
            with contextlib.suppress(PlatformError):
                self._lease.fence()
            cast("Installs", self._router).install(color)

    def _write(self, weights: Weights, write: Callable[[Weights], None]) -> None:
        with self._lease.lock:
            if weights == Weights():
                self._lease.placed = False  # the object goes, and the lease with it
                write(weights)
            elif self._lease.id and not self._lease.placed:
                self._lease.place(weights)
            else:
                # Clients ask before each try; a router of a user's own may have none. Unreadable marks stop no restore.
                with contextlib.suppress(PlatformError):
                    self._lease.fence()
                write(weights)

    def may_remove(self, marks: Mapping[str, str]) -> bool:
        """Whether an object with these marks is this swap's to remove: it has made it, and nobody took it over since.

        One without a lease and an incarnation may be what this swap has made, when the reply was lost.
        """
        lease = self._lease
        holders = leases_in(marks)
        return not lease.found and (lease.id in holders or (not holders and INCARNATION not in marks))

    def verify(self, weights: Weights) -> Convergence:
        """Whether ``weights`` is what the platform does now."""
        with self._lease.lock:
            return self._router.verify(weights)

    def marks(self) -> Mapping[str, str]:
        """The marks alone."""
        with self._lease.lock:
            return self._router.marks()

    def mark(self, changes: Mapping[str, str | None]) -> None:
        """Set and remove marks."""
        with self._lease.lock:
            self._router.mark(changes)

    def progress(self) -> str:
        """The platform's progress with the last write."""
        return self._router.progress()

    def commands(self, weights: Weights) -> tuple[str, ...]:
        """The commands that put ``weights`` in place by hand."""
        return self._router.commands(weights)

    def health(self, color: Color) -> Readiness:
        """The health of a color's targets."""
        with self._lease.lock:
            return self._router.health(color)

    def health_to_go_back(self, color: Color) -> Readiness:
        """The health before a restore: of several routers the best one's, since each goes back by itself."""
        with self._lease.lock:
            return getattr(self._router, "health_to_go_back", self._router.health)(color)

    def delete(self) -> None:
        """Remove what the swap owns."""
        with self._lease.lock:
            self._router.delete()
