"""Every type against the emulator: create, refresh, change, drift, delete."""

from __future__ import annotations

import json
from typing import Any

import pytest

from localcloud.plugins.aws.driver import Driver, Resource
from localcloud.plugins.aws.registry import RESOURCES
from tests.localcloud import (
    asg_cases,
    beanstalk_cases,
    codedeploy_cases,
    dns_cases,
    efs_cases,
    eks_cases,
    serverless_cases,
)

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ecs-tasks.amazonaws.com"}}
        ],
    }
)
ALLOW = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]})
CONTAINERS = json.dumps([{"name": "app", "image": "x:v1", "portMappings": [{"containerPort": 80}]}])
FIXED = {
    "type": "fixed-response",
    "fixedResponse": {"contentType": "text/plain", "statusCode": "503", "messageBody": "no color is live"},
}


def cases(world: Any) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """Inputs of each type, and a change that it takes in place (empty where nothing can change in place)."""
    tags = {"tags": {"a": "b", "c.d": "e"}}
    weighted = {
        "type": "forward",
        "forward": {"targetGroups": [{"arn": world.targets, "weight": 90}, {"arn": world.others, "weight": 10}]},
    }
    ingress = {"protocol": "tcp", "fromPort": 80, "toPort": 80, "cidrBlocks": ["10.0.0.0/8", "192.168.0.0/16"]}
    rule = {"securityGroupId": world.group, "ipProtocol": "tcp", "fromPort": 81, "toPort": 82, "cidrIpv4": "10.0.0.0/8"}
    tracking = {
        "targetValue": 50,
        "predefinedMetricSpecification": {"predefinedMetricType": "ECSServiceAverageCPUUtilization"},
    }
    return {
        "aws:lb/loadBalancer:LoadBalancer": (
            {"subnets": world.subnets[:2], "securityGroups": [world.group], "idleTimeout": 30, **tags},
            {"idleTimeout": 90, "dropInvalidHeaderFields": True, "tags": {"a": "z"}},
        ),
        "aws:lb/targetGroup:TargetGroup": (
            {
                "port": 80,
                "protocol": "HTTP",
                "targetType": "ip",
                "vpcId": world.vpc,
                **tags,
                "healthCheck": {"path": "/healthz", "interval": 10, "timeout": 3},
                "stickiness": {"type": "lb_cookie", "enabled": False},
                "deregistrationDelay": 5,
            },
            {"deregistrationDelay": 7, "healthCheck": {"path": "/up", "interval": 12, "timeout": 3}, "slowStart": 30},
        ),
        "aws:lb/targetGroupAttachment:TargetGroupAttachment": (
            {"targetGroupArn": world.targets, "targetId": "172.31.0.9", "port": 8080},
            {},
        ),
        "aws:lb/listener:Listener": (
            {"loadBalancerArn": world.balancer, "port": 8443, "defaultActions": [FIXED], **tags},
            {"defaultActions": [weighted], "port": 8444},
        ),
        "aws:lb/listenerCertificate:ListenerCertificate": (
            {"listenerArn": world.secure, "certificateArn": f"{world.certificate}-2"},
            {},
        ),
        "aws:lb/listenerRule:ListenerRule": (
            {
                "listenerArn": world.listener,
                "actions": [{"type": "forward", "targetGroupArn": world.targets}],
                "conditions": [
                    {"httpHeader": {"httpHeaderName": "X-Color", "values": ["blue"]}},
                    {"hostHeader": {"values": ["a.example", "b.example"]}},
                    {"pathPattern": {"values": ["/x/*"]}},
                    {"queryStrings": [{"key": "a", "value": "b"}]},
                    {"sourceIp": {"values": ["10.0.0.0/8"]}},
                ],
                **tags,
            },
            {"priority": 321, "actions": [weighted], "conditions": [{"httpRequestMethod": {"values": ["GET"]}}]},
        ),
        "aws:ecs/cluster:Cluster": (
            {"settings": [{"name": "containerInsights", "value": "enabled"}], **tags},
            {"settings": [{"name": "containerInsights", "value": "disabled"}], "tags": {}},
        ),
        "aws:ecs/clusterCapacityProviders:ClusterCapacityProviders": (
            {
                "clusterName": world.make("aws:ecs/cluster:Cluster", {}).outputs["name"],
                "capacityProviders": ["FARGATE"],
            },
            {
                "capacityProviders": ["FARGATE", "FARGATE_SPOT"],
                "defaultCapacityProviderStrategies": [{"capacityProvider": "FARGATE_SPOT", "weight": 1}],
            },
        ),
        "aws:ecs/taskDefinition:TaskDefinition": (
            {
                "family": "typed",
                "cpu": "256",
                "memory": "512",
                "networkMode": "awsvpc",
                "requiresCompatibilities": ["FARGATE"],
                "containerDefinitions": CONTAINERS,
                **tags,
                "volumes": [
                    {"name": "scratch"},
                    {
                        "name": "uploads",
                        "efsVolumeConfiguration": {
                            "fileSystemId": "fs-0123456789abcdef0",
                            "transitEncryption": "ENABLED",
                            "authorizationConfig": {"accessPointId": "fsap-0123456789abcdef0", "iam": "ENABLED"},
                        },
                    },
                ],
                "runtimePlatform": {"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"},
            },
            {"tags": {"a": "z"}},
        ),
        "aws:ecs/service:Service": (
            {
                "cluster": world.cluster,
                "taskDefinition": world.vpc_task,
                "launchType": "EC2",
                "desiredCount": 0,
                "networkConfiguration": {"subnets": world.subnets, "securityGroups": [world.group]},
                "loadBalancers": [{"targetGroupArn": world.targets, "containerName": "app", "containerPort": 80}],
                "healthCheckGracePeriodSeconds": 5,
                "deploymentCircuitBreaker": {"enable": True, "rollback": True},
                "enableEcsManagedTags": True,
                "propagateTags": "SERVICE",
                **tags,
            },
            {"deploymentMaximumPercent": 150, "healthCheckGracePeriodSeconds": 9, "tags": {"a": "z"}},
        ),
        "aws:cloudwatch/logGroup:LogGroup": (
            {"retentionInDays": 7, **tags},
            {"retentionInDays": 14, "tags": {"x": "y"}},
        ),
        "aws:ec2/securityGroup:SecurityGroup": (
            {"vpcId": world.vpc, "ingress": [ingress], **tags},
            {"ingress": [{**ingress, "toPort": 90}, {**ingress, "protocol": "udp", "cidrBlocks": [], "self": True}]},
        ),
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": (
            {**rule, **tags},
            {"toPort": 99, "tags": {"a": "z"}},
        ),
        "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": ({**rule, "description": "x"}, {"description": "y"}),
        "aws:iam/role:Role": (
            {"assumeRolePolicy": TRUST, "description": "x", **tags},
            {"description": "y", "tags": {}},
        ),
        "aws:iam/rolePolicy:RolePolicy": (
            {"role": world.role, "policy": ALLOW},
            {"policy": ALLOW.replace("s3:", "ecs:")},
        ),
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment": (
            {
                "role": world.role,
                "policyArn": "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy",
            },
            {},
        ),
        "aws:ec2/vpc:Vpc": ({"cidrBlock": "10.9.0.0/16", **tags}, {"enableDnsHostnames": True, "tags": {"a": "z"}}),
        "aws:ec2/subnet:Subnet": (
            {"vpcId": world.vpc, "cidrBlock": "172.31.128.0/20", "availabilityZone": "us-east-1a", **tags},
            {"mapPublicIpOnLaunch": True},
        ),
        "aws:appautoscaling/target:Target": ({**world.scaled, "minCapacity": 0, "maxCapacity": 2}, {"maxCapacity": 4}),
        "aws:appautoscaling/policy:Policy": (
            {
                **world.scaled,
                "policyType": "TargetTrackingScaling",
                "targetTrackingScalingPolicyConfiguration": tracking,
            },
            {"targetTrackingScalingPolicyConfiguration": {**tracking, "targetValue": 60, "scaleInCooldown": 30}},
        ),
        "aws:appautoscaling/scheduledAction:ScheduledAction": (
            {
                **world.scaled,
                "schedule": "at(2099-01-01T00:00:00)",
                "scalableTargetAction": {"minCapacity": 0, "maxCapacity": 0},
            },
            {"schedule": "at(2099-02-01T00:00:00)", "scalableTargetAction": {"minCapacity": 1, "maxCapacity": 1}},
        ),
        **asg_cases.cases(world),
        **beanstalk_cases.cases(world),
        **codedeploy_cases.cases(world),
        **dns_cases.cases(world),
        **efs_cases.cases(world),
        **eks_cases.cases(world),
        **serverless_cases.cases(world),
    }


