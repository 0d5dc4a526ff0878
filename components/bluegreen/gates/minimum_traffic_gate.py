"""Enough real requests, so that the other gates have had something to look at."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from bluegreen.fields import Fields
from bluegreen.gates.base import UNDER_TRAFFIC, GateContext
from bluegreen.metrics.base import MetricSource
from bluegreen.metrics.registry import parse_source
from bluegreen.rollout.model import Decision, Phase, Verdict


@dataclass(frozen=True, slots=True)
class MinimumTrafficGate:
    """Pending until the color has had this many requests since the hold or the bake began.

    It never fails by itself: whatever is pending when its phase ends did not pass.

    Attributes:
        source: counts requests; its window is the time since the phase began.
        requests: how many there must be.
    """

    source: MetricSource
    requests: int
    needs_preview: bool = False
    phases: frozenset[Phase] = UNDER_TRAFFIC
    offline: bool = False

    @classmethod
    def parse(cls, fields: Fields) -> Mapping[str, object]:
        """Check one entry of ``gates``."""
        return {"source": parse_source(fields), "requests": fields.whole("requests", least=1)}

    @property
    def label(self) -> str:
        """What people call it."""
        return f"at least {self.requests} requests"

    def evaluate(self, context: GateContext) -> Verdict:
        """Count since the phase began."""
        window_seconds = max(1.0, context.asked_at_seconds - context.phase_began_at_seconds)
        found = self.source.value(context, context.color, window_seconds)
        wanted = f"of at least {self.requests} requests"
        if found is None:
            return Verdict(Decision.PENDING, f"0 {wanted}", reason="no data")
        # Rounded down: a rate that was extrapolated to 99.7 is not 100 requests.
        decision = Decision.PASS if found >= self.requests else Decision.PENDING
        return Verdict(decision, f"{math.floor(found) if math.isfinite(found) else found} {wanted}")
