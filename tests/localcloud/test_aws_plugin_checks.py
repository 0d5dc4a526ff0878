"""The plugin's refusals, defaults, and differences, without any call to the API."""

from __future__ import annotations

import json
from typing import Any

import pytest

from localcloud.plugins.aws.differ import settled
from localcloud.plugins.aws.driver import CallFailed, Driver, Refused, Resource
from localcloud.plugins.aws.model import UNKNOWN
from localcloud.plugins.aws.registry import resource_type
from localcloud.plugins.aws.services.ecs import same_definitions
from localcloud.plugins.wire import props_of, struct_of

GROUP, BALANCER = "aws:lb/targetGroup:TargetGroup", "aws:lb/loadBalancer:LoadBalancer"
LISTENER, RULE = "aws:lb/listener:Listener", "aws:lb/listenerRule:ListenerRule"
TASK, SERVICE = "aws:ecs/taskDefinition:TaskDefinition", "aws:ecs/service:Service"
LB_ARN = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/x/1"
TG_ARN = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/x/1"
LISTENER_ARN = "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/x/1/2"
GROUP_INPUTS: dict[str, Any] = {"port": 80, "protocol": "HTTP", "targetType": "ip", "vpcId": "vpc-1"}
FORWARD: dict[str, Any] = {"type": "forward", "targetGroupArn": TG_ARN}
HEADER: dict[str, Any] = {"httpHeader": {"httpHeaderName": "X-Color", "values": ["blue"]}}
RULE_INPUTS: dict[str, Any] = {"listenerArn": LISTENER_ARN, "actions": [FORWARD], "conditions": [HEADER]}
TASK_INPUTS: dict[str, Any] = {
    "family": "web",
    "cpu": "256",
    "memory": "512",
    "networkMode": "awsvpc",
    "requiresCompatibilities": ["FARGATE"],
    "containerDefinitions": json.dumps([{"name": "app", "image": "x:v1"}]),
}
SERVICE_INPUTS: dict[str, Any] = {"cluster": "c", "taskDefinition": "web:1", "desiredCount": 1}


@pytest.fixture
def driver() -> Driver:
    return Driver("http://127.0.0.1:1")  # nobody listens: a call to the API would fail the test


def forward(*weights: int) -> dict[str, Any]:
    return {"type": "forward", "forward": {"targetGroups": [{"arn": TG_ARN, "weight": w} for w in weights]}}


