"""The resources of `nlb()`, and its refusals before any resource."""

from __future__ import annotations

import pulumi
import pytest

import bluegreen
from bluegreen.aws import EcsService, nlb
from tests.aws import mocked

SHORTEST = {
    "active_color": "blue",
    "blue": {"image": "app:v1"},
    "green": {"image": "app:v2"},
    "vpc_id": "vpc-1",
    "subnet_ids": ["subnet-1", "subnet-2"],
}
HTTP = {"protocol": "HTTP"}
GIVEN = "arn:aws:elasticloadbalancing:eu-central-1:1:listener/net/shop/1/2"


def declared(**more):
    """The resources of a service, by type and name, and the service."""
    recorder, service = mocked.run(lambda: EcsService("web", **{**SHORTEST, "entry": nlb(), **more}))
    found = {}
    for resource in recorder.resources:
        found.setdefault(resource.type, {})[resource.name] = resource.inputs
    return found, service


def listeners(found):
    return {name: (one["port"], one["defaultActions"][0]["targetGroupArn"]) for name, one in found.items()}


def arn(name):
    return f"arn:aws:x:eu-central-1:1:{name}"


def swap_of(resources):
    (swap,) = resources["pulumi-python:dynamic/bluegreen:TrafficSwap"].values()
    return swap


def test_production_has_the_live_color_test_the_idle_one_and_each_color_a_port_of_its_own():
    resources, _ = declared(active_color="green")
    assert listeners(resources["aws:lb/listener:Listener"]) == {
        "web-production": (80, arn("web-green")),
        "web-test": (81, arn("web-blue")),
        "web-blue": (82, arn("web-blue")),
        "web-green": (83, arn("web-green")),
    }
    router = swap_of(resources)["router"]
    assert (router["kind"], router["listener_arn"], router["test_listener_arn"]) == (
        "nlb",
        arn("web-production"),
        arn("web-test"),
    )
    assert router["made_with_it"] is True


def test_both_colors_are_checked_alike():
    entry = nlb(health_check={**HTTP, "interval": 5, "timeout": 2}, stickiness="source_ip", preserve_client_ip=True)
    resources, _ = declared(entry=entry)
    groups = resources["aws:lb/targetGroup:TargetGroup"]
    blue, green = ({**groups[f"web-{color}"], "tags": None} for color in ("blue", "green"))
    assert blue == green
    assert blue["healthCheck"] == {
        "protocol": "HTTP",
        "path": "/healthz",
        "matcher": "200",
        "interval": 5,
        "timeout": 2,
        "healthyThreshold": 2,
        "unhealthyThreshold": 2,
    }
    assert (blue["protocol"], blue["stickiness"]["type"], blue["preserveClientIp"]) == ("TCP", "source_ip", "true")
    assert groups["web-blue"]["tags"]["BG_VERSION"] == "BLUE"


def test_the_load_balancer_lets_clients_in_at_its_ports_and_units_let_it_in_alone():
    resources, _ = declared(entry=nlb(ingress_cidrs=["203.0.113.0/24"], preview_cidrs=["10.0.0.0/8"]))
    groups = resources["aws:ec2/securityGroup:SecurityGroup"]
    allowed = {rule["fromPort"]: rule["cidrBlocks"] for rule in groups["web-nlb"]["ingress"]}
    assert allowed == {80: ["203.0.113.0/24"], **{port: ["10.0.0.0/8"] for port in (81, 82, 83)}}
    (balancer,) = resources["aws:lb/loadBalancer:LoadBalancer"].values()
    assert (balancer["loadBalancerType"], balancer["enableCrossZoneLoadBalancing"]) == ("network", True)
    assert groups["web-tasks"]["ingress"][0]["securityGroups"] == ["web-nlb-id"]


def test_elastic_addresses_are_given_to_the_subnets_in_their_order():
    resources, _ = declared(entry=nlb(allocation_ids=["eip-1", "eip-2"]))
    (balancer,) = resources["aws:lb/loadBalancer:LoadBalancer"].values()
    assert balancer["subnetMappings"] == [
        {"subnetId": "subnet-1", "allocationId": "eip-1"},
        {"subnetId": "subnet-2", "allocationId": "eip-2"},
    ]
    assert "subnets" not in balancer


def test_tls_has_its_certificates_on_every_listener():
    entry = nlb(protocol="TLS", certificate_arns=["arn:cert:1", "arn:cert:2"], domain_name="api.example.com")
    resources, _ = declared(entry=entry)
    made = resources["aws:lb/listener:Listener"]
    assert {(one["port"], one["protocol"], one["certificateArn"]) for one in made.values()} == {
        (port, "TLS", "arn:cert:1") for port in (443, 444, 445, 446)
    }
    more = resources["aws:lb/listenerCertificate:ListenerCertificate"]
    assert {one["certificateArn"] for one in more.values()} == {"arn:cert:2"}
    assert len(more) == 4
    assert {one["protocol"] for one in resources["aws:lb/targetGroup:TargetGroup"].values()} == {"TCP"}


