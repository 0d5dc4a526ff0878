"""Every component of the package by its type token, each imported when it is first used."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import pulumi

COMPONENTS: Mapping[str, str] = {
    "bluegreen:aws:AutoScalingGroups": "bluegreen.aws.asg.auto_scaling_groups",
    "bluegreen:aws:BeanstalkEnvironments": "bluegreen.aws.beanstalk.two_environments",
    "bluegreen:aws:EcsCodeDeployService": "bluegreen.aws.ecs.codedeploy_service",
    "bluegreen:aws:EcsNativeService": "bluegreen.aws.ecs.native_service",
    "bluegreen:aws:EcsService": "bluegreen.aws.ecs.service",
    "bluegreen:aws:EksClusters": "bluegreen.aws.eks.clusters",
    "bluegreen:aws:HttpApiStage": "bluegreen.aws.gateways.http_api",
    "bluegreen:aws:LambdaAlias": "bluegreen.aws.functions.lambda_alias",
    "bluegreen:aws:RestApiStage": "bluegreen.aws.gateways.rest_api",
    "bluegreen:azure:ContainerApp": "bluegreen.azure.container_apps.container_app",
    "bluegreen:azure:TwoApps": "bluegreen.azure.traffic_profiles.two_apps",
    "bluegreen:azure:VmScaleSets": "bluegreen.azure.scale_sets.vm_scale_sets",
    "bluegreen:azure:WebAppSlots": "bluegreen.azure.web_apps.web_app_slots",
    "bluegreen:cloudfoundry:RoutedApps": "bluegreen.cloudfoundry.apps.routed_apps",
    "bluegreen:google:CloudFunction": "bluegreen.google.functions.function",
    "bluegreen:google:CloudRunPair": "bluegreen.google.run_pairs.pair",
    "bluegreen:google:CloudRunService": "bluegreen.google.cloud_run.service",
    "bluegreen:google:GkeClusters": "bluegreen.google.two_clusters.clusters",
    "bluegreen:google:InstanceGroups": "bluegreen.google.instance_groups.instance_groups",
    "bluegreen:google:TwoServices": "bluegreen.google.dns.two_services",
    "bluegreen:hosts:ProxiedService": "bluegreen.hosts.services.proxied_service",
    "bluegreen:kubernetes:ArgoRollout": "bluegreen.kubernetes.argo_engine.argo_rollout",
    "bluegreen:kubernetes:HelmService": "bluegreen.kubernetes.helm_charts.helm_service",
    "bluegreen:kubernetes:KubernetesClusters": "bluegreen.kubernetes.two_clusters.clusters",
    "bluegreen:kubernetes:KubernetesService": "bluegreen.kubernetes.workloads.kubernetes_service",
    "bluegreen:kubernetes:ManifestService": "bluegreen.kubernetes.manifests.manifest_service",
}
"""A component's module by its token; the class is called as the token ends."""


def load(token: str) -> Any:
    """The component's class.

    Raises:
        pulumi.RunError: naming the components that there are.
    """
    if token not in COMPONENTS:
        raise pulumi.RunError(f"there is no component {token}; there are: {', '.join(sorted(COMPONENTS))}")
    return getattr(import_module(COMPONENTS[token]), token.rpartition(":")[2])
