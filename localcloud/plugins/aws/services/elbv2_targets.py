# ruff: noqa: ARG001 - the signatures are those of `ResourceType`
"""Target groups."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from localcloud.plugins.aws.checker import between, both, longest, matches, one_of
from localcloud.plugins.aws.model import (
    REGION,
    TAGS,
    UNKNOWN,
    ApiError,
    Change,
    Failure,
    P,
    Props,
    ProviderError,
    ResourceType,
)
from localcloud.plugins.aws.services.elbv2_common import (
    IN_USE_SECONDS,
    MISSING,
    SERVICE,
    Attribute,
    attribute_list,
    attributes_of,
    new_tags,
    tags_of,
    update_tags,
)
from localcloud.plugins.aws.services.elbv2_network import check_group
from localcloud.plugins.aws.session import Aws

_PROTOCOLS: Final = ("HTTP", "HTTPS", "TCP", "TLS", "UDP", "TCP_UDP", "GENEVE", "QUIC", "TCP_QUIC")
_ATTRIBUTES: Final = {
    "deregistrationDelay": Attribute("deregistration_delay.timeout_seconds", 300),
    "loadBalancingAlgorithmType": Attribute("load_balancing.algorithm.type"),
    "loadBalancingAnomalyMitigation": Attribute("load_balancing.algorithm.anomaly_mitigation"),
    "loadBalancingCrossZoneEnabled": Attribute("load_balancing.cross_zone.enabled"),
    "slowStart": Attribute("slow_start.duration_seconds", 0),
    "proxyProtocolV2": Attribute("proxy_protocol_v2.enabled", False),
    "lambdaMultiValueHeadersEnabled": Attribute("lambda.multi_value_headers.enabled", False),
    "preserveClientIp": Attribute("preserve_client_ip.enabled"),
    "connectionTermination": Attribute("deregistration_delay.connection_termination.enabled", False),
}
_HTTP: Final = ("HTTP", "HTTPS")
_HTTP_ONLY: Final = {"slowStart", "loadBalancingAlgorithmType", "loadBalancingAnomalyMitigation"}


def lookup(aws: Aws, arn: str | None, name: str | None) -> dict[str, Any] | None:
    which: dict[str, Any] = {"TargetGroupArns": [arn]} if arn else {"Names": [name]}
    answer = aws.find(SERVICE, "DescribeTargetGroups", MISSING, **which)
    groups: list[dict[str, Any]] = (answer or {}).get("TargetGroups", [])
    return groups[0] if groups else None


def _health_check(group: dict[str, Any]) -> Props:
    http = group.get("HealthCheckProtocol") in _HTTP
    matcher = group.get("Matcher", {})
    grpc = group.get("ProtocolVersion") == "GRPC"
    codes = "200" if group.get("Protocol") in _HTTP else "200-399"
    return {
        "enabled": group.get("HealthCheckEnabled", True),
        "healthyThreshold": group.get("HealthyThresholdCount"),
        "unhealthyThreshold": group.get("UnhealthyThresholdCount"),
        "interval": group.get("HealthCheckIntervalSeconds"),
        "timeout": group.get("HealthCheckTimeoutSeconds"),
        "port": group.get("HealthCheckPort"),
        "protocol": group.get("HealthCheckProtocol"),
        # The API's defaults, which the emulator leaves out.
        "path": group.get("HealthCheckPath") or ("/" if http else None),
        "matcher": (matcher.get("GrpcCode") or "12" if grpc else matcher.get("HttpCode") or codes) if http else None,
    }


def _health_check_arguments(props: Props) -> dict[str, Any]:
    check = props.get("healthCheck")
    if not check:
        return {}
    http = check["protocol"] != "TCP"
    code = "GrpcCode" if props.get("protocolVersion") == "GRPC" else "HttpCode"
    if check.get("enabled", True) and check["interval"] <= check.get("timeout", 5 if http else 10):
        # AWS refuses this; the emulator does not.
        message = "Health check interval must be greater than the timeout."
        raise ApiError(SERVICE, "CreateTargetGroup", "ValidationError", message)
    return {
        "HealthCheckEnabled": check["enabled"],
        "HealthyThresholdCount": check["healthyThreshold"],
        "UnhealthyThresholdCount": check["unhealthyThreshold"],
        "HealthCheckIntervalSeconds": check["interval"],
        "HealthCheckTimeoutSeconds": check.get("timeout"),
        "HealthCheckPort": check["port"],
        "HealthCheckProtocol": check["protocol"],
        "HealthCheckPath": check.get("path") if http else None,
        "Matcher": {code: check["matcher"]} if http and check.get("matcher") else None,
    }


def _stickiness(answered: list[dict[str, str]], *, http: bool) -> Props | None:
    live = {entry["Key"]: entry["Value"] for entry in answered if entry["Key"].startswith("stickiness.")}
    kind = live.get("stickiness.type")
    if kind is None:
        return None
    if not http and live.get("stickiness.enabled") != "true":
        kind = "source_ip"  # the emulator says lb_cookie of any protocol
    cookie = "lb_cookie" if kind == "lb_cookie" else "app_cookie"
    return {
        "enabled": live.get("stickiness.enabled") == "true",
        "type": kind,
        "cookieDuration": int(live.get(f"stickiness.{cookie}.duration_seconds", 86400)),
        "cookieName": live.get("stickiness.app_cookie.cookie_name", "") if kind == "app_cookie" else "",
    }


def describe(aws: Aws, group: dict[str, Any]) -> Props:
    """A target group in Pulumi's names; the lookup function answers the same."""
    arn = group["TargetGroupArn"]
    answered = aws.call(SERVICE, "DescribeTargetGroupAttributes", TargetGroupArn=arn)["Attributes"]
    return {
        **attributes_of(_ATTRIBUTES, answered),
        "arn": arn,
        "arnSuffix": arn.rsplit(":", 1)[1],
        "healthCheck": _health_check(group),
        "ipAddressType": group.get("IpAddressType"),
        "loadBalancerArns": sorted(group.get("LoadBalancerArns", [])),
        "name": group["TargetGroupName"],
        "port": group.get("Port"),
        "protocol": group.get("Protocol"),
        "protocolVersion": group.get("ProtocolVersion") if group.get("Protocol") in _HTTP else None,
        "stickiness": _stickiness(answered, http=group.get("Protocol") in _HTTP),
        "tags": tags_of(aws, arn),
        "targetType": group.get("TargetType"),
        "vpcId": group.get("VpcId"),
    }


