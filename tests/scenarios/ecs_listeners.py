"""ECS behind two listeners, production and test, exchanged whole."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import boto3

from localcloud import emulator, loopback
from localcloud.cloud import LocalCloud
from localcloud.haproxy import HaProxy
from tests.e2e.stack import Stack
from tests.scenarios.ecs import config_of
from tests.scenarios.variant import Variant, load


class EcsListeners(Variant):
    platform = "ecs_listeners"
    data_plane = "HAProxy for both listeners: the emulator serves one of them, whichever; its own tasks behind them"
    write_call = "elasticloadbalancing:ModifyRule"
    writes = 2
    promotion_calls = 40
    rollback_calls = 24

    def config(self, cloud: LocalCloud) -> dict[str, Any]:
        return {**config_of(cloud), "gates": []}  # a gate would ask at the test listener

    @contextlib.contextmanager
    def around(self, cloud: LocalCloud, stack: Stack) -> Iterator[None]:
        with HaProxy(cloud) as self.plane:
            yield

    plane: HaProxy

    def url(self, stack: Stack, port: int = 80) -> str:
        """Where the listener of that port answers."""
        return self.plane.url(self.listeners(stack)[port])

    def listeners(self, stack: Stack) -> dict[int, str]:
        """The listeners' ARNs by port."""
        port = int(stack.url.rsplit(":", 1)[1])
        balancers = emulator.load_balancers(stack.cloud.port)
        arn = next(found["arn"] for found in balancers if found.get("boundPort") == port)
        found = boto3.client("elbv2").describe_listeners(LoadBalancerArn=arn)["Listeners"]
        return {listener["Port"]: listener["ListenerArn"] for listener in found}

    def rules(self, stack: Stack) -> dict[int, Any]:
        """The swap's rule of each listener, by the listener's port."""
        elb: Any = boto3.client("elbv2")
        found = {}
        for port, arn in self.listeners(stack).items():
            rules = elb.describe_rules(ListenerArn=arn)["Rules"]
            found[port] = next(rule for rule in rules if rule["Priority"] == "100")
        return found

    def live(self, stack: Stack) -> dict[str, int]:
        names = {arn: color for color, arn in stack.output("targetGroups").items()}
        rules = self.rules(stack)
        shown = {
            port: [names[group["TargetGroupArn"]] for group in rule["Actions"][0]["ForwardConfig"]["TargetGroups"]]
            for port, rule in rules.items()
        }
        assert shown[80] != shown[8443] or self._moved_by_hand, "the test listener shows the idle color"
        return {color: 100 // len(shown[80]) for color in shown[80]}

    _moved_by_hand = False

    def drift(self, stack: Stack) -> None:
        self._moved_by_hand = True
        green = {"TargetGroupArn": stack.output("targetGroups")["green"], "Weight": 1}
        boto3.client("elbv2").modify_rule(
            RuleArn=self.rules(stack)[80]["RuleArn"],
            Actions=[{"Type": "forward", "ForwardConfig": {"TargetGroups": [green]}}],
        )

    def requests(self, stack: Stack) -> Any:
        return load(f"{self.url(stack)}/")

    def colors(self, stack: Stack) -> set[str]:
        with loopback.client(base_url=self.url(stack)) as client:
            return {client.get("/").headers["x-color"] for _ in range(30)}
