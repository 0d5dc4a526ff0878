"""Which module serves which token. Modules are imported when a token of theirs is first requested: a plugin is started
by every command, and most commands touch few services."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from localcloud.plugins.aws.model import Props, ResourceType
    from localcloud.plugins.aws.session import Aws

    Invoke = Callable[[Aws, Props], Props]

_BY_MODULE = {
    "elbv2_balancer": ["aws:lb/loadBalancer:LoadBalancer"],
    "elbv2_targets": ["aws:lb/targetGroup:TargetGroup"],
    "elbv2_attachment": ["aws:lb/targetGroupAttachment:TargetGroupAttachment"],
    "elbv2_certificates": ["aws:lb/listenerCertificate:ListenerCertificate"],
    "elbv2_listener": ["aws:lb/listener:Listener", "aws:lb/listenerRule:ListenerRule"],
    "ecs": ["aws:ecs/cluster:Cluster", "aws:ecs/taskDefinition:TaskDefinition"],
    "ecs_capacity_providers": ["aws:ecs/clusterCapacityProviders:ClusterCapacityProviders"],
    "ecs_service": ["aws:ecs/service:Service"],
    "elasticbeanstalk": [
        "aws:elasticbeanstalk/application:Application",
        "aws:elasticbeanstalk/environment:Environment",
    ],
    "efs": ["aws:efs/fileSystem:FileSystem", "aws:efs/mountTarget:MountTarget", "aws:efs/accessPoint:AccessPoint"],
    "eks": ["aws:eks/cluster:Cluster"],
    "eks_nodes": ["aws:eks/nodeGroup:NodeGroup"],
    "logs": ["aws:cloudwatch/logGroup:LogGroup"],
    "codedeploy": [
        "aws:codedeploy/application:Application",
        "aws:codedeploy/deploymentGroup:DeploymentGroup",
        "aws:codedeploy/deploymentConfig:DeploymentConfig",
    ],
    "ec2_network": ["aws:ec2/vpc:Vpc", "aws:ec2/subnet:Subnet"],
    "ec2_security": ["aws:ec2/securityGroup:SecurityGroup"],
    "ec2_security_rules": [
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
        "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
    ],
    "iam": [
        "aws:iam/role:Role",
        "aws:iam/rolePolicy:RolePolicy",
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
    ],
    "appautoscaling": [
        "aws:appautoscaling/target:Target",
        "aws:appautoscaling/scheduledAction:ScheduledAction",
    ],
    "appautoscaling_policy": ["aws:appautoscaling/policy:Policy"],
    "ec2_launch_template": ["aws:ec2/launchTemplate:LaunchTemplate"],
    "autoscaling": ["aws:autoscaling/group:Group"],
    "autoscaling_policy": ["aws:autoscaling/policy:Policy"],
    "lambda_permission": ["aws:lambda/permission:Permission"],
    "apigateway": ["aws:apigateway/restApi:RestApi", "aws:apigateway/deployment:Deployment"],
    "apigateway_stage": ["aws:apigateway/stage:Stage"],
    "apigatewayv2": [
        "aws:apigatewayv2/api:Api",
        "aws:apigatewayv2/integration:Integration",
        "aws:apigatewayv2/route:Route",
        "aws:apigatewayv2/stage:Stage",
    ],
    "route53": ["aws:route53/zone:Zone", "aws:route53/healthCheck:HealthCheck"],
    "servicediscovery": [
        "aws:servicediscovery/httpNamespace:HttpNamespace",
        "aws:servicediscovery/privateDnsNamespace:PrivateDnsNamespace",
        "aws:servicediscovery/publicDnsNamespace:PublicDnsNamespace",
        "aws:servicediscovery/service:Service",
    ],
}
_INVOKES_BY_MODULE = {
    "eks": ["aws:eks/getCluster:getCluster"],
    "lookups": [
        "aws:index/getRegion:getRegion",
        "aws:index/getCallerIdentity:getCallerIdentity",
        "aws:index/getPartition:getPartition",
        "aws:ec2/getVpc:getVpc",
        "aws:ec2/getSubnets:getSubnets",
        "aws:lb/getLoadBalancer:getLoadBalancer",
        "aws:lb/getListener:getListener",
        "aws:lb/getListenerRule:getListenerRule",
        "aws:lb/getTargetGroup:getTargetGroup",
        "aws:ecs/getCluster:getCluster",
        "aws:ecs/getService:getService",
    ],
}
RESOURCES = {token: module for module, tokens in _BY_MODULE.items() for token in tokens}
INVOKES = {token: module for module, tokens in _INVOKES_BY_MODULE.items() for token in tokens}


def _module(name: str) -> Any:
    return importlib.import_module(f"localcloud.plugins.aws.services.{name}")


def resource_type(token: str) -> ResourceType | None:
    """The declaration behind `token`, None if this stand-in does not serve it."""
    if token not in RESOURCES:
        return None
    for declared in _module(RESOURCES[token]).TYPES:
        if declared.token == token:
            return cast("ResourceType", declared)
    raise LookupError(token)


def invoke(token: str) -> Invoke | None:
    """The function behind `token`, None if this stand-in does not serve it."""
    if token not in INVOKES:
        return None
    return cast("Invoke", _module(INVOKES[token]).INVOKES[token])
