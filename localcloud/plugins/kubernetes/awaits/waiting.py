"""The wait itself: poll until the object is ready, the time is up, or the user ends it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from localcloud.plugins.kubernetes.cluster import Cancelled, Cluster
from localcloud.plugins.kubernetes.objects import Object, annotation, name_of
from localcloud.plugins.values import ProviderError

DEFAULT_SECONDS = 600.0
_INTERVAL_SECONDS = (0.25, 1.0)

Log = Callable[[str], None]


class NotReady(ProviderError):
    """An object that was written is not usable; `problems` says why."""

    def __init__(self, message: str, problems: list[str], live: Object) -> None:
        super().__init__(message)
        self.problems = problems
        self.live = live


@dataclass
class Waiter:
    """Watches one object. `ready` looks once; `problems` says what the last look found wrong."""

    cluster: Cluster
    live: Object
    """The object as it was seen last."""
    doing: str = ""
    """What is waited for, for the user to see."""
    at_once: bool = False
    """A refresh looks once and does not wait for things to settle."""
    _notes: list[str] = field(default_factory=list)

    def look(self) -> None:
        """Read the object again."""
        self.live = self.cluster.get(self.live)

    def ready(self) -> bool:
        return True

    def problems(self) -> list[str]:
        return self._notes


def seconds_for(timeout_seconds: float, inputs: Object) -> float:
    """The longest wait, in seconds: the resource's own option, its annotation, the default."""
    if timeout_seconds:
        return timeout_seconds
    given = annotation(inputs, "pulumi.com/timeoutSeconds")
    return float(given) if given.isdigit() else DEFAULT_SECONDS


def until_ready(waiter: Waiter, seconds: float, log: Log) -> Object:
    """The live object, once it is ready."""
    end, shown, interval = time.monotonic() + seconds, "", _INTERVAL_SECONDS[0]
    name = name_of(waiter.live)
    while not waiter.ready():
        if waiter.doing != shown:
            shown = waiter.doing
            log(shown)
        if time.monotonic() >= end:
            raise NotReady(f"'{name}' timed out waiting to be Ready", waiter.problems(), waiter.live)
        try:
            waiter.cluster.sleep(min(interval, max(0.01, end - time.monotonic())))
        except Cancelled:
            message = f'Resource operation was cancelled for "{name}"'
            raise NotReady(message, waiter.problems(), waiter.live) from None
        interval = min(interval * 1.3, _INTERVAL_SECONDS[1])
    if shown:
        log("")
    return waiter.live


def ready_now(waiter: Waiter) -> Object:
    """The live object; an error where it is not ready at this moment."""
    waiter.at_once = True
    if not waiter.ready():
        name = name_of(waiter.live)
        raise NotReady(f"Resource '{name}' was created but failed to initialize", waiter.problems(), waiter.live)
    return waiter.live
