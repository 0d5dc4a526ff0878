"""The checks of Elastic Load Balancing on network load balancers, their listeners and target groups.

The emulator takes all of it. Protocols: https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-listeners.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from localcloud.plugins.aws.model import UNKNOWN, ApiError, Failure, Props
from localcloud.plugins.aws.services.elbv2_common import SERVICE
from localcloud.plugins.aws.session import Aws

# A listener's protocol -> those of the target groups that it may forward to.
_CARRIED: Final = {
    "TCP": {"TCP", "TCP_UDP"},
    "TLS": {"TCP", "TLS"},
    "UDP": {"UDP", "TCP_UDP"},
    "TCP_UDP": {"TCP_UDP"},
    "QUIC": {"QUIC", "TCP_QUIC"},
    "TCP_QUIC": {"TCP_QUIC"},
}
_HTTP: Final = ("HTTP", "HTTPS")
_NETWORK_ONLY: Final = ("connectionTermination", "preserveClientIp", "proxyProtocolV2")
_STICKINESS: Final = {**dict.fromkeys(_HTTP, ("lb_cookie", "app_cookie")), "TLS": ()}
_IDLE: Final = "tcp.idle_timeout.seconds"


def refuse_listener(operation: str, props: Props, groups: Mapping[str, str]) -> None:
    """Refuse a listener that its load balancer cannot have.

    Args:
        operation: the call in whose place this stands.
        props: the listener's properties.
        groups: the protocol of each target group that it forwards to.
    """
    protocol = str(props.get("protocol") or "")
    if "/net/" not in props["loadBalancerArn"]:
        if protocol not in ("", *_HTTP):
            _refuse(operation, "ValidationError", f"Protocol '{protocol}' must be one of 'HTTP, HTTPS'")
        return
    if protocol not in _CARRIED:
        _refuse(operation, "ValidationError", f"Protocol '{protocol}' must be one of '{', '.join(_CARRIED)}'")
    if any(action["type"] != "forward" for action in props["defaultActions"]):
        message = "Only 'forward' actions are supported on load balancers of type 'network'"
        _refuse(operation, "InvalidLoadBalancerAction", message)
    for arn, group in groups.items():
        if group not in _CARRIED[protocol]:
            message = (
                f"The protocol of the listener, {protocol}, is not compatible with that of target group {arn}, {group}"
            )
            _refuse(operation, "IncompatibleProtocols", message)


def _refuse(operation: str, code: str, message: str) -> None:
    raise ApiError(SERVICE, operation, code, message)


def forwarded(actions: list[Props]) -> list[str]:
    """The target groups of a listener's actions."""
    arns = [action["targetGroupArn"] for action in actions if "targetGroupArn" in action]
    return arns + [one["arn"] for action in actions for one in action.get("forward", {}).get("targetGroups", [])]


def protocols(aws: Aws, arns: list[str]) -> dict[str, str]:
    """The protocol of each target group."""
    if not arns:
        return {}
    answer = aws.call(SERVICE, "DescribeTargetGroups", TargetGroupArns=sorted(set(arns)))
    return {one["TargetGroupArn"]: one["Protocol"] for one in answer["TargetGroups"]}


def idle_timeout(aws: Aws, listener: Mapping[str, Any]) -> int | None:
    """A TCP listener's idle timeout, in seconds."""
    if listener.get("Protocol") != "TCP":
        return None
    answer = aws.call(SERVICE, "DescribeListenerAttributes", ListenerArn=listener["ListenerArn"])
    live = {one["Key"]: one["Value"] for one in answer["Attributes"]}
    return int(live.get(_IDLE, 350))


def set_idle_timeout(aws: Aws, arn: str, seconds: int | None) -> None:
    """Change it; none is the API's default."""
    attributes = [{"Key": _IDLE, "Value": str(seconds or 350)}]
    aws.call(SERVICE, "ModifyListenerAttributes", ListenerArn=arn, Attributes=attributes)


def check_group(props: Props) -> Iterator[Failure]:
    """The problems with settings that do not go with a target group's protocol."""
    protocol = props.get("protocol")
    if protocol in (None, UNKNOWN):
        return
    if protocol in _HTTP:
        for name in _NETWORK_ONLY:
            if str(props.get(name)).lower() == "true":
                yield Failure(name, f"is not supported with protocol {protocol!r}")
    sticky = props.get("stickiness")
    allowed = _STICKINESS.get(protocol, ("source_ip",))
    if isinstance(sticky, dict) and sticky.get("enabled", True) and sticky.get("type") not in (*allowed, UNKNOWN):
        yield Failure("stickiness.type", f"must be {' or '.join(allowed) or 'left out'} with protocol {protocol!r}")
    if protocol in ("UDP", "TCP_UDP") and str(props.get("preserveClientIp")).lower() == "false":
        yield Failure("preserveClientIp", f"cannot be disabled with protocol {protocol!r}")


def check_balancer(props: Props) -> Iterator[Failure]:
    """Subnets are given in one of two ways; addresses go with network load balancers alone."""
    given = [name for name in ("subnets", "subnetMappings") if props.get(name)]
    if len(given) != 1:
        yield Failure("subnets", "one of `subnetMappings`, `subnets` must be specified")
    mappings = props.get("subnetMappings")
    for index, mapping in enumerate(mappings if isinstance(mappings, list) else []):
        if not isinstance(mapping, dict):
            continue
        if mapping.get("allocationId") and props.get("loadBalancerType") == "application":
            yield Failure(f"subnetMappings[{index}].allocationId", "is not supported by application load balancers")
        if mapping.get("allocationId") and props.get("internal") is True:
            yield Failure(f"subnetMappings[{index}].allocationId", "is not supported by internal load balancers")
