"""ECS' own deployment strategies, played over the emulator's load balancer and containers."""

from __future__ import annotations

from typing import Any

from localcloud.cloud import LocalCloud
from tests.scenarios.ecs_codedeploy import Played


class EcsNative(Played):
    platform = "ecs_native"
    route = "ruleArn"
    write_call = "ecs:UpdateService"
    # 61 and 53 were made; each look more while tasks start takes 7.
    promotion_calls = 110
    rollback_calls = 102

    def config(self, cloud: LocalCloud) -> dict[str, Any]:
        return {**super().config(cloud), "stepPercent": "10", "stepMinutes": "1", "bakeMinutes": "1"}
