"""The platform's own health checks of the color's targets. Every swap has this gate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bluegreen.fields import Fields
from bluegreen.gates.base import THROUGHOUT, GateContext
from bluegreen.rollout.model import Decision, Phase, Verdict


@dataclass(frozen=True, slots=True)
class TargetHealthGate:
    """Passes while enough of the color's targets are healthy.

    Attributes:
        min_healthy_percent: of the registered targets, 1-100.
        min_healthy_targets: how many at least; before traffic they are waited for.
    """

    min_healthy_percent: float = 100
    min_healthy_targets: int = 1
    needs_preview: bool = False
    phases: frozenset[Phase] = THROUGHOUT
    offline: bool = False

    @classmethod
    def parse(cls, fields: Fields) -> Mapping[str, object]:
        """Check one entry of ``gates``."""
        return {
            "min_healthy_percent": fields.number("min_healthy_percent", 100, least=1, most=100, unit="percent"),
            "min_healthy_targets": fields.whole("min_healthy_targets", 1, least=1),
        }

    @property
    def label(self) -> str:
        """What people call it."""
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
