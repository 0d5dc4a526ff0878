"""An ECS service whose traffic ECS itself shifts: strategy BLUE_GREEN, LINEAR or CANARY."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypedDict

import pulumi
import pulumi_aws as aws

from bluegreen.aws import fitted
from bluegreen.aws.component import SwapSettings
from bluegreen.aws.ecs import one_service as one
from bluegreen.aws.ecs.one_service import FrontOptions, TaskOptions
from bluegreen.aws.ecs.provider_args import ProviderArgs
from bluegreen.aws.ecs.release import EcsRelease, container_for
from bluegreen.aws.elb import balancer
from bluegreen.aws.entry import EntryContext
from bluegreen.component import digests
from bluegreen.component.base import SwappedComponent
from bluegreen.component.declaration import known
from bluegreen.component.previewing import named
from bluegreen.fields import UNKNOWN, Fields
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import COLORS, Color

if TYPE_CHECKING:
    from typing_extensions import Required, Unpack

TEST_HEADER = "X-Bluegreen-Test"
"""While a deployment tests the new color, requests with this header, whatever its value, reach it."""

_ROLE_POLICY = "AmazonECSInfrastructureRolePolicyForLoadBalancers"
_DEFAULTS = {"BLUE_GREEN": (100, 0), "LINEAR": (10, 6), "CANARY": (5, 10)}
# What a deployment moves: sent again by an update, target groups would be set back to where they began.
_ECS_OWN = ["taskDefinition", "loadBalancers"]

_REFUSED = {
    "alarms": "none: alarm_names of the component says them",
    "deployment_configuration": "none: deployment_strategy, step_percent, bake_minutes and lifecycle_hooks say it",
    "desired_count": "none: desired_count of the component says it",
    "health_check_grace_period_seconds": "none: health_check_grace_seconds of the component says it",
    "load_balancers": "none: front says how requests reach the tasks",
    "network_configuration": "none: subnet_ids and tasks.assign_public_ip of the component say it",
}


class LifecycleHook(TypedDict, total=False):
    """A Lambda function that ECS calls at stages of a deployment.

    Attributes:
        hook_target_arn: the function.
        role_arn: with which ECS calls it.
        lifecycle_stages: when, such as ``POST_TEST_TRAFFIC_SHIFT``.
        hook_details: more that it gets, as JSON.
    """

    hook_target_arn: Required[pulumi.Input[str]]
    role_arn: Required[pulumi.Input[str]]
    lifecycle_stages: Required[Sequence[str]]
    hook_details: str


class EcsNativeService(SwappedComponent):
    """One service, its two releases, and ECS' own deployments between them.

    Attributes:
        url: where production requests go.
        test_headers: the request header that reaches the new color while its deployment tests it: a secret, where the
            stack has a token.
        cluster_arn: the cluster.
        service_name: the service.
        rule_arn: the production rule.
        target_group_arns: the two target groups between which traffic alternates.
    """

    url: pulumi.Output[str]
    test_headers: pulumi.Output[Mapping[str, str]]
    cluster_arn: pulumi.Output[str]
    service_name: pulumi.Output[str]
    rule_arn: pulumi.Output[str]
    target_group_arns: pulumi.Output[Sequence[str]]

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
        deployment_strategy: str = "BLUE_GREEN",
        step_percent: float | None = None,
        step_minutes: int | None = None,
        bake_minutes: int = 0,
        return_at_bake: bool = False,
        lifecycle_hooks: Sequence[LifecycleHook | Mapping[str, Any]] = (),
        alarm_names: Sequence[pulumi.Input[str]] = (),
        health_check_grace_seconds: int | None = None,
        rule_priority: int = 100,
        load_balancer_role_arn: pulumi.Input[str] | None = None,
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
            name: the service's name, at most 200 characters; where AWS takes fewer, its beginning and a
                digest.
            active_color: ``"blue"`` or ``"green"``: who carries production traffic.
            blue: blue's release.
            green: green's release.
            vpc_id: where everything runs.
            subnet_ids: for the load balancer (two zones at least) and the tasks.
            container_port: the port that the load balancer sends requests to.
            desired_count: tasks of the color that is live.
            deployment_strategy: ``BLUE_GREEN`` (default; all at once), ``LINEAR`` or ``CANARY``.
            step_percent: of each linear step (default 10), or of the canary (default 5).
            step_minutes: how long a linear step (default 6), or the canary (default 10), lasts.
            bake_minutes: how long both revisions run after the shift, 0-1440.
            return_at_bake: whether an update is done when that time begins, so that a rollback within it is instant.
            lifecycle_hooks: as ``aws.ecs.Service`` has them: ``hook_target_arn``, ``role_arn``, ``lifecycle_stages``.
            alarm_names: CloudWatch alarms that roll a deployment back.
            health_check_grace_seconds: how long a task that starts may fail its health checks.
            rule_priority: the production rule's priority; the one before it is the test rule's.
            load_balancer_role_arn: the role with which ECS writes the rules; one is made when absent.
            front: the load balancer: see ``FrontOptions``.
            tasks: what both colors' tasks have: see ``TaskOptions``.
            service_args: more arguments of the ``aws.ecs.Service``, as Pulumi has them: placement, ECS Exec. What the
                component, the swap or ECS says is refused.
            task_args: more arguments of both colors' ``aws.ecs.TaskDefinition``: volumes, platform, storage.
            tags: for every resource.
            opts: the usual options.
            **settings: how swaps go: see ``SwapSettings``. Steps are the deployment strategy's.

        Raises:
            pulumi.RunError: naming each wrong field, its value and what is allowed. Nothing was written.
        """
        super().__init__("bluegreen:aws:EcsNativeService", name, {}, opts)
        releases: dict[Color, EcsRelease] = {"blue": blue, "green": green}
        front, tasks, given_args = front or {}, tasks or {}, ProviderArgs.of(service_args, task_args)
        step = _step(deployment_strategy, step_percent, step_minutes)
        containers = {color: container_for(known(releases[color]), container_port) for color in COLORS}
        problems = _problems(deployment_strategy, step, bake_minutes, rule_priority)
        if containers["blue"] != containers["green"]:
            allowed = f"{containers['blue']!r}, as blue's: the service names one container"
            problems.append(Problem("green.containers", containers["green"], allowed))
        swapping = one.drafted(
            name,
            active_color,
            releases,
            settings,
            router={"kind": "ecs_native", "rule_arn": UNKNOWN, "return_at_bake": return_at_bake},
            container_port=container_port,
            front=front,
            tasks=tasks,
            given_args=given_args,
            refused=_REFUSED,
            converge_timeout_seconds=one.START_SECONDS + 60 * (_minutes(deployment_strategy, step) + bake_minutes),
            problems=problems,
        )
        context = one.entry_context(swapping, active_color, vpc_id, subnet_ids, container_port, tags, self)
        made = one.front_of(context, front)
        ran = one.runs_of(context, releases, tasks, made, given_args)
        listener_arn = balancer.made_listener(
            context, f"{name}-{made.scheme}", made.balancer.arn, made.port, made.certificates
        )
        everything = {"path_pattern": {"values": ["/*"]}}
        production = _rule(context, "production", listener_arn, rule_priority, everything, made.groups[0])
        # Nobody guesses it: the stack's own token, where it has one.
        suffix = pulumi.Output.from_input(named(name, self).suffix)
        asked = suffix.apply(lambda token: f"test{token}" if token else "*")
        header = {"http_header": {"http_header_name": TEST_HEADER, "values": [asked]}}
        test = _rule(context, "test", listener_arn, rule_priority - 1, header, made.groups[1])
        role_arn = load_balancer_role_arn or one.service_role(
            fitted.in_a_role(name, "traffic"), "ecs.amazonaws.com", _ROLE_POLICY, context.tags, self
        )
        balancing: Any = {
            "target_group_arn": made.groups[0].arn,
            "container_name": containers["blue"],
            "container_port": container_port,
            "advanced_configuration": {
                "alternate_target_group_arn": made.groups[1].arn,
                "production_listener_rule": production.arn,
                "test_listener_rule": test.arn,
                "role_arn": role_arn,
            },
        }
        watched: Any = {"alarm_names": list(alarm_names), "enable": True, "rollback": True} if alarm_names else None
        service = aws.ecs.Service(
            name,
            cluster=ran.cluster_arn,
            # Only at creation, and then for the color that is live first.
            task_definition=ran.tasks["green" if active_color == "green" else "blue"].arn,
            desired_count=desired_count,
            deployment_configuration=_deployment(deployment_strategy, step, bake_minutes, lifecycle_hooks),
            alarms=watched,
            health_check_grace_period_seconds=health_check_grace_seconds,
            network_configuration=one.network_of(context, ran),
            load_balancers=[balancing],
            tags=context.tags,
            opts=pulumi.ResourceOptions(
                parent=self, depends_on=[production, test, *ran.placed], ignore_changes=_ECS_OWN
            ),
            **given_args.arguments_of_one(deployment_circuit_breaker={"enable": True, "rollback": True}),
        )
        swap = swapping.declare(
            self,
            router={
                **swapping.inputs["router"],
                "cluster": ran.cluster_arn,
                "service": service.name,
                "task_definitions": {color: ran.tasks[color].arn for color in COLORS},
                "target_group_pair": [target_group.arn for target_group in made.groups],
                "rule_arn": production.arn,
            },
            releases=one.release_names(releases),
            digests=digests.of_releases(releases),
            preview_urls=dict.fromkeys(COLORS, made.url),
            listener_arn=listener_arn,
            depends_on=[service, production, test],
        )
        self._show(
            swap,
            url=made.url,
            test_headers=suffix.apply(lambda token: {TEST_HEADER: f"test{token}" if token else "1"}),
            cluster_arn=ran.cluster_arn,
            service_name=service.name,
            rule_arn=production.arn,
            target_group_arns=pulumi.Output.all(*(target_group.arn for target_group in made.groups)),
        )