@pytest.mark.parametrize("token", sorted(RESOURCES))
def test_life_of_a_resource(aws_driver: Driver, aws_world: Any, token: str) -> None:
    inputs, change = cases(aws_world)[token]
    resource = aws_driver.create(aws_driver.check(token, "typed", inputs))
    try:
        _same_after_refresh(aws_driver, resource, inputs)
        preview = aws_driver.create(aws_driver.check(token, "typed", inputs), preview=True)
        assert set(preview.outputs) >= {key for key in resource.outputs if key in ("arn", "region", "tagsAll")}
        if change:
            plan = aws_driver.diff(resource, {**inputs, **change})
            assert plan.changed == sorted(change)
            assert plan.replaces == []
            before = resource.id, resource.outputs.get("arn")
            resource = aws_driver.update(resource, {**inputs, **change})
            assert (resource.id, resource.outputs.get("arn")) == before
            _same_after_refresh(aws_driver, resource, {**inputs, **change})
    finally:
        aws_driver.delete(resource)
    assert aws_driver.read(resource) is None
    aws_driver.delete(resource)  # a delete that ran before is no error


def _same_after_refresh(driver: Driver, resource: Resource, inputs: dict[str, Any]) -> None:
    assert driver.diff(resource, inputs).changed == []
    found = driver.read(resource)
    assert found is not None
    assert found.outputs == resource.outputs
    assert found.inputs == resource.inputs
