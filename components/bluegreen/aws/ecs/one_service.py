"""The parts of components in which AWS itself shifts traffic: one ECS service, two target groups, a load balancer."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypedDict

import pulumi
import pulumi_aws as aws

from bluegreen.aws import fitted
from bluegreen.aws.component import Draft, SwapSettings, connection_of, draft, tags_of
from bluegreen.aws.ecs import release as ecs_release
from bluegreen.aws.ecs.provider_args import ProviderArgs
from bluegreen.aws.ecs.release import EcsRelease
from bluegreen.aws.ecs.tasks import TaskSettings, color_task, execution_role, task_role
from bluegreen.aws.elb import balancer, target_groups
from bluegreen.aws.elb.target_groups import HttpTargetGroups
from bluegreen.aws.entry import EntryContext
from bluegreen.aws.limits import problem_of_protocol
from bluegreen.aws.partitions import own_policy
from bluegreen.aws.units import unit_security_group
from bluegreen.component.base import owner_of
from bluegreen.component.declaration import known
from bluegreen.fields import UNKNOWN, Fields
from bluegreen.gates.registry import GATES
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import COLORS, Color, Phase
from bluegreen.swap import gating

START_SECONDS = 1800.0
"""How long tasks may take to start and hooks to answer, beside what a deployment's own waits take."""
# A deployment is looked at by several calls each time, and takes minutes.
_POLL_SECONDS = 5
_NOT_HERE = {
    "scale_down_delay_seconds": "none: the platform keeps the former tasks for a time of its own",
    "idle_capacity_percent": "none: the idle color has no tasks",
}
_WITHOUT_TASKS = {Phase.CONFIRM, Phase.BEFORE, Phase.INCREASE, Phase.PROMOTE, Phase.HOLD}


class FrontOptions(TypedDict, total=False):
    """The load balancer in front of the service.

    Attributes:
        load_balancer_arn: an existing load balancer, on which listeners are made; one is made when absent.
        listener_port: default 80, or 443 with a certificate.
        certificate_arns: make the listeners HTTPS; the first is the default, others are chosen by SNI.
        internal: whether a load balancer made here is internal.
        ingress_cidrs: who may reach a load balancer made here; everybody when absent.
        ip_address_type: of a load balancer made here: ``ipv4`` (default), ``dualstack``.
        target_groups: what both target groups have: see ``HttpTargetGroups``.
    """

    load_balancer_arn: pulumi.Input[str]
    listener_port: int
    certificate_arns: Sequence[pulumi.Input[str]]
    internal: bool
    ingress_cidrs: Sequence[str]
    ip_address_type: str
    target_groups: HttpTargetGroups


class TaskOptions(TypedDict, total=False):
    """The settings that the tasks of both colors share.

    Attributes:
        cpu: CPU units of a task, default 256.
        memory: MiB of a task, default 512.
        cluster_arn: an existing cluster; one is made when absent.
        task_role_arn: the role of the application itself; one is made where ECS Exec needs it.
        execution_role_arn: the role that pulls images and writes logs; one is made when absent.
        assign_public_ip: needed in subnets without a NAT.
    """

    cpu: int
    memory: int
    cluster_arn: pulumi.Input[str]
    task_role_arn: pulumi.Input[str]
    execution_role_arn: pulumi.Input[str]
    assign_public_ip: bool


@dataclass(frozen=True, slots=True)
class Front:
    """The load balancer where requests come in, its two target groups, and what listens on it."""

    balancer: balancer.Balancer
    groups: tuple[aws.lb.TargetGroup, aws.lb.TargetGroup]
    port: int
    scheme: str
    certificates: Sequence[pulumi.Input[str]]

    @property
    def url(self) -> pulumi.Output[str]:
        """The URL of production."""
        return balancer.url_of(self.balancer.dns_name, self.scheme, self.port)


@dataclass(frozen=True, slots=True)
class Ran:
    """The cluster, the colors' task definitions, and the tasks' network."""

    cluster_arn: pulumi.Output[str]
    tasks: Mapping[Color, aws.ecs.TaskDefinition]
    security_group_id: pulumi.Output[str]
    assign_public_ip: bool
    placed: Sequence[pulumi.Resource]
    """What a service that is placed by capacity providers comes after."""


