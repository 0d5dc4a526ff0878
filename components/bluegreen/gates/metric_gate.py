"""A metric of the color under test against fixed limits."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bluegreen.fields import UNKNOWN, Fields
from bluegreen.gates.base import UNDER_TRAFFIC, GateContext
from bluegreen.metrics.base import MetricSource
from bluegreen.metrics.registry import parse_source, parse_window
from bluegreen.rollout.model import Decision, Phase, Verdict

_WINDOW_SECONDS = 60


@dataclass(frozen=True, slots=True)
class MetricGate:
    """Passes while the value is within ``least`` and ``most``, both included.

    Outer limits make room between good and bad, as a success condition beside a failure condition does in Argo
    Rollouts: outside the outer ones is a fail, between an inner and an outer one is inconclusive. A side without an
    outer limit fails at its inner one. No data is pending: it is never a pass.

    Attributes:
        source: where the value comes from.
        least: the smallest value that passes.
        most: the largest value that passes.
        fail_below: a value below ``least`` fails only when it is below this, too.
        fail_above: a value above ``most`` fails only when it is above this, too.
        window_seconds: the time that one value is made from.
    """

    source: MetricSource
    least: float | None = None
    most: float | None = None
    fail_below: float | None = None
    fail_above: float | None = None
    window_seconds: float = _WINDOW_SECONDS
    needs_preview: bool = False
    phases: frozenset[Phase] = UNDER_TRAFFIC
    offline: bool = False

    @classmethod
    def parse(cls, fields: Fields) -> Mapping[str, object]:
        """Check one entry of ``gates``."""
        source = parse_source(fields)
        names = ("min", "max", "fail_below", "fail_above")
        least, most, fail_below, fail_above = (_limit(fields, name) for name in names)
        if least is None and most is None and not fields.unknown:
            fields.problem("min", None, "a number, here or in max: one of both is required")
        _ordered(fields, "max", most, least, above=True, allowed="a number that is not below min")
        _outer(fields, "fail_below", fail_below, "min", least, above=False)
        _outer(fields, "fail_above", fail_above, "max", most, above=True)
        return {
            "source": source,
            "least": least,
            "most": most,
            "fail_below": fail_below,
            "fail_above": fail_above,
            "window_seconds": parse_window(fields, source, _WINDOW_SECONDS),
        }

    @property
    def label(self) -> str:
        """What people call it."""
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


def _limit(fields: Fields, name: str) -> Any:
    """A limit of any sign; ``None`` when absent."""
    value = fields.raw(name)
    if value is None or value is UNKNOWN:
        return value
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        fields.problem(name, value, "a number")
        return UNKNOWN
    return value


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
