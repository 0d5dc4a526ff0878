"""Requests that ECS refuses and the emulator accepts: a program which works here must not fail in an account."""

from __future__ import annotations

from typing import Any, Final

from localcloud.plugins.aws.model import ApiError, Props, ProviderError
from localcloud.plugins.aws.services import elbv2_targets
from localcloud.plugins.aws.session import Aws

ATTACH_SECONDS = 10.0
# Fargate's sizes: CPU units -> (least memory, most memory, step), in MiB; 256 has three sizes of its own.
_FARGATE: Final = {
    512: (1024, 4096, 1024),
    1024: (2048, 8192, 1024),
    2048: (4096, 16384, 1024),
    4096: (8192, 30720, 1024),
    8192: (16384, 61440, 4096),
    16384: (32768, 122880, 8192),
}


def check_fargate_size(props: Props) -> None:
    """A task for Fargate has one of the sizes that Fargate offers."""
    if "FARGATE" not in props.get("requiresCompatibilities", []):
        return
    cpu, memory = _number(props.get("cpu")), _number(props.get("memory"))
    if cpu is None or memory is None:
        return  # written with a unit (`1 vCPU`): left to the API
    if cpu == 256:
        fits = memory in (512, 1024, 2048)
    else:
        low, high, step = _FARGATE.get(cpu, (1, 0, 1))
        fits = low <= memory <= high and memory % step == 0
    if not fits:
        message = f"No Fargate configuration exists for given values: {cpu} CPU, {memory} memory."
        raise ApiError("ecs", "RegisterTaskDefinition", "ClientException", message)


def _number(value: Any) -> int | None:
    return int(value) if str(value).isdigit() else None


def _refuse(message: str) -> ApiError:
    return ApiError("ecs", "CreateService", "InvalidParameterException", message)


def check_service(aws: Aws, props: Props) -> None:
    """Network, containers and target groups of a new service go together."""
    name = props.get("taskDefinition")
    answer = aws.find("ecs", "DescribeTaskDefinition", ("ClientException",), taskDefinition=name) if name else None
    if answer is None:
        return  # the create call says what is wrong
    task = answer["taskDefinition"]
    vpc_mode = task.get("networkMode") == "awsvpc"
    if vpc_mode and not props.get("networkConfiguration"):
        raise _refuse("Network Configuration must be provided when networkMode 'awsvpc' is specified.")
    if not vpc_mode and props.get("networkConfiguration"):
        raise _refuse("Network Configuration is not valid for the given networkMode of this task definition.")
    for entry in props.get("loadBalancers", []):
        _check_container(task, entry)
        _check_group(aws, entry["targetGroupArn"], vpc_mode)


def _check_container(task: dict[str, Any], entry: Props) -> None:
    container, port = entry["containerName"], entry["containerPort"]
    named = next((one for one in task["containerDefinitions"] if one["name"] == container), None)
    if named is None:
        raise _refuse(f"The container {container} does not exist in the task definition.")
    if port not in [mapping.get("containerPort") for mapping in named.get("portMappings") or []]:
        raise _refuse(f"The container {container} did not have a container port {port} defined.")


def _check_group(aws: Aws, arn: str, vpc_mode: bool) -> None:
    group = elbv2_targets.lookup(aws, arn, None)
    if group is None:
        raise _refuse(f"The target group {arn} does not exist.")
    if vpc_mode and group["TargetType"] != "ip":
        kind = group["TargetType"]
        raise _refuse(
            f"The provided target group {arn} has target type {kind}, which is incompatible with the awsvpc network "
            "mode specified in the task definition."
        )

    def attached() -> bool | None:
        return True if _is_attached(aws, arn) else None

    try:
        # Rules are made at the same time: the real provider tries again for a while, too.
        aws.wait(f"target group {arn} to be attached to a load balancer", attached, ATTACH_SECONDS, 0.5)
    except ProviderError:
        raise _refuse(
            f"The target group with targetGroupArn {arn} does not have an associated load balancer."
        ) from None


def _is_attached(aws: Aws, arn: str) -> bool:
    """The emulator does not list a group's load balancers: its rules have to be read."""
    for balancer in aws.pages("elbv2", "DescribeLoadBalancers", "LoadBalancers"):
        where = balancer["LoadBalancerArn"]
        for listener in aws.pages("elbv2", "DescribeListeners", "Listeners", LoadBalancerArn=where):
            rules = aws.call("elbv2", "DescribeRules", ListenerArn=listener["ListenerArn"])["Rules"]
            actions = [*listener["DefaultActions"], *(action for rule in rules for action in rule["Actions"])]
            if any(arn in _groups(action) for action in actions):
                return True
    return False


def _groups(action: dict[str, Any]) -> list[str]:
    config = action.get("ForwardConfig") or {}
    named = [group["TargetGroupArn"] for group in config.get("TargetGroups", [])]
    return [*named, action["TargetGroupArn"]] if action.get("TargetGroupArn") else named
