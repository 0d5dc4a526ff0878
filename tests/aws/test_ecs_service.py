"""The resources of `EcsService`, and its refusals before any resource."""

from __future__ import annotations

import json

import pulumi
import pytest

import bluegreen
from bluegreen.aws import EcsService, alb, gate_inputs
from bluegreen.aws.ecs import autoscaling as ecs_autoscaling
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
    assert swap["plan"] == ["100 % blue; gates: target health"]
    assert "aws:lb/loadBalancer:LoadBalancer" in {found.type for found in resources}


def test_only_the_first_live_color_starts_with_tasks():
    resources, _ = declared(desired_count=3)
    services = of(resources, "aws:ecs/service:Service")
    assert (services["web-blue"]["desiredCount"], services["web-green"]["desiredCount"]) == (3, 0)


def test_the_listener_says_503_by_itself_and_each_color_has_a_rule_that_never_changes():
    resources, _ = declared(entry=alb(preview_cidrs=["10.0.0.0/8"]))
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
        entry=alb(load_balancer_arn="arn:lb", certificate_arns=["arn:cert"]),
        cluster_arn="arn:cluster",
        execution_role_arn="arn:role",
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


SCALING = {"min_capacity": 2, "max_capacity": 10, "target_cpu_percent": 60}


def test_without_autoscaling_there_is_none():
    resources, _ = declared()
    assert not of(resources, "aws:appautoscaling/target:Target")
    (swap,) = of(resources, "pulumi-python:dynamic/bluegreen:TrafficSwap").values()
    assert "autoscaling" not in swap["capacity"]


def test_both_colors_scale_by_the_same_and_the_idle_one_starts_nothing():
    resources, _ = declared(
        cluster_arn="arn:aws:ecs:eu-central-1:1:cluster/shared",
        autoscaling={**SCALING, "target_requests_per_task": 500, "target_memory_percent": 75},
    )
    targets = of(resources, "aws:appautoscaling/target:Target")
    ranges = {name: (target["minCapacity"], target["maxCapacity"]) for name, target in targets.items()}
    assert ranges == {"web-blue": (2, 10), "web-green": (0, 10)}
    assert targets["web-green"]["resourceId"] == "service/shared/web-green"
    assert "tags" not in targets["web-green"], "tags on it are the swap's notes"
    policies = of(resources, "aws:appautoscaling/policy:Policy")
    tracked = {
        name: (
            policy["targetTrackingScalingPolicyConfiguration"]["targetValue"],
            policy["targetTrackingScalingPolicyConfiguration"]["predefinedMetricSpecification"]["predefinedMetricType"],
        )
        for name, policy in policies.items()
    }
    for color in ("blue", "green"):
        assert tracked[f"web-{color}-cpu"] == (60, "ECSServiceAverageCPUUtilization")
        assert tracked[f"web-{color}-memory"] == (75, "ECSServiceAverageMemoryUtilization")
        assert tracked[f"web-{color}-requests"] == (500, "ALBRequestCountPerTarget")
    assert len(tracked) == 6
    (swap,) = of(resources, "pulumi-python:dynamic/bluegreen:TrafficSwap").values()
    assert swap["capacity"]["autoscaling"] == {"min_capacity": 2, "max_capacity": 10}


def test_requests_are_counted_for_each_colors_own_target_group():
    listener = "arn:aws:elasticloadbalancing:eu-central-1:1:listener/app/web-1a2b/50dc6c495c0c9188/f2f7dc8efc522ab2"
    group = "arn:aws:elasticloadbalancing:eu-central-1:1:targetgroup/web-green/73e2d6bc24d8a067"
    label = ecs_autoscaling._resource_label([listener, group])
    assert label == "app/web-1a2b/50dc6c495c0c9188/targetgroup/web-green/73e2d6bc24d8a067"


def test_policies_of_ones_own_are_taken_as_they_are():
    mine = {"target_value": 100, "customized_metric_specification": {"metric_name": "Jobs", "namespace": "Mine"}}
    resources, _ = declared(autoscaling={"min_capacity": 1, "max_capacity": 4, "policies": [mine]})
    policies = of(resources, "aws:appautoscaling/policy:Policy")
    assert set(policies) == {"web-blue-policy-1", "web-green-policy-1"}
    (found,) = {str(policy["targetTrackingScalingPolicyConfiguration"]) for policy in policies.values()}
    assert "Jobs" in found


