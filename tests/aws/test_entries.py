"""The resources of entries with an Application Load Balancer, and their refusals before any resource."""

from __future__ import annotations

import pulumi
import pytest

from bluegreen.aws import EcsService, alb, alb_listeners, nlb
from bluegreen.aws.elb import balancer
from tests.aws import mocked

NETWORK = {"vpc_id": "vpc-1", "subnet_ids": ["subnet-1", "subnet-2"]}
COLORS = {"active_color": "blue", "blue": {"image": "app:v1"}, "green": {"image": "app:v2"}}
LISTENER = "arn:aws:elasticloadbalancing:eu-central-1:1:listener/app/shared/50dc6c495c0c9188/f2f7dc8efc522ab2"
RULE = LISTENER.replace(":listener/", ":listener-rule/") + "/9683b2d02a6cabee"


def declared(entry, **more):
    recorder, service = mocked.run(lambda: EcsService("web", entry=entry, **{**COLORS, **NETWORK, **more}))
    return recorder.resources, service


def of(resources, kind):
    return {found.name: found.inputs for found in resources if found.type == kind}


def swap_of(resources):
    (swap,) = of(resources, "pulumi-python:dynamic/bluegreen:TrafficSwap").values()
    return swap


def test_certificates_beyond_the_first_are_chosen_by_sni():
    resources, _ = declared(alb(certificate_arns=["arn:default", "arn:shop", "arn:blog"]))
    (listener,) = of(resources, "aws:lb/listener:Listener").values()
    assert (listener["protocol"], listener["port"], listener["certificateArn"]) == ("HTTPS", 443, "arn:default")
    others = of(resources, "aws:lb/listenerCertificate:ListenerCertificate").values()
    assert sorted(found["certificateArn"] for found in others) == ["arn:blog", "arn:shop"]


def test_everybody_is_everybody_with_ipv6_too():
    resources, _ = declared(alb(ip_address_type="dualstack", ipv6_units=True))
    (made,) = of(resources, "aws:lb/loadBalancer:LoadBalancer").values()
    assert made["ipAddressType"] == "dualstack"
    (rule,) = of(resources, "aws:ec2/securityGroup:SecurityGroup")["web-alb"]["ingress"]
    assert (rule["cidrBlocks"], rule["ipv6CidrBlocks"]) == (["0.0.0.0/0"], ["::/0"])
    groups = of(resources, "aws:lb/targetGroup:TargetGroup")
    assert {group["ipAddressType"] for group in groups.values()} == {"ipv6"}


def test_both_target_groups_have_the_same_options():
    resources, _ = declared(
        alb(
            health_check={"path": "/ready"},
            deregistration_delay_seconds=90,
            slow_start_seconds=60,
            cross_zone=False,
            protocol_version="GRPC",
            certificate_arns=["arn:default"],
            unit_stickiness_seconds=300,
        )
    )
    blue, green = of(resources, "aws:lb/targetGroup:TargetGroup").values()
    for group in (blue, green):
        assert (group["deregistrationDelay"], group["slowStart"]) == (90, 60)
        assert (group["loadBalancingCrossZoneEnabled"], group["protocolVersion"]) == ("false", "GRPC")
        assert group["stickiness"] == {"type": "lb_cookie", "cookieDuration": 300, "enabled": True}
        assert (group["healthCheck"]["path"], group["healthCheck"]["interval"]) == ("/ready", 10)
        assert group["tags"]["BG_VERSION"] in ("BLUE", "GREEN")
    assert {**blue, "tags": None} == {**green, "tags": None}


def test_a_listener_that_is_there_gets_rules_and_nothing_else():
    resources, _ = declared(alb(listener_arn=LISTENER, rule_priority=200))
    assert not of(resources, "aws:lb/listener:Listener")
    rules = of(resources, "aws:lb/listenerRule:ListenerRule")
    assert {(rule["priority"], rule["listenerArn"]) for rule in rules.values()} == {(198, LISTENER), (199, LISTENER)}
    router = swap_of(resources)["router"]
    assert (router["listener_arn"], router["priority"]) == (LISTENER, 200)


def test_a_rule_that_is_there_is_the_swaps_and_its_listener_is_found_in_its_arn():
    resources, _ = declared(alb(rule_arn=RULE, rule_priority=12))
    rules = of(resources, "aws:lb/listenerRule:ListenerRule")
    assert {(rule["priority"], rule["listenerArn"]) for rule in rules.values()} == {(10, LISTENER), (11, LISTENER)}
    router = swap_of(resources)["router"]
    assert router["rule_arn"] == RULE
    assert "listener_arn" not in router


def test_a_whole_listener_is_the_swaps_default_action():
    resources, _ = declared(alb(listener_arn=LISTENER, whole_listener=True, rule_priority=12))
    router = swap_of(resources)["router"]
    assert router["listener_arn"] == LISTENER
    assert not router.keys() & {"priority", "rule_arn"}
    rules = of(resources, "aws:lb/listenerRule:ListenerRule")
    assert {rule["priority"] for rule in rules.values()} == {10, 11}


