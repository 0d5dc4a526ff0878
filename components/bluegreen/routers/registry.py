"""Name to router class. An unknown name is refused, never guessed; a class is imported only when it is used."""

from __future__ import annotations

from bluegreen.registry import Registry
from bluegreen.routers.base import TrafficRouter

ROUTERS: Registry[TrafficRouter] = Registry(
    "router",
    {
        "alb": "bluegreen.routers.alb:AlbRouter",
        "alb_listeners": "bluegreen.routers.listener_pair:ListenerPairRouter",
        "codedeploy": "bluegreen.routers.codedeploy:CodeDeployRouter",
        "ecs_native": "bluegreen.routers.ecs_native:EcsNativeRouter",
        "http_api_stage": "bluegreen.routers.http_api_stage:HttpApiStageRouter",
        "lambda_alias": "bluegreen.routers.lambda_alias:LambdaAliasRouter",
        "memory": "bluegreen.routers.memory:MemoryRouter",
        "nlb": "bluegreen.routers.nlb:NlbRouter",
        "rest_api_canary": "bluegreen.routers.rest_api_canary:RestApiCanaryRouter",
        "route53": "bluegreen.routers.route53:Route53Router",
    },
)
