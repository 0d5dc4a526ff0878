# ruff: noqa: ARG001 - the signatures are those of `ResourceType`
"""Load balancers."""

from __future__ import annotations

from typing import Any, Final

from localcloud.plugins.aws.checker import both, longest, matches, one_of
from localcloud.plugins.aws.model import (
    REGION,
    TAGS,
    ApiError,
    Change,
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
    dns_name,
    new_tags,
    tags_of,
    update_tags,
)
from localcloud.plugins.aws.services.elbv2_network import check_balancer
from localcloud.plugins.aws.session import Aws

_COMMON: Final = {"enableDeletionProtection": Attribute("deletion_protection.enabled", False)}
_APPLICATION: Final = {
    **_COMMON,
    "clientKeepAlive": Attribute("client_keep_alive.seconds", 3600),
    "desyncMitigationMode": Attribute("routing.http.desync_mitigation_mode", "defensive"),
    "dropInvalidHeaderFields": Attribute("routing.http.drop_invalid_header_fields.enabled", False),
    "enableHttp2": Attribute("routing.http2.enabled", True),
    "enableTlsVersionAndCipherSuiteHeaders": Attribute(
        "routing.http.x_amzn_tls_version_and_cipher_suite.enabled", False
    ),
    "enableWafFailOpen": Attribute("waf.fail_open.enabled", False),
    "enableXffClientPort": Attribute("routing.http.xff_client_port.enabled", False),
    "enableZonalShift": Attribute("zonal_shift.config.enabled", False),
    "idleTimeout": Attribute("idle_timeout.timeout_seconds", 60),
    "preserveHostHeader": Attribute("routing.http.preserve_host_header.enabled", False),
    "xffHeaderProcessingMode": Attribute("routing.http.xff_header_processing.mode", "append"),
}
_NETWORK: Final = {
    **_COMMON,
    "dnsRecordClientRoutingPolicy": Attribute("dns_record.client_routing_policy", "any_availability_zone"),
    "enableCrossZoneLoadBalancing": Attribute("load_balancing.cross_zone.enabled", False),
    "enableZonalShift": Attribute("zonal_shift.config.enabled", False),
}
_ALL: Final = {**_NETWORK, **_APPLICATION}


def _attributes(kind: Any) -> dict[str, Attribute]:
    return _APPLICATION if kind == "application" else _NETWORK


def _find(aws: Aws, missing: tuple[str, ...] = MISSING, **which: Any) -> dict[str, Any] | None:
    answer = aws.find(SERVICE, "DescribeLoadBalancers", missing, **which)
    balancers: list[dict[str, Any]] = (answer or {}).get("LoadBalancers", [])
    return balancers[0] if balancers else None


def describe(aws: Aws, balancer: dict[str, Any]) -> Props:
    """A load balancer in Pulumi's names; the lookup function answers the same."""
    arn, kind = balancer["LoadBalancerArn"], balancer["Type"]
    answered = aws.call(SERVICE, "DescribeLoadBalancerAttributes", LoadBalancerArn=arn)["Attributes"]
    return {
        **attributes_of(_attributes(kind), answered),
        "arn": arn,
        "arnSuffix": arn.split(":loadbalancer/", 1)[1],
        "dnsName": dns_name(aws, balancer),
        "internal": balancer["Scheme"] == "internal",
        "ipAddressType": balancer.get("IpAddressType"),
        "loadBalancerType": kind,
        "name": balancer["LoadBalancerName"],
        "securityGroups": balancer.get("SecurityGroups", []),
        "subnets": [zone["SubnetId"] for zone in balancer["AvailabilityZones"]],
        "subnetMappings": [_mapping(zone) for zone in balancer["AvailabilityZones"]],
        "tags": tags_of(aws, arn),
        "vpcId": balancer.get("VpcId"),
        "zoneId": balancer["CanonicalHostedZoneId"],
    }


def _mapping(zone: dict[str, Any]) -> Props:
    addresses = zone.get("LoadBalancerAddresses") or [{}]
    mapping = {
        "subnetId": zone["SubnetId"],
        "allocationId": addresses[0].get("AllocationId"),
        "privateIpv4Address": addresses[0].get("PrivateIPv4Address"),
        "ipv6Address": addresses[0].get("IPv6Address"),
    }
    return {key: value for key, value in mapping.items() if value}


def lookup(aws: Aws, arn: str | None, name: str | None) -> dict[str, Any] | None:
    if arn:
        return _find(aws, LoadBalancerArns=[arn])
    return _find(aws, Names=[name]) if name else None


