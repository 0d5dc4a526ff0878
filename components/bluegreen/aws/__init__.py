"""Components for AWS, each imported when it is first used: a stack pays for its own platform alone."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bluegreen.aws.asg.auto_scaling_groups import AutoScalingGroups
    from bluegreen.aws.asg.release import AsgRelease
    from bluegreen.aws.beanstalk.two_environments import BeanstalkEnvironments, BeanstalkRelease
    from bluegreen.aws.component import SwapSettings
    from bluegreen.aws.ecs.codedeploy_service import EcsCodeDeployService
    from bluegreen.aws.ecs.native_service import EcsNativeService
    from bluegreen.aws.ecs.one_service import FrontOptions, TaskOptions
    from bluegreen.aws.ecs.release import EcsRelease
    from bluegreen.aws.ecs.service import EcsService
    from bluegreen.aws.eks.clusters import EksClusters
    from bluegreen.aws.eks.release import EksRelease
    from bluegreen.aws.elb.alb_entry import alb
    from bluegreen.aws.elb.alb_listeners_entry import alb_listeners
    from bluegreen.aws.elb.nlb_entry import nlb
    from bluegreen.aws.functions.lambda_alias import LambdaAlias, LambdaVersion
    from bluegreen.aws.gateways.http_api import HttpApiRelease, HttpApiStage
    from bluegreen.aws.gateways.rest_api import RestApiRelease, RestApiStage
    from bluegreen.aws.route53.entry import dns

__all__ = [
    "AsgRelease",
    "AutoScalingGroups",
    "BeanstalkEnvironments",
    "BeanstalkRelease",
    "EcsCodeDeployService",
    "EcsNativeService",
    "EcsRelease",
    "EcsService",
    "EksClusters",
    "EksRelease",
    "FrontOptions",
    "HttpApiRelease",
    "HttpApiStage",
    "LambdaAlias",
    "LambdaVersion",
    "RestApiRelease",
    "RestApiStage",
    "SwapSettings",
    "TaskOptions",
    "alb",
    "alb_listeners",
    "dns",
    "nlb",
]

_HOMES = {
    "AsgRelease": "asg.release",
    "AutoScalingGroups": "asg.auto_scaling_groups",
    "BeanstalkEnvironments": "beanstalk.two_environments",
    "BeanstalkRelease": "beanstalk.two_environments",
    "EcsCodeDeployService": "ecs.codedeploy_service",
    "EcsNativeService": "ecs.native_service",
    "EcsRelease": "ecs.release",
    "EcsService": "ecs.service",
    "EksClusters": "eks.clusters",
    "EksRelease": "eks.release",
    "FrontOptions": "ecs.one_service",
    "HttpApiRelease": "gateways.http_api",
    "HttpApiStage": "gateways.http_api",
    "LambdaAlias": "functions.lambda_alias",
    "LambdaVersion": "functions.lambda_alias",
    "RestApiRelease": "gateways.rest_api",
    "RestApiStage": "gateways.rest_api",
    "SwapSettings": "component",
    "TaskOptions": "ecs.one_service",
    "alb": "elb.alb_entry",
    "alb_listeners": "elb.alb_listeners_entry",
    "dns": "route53.entry",
    "nlb": "elb.nlb_entry",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
