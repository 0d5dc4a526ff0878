"""The provider's own arguments that both colors' services and tasks take, and those that are refused by name.

``service_args`` are those of ``aws.ecs.Service``, ``task_args`` those of ``aws.ecs.TaskDefinition``. Both colors get
the same, so that what is proved on one holds for the other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_aws as aws

from bluegreen.aws import resource_args
from bluegreen.aws.limits import problem_of_task_size
from bluegreen.component.declaration import known
from bluegreen.fields import UNKNOWN, Fields
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import Color

REFUSED_OF_A_SERVICE: Mapping[str, str] = {
    "cluster": "none: cluster_arn of the component names it",
    "deployment_controller": "none: it is ECS' own, and the swap refuses another",
    "desired_count": "none: desired_count of the component is the first live color's; from then on it is the swap's",
    "iam_role": "none: ECS has a role of its own for load balancers",
    "load_balancers": "none: entry and entries say how requests reach the tasks",
    "name": "none: each color's service has a name of its own, made from the component's",
    "network_configuration": "none: subnet_ids, security_group_ids and assign_public_ip of the component say it",
    "region": "none: it is the provider's, where the swap calls, too",
    "scheduling_strategy": "none: it is REPLICA, since the swap scales a color by its count",
    "service_registries": "none: both colors would answer to one name; entries=[alb(), dns(...)] gives each its own",
    "tags": "none: tags of the component are for every resource",
    "task_definition": "none: a color's release says it, by task_definition_arn where it was made elsewhere",
    "vpc_lattice_configurations": "none: both colors would be in one target group, whatever the swap says",
}
REFUSED_OF_A_TASK: Mapping[str, str] = {
    "container_definitions": "none: a color's release says them, as containers where an image is not enough",
    "cpu": "none: cpu of the component says it",
    "execution_role_arn": "none: execution_role_arn of the component says it",
    "family": "none: each color's has a name of its own, made from the component's",
    "memory": "none: memory of the component says it",
    "region": "none: it is the provider's, where the swap calls, too",
    "tags": "none: tags of the component are for every resource",
    "task_role_arn": "none: task_role_arn of the component says it",
}
_FARGATE = ("FARGATE", "FARGATE_SPOT")
# https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_EphemeralStorage.html
_STORAGE_GIB = (21, 200)


def refused_of(arguments: type) -> Mapping[str, str]:
    """The refused arguments of one of the SDK's classes, each with what to give instead."""
    # Within a function: the SDK's ECS module is only loaded by programs that use it.
    by_class = {aws.ecs.ServiceArgs: REFUSED_OF_A_SERVICE, aws.ecs.TaskDefinitionArgs: REFUSED_OF_A_TASK}
    return by_class.get(arguments, {})


