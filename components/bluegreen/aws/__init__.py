"""Components for AWS, each imported when it is first used: a stack pays for its own platform alone."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bluegreen.aws.asg_release import AsgRelease
    from bluegreen.aws.auto_scaling_groups import AutoScalingGroups
    from bluegreen.aws.ecs_codedeploy import EcsCodeDeployService
    from bluegreen.aws.ecs_native import EcsNativeService
    from bluegreen.aws.ecs_one_service import FrontOptions, TaskOptions
    from bluegreen.aws.ecs_release import EcsRelease
    from bluegreen.aws.ecs_service import EcsService
    from bluegreen.aws.eks_clusters import EksClusters
    from bluegreen.aws.eks_release import EksRelease
    from bluegreen.aws.entry.alb import alb
    from bluegreen.aws.entry.alb_listeners import alb_listeners
    from bluegreen.aws.entry.dns import dns
    from bluegreen.aws.entry.nlb import nlb
    from bluegreen.aws.http_api import HttpApiRelease, HttpApiStage
    from bluegreen.aws.lambda_alias import LambdaAlias, LambdaVersion
    from bluegreen.aws.rest_api import RestApiRelease, RestApiStage
    from bluegreen.aws.swapping import SwapSettings

__all__ = [
    "AsgRelease",
    "AutoScalingGroups",
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
    "AsgRelease": "asg_release",
    "AutoScalingGroups": "auto_scaling_groups",
    "EcsCodeDeployService": "ecs_codedeploy",
    "EcsNativeService": "ecs_native",
    "EcsRelease": "ecs_release",
    "EcsService": "ecs_service",
    "EksClusters": "eks_clusters",
    "EksRelease": "eks_release",
    "FrontOptions": "ecs_one_service",
    "HttpApiRelease": "http_api",
    "HttpApiStage": "http_api",
    "LambdaAlias": "lambda_alias",
    "LambdaVersion": "lambda_alias",
    "RestApiRelease": "rest_api",
    "RestApiStage": "rest_api",
    "SwapSettings": "swapping",
    "TaskOptions": "ecs_one_service",
    "alb": "entry.alb",
    "alb_listeners": "entry.alb_listeners",
    "dns": "entry.dns",
    "nlb": "entry.nlb",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
