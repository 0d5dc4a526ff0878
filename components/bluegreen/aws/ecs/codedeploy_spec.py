"""The AppSpec of an ECS deployment, and the name of a deployment configuration, as CodeDeploy takes them. Pure."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

PREFIX = "CodeDeployDefault."
ALL_AT_ONCE = f"{PREFIX}ECSAllAtOnce"
PRESETS: Mapping[str, float] = {
    "ECSAllAtOnce": 0,
    "ECSCanary10Percent5Minutes": 5,
    "ECSCanary10Percent15Minutes": 15,
    "ECSLinear10PercentEvery1Minutes": 9,
    "ECSLinear10PercentEvery3Minutes": 27,
}
"""CodeDeploy's own configurations for ECS, and how many minutes each takes to shift all traffic."""

HOOKS = ("BeforeInstall", "AfterInstall", "AfterAllowTestTraffic", "BeforeAllowTraffic", "AfterAllowTraffic")
"""The lifecycle events of an ECS deployment that a Lambda function may stand at, in their order."""

_OWN_NAME = re.compile(r"[A-Za-z0-9+=,.@_-]{1,100}\Z")


def config_name(name: str) -> str:
    """The name that the API knows: presets get their prefix."""
    return PREFIX + name if name in PRESETS else name


def is_config_name(name: str) -> bool:
    """Whether a name can be a deployment configuration for ECS: a preset, or a name of one's own."""
    if name.startswith(PREFIX):
        return name.removeprefix(PREFIX) in PRESETS
    return (bool(_OWN_NAME.match(name)) and not re.match(r"ECS(AllAtOnce|Canary|Linear)", name)) or name in PRESETS


def app_spec(
    task_definition: str,
    container: str,
    container_port: int,
    hooks: Mapping[str, str],
    network: Mapping[str, Any] | None = None,
    platform_version: str | None = None,
) -> str:
    """The AppSpec's content as JSON; the same inputs give the same text.

    Args:
        task_definition: its ARN.
        container: whom the load balancer talks to.
        container_port: its port.
        hooks: Lambda functions by lifecycle event.
        network: ``subnets``, ``security_groups``, ``assign_public_ip`` of the new tasks; the service's own when absent.
        platform_version: of Fargate; the service's own when absent.
    """
    properties: dict[str, Any] = {
        "TaskDefinition": task_definition,
        "LoadBalancerInfo": {"ContainerName": container, "ContainerPort": container_port},
    }
    if platform_version is not None:
        properties["PlatformVersion"] = platform_version
    if network is not None:
        properties["NetworkConfiguration"] = {
            "AwsvpcConfiguration": {
                "Subnets": list(network["subnets"]),
                "SecurityGroups": list(network["security_groups"]),
                "AssignPublicIp": "ENABLED" if network["assign_public_ip"] else "DISABLED",
            }
        }
    spec: dict[str, Any] = {
        "version": 0.0,
        "Resources": [{"TargetService": {"Type": "AWS::ECS::Service", "Properties": properties}}],
    }
    if hooks:
        spec["Hooks"] = [{event: hooks[event]} for event in HOOKS if event in hooks]
    return json.dumps(spec, separators=(",", ":"))


def revision(content: str) -> dict[str, Any]:
    """A deployment's revision, with the digest of its content: CodeDeploy's answers name a revision by that alone."""
    return {"revisionType": "AppSpecContent", "appSpecContent": {"content": content, "sha256": digest(content)}}


def digest(content: str) -> str:
    """The SHA-256 of an AppSpec."""
    return hashlib.sha256(content.encode()).hexdigest()