def _create(aws: Aws, props: Props) -> str:
    name, kind = props["name"], props["loadBalancerType"]
    if lookup(aws, None, name) is not None:
        raise ProviderError(f"ELBv2 Load Balancer ({name}) already exists")
    if kind == "application" and len(props.get("subnetMappings") or props["subnets"]) < 2:
        # AWS refuses this; the emulator does not.
        message = "At least two subnets in two different Availability Zones must be specified"
        raise ApiError(SERVICE, "CreateLoadBalancer", "ValidationError", message)
    answer = aws.call(
        SERVICE,
        "CreateLoadBalancer",
        Name=name,
        Type=kind,
        Scheme="internal" if props.get("internal") else None,
        IpAddressType=props.get("ipAddressType"),
        SecurityGroups=props.get("securityGroups"),
        # With mappings the subnets are an output alone.
        Subnets=None if props.get("subnetMappings") else props["subnets"],
        SubnetMappings=_mappings(props),
        Tags=new_tags(props),
    )
    return str(answer["LoadBalancers"][0]["LoadBalancerArn"])


def _wait(aws: Aws, arn: str, props: Props, timeout: float) -> None:
    def active() -> bool | None:
        balancer = _find(aws, LoadBalancerArns=[arn]) or {}
        state = balancer.get("State", {})
        if state.get("Code") == "failed":
            raise ProviderError(f"load balancer {props['name']} failed: {state.get('Reason')}")
        return True if state.get("Code") == "active" else None

    aws.wait(f"load balancer {props['name']} to become active", active, timeout)


def _read(aws: Aws, arn: str, props: Props) -> Props | None:
    balancer = _find(aws, LoadBalancerArns=[arn])
    if balancer is None:
        return None
    live = describe(aws, balancer)
    # Settings of the other kinds of load balancer stay as they were written, as in the real provider.
    others = {name: props[name] for name in _ALL if name not in live and name in props}
    return {**others, **live}


def _update(aws: Aws, arn: str, change: Change) -> None:
    changed = attribute_list(_attributes(change.new["loadBalancerType"]), change)
    if changed:
        aws.call(SERVICE, "ModifyLoadBalancerAttributes", LoadBalancerArn=arn, Attributes=changed)
    if "securityGroups" in change.changed:
        groups = change.new.get("securityGroups", [])
        aws.call(SERVICE, "SetSecurityGroups", LoadBalancerArn=arn, SecurityGroups=groups)
    if "subnets" in change.changed:
        aws.call(SERVICE, "SetSubnets", LoadBalancerArn=arn, Subnets=change.new["subnets"])
    if "ipAddressType" in change.changed:
        aws.call(SERVICE, "SetIpAddressType", LoadBalancerArn=arn, IpAddressType=change.new["ipAddressType"])
    update_tags(aws, arn, change)


def _delete(aws: Aws, arn: str, props: Props) -> None:
    def act() -> None:
        aws.find(SERVICE, "DeleteLoadBalancer", MISSING, LoadBalancerArn=arn)

    aws.retry(("ResourceInUse",), IN_USE_SECONDS, act)


def _mappings(props: Props) -> list[dict[str, str]] | None:
    """Subnets with addresses of their own, as the API takes them."""
    named = {
        "subnetId": "SubnetId",
        "allocationId": "AllocationId",
        "privateIpv4Address": "PrivateIPv4Address",
        "ipv6Address": "IPv6Address",
    }
    given = props.get("subnetMappings") or []
    return [{named[key]: value for key, value in one.items() if key in named} for one in given] or None


TYPES: Final = [
    ResourceType(
        token="aws:lb/loadBalancer:LoadBalancer",
        props={
            "name": P(
                force_new=True,
                check=both(
                    longest(32),
                    matches(
                        r"(?!internal-)(?!-)[0-9A-Za-z-]+(?<!-)", "letters, digits and inner hyphens, not `internal-…`"
                    ),
                ),
            ),
            "internal": P(computed=True, force_new=True),
            "loadBalancerType": P(
                default="application", force_new=True, check=one_of("application", "network", "gateway")
            ),
            "ipAddressType": P(computed=True, check=one_of("ipv4", "dualstack", "dualstack-without-public-ipv4")),
            "securityGroups": P(computed=True, unordered=True),
            "subnets": P(computed=True, unordered=True),
            "subnetMappings": P(computed=True, unordered=True, force_new=True),
            **{
                f"subnetMappings[].{name}": P(computed=True)
                for name in ("subnetId", "allocationId", "ipv6Address", "outpostId", "privateIpv4Address")
            },
            "tags": TAGS,
            "region": REGION,
            **{name: P(default=attribute.default) for name, attribute in _ALL.items()},
            "desyncMitigationMode": P(default="defensive", check=one_of("monitor", "defensive", "strictest")),
            "xffHeaderProcessingMode": P(default="append", check=one_of("append", "preserve", "remove")),
            "dnsRecordClientRoutingPolicy": P(
                default="any_availability_zone",
                check=one_of(
                    "any_availability_zone", "availability_zone_affinity", "partial_availability_zone_affinity"
                ),
            ),
        },
        create=_create,
        read=_read,
        update=_update,
        delete=_delete,
        wait=_wait,
        validate=check_balancer,
        name_max=32,
    )
]
