"""An ECS service in two colors, behind any entry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pulumi
import pulumi_aws as aws

from bluegreen.aws import service_swap
from bluegreen.aws.component import EnteredComponent, SwapSettings, connection_of
from bluegreen.aws.ecs import autoscaling as ecs_autoscaling
from bluegreen.aws.ecs import release as ecs_release
from bluegreen.aws.ecs.autoscaling import EcsAutoscaling
from bluegreen.aws.ecs.pair import ServicePair, made_here, target_groups_of
from bluegreen.aws.ecs.provider_args import ProviderArgs
from bluegreen.aws.ecs.release import EcsRelease
from bluegreen.aws.ecs.service_checks import both, problems_of_releases, problems_of_roles, problems_of_the_way_in
from bluegreen.aws.ecs.tasks import TaskSettings, execution_role, task_role
from bluegreen.aws.elb.alb_entry import alb
from bluegreen.aws.entry import Entry
from bluegreen.aws.service_swap import Network, kind_that_counts
from bluegreen.aws.several_entries import entry_of
from bluegreen.component import digests
from bluegreen.component.declaration import known
from bluegreen.fields import UNKNOWN

if TYPE_CHECKING:
    from typing_extensions import Unpack


class EcsService(EnteredComponent):
    """Both colors of a service, and the swap between them.

    Attributes:
        cluster_arn: the cluster.
    """

    cluster_arn: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        *,
        active_color: str,
        blue: EcsRelease | None,
        green: EcsRelease | None,
        vpc_id: pulumi.Input[str],
        subnet_ids: pulumi.Input[Sequence[pulumi.Input[str]]],
        entry: Entry | None = None,
        entries: Sequence[Entry] | None = None,
        entry_names: Sequence[str] | None = None,
        container_port: int = 8080,
        desired_count: int = 2,
        autoscaling: EcsAutoscaling | Mapping[str, Any] | None = None,
        cpu: int = 256,
        memory: int = 512,
        cluster_arn: pulumi.Input[str] | None = None,
        task_role_arn: pulumi.Input[str] | None = None,
        task_policy_arns: Sequence[pulumi.Input[str]] = (),
        execution_role_arn: pulumi.Input[str] | None = None,
        execution_policy_arns: Sequence[pulumi.Input[str]] = (),
        security_group_ids: Sequence[pulumi.Input[str]] = (),
        entry_security_group: bool = True,
        assign_public_ip: bool = False,
        service_args: aws.ecs.ServiceArgs | Mapping[str, Any] | None = None,
        task_args: aws.ecs.TaskDefinitionArgs | Mapping[str, Any] | None = None,
        tags: Mapping[str, str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
        **settings: Unpack[SwapSettings],
    ) -> None:
        """Declare both colors.

        Args:
            name: the service's name, at most 200 characters; where AWS takes fewer, its beginning and a digest.
            active_color: ``"blue"`` or ``"green"``: who carries production traffic.
            blue: blue's release; ``None`` for a color that has none yet: it is made of the other's, with no tasks, and
                cannot become the active one.
            green: green's release, the same.
            vpc_id: where everything runs.
            subnet_ids: for the load balancer (two zones at least) and the tasks.
            entry: how requests reach the tasks: ``alb()`` (default), ``alb_listeners()``, ``nlb()``, ``dns()``.
            entries: more of them, which the swap moves together with ``entry``, in this order; without ``entry`` these
                alone.
            entry_names: what the names of their resources, and of their outputs, end with; their kinds by default.
            container_port: the port that the entry sends requests to.
            desired_count: tasks that the first live color starts with; later the live color's present size counts.
            autoscaling: the live color's ``min_capacity`` and ``max_capacity``, and what both colors scale by: one or
                more of ``target_cpu_percent``, ``target_memory_percent``, ``target_requests_per_task``, ``policies``:
                a list of target tracking configurations as ``aws.appautoscaling.Policy`` has them, ``steps``: policies
                of step scaling with their alarms, ``scheduled``: ranges of the live color by the clock.
            cpu: CPU units of a task; on Fargate one of its sizes.
            memory: MiB of a task; on Fargate one that goes with the CPU units.
            cluster_arn: an existing cluster; one is made when absent.
            task_role_arn: the role of the application itself; one is made where ``task_policy_arns`` or ECS Exec
                (``enable_execute_command``) need it.
            task_policy_arns: managed policies of a task role that is made here.
            execution_role_arn: the role that pulls images and writes logs; one is made when absent.
            execution_policy_arns: more managed policies of an execution role that is made here.
            security_group_ids: more security groups of the tasks: one that a database lets in, say.
            entry_security_group: whether one is made that lets the entry in; without it, one of yours has to.
            assign_public_ip: needed in subnets without a NAT.
            service_args: more arguments of both colors' ``aws.ecs.Service``, as Pulumi has them: capacity providers,
                placement, Service Connect, ECS Exec, a grace period. What the component or the swap says is refused.
            task_args: more arguments of both colors' ``aws.ecs.TaskDefinition``, the same: volumes, platform, storage.
            tags: for every resource.
            opts: the usual options; ``transforms`` reach every resource that is made here.
            **settings: how swaps go: see ``SwapSettings``.

        Raises:
            pulumi.RunError: naming each wrong field, its value and what is allowed. Nothing was written.
        """
        super().__init__("bluegreen:aws:EcsService", name, {}, opts)
        entry = entry_of(name, entry, entries, entry_names, alb())
        given_args = ProviderArgs.of(service_args, task_args)
        connection = connection_of(settings)
        capacity: dict[str, Any] = {
            "kind": "ecs",
            "cluster": UNKNOWN,
            "services": UNKNOWN,
            "task_definitions": UNKNOWN,
            "desired_count": desired_count,
            "aws": connection,
        }
        releases, problems = both(active_color, blue, green)
        problems += problems_of_releases(releases, entry, container_port, given_args, settings)
        problems += given_args.problems(known(cpu), known(memory), makes_cluster=cluster_arn is None)
        problems += problems_of_roles(task_role_arn, task_policy_arns, execution_role_arn, execution_policy_arns)
        problems += problems_of_the_way_in(entry, security_group_ids, entry_security_group)
        if autoscaling is not None:
            problems += ecs_autoscaling.problems_in(
                known(autoscaling), desired_count, kind_that_counts(name, entry, settings)
            )
        checked = service_swap.checked(
            name, active_color, entry, settings, tags=tags, problems=problems, capacity=capacity
        )
        network = Network(vpc_id, subnet_ids, container_port, "ip", target_groups_of(releases))
        entered = checked.enter(self, network)
        cluster = cluster_arn
        placed: Sequence[pulumi.Resource] = ()
        if cluster is None:
            own = aws.ecs.Cluster(name, tags=checked.tags, opts=pulumi.ResourceOptions(parent=self))
            cluster, placed = own.arn, given_args.attach_providers(name, own, self)
        groups = list(security_group_ids)
        if entry_security_group:
            groups.insert(0, checked.let_in(self, entered, network, f"{name}-tasks"))
        if execution_role_arn is None:
            role = execution_role(name, made_here(releases), checked.tags, self, execution_policy_arns)
            execution_role_arn = role.arn
        if task_role_arn is None and (task_policy_arns or given_args.opens_shells):
            role = task_role(name, checked.tags, self, task_policy_arns, with_exec=given_args.opens_shells)
            task_role_arn = role.arn
        tasks = TaskSettings(
            cluster_arn=cluster,
            subnet_ids=subnet_ids,
            security_group_ids=groups,
            assign_public_ip=assign_public_ip,
            container_port=container_port,
            cpu=cpu,
            memory=memory,
            execution_role_arn=execution_role_arn,
            task_role_arn=task_role_arn,
            provider_args=given_args,
        )
        pair = ServicePair(self, checked, entered, tasks, desired_count, settings)
        pair.add_services(releases, placed)
        pair.add_autoscaling(autoscaling)
        swap = checked.declare(
            self,
            entered,
            releases={color: _release_name(release) for color, release in releases.items()},
            digests=digests.of_releases(releases),
            capacity={**capacity, **pair.capacity_section(autoscaling)},
            made=pair.made,
        )
        pair.add_schedule(autoscaling, swap)
        self._show_entered(swap, entry, entered, cluster_arn=pulumi.Output.from_input(cluster))


def _release_name(release: Mapping[str, Any]) -> pulumi.Output[str]:
    return pulumi.Output.from_input(dict(release)).apply(ecs_release.release_name)
