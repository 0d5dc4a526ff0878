"""The time limits of a swap's waits."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of a swap's waits, and its intervals, in seconds.

    Attributes:
        steady_state_timeout_seconds: for the new color's units to run and be healthy.
        converge_timeout_seconds: for the platform to say that a written weight has taken effect.
        propagation_seconds: after that, before it counts: requests may still go the former way.
        restore_timeout_seconds: for a restore to get through, which is tried for longer than anything else.
        poll_interval_seconds: between two looks at readiness, gates and the abort mark.
        converge_is_said: whether somebody has said the second one; else a router may know that it takes longer.
    """

    steady_state_timeout_seconds: float = 600
    converge_timeout_seconds: float = 60
    propagation_seconds: float = 0
    restore_timeout_seconds: float = 300
    poll_interval_seconds: float = 1
    converge_is_said: bool = True

    def converge_seconds(self, router: object) -> float:
        """How long the weights that a router has just written may take to take effect."""
        known = getattr(router, "converge_seconds", None)
        if self.converge_is_said or known is None:
            return self.converge_timeout_seconds
        return max(self.converge_timeout_seconds, float(known()))
