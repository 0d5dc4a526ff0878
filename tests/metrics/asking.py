"""Gates as the swap makes them, and questions as the swap asks them."""

from __future__ import annotations

import time

from bluegreen.fields import Fields
from bluegreen.gates.registry import GATES
from bluegreen.metrics.registry import METRICS
from bluegreen.rollout.model import Phase
from bluegreen.rollout.ports import GateContext


def gate(inputs):
    fields = Fields(inputs, "gates[0]")
    parsed = GATES.parse(fields)
    assert parsed is not None, fields.problems
    return GATES.build(parsed)


def source(inputs):
    fields = Fields(inputs, "source")
    parsed = METRICS.parse(fields)
    assert parsed is not None, fields.problems
    return METRICS.build(parsed)


def problems(inputs, registry=GATES):
    """The problems by field, as people read them."""
    fields = Fields(inputs, "gates[0]")
    parsed = registry.parse(fields)
    assert (parsed is None) == bool(fields.problems)
    return {problem.field.removeprefix("gates[0]."): problem.allowed for problem in fields.problems}


def context(color="green", *, ago_seconds=60.0, **more):
    """A query now, in a hold that began ``ago_seconds`` before with the first shift."""
    now = more.pop("asked_at_seconds", time.time())
    known = {
        "service": "web",
        "releases": {"blue": "app:v1", "green": "app:v2"},
        "phase": Phase.HOLD,
        "phase_began_at_seconds": now - ago_seconds,
        "shifted_at_seconds": now - ago_seconds,
        "asked_at_seconds": now,
    }
    return GateContext(color, **known | more)
