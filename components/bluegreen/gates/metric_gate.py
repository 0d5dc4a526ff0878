"""A metric of the color under test against fixed limits."""

from __future__ import annotations

from typing import Any, ClassVar

from bluegreen.fields import UNKNOWN, Fields
from bluegreen.metrics.base import MetricSource
from bluegreen.metrics.registry import SOURCE, WINDOW, check_window
from bluegreen.options.declared import Options, declared, option
from bluegreen.options.kinds import AnyNumber
from bluegreen.rollout.model import Decision, Phase, Verdict
from bluegreen.rollout.ports import UNDER_TRAFFIC, GateContext

_WINDOW_SECONDS = 60


@declared
class MetricGate(Options):
    """A metric of the color under test against fixed limits, in holds and in the bake. No data is never a pass.

    A value passes from ``min`` to ``max``, both included. Outer limits make room between good and bad, as a success
    condition beside a failure condition does in Argo Rollouts: outside the outer ones is a fail, between an inner and
    an outer one is inconclusive. A side without an outer limit fails at its inner one.
    """

    source: MetricSource = option("from ``prometheus_source`` or ``cloudwatch_source``", SOURCE, positional=True)
    least: float | None = option(
        "the smallest value that passes; this or ``max`` is required", AnyNumber(), default=None, name="min"
    )
    most: float | None = option("the largest value that passes", AnyNumber(), default=None, name="max")
    fail_below: float | None = option(
        "values from here up to ``min`` are inconclusive instead of failed", AnyNumber(), default=None, absent="``min``"
    )
    fail_above: float | None = option(
        "values from ``max`` up to here are inconclusive instead of failed", AnyNumber(), default=None, absent="``max``"
    )
    window_seconds: float = option(
        "the time that a value is made from; CloudWatch needs two periods", WINDOW, default=_WINDOW_SECONDS
    )
    only_reads: ClassVar[bool] = True
    needs_preview: bool = False
    phases: frozenset[Phase] = UNDER_TRAFFIC
    offline: bool = False

    @classmethod
    def check(cls, fields: Fields, values: dict[str, Any]) -> None:
        """Check the limits against each other, and the window against its source."""
        least, most = values["least"], values["most"]
        if least is None and most is None and not fields.unknown:
            fields.problem("min", None, "a number, here or in max: one of both is required")
        _ordered(fields, "max", most, least, above=True, allowed="a number that is not below min")
        _outer(fields, "fail_below", values["fail_below"], "min", least, above=False)
        _outer(fields, "fail_above", values["fail_above"], "max", most, above=True)
        check_window(fields, values)

    @property
    def label(self) -> str:
        """The name that people read."""
        return f"metric {getattr(self.source, 'label', '')}".strip()

    def evaluate(self, context: GateContext) -> Verdict:
        """Ask for one value."""
        value = self.source.value(context, context.color, self.window_seconds)
        if value is None:
            return Verdict(
                Decision.PENDING, "no data", self._wanted, f"of {context.color} in {self.window_seconds:g} s"
            )
        if self.least is not None and value < self.least:
            return self._outside(value, self.fail_below, "below")
        if self.most is not None and value > self.most:
            return self._outside(value, self.fail_above, "above")
        return Verdict(Decision.PASS, f"{value:.6g}", self._wanted)

    @property
    def _wanted(self) -> str:
        ends = (("at least", self.least), ("at most", self.most))
        return ", ".join(f"{end} {limit:g}" for end, limit in ends if limit is not None)

    def _outside(self, value: float, outer: float | None, side: str) -> Verdict:
        if outer is None:
            return Verdict(Decision.FAIL, f"{value:.6g}", self._wanted)
        beyond = value < outer if side == "below" else value > outer
        decision = Decision.FAIL if beyond else Decision.INCONCLUSIVE
        return Verdict(decision, f"{value:.6g}", self._wanted, f"fails {side} {outer:g}")


def _outer(fields: Fields, name: str, outer: Any, inner_name: str, inner: Any, *, above: bool) -> None:
    if outer is not None and inner is None:
        fields.problem(name, outer, f"only together with {inner_name}")
    not_inside = f"a number that is not {'below' if above else 'above'} {inner_name}"
    _ordered(fields, name, outer, inner, above=above, allowed=not_inside)


def _ordered(fields: Fields, name: str, value: Any, bound: Any, *, above: bool, allowed: str) -> None:
    """Note when ``value`` is on the wrong side of ``bound``. What is absent or not known yet is on none."""
    if any(one is None or one is UNKNOWN for one in (value, bound)):
        return
    if value < bound if above else value > bound:
        fields.problem(name, value, f"{allowed} ({bound:g})")
