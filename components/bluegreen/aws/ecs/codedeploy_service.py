"""An ECS service whose traffic CodeDeploy shifts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypedDict

import pulumi
import pulumi_aws as aws

from bluegreen.aws import fitted
from bluegreen.aws.component import SwapSettings
from bluegreen.aws.ecs import codedeploy_group
from bluegreen.aws.ecs import one_service as one
from bluegreen.aws.ecs.one_service import FrontOptions, TaskOptions
from bluegreen.aws.ecs.provider_args import ProviderArgs
from bluegreen.aws.ecs.release import EcsRelease, container_for
from bluegreen.aws.elb import balancer
from bluegreen.aws.entry import EntryContext
from bluegreen.component import digests
from bluegreen.component.base import SwappedComponent
from bluegreen.component.declaration import known
from bluegreen.fields import UNKNOWN
from bluegreen.rollout.model import COLORS, Color

if TYPE_CHECKING:
    from typing_extensions import Unpack

_ROLE_POLICY = "AWSCodeDeployRoleForECS"
# ECS refuses a change of these for a service that CodeDeploy deploys: they come with the next deployment's AppSpec.
_CODEDEPLOYS_OWN = ["taskDefinition", "loadBalancers", "networkConfiguration", "platformVersion"]

_REFUSED = {
    "alarms": "none: alarm_names of the component says them",
    "capacity_provider_strategies": "none: each deployment would have to name them; EcsNativeService takes them",
    "deployment_circuit_breaker": "none: it is for ECS' own deployments; CodeDeploy rolls back by itself",
    "deployment_configuration": "none: deployment_config, hooks and termination_wait_minutes say it",
    "desired_count": "none: desired_count of the component says it",
    "health_check_grace_period_seconds": "none: health_check_grace_seconds of the component says it",
    "load_balancers": "none: front says how requests reach the tasks",
    "network_configuration": "none: subnet_ids and tasks.assign_public_ip of the component say it",
    "service_connect_configuration": "none: ECS refuses it of a service that CodeDeploy deploys",
}


class DeploymentConfig(TypedDict):
    """The way in which CodeDeploy shifts traffic.

    Attributes:
        type: ``canary`` (one step, then the rest) or ``linear`` (equal steps).
        percent: of each step.
        interval_minutes: how long a step lasts.
    """

    type: str
    percent: int
    interval_minutes: int


class EcsCodeDeployService(SwappedComponent):
    """One service, its two releases, and the CodeDeploy deployments between them.

    Attributes:
        url: where production requests go.
        test_url: where the new color answers while its deployment tests it; ``None`` without a test port.
        cluster_arn: the cluster.
        service_name: the service.
        listener_arn: the production listener.
        target_group_arns: the two target groups between which traffic alternates.
        deployment_group_arn: the deployment group.
    """

    url: pulumi.Output[str]
    test_url: pulumi.Output[str] | None
    cluster_arn: pulumi.Output[str]
    service_name: pulumi.Output[str]
    listener_arn: pulumi.Output[str]
    target_group_arns: pulumi.Output[Sequence[str]]
    deployment_group_arn: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        *,
        active_color: str,
        blue: EcsRelease,
        green: EcsRelease,
        vpc_id: pulumi.Input[str],
        subnet_ids: pulumi.Input[Sequence[pulumi.Input[str]]],
        container_port: int = 8080,
        desired_count: pulumi.Input[int] = 2,
        deployment_config: str | DeploymentConfig | Mapping[str, Any] = "ECSAllAtOnce",
        hooks: Mapping[str, pulumi.Input[str]] | None = None,
        termination_wait_minutes: int = 60,
        wait_for_end: bool = False,
        alarm_names: Sequence[pulumi.Input[str]] = (),
        test_port: int | None = None,
        health_check_grace_seconds: int | None = None,
        service_role_arn: pulumi.Input[str] | None = None,
        front: FrontOptions | None = None,
        tasks: TaskOptions | None = None,
        service_args: aws.ecs.ServiceArgs | Mapping[str, Any] | None = None,
        task_args: aws.ecs.TaskDefinitionArgs | Mapping[str, Any] | None = None,
        tags: Mapping[str, str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
        **settings: Unpack[SwapSettings],
    ) -> None:
        """Declare it.

        Args:
            name: the service's name, at most 90 characters; where AWS takes fewer, its beginning and a
                digest.
            active_color: ``"blue"`` or ``"green"``: who carries production traffic.
            blue: blue's release.
            green: green's release.
            vpc_id: where everything runs.
            subnet_ids: for the load balancer (two zones at least) and the tasks.
            container_port: the port that the load balancer sends requests to.
            desired_count: tasks of the color that is live.
            deployment_config: how CodeDeploy shifts traffic: one of its own (``ECSCanary10Percent5Minutes``), the name
                of one of yours, or ``{"type": "canary" | "linear", "percent": 10, "interval_minutes": 5}``.
            hooks: Lambda functions by lifecycle event: ``BeforeInstall``, ``AfterInstall``, ``AfterAllowTestTraffic``,
                ``BeforeAllowTraffic``, ``AfterAllowTraffic``.
            termination_wait_minutes: how long the former tasks stay for an instant rollback, 0-2880.
            wait_for_end: whether an update waits for the end of that time, too.
            alarm_names: CloudWatch alarms that stop a deployment and roll it back.
            test_port: where the new color answers before it gets production traffic.
            health_check_grace_seconds: how long a task that starts may fail its health checks.
            service_role_arn: CodeDeploy's role; one is made when absent.
            front: the load balancer: see ``FrontOptions``.
            tasks: what both colors' tasks have: see ``TaskOptions``.
            service_args: more arguments of the ``aws.ecs.Service``, as Pulumi has them: placement, ECS Exec. What the
                component, the swap or CodeDeploy says is refused.
            task_args: more arguments of both colors' ``aws.ecs.TaskDefinition``: volumes, platform, storage.
            tags: for every resource.
            opts: the usual options.
            **settings: how swaps go: see ``SwapSettings``. Steps are the deployment configuration's.

        Raises:
            pulumi.RunError: naming each wrong field, its value and what is allowed. Nothing was written.
        """
        super().__init__("bluegreen:aws:EcsCodeDeployService", name, {}, opts)
        releases: dict[Color, EcsRelease] = {"blue": blue, "green": green}
        front, tasks, given_args = front or {}, tasks or {}, ProviderArgs.of(service_args, task_args)
        router: dict[str, Any] = {
            "kind": "codedeploy",
            "listener_arn": UNKNOWN,
            "deployment_group_arn": UNKNOWN,
            "containers": {color: container_for(known(releases[color]), container_port) for color in COLORS},
            "container_port": container_port,
            "deployment_config": deployment_config if isinstance(deployment_config, str) else None,
            "hooks": dict(hooks or {}),
            "network": UNKNOWN,
            "wait_for_end": wait_for_end,
            # With the next deployment, as the network does.
            **(
                {} if (version := given_args.service.get("platform_version")) is None else {"platform_version": version}
            ),
        }
        swapping = one.drafted(
            name,
            active_color,
            releases,
            settings,
            router=router,
            container_port=container_port,
            front=front,
            tasks=tasks,
            given_args=given_args,
            refused=_REFUSED,
            converge_timeout_seconds=one.START_SECONDS
            + 60 * (codedeploy_group.minutes_of(deployment_config) + (termination_wait_minutes if wait_for_end else 0)),
            problems=codedeploy_group.problems_in(deployment_config, termination_wait_minutes, test_port),
        )
        context = one.entry_context(swapping, active_color, vpc_id, subnet_ids, container_port, tags, self)
        made = one.front_of(context, front, more_ports=[] if test_port is None else [test_port])
        ran = one.runs_of(context, releases, tasks, made, given_args)
        production = _listener(context, made, "production", made.port)
        test = None if test_port is None else _listener(context, made, "test", test_port)
        first: Color = "green" if active_color == "green" else "blue"
        balancing: Any = {
            "target_group_arn": made.groups[0].arn,
            "container_name": router["containers"][first],
            "container_port": container_port,
        }
        service = aws.ecs.Service(
            name,
            cluster=ran.cluster_arn,
            # Only at creation, and then for the color that is live first.
            task_definition=ran.tasks[first].arn,
            desired_count=desired_count,
            deployment_controller={"type": "CODE_DEPLOY"},
            health_check_grace_period_seconds=health_check_grace_seconds,
            network_configuration=one.network_of(context, ran),
            load_balancers=[balancing],
            tags=context.tags,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[production], ignore_changes=_CODEDEPLOYS_OWN),
            **given_args.arguments_of_one(),
        )
        config = codedeploy_group.config_name(context, deployment_config)
        group = codedeploy_group.deployment_group(
            context,
            ran.cluster_arn,
            service,
            made,
            production,
            test,
            config=config,
            alarm_names=alarm_names,
            wait_minutes=termination_wait_minutes,
            role_arn=service_role_arn
            or one.service_role(
                fitted.in_a_role(name, "codedeploy"), "codedeploy.amazonaws.com", _ROLE_POLICY, context.tags, self
            ),
        )
        swap = swapping.declare(
            self,
            router={
                **swapping.inputs["router"],
                "cluster": ran.cluster_arn,
                "service": service.name,
                "task_definitions": {color: ran.tasks[color].arn for color in COLORS},
                "target_group_pair": [target_group.arn for target_group in made.groups],
                "listener_arn": production.arn,
                "deployment_group_arn": group.arn,
                "deployment_config": config,
                "network": one.network_of(context, ran),
            },
            releases=one.release_names(releases),
            digests=digests.of_releases(releases),
            preview_urls=dict.fromkeys(COLORS, made.url),
            listener_arn=production.arn,
            depends_on=[service, group, production],
        )
        test_url = None if test_port is None else balancer.url_of(made.balancer.dns_name, made.scheme, test_port)
        self._show(
            swap,
            url=made.url,
            test_url=test_url,
            cluster_arn=ran.cluster_arn,
            service_name=service.name,
            listener_arn=production.arn,
            target_group_arns=pulumi.Output.all(*(target_group.arn for target_group in made.groups)),
            deployment_group_arn=group.arn,
        )


def _listener(context: EntryContext, front: one.Front, what: str, port: int) -> aws.lb.Listener:
    """A listener whose default action is CodeDeploy's from the first deployment on, and whose tags are the swap's."""
    listener = aws.lb.Listener(
        f"{context.name}-{what}",
        load_balancer_arn=front.balancer.arn,
        port=port,
        protocol=front.scheme.upper(),
        certificate_arn=front.certificates[0] if front.certificates else None,
        ssl_policy=balancer.TLS_POLICY if front.certificates else None,
        default_actions=[{"type": "forward", "target_group_arn": front.groups[0].arn}],
        tags=context.tags,
        opts=pulumi.ResourceOptions(parent=context.parent, ignore_changes=["defaultActions", "tags", "tagsAll"]),
    )
    for number, certificate in enumerate(front.certificates[1:], 1):
        aws.lb.ListenerCertificate(
            f"{context.name}-{what}-{number}",
            listener_arn=listener.arn,
            certificate_arn=certificate,
            opts=pulumi.ResourceOptions(parent=context.parent),
        )
    return listener
