"""A service on ECS whose traffic ECS itself shifts, in two colors."""

import pulumi

from bluegreen.aws import EcsNativeService
from settings import network, setting, swaps

config = pulumi.Config()
vpc_id, subnet_ids = network()

web = EcsNativeService(
    "web",
    active_color=config.require("activeColor"),
    blue={"image": config.require("blueImage"), "environment": {"COLOR": "blue"}},
    green={"image": config.require("greenImage"), "environment": {"COLOR": "green"}},
    vpc_id=vpc_id,
    subnet_ids=subnet_ids,
    container_port=setting("containerPort", 8080),
    desired_count=setting("desiredCount", 2),
    deployment_strategy=config.get("deploymentStrategy") or "CANARY",
    step_percent=setting("stepPercent", None),
    step_minutes=setting("stepMinutes", None),
    bake_minutes=setting("bakeMinutes", 5),
    return_at_bake=config.get_bool("returnAtBake") or False,
    lifecycle_hooks=setting("lifecycleHooks", []),
    alarm_names=setting("alarmNames", []),
    health_check_grace_seconds=setting("healthCheckGraceSeconds", None),
    front={"target_groups": {"health_check": {"interval": 5, "timeout": 2}}},
    tasks={"assign_public_ip": config.get_bool("assignPublicIp") or False},
    **swaps(),
    aws_connection={"role_arn": role_arn} if (role_arn := config.get("swapRoleArn")) else None,
    tags=config.get_object("tags"),
)

pulumi.export("url", web.url)
pulumi.export("testHeaders", web.test_headers)
pulumi.export("liveColor", web.live_color)
pulumi.export("weights", web.weights)
pulumi.export("history", web.history)
pulumi.export("clusterArn", web.cluster_arn)
pulumi.export("serviceName", web.service_name)
pulumi.export("ruleArn", web.rule_arn)
pulumi.export("targetGroups", web.target_group_arns)
