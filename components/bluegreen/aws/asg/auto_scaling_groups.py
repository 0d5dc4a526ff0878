"""A service on EC2 in two colors, an Auto Scaling group each, behind any entry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pulumi
import pulumi_aws as aws

from bluegreen.arguments.checked import unknown_arguments
from bluegreen.aws import service_swap
from bluegreen.aws.asg import autoscaling as asg_autoscaling
from bluegreen.aws.asg import release as asg_release
from bluegreen.aws.asg.autoscaling import AsgAutoscaling, color_policies
from bluegreen.aws.asg.groups import (
    GroupSettings,
    InstanceRefresh,
    InstanceSettings,
    Template,
    WarmPool,
    color_group,
    color_template,
    warm_pool_inputs,
    warm_pool_problems,
)
from bluegreen.aws.asg.release import AsgRelease
from bluegreen.aws.component import EnteredComponent, SwapSettings, connection_of
from bluegreen.aws.elb.alb_entry import alb
from bluegreen.aws.entry import Entry
from bluegreen.aws.ranges import Range
from bluegreen.aws.service_swap import Network, kind_that_counts
from bluegreen.aws.several_entries import entry_of
from bluegreen.aws.units import unit_security_group
from bluegreen.component import digests
from bluegreen.component.declaration import known
from bluegreen.fields import UNKNOWN
from bluegreen.rollout.model import COLORS, Color

if TYPE_CHECKING:
    from typing_extensions import Unpack

# Machines take longer to boot than containers, and an instance refresh goes one part of the group after the other.
_STEADY_SECONDS = 1800


class AutoScalingGroups(EnteredComponent):
    """Both colors of a service, and the swap between them.

    Attributes:
        group_names: the Auto Scaling group of each color.
        launch_templates: the launch template and version of each color: ``lt-0abc:3``.
    """

    group_names: pulumi.Output[Mapping[str, str]]
    launch_templates: pulumi.Output[Mapping[str, str]]

    def __init__(
        self,
        name: str,
        *,
        active_color: str,
        blue: AsgRelease,
        green: AsgRelease,
        vpc_id: pulumi.Input[str],
        subnet_ids: pulumi.Input[Sequence[pulumi.Input[str]]],
        entry: Entry | None = None,
        entries: Sequence[Entry] | None = None,
        entry_names: Sequence[str] | None = None,
        port: int = 8080,
        desired_count: int = 2,
        autoscaling: AsgAutoscaling | Mapping[str, Any] | None = None,
        warm_pool: WarmPool | Mapping[str, Any] | None = None,
        instance_refresh: InstanceRefresh | Mapping[str, Any] | None = None,
        health_check_grace_seconds: int = 300,
        instance_type: pulumi.Input[str] = "t3.micro",
        instance_profile_arn: pulumi.Input[str] | None = None,
        key_name: pulumi.Input[str] | None = None,
        security_group_ids: Sequence[pulumi.Input[str]] = (),
        assign_public_ip: bool = False,
        tags: Mapping[str, str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
        **settings: Unpack[SwapSettings],
    ) -> None:
        """Declare both colors.

        Args:
            name: the service's name, at most 18 characters (AWS allows a target group 32).
            active_color: ``"blue"`` or ``"green"``: who carries production traffic.
            blue: blue's release.
            green: green's release.
            vpc_id: where everything runs.
            subnet_ids: for the load balancer (two zones at least) and the instances.
            entry: how requests reach the instances: ``alb()`` (default), ``alb_listeners()``, ``nlb()``, ``dns()`` with
                a load balancer a color.
            entries: more of them, which the swap moves together with ``entry``, in this order; without ``entry`` these
                alone.
            entry_names: what the names of their resources, and of their outputs, end with; their kinds by default.
            port: the port that instances listen on.
            desired_count: instances that the first live color starts with; later the live color's present size counts.
            autoscaling: the live color's ``min_capacity`` and ``max_capacity``, and what both colors scale by: one or
                more of ``target_cpu_percent``, ``target_requests_per_instance``, ``policies``: a list of target
                tracking configurations as ``aws.autoscaling.Policy`` has them. Absent: only the swap scales.
            warm_pool: instances that wait beside each group: ``min_size`` (0), ``max_group_prepared_capacity``
                (``desired_count``), ``pool_state`` (``Stopped``), ``reuse_on_scale_in`` (true: a color that retires
                goes there).
            instance_refresh: how a color at rest gets a new launch template version before it is promoted:
                ``min_healthy_percent`` (90), ``max_healthy_percent`` (100), ``instance_warmup_seconds`` (the group's).
            health_check_grace_seconds: how long a new instance may fail its health checks before it is replaced.
            instance_type: of instances whose release names none.
            instance_profile_arn: the application's own role.
            key_name: the SSH key pair.
            security_group_ids: more security groups for the instances; the component's own lets the entry in.
            assign_public_ip: needed in subnets without a NAT.
            tags: for every resource.
            opts: the usual options.
            **settings: how swaps go: see ``SwapSettings``; ``steady_state_timeout_seconds`` is 1800 by default here.

        Raises:
            pulumi.RunError: naming each wrong field, its value and what is allowed. Nothing was written.
        """
        super().__init__("bluegreen:aws:AutoScalingGroups", name, {}, opts)
        releases: dict[Color, AsgRelease] = {"blue": blue, "green": green}
        entry = entry_of(name, entry, entries, entry_names, alb())
        settings.setdefault("steady_state_timeout_seconds", _STEADY_SECONDS)
        connection = connection_of(settings)
        capacity: dict[str, Any] = {
            "kind": "asg",
            "groups": UNKNOWN,
            "launch_templates": UNKNOWN,
            "desired_count": desired_count,
            "instance_refresh": instance_refresh,
            "aws": connection,
        }
        problems = []
        for color, release in releases.items():
            problems += asg_release.problems_in(color, known(release))
            template = release.get("template") if isinstance(release, Mapping) else None
            problems += unknown_arguments(aws.ec2.LaunchTemplateArgs, template, f"{color}.template")
        if autoscaling is not None:
            problems += asg_autoscaling.problems_in(
                known(autoscaling), desired_count, kind_that_counts(name, entry, settings)
            )
        if warm_pool is not None:
            problems += warm_pool_problems(known(warm_pool))
        checked = service_swap.checked(
            name, active_color, entry, settings, tags=tags, problems=problems, capacity=capacity
        )
        given = {color: release["existing"] for color, release in releases.items() if "existing" in release}
        target_groups = {color: existing["target_group_arn"] for color, existing in given.items()}
        entered = checked.enter(self, Network(vpc_id, subnet_ids, port, "instance", target_groups))
        own = unit_security_group(
            f"{name}-instances",
            vpc_id,
            port,
            from_groups=entered.security_group_ids,
            from_cidrs=entered.source_cidrs,
            transports=entered.transports,
            tags=checked.tags,
            parent=self,
        )
        instances = InstanceSettings(
            instance_type=instance_type,
            security_group_ids=[own.id, *security_group_ids],
            instance_profile_arn=instance_profile_arn,
            key_name=key_name,
            assign_public_ip=assign_public_ip,
        )
        templates = {
            color: Template.given(given[color])
            if color in given
            else color_template(name, color, release, instances, tags=checked.color_tags[color], parent=self)
            for color, release in releases.items()
        }
        group_settings = GroupSettings(
            subnet_ids=subnet_ids,
            health_check_grace_seconds=health_check_grace_seconds,
            warm_pool=None if warm_pool is None else warm_pool_inputs(warm_pool, desired_count),
        )
        first = service_swap.first_counts(active_color, desired_count, settings)
        groups = {
            color: color_group(
                name,
                color,
                templates[color],
                group_settings,
                entered=entered,
                limits=_limits(first[color], desired_count, autoscaling, live=color == active_color, pool=warm_pool),
                first_count=first[color],
                tags=checked.color_tags[color],
                connection=connection,
                parent=self,
            )
            for color in COLORS
            if color not in given
        }
        names: dict[Color, pulumi.Output[str]] = {color: group.name for color, group in groups.items()}
        names |= {color: pulumi.Output.from_input(existing["group_name"]) for color, existing in given.items()}
        policies = [
            policy
            for color in (COLORS if autoscaling is not None else ())
            for policy in color_policies(
                name,
                color,
                autoscaling or {},
                names[color],
                listener_arn=entered.listener_arn,
                target_group_arn=entered.target_group_arns.get(color),
                parent=self,
            )
        ]
        swap = checked.declare(
            self,
            entered,
            releases={color: template.release for color, template in templates.items()},
            # A version is told by its number, which the capacity has; one that is made here is not known in a preview.
            digests=digests.of_releases(
                {
                    color: {"instance_type": instance_type, **release}
                    for color, release in releases.items()
                    if "launch_template_id" not in release
                }
            ),
            capacity={
                **capacity,
                "groups": names,
                "launch_templates": {color: template.name for color, template in templates.items()},
                "autoscaling": autoscaling
                and {"min_capacity": autoscaling["min_capacity"], "max_capacity": autoscaling["max_capacity"]},
            },
            made=[*groups.values(), *policies],
        )
        self._show_entered(
            swap,
            entry,
            entered,
            group_names=pulumi.Output.all(**dict(names)),
            launch_templates=pulumi.Output.all(**{color: template.name for color, template in templates.items()}),
        )


def _limits(
    count: int, desired_count: int, autoscaling: Mapping[str, Any] | None, *, live: bool, pool: object
) -> Range:
    """A group's range at its creation."""
    if autoscaling is not None:
        return Range(autoscaling["min_capacity"] if live else count, autoscaling["max_capacity"])
    # The pool of a color at rest is as large as there is room below the maximum.
    return Range(count, count if pool is None else max(count, desired_count))
