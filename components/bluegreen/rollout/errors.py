"""The errors that bluegreen raises.

BluegreenError
 +-- InvalidInput        the declaration is wrong; nothing was read or written
 +-- PlatformError       a platform's API said no, or could not be reached
 |    +-- NotOwned       the object in our place belongs to somebody else
 |    +-- TrafficMoved   somebody else moved the traffic since it was looked at; nothing was written over it
 |    +-- PlatformRefused   the platform's own checks ended the deployment that moves traffic
 +-- GateUnavailable     a gate could not run (no answer is not a pass)
 +-- LeaseHeld           another swap of the same object is running
 +-- LeaseLost           another swap took this one's place; nothing is written any more
 +-- SwapFailed          a swap did not finish; says what is true now
      +-- SwapAborted    somebody wants the swap to stop
      +-- RestoreFailed  the swap failed and the former weights could not be confirmed
      +-- UpdateHeld     a verdict holds the promotion, and `on_held` says that this fails the update
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bluegreen.rollout.model import Color, Weights

# What stands before the @ of an address, such as in a variable whose name says nothing (DATABASE_URL).
_CREDENTIALS = re.compile(r"(\b[A-Za-z][A-Za-z0-9+.-]*://)[^\s/?#@]*:[^\s/?#]*@")


def without_credentials(text: str) -> str:
    """The text with ``***`` in the place of who a URL's credentials are for."""
    return _CREDENTIALS.sub(r"\1***@", text)


class BluegreenError(Exception):
    """The root of every error of this package."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One wrong field: its path (``strategy.steps[1].weight_percent``), its value and what is allowed."""

    field: str
    value: object
    allowed: str

    def __str__(self) -> str:
        return f"{self.field}: {without_credentials(repr(self.value))} is not allowed; allowed: {self.allowed}"


class InvalidInput(BluegreenError):
    """The declaration is wrong; ``problems`` names every field. Nothing was written."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(map(str, self.problems)))


def refuse(problems: Sequence[Problem]) -> None:
    """Raise ``InvalidInput`` where there are problems."""
    if problems:
        raise InvalidInput(problems)


class PlatformError(BluegreenError):
    """A platform's API refused a call or could not be reached; ``call`` names it."""

    def __init__(self, call: str, reason: str) -> None:
        self.call = call
        self.reason = reason
        super().__init__(f"{call}: {reason}")


class NotOwned(PlatformError):
    """The object in the swap's place exists and belongs to somebody else."""


class TrafficMoved(PlatformError):
    """A write found other weights than those that had been looked at, and did not write over them."""

    def __init__(self, call: str, which: str, seen: Weights, live: Weights) -> None:
        super().__init__(call, f"somebody else moved the traffic of {which} from {seen} to {live}")


class PlatformRefused(PlatformError):
    """The platform's own checks (its alarms, hooks, analyses) ended the deployment that was to move traffic."""


class GateUnavailable(BluegreenError):
    """A gate could not run. That counts as an error of the gate, never as a pass."""


class LeaseHeld(BluegreenError):
    """Another swap of the same object is running; ``holder`` says whose. Nothing was written."""

    def __init__(self, holder: str) -> None:
        self.holder = holder
        super().__init__(
            f"another swap of this service runs: {holder}\n  Now: nothing was written\n"
            "  Next: wait for its end, or stop it with `bluegreen abort`, then run `pulumi up` again"
        )


class LeaseLost(BluegreenError):
    """Another swap took over while this one was not heard of; it writes nothing more, not even a restore."""


class SwapFailed(BluegreenError):
    """A swap did not finish.

    Attributes:
        reason: which gate or call failed, its value against its limit.
        weights: the live weights now, as far as they could be confirmed.
        live_color: the color that carries production traffic now, ``None`` for a mix or for none.
        moved: whether traffic had moved before it was put back.
        next_step: what the user does next.
        outputs: the swap's outputs as they are now, once whoever runs it has set them; ``None`` until then.
        interruption: what made the process end meanwhile (Ctrl-C): it is to be raised in the end.
        verdict: what refused the promotion: ``gate``, ``abort`` or ``steady-state``; empty for an accident,
            after which the same update tries again.
    """

    outputs: Mapping[str, Any] | None = None
    interruption: BaseException | None = None
    verdict: str = ""

    def __init__(self, reason: str, *, weights: Weights, next_step: str, restored: str, moved: bool = True) -> None:
        self.reason = reason
        self.moved = moved
        self.weights = weights
        self.live_color: Color | None = weights.live_color
        self.restored = restored
        super().__init__()
        self.advise(next_step)

    def moved_by_somebody(self, live: Weights) -> None:
        """Say what is live since somebody else has moved traffic once more."""
        self.weights, self.live_color = live, live.live_color
        self.restored = f"{self.restored}; then somebody else moved traffic: {live}"
        self.advise(self.next_step)

    def advise(self, next_step: str) -> None:
        """Add to the message what the user does next."""
        self.next_step = next_step
        self.args = (f"{self.reason}\n  Now: {self.restored}\n  Next: {next_step}",)


class SwapAborted(SwapFailed):
    """The swap was aborted and the former weights are live again."""


class RestoreFailed(SwapFailed):
    """The swap failed and the former weights could not be confirmed."""


class UpdateHeld(SwapFailed):
    """A verdict holds the promotion: nothing moved towards its color, and ``on_held`` makes the update fail."""
