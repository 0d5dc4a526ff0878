"""Name to gate class."""

from __future__ import annotations

from bluegreen.gates.base import Gate
from bluegreen.registry import Registry

GATES: Registry[Gate] = Registry(
    "gate",
    {
        "http": "bluegreen.gates.http_gate:HttpGate",
        "target_health": "bluegreen.gates.target_health_gate:TargetHealthGate",
    },
)