def drafted(
    name: str,
    active_color: str,
    releases: Mapping[Color, EcsRelease],
    settings: SwapSettings,
    *,
    router: Mapping[str, Any],
    container_port: int,
    front: FrontOptions,
    tasks: TaskOptions,
    given_args: ProviderArgs,
    refused: Mapping[str, str],
    converge_timeout_seconds: float,
    problems: Sequence[Problem],
) -> Draft:
    """Check all arguments.

    Args:
        name: the component's.
        active_color: who carries production traffic.
        releases: both colors'.
        settings: how swaps go.
        router: what its section has beside what every such router has.
        container_port: where the load balancer sends requests.
        front: the load balancer.
        tasks: what both colors' tasks have.
        given_args: more arguments of the service and the task definitions.
        refused: arguments of the service that this component says itself, or that its deployments do not take, each
            with what to give instead.
        converge_timeout_seconds: how long a deployment may take.
        problems: those that were found before.

    Raises:
        pulumi.RunError: naming each wrong field, its value and what is allowed. Nothing was written.
    """
    faults = [*problems, *target_groups.problems_in(front.get("target_groups", {})), *_problems_of_front(front)]
    makes_cluster = tasks.get("cluster_arn") is None
    size = known(tasks.get("cpu", 256)), known(tasks.get("memory", 512))
    faults += [
        replace(one, field=f"tasks.{one.field}") if one.field in TaskOptions.__annotations__ else one
        for one in given_args.problems(*size, makes_cluster=makes_cluster, refused=refused)
    ]
    faults += [Problem(key, known(settings.get(key)), _NOT_HERE[key]) for key in _NOT_HERE if key in settings]
    for color, release in releases.items():
        if "existing" in release:
            faults.append(Problem(f"{color}.existing", known(release["existing"]), "an image: both are one service's"))
        elif ecs_release.is_made_elsewhere(release):
            arn = known(release["task_definition_arn"])
            faults.append(Problem(f"{color}.task_definition_arn", arn, "an image, or containers: it is made here"))
        else:
            faults += ecs_release.problems_in(color, known(release), container_port, given_args.volumes)
    gates, unfit = _gates(settings.get("gates") or ())
    checked = draft(
        name,
        active_color,
        {**settings, "gates": gates},
        router={
            "cluster": UNKNOWN,
            "service": UNKNOWN,
            "task_definitions": UNKNOWN,
            "target_group_pair": UNKNOWN,
            "owner": owner_of(name),
            "aws": connection_of(settings),
            **router,
        },
        preview_headers={color: {} for color in COLORS},
        converge_timeout_seconds=converge_timeout_seconds,
        problems=[*faults, *unfit],
    )
    return replace(checked, inputs={**checked.inputs, "poll_interval_seconds": _POLL_SECONDS})


def _gates(gates: Sequence[Mapping[str, Any]]) -> tuple[list[dict[str, Any]], list[Problem]]:
    """Return the gates, and the problems with those that need a color which runs before its deployment."""
    kept, problems = [], []
    for index, gate in enumerate(gates):
        parsed = gating.parse(Fields(known(gate)))
        made = GATES.build(parsed[0]) if parsed is not None else None
        asked = dict(gate)
        if parsed is not None and made is not None and made.needs_preview:
            phases = parsed[1].phases
            if phases is None:
                asked["phases"] = [Phase.BAKE.value]
            elif phases & _WITHOUT_TASKS:
                allowed = "bake and after: until its deployment is done, the platform's own hooks test the new color"
                problems.append(Problem(f"gates[{index}].phases", gate["phases"], allowed))
        kept.append(asked)
    return kept, problems


def _problems_of_front(front: FrontOptions) -> list[Problem]:
    fields = Fields(known(dict(front)), "front")
    protocol = problem_of_protocol(known(front.get("target_groups", {})), front.get("certificate_arns", ()))
    if protocol is not None:
        fields.problem(protocol.field, protocol.value, protocol.allowed)
    fields.whole("listener_port", None, least=1, most=65_535)
    fields.text("ip_address_type", "ipv4", choices=("ipv4", "dualstack", "dualstack-without-public-ipv4"))
    for name in FrontOptions.__annotations__:
        fields.raw(name)
    fields.done()
    return fields.problems


