"""A service on ECS behind an Application Load Balancer, in two colors."""

import pulumi
import pulumi_bluegreen as bluegreen

config = pulumi.Config()

web = bluegreen.aws.EcsService(
    "web",
    active_color=config.require("activeColor"),
    blue={"image": config.require("blueImage"), "environment": {"COLOR": "blue"}},
    green={"image": config.require("greenImage"), "environment": {"COLOR": "green"}},
    vpc_id=config.require("vpcId"),
    subnet_ids=config.require_object("subnetIds"),
    entry={"alb": {"health_check": {"path": "/healthz", "interval": 5, "timeout": 2}}},
    strategy={"canary": {"weight_percent": 10, "hold_seconds": config.get_float("holdSeconds") or 300}},
    gates=[{"http": {"path": "/healthz", "interval_seconds": 2}}],
)

pulumi.export("url", web.url)
pulumi.export("liveColor", web.live_color)
