"""CodeDeploy's part of a service: its application and deployment group, and the configuration by which it shifts."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
import pulumi_aws as aws

from bluegreen.aws.ecs import codedeploy_spec as spec
from bluegreen.aws.ecs import one_service as one
from bluegreen.aws.entry import EntryContext
from bluegreen.component.declaration import known
from bluegreen.fields import Fields
from bluegreen.rollout.errors import Problem

_ALWAYS_BACK = ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"]
_ROUTING = {"canary": "TimeBasedCanary", "linear": "TimeBasedLinear"}


def config_name(context: EntryContext, given: str | Mapping[str, Any]) -> pulumi.Input[str]:
    """The deployment configuration's name; a configuration that is described is made."""
    if isinstance(given, str):
        return spec.config_name(given)
    way = str(given["type"])
    timing = {"interval": given["interval_minutes"], "percentage": given["percent"]}
    routing: Any = {"type": _ROUTING[way], f"time_based_{way}": timing}
    return aws.codedeploy.DeploymentConfig(
        context.name,
        compute_platform="ECS",
        traffic_routing_config=routing,
        opts=pulumi.ResourceOptions(parent=context.parent),
    ).deployment_config_name


def deployment_group(
    context: EntryContext,
    cluster_arn: pulumi.Output[str],
    service: aws.ecs.Service,
    front: one.Front,
    production: aws.lb.Listener,
    test: aws.lb.Listener | None,
    *,
    config: pulumi.Input[str],
    alarm_names: Sequence[pulumi.Input[str]],
    wait_minutes: int,
    role_arn: pulumi.Input[str],
) -> aws.codedeploy.DeploymentGroup:
    """An application with one group, whose deployments move both listeners and go back after any failure.

    Args:
        context: the component's.
        cluster_arn: where the service is.
        service: which is deployed.
        front: its two target groups.
        production: the listener that requests come by.
        test: the one by which the new color is tested; ``None``: there is none.
        config: the deployment configuration's name.
        alarm_names: alarms of CloudWatch that stop a deployment.
        wait_minutes: how long the former tasks stay.
        role_arn: CodeDeploy's own.
    """
    child = pulumi.ResourceOptions(parent=context.parent)
    application = aws.codedeploy.Application(context.name, compute_platform="ECS", tags=context.tags, opts=child)
    pair: dict[str, Any] = {
        "prod_traffic_route": {"listener_arns": [production.arn]},
        "target_groups": [{"name": group.name} for group in front.groups],
    }
    if test is not None:
        pair["test_traffic_route"] = {"listener_arns": [test.arn]}
    alarms: Any = {"alarms": list(alarm_names), "enabled": True} if alarm_names else None
    where: Any = {
        "cluster_name": cluster_arn.apply(lambda arn: arn.rpartition("/")[2]),
        "service_name": service.name,
    }
    balancing: Any = {"target_group_pair_info": pair}
    return aws.codedeploy.DeploymentGroup(
        context.name,
        app_name=application.name,
        deployment_group_name=context.name,
        deployment_config_name=config,
        service_role_arn=role_arn,
        deployment_style={"deployment_type": "BLUE_GREEN", "deployment_option": "WITH_TRAFFIC_CONTROL"},
        auto_rollback_configuration={"enabled": True, "events": _ALWAYS_BACK},
        alarm_configuration=alarms,
        blue_green_deployment_config={
            "deployment_ready_option": {"action_on_timeout": "CONTINUE_DEPLOYMENT"},
            "terminate_blue_instances_on_deployment_success": {
                "action": "TERMINATE",
                "termination_wait_time_in_minutes": wait_minutes,
            },
        },
        ecs_service=where,
        load_balancer_info=balancing,
        tags=context.tags,
        opts=child,
    )


def minutes_of(config: str | Mapping[str, Any]) -> float:
    """The minutes that a deployment configuration takes to shift all traffic; 60 for one that only has a name."""
    if isinstance(config, str):
        return spec.PRESETS.get(config.removeprefix(spec.PREFIX), 60)
    described = known(config)
    numbers = [described.get(key) for key in ("interval_minutes", "percent")]
    if not all(isinstance(number, (int, float)) and number > 0 for number in numbers):
        return 60
    steps = math.ceil(100 / numbers[1]) - 1 if described.get("type") == "linear" else 1
    return float(numbers[0] * steps)


def problems_in(config: str | Mapping[str, Any], wait_minutes: object, test_port: object) -> list[Problem]:
    """The problems with a deployment configuration, with the time that former tasks stay, and with the test port."""
    fields = Fields({"termination_wait_minutes": known(wait_minutes), "test_port": known(test_port)})
    fields.whole("termination_wait_minutes", most=2880)
    fields.whole("test_port", None, least=1, most=65_535)
    if not isinstance(config, str):
        described = Fields(known(config), "deployment_config", fields.problems)
        described.text("type", choices=_ROUTING)
        described.whole("percent", least=1, most=99)
        described.whole("interval_minutes", least=1, most=2880)
        described.done()
    return fields.problems
