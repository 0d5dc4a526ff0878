"""Every row of the README's table of platforms: its name, and the class that knows it, imported when it is run."""

from __future__ import annotations

from importlib import import_module

from tests.scenarios.variant import Variant

VARIANTS = {
    # The longest first: they begin first, and at the end no worker is alone with one of them.
    "ecs_native": "tests.scenarios.ecs_native:EcsNative",
    "kubernetes_clusters": "tests.scenarios.kubernetes_clusters:Clusters",
    "asg_dns": "tests.scenarios.asg_dns:AsgDns",
    "ecs_codedeploy": "tests.scenarios.ecs_codedeploy:EcsCodeDeploy",
    "http_api": "tests.scenarios.http_api:HttpApi",
    "ecs_dns": "tests.scenarios.ecs_dns:EcsDns",
    "asg": "tests.scenarios.asg:Asg",
    "ecs": "tests.scenarios.ecs:Ecs",
    "ecs_listeners": "tests.scenarios.ecs_listeners:EcsListeners",
    "ecs_nlb": "tests.scenarios.ecs_nlb:EcsNlb",
    "eks": "tests.scenarios.eks:Eks",
    "kubernetes_argo": "tests.scenarios.kubernetes_argo:KubernetesArgo",
    "kubernetes_service": "tests.scenarios.kubernetes_service:KubernetesService",
    "kubernetes_gateway": "tests.scenarios.kubernetes_routes:Gateway",
    "kubernetes_grpc": "tests.scenarios.kubernetes_more:Grpc",
    "kubernetes_helm": "tests.scenarios.kubernetes_more:Helm",
    "kubernetes_yaml": "tests.scenarios.kubernetes_more:Yaml",
    "kubernetes_traefik": "tests.scenarios.kubernetes_routes:Traefik",
    "kubernetes_route, istio": "tests.scenarios.kubernetes_routes:Istio",
    "kubernetes_route, linkerd": "tests.scenarios.kubernetes_routes:Linkerd",
    "kubernetes_route, nginx": "tests.scenarios.kubernetes_routes:Nginx",
    "kubernetes_route, contour": "tests.scenarios.kubernetes_routes:Contour",
    "kubernetes_route, aws_load_balancer": "tests.scenarios.kubernetes_routes:AwsLoadBalancer",
    "ecs_entries": "tests.scenarios.entries:EcsEntries",
    "kubernetes_entries": "tests.scenarios.entries:KubernetesEntries",
    "hosts": "tests.scenarios.hosts:Hosts",
    "lambda_alias": "tests.scenarios.lambda_alias:LambdaAlias",
    "rest_api": "tests.scenarios.rest_api:RestApi",
    "ecs_whole": "tests.scenarios.ecs_whole:EcsWhole",
    "cloudfoundry": "tests.scenarios.cloudfoundry:CloudFoundryApps",
    "beanstalk": "tests.scenarios.beanstalk:Beanstalk",
    "google_cloud_run": "tests.scenarios.google_cloud_run:CloudRun",
    "google_function": "tests.scenarios.google_function:Functions",
    "google_instance_groups": "tests.scenarios.google_instance_groups:InstanceGroups",
    "google_cloud_run_pair": "tests.scenarios.google_cloud_run_pair:CloudRunPair",
    "google_cloud_dns": "tests.scenarios.google_cloud_dns:CloudDns",
}


def variant(name: str) -> Variant:
    """The variant of that name."""
    module, _, cls = VARIANTS[name].partition(":")
    made: Variant = getattr(import_module(module), cls)()
    return made
