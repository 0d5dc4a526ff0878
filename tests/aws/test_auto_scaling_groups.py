"""The resources of `AutoScalingGroups`, and its refusals before any resource."""

from __future__ import annotations

import base64
import json

import pulumi
import pytest

from bluegreen.aws import AutoScalingGroups, alb, nlb
from bluegreen.aws.asg.capacity import AsgCapacity
from bluegreen.fields import Fields
from tests.aws import mocked

SHORTEST = {
    "active_color": "blue",
    "blue": {"image_id": "ami-1"},
    "green": {"image_id": "ami-2"},
    "vpc_id": "vpc-1",
    "subnet_ids": ["subnet-1", "subnet-2"],
}
SCALING = {"min_capacity": 2, "max_capacity": 10, "target_cpu_percent": 60}
GROUP, TEMPLATE = "aws:autoscaling/group:Group", "aws:ec2/launchTemplate:LaunchTemplate"


class Versions(mocked.Recorder):
    """A launch template has an ID and a version, as the provider answers."""

    def new_resource(self, args):
        found, outputs = super().new_resource(args)
        if args.typ == TEMPLATE:
            found, outputs = f"lt-{'a' if 'blue' in args.name else 'b'}", {**outputs, "latestVersion": 3}
        return found, outputs


@pytest.fixture(autouse=True)
def versions(monkeypatch):
    monkeypatch.setattr(mocked, "Recorder", Versions)


def declared(**more):
    recorder, groups = mocked.run(lambda: AutoScalingGroups("web", **{**SHORTEST, **more}))
    return recorder.resources, groups


def of(resources, kind):
    return {found.name: found.inputs for found in resources if found.type == kind}


def swap_of(resources):
    (swap,) = of(resources, "pulumi-python:dynamic/bluegreen:TrafficSwap").values()
    return swap


def sizes(group):
    return group["minSize"], group["desiredCapacity"], group["maxSize"]


def test_the_shortest_program_has_both_colors_and_one_owner_of_traffic():
    resources, _ = declared()
    assert set(of(resources, GROUP)) == {"web-blue", "web-green"}
    swap = swap_of(resources)
    assert swap["releases"] == {
        "blue": "ami-1 (launch template version 3)",
        "green": "ami-2 (launch template version 3)",
    }
    assert swap["capacity"]["launch_templates"] == {"blue": "lt-a:3", "green": "lt-b:3"}
    assert swap["capacity"]["groups"] == {"blue": "web-blue", "green": "web-green"}
    assert swap["steady_state_timeout_seconds"] == 1800
    fields = Fields({key: value for key, value in swap["capacity"].items() if key != "kind"})
    AsgCapacity.parse(fields)
    fields.done()
    assert fields.problems == [], "what the component hands over is what the capacity takes"


def test_a_group_launches_a_fixed_version_into_a_target_group_that_is_checked():
    resources, _ = declared()
    group = of(resources, GROUP)["web-green"]
    assert group["launchTemplate"] == {"id": "lt-b", "version": "3"}
    assert (group["healthCheckType"], group["waitForCapacityTimeout"]) == ("ELB", "0")
    assert group["targetGroupArns"] == ["arn:aws:x:eu-central-1:1:web-green"]
    assert of(resources, "aws:lb/targetGroup:TargetGroup")["web-green"]["targetType"] == "instance"
    tags = {tag["key"]: tag["value"] for tag in group["tags"] if tag["propagateAtLaunch"]}
    assert tags == {"BG_VERSION": "GREEN", "bluegreen:color": "green", "bluegreen:service": "web"}


def test_only_the_first_live_color_starts_with_instances():
    resources, _ = declared(desired_count=3)
    groups = of(resources, GROUP)
    assert sizes(groups["web-blue"]) == (3, 3, 3)
    assert sizes(groups["web-green"]) == (0, 0, 0)
    resources, _ = declared(desired_count=3, idle_capacity_percent=50, autoscaling=SCALING)
    groups = of(resources, GROUP)
    assert sizes(groups["web-blue"]) == (2, 3, 10)
    assert sizes(groups["web-green"]) == (2, 2, 10)


