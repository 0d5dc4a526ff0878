"""A service on ECS behind an Application Load Balancer, in two colors."""

import pulumi

import bluegreen
from bluegreen.aws import EcsService, alb
from settings import network, setting, swaps

config = pulumi.Config()
vpc_id, subnet_ids = network()

web = EcsService(
    "web",
    active_color=config.require("activeColor"),
    blue={"image": config.require("blueImage"), "environment": {"COLOR": "blue"}, "ports": [8080]},
    green={"image": config.require("greenImage"), "environment": {"COLOR": "green"}, "ports": [8080]},
    vpc_id=vpc_id,
    subnet_ids=subnet_ids,
    entry=alb(health_check={"interval": 5, "timeout": 2}),
    container_port=setting("containerPort", 8080),
    assign_public_ip=config.get_bool("assignPublicIp") or False,
    desired_count=setting("desiredCount", 2),
    autoscaling=setting("autoscaling", None),
    **swaps(gates=[bluegreen.gates.http("/healthz", interval_seconds=2)], steady_state_timeout_seconds=300),
    aws_connection={"role_arn": role_arn} if (role_arn := config.get("swapRoleArn")) else None,
    tags=config.get_object("tags"),
)

pulumi.export("url", web.url)
pulumi.export("previewUrls", web.preview_urls)
pulumi.export("previewHeaders", web.preview_headers)
pulumi.export("liveColor", web.live_color)
pulumi.export("weights", web.weights)
pulumi.export("history", web.history)
pulumi.export("targetGroups", web.target_group_arns)
