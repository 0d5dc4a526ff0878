"""A service on EC2, an Auto Scaling group in two colors, behind an Application Load Balancer."""

import pulumi

import bluegreen
from bluegreen.aws import AutoScalingGroups, alb
from settings import network, setting, swaps

config = pulumi.Config()
vpc_id, subnet_ids = network()
# `{color}` in it is the color's name; what it starts listens on port 8080 and answers /healthz.
user_data = config.get("userData") or "#!/bin/sh\nCOLOR={color} exec app\n"

web = AutoScalingGroups(
    "web",
    active_color=config.require("activeColor"),
    blue={"image_id": config.require("blueImage"), "user_data": user_data.replace("{color}", "blue")},
    green={"image_id": config.require("greenImage"), "user_data": user_data.replace("{color}", "green")},
    vpc_id=vpc_id,
    subnet_ids=subnet_ids,
    entry=alb(
        health_check={"interval": 5, "timeout": 2},
        deregistration_delay_seconds=setting("deregistrationDelaySeconds", 30),
    ),
    instance_type=config.get("instanceType") or "t3.micro",
    instance_profile_arn=config.get("instanceProfileArn"),
    assign_public_ip=config.get_bool("assignPublicIp") or False,
    desired_count=setting("desiredCount", 2),
    autoscaling=setting("autoscaling", None),
    warm_pool=setting("warmPool", None),
    instance_refresh=setting("instanceRefresh", None),
    **swaps(gates=[bluegreen.gates.http("/healthz", interval_seconds=2)], steady_state_timeout_seconds=1800),
)

pulumi.export("url", web.url)
pulumi.export("previewHeaders", web.preview_headers)
pulumi.export("liveColor", web.live_color)
pulumi.export("weights", web.weights)
pulumi.export("history", web.history)
pulumi.export("groups", web.group_names)
pulumi.export("targetGroups", web.target_group_arns)