def _create(aws: Aws, props: Props) -> str:
    name = props["name"]
    if lookup(aws, None, name) is not None:
        raise ProviderError(f"ELBv2 Target Group ({name}) already exists")
    answer = aws.call(
        SERVICE,
        "CreateTargetGroup",
        Name=name,
        TargetType=props["targetType"],
        Port=props.get("port"),
        Protocol=props.get("protocol"),
        ProtocolVersion=props.get("protocolVersion"),
        VpcId=props.get("vpcId"),
        IpAddressType=props.get("ipAddressType"),
        Tags=new_tags(props),
        **_health_check_arguments(props),
    )
    return str(answer["TargetGroups"][0]["TargetGroupArn"])


def _read(aws: Aws, arn: str, props: Props) -> Props | None:
    group = lookup(aws, arn, None)
    return describe(aws, group) if group is not None else None


def _update(aws: Aws, arn: str, change: Change) -> None:
    if "healthCheck" in change.changed and change.new.get("healthCheck"):
        aws.call(SERVICE, "ModifyTargetGroup", TargetGroupArn=arn, **_health_check_arguments(change.new))
    changed = attribute_list(_ATTRIBUTES, change)
    sticky = change.new.get("stickiness")
    if "stickiness" in change.changed and sticky:
        values = {"stickiness.enabled": str(sticky["enabled"]).lower(), "stickiness.type": sticky["type"]}
        if sticky["type"] in {"lb_cookie", "app_cookie"}:
            values[f"stickiness.{sticky['type']}.duration_seconds"] = str(sticky["cookieDuration"])
        if sticky.get("cookieName"):
            values["stickiness.app_cookie.cookie_name"] = sticky["cookieName"]
        changed += [{"Key": key, "Value": value} for key, value in values.items()]
    if changed:
        aws.call(SERVICE, "ModifyTargetGroupAttributes", TargetGroupArn=arn, Attributes=changed)
    update_tags(aws, arn, change)