@dataclass(frozen=True, slots=True)
class ProviderArgs:
    """The arguments of both, as they were given.

    Attributes:
        service: arguments of ``aws.ecs.Service``.
        task: arguments of ``aws.ecs.TaskDefinition``.
    """

    service: Mapping[str, Any] = field(default_factory=dict)
    task: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, service: Any, task: Any) -> ProviderArgs:
        """From what a component was given: objects of the SDK, dictionaries, or nothing."""
        given = [resource_args.plain(one or {}) for one in (service, task)]
        # What is no object at all the constructor's own check tells.
        return cls(*(one if isinstance(one, Mapping) else {} for one in given))

    @property
    def _strategies(self) -> Any:
        return known(self.service.get("capacity_provider_strategies") or [])

    @property
    def capacity_providers(self) -> list[str]:
        """The capacity providers by name, as far as they are known."""
        strategies = self._strategies if isinstance(self._strategies, list) else []
        named = [one.get("capacity_provider") for one in strategies if isinstance(one, Mapping)]
        return [one for one in named if isinstance(one, str)]

    @property
    def _has_unknown_providers(self) -> bool:
        strategies = self._strategies
        return strategies is UNKNOWN or len(self.capacity_providers) < len(strategies)

    @property
    def compatibilities(self) -> list[str]:
        """Where a task may run, as its launch type or capacity providers need it; both where only an update knows."""
        launch = known(self.service.get("launch_type"))
        if isinstance(launch, str):
            return [launch]
        if launch is UNKNOWN or self._has_unknown_providers:
            return ["EC2", "FARGATE"]
        return ["FARGATE"] if all(one in _FARGATE for one in self.capacity_providers) else ["EC2"]

    @property
    def is_on_fargate(self) -> bool:
        """Whether Fargate's table says what sizes a task may have."""
        return self.compatibilities == ["FARGATE"]

    @property
    def opens_shells(self) -> bool:
        """Whether ECS Exec is on, or may be."""
        return known(self.service.get("enable_execute_command")) not in (None, False)

    @property
    def volumes(self) -> frozenset[str] | None:
        """The names of the volumes; ``None`` where one is not known yet."""
        volumes = known(self.task.get("volumes") or [])
        named = (
            [one.get("name") for one in volumes if isinstance(one, Mapping)] if isinstance(volumes, list) else [None]
        )
        return None if any(not isinstance(one, str) for one in named) else frozenset(map(str, named))

    def problems(
        self, cpu: object, memory: object, *, makes_cluster: bool, refused: Mapping[str, str] | None = None
    ) -> list[Problem]:
        """The problems with both, and with a task's size where that is Fargate's to say.

        Args:
            cpu: of a task.
            memory: of a task, in MiB.
            makes_cluster: whether the component makes the cluster.
            refused: what to give instead of a service's arguments that this component alone refuses.
        """
        refused = {**REFUSED_OF_A_SERVICE, **(refused or {})}
        problems = resource_args.problems_in(self.service, aws.ecs.ServiceArgs, "service_args", refused)
        problems += resource_args.problems_in(self.task, aws.ecs.TaskDefinitionArgs, "task_args", REFUSED_OF_A_TASK)
        allowed = ProviderArgs({name: value for name, value in self.service.items() if name not in refused}, self.task)
        problems += allowed._problems_of_the_service(makes_cluster) + self._problems_of_the_task()
        size = problem_of_task_size(cpu, memory) if self.is_on_fargate else None
        return problems if size is None else [*problems, size]

    def _problems_of_the_service(self, makes_cluster: bool) -> list[Problem]:
        fields = Fields(known(self.service), "service_args")
        launch = fields.text("launch_type", None, choices=("EC2", "FARGATE"))
        if launch is not None and self._strategies:
            fields.problem("launch_type", launch, "none, where capacity_provider_strategies are given")
        deployment = fields.section("deployment_configuration", None)
        if deployment is not None:
            strategy = deployment.raw("strategy")
            if strategy not in (None, UNKNOWN, "ROLLING"):
                allowed = "ROLLING, or absent: the swap moves traffic here; EcsNativeService leaves that to ECS"
                deployment.problem("strategy", strategy, allowed)
        others = sorted({one for one in self.capacity_providers if one not in _FARGATE})
        if others and makes_cluster:
            allowed = f"the cluster that has the capacity provider {', '.join(others)}"
            fields.problems.append(Problem("cluster_arn", None, allowed))
        connect = fields.section("service_connect_configuration", None)
        if connect is not None and connect.raw("services") is UNKNOWN:
            connect.problem("services", "<not known yet>", "a list that is known before anything is declared")
        return fields.problems

    def _problems_of_the_task(self) -> list[Problem]:
        fields = Fields(known(self.task), "task_args")
        fields.text("network_mode", None, choices=("awsvpc",))
        storage = fields.section("ephemeral_storage", None)
        if storage is not None and not storage.unknown:
            storage.whole("size_in_gib", least=_STORAGE_GIB[0], most=_STORAGE_GIB[1])
        platform = fields.section("runtime_platform", None)
        if platform is not None and not platform.unknown:
            platform.text("cpu_architecture", None, choices=("ARM64", "X86_64"))
        wanted = fields.raw("requires_compatibilities")
        is_known = len(self.compatibilities) == 1
        if isinstance(wanted, list) and is_known and not {*self.compatibilities} <= {str(one) for one in wanted}:
            allowed = f"a list with {', '.join(self.compatibilities)}, where the service places its tasks"
            fields.problem("requires_compatibilities", wanted, allowed)
        return fields.problems

    def task_arguments(self) -> dict[str, Any]:
        """The arguments of a task definition beside the component's own."""
        return {"network_mode": "awsvpc", "requires_compatibilities": self.compatibilities, **self.task}

    def service_arguments(self, color: Color) -> dict[str, Any]:
        """The arguments of a color's service beside the component's own."""
        arguments = self.arguments_of_one(deployment_circuit_breaker={"enable": True, "rollback": False})
        connect = arguments.get("service_connect_configuration")
        if isinstance(connect, Mapping) and connect.get("services"):
            services = [_named_for(color, one) for one in connect["services"]]
            arguments["service_connect_configuration"] = {**connect, "services": services}
        return arguments

    def arguments_of_one(self, **defaults: Any) -> dict[str, Any]:
        """The arguments of a service beside the component's own; where there is one, it has one name for both colors.

        Args:
            **defaults: what a service has where nothing else was given.
        """
        arguments: dict[str, Any] = {"propagate_tags": "SERVICE", **defaults, **self.service}
        if not self._strategies:
            arguments["launch_type"] = arguments.get("launch_type", "FARGATE")
        return arguments

    def attach_providers(
        self, name: str, cluster: aws.ecs.Cluster, parent: pulumi.Resource
    ) -> Sequence[pulumi.Resource]:
        """A cluster that is made here gets Fargate's capacity providers, where a service is to be placed by them."""
        if not self._strategies:
            return ()
        return (
            aws.ecs.ClusterCapacityProviders(
                name,
                cluster_name=cluster.name,
                capacity_providers=[*_FARGATE],
                opts=pulumi.ResourceOptions(parent=parent),
            ),
        )


def _named_for(color: Color, service: Any) -> Any:
    """A color's own endpoint of Service Connect: two services of one name in a namespace would share their callers."""
    if not isinstance(service, Mapping):
        return service
    named = service.get("discovery_name") or service["port_name"]
    own = {**service, "discovery_name": pulumi.Output.concat(named, "-", color)}
    aliases = service.get("client_alias")
    if isinstance(aliases, Sequence) and not isinstance(aliases, str):
        own["client_alias"] = [
            {**one, "dns_name": pulumi.Output.concat(one["dns_name"], "-", color)} if one.get("dns_name") else one
            for one in aliases
        ]
    return own