@pytest.mark.parametrize(
    ("options", "urls"),
    [
        ({}, ("tcp://web.example.com:80", "tcp://web.example.com:82")),
        ({"health_check": HTTP}, ("http://web.example.com", "http://web.example.com:82")),
        ({"protocol": "UDP", "listener_port": 53}, ("udp://web.example.com:53", "udp://web.example.com:55")),
        (
            {"protocol": "TLS", "certificate_arns": ["arn:c"], "health_check": HTTP, "domain_name": "api.example.com"},
            ("https://api.example.com", "https://api.example.com:445"),
        ),
    ],
)
def test_urls_say_what_units_speak(options, urls):
    seen = []

    def program():
        service = EcsService("web", **SHORTEST, entry=nlb(**options))
        pulumi.Output.all(service.url, service.preview_urls).apply(seen.append)
        return service

    mocked.run(program)
    ((url, previews),) = seen
    assert (url, previews["blue"]) == urls


def test_steps_are_planned():
    resources, _ = declared(strategy=bluegreen.canary(10, hold_seconds=60))
    assert swap_of(resources)["strategy"]["steps"][0] == {"weight_percent": 10, "hold_seconds": 60}


def test_without_a_test_listener_both_colors_stay_attached():
    resources, _ = declared(entry=nlb(test_port=None))
    assert "test_listener_arn" not in swap_of(resources)["router"]
    assert set(listeners(resources["aws:lb/listener:Listener"])) == {"web-production", "web-blue", "web-green"}


def test_a_listener_that_is_there_is_taken_as_it_is(monkeypatch):
    found = {"protocol": "TCP", "port": 90, "dnsName": "shared.example.com", "securityGroups": []}
    monkeypatch.setattr(mocked.Recorder, "call", lambda _, call: {**call.args, **found})
    entry = nlb(listener_arn=GIVEN, test_listener_arn=f"{GIVEN}3", unit_source_cidrs=["10.0.0.0/16"])
    resources, _ = declared(entry=entry)
    assert set(resources["aws:lb/listener:Listener"]) == {"web-blue", "web-green"}
    assert "aws:lb/loadBalancer:LoadBalancer" not in resources
    router = swap_of(resources)["router"]
    assert (router["listener_arn"], router["test_listener_arn"]) == (GIVEN, f"{GIVEN}3")
    assert router["made_with_it"] is False
    assert resources["aws:ec2/securityGroup:SecurityGroup"]["web-tasks"]["ingress"][0]["cidrBlocks"] == ["10.0.0.0/16"]


@pytest.mark.parametrize(
    ("options", "settings", "named"),
    [
        ({"protocol": "HTTP"}, {}, "protocol: 'HTTP' is not allowed"),
        ({"protocol": "TLS"}, {}, "certificate_arns: 0"),
        ({"certificate_arns": ["arn:c"]}, {}, "certificate_arns: 1"),
        ({"test_port": 80}, {}, "test_port: 80"),
        ({"listener_port": 65_533}, {}, "color_ports.green: 65536"),
        ({"stickiness": "cookie"}, {}, "stickiness: 'cookie'"),
        ({"stickiness": "source_ip", "protocol": "TLS", "certificate_arns": ["arn:c"]}, {}, "stickiness: 'source_ip'"),
        ({"preserve_client_ip": False, "protocol": "UDP"}, {}, "preserve_client_ip: False"),
        ({"reencrypt": True}, {}, "reencrypt: True"),
        ({"health_check": {"path": "/healthz"}}, {}, "health_check.path: '/healthz'"),
        ({"health_check": {"interval": 5}}, {}, "health_check.timeout"),
        ({"health_check": {"intervall": 5}}, {}, "health_check.intervall"),
        ({"allocation_ids": ["eip-1"], "internal": True}, {}, "allocation_ids: 1"),
        ({"listener_arn": GIVEN, "load_balancer_arn": "arn:lb"}, {}, "load_balancer_arn: 'arn:lb'"),
        ({"test_listener_arn": GIVEN}, {}, f"test_listener_arn: '{GIVEN}'"),
        ({"ip_address_type": "dualstack", "protocol": "UDP"}, {}, "ip_address_type: 'dualstack'"),
        ({"tcp_idle_timeout_seconds": 60, "protocol": "UDP"}, {}, "tcp_idle_timeout_seconds: 60"),
        ({"slow_start_seconds": 30}, {}, "slow_start_seconds: 30"),
        ({}, {"gates": [bluegreen.gates.http("/healthz")]}, "gates: 'http'"),
    ],
)
def test_what_cannot_be_is_refused_by_name(options, settings, named):
    with pytest.raises(pulumi.RunError) as refused:
        declared(entry=nlb(**options), **settings)
    assert named in str(refused.value)
