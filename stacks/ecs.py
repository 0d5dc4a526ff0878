"""A service on ECS behind an Application Load Balancer, in two colors."""

from typing import Any

import pulumi
import pulumi_aws as aws

import bluegreen
from bluegreen.aws import EcsService

config = pulumi.Config()


def strategy() -> Any:
    """An object, or the bare name of a preset such as ``ECSCanary10Percent5Minutes``."""
    try:
        return config.get_object("strategy")
    except pulumi.ConfigTypeError:  # not JSON
        return config.get("strategy")


vpc_id = config.get("vpcId") or aws.ec2.get_vpc(default=True).id
subnet_ids = config.get_object("subnetIds") or aws.ec2.get_subnets(filters=[{"name": "vpc-id", "values": [vpc_id]}]).ids

web = EcsService(
    "web",
    active_color=config.require("activeColor"),
    blue={"image": config.require("blueImage"), "environment": {"COLOR": "blue"}, "ports": [8080]},
    green={"image": config.require("greenImage"), "environment": {"COLOR": "green"}, "ports": [8080]},
    vpc_id=vpc_id,
    subnet_ids=subnet_ids,
    container_port=config.get_int("containerPort") or 8080,
    assign_public_ip=config.get_bool("assignPublicIp") or False,
    desired_count=config.get_int("desiredCount") or 2,
    autoscaling=config.get_object("autoscaling"),
    idle_capacity_percent=config.get_float("idleCapacityPercent") or 0,
    strategy=strategy(),
    promote_to_percent=config.get_int("promoteTo") or 100,
    gates=config.get_object("gates") or [bluegreen.gates.http("/healthz", interval_seconds=2)],
    bake_seconds=config.get_float("bakeSeconds") or 0,
    scale_down_delay_seconds=config.get_float("scaleDownDelaySeconds") or 600,
    steady_state_timeout_seconds=config.get_float("steadyStateTimeoutSeconds") or 300,
    notifications=config.get_object("notifications") or [],
    event_log=config.get("eventLog"),
    aws_connection={"role_arn": role_arn} if (role_arn := config.get("swapRoleArn")) else None,
    health_check={"interval": 5, "timeout": 2},
    tags=config.get_object("tags"),
)

pulumi.export("url", web.url)
pulumi.export("previewUrls", web.preview_urls)
pulumi.export("previewHeaders", web.preview_headers)
pulumi.export("liveColor", web.live_color)
pulumi.export("weights", web.weights)
pulumi.export("history", web.history)
pulumi.export("targetGroups", web.target_group_arns)
