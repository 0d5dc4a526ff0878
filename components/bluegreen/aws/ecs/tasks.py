"""The resources that run a color on ECS: log group, task definition and service, and what they share."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_aws as aws

from bluegreen.aws import fitted
from bluegreen.aws.ecs import release as ecs_release
from bluegreen.aws.ecs.in_place import guard
from bluegreen.aws.ecs.provider_args import ProviderArgs
from bluegreen.aws.entry import EntryResources
from bluegreen.aws.partitions import own_policy, partition
from bluegreen.rollout.model import Color

_EXECUTION_POLICY = "service-role/AmazonECSTaskExecutionRolePolicy"
_LOG_RETENTION_DAYS = 30
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html#ecs-exec-required-iam-permissions
_EXEC_ACTIONS = [
    f"ssmmessages:{action}Channel" for action in ("CreateControl", "CreateData", "OpenControl", "OpenData")
]


@dataclass(frozen=True, slots=True)
class TaskSettings:
    """The settings that both colors' services share: parity by construction."""

    cluster_arn: pulumi.Input[str]
    subnet_ids: pulumi.Input[Sequence[pulumi.Input[str]]]
    security_group_ids: Sequence[pulumi.Input[str]]
    assign_public_ip: bool
    container_port: int
    cpu: int
    memory: int
    execution_role_arn: pulumi.Input[str]
    task_role_arn: pulumi.Input[str] | None
    provider_args: ProviderArgs = field(default_factory=ProviderArgs)


def execution_role(
    name: str,
    releases: Sequence[Mapping[str, Any]],
    tags: Mapping[str, str],
    parent: pulumi.Resource,
    policy_arns: Sequence[pulumi.Input[str]] = (),
) -> aws.iam.Role:
    """The role that pulls images, writes logs, and hands the releases' own secrets to their containers."""
    child = pulumi.ResourceOptions(parent=parent)
    role = _role(fitted.in_a_role(name, "execution"), tags, parent)
    policy_arn = own_policy(_EXECUTION_POLICY, parent)
    aws.iam.RolePolicyAttachment(f"{name}-execution", role=role.name, policy_arn=policy_arn, opts=child)
    _attach(f"{name}-execution", role, policy_arns, parent)
    if any(map(ecs_release.has_secrets, releases)):
        allowed = pulumi.Output.all(*map(dict, releases)).apply(ecs_release.secret_arns)
        policy = pulumi.Output.all(allowed, partition(parent)).apply(
            lambda policy_inputs: json.dumps(_reading_secrets(*policy_inputs))
        )
        aws.iam.RolePolicy(fitted.in_a_policy(name, "secrets"), role=role.name, policy=policy, opts=child)
    return role


