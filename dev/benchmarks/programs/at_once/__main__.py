"""As many swaps as `swaps` says, by the adapter that `provider` says, of a load balancer that answers at `endpoint`."""

import pulumi

from bluegreen.adapters import resource
from bluegreen.component.base import owner_of
from dev.benchmarks.at_once.balancer import LISTENER, target_groups_of

config = pulumi.Config()


def swap(number: int) -> resource.SwapResource:
    """The swap of one host name."""
    name = f"s{number:02}"
    step = {"weight_percent": config.require_int("weightPercent"), "hold_seconds": config.require_int("holdSeconds")}
    inputs = {
        "name": name,
        "active_color": config.require("activeColor"),
        "releases": config.require_object("releases"),
        "strategy": {"name": "steps", "steps": [step]},
        "router": {
            "kind": "alb",
            "listener_arn": LISTENER,
            "priority": 10 + number,
            "host_headers": [f"{name}.example.com"],
            "target_groups": target_groups_of(name),
            "owner": owner_of(name),
            "aws": {"region": "us-east-1", "endpoint_url": config.require("endpoint")},
        },
    }
    return resource.declare(name, inputs, pulumi.ResourceOptions(), provider=config.require("provider"))


swaps = [swap(number) for number in range(config.require_int("swaps"))]
pulumi.export("newest", [swap.history.apply(lambda history: history[0] if history else None) for swap in swaps])
