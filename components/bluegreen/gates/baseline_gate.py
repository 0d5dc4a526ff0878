"""The color under test against the color that carried the traffic before, in the same time."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from typing import Any, Literal

from bluegreen.fields import UNKNOWN, Fields
from bluegreen.metrics.base import MetricSource
from bluegreen.metrics.registry import SOURCE, WINDOW, check_window
from bluegreen.options.declared import Options, declared, option
from bluegreen.options.kinds import Number, Text
from bluegreen.rollout.errors import GateUnavailable
from bluegreen.rollout.model import Decision, Phase, Verdict
from bluegreen.rollout.ports import GateContext

_WINDOW_SECONDS = 300


@declared
class BaselineGate(Options):
    """The new color against the old one, in the same time, while a hold gives traffic to both.

    Fails when the one-sided Mann-Whitney U test of both colors' samples says that the new color is worse and its median
    is worse by more than the tolerance. Needs ``pip install 'bluegreen[analysis]'``. It never runs in the bake,
    where the old color has no traffic, and needs a hold that is long enough for ``min_samples``.
    """

    source: MetricSource = option(
        "the samples of each color, one every ``step_seconds`` or ``period_seconds``", SOURCE, positional=True
    )
    worse: Literal["higher", "lower"] = option(
        "the direction that is bad: ``higher`` for latency and errors, ``lower`` for success",
        Text(choices=("higher", "lower")),
    )
    significance: float = option(
        "the chance of a false alarm in one question. It runs often: what ``failure_limit`` allows makes up for that",
        Number(1e-6, 0.5),
        default=0.01,
    )
    tolerance_percent: float = option(
        "by how much the median may be worse, in percent of the old color's", Number(0, 1_000, "percent"), default=5
    )
    min_samples: int = option(
        "how many samples of each color; fewer are pending", Number(2, 10_000, whole=True), default=10
    )
    window_seconds: float = option(
        "how far back samples count, and never to before the first shift", WINDOW, default=_WINDOW_SECONDS
    )
    needs_preview: bool = False
    phases: frozenset[Phase] = frozenset({Phase.HOLD})
    offline: bool = False

    @classmethod
    def check(cls, fields: Fields, values: dict[str, Any]) -> None:
        """Check that so many samples can be significant, and that the window fits its source."""
        significance, samples = values["significance"], values["min_samples"]
        if samples is not UNKNOWN and significance is not UNKNOWN:
            least = _fewest(significance)
            if samples < least:
                fields.problem(
                    "min_samples", samples, f"{least} or more: fewer are never significant at {significance:g}"
                )
        check_window(fields, values)

    @property
    def label(self) -> str:
        """The name that people read."""
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
        """The probability of samples like these when the new color is not worse."""
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
    """The smallest number of samples of each color whose most extreme order is significant."""
    count = 2
    while 1 / math.comb(2 * count, count) >= significance:
        count += 1
    return count