@pytest.mark.parametrize(
    ("token", "inputs", "path", "reason"),
    [
        (GROUP, {**GROUP_INPUTS, "prot": 1}, "prot", "unknown property"),
        (GROUP, {**GROUP_INPUTS, "healthCheck": {"intervall": 5}}, "healthCheck.intervall", "unknown property"),
        (GROUP, {**GROUP_INPUTS, "targetControlPort": 1}, "targetControlPort", "does not support"),
        (GROUP, {**GROUP_INPUTS, "port": 70000}, "port", "between 1 and 65535"),
        (GROUP, {**GROUP_INPUTS, "port": "http"}, "port", "expected a whole number"),
        (GROUP, {**GROUP_INPUTS, "protocol": "HTTP2"}, "protocol", "must be one of"),
        (GROUP, {**GROUP_INPUTS, "name": "x" * 33}, "name", "1 to 32 characters"),
        (GROUP, {**GROUP_INPUTS, "healthCheck": {"interval": 1}}, "healthCheck.interval", "between 5 and 300"),
        (GROUP, {**GROUP_INPUTS, "healthCheck": {"path": "x"}}, "healthCheck.path", "starts with /"),
        (GROUP, {"targetType": "ip"}, "port", "must be specified"),
        (GROUP, {**GROUP_INPUTS, "slowStart": 5}, "slowStart", "0 or between 30 and 900"),
        (BALANCER, {}, "subnets", "must be specified"),
        (BALANCER, {"subnets": ["s"], "loadBalancerType": "classic"}, "loadBalancerType", "must be one of"),
        (LISTENER, {"loadBalancerArn": LB_ARN}, "defaultActions", "missing required"),
        (LISTENER, {"loadBalancerArn": LB_ARN, "defaultActions": [{"type": "forward"}]}, "defaultActions[0]", "needs"),
        (
            LISTENER,
            {"loadBalancerArn": LB_ARN, "protocol": "HTTPS", "defaultActions": [FORWARD]},
            "certificateArn",
            "is required",
        ),
        (RULE, {**RULE_INPUTS, "priority": 50001}, "priority", "between 1 and 50000"),
        (
            RULE,
            {**RULE_INPUTS, "actions": [forward(1000)]},
            "actions[0].forward.targetGroups[0].weight",
            "between 0 and 999",
        ),
        (RULE, {**RULE_INPUTS, "conditions": [{}]}, "conditions[0]", "exactly one kind"),
        (
            RULE,
            {**RULE_INPUTS, "actions": [{**FORWARD, "type": "fixed-response"}]},
            "actions[0]",
            "needs fixedResponse",
        ),
        (TASK, {**TASK_INPUTS, "containerDefinitions": "{"}, "containerDefinitions", "not valid JSON"),
        (TASK, {**TASK_INPUTS, "containerDefinitions": "{}"}, "containerDefinitions", "JSON list"),
        (TASK, {**TASK_INPUTS, "networkMode": "bridge"}, "networkMode", "awsvpc"),
        (SERVICE, {**SERVICE_INPUTS, "desiredCount": -1}, "desiredCount", "between 0"),
        (SERVICE, {"cluster": "c"}, "taskDefinition", "is required"),
        (SERVICE, {**SERVICE_INPUTS, "launchType": "fargate"}, "launchType", "must be one of"),
        ("aws:cloudwatch/logGroup:LogGroup", {"retentionInDays": 8}, "retentionInDays", "must be one of"),
        ("aws:iam/role:Role", {"assumeRolePolicy": "nope"}, "assumeRolePolicy", "not valid JSON"),
        (
            "aws:appautoscaling/scheduledAction:ScheduledAction",
            {
                "serviceNamespace": "ecs",
                "resourceId": "service/c/s",
                "scalableDimension": "ecs:service:DesiredCount",
                "schedule": "tomorrow",
                "scalableTargetAction": {"minCapacity": 0},
            },
            "schedule",
            "at(",
        ),
        (
            "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
            {"securityGroupId": "sg-1", "ipProtocol": "-1"},
            "cidrIpv4",
            "exactly one of",
        ),
    ],
)
def test_refused_before_anything_is_written(
    driver: Driver, token: str, inputs: dict[str, Any], path: str, reason: str
) -> None:
    with pytest.raises(Refused) as refused:
        driver.check(token, "web", inputs)
    assert reason in refused.value.failures[path]


def test_names_are_made_up_kept_and_bounded(driver: Driver) -> None:
    made = driver.check(GROUP, "web", GROUP_INPUTS)
    assert made.inputs["name"].startswith("web-")
    assert len(made.inputs["name"]) == len("web-") + 7
    assert "name" in made.inputs["__defaults"]
    again = driver.check(GROUP, "web", {**GROUP_INPUTS, "slowStart": 30}, made.inputs)
    assert again.inputs["name"] == made.inputs["name"]
    with pytest.raises(CallFailed, match="longer than the 32 characters"):
        driver.check(GROUP, "x" * 25, GROUP_INPUTS)


def test_defaults_are_filled_in_at_every_level(driver: Driver) -> None:
    inputs = driver.check(GROUP, "web", {**GROUP_INPUTS, "healthCheck": {"path": "/healthz"}}).inputs
    assert inputs["deregistrationDelay"] == 300
    assert inputs["healthCheck"]["interval"] == 30
    assert "path" not in inputs["healthCheck"]["__defaults"]
    rule = driver.check(
        RULE, "web", {**RULE_INPUTS, "actions": [{"type": "redirect", "redirect": {"statusCode": "HTTP_301"}}]}
    )
    assert rule.inputs["actions"][0]["redirect"]["host"] == "#{host}"


