"""Picks the program by the stack's ``platform`` config, so that a stack imports only its own platform."""

from importlib import import_module

import pulumi

PLATFORMS = (
    "asg",
    "asg_dns",
    "ecs",
    "ecs_adopt",
    "ecs_codedeploy",
    "ecs_dns",
    "ecs_entries",
    "ecs_listeners",
    "ecs_native",
    "ecs_nlb",
    "eks",
    "eks_dns",
    "http_api",
    "kubernetes_argo",
    "kubernetes_clusters",
    "kubernetes_entries",
    "kubernetes_gateway",
    "kubernetes_grpc",
    "kubernetes_helm",
    "kubernetes_route",
    "kubernetes_service",
    "kubernetes_traefik",
    "kubernetes_yaml",
    "lambda_alias",
    "rest_api",
)

platform = pulumi.Config().require("platform")
if platform not in PLATFORMS:
    raise pulumi.RunError(f"platform: {platform!r} is not allowed; allowed: {', '.join(PLATFORMS)}")
import_module(platform)
