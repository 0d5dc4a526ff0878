"""Network load balancers in the AWS plugin: their lives against the emulator, and what the real API refuses."""

from __future__ import annotations

from typing import Any

import pytest

from localcloud.plugins.aws.driver import CallFailed, Driver, Refused

GROUP, BALANCER = "aws:lb/targetGroup:TargetGroup", "aws:lb/loadBalancer:LoadBalancer"
LISTENER, CERTIFICATE = "aws:lb/listener:Listener", "aws:lb/listenerCertificate:ListenerCertificate"


def groups(world: Any, **more: Any) -> dict[str, Any]:
    return {"port": 80, "protocol": "TCP", "targetType": "ip", "vpcId": world.vpc, **more}


@pytest.fixture(scope="module")
def network(aws_world: Any) -> Any:
    """A load balancer, a target group of TCP and one of UDP, and a listener."""
    balancer = {"subnets": aws_world.subnets, "loadBalancerType": "network"}
    aws_world.network = aws_world.make(BALANCER, balancer, "network").id
    aws_world.tcp = aws_world.make(GROUP, groups(aws_world), "tcp").id
    aws_world.udp = aws_world.make(GROUP, groups(aws_world, protocol="UDP"), "udp").id
    return aws_world


def forward(arn: str) -> list[dict[str, Any]]:
    return [{"type": "forward", "targetGroupArn": arn}]


CASES: dict[str, Any] = {
    "balancer": lambda world: (
        BALANCER,
        {
            "loadBalancerType": "network",
            "internal": True,
            "subnetMappings": [{"subnetId": world.subnets[0], "privateIpv4Address": "172.31.0.200"}],
            "securityGroups": [world.group],
        },
        {"enableCrossZoneLoadBalancing": True, "dnsRecordClientRoutingPolicy": "availability_zone_affinity"},
    ),
    "group": lambda world: (
        GROUP,
        groups(
            world,
            healthCheck={"protocol": "HTTP", "path": "/healthz", "interval": 10, "timeout": 5},
            stickiness={"type": "source_ip", "enabled": True},
            preserveClientIp="true",
        ),
        {"proxyProtocolV2": True, "connectionTermination": True, "preserveClientIp": "false"},
    ),
    "group of defaults": lambda world: (
        GROUP,
        groups(world, healthCheck={"protocol": "TCP"}),
        {"proxyProtocolV2": True},
    ),
    "listener": lambda world: (
        LISTENER,
        {"loadBalancerArn": world.network, "port": 90, "protocol": "TCP", "defaultActions": forward(world.tcp)},
        {"port": 91, "tcpIdleTimeoutSeconds": 600},
    ),
    "encrypted listener": lambda world: (
        LISTENER,
        {
            "loadBalancerArn": world.network,
            "port": 443,
            "protocol": "TLS",
            "certificateArn": world.certificate,
            "sslPolicy": "ELBSecurityPolicy-TLS13-1-2-2021-06",
            "defaultActions": forward(world.tcp),
        },
        {"certificateArn": f"{world.certificate}-2", "alpnPolicy": "HTTP2Preferred"},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_life_of_a_resource(aws_driver: Driver, network: Any, case: str) -> None:
    token, inputs, change = CASES[case](network)
    resource = aws_driver.create(aws_driver.check(token, "netted", inputs))
    try:
        for wanted in (inputs, {**inputs, **change}):
            if wanted != inputs:
                plan = aws_driver.diff(resource, wanted)
                assert (plan.changed, plan.replaces) == (sorted(change), [])
                resource = aws_driver.update(resource, wanted)
            assert aws_driver.diff(resource, wanted).changed == []
            found = aws_driver.read(resource)
            assert found is not None
            assert (found.outputs, found.inputs) == (resource.outputs, resource.inputs)
            assert resource.outputs.items() >= {key: wanted[key] for key in change if key in wanted}.items()
    finally:
        aws_driver.delete(resource)
    assert aws_driver.read(resource) is None


def test_what_the_api_decides_is_in_the_outputs(aws_driver: Driver, network: Any) -> None:
    found = aws_driver.read(next(one for one in network.made if one.id == network.tcp))
    assert found is not None
    assert found.outputs["stickiness"]["type"] == "source_ip"
    balancer = aws_driver.read(next(one for one in network.made if one.id == network.network))
    assert balancer is not None
    assert balancer.outputs["dnsName"].endswith(".elb.amazonaws.com")
    assert balancer.outputs["enableCrossZoneLoadBalancing"] is False
    assert len(balancer.outputs["subnetMappings"]) == len(network.subnets)


@pytest.mark.parametrize(
    ("change", "path", "reason"),
    [
        ({"stickiness": {"type": "lb_cookie", "enabled": True}}, "stickiness.type", "source_ip"),
        ({"protocol": "UDP", "preserveClientIp": "false"}, "preserveClientIp", "cannot be disabled"),
        ({"protocol": "HTTP", "proxyProtocolV2": True}, "proxyProtocolV2", "not supported"),
        ({"slowStart": 30}, "slowStart", "not supported"),
        ({"healthCheck": {"protocol": "TCP", "path": "/healthz"}}, "healthCheck.path", "cannot be specified"),
    ],
)
def test_a_target_group_is_refused(
    aws_driver: Driver, network: Any, change: dict[str, Any], path: str, reason: str
) -> None:
    with pytest.raises(Refused) as refused:
        aws_driver.check(GROUP, "web", groups(network, **change))
    assert reason in refused.value.failures[path]


def test_addresses_are_for_network_load_balancers_that_are_not_internal(aws_driver: Driver, network: Any) -> None:
    mappings = [{"subnetId": subnet, "allocationId": "eipalloc-1"} for subnet in network.subnets]
    for more in ({"loadBalancerType": "application"}, {"loadBalancerType": "network", "internal": True}):
        with pytest.raises(Refused) as refused:
            aws_driver.check(BALANCER, "web", {"subnetMappings": mappings, **more})
        assert "is not supported by" in refused.value.failures["subnetMappings[0].allocationId"]


def test_listeners_are_refused_where_they_do_not_go_with_what_is_there(aws_driver: Driver, network: Any) -> None:
    fixed = {"type": "fixed-response", "fixedResponse": {"contentType": "text/plain", "statusCode": "503"}}
    tcp = {"loadBalancerArn": network.network, "port": 99, "protocol": "TCP", "defaultActions": forward(network.tcp)}
    for change, reason in (
        ({"defaultActions": [fixed]}, "Only 'forward' actions"),
        ({"defaultActions": forward(network.udp)}, "IncompatibleProtocols"),
        ({"defaultActions": forward(network.targets)}, "IncompatibleProtocols"),
        ({"protocol": "HTTP"}, "must be one of 'TCP"),
        ({"loadBalancerArn": network.balancer}, "must be one of 'HTTP"),
    ):
        with pytest.raises(CallFailed, match=reason):
            aws_driver.create(aws_driver.check(LISTENER, "web", {**tcp, **change}))


def test_certificates_are_for_encrypted_listeners(aws_driver: Driver, aws_world: Any) -> None:
    inputs = {"listenerArn": aws_world.listener, "certificateArn": aws_world.certificate}
    with pytest.raises(CallFailed, match="HTTPS and TLS listeners only"):
        aws_driver.create(aws_driver.check(CERTIFICATE, "web", inputs))
