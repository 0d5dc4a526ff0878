"""Inputs of the CodeDeploy types, and a change that each takes in place."""

from __future__ import annotations

from typing import Any


def cases(world: Any) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """By type; ``world`` has the load balancer and the cluster."""
    tags = {"tags": {"a": "b", "c.d": "e"}}
    if not hasattr(world, "application"):
        inputs = {"name": "world", "computePlatform": "ECS"}
        world.application = world.make("aws:codedeploy/application:Application", inputs).outputs["name"]
    route = {"listenerArns": [world.listener]}
    pair = {"prodTrafficRoute": route, "targetGroups": [{"name": "blue"}, {"name": "green"}]}

    def ends_after(minutes: int) -> dict[str, Any]:
        return {
            "deploymentReadyOption": {"actionOnTimeout": "CONTINUE_DEPLOYMENT"},
            "terminateBlueInstancesOnDeploymentSuccess": {
                "action": "TERMINATE",
                "terminationWaitTimeInMinutes": minutes,
            },
        }

    return {
        "aws:codedeploy/application:Application": (
            {"name": "typed", "computePlatform": "ECS", **tags},
            {"tags": {"a": "z"}},
        ),
        "aws:codedeploy/deploymentConfig:DeploymentConfig": (
            {
                "deploymentConfigName": "typed",
                "computePlatform": "ECS",
                "trafficRoutingConfig": {
                    "type": "TimeBasedCanary",
                    "timeBasedCanary": {"interval": 5, "percentage": 20},
                },
            },
            {},
        ),
        "aws:codedeploy/deploymentGroup:DeploymentGroup": (
            {
                "appName": world.application,
                "deploymentGroupName": "typed",
                "deploymentConfigName": "CodeDeployDefault.ECSAllAtOnce",
                "serviceRoleArn": "arn:aws:iam::123456789012:role/codedeploy",
                "deploymentStyle": {"deploymentOption": "WITH_TRAFFIC_CONTROL", "deploymentType": "BLUE_GREEN"},
                "autoRollbackConfiguration": {"enabled": True, "events": ["DEPLOYMENT_FAILURE"]},
                "alarmConfiguration": {"alarms": ["errors"], "enabled": True},
                "blueGreenDeploymentConfig": ends_after(5),
                "ecsService": {"clusterName": "c", "serviceName": "s"},
                "loadBalancerInfo": {"targetGroupPairInfo": pair},
                **tags,
            },
            {
                "blueGreenDeploymentConfig": ends_after(30),
                "deploymentConfigName": "CodeDeployDefault.ECSCanary10Percent5Minutes",
                "tags": {"a": "z"},
            },
        ),
    }