def test_what_runs_already_is_a_color_as_it_is():
    existing = {
        "service_arn": "arn:aws:ecs:eu-central-1:1:service/shared/legacy",
        "target_group_arn": "arn:legacy-group",
        "task_definition_arn": "arn:legacy:7",
        "release": "app:v1",
    }
    resources, _ = declared(alb(rule_arn=RULE), blue={"existing": existing}, cluster_arn="arn:cluster/shared")
    assert set(of(resources, "aws:ecs/service:Service")) == {"web-green"}
    assert set(of(resources, "aws:lb/targetGroup:TargetGroup")) == {"web-green"}
    swap = swap_of(resources)
    assert swap["releases"]["blue"] == "app:v1"
    assert swap["capacity"]["services"]["blue"] == "legacy"
    assert swap["capacity"]["task_definitions"]["blue"] == "arn:legacy:7"
    assert swap["router"]["target_groups"]["blue"] == "arn:legacy-group"


def test_two_listeners_have_a_rule_of_the_swap_each_and_previews_at_the_test_one():
    resources, _ = declared(alb_listeners(listener_port=8080, test_port=8081))
    listeners = of(resources, "aws:lb/listener:Listener")
    assert {name: listener["port"] for name, listener in listeners.items()} == {
        "web-production": 8080,
        "web-test": 8081,
    }
    assert {rule["listenerArn"][-8:] for rule in of(resources, "aws:lb/listenerRule:ListenerRule").values()} == {
        "web-test"
    }
    swap = swap_of(resources)
    assert (swap["router"]["priority"], swap["router"]["test"]["priority"]) == (100, 100)
    assert swap["previews"]["green"]["url"] == "http://web.example.com:8081"


def test_two_rules_that_are_there_are_swapped():
    test_rule = RULE.replace("f2f7dc8efc522ab2", "aaaaaaaaaaaaaaaa")
    resources, _ = declared(alb_listeners(rule_arn=RULE, test_rule_arn=test_rule))
    router = swap_of(resources)["router"]
    assert (router["rule_arn"], router["test"]) == (RULE, {"rule_arn": test_rule})
    assert not router.keys() & {"listener_arn", "priority"}


def test_an_arn_holds_those_of_what_it_belongs_to():
    assert balancer._balancer_arn(RULE) == balancer._balancer_arn(LISTENER)
    assert balancer._balancer_arn(LISTENER).endswith(":loadbalancer/app/shared/50dc6c495c0c9188")


COUNTED = {"autoscaling": {"min_capacity": 2, "max_capacity": 4, "target_requests_per_task": 100}}
REFUSED = [
    (nlb(), COUNTED, "autoscaling.target_requests_per_task: 100 is not allowed; allowed: none without an Application"),
    (alb(slow_start_seconds=10), {}, "slow_start_seconds: 10 is not allowed; allowed: 0, or a whole number from 30"),
    (
        alb(slow_start_seconds=30, algorithm="weighted_random"),
        {},
        "algorithm: 'weighted_random' is not allowed; allowed: round_robin, where slow_start_seconds is set",
    ),
    (alb(deregistration_delay_seconds=3601), {}, "deregistration_delay_seconds: 3601 is not allowed"),
    (alb(stickiness_seconds=-1), {}, "router.stickiness_seconds: -1 is not allowed"),
    (
        alb(sticky_clients="kept"),
        {},
        "sticky_clients: 'kept' is not allowed; allowed: drained, or kept with",
    ),
    (alb(sticky_clients="glued"), {}, "router.sticky_clients: 'glued' is not allowed; allowed: drained, kept"),
    (alb(ip_address_type="ipv5"), {}, "ip_address_type: 'ipv5' is not allowed"),
    (alb(listener_port=0), {}, "listener_port: 0 is not allowed"),
    (alb(rule_arn=RULE, listener_arn=LISTENER), {}, "allowed: none, where a rule_arn is given"),
    (alb(rule_arn=RULE, host_headers=["a"]), {}, "it has its own"),
    (
        alb(whole_listener=True),
        {},
        "listener_arn: None is not allowed; allowed: the listener, where",
    ),
    (alb(listener_arn=LISTENER, load_balancer_arn="arn:lb"), {}, "load_balancer_arn: 'arn:lb' is not allowed"),
    (alb(health_cheque={}), {}, "health_cheque: {} is not allowed; allowed: no such field"),
    (alb(), {"blue": {"existing": {"release": "v1"}}}, "blue.existing.service_arn: None is not allowed"),
    (alb_listeners(), {"strategy": "CANARY"}, "none: the alb_listeners router cannot split traffic"),
    (alb_listeners(), {"promote_to_percent": 50}, "promote_to_percent: 50 is not allowed"),
    (alb_listeners(rule_arn=RULE), {}, "test_rule_arn: None is not allowed; allowed: both of production and test"),
    (alb_listeners(test_port=80), {}, "test_port: 80 is not allowed; allowed: another port than production's"),
    (alb_listeners(rule_priority=1), {}, "rule_priority: 1 is not allowed"),
]


@pytest.mark.parametrize(("entry", "more", "expected"), REFUSED, ids=[expected[:40] for _, _, expected in REFUSED])
def test_what_cannot_be_is_refused_with_a_message_before_anything_is_declared(entry, more, expected):
    with pytest.raises(pulumi.RunError) as refused:
        declared(entry, **more)
    assert expected in str(refused.value)


def test_an_argument_that_there_is_not_is_an_error_as_ever():
    with pytest.raises(TypeError, match="unexpected arguments: bake_secs"):
        declared(alb(), bake_secs=1)
