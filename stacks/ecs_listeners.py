"""A service on ECS behind two listeners, production and test, whose colors are exchanged whole."""

import pulumi

import bluegreen
from bluegreen.aws import EcsService, alb_listeners
from settings import network, setting, swaps

config = pulumi.Config()
vpc_id, subnet_ids = network()

web = EcsService(
    "web",
    active_color=config.require("activeColor"),
    blue={"image": config.require("blueImage"), "environment": {"COLOR": "blue"}},
    green={"image": config.require("greenImage"), "environment": {"COLOR": "green"}},
    vpc_id=vpc_id,
    subnet_ids=subnet_ids,
    entry=alb_listeners(test_port=8443, health_check={"interval": 5, "timeout": 2}),
    container_port=8080,
    desired_count=setting("desiredCount", 2),
    **swaps(
        idle_capacity_percent=100,
        gates=[bluegreen.gates.http("/healthz", interval_seconds=2)],
        steady_state_timeout_seconds=300,
    ),
)

pulumi.export("url", web.url)
pulumi.export("testUrl", web.preview_urls["blue"])
pulumi.export("liveColor", web.live_color)
pulumi.export("history", web.history)
pulumi.export("targetGroups", web.target_group_arns)