def test_a_fraction_of_the_live_color_rests():
    resources, _ = declared(desired_count=3, idle_capacity_percent=50, autoscaling=SCALING)
    services = of(resources, "aws:ecs/service:Service")
    assert (services["web-blue"]["desiredCount"], services["web-green"]["desiredCount"]) == (3, 2)
    assert of(resources, "aws:appautoscaling/target:Target")["web-green"]["minCapacity"] == 2
    (swap,) = of(resources, "pulumi-python:dynamic/bluegreen:TrafficSwap").values()
    assert swap["idle_capacity_percent"] == 50


def test_a_range_that_only_an_update_knows_is_taken():
    resources, _ = declared(autoscaling={**SCALING, "min_capacity": pulumi.Output.from_input(3)})
    assert of(resources, "aws:appautoscaling/target:Target")["web-blue"]["minCapacity"] == 3


def test_metrics_of_the_load_balancer_are_asked_for_by_color_and_as_the_swap_asks():
    errors = bluegreen.gates.cloudwatch(
        "AWS/ApplicationELB",
        "HTTPCode_Target_5XX_Count",
        max=5,
        statistic="Sum",
        dimensions={"LoadBalancer": "{load_balancer}", "TargetGroup": "{target_group}", "AvailabilityZone": "a"},
    )
    alarms = bluegreen.gates.cloudwatch_alarms(["errors"], aws={"region": "us-east-2"})
    resources, _ = declared(
        gates=[errors, alarms, bluegreen.gates.http("/healthz")],
        bake_seconds=600,
        aws_connection={"region": "eu-west-1"},
    )
    (swap,) = of(resources, "pulumi-python:dynamic/bluegreen:TrafficSwap").values()
    metric, alarm, http = swap["gates"]
    assert metric["source"]["aws"] == {"region": "eu-west-1"}
    assert alarm["aws"] == {"region": "us-east-2"}, "one's own goes first"
    assert "aws" not in http
    by_color = metric["source"]["color_dimensions"]
    assert {color: found["TargetGroup"] for color, found in by_color.items()} == {
        "blue": "web-blue",
        "green": "web-green",
    }
    assert {found["AvailabilityZone"] for found in by_color.values()} == {"a"}
    assert "dimensions" not in metric["source"]


def test_a_listeners_arn_names_its_load_balancer():
    arn = "arn:aws:elasticloadbalancing:us-east-1:1:listener/app/web/50dc6c495c0c9188/f2f7dc8efc522ab2"
    assert gate_inputs._balancer_of(arn) == "app/web/50dc6c495c0c9188"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"autoscaling": {**SCALING, "min_capacity": 11}}, "autoscaling.max_capacity: 10 is not allowed"),
        ({"autoscaling": {**SCALING, "min_capacity": 0}}, "autoscaling.min_capacity: 0 is not allowed"),
        ({"autoscaling": {**SCALING, "target_cpu_percent": 101}}, "autoscaling.target_cpu_percent: 101 is not allowed"),
        ({"autoscaling": {**SCALING, "cpu": 1}}, "autoscaling.cpu: 1 is not allowed"),
        ({"autoscaling": {**SCALING, "policies": [{}]}}, "autoscaling.policies[0].target_value: None is not allowed"),
        ({"autoscaling": {"min_capacity": 1, "max_capacity": 2}}, "allowed: at least one of target_cpu_percent"),
        ({"autoscaling": {**SCALING, "min_capacity": 3}}, "desired_count: 2 is not allowed; allowed: 3 to 10"),
        ({"idle_capacity_percent": 101}, "idle_capacity_percent: 101 is not allowed"),
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
        ({"gates": [{"kind": "hope"}]}, "gates[0].kind: 'hope' is not allowed; allowed: "),
        ({"entry": alb(rule_priority=2)}, "rule_priority: 2 is not allowed"),
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
