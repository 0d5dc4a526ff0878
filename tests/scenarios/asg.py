"""Auto Scaling groups behind an Application Load Balancer, in steps."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from localcloud.autoscaling import AutoScalingFront, Instances
from localcloud.cloud import LocalCloud
from tests.e2e.stack import HEALTHZ, Rule, Stack
from tests.scenarios.ecs import STEPS
from tests.scenarios.variant import Variant, load

IMAGE = "ami-0a1b2c3d4e5f60001"


class Asg(Variant):
    platform = "asg"
    data_plane = (
        "the emulator's own load balancer; its instances are records, so a process of the sample app serves for each"
    )
    write_call = "elasticloadbalancing:ModifyRule"
    writes = 3
    promotion_calls = 45
    rollback_calls = 20

    @contextlib.contextmanager
    def endpoint(self, cloud: LocalCloud) -> Iterator[str]:
        with AutoScalingFront(cloud.endpoint) as front:
            yield front.url

    @contextlib.contextmanager
    def around(self, cloud: LocalCloud, stack: Stack) -> Iterator[None]:
        with Instances(cloud.endpoint):
            yield

    def config(self, cloud: LocalCloud) -> dict[str, Any]:
        """Both colors warm, with an instance each."""
        return {
            "blueImage": IMAGE,
            "greenImage": IMAGE,
            "desiredCount": "1",
            "idleCapacityPercent": "100",
            "deregistrationDelaySeconds": "2",
            "steadyStateTimeoutSeconds": "120",
            "strategy": STEPS,
            "gates": HEALTHZ,
        }

    def live(self, stack: Stack) -> dict[str, int]:
        return Rule(stack).weights()

    def drift(self, stack: Stack) -> None:
        Rule(stack).shift_by_hand(70, 30)

    def requests(self, stack: Stack) -> Any:
        return load(stack.url)

    def colors(self, stack: Stack) -> set[str]:
        return stack.colors()
