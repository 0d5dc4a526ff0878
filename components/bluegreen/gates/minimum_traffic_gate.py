"""Enough real requests, so that the other gates have had something to look at."""

from __future__ import annotations

import math
from typing import ClassVar

from bluegreen.metrics.base import MetricSource
from bluegreen.metrics.registry import SOURCE
from bluegreen.options.declared import Options, declared, option
from bluegreen.options.kinds import Number
from bluegreen.rollout.model import Decision, Phase, Verdict
from bluegreen.rollout.ports import UNDER_TRAFFIC, GateContext


@declared
class MinimumTrafficGate(Options):
    """Enough requests to the new color since the hold or the bake began. Fewer are pending: never a pass.

    Without it a color that nobody used looks as healthy as one that everybody used.
    """

    source: MetricSource = option(
        "counts them over ``{window}``, such as "
        "``prometheus_source(address, 'sum(increase(http_requests_total{color=\"{color}\"}[{window}]))')``, or a "
        'CloudWatch ``RequestCount`` with ``statistic="Sum"``',
        SOURCE,
    )
    requests: int = option("how many", Number(1, whole=True), positional=True)
    only_reads: ClassVar[bool] = True
    needs_preview: bool = False
    phases: frozenset[Phase] = UNDER_TRAFFIC
    offline: bool = False

    @property
    def label(self) -> str:
        """The name that people read."""
        return f"at least {self.requests} requests"

    def evaluate(self, context: GateContext) -> Verdict:
        """Count since the phase began."""
        window_seconds = max(1.0, context.asked_at_seconds - context.phase_began_at_seconds)
        requests = self.source.value(context, context.color, window_seconds)
        wanted = f"of at least {self.requests} requests"
        if requests is None:
            return Verdict(Decision.PENDING, f"0 {wanted}", reason="no data")
        # Rounded down: a rate that was extrapolated to 99.7 is not 100 requests.
        decision = Decision.PASS if requests >= self.requests else Decision.PENDING
        return Verdict(decision, f"{math.floor(requests) if math.isfinite(requests) else requests} {wanted}")
