"""A service in two colors on bare AWS resources; the config says what is wrong with it."""

import json

import pulumi
import pulumi_aws as aws

config = pulumi.Config()
wrong = config.get_object("wrong") or {}
image = {"blue": wrong.get("image", "app:v1"), "green": "app:v2"}
health_check = {"blue": {"path": "/healthz"}, "green": wrong.get("health_check", {"path": "/healthz"})}
cpu = {"blue": "256", "green": wrong.get("cpu", "256")}

later = aws.cloudwatch.LogGroup("later")  # its ARN is known once it is there
for color in ("blue", "green"):
    tags = {"bluegreen:service": "shop", "bluegreen:color": color}
    if wrong.get("missing") != color:
        aws.lb.TargetGroup(
            f"shop-{color}", port=8080, protocol="HTTP", vpc_id="vpc-1", health_check=health_check[color], tags=tags
        )
    aws.ecs.TaskDefinition(
        f"shop-{color}",
        family=f"shop-{color}",
        cpu=cpu[color],
        memory="512",
        container_definitions=json.dumps([{"name": "app", "image": image[color]}]),
        tags=tags,
    )
    aws.ecs.TaskDefinition(
        f"unknown-{color}",
        family=f"unknown-{color}",
        container_definitions=later.arn.apply(lambda arn: json.dumps([{"name": arn, "image": "app:latest"}])),
        tags=tags,
    )
aws.lb.TargetGroup("other", port=80, protocol="HTTP", vpc_id=later.arn, tags={"log": later.arn})
