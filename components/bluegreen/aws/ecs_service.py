"""An ECS service in two colors behind an Application Load Balancer."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
import pulumi_aws as aws

from bluegreen.aws import ecs_autoscaling, ecs_release
from bluegreen.aws.ecs_autoscaling import Scaled, color_autoscaling
from bluegreen.aws.ecs_release import EcsRelease
from bluegreen.aws.ecs_tasks import TaskSettings, color_service, execution_role, task_security_group
from bluegreen.aws.front import PREVIEW_HEADER, front, static_rules, target_groups
from bluegreen.aws.gate_inputs import bound
from bluegreen.declaration import known, refuse, strategy_inputs
from bluegreen.fields import UNKNOWN
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import COLORS, Color, Strategy
from bluegreen.rollout.strategy import all_at_once
from bluegreen.swap import contract
from bluegreen.swap.dynamic import TrafficSwap

_HEALTH_CHECK: Mapping[str, Any] = {
    "path": "/healthz",
    "matcher": "200",
    "interval": 10,
    "timeout": 5,
    "healthy_threshold": 2,
    "unhealthy_threshold": 2,
}


class EcsService(pulumi.ComponentResource):
    """Both colors of a service, and the swap between them.

    Attributes:
        url: where production requests go.
        preview_urls: a URL for each color; with ``preview_headers`` it reaches that color, live or idle.
        preview_headers: the request headers that select each color.
        live_color: the color that carries production traffic.
        weights: percent of production traffic on each color.
        history: what the swaps did, newest first.
        target_group_arns: the target group of each color.
        listener_arn: the listener.
        cluster_arn: the cluster.
    """

    url: pulumi.Output[str]
    preview_urls: pulumi.Output[Mapping[str, str]]
    preview_headers: Mapping[str, Mapping[str, str]]
    live_color: pulumi.Output[str]
    weights: pulumi.Output[Mapping[str, int]]
    history: pulumi.Output[Sequence[Mapping[str, Any]]]
    target_group_arns: pulumi.Output[Mapping[str, str]]
    listener_arn: pulumi.Output[str]
    cluster_arn: pulumi.Output[str]

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
        desired_count: int = 2,
        autoscaling: Mapping[str, Any] | None = None,
        idle_capacity_percent: float = 0,
        cpu: int = 256,
        memory: int = 512,
        strategy: Strategy | Mapping[str, Any] | str | None = None,
        promote_to_percent: int = 100,
        gates: Sequence[Mapping[str, Any]] = (),
        bake_seconds: float = 0,
        scale_down_delay_seconds: float = 600,
        steady_state_timeout_seconds: float = 600,
        notifications: Sequence[Mapping[str, Any]] = (),
        event_log: str | None = None,
        health_check: Mapping[str, Any] | None = None,
        deregistration_delay_seconds: int = 30,
        load_balancer_arn: pulumi.Input[str] | None = None,
        listener_port: int | None = None,
        certificate_arn: pulumi.Input[str] | None = None,
        internal: bool = False,
        ingress_cidrs: Sequence[str] = ("0.0.0.0/0",),
        preview_cidrs: Sequence[str] = (),
        host_headers: Sequence[str] = (),
        rule_priority: int = 100,
        stickiness_seconds: int = 0,
        cluster_arn: pulumi.Input[str] | None = None,
        task_role_arn: pulumi.Input[str] | None = None,
        execution_role_arn: pulumi.Input[str] | None = None,
        assign_public_ip: bool = False,
        aws_connection: Mapping[str, str] | None = None,
        tags: Mapping[str, str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare both colors.

        Args:
            name: the service's name, at most 18 characters (AWS allows a target group 32).
            active_color: ``"blue"`` or ``"green"``: who carries production traffic.
            blue: blue's release.
            green: green's release.
            vpc_id: where everything runs.
            subnet_ids: for the load balancer (two zones at least) and the tasks.
            container_port: the port that the load balancer sends requests to.
            desired_count: tasks that the first live color starts with; later the live color's present size counts.
            autoscaling: the live color's ``min_capacity`` and ``max_capacity``, and what both colors scale by: one or
                more of ``target_cpu_percent``, ``target_memory_percent``, ``target_requests_per_task``, ``policies``:
                a list of target tracking configurations as ``aws.appautoscaling.Policy`` has them.
            idle_capacity_percent: the idle color's size at rest, of the live color's: 0 none, 100 full.
            cpu: CPU units of a task.
            memory: MiB of a task.
            strategy: how a promotion moves traffic, default all at once; a preset's name will do, too.
            promote_to_percent: where a promotion pauses until a later update raises it; 100 is not at all.
            gates: checks that a color must pass, from ``bluegreen.gates``.
            bake_seconds: time at 100 % in which a failing gate still restores.
            scale_down_delay_seconds: how long the old color stays warm for a rollback.
            steady_state_timeout_seconds: how long the new color may take until it is healthy.
            notifications: who is told how a swap ended, from ``bluegreen.notifications``.
            event_log: a file to which every event of a swap is appended as a line of JSON.
            health_check: the target groups' health check (``path``, ``matcher``, ``interval``, ``timeout``,
                ``healthy_threshold``, ``unhealthy_threshold``); what is absent keeps its default, path ``/healthz``.
            deregistration_delay_seconds: how long a leaving task may finish its requests, 0-3600.
            load_balancer_arn: an existing Application Load Balancer; one is made when absent.
            listener_port: default 80, or 443 with a certificate.
            certificate_arn: makes the listener HTTPS.
            internal: whether a load balancer made here is internal.
            ingress_cidrs: who may reach a load balancer made here.
            preview_cidrs: who may reach a color by its header; everybody who reaches the listener when empty.
            host_headers: hosts that this service is for, where several share a listener.
            rule_priority: the production rule's priority; the two before it are the colors' own rules.
            stickiness_seconds: how long a client stays with its color while traffic is split; 0 is off.
            cluster_arn: an existing cluster; one is made when absent.
            task_role_arn: the role of the application itself.
            execution_role_arn: the role that pulls images and writes logs; one is made when absent.
            assign_public_ip: needed in subnets without a NAT.
            aws_connection: ``region``, ``profile``, ``role_arn``, ``endpoint_url`` for the swap; the stack's
                ``aws:region`` and ``aws:profile`` by default, then boto3's own chain.
            tags: for every resource.
            opts: the usual options.

        Raises:
            pulumi.RunError: naming each wrong field, its value and what is allowed. Nothing was written.
        """
        super().__init__("bluegreen:aws:EcsService", name, {}, opts)
        releases: dict[Color, Mapping[str, Any]] = {"blue": blue, "green": green}
        connection = _connection(aws_connection)
        previews = {color: {"url": UNKNOWN, "headers": {PREVIEW_HEADER: color}} for color in COLORS}
        swap_inputs: dict[str, Any] = {
            "name": name,
            "active_color": active_color,
            "strategy": strategy_inputs(strategy or all_at_once()),
            "gates": [dict(gate) for gate in gates],
            "previews": previews,
            "bake_seconds": bake_seconds,
            "scale_down_delay_seconds": scale_down_delay_seconds,
            "idle_capacity_percent": idle_capacity_percent,
            "steady_state_timeout_seconds": steady_state_timeout_seconds,
            "promote_to_percent": promote_to_percent,
            "notifications": [dict(notifier) for notifier in notifications],
            "event_log": event_log,
            "router": {
                "kind": "alb",
                "listener_arn": UNKNOWN,
                "priority": rule_priority,
                "target_groups": UNKNOWN,
                "owner": f"{pulumi.get_project()}/{pulumi.get_stack()}/{name}",
                "host_headers": list(host_headers),
                "stickiness_seconds": stickiness_seconds,
                "aws": connection,
            },
            "capacity": {
                "kind": "ecs",
                "cluster": UNKNOWN,
                "services": UNKNOWN,
                "task_definitions": UNKNOWN,
                "desired_count": desired_count,
                "aws": connection,
            },
            "releases": UNKNOWN,
        }
        problems = _problems(swap_inputs, releases, container_port, rule_priority)
        if autoscaling is not None:
            problems += ecs_autoscaling.problems_in(known(autoscaling), desired_count)
        refuse(name, problems)
        child = pulumi.ResourceOptions(parent=self)
        shared_tags = {"bluegreen:service": name, **(tags or {})}
        color_tags: dict[Color, dict[str, str]] = {
            color: {**shared_tags, "bluegreen:color": color, "BG_VERSION": color.upper()} for color in COLORS
        }
        entry = front(
            name,
            vpc_id=vpc_id,
            subnet_ids=subnet_ids,
            load_balancer_arn=load_balancer_arn,
            listener_port=listener_port or (443 if certificate_arn is not None else 80),
            certificate_arn=certificate_arn,
            internal=internal,
            ingress_cidrs=ingress_cidrs,
            tags=shared_tags,
            parent=self,
        )
        groups = target_groups(
            name,
            vpc_id=vpc_id,
            port=container_port,
            health_check={**_HEALTH_CHECK, **(health_check or {})},
            deregistration_delay_seconds=deregistration_delay_seconds,
            tags=color_tags,
            parent=self,
        )
        rules = static_rules(
            name,
            listener_arn=entry.listener_arn,
            first_priority=rule_priority - len(COLORS),
            groups=groups,
            preview_cidrs=preview_cidrs,
            host_headers=host_headers,
            tags=color_tags,
            parent=self,
        )
        cluster = cluster_arn
        if cluster is None:
            cluster = aws.ecs.Cluster(name, tags=shared_tags, opts=child).arn
        settings = TaskSettings(
            cluster_arn=cluster,
            subnet_ids=subnet_ids,
            security_group_id=task_security_group(
                name, vpc_id, container_port, entry.security_group_ids, shared_tags, self
            ).id,
            assign_public_ip=assign_public_ip,
            container_port=container_port,
            cpu=cpu,
            memory=memory,
            execution_role_arn=execution_role_arn or execution_role(name, [*releases.values()], shared_tags, self).arn,
            task_role_arn=task_role_arn,
        )
        at_rest = math.ceil(desired_count * idle_capacity_percent / 100)
        services = {
            color: color_service(
                name,
                color,
                releases[color],
                settings,
                target_group=groups[color],
                attached_by=rules[color],
                # Only at creation: afterwards the count belongs to the swap and to autoscaling.
                first_count=desired_count if color == active_color else at_rest,
                tags=color_tags[color],
                parent=self,
            )
            for color in COLORS
        }
        scaling = [
            resource
            for color in (COLORS if autoscaling is not None else ())
            for resource in color_autoscaling(
                name,
                color,
                autoscaling or {},
                Scaled(cluster, services[color], entry.listener_arn, groups[color]),
                least_at_rest=None if color == active_color else at_rest,
                parent=self,
            )
        ]
        swap = TrafficSwap(
            f"{name}-swap",
            {
                **swap_inputs,
                "releases": {color: _release_name(releases[color]) for color in COLORS},
                "plan": contract.plan_of(known(swap_inputs)),
                "gates": [
                    bound(gate, connection, entry.listener_arn, {color: groups[color].arn for color in COLORS})
                    for gate in gates
                ],
                "previews": {color: {**preview, "url": entry.url} for color, preview in previews.items()},
                "router": {
                    **swap_inputs["router"],
                    "listener_arn": entry.listener_arn,
                    "target_groups": {color: groups[color].arn for color in COLORS},
                },
                "capacity": {
                    **swap_inputs["capacity"],
                    "cluster": cluster,
                    "services": {color: services[color].name for color in COLORS},
                    "task_definitions": {color: services[color].task_definition for color in COLORS},
                    "autoscaling": autoscaling and ecs_autoscaling.capacity_section(autoscaling),
                },
            },
            pulumi.ResourceOptions(parent=self, depends_on=[*services.values(), *rules.values(), *scaling]),
        )
        self.url = entry.url
        self.preview_urls = pulumi.Output.all(**dict.fromkeys(COLORS, entry.url))
        self.preview_headers = {color: {PREVIEW_HEADER: color} for color in COLORS}
        self.live_color, self.weights, self.history = swap.live_color, swap.weights, swap.history
        self.target_group_arns = pulumi.Output.all(**{color: groups[color].arn for color in COLORS})
        self.listener_arn = entry.listener_arn
        self.cluster_arn = pulumi.Output.from_input(cluster)
        names = ("url", "preview_urls", "preview_headers", "live_color", "weights", "history", "target_group_arns")
        self.register_outputs({key: getattr(self, key) for key in (*names, "listener_arn", "cluster_arn")})


def _connection(given: Mapping[str, str] | None) -> dict[str, str]:
    config = pulumi.Config("aws")
    defaults = {key: value for key in ("region", "profile") if (value := config.get(key))}
    return {**defaults, **(given or {})}


def _release_name(release: Mapping[str, Any]) -> pulumi.Output[str]:
    return pulumi.Output.from_input(dict(release)).apply(ecs_release.release_name)


def _problems(
    swap_inputs: Mapping[str, Any],
    releases: Mapping[Color, Mapping[str, Any]],
    container_port: int,
    rule_priority: int,
) -> list[Problem]:
    """Everything that is wrong with the arguments."""
    problems = contract.problems_in(known(swap_inputs))
    for color, release in releases.items():
        problems += ecs_release.problems_in(color, known(release), container_port)
    if rule_priority <= len(COLORS):
        problems.append(Problem("rule_priority", rule_priority, "3 to 50000: the two before it are the colors' own"))
    return problems
