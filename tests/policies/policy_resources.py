"""A service in two colors as the AWS provider has it after an update."""

import copy
import json

from rules.values import ECS_SERVICE, TASK_DEFINITION, StackResource

TARGET_GROUP = "aws:lb/targetGroup:TargetGroup"
TYPES = {"group": TARGET_GROUP, "task": TASK_DEFINITION, "service": ECS_SERVICE}
_ACCOUNT = "us-east-1:123456789012"


def resource(type_token, name, props):
    return StackResource(type_token, name, f"urn:pulumi:dev::shop::{type_token}::{name}", props)


def containers(color, tag, **changes):
    app = {
        "name": "app",
        "image": f"registry:5000/app:{tag}",
        "essential": True,
        "portMappings": [{"containerPort": 8080, "protocol": "tcp"}],
        "environment": [{"name": "COLOR", "value": color}, {"name": "RELEASE", "value": tag}],
        "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": f"web-{color}-{tag}-4f5e"}},
    }
    return [{**app, **changes}]


def color_props(color, tag, suffix):
    """Each resource's outputs by a short name; the suffix stands for what the platform chooses."""
    tags = {"bluegreen:service": "web", "bluegreen:color": color, "team": "shop"}
    arn = f"arn:aws:elasticloadbalancing:{_ACCOUNT}:targetgroup/web-{color}-{suffix}"
    service = f"arn:aws:ecs:{_ACCOUNT}:service/shop/web-{color}-{suffix}"
    task = f"arn:aws:ecs:{_ACCOUNT}:task-definition/web-{color}"
    return {
        "logs": {"id": f"web-{color}-{tag}-4f5e", "name": f"web-{color}-{tag}-4f5e", "tags": tags},
        "group": {
            "id": arn,
            "arn": arn,
            "name": f"web-{color}-{suffix}",
            "port": 8080.0,
            "healthCheck": {"path": "/healthz", "interval": 10.0},
            "loadBalancerArns": ["arn:alb"] if color == "blue" else [],
            "tags": tags,
            "tagsAll": tags,
        },
        "task": {
            "id": f"web-{color}",
            "arn": f"{task}:{suffix}",
            "arnWithoutRevision": task,
            "family": f"web-{color}",
            "revision": float(len(suffix)),
            "cpu": "256",
            "networkMode": "awsvpc",
            "containerDefinitions": json.dumps(containers(color, tag)),
            "tags": tags,
        },
        "service": {
            "id": service,
            "arn": service,
            "name": f"web-{color}-{suffix}",
            "desiredCount": 2.0 if color == "blue" else 0.0,
            "deploymentMaximumPercent": 200.0,
            "taskDefinition": f"{task}:{suffix}",
            "loadBalancers": [{"targetGroupArn": arn, "containerName": "app", "containerPort": 8080.0}],
            "networkConfiguration": {"subnets": ["subnet-1", "subnet-2"], "securityGroups": ["sg-1"]},
            "tags": tags,
        },
    }


def stack(blue=None, green=None):
    """Both colors; ``blue`` and ``green`` change a color's properties in place."""
    resources = []
    for color, change, tag, suffix in (("blue", blue, "v1", "11aa"), ("green", green, "v2", "22bbcc")):
        props = copy.deepcopy(color_props(color, tag, suffix))
        if change is not None:
            change(props)
        resources += [
            resource(TYPES.get(kind, "aws:cloudwatch/logGroup:LogGroup"), f"web-{color}", props[kind]) for kind in props
        ]
    return resources
