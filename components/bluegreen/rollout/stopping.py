"""The reasons to end a plan early: who asks for it, and the text that the user reads then."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from bluegreen.rollout.analysis import GateFailed
from bluegreen.rollout.clock import Clock
from bluegreen.rollout.errors import BluegreenError, LeaseLost, PlatformRefused, SwapFailed
from bluegreen.rollout.model import Plan, Weights

# A wait that is longer is done in pieces.
_PIECE_SECONDS = 5.0


class Watch(Protocol):
    """Looks whether a running swap should stop. Both methods return who requested it, and raise ``LeaseLost``."""

    def check(self) -> str | None:
        """Ask, if it is time."""
        ...

    def judge(self, marks: Mapping[str, str]) -> str | None:
        """Look at marks that were read anyway."""
        ...


class Stopped(BluegreenError):
    """Ends the plan: the reason is what the user reads."""


class Aborted(Stopped):
    """Somebody wants the swap to stop."""


class Moved(Stopped):
    """Somebody else moved traffic before this swap did; it is theirs, and stays where they put it."""

    def __init__(self, live: Weights, planned: Weights) -> None:
        self.found = live
        super().__init__(f"the live weights are {live} instead of {planned}: somebody else moved them meanwhile")


class NotReady(Stopped):
    """A color was not ready for traffic in time.

    Attributes:
        undelivered: whether its release was not even there, so that nothing is known against it.
    """

    def __init__(self, reason: str, *, undelivered: bool = False) -> None:
        self.undelivered = undelivered
        super().__init__(reason)


def judged(
    failed: SwapFailed | LeaseLost, plan: Plan, error: BaseException, *, confirmed: bool
) -> SwapFailed | LeaseLost:
    """The failure with its cause as the verdict; without one after an accident, which the same update tries again.

    Args:
        failed: what is to be raised.
        plan: the one that failed; of promotions alone, also resumed ones, there are verdicts.
        error: what ended the plan.
        confirmed: whether `confirm` was over: what that refuses is the moment, and the color was not looked at then.
    """
    if isinstance(failed, SwapFailed) and plan.analysis:
        if (isinstance(error, GateFailed) and confirmed and not error.unasked) or isinstance(error, PlatformRefused):
            failed.verdict = "gate"
        elif isinstance(error, NotReady) and not error.undelivered:
            failed.verdict = "steady-state"
        elif isinstance(error, Aborted):
            failed.verdict = "abort"
    return failed


def rest(clock: Clock, seconds: float, look: Callable[[], object]) -> None:
    """Wait, and look every now and then in a long wait: a lease does not last longer than some intervals do.

    Args:
        clock: time.
        seconds: how long.
        look: what is done in between; what it raises ends the wait.
    """
    until = clock.monotonic_seconds() + seconds
    while seconds > _PIECE_SECONDS:
        clock.sleep(_PIECE_SECONDS)
        look()
        seconds = until - clock.monotonic_seconds()
    clock.sleep(seconds)
