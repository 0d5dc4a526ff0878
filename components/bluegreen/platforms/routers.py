"""Name to router class. An unknown name is refused, never guessed; a class is imported only when it is used."""

from __future__ import annotations

from bluegreen.registry import Registry
from bluegreen.rollout.ports import TrafficRouter

ROUTERS: Registry[TrafficRouter] = Registry(
    "router",
    {
        "alb": "bluegreen.aws.elb.alb_router:AlbRouter",
        "alb_listeners": "bluegreen.aws.elb.alb_listeners_router:ListenerPairRouter",
        "application_gateway": "bluegreen.azure.application_gateways.router:ApplicationGatewayRouter",
        "argo_rollouts": "bluegreen.kubernetes.argo_engine.router:ArgoRolloutsRouter",
        "aws_load_balancer_ingress": "bluegreen.kubernetes.routes.aws_ingress:AwsLoadBalancerIngressRouter",
        "azure_container_app": "bluegreen.azure.container_apps.router:ContainerAppRouter",
        "azure_load_balancer": "bluegreen.azure.load_balancers.router:AzureLoadBalancerRouter",
        "azure_slots": "bluegreen.azure.web_apps.router:AzureSlotsRouter",
        "azure_traffic_manager": "bluegreen.azure.traffic_profiles.router:TrafficManagerRouter",
        "cloudfoundry": "bluegreen.cloudfoundry.routes.router:CloudFoundryRouter",
        "beanstalk": "bluegreen.aws.beanstalk.router:BeanstalkRouter",
        "cloud_dns": "bluegreen.google.dns.router:CloudDnsRouter",
        "cloud_function": "bluegreen.google.functions.router:CloudFunctionRouter",
        "cloud_run": "bluegreen.google.cloud_run.router:CloudRunRouter",
        "codedeploy": "bluegreen.aws.ecs.codedeploy_router:CodeDeployRouter",
        "contour_http_proxy": "bluegreen.kubernetes.routes.contour_http_proxy:ContourHttpProxyRouter",
        "ecs_native": "bluegreen.aws.ecs.native_router:EcsNativeRouter",
        "envoy": "bluegreen.hosts.route_files.router:EnvoyRouter",
        "gateway_grpc_route": "bluegreen.kubernetes.routes.gateway_grpc_route:GatewayGrpcRouteRouter",
        "gateway_http_route": "bluegreen.kubernetes.routes.gateway_http_route:GatewayHttpRouteRouter",
        "haproxy": "bluegreen.hosts.runtime_api.router:HaproxyRouter",
        "http_api_stage": "bluegreen.aws.gateways.http_api_router:HttpApiStageRouter",
        "istio_virtual_service": "bluegreen.kubernetes.routes.istio_virtual_service:IstioVirtualServiceRouter",
        "kubernetes_service": "bluegreen.kubernetes.selectors.router:KubernetesServiceRouter",
        "lambda_alias": "bluegreen.aws.functions.router:LambdaAliasRouter",
        "linkerd_http_route": "bluegreen.kubernetes.routes.linkerd_http_route:LinkerdHttpRouteRouter",
        "memory": "bluegreen.memory.router:MemoryRouter",
        "nginx_canary": "bluegreen.kubernetes.routes.nginx_canary:NginxCanaryRouter",
        "nlb": "bluegreen.aws.elb.nlb_router:NlbRouter",
        "rest_api_canary": "bluegreen.aws.gateways.rest_api_router:RestApiCanaryRouter",
        "route53": "bluegreen.aws.route53.router:Route53Router",
        "traefik_service": "bluegreen.kubernetes.routes.traefik_service:TraefikServiceRouter",
        "url_map": "bluegreen.google.load_balancers.router:UrlMapRouter",
    },
    "bluegreen.routers",
)
