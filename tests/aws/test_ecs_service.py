"""What `EcsService` declares, and what it refuses before it declares anything."""

from __future__ import annotations

import json

import pulumi
import pytest

import bluegreen
from bluegreen.aws import EcsService
from tests.aws import mocked

SHORTEST = {
    "active_color": "blue",
    "blue": {"image": "app:v1"},
    "green": {"image": "app:v2"},
    "vpc_id": "vpc-1",
    "subnet_ids": ["subnet-1", "subnet-2"],
}


def declared(**more):
    recorder, service = mocked.run(lambda: EcsService("web", **{**SHORTEST, **more}))
    return recorder.resources, service


def of(resources, kind):
    return {found.name: found.inputs for found in resources if found.type == kind}


def test_the_shortest_program_has_both_colors_and_one_owner_of_traffic():
    resources, _ = declared()
    assert set(of(resources, "aws:ecs/service:Service")) == {"web-blue", "web-green"}
    (swap,) = of(resources, "pulumi-python:dynamic/bluegreen:TrafficSwap").values()
    assert swap["router"]["owner"] == "shop/test/web"
    assert swap["releases"] == {"blue": "app:v1", "green": "app:v2"}
    assert swap["plan"] == ["blue 100 %, gates: target health"]
    assert "aws:lb/loadBalancer:LoadBalancer" in {found.type for found in resources}


def test_only_the_first_live_color_starts_with_tasks():
    resources, _ = declared(desired_count=3)
    services = of(resources, "aws:ecs/service:Service")
    assert (services["web-blue"]["desiredCount"], services["web-green"]["desiredCount"]) == (3, 0)


def test_the_listener_says_503_by_itself_and_each_color_has_a_rule_that_never_changes():
    resources, _ = declared(preview_cidrs=["10.0.0.0/8"])
    (listener,) = of(resources, "aws:lb/listener:Listener").values()
    assert listener["defaultActions"][0]["fixedResponse"]["statusCode"] == "503"
    rules = of(resources, "aws:lb/listenerRule:ListenerRule")
    assert {rule["priority"] for rule in rules.values()} == {98, 99}
    header, cidrs = rules["web-green-preview"]["conditions"]
    assert header["httpHeader"] == {"httpHeaderName": "X-Bluegreen-Color", "values": ["green"]}
    assert cidrs["sourceIp"] == {"values": ["10.0.0.0/8"]}


def test_both_colors_are_alike_but_for_the_release():
    resources, _ = declared()
    for kind in ("aws:lb/targetGroup:TargetGroup", "aws:ecs/taskDefinition:TaskDefinition"):
        found = of(resources, kind)
        blue, green = (
            json.dumps(found[f"web-{color}"], sort_keys=True)
            .replace("bluegreen:", "")
            .replace(color, "COLOR")
            .replace(color.upper(), "COLOR")
            for color in ("blue", "green")
        )
        assert blue.replace("app:v1", "app:v2") == green


def test_what_is_there_already_is_used_and_not_made():
    resources, _ = declared(
        load_balancer_arn="arn:lb", cluster_arn="arn:cluster", certificate_arn="arn:cert", execution_role_arn="arn:role"
    )
    kinds = {found.type for found in resources}
    assert not kinds & {"aws:lb/loadBalancer:LoadBalancer", "aws:ecs/cluster:Cluster", "aws:iam/role:Role"}
    (listener,) = of(resources, "aws:lb/listener:Listener").values()
    assert (listener["protocol"], listener["port"], listener["certificateArn"]) == ("HTTPS", 443, "arn:cert")
    tasks = of(resources, "aws:ec2/securityGroup:SecurityGroup")["web-tasks"]
    assert tasks["ingress"][0]["securityGroups"] == ["sg-shared"]


def test_secrets_are_references():
    secret = "arn:aws:secretsmanager:eu-central-1:1:secret:token-AbCdEf"
    resources, _ = declared(blue={"image": "app:v1", "secrets": {"TOKEN": f"{secret}:key::"}})
    (policy,) = of(resources, "aws:iam/rolePolicy:RolePolicy").values()
    assert json.loads(policy["policy"])["Statement"][0]["Resource"] == [secret]
    task = of(resources, "aws:ecs/taskDefinition:TaskDefinition")["web-blue"]
    (container,) = json.loads(task["containerDefinitions"])
    assert container["secrets"] == [{"name": "TOKEN", "valueFrom": f"{secret}:key::"}]


def test_an_image_that_is_built_in_the_same_stack_is_waited_for():
    resources, _ = declared(green={"image": pulumi.Output.from_input("app:built")})
    (swap,) = of(resources, "pulumi-python:dynamic/bluegreen:TrafficSwap").values()
    assert swap["releases"]["green"] == "app:built"


def test_more_than_the_image_makes_another_release():
    resources, _ = declared(blue={"image": "app:v1", "environment": {"A": "1"}})
    (swap,) = of(resources, "pulumi-python:dynamic/bluegreen:TrafficSwap").values()
    assert swap["releases"]["blue"].startswith("app:v1 (")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"active_color": "purple"}, "active_color: 'purple' is not allowed; allowed: blue, green"),
        ({"green": {}}, "green.image: None is not allowed; allowed: a container image"),
        ({"green": {"image": ""}}, "green.image: '' is not allowed"),
        ({"green": {"image": "a", "imagee": "b"}}, "green.imagee: 'b' is not allowed; allowed: no such field"),
        (
            {"green": {"image": "app:v2", "ports": [9000]}},
            "container_port: 8080 is not allowed; allowed: a port that a container of green has: 9000",
        ),
        (
            {"blue": {"containers": [{"name": "app", "image": "a"}]}},
            "allowed: a port that a container of blue has: none has any",
        ),
        ({"green": {"image": "a", "ports": "8080"}}, "green.ports: '8080' is not allowed; allowed: a list of ports"),
        ({"green": {"containers": []}}, "green.containers: [] is not allowed"),
        (
            {"green": {"containers": [{"name": "app", "image": "a", "portMappings": [{"hostPort": 8080}]}]}},
            "green.containers[0].portMappings[0].containerPort: None is not allowed",
        ),
        ({"strategy": bluegreen.steps([(50, 1), (10, 1)])}, "strategy.steps[1].weight_percent: 10 is not allowed"),
        ({"gates": [{"kind": "hope"}]}, "gates[0].kind: 'hope' is not allowed; allowed: http, target_health"),
        ({"rule_priority": 2}, "rule_priority: 2 is not allowed"),
        ({"bake_seconds": -1}, "bake_seconds: -1 is not allowed"),
    ],
)
def test_what_cannot_be_is_refused_with_a_message_before_anything_is_declared(arguments, expected):
    with pytest.raises(pulumi.RunError) as refused:
        declared(**arguments)
    assert expected in str(refused.value)
    assert "nothing was written" in str(refused.value)


def test_everything_that_is_wrong_is_said_at_once():
    with pytest.raises(pulumi.RunError) as refused:
        declared(active_color="purple", green={})
    assert "active_color" in str(refused.value)
    assert "green.image" in str(refused.value)