def test_both_colors_are_alike_but_for_the_release():
    resources, _ = declared(green={"image_id": "ami-1"}, autoscaling=SCALING, idle_capacity_percent=100)
    for kind in (TEMPLATE, "aws:lb/targetGroup:TargetGroup", "aws:autoscaling/policy:Policy"):
        found = {name.replace("blue", "COLOR").replace("green", "COLOR"): [] for name in of(resources, kind)}
        for name, inputs in of(resources, kind).items():
            text = json.dumps(inputs, sort_keys=True).replace("bluegreen:", "")
            for word in ("blue", "green", "BLUE", "GREEN"):
                text = text.replace(word, "COLOR")
            found[name.replace("blue", "COLOR").replace("green", "COLOR")].append(text)
        assert all(blue == green for blue, green in found.values())


def test_a_launch_template_is_made_of_the_short_fields():
    template = {"block_device_mappings": [{"device_name": "/dev/xvda", "ebs": {"encrypted": "true"}}]}
    blue = {"image_id": "ami-1", "instance_type": "m7g.large", "user_data": "#!/bin/sh\n", "template": template}
    resources, _ = declared(blue=blue, instance_profile_arn="arn:profile", key_name="ops", security_group_ids=["sg-db"])
    found = of(resources, TEMPLATE)
    assert found["web-blue"]["instanceType"] == "m7g.large"
    assert found["web-green"]["instanceType"] == "t3.micro"
    assert base64.b64decode(found["web-blue"]["userData"]) == b"#!/bin/sh\n"
    assert found["web-blue"]["blockDeviceMappings"] == [{"deviceName": "/dev/xvda", "ebs": {"encrypted": "true"}}]
    assert found["web-blue"]["vpcSecurityGroupIds"] == ["web-instances-id", "sg-db"]
    assert found["web-blue"]["metadataOptions"] == {"httpTokens": "required"}
    assert found["web-blue"]["iamInstanceProfile"] == {"arn": "arn:profile"}
    resources, _ = declared(assign_public_ip=True)
    (interface,) = of(resources, TEMPLATE)["web-blue"]["networkInterfaces"]
    assert interface["associatePublicIpAddress"] == "true"
    assert interface["securityGroups"] == ["web-instances-id"]
    assert "vpcSecurityGroupIds" not in of(resources, TEMPLATE)["web-blue"]


def test_a_launch_template_of_ones_own_is_used_and_none_made():
    own = {"launch_template_id": "lt-0123", "version": 7.0}
    resources, _ = declared(green=own)
    assert set(of(resources, TEMPLATE)) == {"web-blue"}
    assert of(resources, GROUP)["web-green"]["launchTemplate"] == {"id": "lt-0123", "version": "7"}
    assert swap_of(resources)["releases"]["green"] == "lt-0123 version 7"
    assert swap_of(resources)["capacity"]["launch_templates"]["green"] == "lt-0123:7"


def test_a_group_that_runs_already_is_adopted_and_stays_as_it_is():
    existing = {
        "group_name": "legacy",
        "target_group_arn": "arn:legacy",
        "launch_template_id": "lt-0123",
        "version": "7",
    }
    resources, _ = declared(blue={"existing": existing}, autoscaling=SCALING)
    assert set(of(resources, GROUP)) == {"web-green"}
    assert swap_of(resources)["capacity"]["groups"] == {"blue": "legacy", "green": "web-green"}
    assert of(resources, "aws:autoscaling/policy:Policy")["web-blue-cpu"]["autoscalingGroupName"] == "legacy"
    assert set(of(resources, "aws:lb/targetGroup:TargetGroup")) == {"web-green"}