def _rule(
    context: EntryContext,
    what: str,
    listener_arn: pulumi.Output[str],
    priority: int,
    condition: Any,
    group: aws.lb.TargetGroup,
) -> aws.lb.ListenerRule:
    """A rule whose forward is ECS' from the first deployment on, and whose tags are the swap's.

    It begins with one group alone, without the other at a weight of 0: both are attached, one by each rule.
    """
    return aws.lb.ListenerRule(
        f"{context.name}-{what}",
        listener_arn=listener_arn,
        priority=priority,
        conditions=[condition],
        actions=[{"type": "forward", "target_group_arn": group.arn}],
        tags=context.tags,
        opts=pulumi.ResourceOptions(parent=context.parent, ignore_changes=["actions", "tags", "tagsAll"]),
    )


def _deployment(strategy: str, step: tuple[Any, Any], bake_minutes: int, hooks: Sequence[Mapping[str, Any]]) -> Any:
    configuration: dict[str, Any] = {
        "strategy": strategy,
        "bake_time_in_minutes": str(bake_minutes),
        "lifecycle_hooks": [dict(hook) for hook in hooks] or None,
    }
    percent, minutes = step
    if strategy == "CANARY":
        configuration["canary_configuration"] = {"canary_percent": percent, "canary_bake_time_in_minutes": str(minutes)}
    if strategy == "LINEAR":
        configuration["linear_configuration"] = {"step_percent": percent, "step_bake_time_in_minutes": str(minutes)}
    return configuration


