"""The platform's own health checks of the color's targets. Every swap has this gate."""

from __future__ import annotations

from typing import ClassVar

from bluegreen.options.declared import Options, declared, option
from bluegreen.options.kinds import Number
from bluegreen.rollout.model import Decision, Phase, Verdict
from bluegreen.rollout.ports import THROUGHOUT, GateContext


@declared
class TargetHealthGate(Options):
    """The platform's own health checks. Every swap has this gate; declare it to change its limit."""

    min_healthy_percent: float = option("of the registered targets", Number(1, 100, "percent"), default=100)
    min_healthy_targets: int = option(
        "how many healthy targets at least; before traffic they are waited for", Number(1, whole=True), default=1
    )
    only_reads: ClassVar[bool] = True
    needs_preview: bool = False
    phases: frozenset[Phase] = THROUGHOUT
    offline: bool = False

    @property
    def label(self) -> str:
        """The name that people read."""
        return "target health"

    def evaluate(self, context: GateContext) -> Verdict:
        """Ask the router."""
        health = context.health()
        enough = health.healthy >= self.min_healthy_targets
        # Under traffic a unit that autoscaling has just added is not judged yet: growing is no failure.
        judged = health.expected - (health.starting if context.weight_percent else 0)
        most = health.healthy and 100 * health.healthy >= self.min_healthy_percent * judged
        limit = f"at least {self.min_healthy_percent:g} % of targets"
        if self.min_healthy_targets > 1:
            limit += f", and {self.min_healthy_targets} of them"
            if not enough and context.phase is Phase.BEFORE:
                # They serve nobody yet, and whoever scales them may be at it.
                return Verdict(Decision.PENDING, str(health), limit)
        return Verdict(Decision.PASS if most and enough else Decision.FAIL, str(health), limit)
