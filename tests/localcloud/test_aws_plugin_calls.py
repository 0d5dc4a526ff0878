"""Drift, lookups, refusals and failures against the emulator."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from pulumi.runtime.proto import provider_pb2, status_pb2

from localcloud.plugins.aws.driver import CallFailed, Driver
from localcloud.plugins.aws.services import ecs_refusals

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ecs-tasks.amazonaws.com"}}
        ],
    }
)
ALLOW = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]})
CONTAINERS = json.dumps([{"name": "app", "image": "x:v1", "portMappings": [{"containerPort": 80}]}])
FIXED = {
    "type": "fixed-response",
    "fixedResponse": {"contentType": "text/plain", "statusCode": "503", "messageBody": "no color is live"},
}


def test_a_count_changed_by_hand_is_seen_and_is_not_written_when_ignored(
    aws_driver: Driver, aws_world: Any, aws_client: Callable[[str], Any]
) -> None:
    inputs = {"cluster": aws_world.cluster, "taskDefinition": aws_world.task, "launchType": "EC2", "desiredCount": 0}
    service = aws_driver.create(aws_driver.check("aws:ecs/service:Service", "drift", inputs))
    ecs = aws_client("ecs")
    try:
        ecs.update_service(cluster=aws_world.cluster, service=service.id, desiredCount=1)
        found = aws_driver.read(service)
        assert found is not None
        assert found.outputs["desiredCount"] == found.inputs["desiredCount"] == 1
        assert aws_driver.diff(found, inputs).detailed == {"desiredCount": "update"}
        changed = aws_driver.update(service, {**inputs, "tags": {"a": "b"}}, ignore=("desiredCount",))
        assert changed.outputs["desiredCount"] == 1
        assert (
            ecs.describe_services(cluster=aws_world.cluster, services=[service.id])["services"][0]["desiredCount"] == 1
        )
    finally:
        aws_driver.delete(service)


def test_a_default_action_and_tags_changed_by_hand_are_seen(
    aws_driver: Driver, aws_world: Any, aws_client: Callable[[str], Any]
) -> None:
    inputs = {"loadBalancerArn": aws_world.balancer, "port": 8555, "defaultActions": [FIXED]}
    listener = aws_driver.create(aws_driver.check("aws:lb/listener:Listener", "drift", inputs))
    elbv2 = aws_client("elbv2")
    try:
        elbv2.modify_listener(
            ListenerArn=listener.id, DefaultActions=[{"Type": "forward", "TargetGroupArn": aws_world.targets}]
        )
        elbv2.add_tags(ResourceArns=[listener.id], Tags=[{"Key": "by", "Value": "hand"}])
        found = aws_driver.read(listener)
        assert found is not None
        assert found.outputs["tags"] == {"by": "hand"}
        assert aws_driver.diff(found, inputs).changed == ["defaultActions", "tags"]
        assert aws_driver.update(found, inputs).outputs == listener.outputs
    finally:
        aws_driver.delete(listener)


def test_lookups_answer_what_the_resources_say(aws_driver: Driver, aws_world: Any) -> None:
    balancer = aws_driver.invoke("aws:lb/getLoadBalancer:getLoadBalancer", arn=aws_world.balancer)
    assert balancer["dnsName"].startswith("127.0.0.1:")
    assert (
        aws_driver.invoke("aws:lb/getLoadBalancer:getLoadBalancer", name=balancer["name"])["arn"] == aws_world.balancer
    )
    by_port = aws_driver.invoke("aws:lb/getListener:getListener", loadBalancerArn=aws_world.balancer, port=80)
    assert by_port["arn"] == aws_world.listener
    assert aws_driver.invoke("aws:lb/getTargetGroup:getTargetGroup", arn=aws_world.targets)["port"] == 80
    name = aws_world.cluster.rsplit("/", 1)[1]
    assert aws_driver.invoke("aws:ecs/getCluster:getCluster", clusterName=name)["arn"] == aws_world.cluster
    service = aws_driver.invoke(
        "aws:ecs/getService:getService", clusterArn=aws_world.cluster, serviceName=aws_world.service.outputs["name"]
    )
    assert service["taskDefinition"] == aws_world.task
    assert aws_driver.invoke("aws:ec2/getVpc:getVpc", id=aws_world.vpc)["default"] is True
    assert aws_driver.invoke("aws:index/getRegion:getRegion")["region"] == "us-east-1"
    assert aws_driver.invoke("aws:index/getCallerIdentity:getCallerIdentity")["accountId"] == "123456789012"
    assert aws_driver.invoke("aws:index/getPartition:getPartition")["partition"] == "aws"
    with pytest.raises(CallFailed, match="no ECS Cluster nowhere"):
        aws_driver.invoke("aws:ecs/getCluster:getCluster", clusterName="nowhere")


def test_an_api_error_is_one_readable_line(aws_driver: Driver, aws_world: Any) -> None:
    inputs = {"cluster": aws_world.cluster, "taskDefinition": "nothing:9", "desiredCount": 0}
    with pytest.raises(CallFailed) as failed:
        aws_driver.create(aws_driver.check("aws:ecs/service:Service", "web", inputs))
    assert failed.value.details.startswith("ecs CreateService: ClientException: ")
    assert "\n" not in failed.value.details


def test_what_aws_refuses_is_refused_here_too(aws_driver: Driver, aws_world: Any) -> None:
    with pytest.raises(CallFailed, match="At least two subnets"):
        aws_driver.create(
            aws_driver.check("aws:lb/loadBalancer:LoadBalancer", "one", {"subnets": aws_world.subnets[:1]})
        )
    inputs = {
        "port": 80,
        "protocol": "HTTP",
        "targetType": "ip",
        "vpcId": aws_world.vpc,
        "healthCheck": {"interval": 5},
    }
    with pytest.raises(CallFailed, match="interval must be greater than the timeout"):
        aws_driver.create(aws_driver.check("aws:lb/targetGroup:TargetGroup", "fast", inputs))


def test_a_service_is_refused_as_ecs_refuses_it(
    aws_driver: Driver, aws_world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ecs_refusals, "ATTACH_SECONDS", 0.1)
    service: dict[str, Any] = {"cluster": aws_world.cluster, "taskDefinition": aws_world.task, "desiredCount": 0}
    target = {"targetGroupArn": aws_world.targets, "containerName": "app", "containerPort": 80}
    network = {"subnets": aws_world.subnets}
    for change, message in (
        ({"loadBalancers": [{**target, "containerPort": 81}]}, "did not have a container port 81 defined"),
        ({"loadBalancers": [{**target, "containerName": "nginx"}]}, "container nginx does not exist"),
        (
            {"loadBalancers": [{**target, "targetGroupArn": aws_world.others}]},
            "does not have an associated load balancer",
        ),
        ({"networkConfiguration": network}, "Network Configuration is not valid"),
    ):
        with pytest.raises(CallFailed, match=message):
            aws_driver.create(aws_driver.check("aws:ecs/service:Service", "bad", {**service, **change}))
    task = {
        "family": "odd",
        "containerDefinitions": CONTAINERS,
        "networkMode": "awsvpc",
        "cpu": "256",
        "memory": "4096",
    }
    fargate = {**task, "requiresCompatibilities": ["FARGATE"]}
    with pytest.raises(CallFailed, match="No Fargate configuration exists"):
        aws_driver.create(aws_driver.check("aws:ecs/taskDefinition:TaskDefinition", "odd", fargate))


def test_ports_priorities_and_group_names_are_taken_once(aws_driver: Driver, aws_world: Any) -> None:
    listener = {"loadBalancerArn": aws_world.balancer, "port": 80, "defaultActions": [FIXED]}
    with pytest.raises(CallFailed, match="DuplicateListener"):
        aws_driver.create(aws_driver.check("aws:lb/listener:Listener", "again", listener))
    rule = {
        "listenerArn": aws_world.listener,
        "priority": 400,
        "actions": [FIXED],
        "conditions": [{"pathPattern": {"values": ["/x"]}}],
    }
    one = aws_driver.create(aws_driver.check("aws:lb/listenerRule:ListenerRule", "one", rule))
    two = aws_driver.create(aws_driver.check("aws:lb/listenerRule:ListenerRule", "two", {**rule, "priority": 401}))
    with pytest.raises(CallFailed, match="PriorityInUse"):
        aws_driver.update(two, rule)
    aws_driver.delete(one)
    aws_driver.delete(two)
    name = aws_world.made[0].outputs["name"]
    with pytest.raises(CallFailed, match=r"InvalidGroup\.Duplicate"):
        aws_driver.create(
            aws_driver.check("aws:ec2/securityGroup:SecurityGroup", "sg", {"vpcId": aws_world.vpc, "name": name})
        )


def test_a_failure_after_the_creation_keeps_the_id(
    aws_driver: Driver, aws_world: Any, aws_client: Callable[[str], Any]
) -> None:
    inputs = {
        "cluster": aws_world.cluster,
        "taskDefinition": aws_world.task,
        "launchType": "EC2",
        "desiredCount": 1,
        "waitForSteadyState": True,
    }
    resource = aws_driver.check("aws:ecs/service:Service", "stuck", inputs)  # its image does not exist
    request = provider_pb2.CreateRequest(urn=resource.urn, timeout=4)
    request.properties.update({k: v for k, v in resource.inputs.items() if k != "__defaults"})
    with pytest.raises(CallFailed, match=r"timed out after 4 s waiting for ECS service .* to be steady") as failed:
        aws_driver.call("Create", request)
    status = status_pb2.Status.FromString(dict(failed.value.trailing)["grpc-status-details-bin"])
    kept = provider_pb2.ErrorResourceInitFailed()
    assert status.details[0].Unpack(kept)
    resource.id, resource.outputs = kept.id, {"cluster": aws_world.cluster}
    assert kept.id.startswith("arn:aws:ecs:")
    aws_driver.delete(resource)
