"""The sizes of both colors, and the gates' values while a swap moves, as another process can read them.

The process that swaps has a swap's gates to itself. Of some of them anybody can ask the same question: those that look
at metrics, alarms or health and change nothing (``only_reads``). The others say nothing here: a command, a webhook and
a Lambda function would be called once more.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bluegreen.cli.stack import Found
from bluegreen.rollout.asking import ask
from bluegreen.rollout.clock import Clock, SystemClock
from bluegreen.rollout.errors import BluegreenError
from bluegreen.rollout.model import COLORS, Color, Phase, Traffic, Weights
from bluegreen.rollout.ports import UNDER_TRAFFIC, GateContext
from bluegreen.secrets import redact
from bluegreen.swap import states
from bluegreen.swap.contract import SwapSpec

_EVERY_SECONDS = 10.0
# A swap that another process runs does not say when it began to shift: this is what gates look back at.
_LOOK_BACK_SECONDS = 600.0


class Live:
    """Reads what is not in the state nor on the swap's object: sizes and gates, each ten seconds at the most."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._kept: dict[str, tuple[float, dict[str, Any]]] = {}

    def of(self, swap: Found, traffic: Traffic, *, moves: bool) -> dict[str, Any]:
        """``capacity`` by color, and ``gates`` where it moves. What cannot be read is left out, and never raises.

        Args:
            swap: which.
            traffic: as it was read.
            moves: whether a swap runs.
        """
        now = self._clock.monotonic_seconds()
        at, found = self._kept.get(swap.name, (float("-inf"), {}))
        if now - at < _EVERY_SECONDS and (not moves or "gates" in found):
            return found
        try:
            spec = states.spec_of(swap.outputs)
        except BluegreenError:
            return {}
        found = {**_sizes(spec), **({"gates": self._gates(swap, spec, traffic.weights)} if moves else {})}
        self._kept[swap.name] = (now, found)
        return found

    def _gates(self, swap: Found, spec: SwapSpec, weights: Weights) -> list[dict[str, str]]:
        live = swap.outputs.get("live_color")
        color: Color = "green" if live == "blue" else "blue"
        phase = Phase.BAKE if weights.of(color) == 100 else Phase.HOLD
        now = self._clock.wall_seconds()
        context = GateContext(
            color,
            health=lambda: swap.router().health(color),
            service=spec.name,
            releases=spec.releases,
            phase=phase,
            weight_percent=weights.of(color),
            phase_began_at_seconds=now - _LOOK_BACK_SECONDS,
            shifted_at_seconds=now - _LOOK_BACK_SECONDS,
            asked_at_seconds=now,
        )
        told = []
        for check in spec.build_checks():
            if not getattr(check.gate, "only_reads", False) or not check.phases & UNDER_TRAFFIC:
                continue
            try:
                verdict = ask(check.gate, context)
            except BluegreenError as error:
                told.append({"gate": check.gate.label, "decision": "error", "value": redact(str(error)), "limit": ""})
                continue
            value = "; ".join(part for part in (verdict.value, verdict.reason) if part)
            decision = verdict.decision.value
            told.append(
                {"gate": check.gate.label, "decision": decision, "value": redact(value), "limit": verdict.limit}
            )
        return told


def _sizes(spec: SwapSpec) -> dict[str, Any]:
    try:
        capacity = spec.build_capacity()
        sizes = capacity.read() if capacity is not None else {}
    except BluegreenError:
        return {}
    known = {
        color: {"desired": sizes[color].desired, "running": sizes[color].running} for color in COLORS if color in sizes
    }
    return {"capacity": known} if known else {}


def size_text(shown: Mapping[str, Any], color: str) -> str:
    """A color's size for people: ``3 of 3 running``; empty where nobody scales it."""
    size = (shown.get("capacity") or {}).get(color)
    return f"{size['running']} of {size['desired']} running" if size else ""


def gate_text(gate: Mapping[str, str]) -> str:
    """A gate's answer for people."""
    limit = f" against {gate['limit']}" if gate.get("limit") else ""
    return f"gate {gate['gate']}: {gate['decision']}, {gate['value']}{limit}"
