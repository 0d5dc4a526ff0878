"""The plugin without an engine: one resource's life by direct calls in this process. For tests, and to look around."""

from __future__ import annotations

import json

from localcloud.plugins import driver
from localcloud.plugins.aws.server import Provider
from localcloud.plugins.driver import CallFailed, Plan, Refused, Resource

__all__ = ["CallFailed", "Driver", "Plan", "Refused", "Resource"]


class Driver(driver.Driver):
    """A configured plugin."""

    def __init__(self, endpoint: str, **config: str) -> None:
        services = (
            "codedeploy",
            "ec2",
            "ecs",
            "efs",
            "elasticbeanstalk",
            "eks",
            "elbv2",
            "iam",
            "logs",
            "sts",
            "applicationautoscaling",
            "autoscaling",
            "route53",
            "servicediscovery",
            "lambda",
            "apigateway",
            "apigatewayv2",
        )
        self.endpoint = endpoint
        given = {
            "region": "us-east-1",
            "accessKey": "test",
            "secretKey": "test",
            "endpoints": json.dumps([dict.fromkeys(services, endpoint)]),
            **config,
        }
        super().__init__(Provider("7.0.0"), given)
