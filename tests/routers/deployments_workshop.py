"""An ECS service with two target groups whose traffic AWS shifts: played, over the emulator's load balancer."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import boto3

from tests.played.proxy import PlayedAws
from tests.routers import alb_workshop

_names = itertools.count(1)


@dataclass
class Service:
    """The objects that the API made.

    Attributes:
        aws: whoever plays CodeDeploy and ECS' strategies; its ``url`` is for the router.
        alb: the load balancer; its groups "blue" and "green" are the pair.
        name: of the service, its cluster, application and deployment group.
        route: the ``listener_arn`` or ``rule_arn`` of the router's section.
        tasks: the task definitions' ARNs.
        group_arn: the deployment group's.
    """

    aws: PlayedAws
    alb: alb_workshop.Alb
    name: str
    route: dict[str, str]
    tasks: dict[str, str]
    group_arn: str = ""

    @property
    def played(self) -> Any:
        """The service as it is played."""
        return self.aws.services[self.name, self.name]

    def settle(self, router: Any, weights: Any, looks: int = 60) -> bool:
        """Verify until it has converged, as a swap does."""
        return any(router.verify(weights).value == "converged" for _ in range(looks))

    def leave(self) -> None:
        """End it, with its load balancer as one finds it that nobody has used; both groups stay attached to it."""
        self.aws.stop()
        elb, listener = self.alb.elb, self.alb.listener_arn
        if "rule_arn" in self.route:
            elb.delete_rule(RuleArn=self.route["rule_arn"])
        elb.modify_listener(ListenerArn=listener, DefaultActions=[alb_workshop.NOBODY])
        (tags,) = elb.describe_tags(ResourceArns=[listener])["TagDescriptions"]
        if tags["Tags"]:
            elb.remove_tags(ResourceArns=[listener], TagKeys=[tag["Key"] for tag in tags["Tags"]])


def build(
    endpoint: str,
    *,
    native: bool = False,
    eager: bool = False,
    strategy: dict[str, Any] | None = None,
    wait_minutes: int = 0,
    alb: alb_workshop.Alb | None = None,
) -> Service:
    """Make one, with blue live and no tasks, behind a load balancer of its own if none is given."""
    aws, alb = PlayedAws(endpoint, runs_tasks=False, eager=eager), alb or alb_workshop.build()
    ecs = boto3.client("ecs", endpoint_url=aws.url)
    name = f"platform-{next(_names)}"
    ecs.create_cluster(clusterName=name)
    tasks = {color: register(ecs, f"{name}-{color}") for color in ("blue", "green")}
    live = {"Type": "forward", "TargetGroupArn": alb.groups["blue"]}
    balancer: dict[str, Any] = {"targetGroupArn": alb.groups["blue"], "containerName": "app", "containerPort": 8080}
    if native:
        everything = [{"Field": "path-pattern", "Values": ["/*"]}]
        rule = alb.elb.create_rule(ListenerArn=alb.listener_arn, Priority=100, Conditions=everything, Actions=[live])[
            "Rules"
        ][0]["RuleArn"]
        balancer["advancedConfiguration"] = {
            "alternateTargetGroupArn": alb.groups["green"],
            "productionListenerRule": rule,
            "roleArn": "arn:aws:iam::123456789012:role/ecs",
        }
        more: dict[str, Any] = {"deploymentConfiguration": strategy or {"strategy": "BLUE_GREEN"}}
        route = {"rule_arn": rule}
    else:
        alb.elb.modify_listener(ListenerArn=alb.listener_arn, DefaultActions=[live])
        more = {"deploymentController": {"type": "CODE_DEPLOY"}}
        route = {"listener_arn": alb.listener_arn}
    ecs.create_service(
        cluster=name,
        serviceName=name,
        taskDefinition=tasks["blue"],
        desiredCount=0,
        launchType="FARGATE",
        loadBalancers=[balancer],
        networkConfiguration={"awsvpcConfiguration": {"subnets": ["subnet-1"]}},
        **more,
    )
    made = Service(aws, alb, name, route, tasks)
    return made if native else _with_group(made, wait_minutes)


def register(ecs: Any, family: str) -> str:
    """A further revision of a task definition."""
    container = {"name": "app", "image": "app:v1", "portMappings": [{"containerPort": 8080}]}
    answer = ecs.register_task_definition(
        family=family,
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        cpu="256",
        memory="512",
        containerDefinitions=[container],
    )
    return str(answer["taskDefinition"]["taskDefinitionArn"])


def _with_group(service: Service, wait_minutes: int) -> Service:
    """With an application and its deployment group."""
    codedeploy = boto3.client("codedeploy", endpoint_url=service.aws.url)
    name, groups = service.name, service.alb.groups
    groups_found = service.alb.elb.describe_target_groups(TargetGroupArns=[groups["blue"], groups["green"]])[
        "TargetGroups"
    ]
    pair = {
        "targetGroups": [{"name": group["TargetGroupName"]} for group in groups_found],
        "prodTrafficRoute": {"listenerArns": [service.alb.listener_arn]},
    }
    codedeploy.create_application(applicationName=name, computePlatform="ECS")
    codedeploy.create_deployment_group(
        applicationName=name,
        deploymentGroupName=name,
        serviceRoleArn="arn:aws:iam::123456789012:role/codedeploy",
        deploymentConfigName="CodeDeployDefault.ECSCanary10Percent5Minutes",
        deploymentStyle={"deploymentType": "BLUE_GREEN", "deploymentOption": "WITH_TRAFFIC_CONTROL"},
        blueGreenDeploymentConfiguration={
            "terminateBlueInstancesOnDeploymentSuccess": {
                "action": "TERMINATE",
                "terminationWaitTimeInMinutes": wait_minutes,
            },
            "deploymentReadyOption": {"actionOnTimeout": "CONTINUE_DEPLOYMENT"},
        },
        ecsServices=[{"serviceName": name, "clusterName": name}],
        loadBalancerInfo={"targetGroupPairInfoList": [pair]},
    )
    service.group_arn = f"arn:aws:codedeploy:us-east-1:123456789012:deploymentgroup:{name}/{name}"
    return service


def section(service: Service, **more: object) -> dict[str, object]:
    """A ``router`` section for it."""
    router: dict[str, object] = {
        "kind": "ecs_native",
        "cluster": service.name,
        "service": service.name,
        "task_definitions": service.tasks,
        "target_group_pair": [service.alb.groups["blue"], service.alb.groups["green"]],
        **service.route,
        "owner": "project/stack/web",
        "aws": {"endpoint_url": service.aws.url},
    }
    if service.group_arn:
        router |= {
            "kind": "codedeploy",
            "deployment_group_arn": service.group_arn,
            "containers": {"blue": "app", "green": "app"},
            "container_port": 8080.0,
        }
    return {**router, **more}
