"""ECS behind an Application Load Balancer, in steps."""

from __future__ import annotations

from typing import Any

from localcloud.cloud import LocalCloud
from tests.e2e.stack import HEALTHZ, Rule, Stack
from tests.scenarios.variant import Variant, load

STEPS = {"name": "steps", "steps": [{"weight_percent": 10, "hold_seconds": 1}, {"weight_percent": 50}]}


def config_of(cloud: LocalCloud) -> dict[str, Any]:
    """Both colors of an ECS service warm, with a task each."""
    return {
        "blueImage": cloud.image("v1"),
        "greenImage": cloud.image("v2"),
        "desiredCount": "1",
        "idleCapacityPercent": "100",
        "steadyStateTimeoutSeconds": "120",
        "gates": HEALTHZ,
    }


class Ecs(Variant):
    platform = "ecs"
    data_plane = "the emulator's own load balancer and tasks"
    write_call = "elasticloadbalancing:ModifyRule"
    writes = 3
    promotion_calls = 40
    rollback_calls = 18

    def config(self, cloud: LocalCloud) -> dict[str, Any]:
        return {**config_of(cloud), "strategy": STEPS}

    def live(self, stack: Stack) -> dict[str, int]:
        return Rule(stack).weights()

    def drift(self, stack: Stack) -> None:
        Rule(stack).shift_by_hand(70, 30)

    def requests(self, stack: Stack) -> Any:
        return load(stack.url)

    def colors(self, stack: Stack) -> set[str]:
        return stack.colors()