def task_role(
    name: str,
    tags: Mapping[str, str],
    parent: pulumi.Resource,
    policy_arns: Sequence[pulumi.Input[str]],
    *,
    with_exec: bool,
) -> aws.iam.Role:
    """The role of the application itself, where it is not handed in.

    Args:
        name: the component's.
        tags: for it.
        parent: the component.
        policy_arns: what it may do.
        with_exec: whether it may open the channels that ECS Exec needs.
    """
    role = _role(fitted.in_a_role(name, "task"), tags, parent)
    _attach(f"{name}-task", role, policy_arns, parent)
    if with_exec:
        statement = {"Effect": "Allow", "Action": _EXEC_ACTIONS, "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        child = pulumi.ResourceOptions(parent=parent)
        aws.iam.RolePolicy(fitted.in_a_policy(name, "exec"), role=role.name, policy=policy, opts=child)
    return role


def _role(name: str, tags: Mapping[str, str], parent: pulumi.Resource) -> aws.iam.Role:
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
    child = pulumi.ResourceOptions(parent=parent)
    return aws.iam.Role(name, assume_role_policy=json.dumps(trust), tags=tags, opts=child)


def _attach(name: str, role: aws.iam.Role, policy_arns: Sequence[pulumi.Input[str]], parent: pulumi.Resource) -> None:
    for number, arn in enumerate(policy_arns, 1):
        child = pulumi.ResourceOptions(parent=parent)
        aws.iam.RolePolicyAttachment(f"{name}-{number}", role=role.name, policy_arn=arn, opts=child)


def _reading_secrets(arns: Sequence[str], partition: str) -> dict[str, Any]:
    actions = ["secretsmanager:GetSecretValue", "ssm:GetParameters"]
    # A policy needs a resource: with nothing to read it allows what does not exist.
    resources = list(arns) or [f"arn:{partition}:secretsmanager:::secret:none"]
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": resources}]}


def color_task(
    name: str,
    color: Color,
    release: Mapping[str, Any],
    settings: TaskSettings,
    tags: Mapping[str, str],
    parent: pulumi.Resource,
) -> aws.ecs.TaskDefinition:
    """One color's log group and task definition."""
    child = pulumi.ResourceOptions(parent=parent)
    logs = aws.cloudwatch.LogGroup(f"{name}-{color}", retention_in_days=_LOG_RETENTION_DAYS, tags=tags, opts=child)
    # The log group's ARN holds the region, so that no call is needed to learn it.
    definitions = pulumi.Output.all(dict(release), logs.name, logs.arn).apply(
        lambda known: json.dumps(
            ecs_release.container_definitions(known[0], settings.container_port, known[1], known[2].split(":")[3])
        )
    )
    return aws.ecs.TaskDefinition(
        f"{name}-{color}",
        family=f"{name}-{color}",
        cpu=str(settings.cpu),
        memory=str(settings.memory),
        execution_role_arn=settings.execution_role_arn,
        task_role_arn=settings.task_role_arn,
        container_definitions=definitions,
        tags=tags,
        opts=child,
        **settings.provider_args.task_arguments(),
    )


def color_service(
    name: str,
    color: Color,
    release: Mapping[str, Any],
    settings: TaskSettings,
    *,
    entered: EntryResources,
    first_count: int,
    tags: Mapping[str, str],
    connection: Mapping[str, str],
    parent: pulumi.Resource,
    depends_on: Sequence[pulumi.Resource] = (),
) -> aws.ecs.Service:
    """One color's service, with its log group and task definition where that was not made elsewhere."""
    task_arn: pulumi.Input[str]
    wanted: pulumi.Input[str]
    if ecs_release.is_made_elsewhere(release):
        task_arn = wanted = release["task_definition_arn"]
    else:
        task = color_task(name, color, release, settings, tags, parent)
        task_arn, wanted = task.arn, task.container_definitions
    network: Any = {
        "subnets": settings.subnet_ids,
        "security_groups": list(settings.security_group_ids),
        "assign_public_ip": settings.assign_public_ip,
    }
    balancers: list[Any] = [
        {
            "target_group_arn": arn,
            "container_name": ecs_release.container_for(release, port),
            "container_port": port,
        }
        for called, arn in entered.named_groups_of(color).items()
        for port in (entered.ports.get(called, settings.container_port),)
    ]
    registries: list[Any] = [{"registry_arn": arn} for arn in _of(color, entered.service_registry_arns)]
    return aws.ecs.Service(
        f"{name}-{color}",
        cluster=settings.cluster_arn,
        task_definition=task_arn,
        desired_count=first_count,
        network_configuration=network,
        load_balancers=balancers,
        service_registries=registries[0] if registries else None,
        tags=tags,
        opts=pulumi.ResourceOptions(
            parent=parent,
            # ECS refuses a target group without a load balancer.
            depends_on=[*entered.attachments.get(color, ()), *depends_on],
            # The count belongs to the swap after creation.
            ignore_changes=["desiredCount"],
            hooks=guard(f"{name}-{color}", color, wanted, entered.router, connection),
        ),
        **settings.provider_args.service_arguments(color),
    )


def _of(color: Color, by_color: Mapping[Color, pulumi.Output[str]]) -> list[pulumi.Output[str]]:
    return [by_color[color]] if color in by_color else []
