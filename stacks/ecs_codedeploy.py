"""A service on ECS whose traffic CodeDeploy shifts, in two colors."""

import pulumi

from bluegreen.aws import EcsCodeDeployService
from settings import network, setting, swaps

config = pulumi.Config()
vpc_id, subnet_ids = network()

web = EcsCodeDeployService(
    "web",
    active_color=config.require("activeColor"),
    blue={"image": config.require("blueImage"), "environment": {"COLOR": "blue"}},
    green={"image": config.require("greenImage"), "environment": {"COLOR": "green"}},
    vpc_id=vpc_id,
    subnet_ids=subnet_ids,
    container_port=setting("containerPort", 8080),
    desired_count=setting("desiredCount", 2),
    deployment_config=setting("deploymentConfig", "ECSCanary10Percent5Minutes"),
    hooks=config.get_object("hooks"),
    termination_wait_minutes=setting("terminationWaitMinutes", 60),
    alarm_names=setting("alarmNames", []),
    test_port=setting("testPort", None),
    health_check_grace_seconds=setting("healthCheckGraceSeconds", None),
    front={"target_groups": {"health_check": {"interval": 5, "timeout": 2}}},
    tasks={"assign_public_ip": config.get_bool("assignPublicIp") or False},
    **swaps(),
    aws_connection={"role_arn": role_arn} if (role_arn := config.get("swapRoleArn")) else None,
    tags=config.get_object("tags"),
)

pulumi.export("url", web.url)
pulumi.export("testUrl", web.test_url)
pulumi.export("liveColor", web.live_color)
pulumi.export("weights", web.weights)
pulumi.export("history", web.history)
pulumi.export("clusterArn", web.cluster_arn)
pulumi.export("serviceName", web.service_name)
pulumi.export("listenerArn", web.listener_arn)
pulumi.export("targetGroups", web.target_group_arns)
pulumi.export("deploymentGroupArn", web.deployment_group_arn)
