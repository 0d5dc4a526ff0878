"""The share of failed requests as the entry itself counts them: a gate that needs no names."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Literal

from bluegreen.metrics.error_counts import Counts, ErrorCounts, Prometheus, counts_of
from bluegreen.options.declared import Options, declared, option
from bluegreen.options.kinds import Address, Number, Secret, Text
from bluegreen.permissions import Permission
from bluegreen.rollout.errors import BluegreenError, GateUnavailable
from bluegreen.rollout.model import Decision, Phase, Verdict
from bluegreen.rollout.ports import UNDER_TRAFFIC, GateContext
from bluegreen.secrets import SecretRef, UrlRef

_LOOK_BACK_SECONDS = 3_600
_FEWEST_ERRORS = 2
_ALL = 100


@declared
class ErrorRateGate(Options):
    """The share of requests that the color under test fails, as its entry counts them: no metric, no label to name.

    Load balancers and API Gateway count 5xx answers, Lambda errors, all three in CloudWatch; routes on Kubernetes
    count in Prometheus, by what Istio, Linkerd, Traefik, ingress-nginx and Contour call it. Only what came after the
    first shift counts, and a single failed request is no rate. Components have this gate by themselves for promotions
    with steps, where a hold is long enough for the entry's metrics to arrive (``error_rate`` of their settings).
    """

    permissions: ClassVar[tuple[Permission, ...]] = (
        Permission("cloudwatch:GetMetricData", "each time the gate runs, where the entry counts in CloudWatch"),
    )

    max_percent: float = option("the largest share that passes", Number(0, 100, "percent"), default=1)
    requests: int = option(
        "the smallest number of requests that make a share", Number(1, 1_000_000, whole=True), default=20
    )
    window_seconds: float = option("the time that counts", Number(60, 86_400, "seconds"), default=600)
    without_data: Literal["pending", "pass"] = option(
        "what it is that too little was counted, or that the metrics cannot be read: ``pending``, so that a phase "
        "that ends so has failed, or ``pass``",
        Text(choices=("pending", "pass")),
        default="pending",
    )
    prometheus: UrlRef | None = option(
        "where Prometheus is, for entries on Kubernetes; those on AWS need none",
        Address(),
        default=None,
    )
    token: SecretRef | None = option("where its bearer token is", Secret(), default=None)
    only_reads: ClassVar[bool] = True
    needs_preview: bool = False
    phases: frozenset[Phase] = UNDER_TRAFFIC
    offline: bool = False
    entries: tuple[ErrorCounts, ...] | None = None

    def entered(self, sections: Sequence[Mapping[str, Any]]) -> ErrorRateGate:
        """The same gate for a swap with these routers."""
        server = None if self.prometheus is None else Prometheus(self.prometheus, self.token)
        found = [counts_of(section, server) for section in sections]
        return replace(self, entries=tuple(one for one in found if one is not None))

    @property
    def label(self) -> str:
        """The name that people read."""
        return "error rate"

    @property
    def _limit(self) -> str:
        return f"at most {self.max_percent:g} %"

    def evaluate(self, context: GateContext) -> Verdict:
        """Ask the entry."""
        try:
            counts = self._counts(lambda one: one.counts(context, context.color, self._window(context, one)))
        except BluegreenError as error:
            if self.without_data == "pending":
                raise
            return Verdict(Decision.PASS, "inactive", reason=f"its metrics cannot be read: {error}")
        if counts.errors >= _FEWEST_ERRORS and self._percent(counts) > self.max_percent:
            return Verdict(Decision.FAIL, _shown(counts), self._limit)
        if counts.requests >= self.requests:
            return Verdict(Decision.PASS, _shown(counts), self._limit)
        few = f"{counts.requests:.0f} requests of {context.color} counted so far, {self.requests} make a rate"
        if self.without_data == "pass":
            return Verdict(Decision.PASS, "inactive", reason=few)
        return Verdict(Decision.PENDING, "no data", self._limit, few)

    def in_preview(self, context: GateContext, longest_seconds: float) -> str:
        """Say to a reviewer why the gate will be of no use, as far as it can be known before.

        Args:
            context: of the color that is live, which has the traffic now.
            longest_seconds: the longest hold, or the bake where that is longer.

        Returns:
            A sentence; empty where all is well.
        """
        late = max((one.late_seconds for one in self.entries or ()), default=0.0)
        if longest_seconds < late:
            return self._idle(
                f"the entry's metrics are up to {late:g} s late, and the longest hold is {longest_seconds:g} s"
            )
        try:
            counts = self._counts(lambda one: one.counts(context, context.color, _LOOK_BACK_SECONDS))
        except BluegreenError as error:
            return self._idle(f"its metrics cannot be read: {error}")
        if counts.requests < self.requests:
            seen = f"{counts.requests:.0f} requests of {context.color} were counted in the last hour"
            return self._idle(f"{seen}, {self.requests} make a rate")
        return ""

    def _idle(self, why: str) -> str:
        if self.without_data == "pass":
            return f"gate {self.label} is inactive: {why}"
        return f"gate {self.label} will not pass as things are: {why}"

    def _window(self, context: GateContext, entry: ErrorCounts) -> float:
        """Seconds back to the first shift, the whole window at most: what was before is no traffic of this swap."""
        since = context.phase_began_at_seconds if context.shifted_at_seconds is None else context.shifted_at_seconds
        if entry.mixed and context.weight_percent == _ALL:
            since = max(since, context.phase_began_at_seconds)
        return max(1.0, min(self.window_seconds, context.asked_at_seconds - since))

    def _counts(self, ask: Callable[[ErrorCounts], Counts | None]) -> Counts:
        if not self.entries:
            needs = "no router of this swap has metrics that it knows; entries on Kubernetes need `prometheus`"
            raise GateUnavailable(needs)
        found = [counts for one in self.entries if (counts := ask(one)) is not None]
        return Counts(sum(one.requests for one in found), sum(one.errors for one in found))

    def _percent(self, counts: Counts) -> float:
        """Of as many requests as make a rate, at least: the first ones alone say too much."""
        return 100 * counts.errors / max(counts.requests, self.requests)


def _shown(counts: Counts) -> str:
    percent = 100 * counts.errors / counts.requests if counts.requests else 0
    return f"{percent:.3g} % ({counts.errors:.0f} of {counts.requests:.0f} requests failed)"