def test_provider_default_tags_join_the_resource_tags() -> None:
    driver = Driver("http://127.0.0.1:1", defaultTags=json.dumps({"tags": {"team": "a", "env": "dev"}}))
    assert driver.check(GROUP, "web", {**GROUP_INPUTS, "tags": {"env": "prod"}}).inputs["tags"] == {
        "team": "a",
        "env": "prod",
    }


def made(driver: Driver, token: str, inputs: dict[str, Any], **outputs: Any) -> Resource:
    """A resource as it would be in the state, without creating it."""
    resource = driver.check(token, "web", inputs)
    resource.id, resource.outputs = "id", {**resource.inputs, "arn": "arn:x", **outputs}
    return resource


@pytest.mark.parametrize(
    ("token", "inputs", "change", "replaces"),
    [
        (GROUP, GROUP_INPUTS, {"port": 81}, ["port"]),
        (GROUP, GROUP_INPUTS, {"vpcId": "vpc-2"}, ["vpcId"]),
        (GROUP, GROUP_INPUTS, {"deregistrationDelay": 5}, []),
        (GROUP, GROUP_INPUTS, {"tags": {"a": "b"}}, []),
        (BALANCER, {"subnets": ["a", "b"]}, {"internal": True}, ["internal"]),
        (BALANCER, {"subnets": ["a", "b"]}, {"subnets": ["a", "c"]}, []),
        (
            LISTENER,
            {"loadBalancerArn": LB_ARN, "defaultActions": [FORWARD]},
            {"loadBalancerArn": LB_ARN + "2"},
            ["loadBalancerArn"],
        ),
        (RULE, RULE_INPUTS, {"priority": 5}, []),
        (RULE, RULE_INPUTS, {"actions": [forward(90, 10)]}, []),
        (TASK, TASK_INPUTS, {"cpu": "512"}, ["cpu"]),
        (TASK, TASK_INPUTS, {"containerDefinitions": '[{"name": "app", "image": "x:v2"}]'}, ["containerDefinitions"]),
        (TASK, TASK_INPUTS, {"tags": {"a": "b"}}, []),
        (SERVICE, SERVICE_INPUTS, {"taskDefinition": "web:2"}, []),
        (SERVICE, SERVICE_INPUTS, {"cluster": "d"}, ["cluster"]),
        (SERVICE, SERVICE_INPUTS, {"taskDefinition": UNKNOWN}, []),
        (SERVICE, SERVICE_INPUTS, {"cluster": UNKNOWN}, ["cluster"]),
    ],
)
def test_what_a_change_does(
    driver: Driver, token: str, inputs: dict[str, Any], change: dict[str, Any], replaces: list[str]
) -> None:
    resource = made(driver, token, inputs)
    assert driver.diff(resource, inputs).changed == []
    plan = driver.diff(resource, {**inputs, **change})
    assert plan.changed == sorted(change)
    assert plan.replaces == replaces
    assert plan.delete_first is False


def test_a_chosen_name_is_freed_before_the_replacement(driver: Driver) -> None:
    resource = made(driver, GROUP, {**GROUP_INPUTS, "name": "fixed"})
    assert driver.diff(resource, {**GROUP_INPUTS, "name": "fixed", "port": 81}).delete_first is True
    assert driver.diff(resource, {**GROUP_INPUTS, "name": "other", "port": 81}).delete_first is False


def test_ignored_changes_are_none(driver: Driver) -> None:
    resource = made(driver, SERVICE, SERVICE_INPUTS, desiredCount=3)
    assert driver.diff(resource, SERVICE_INPUTS).changed == ["desiredCount"]
    assert driver.diff(resource, SERVICE_INPUTS, ("desiredCount",)).changed == []
    tagged = made(driver, GROUP, {**GROUP_INPUTS, "tags": {"a": "1", "b": "2"}})
    assert driver.diff(tagged, {**GROUP_INPUTS, "tags": {"a": "9", "b": "2"}}, ("tags.a",)).changed == []
    rule = made(driver, RULE, {**RULE_INPUTS, "actions": [forward(90)]})
    ignored = ("actions[*].forward.targetGroups[*].weight",)
    assert driver.diff(rule, {**RULE_INPUTS, "actions": [forward(10)]}).changed == ["actions"]
    assert driver.diff(rule, {**RULE_INPUTS, "actions": [forward(90)]}, ignored).changed == []


