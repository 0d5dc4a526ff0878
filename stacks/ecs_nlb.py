"""A service on ECS behind a network load balancer: production by weights, a test listener, a port for each color."""

import pulumi

import bluegreen
from bluegreen.aws import EcsService, nlb
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
    entry=nlb(
        listener_port=setting("listenerPort", 80),
        protocol=setting("protocol", "TCP"),
        certificate_arns=setting("certificateArns", []),
        health_check={"protocol": "HTTP", "path": "/healthz", "interval": 5, "timeout": 2},
    ),
    container_port=8080,
    desired_count=setting("desiredCount", 2),
    # Connections stay with the color that they reached: it has to run for as long as they last.
    **swaps(
        gates=[bluegreen.gates.http("/healthz", interval_seconds=2)],
        scale_down_delay_seconds=3600,
        steady_state_timeout_seconds=300,
    ),
)

pulumi.export("url", web.url)
pulumi.export("previewUrls", web.preview_urls)
pulumi.export("listenerArn", web.listener_arn)
pulumi.export("liveColor", web.live_color)
pulumi.export("history", web.history)
pulumi.export("targetGroups", web.target_group_arns)
