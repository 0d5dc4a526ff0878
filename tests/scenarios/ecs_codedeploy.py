"""ECS by CodeDeploy: its deployments are played, over the emulator's load balancer and containers."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import boto3

from localcloud.cloud import LocalCloud
from tests.e2e.stack import Stack
from tests.played.proxy import PlayedAws
from tests.scenarios.variant import Variant, load


class Played(Variant):
    """Shared by both of AWS' own ways."""

    data_plane = "the emulator's load balancer and tasks; AWS' deployments do not run in it: they are played"
    route: str

    played: PlayedAws

    @contextlib.contextmanager
    def endpoint(self, cloud: LocalCloud) -> Iterator[str]:
        self.played = PlayedAws(cloud.endpoint, stages=16)
        try:
            yield self.played.url
        finally:
            self.played.stop()

    def config(self, cloud: LocalCloud) -> dict[str, Any]:
        images = {"blueImage": cloud.image("v1"), "greenImage": cloud.image("v2")}
        return {**images, "desiredCount": "1", "gates": []}

    def live(self, stack: Stack) -> dict[str, int]:
        """By the colors that answer, since target groups have none: the route's shares, and whose tasks are there."""
        route = stack.output(self.route)
        elb: Any = boto3.client("elbv2")
        if ":listener-rule/" in route:
            actions = elb.describe_rules(RuleArns=[route])["Rules"][0]["Actions"]
        else:
            actions = elb.describe_listeners(ListenerArns=[route])["Listeners"][0]["DefaultActions"]
        forward = actions[0].get("ForwardConfig", {}).get("TargetGroups") or [actions[0]]
        (service,) = self.played.services.values()
        tasks = {unit.group: "green" if "-green:" in unit.task_definition else "blue" for unit in service.units}
        shares = {group["TargetGroupArn"]: group.get("Weight", 100) for group in forward}
        total = sum(shares.values())
        return {tasks.get(arn, "nobody"): 100 * share // total for arn, share in shares.items() if share}

    def drift(self, stack: Stack) -> None:
        (service,) = self.played.services.values()
        route, groups_in_use = stack.output(self.route), service.forwards_to()
        used, free = sorted(stack.output("targetGroups"), key=lambda arn: arn not in groups_in_use)
        groups = [{"TargetGroupArn": used, "Weight": 70}, {"TargetGroupArn": free, "Weight": 30}]
        actions: Any = [{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}]
        if ":listener-rule/" in route:
            boto3.client("elbv2").modify_rule(RuleArn=route, Actions=actions)
        else:
            boto3.client("elbv2").modify_listener(ListenerArn=route, DefaultActions=actions)

    def requests(self, stack: Stack) -> Any:
        return load(stack.url)

    def colors(self, stack: Stack) -> set[str]:
        return stack.colors()


class EcsCodeDeploy(Played):
    platform = "ecs_codedeploy"
    route = "listenerArn"
    write_call = "codedeploy:CreateDeployment"
    # 43 and 19 were made; each look more while tasks start takes 6.
    promotion_calls = 85
    rollback_calls = 31
