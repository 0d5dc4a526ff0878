"""As many swaps as `swaps` says on one listener, each with a rule of its own; `provider` says who does them.

All share two target groups, so that next to nothing but swaps is in the stack; their targets are a process a color.
"""

from typing import Any

import pulumi
import pulumi_aws as aws

from bluegreen.adapters import resource
from bluegreen.component.base import owner_of
from bluegreen.component.previewing import PREVIEW_HEADER
from bluegreen.rollout.model import COLORS

config = pulumi.Config()
vpc_id = aws.ec2.get_vpc(default=True).id
subnet_ids = aws.ec2.get_subnets(filters=[{"name": "vpc-id", "values": [vpc_id]}]).ids
ports = config.require_object("targetPorts")

balancer = aws.lb.LoadBalancer("swaps", load_balancer_type="application", subnets=subnet_ids)
nobody: Any = {"type": "fixed-response", "fixed_response": {"content_type": "text/plain", "status_code": "503"}}
listener = aws.lb.Listener("swaps", load_balancer_arn=balancer.arn, port=80, protocol="HTTP", default_actions=[nobody])
groups = {
    color: aws.lb.TargetGroup(
        f"swaps-{color}",
        vpc_id=vpc_id,
        port=8080,
        protocol="HTTP",
        target_type="ip",
        health_check={"path": "/healthz", "interval": 5, "timeout": 2, "healthy_threshold": 2},
    )
    for color in COLORS
}
targets = [
    aws.lb.TargetGroupAttachment(color, target_group_arn=groups[color].arn, target_id="127.0.0.1", port=ports[color])
    for color in COLORS
]
# They keep both groups attached: what no rule leads to is not checked for health.
rules = [
    aws.lb.ListenerRule(
        f"swaps-{color}",
        listener_arn=listener.arn,
        priority=1 + number,
        actions=[{"type": "forward", "target_group_arn": groups[color].arn}],
        conditions=[{"http_header": {"http_header_name": PREVIEW_HEADER, "values": [color]}}],
    )
    for number, color in enumerate(COLORS)
]


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
            "listener_arn": listener.arn,
            "priority": 10 + number,
            "host_headers": [f"{name}.example.com"],
            "target_groups": {color: group.arn for color, group in groups.items()},
            "owner": owner_of(name),
            "aws": {"region": "us-east-1"},
        },
    }
    options = pulumi.ResourceOptions(depends_on=[*targets, *rules])
    return resource.declare(name, inputs, options, provider=config.require("provider"))


swaps = [swap(number) for number in range(config.require_int("swaps"))]
pulumi.export("listenerArn", listener.arn)
pulumi.export("targetGroupArns", {color: group.arn for color, group in groups.items()})
pulumi.export("url", balancer.dns_name)
pulumi.export("newest", [swap.history.apply(lambda history: history[0] if history else None) for swap in swaps])
