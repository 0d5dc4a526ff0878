"""The color under test against the color that carried the traffic before, in the same time."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from bluegreen.fields import UNKNOWN, Fields
from bluegreen.gates.base import GateContext
from bluegreen.metrics.base import MetricSource
from bluegreen.metrics.registry import parse_source, parse_window
from bluegreen.rollout.errors import GateUnavailable
from bluegreen.rollout.model import Decision, Phase, Verdict

_WINDOW_SECONDS = 300


@dataclass(frozen=True, slots=True)
class BaselineGate:
    """Fails when the new color is worse than the old one: significantly, and by enough to matter.

    Significant is what the one-sided Mann-Whitney U test of both colors' samples says; it asks nothing of how they
    are distributed. It is asked during holds alone: in the bake the old color has no traffic to compare with.

    Attributes:
        source: where the samples come from; it is asked once for each color.
        worse: the direction that is bad.
        significance: the chance of taking two equal colors for different ones in one question.
        tolerance_percent: how much worse the median may be, in percent of the old color's.
        min_samples: fewer of either color are pending.
        window_seconds: samples of this time, but none from before the swap's first shift.
    """

    source: MetricSource
    worse: Literal["higher", "lower"]
    significance: float = 0.01
    tolerance_percent: float = 5
    min_samples: int = 10
    window_seconds: float = _WINDOW_SECONDS
    needs_preview: bool = False
    phases: frozenset[Phase] = frozenset({Phase.HOLD})
    offline: bool = False

    @classmethod
    def parse(cls, fields: Fields) -> Mapping[str, object]:
        """Check one entry of ``gates``."""
        source = parse_source(fields)
        significance = fields.number("significance", 0.01, least=1e-6, most=0.5)
        samples = fields.whole("min_samples", 10, least=2, most=10_000)
        if samples is not UNKNOWN and significance is not UNKNOWN:
            least = _fewest(significance)
            if samples < least:
                fields.problem(
                    "min_samples", samples, f"{least} or more: fewer are never significant at {significance:g}"
                )
        return {
            "source": source,
            "worse": fields.text("worse", choices=("higher", "lower")),
            "significance": significance,
            "tolerance_percent": fields.number("tolerance_percent", 5, most=1_000, unit="percent"),
            "min_samples": samples,
            "window_seconds": parse_window(fields, source, _WINDOW_SECONDS),
        }

    @property
    def label(self) -> str:
        """What people call it."""
        return f"baseline {getattr(self.source, 'label', '')}".strip()

    def evaluate(self, context: GateContext) -> Verdict:
        """Compare the samples since the first shift."""
        window_seconds = self.window_seconds
        if context.shifted_at_seconds is not None:
            window_seconds = min(window_seconds, max(1.0, context.asked_at_seconds - context.shifted_at_seconds))
        new = self.source.series(context, context.color, window_seconds)
        old = self.source.series(context, context.other_color, window_seconds)
        if min(len(new), len(old)) < self.min_samples:
            counts = f"{len(new)} samples of {context.color}, {len(old)} of {context.other_color}"
            return Verdict(Decision.PENDING, counts, f"at least {self.min_samples} of each")
        p = self._chance(new, old)
        median, former = statistics.median(new), statistics.median(old)
        value = f"median {median:.6g} ({context.color}), {former:.6g} ({context.other_color}), p = {p:.2g}"
        limit = f"not {self.worse} by more than {self.tolerance_percent:g} % with p < {self.significance:g}"
        bad = p < self.significance and self._matters(median, former)
        return Verdict(Decision.FAIL if bad else Decision.PASS, value, limit)

    def _chance(self, new: Sequence[float], old: Sequence[float]) -> float:
        """How likely samples like these are when the new color is not worse."""
        try:
            from scipy.stats import mannwhitneyu  # noqa: PLC0415 - large, and only this gate needs it
        except ImportError as error:
            raise GateUnavailable("a baseline gate needs scipy: pip install 'bluegreen[analysis]'") from error
        p = float(mannwhitneyu(new, old, alternative="greater" if self.worse == "higher" else "less").pvalue)
        return 1.0 if math.isnan(p) else p

    def _matters(self, median: float, former: float) -> bool:
        by = median - former if self.worse == "higher" else former - median
        # A former median of 0 tolerates nothing; two infinite ones differ by nothing.
        return by > abs(former) * self.tolerance_percent / 100


def _fewest(significance: float) -> int:
    """The fewest samples of each color whose most extreme order is significant."""
    count = 2
    while 1 / math.comb(2 * count, count) >= significance:
        count += 1
    return count
