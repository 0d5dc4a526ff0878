"""Name to router class. An unknown name is refused, never guessed; a class is imported only when it is used."""

from __future__ import annotations

from bluegreen.registry import Registry
from bluegreen.routers.base import TrafficRouter

ROUTERS: Registry[TrafficRouter] = Registry(
    "router",
    {
        "alb": "bluegreen.routers.alb:AlbRouter",
        "alb_listeners": "bluegreen.routers.listener_pair:ListenerPairRouter",
        "argo_rollouts": "bluegreen.routers.argo_rollouts:ArgoRolloutsRouter",
        "aws_load_balancer_ingress": "bluegreen.routers.aws_load_balancer_ingress:AwsLoadBalancerIngressRouter",
        "codedeploy": "bluegreen.routers.codedeploy:CodeDeployRouter",
        "contour_http_proxy": "bluegreen.routers.contour_http_proxy:ContourHttpProxyRouter",
        "ecs_native": "bluegreen.routers.ecs_native:EcsNativeRouter",
        "gateway_grpc_route": "bluegreen.routers.gateway_grpc_route:GatewayGrpcRouteRouter",
        "gateway_http_route": "bluegreen.routers.gateway_http_route:GatewayHttpRouteRouter",
        "http_api_stage": "bluegreen.routers.http_api_stage:HttpApiStageRouter",
        "istio_virtual_service": "bluegreen.routers.istio_virtual_service:IstioVirtualServiceRouter",
        "kubernetes_service": "bluegreen.routers.kubernetes_service:KubernetesServiceRouter",
        "lambda_alias": "bluegreen.routers.lambda_alias:LambdaAliasRouter",
        "linkerd_http_route": "bluegreen.routers.linkerd_http_route:LinkerdHttpRouteRouter",
        "memory": "bluegreen.routers.memory:MemoryRouter",
        "nginx_canary": "bluegreen.routers.nginx_canary:NginxCanaryRouter",
        "nlb": "bluegreen.routers.nlb:NlbRouter",
        "rest_api_canary": "bluegreen.routers.rest_api_canary:RestApiCanaryRouter",
        "route53": "bluegreen.routers.route53:Route53Router",
        "traefik_service": "bluegreen.routers.traefik_service:TraefikServiceRouter",
    },
    "bluegreen.routers",
)