def test_the_color_at_rest_keeps_its_instances_in_the_warm_pool():
    resources, _ = declared(warm_pool={})
    groups = of(resources, GROUP)
    assert groups["web-green"]["warmPool"] == {
        "minSize": 0,
        "maxGroupPreparedCapacity": 2,
        "poolState": "Stopped",
        "instanceReusePolicy": {"reuseOnScaleIn": True},
    }
    assert sizes(groups["web-green"]) == (0, 0, 2), "the pool is as large as there is room below the maximum"
    resources, _ = declared()
    assert "warmPool" not in of(resources, GROUP)["web-green"]


def test_both_colors_scale_by_the_same():
    more = {"target_requests_per_instance": 100, "policies": [{"target_value": 5}]}
    resources, _ = declared(autoscaling={**SCALING, **more})
    policies = of(resources, "aws:autoscaling/policy:Policy")
    assert set(policies) == {
        f"web-{color}-{key}" for color in ("blue", "green") for key in ("cpu", "requests", "policy-1")
    }
    specification = policies["web-blue-cpu"]["targetTrackingConfiguration"]["predefinedMetricSpecification"]
    assert specification == {"predefinedMetricType": "ASGAverageCPUUtilization"}
    assert swap_of(resources)["capacity"]["autoscaling"] == {"min_capacity": 2, "max_capacity": 10}


def test_the_entry_is_let_in_and_nobody_else():
    resources, _ = declared(entry=alb(load_balancer_arn="arn:lb"), port=9000)
    (rule,) = of(resources, "aws:ec2/securityGroup:SecurityGroup")["web-instances"]["ingress"]
    assert (rule["fromPort"], rule["toPort"], rule["securityGroups"]) == (9000, 9000, ["sg-shared"])


def test_any_entry_will_do_that_takes_instances():
    resources, _ = declared(entry=nlb(health_check={"protocol": "HTTP", "path": "/healthz"}))
    assert swap_of(resources)["router"]["kind"] == "nlb"
    assert of(resources, GROUP)["web-blue"]["healthCheckType"] == "ELB"


def test_an_image_that_is_built_in_the_same_stack_is_waited_for():
    resources, _ = declared(green={"image_id": pulumi.Output.from_input("ami-built")})
    assert swap_of(resources)["releases"]["green"] == "ami-built (launch template version 3)"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"green": {}}, "green.image_id: None is not allowed; allowed: a machine image"),
        ({"green": {"image_id": "ami-1", "image": "x"}}, "green.image"),
        ({"green": {"launch_template_id": "lt-1", "version": "$Latest"}}, "green.version: '$Latest' is not allowed"),
        ({"green": {"launch_template_id": "lt-1"}}, "green.version: None"),
        ({"green": {"image_id": "ami-1", "user_data": "x" * 17_000}}, "green.user_data: '17000 bytes'"),
        ({"green": {"existing": {"group_name": "g"}}}, "green.existing.target_group_arn"),
        ({"warm_pool": {"pool_state": "Hot"}}, "warm_pool.pool_state: 'Hot' is not allowed"),
        ({"instance_refresh": {"min_healthy_percent": 200}}, "capacity.instance_refresh.min_healthy_percent: 200"),
        ({"autoscaling": {"min_capacity": 2, "max_capacity": 4}}, "at least one of target_cpu_percent"),
        ({"autoscaling": {**SCALING, "min_capacity": 3}}, "desired_count: 2 is not allowed; allowed: 3 to 10"),
        ({"desired_count": 0}, "capacity.desired_count: 0"),
        (
            {"entry": nlb(), "autoscaling": {**SCALING, "target_requests_per_instance": 9}},
            "autoscaling.target_requests_per_instance: 9 is not allowed; allowed: none with nlb",
        ),
    ],
)
def test_wrong_arguments_are_refused_before_anything_is_declared(wrong, said):
    with pytest.raises(pulumi.RunError) as refused:
        declared(**wrong)
    assert said in str(refused.value)
