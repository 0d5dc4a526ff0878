"""Inputs of the EC2 Auto Scaling types, and a change that each takes in place."""

from __future__ import annotations

from typing import Any

IMAGE = "ami-0a1b2c3d4e5f60001"


def cases(world: Any) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """By type; ``world`` has subnets and a target group."""
    if not hasattr(world, "template"):
        template = {"imageId": IMAGE, "instanceType": "t3.micro"}
        world.template = world.make("aws:ec2/launchTemplate:LaunchTemplate", template).id
        group = {"minSize": 0, "maxSize": 1, "launchTemplate": {"id": world.template, "version": "1"}}
        group |= {"vpcZoneIdentifiers": world.subnets[:1], "waitForCapacityTimeout": "0"}
        world.scaling_group = world.make("aws:autoscaling/group:Group", group).id
    tags = [{"key": key, "value": "x", "propagateAtLaunch": True} for key in ("a", "b")]
    pool = {"minSize": 0, "maxGroupPreparedCapacity": 2, "instanceReusePolicy": {"reuseOnScaleIn": True}}
    volume = {"deviceName": "/dev/xvda", "ebs": {"volumeSize": 10, "encrypted": "true", "deleteOnTermination": "true"}}
    tracking = {
        "targetValue": 50,
        "predefinedMetricSpecification": {"predefinedMetricType": "ASGAverageCPUUtilization"},
    }
    return {
        "aws:ec2/launchTemplate:LaunchTemplate": (
            {
                "imageId": IMAGE,
                "instanceType": "t3.micro",
                "userData": "ZWNobyBoZWxsbw==",
                "metadataOptions": {"httpTokens": "required"},
                "vpcSecurityGroupIds": [world.group],
                "blockDeviceMappings": [volume],
                "tagSpecifications": [{"resourceType": "volume", "tags": {"a": "b"}}],
                "tags": {"a": "b"},
            },
            {"instanceType": "t3.small", "tags": {"a": "z"}},
        ),
        "aws:autoscaling/group:Group": (
            {
                "minSize": 1,
                "maxSize": 2,
                "desiredCapacity": 1,
                "launchTemplate": {"id": world.template, "version": "1"},
                "vpcZoneIdentifiers": world.subnets[:2],
                "healthCheckType": "ELB",
                "suspendedProcesses": ["AZRebalance"],
                "warmPool": pool,
                "tags": tags,
            },
            {
                "maxSize": 3,
                "healthCheckGracePeriod": 30,
                "suspendedProcesses": [],
                "warmPool": {**pool, "minSize": 1},
                "tags": tags[:1],
            },
        ),
        "aws:autoscaling/policy:Policy": (
            {
                "autoscalingGroupName": world.scaling_group,
                "policyType": "TargetTrackingScaling",
                "targetTrackingConfiguration": tracking,
            },
            {"targetTrackingConfiguration": {**tracking, "targetValue": 60}},
        ),
    }