def _step(strategy: str, percent: float | None, minutes: int | None) -> tuple[Any, Any]:
    default = _DEFAULTS.get(strategy, (100, 0))
    return (default[0] if percent is None else percent, default[1] if minutes is None else minutes)


def _minutes(strategy: str, step: tuple[Any, Any]) -> float:
    percent, minutes = known(step)
    if not isinstance(percent, (int, float)) or not isinstance(minutes, (int, float)) or percent <= 0:
        return 60
    return float(minutes * (math.ceil(100 / percent) - 1 if strategy == "LINEAR" else 1))


def _problems(strategy: object, step: tuple[Any, Any], bake_minutes: object, priority: object) -> list[Problem]:
    percent, minutes = step
    fields = Fields(
        {
            "deployment_strategy": known(strategy),
            "step_percent": known(percent),
            "step_minutes": known(minutes),
            "bake_minutes": known(bake_minutes),
            "rule_priority": known(priority),
        }
    )
    fields.text("deployment_strategy", choices=_DEFAULTS)
    # https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_LinearConfiguration.html and API_CanaryConfiguration
    fields.number("step_percent", least=3 if strategy == "LINEAR" else 0.1, most=100, unit="percent")
    fields.whole("step_minutes", most=1440)
    fields.whole("bake_minutes", most=1440)
    fields.whole("rule_priority", least=2, most=50_000)
    if strategy == "BLUE_GREEN" and step != _DEFAULTS["BLUE_GREEN"]:
        fields.problem("step_percent", percent, "none: BLUE_GREEN shifts all at once; LINEAR and CANARY have steps")
    return fields.problems
