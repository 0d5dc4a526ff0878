"""Picks the program by the stack's ``platform`` config, so that a stack imports only its own platform.

A config key that this program does not read is refused before anything is declared: a misspelt one would be without
effect.
"""

from importlib import import_module

import pulumi
from pulumi.runtime.config import CONFIG, get_config_env

import keys
from bluegreen import stack_config

PLATFORMS = (
    "asg",
    "asg_dns",
    "azure_container_app",
    "azure_scale_sets",
    "azure_slots",
    "azure_traffic_manager",
    "beanstalk",
    "cloudfoundry",
    "ecs",
    "ecs_adopt",
    "ecs_codedeploy",
    "ecs_dns",
    "ecs_entries",
    "ecs_listeners",
    "ecs_native",
    "ecs_nlb",
    "ecs_whole",
    "eks",
    "eks_dns",
    "hosts",
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

config = pulumi.Config()
platform = config.require("platform")
if platform not in PLATFORMS:
    raise pulumi.RunError(f"platform: {platform!r} is not allowed; allowed: {', '.join(PLATFORMS)}")
given = [
    key.removeprefix(f"{config.name}:")
    for key in {**get_config_env(), **CONFIG.get()}
    if key.startswith(f"{config.name}:")
]
# Beside the program's own: this project has the name of the package, whose settings are in the same namespace.
others = {"platform"} | (stack_config.KEYS if config.name == stack_config.NAMESPACE else set())
if wrong := list(keys.unread(given, keys.keys_of(platform) | others)):
    lines = "\n".join(f"  {line}" for line in wrong)
    raise pulumi.RunError(f"the stack's config is refused for platform {platform}; nothing was written:\n{lines}")
import_module(platform)
