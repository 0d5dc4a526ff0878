"""Inputs of the Elastic Beanstalk types, and a change that each takes in place."""

from __future__ import annotations

from typing import Any

STACK = "64bit Amazon Linux 2023 v4.1.2 running Python 3.11"


def cases(world: Any) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """By type."""
    tags = {"tags": {"a": "b", "c.d": "e"}}
    if not hasattr(world, "beanstalk_application"):
        world.beanstalk_application = world.make("aws:elasticbeanstalk/application:Application", {}).id
    return {
        "aws:elasticbeanstalk/application:Application": (
            {"description": "x", **tags},
            {"description": "y", "tags": {"a": "z"}},
        ),
        "aws:elasticbeanstalk/environment:Environment": (
            {
                "application": world.beanstalk_application,
                "cnamePrefix": "typed-shop",
                "solutionStackName": STACK,
                "settings": [{"namespace": "aws:autoscaling:asg", "name": "MinSize", "value": "2"}],
                **tags,
            },
            {
                "description": "y",
                "settings": [{"namespace": "aws:autoscaling:asg", "name": "MinSize", "value": "3"}],
                "tags": {"a": "z"},
            },
        ),
    }
