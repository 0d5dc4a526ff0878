"""A service as teams have it: sidecar, EFS, Spot, ARM64, Service Connect, two load balancers, a build's revision."""

import pulumi
import pulumi_aws as aws

from bluegreen import gates
from bluegreen.aws import EcsRelease, EcsService, alb, nlb
from settings import network, setting, swaps

config = pulumi.Config()
vpc_id, subnet_ids = network()
# Who is in this group reaches the files: the tasks and, in each subnet, what they mount.
let_in: aws.ec2.SecurityGroupIngressArgsDict = {"protocol": "tcp", "from_port": 2049, "to_port": 2049, "self": True}
nfs = aws.ec2.SecurityGroup("nfs", vpc_id=vpc_id, ingress=[let_in])
files = aws.efs.FileSystem("files", encrypted=True)
mounts = [
    aws.efs.MountTarget(one, file_system_id=files.id, subnet_id=one, security_groups=[nfs.id]) for one in subnet_ids
]
# Known when each subnet has one: no task starts before.
uploads = {"file_system_id": pulumi.Output.all(*(one.file_system_id for one in mounts))[0]}
namespace = aws.servicediscovery.HttpNamespace("shop", name=config.get("namespaceName"))
PORT = {"name": "PORT", "value": "9000"}
endpoint = {"port_name": "http", "client_alias": [{"port": 80}]}
release: EcsRelease = {
    "environment": {"COLOR": "blue"},
    "container": {
        "portMappings": [{"containerPort": 8080, "name": "http"}],
        "mountPoints": [{"sourceVolume": "uploads", "containerPath": "/srv"}],
        "dependsOn": [{"containerName": "agent", "condition": "START"}],
    },
    "sidecars": [{"name": "agent", "image": config.require("agentImage"), "environment": [PORT]}],
}
web = EcsService(
    config.get("serviceName") or "shop-web-frontend-of-the-checkout",
    active_color=config.require("activeColor"),
    blue={"image": config.require("blueImage"), **release},
    # Made by a build. Before there is one, green has no release.
    green={"task_definition_arn": arn} if (arn := config.get("greenTaskDefinition")) else None,
    vpc_id=vpc_id,
    subnet_ids=subnet_ids,
    security_group_ids=[nfs.id],
    entry=alb(health_check={"interval": 5, "timeout": 2}),
    entries=[nlb(internal=True, health_check={"protocol": "HTTP", "path": "/healthz", "interval": 5, "timeout": 2})],
    service_args={
        "capacity_provider_strategies": [{"capacity_provider": "FARGATE_SPOT", "weight": 1}],
        "service_connect_configuration": {"enabled": True, "namespace": namespace.arn, "services": [endpoint]},
    },
    task_args={
        "runtime_platform": {"cpu_architecture": setting("architecture", "ARM64"), "operating_system_family": "LINUX"},
        "volumes": [{"name": "uploads", "efs_volume_configuration": uploads}],
    },
    desired_count=setting("desiredCount", 2),
    **swaps(gates=[gates.http("/healthz", interval_seconds=2)], steady_state_timeout_seconds=300),
)
pulumi.export("url", web.url)
pulumi.export("targetGroups", web.target_group_arns)
pulumi.export("liveColor", web.live_color)
pulumi.export("history", web.history)
