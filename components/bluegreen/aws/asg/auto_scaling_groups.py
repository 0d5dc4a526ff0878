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
from bluegreen.aws.asg.autoscaling import AsgAutoscaling
from bluegreen.aws.asg.colors import Sizes, declare_colors
from bluegreen.aws.asg.groups import (
    GroupSettings,
    InstanceRefresh,
    InstanceSettings,
    WarmPool,
    warm_pool_inputs,
    warm_pool_problems,
)
from bluegreen.aws.asg.release import AsgRelease
from bluegreen.aws.component import EnteredComponent, SwapSettings, connection_of
from bluegreen.aws.elb.alb_entry import alb
from bluegreen.aws.entry import Entry
from bluegreen.aws.service_swap import Network, existing_of, kind_that_counts
from bluegreen.aws.several_entries import entry_of
from bluegreen.component import digests
from bluegreen.component.declaration import known
from bluegreen.fields import UNKNOWN
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import Color

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
        capacity: dict[str, Any] = {
            "kind": "asg",
            "groups": UNKNOWN,
            "launch_templates": UNKNOWN,
            "desired_count": desired_count,
            "instance_refresh": instance_refresh,
            "aws": connection_of(settings),
        }
        problems = _problems_in(releases, warm_pool)
        if autoscaling is not None:
            problems += asg_autoscaling.problems_in(
                known(autoscaling), desired_count, kind_that_counts(name, entry, settings)
            )
        checked = service_swap.checked(
            name, active_color, entry, settings, tags=tags, problems=problems, capacity=capacity
        )
        target_groups = {color: group["target_group_arn"] for color, group in existing_of(releases).items()}
        entered, own_group_id = checked.enter_with_group(
            self, Network(vpc_id, subnet_ids, port, "instance", target_groups), f"{name}-instances"
        )
        colors = declare_colors(
            checked,
            releases,
            entered,
            instances=InstanceSettings(
                instance_type=instance_type,
                security_group_ids=[own_group_id, *security_group_ids],
                instance_profile_arn=instance_profile_arn,
                key_name=key_name,
                assign_public_ip=assign_public_ip,
            ),
            settings=GroupSettings(
                subnet_ids=subnet_ids,
                health_check_grace_seconds=health_check_grace_seconds,
                warm_pool=None if warm_pool is None else warm_pool_inputs(warm_pool, desired_count),
            ),
            sizes=Sizes(
                first=service_swap.first_counts(active_color, desired_count, settings),
                desired_count=desired_count,
                autoscaling=autoscaling,
                pooled=warm_pool is not None,
            ),
            parent=self,
        )
        swap = checked.declare(
            self,
            entered,
            releases={color: template.release for color, template in colors.templates.items()},
            digests=_digests_of(releases, instance_type),
            capacity={
                **capacity,
                "groups": colors.names,
                "launch_templates": colors.template_names,
                "autoscaling": autoscaling
                and {"min_capacity": autoscaling["min_capacity"], "max_capacity": autoscaling["max_capacity"]},
            },
            made=colors.made,
        )
        self._show_entered(
            swap,
            entry,
            entered,
            group_names=pulumi.Output.all(**dict(colors.names)),
            launch_templates=pulumi.Output.all(**dict(colors.template_names)),
        )


def _problems_in(releases: Mapping[Color, Any], warm_pool: Any) -> list[Problem]:
    problems = []
    for color, release in releases.items():
        problems += asg_release.problems_in(color, known(release))
        template = release.get("template") if isinstance(release, Mapping) else None
        problems += unknown_arguments(aws.ec2.LaunchTemplateArgs, template, f"{color}.template")
    return problems if warm_pool is None else [*problems, *warm_pool_problems(known(warm_pool))]


def _digests_of(
    releases: Mapping[Color, AsgRelease], instance_type: pulumi.Input[str]
) -> dict[Color, pulumi.Output[str]]:
    """The digests of the releases whose launch template is made here, and so is not known in a preview.

    A given template is known by its version, which the capacity has.
    """
    return digests.of_releases(
        {
            color: {"instance_type": instance_type, **release}
            for color, release in releases.items()
            if "launch_template_id" not in release
        }
    )