def _delete(aws: Aws, arn: str, props: Props) -> None:
    def act() -> None:
        aws.find(SERVICE, "DeleteTargetGroup", MISSING, TargetGroupArn=arn)

    aws.retry(("ResourceInUse",), IN_USE_SECONDS, act)


def _validate(props: Props) -> Iterator[Failure]:
    if props["targetType"] is not UNKNOWN and props["targetType"] != "lambda":
        for name in ("port", "protocol", "vpcId"):
            if name not in props:
                yield Failure(name, f"must be specified when `targetType` is {props['targetType']!r}")
    check = props.get("healthCheck")
    if isinstance(check, dict) and check.get("protocol") == "TCP":
        for name in ("path", "matcher"):
            if check.get(name):
                yield Failure(f"healthCheck.{name}", "cannot be specified when `healthCheck.protocol` is 'TCP'")
    if props.get("protocol") not in (*_HTTP, UNKNOWN, None):
        for name in sorted(_HTTP_ONLY):
            if props.get(name):
                yield Failure(name, f"is not supported with protocol {props['protocol']!r}")
    yield from check_group(props)


def _slow_start(value: Any) -> str | None:
    return None if value == 0 or 30 <= value <= 900 else f"must be 0 or between 30 and 900, got {value}"


def _check_port(value: Any) -> str | None:
    fits = value == "traffic-port" or (value.isdigit() and 1 <= int(value) <= 65536)
    return None if fits else f"must be a port number or `traffic-port`, got {value!r}"


TYPES: Final = [
    ResourceType(
        token="aws:lb/targetGroup:TargetGroup",
        props={
            "name": P(
                force_new=True,
                check=both(longest(32), matches(r"(?!-)[0-9A-Za-z-]+(?<!-)", "letters, digits and inner hyphens")),
            ),
            "port": P(force_new=True, check=between(1, 65535)),
            "protocol": P(force_new=True, check=one_of(*_PROTOCOLS)),
            "protocolVersion": P(computed=True, force_new=True, check=one_of("GRPC", "HTTP1", "HTTP2")),
            "targetType": P(default="instance", force_new=True, check=one_of("instance", "ip", "lambda", "alb")),
            "vpcId": P(force_new=True),
            "ipAddressType": P(computed=True, force_new=True, check=one_of("ipv4", "ipv6")),
            "deregistrationDelay": P(default=300, check=between(0, 3600)),
            "slowStart": P(default=0, check=_slow_start),
            "proxyProtocolV2": P(default=False),
            "lambdaMultiValueHeadersEnabled": P(default=False),
            "preserveClientIp": P(computed=True, check=one_of("true", "false")),
            "connectionTermination": P(computed=True),
            "loadBalancingAlgorithmType": P(
                computed=True, check=one_of("round_robin", "least_outstanding_requests", "weighted_random")
            ),
            "loadBalancingAnomalyMitigation": P(computed=True, check=one_of("on", "off")),
            "loadBalancingCrossZoneEnabled": P(
                computed=True, check=one_of("true", "false", "use_load_balancer_configuration")
            ),
            "healthCheck": P(computed=True),
            "healthCheck.enabled": P(default=True),
            "healthCheck.healthyThreshold": P(default=3, check=between(2, 10)),
            "healthCheck.unhealthyThreshold": P(default=3, check=between(2, 10)),
            "healthCheck.interval": P(default=30, check=between(5, 300)),
            "healthCheck.timeout": P(computed=True, check=between(2, 120)),
            "healthCheck.matcher": P(computed=True),
            "healthCheck.path": P(
                computed=True, check=both(longest(1024), matches(r"/.*", "a path that starts with /"))
            ),
            "healthCheck.port": P(default="traffic-port", check=_check_port),
            "healthCheck.protocol": P(default="HTTP", check=one_of("HTTP", "HTTPS", "TCP")),
            "stickiness": P(computed=True),
            "stickiness.enabled": P(default=True),
            "stickiness.cookieDuration": P(default=86400, check=between(0, 604800)),
            "stickiness.cookieName": P(),
            "stickiness.type": P(
                check=one_of("lb_cookie", "app_cookie", "source_ip", "source_ip_dest_ip", "source_ip_dest_ip_proto")
            ),
            "tags": TAGS,
            "region": REGION,
        },
        create=_create,
        read=_read,
        update=_update,
        delete=_delete,
        validate=_validate,
        name_max=32,
    ),
]
