"""Blue-green deployments for Pulumi: a promotion is a config change, a rollback is its revert."""

from __future__ import annotations

from bluegreen import gates, notifications
from bluegreen.rollout.model import Color, Step, Strategy
from bluegreen.rollout.presets import preset
from bluegreen.rollout.strategy import all_at_once, canary, linear, steps

__all__ = [
    "Color",
    "Step",
    "Strategy",
    "all_at_once",
    "canary",
    "gates",
    "linear",
    "notifications",
    "preset",
    "steps",
]