def entry_context(
    swapping: Draft,
    active_color: str,
    vpc_id: pulumi.Input[str],
    subnet_ids: pulumi.Input[Sequence[pulumi.Input[str]]],
    container_port: int,
    tags: Mapping[str, str] | None,
    parent: pulumi.Resource,
) -> EntryContext:
    """The context that the load balancer and its target groups are built on."""
    shared, colors = tags_of(swapping.name, tags)
    return EntryContext(
        name=swapping.name,
        owner=swapping.owner,
        active_color=active_color,
        vpc_id=vpc_id,
        subnet_ids=subnet_ids,
        port=container_port,
        target_type="ip",
        connection=swapping.connection,
        tags=shared,
        color_tags=colors,
        parent=parent,
    )


def front_of(context: EntryContext, options: FrontOptions, *, more_ports: Sequence[int] = ()) -> Front:
    """The load balancer, where there is none, and the two target groups, which belong to no color."""
    certificates = options.get("certificate_arns", ())
    scheme = "https" if certificates else "http"
    port = options.get("listener_port") or balancer.DEFAULT_PORTS[scheme]
    given = options.get("load_balancer_arn")
    if given is not None:
        front = balancer.found_balancer(given, context.parent)
    else:
        front = balancer.made_balancer(
            context,
            [port, *more_ports],
            internal=options.get("internal", False),
            ip_address_type=options.get("ip_address_type", "ipv4"),
            ingress_cidrs=options.get("ingress_cidrs", ("0.0.0.0/0",)),
        )
    one, two = (
        target_groups.http_target_group(
            context, fitted.in_a_group(context.name, str(number)), options.get("target_groups", {}), context.tags
        )
        for number in (1, 2)
    )
    return Front(front, (one, two), port, scheme, certificates)


def runs_of(
    context: EntryContext,
    releases: Mapping[Color, EcsRelease],
    options: TaskOptions,
    front: Front,
    given_args: ProviderArgs,
) -> Ran:
    """Declare the cluster, where there is none, and the colors' task definitions."""
    name, parent = context.name, context.parent
    cluster = options.get("cluster_arn")
    placed: Sequence[pulumi.Resource] = ()
    if cluster is None:
        own = aws.ecs.Cluster(name, tags=context.tags, opts=pulumi.ResourceOptions(parent=parent))
        cluster, placed = own.arn, given_args.attach_providers(name, own, parent)
    group = unit_security_group(
        f"{name}-tasks",
        context.vpc_id,
        context.port,
        from_groups=front.balancer.security_group_ids,
        tags=context.tags,
        parent=parent,
    )
    execution, task_role_arn = options.get("execution_role_arn"), options.get("task_role_arn")
    if task_role_arn is None and given_args.opens_shells:
        task_role_arn = task_role(name, context.tags, parent, (), with_exec=True).arn
    settings = TaskSettings(
        cluster_arn=cluster,
        subnet_ids=context.subnet_ids,
        security_group_ids=[group.id],
        assign_public_ip=options.get("assign_public_ip", False),
        container_port=context.port,
        cpu=options.get("cpu", 256),
        memory=options.get("memory", 512),
        execution_role_arn=execution or execution_role(name, [*releases.values()], context.tags, parent).arn,
        task_role_arn=task_role_arn,
        provider_args=given_args,
    )
    tasks = {
        color: color_task(name, color, release, settings, context.color_tags[color], parent)
        for color, release in releases.items()
    }
    return Ran(pulumi.Output.from_input(cluster), tasks, group.id, settings.assign_public_ip, placed)


def network_of(context: EntryContext, ran: Ran) -> Any:
    """The network of the tasks."""
    return {
        "subnets": context.subnet_ids,
        "security_groups": [ran.security_group_id],
        "assign_public_ip": ran.assign_public_ip,
    }


def release_names(releases: Mapping[Color, EcsRelease]) -> dict[Color, pulumi.Output[str]]:
    """The releases, as people read them."""
    return {
        color: pulumi.Output.from_input(dict(release)).apply(ecs_release.release_name)
        for color, release in releases.items()
    }


def service_role(name: str, service: str, policy: str, tags: Mapping[str, str], parent: pulumi.Resource) -> Any:
    """A role that an AWS service takes on, with one of AWS' own policies: its ARN."""
    trust = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}],
    }
    child = pulumi.ResourceOptions(parent=parent)
    role = aws.iam.Role(name, assume_role_policy=json.dumps(trust), tags=tags, opts=child)
    allowed = aws.iam.RolePolicyAttachment(name, role=role.name, policy_arn=own_policy(policy, parent), opts=child)
    return pulumi.Output.all(role.arn, allowed.id).apply(lambda arns: arns[0])  # not before it may do its work
