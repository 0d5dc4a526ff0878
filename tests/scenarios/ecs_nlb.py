"""ECS behind a network load balancer: production by weights, and a test listener."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import boto3

from localcloud.cloud import LocalCloud
from localcloud.haproxy import HaProxy
from tests.e2e.stack import HEALTHZ, Stack, one_by_one
from tests.scenarios.ecs import config_of
from tests.scenarios.variant import Variant, load


class EcsNlb(Variant):
    platform = "ecs_nlb"
    data_plane = "HAProxy, a frontend for each listener that the emulator has, in front of its tasks"
    write_call = "elasticloadbalancing:ModifyListener"
    writes = 2
    promotion_calls = 34
    rollback_calls = 18

    plane: HaProxy

    def config(self, cloud: LocalCloud) -> dict[str, Any]:
        # HAProxy checks the tasks' health for itself, and may come to it later than the emulator.
        return {**config_of(cloud), "gates": [{**HEALTHZ[0], "failure_limit": 20}]}

    @contextlib.contextmanager
    def around(self, cloud: LocalCloud, stack: Stack) -> Iterator[None]:
        with HaProxy(cloud) as self.plane:
            # So that the http gate finds the load balancer by its name.
            stack.env.update(self.plane.proxy_env())
            yield

    def url(self, stack: Stack) -> str:
        return self.plane.url(stack.output("listenerArn"))

    def live(self, stack: Stack) -> dict[str, int]:
        """By port: production is live; the test listener has to show the other color."""
        names = {arn: color for color, arn in stack.output("targetGroups").items()}
        elb: Any = boto3.client("elbv2")
        production = stack.output("listenerArn")
        (listener,) = elb.describe_listeners(ListenerArns=[production])["Listeners"]
        listeners = elb.describe_listeners(LoadBalancerArn=listener["LoadBalancerArn"])["Listeners"]
        shown = {one["Port"]: names[_group_of(one)] for one in listeners}
        assert (shown[82], shown[83]) == ("blue", "green"), "the colors' own ports never change"
        moved_by_hand, self._moved_by_hand = self._moved_by_hand, False
        assert shown[80] != shown[81] or moved_by_hand, "the test listener shows the idle color"
        return {shown[80]: 100}

    _moved_by_hand = False

    def drift(self, stack: Stack) -> None:
        self._moved_by_hand = True
        action = {"Type": "forward", "TargetGroupArn": stack.output("targetGroups")["green"]}
        boto3.client("elbv2").modify_listener(
            ListenerArn=stack.output("listenerArn"),
            DefaultActions=[action],  # type: ignore[list-item]
        )

    def requests(self, stack: Stack) -> Any:
        return load(f"{self.url(stack)}/")

    def colors(self, stack: Stack) -> set[str]:
        with one_by_one(self.url(stack)) as client:
            return {client.get("/").headers["x-color"] for _ in range(30)}


def _group_of(listener: Any) -> str:
    (action,) = listener["DefaultActions"]
    groups = action.get("ForwardConfig", {}).get("TargetGroups", [action])
    return str(groups[0]["TargetGroupArn"])
