"""A service that is live already, adopted as blue; green is made beside it. Nothing moves until it is promoted."""

import pulumi

import bluegreen
from bluegreen.aws import EcsService, alb
from settings import network, setting, swaps

config = pulumi.Config()
vpc_id, subnet_ids = network()

web = EcsService(
    "web",
    active_color=config.require("activeColor"),
    blue={
        "existing": {
            "service_arn": config.require("serviceArn"),
            "target_group_arn": config.require("targetGroupArn"),
            "task_definition_arn": config.require("taskDefinitionArn"),
            "release": config.require("blueRelease"),
        }
    },
    green={"image": config.require("greenImage"), "environment": {"COLOR": "green"}},
    vpc_id=vpc_id,
    subnet_ids=subnet_ids,
    cluster_arn=config.require("clusterArn"),
    entry=alb(
        rule_arn=config.require("ruleArn"),
        rule_priority=setting("previewPriority", 10) + 2,
        health_check={"interval": 5, "timeout": 2},
    ),
    container_port=setting("containerPort", 8080),
    desired_count=setting("desiredCount", 2),
    **swaps(gates=[bluegreen.gates.http("/healthz", interval_seconds=2)], steady_state_timeout_seconds=300),
)

pulumi.export("url", web.url)
pulumi.export("previewHeaders", web.preview_headers)
pulumi.export("liveColor", web.live_color)
pulumi.export("weights", web.weights)
pulumi.export("history", web.history)
pulumi.export("targetGroups", web.target_group_arns)