def test_order_defaults_and_spelling_are_no_change(driver: Driver) -> None:
    resource = made(driver, BALANCER, {"subnets": ["a", "b"]}, subnets=["b", "a"], securityGroups=["sg-default"])
    assert driver.diff(resource, {"subnets": ["a", "b"]}).changed == []
    assert same_definitions(
        '[{"name": "a", "image": "i", "environment": [{"name": "X", "value": "1"}, {"name": "B", "value": "2"}]}]',
        '[{"image": "i", "name": "a", "cpu": 0, "essential": true, "mountPoints": [], '
        '"environment": [{"name": "B", "value": "2"}, {"name": "X", "value": "1"}]}]',
    )
    assert not same_definitions('[{"name": "a", "image": "i"}]', '[{"name": "a", "image": "j"}]')


def test_previews_know_what_can_be_known(driver: Driver) -> None:
    task = driver.create(driver.check(TASK, "web", TASK_INPUTS), preview=True)
    assert task.id == ""
    assert task.outputs["arn"] is UNKNOWN
    assert task.outputs["family"] == "web"
    assert task.outputs["region"] == "us-east-1"
    existing = made(driver, TASK, TASK_INPUTS)
    tagged = driver.update(existing, {**TASK_INPUTS, "tags": {"a": "b"}}, preview=True)
    assert tagged.outputs["arn"] == "arn:x"
    assert tagged.outputs["tagsAll"] == {"a": "b"}


def test_a_refresh_says_what_differs_and_nothing_else() -> None:
    declared = resource_type(SERVICE)
    assert declared is not None
    live = {"desiredCount": 3, "launchType": "FARGATE", "tags": {"a": "b"}}
    assert settled(declared, {"desiredCount": 1, "tags": {"a": "b"}}, live, "", everything=False) == {
        "desiredCount": 3,
        "tags": {"a": "b"},
    }


def test_secrets_and_references_are_unwrapped() -> None:
    sig = "4dabf18193072939515e22adb298388d"
    secret = {sig: "1b47061264138c4ac30d75fd1eb44270", "value": "hush"}
    unknown = {sig: "d0e6a833031e9bbcd3f4e8bde6ca49a4"}
    assert props_of(struct_of({"a": secret, "b": unknown, "c": 1.0, "d": None})) == {"a": "hush", "b": UNKNOWN, "c": 1}


def test_a_refusal_does_not_tell_the_value(driver: Driver) -> None:
    with pytest.raises(Refused) as refused:
        driver.check(GROUP, "web", {**GROUP_INPUTS, "port": "hush-hush"})
    assert "hush" not in str(refused.value.failures)


def test_unknown_types_functions_and_config_are_refused(driver: Driver) -> None:
    with pytest.raises(CallFailed, match="not served by this stand-in"):
        driver.check("aws:s3/bucket:Bucket", "web", {})
    with pytest.raises(CallFailed, match="not served by this stand-in"):
        driver.invoke("aws:s3/getBucket:getBucket")
    with pytest.raises(Refused, match="defalt"):
        driver.invoke("aws:ec2/getVpc:getVpc", defalt=True)


def test_no_region_or_credentials_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(CallFailed, match="no AWS region"):
        Driver("http://127.0.0.1:1", region="")


def test_an_unreachable_endpoint_is_a_readable_error(driver: Driver) -> None:
    with pytest.raises(CallFailed, match="elbv2 DescribeTargetGroups: EndpointConnectionError"):
        driver.create(driver.check(GROUP, "web", GROUP_INPUTS))
