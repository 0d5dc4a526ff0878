"""Every type against the emulator: create, refresh, change, drift, delete."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from pulumi.runtime.proto import provider_pb2, status_pb2

from localcloud.cloud import LocalCloud
from localcloud.plugins.aws.driver import CallFailed, Driver, Resource
from localcloud.plugins.aws.registry import RESOURCES

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


def client(cloud: LocalCloud, service: str) -> Any:
    return boto3.client(
        service,  # type: ignore[call-overload]
        endpoint_url=cloud.endpoint,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


@pytest.fixture(scope="module")
def driver(cloud: LocalCloud) -> Driver:
    return Driver(cloud.endpoint)


class World:
    """What the resources under test refer to; made once, removed at the end."""

    def __init__(self, driver: Driver) -> None:
        self.driver = driver
        self.made: list[Resource] = []
        self.vpc = driver.invoke("aws:ec2/getVpc:getVpc", default=True)["id"]
        where = [{"name": "vpc-id", "values": [self.vpc]}]
        self.subnets = driver.invoke("aws:ec2/getSubnets:getSubnets", filters=where)["ids"]
        self.group = self.make("aws:ec2/securityGroup:SecurityGroup", {"vpcId": self.vpc}).id
        self.balancer = self.make("aws:lb/loadBalancer:LoadBalancer", {"subnets": self.subnets}).id
        ports = {"port": 80, "protocol": "HTTP", "targetType": "ip", "vpcId": self.vpc}
        self.targets = self.make("aws:lb/targetGroup:TargetGroup", ports).id
        self.others = self.make("aws:lb/targetGroup:TargetGroup", ports, "other").id
        listener = {"loadBalancerArn": self.balancer, "port": 80, "defaultActions": [FIXED]}
        self.listener = self.make("aws:lb/listener:Listener", listener).id
        rule = {
            "listenerArn": self.listener,
            "actions": [{"type": "forward", "targetGroupArn": self.targets}],
            "conditions": [{"pathPattern": {"values": ["/world"]}}],
        }
        self.make("aws:lb/listenerRule:ListenerRule", rule)  # ECS takes attached target groups only
        self.cluster = self.make("aws:ecs/cluster:Cluster", {}).id
        self.role = self.make("aws:iam/role:Role", {"assumeRolePolicy": TRUST}).id
        task = {"family": "world", "containerDefinitions": CONTAINERS}
        self.task = self.make("aws:ecs/taskDefinition:TaskDefinition", task).outputs["arn"]
        in_vpc = {"family": "world-vpc", "containerDefinitions": CONTAINERS, "networkMode": "awsvpc"}
        self.vpc_task = self.make("aws:ecs/taskDefinition:TaskDefinition", in_vpc).outputs["arn"]
        service = {"cluster": self.cluster, "taskDefinition": self.task, "launchType": "EC2"}
        self.service = self.make("aws:ecs/service:Service", service)
        self.scaled = {
            "resourceId": "service/" + self.service.id.split("service/", 1)[1],
            "scalableDimension": "ecs:service:DesiredCount",
            "serviceNamespace": "ecs",
        }
        self.make("aws:appautoscaling/target:Target", {**self.scaled, "minCapacity": 0, "maxCapacity": 2})

    def make(self, token: str, inputs: dict[str, Any], name: str = "world") -> Resource:
        resource = self.driver.create(self.driver.check(token, name, inputs))
        self.made.append(resource)
        return resource

    def end(self) -> None:
        for resource in reversed(self.made):
            self.driver.delete(resource)


@pytest.fixture(scope="module")
def world(driver: Driver) -> Iterator[World]:
    world = World(driver)
    yield world
    world.end()


def cases(world: World) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """Inputs of each type, and a change that it takes in place (empty where nothing can change in place)."""
    tags = {"tags": {"a": "b", "c.d": "e"}}
    weighted = {
        "type": "forward",
        "forward": {"targetGroups": [{"arn": world.targets, "weight": 90}, {"arn": world.others, "weight": 10}]},
    }
    ingress = {"protocol": "tcp", "fromPort": 80, "toPort": 80, "cidrBlocks": ["10.0.0.0/8", "192.168.0.0/16"]}
    rule = {"securityGroupId": world.group, "ipProtocol": "tcp", "fromPort": 81, "toPort": 82, "cidrIpv4": "10.0.0.0/8"}
    tracking = {
        "targetValue": 50,
        "predefinedMetricSpecification": {"predefinedMetricType": "ECSServiceAverageCPUUtilization"},
    }
    return {
        "aws:lb/loadBalancer:LoadBalancer": (
            {"subnets": world.subnets[:2], "securityGroups": [world.group], "idleTimeout": 30, **tags},
            {"idleTimeout": 90, "dropInvalidHeaderFields": True, "tags": {"a": "z"}},
        ),
        "aws:lb/targetGroup:TargetGroup": (
            {
                "port": 80,
                "protocol": "HTTP",
                "targetType": "ip",
                "vpcId": world.vpc,
                **tags,
                "healthCheck": {"path": "/healthz", "interval": 10, "timeout": 3},
                "stickiness": {"type": "lb_cookie", "enabled": False},
                "deregistrationDelay": 5,
            },
            {"deregistrationDelay": 7, "healthCheck": {"path": "/up", "interval": 12, "timeout": 3}, "slowStart": 30},
        ),
        "aws:lb/targetGroupAttachment:TargetGroupAttachment": (
            {"targetGroupArn": world.targets, "targetId": "172.31.0.9", "port": 8080},
            {},
        ),
        "aws:lb/listener:Listener": (
            {"loadBalancerArn": world.balancer, "port": 8443, "defaultActions": [FIXED], **tags},
            {"defaultActions": [weighted], "port": 8444},
        ),
        "aws:lb/listenerRule:ListenerRule": (
            {
                "listenerArn": world.listener,
                "actions": [{"type": "forward", "targetGroupArn": world.targets}],
                "conditions": [
                    {"httpHeader": {"httpHeaderName": "X-Color", "values": ["blue"]}},
                    {"hostHeader": {"values": ["a.example", "b.example"]}},
                    {"pathPattern": {"values": ["/x/*"]}},
                    {"queryStrings": [{"key": "a", "value": "b"}]},
                    {"sourceIp": {"values": ["10.0.0.0/8"]}},
                ],
                **tags,
            },
            {"priority": 321, "actions": [weighted], "conditions": [{"httpRequestMethod": {"values": ["GET"]}}]},
        ),
        "aws:ecs/cluster:Cluster": (
            {"settings": [{"name": "containerInsights", "value": "enabled"}], **tags},
            {"settings": [{"name": "containerInsights", "value": "disabled"}], "tags": {}},
        ),
        "aws:ecs/taskDefinition:TaskDefinition": (
            {
                "family": "typed",
                "cpu": "256",
                "memory": "512",
                "networkMode": "awsvpc",
                "requiresCompatibilities": ["FARGATE"],
                "containerDefinitions": CONTAINERS,
                **tags,
                "volumes": [{"name": "scratch"}],
                "runtimePlatform": {"cpuArchitecture": "X86_64", "operatingSystemFamily": "LINUX"},
            },
            {"tags": {"a": "z"}},
        ),
        "aws:ecs/service:Service": (
            {
                "cluster": world.cluster,
                "taskDefinition": world.vpc_task,
                "launchType": "EC2",
                "desiredCount": 0,
                "networkConfiguration": {"subnets": world.subnets, "securityGroups": [world.group]},
                "loadBalancers": [{"targetGroupArn": world.targets, "containerName": "app", "containerPort": 80}],
                "healthCheckGracePeriodSeconds": 5,
                "deploymentCircuitBreaker": {"enable": True, "rollback": True},
                "enableEcsManagedTags": True,
                "propagateTags": "SERVICE",
                **tags,
            },
            {"deploymentMaximumPercent": 150, "healthCheckGracePeriodSeconds": 9, "tags": {"a": "z"}},
        ),
        "aws:cloudwatch/logGroup:LogGroup": (
            {"retentionInDays": 7, **tags},
            {"retentionInDays": 14, "tags": {"x": "y"}},
        ),
        "aws:ec2/securityGroup:SecurityGroup": (
            {"vpcId": world.vpc, "ingress": [ingress], **tags},
            {"ingress": [{**ingress, "toPort": 90}, {**ingress, "protocol": "udp", "cidrBlocks": [], "self": True}]},
        ),
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": (
            {**rule, **tags},
            {"toPort": 99, "tags": {"a": "z"}},
        ),
        "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": ({**rule, "description": "x"}, {"description": "y"}),
        "aws:iam/role:Role": (
            {"assumeRolePolicy": TRUST, "description": "x", **tags},
            {"description": "y", "tags": {}},
        ),
        "aws:iam/rolePolicy:RolePolicy": (
            {"role": world.role, "policy": ALLOW},
            {"policy": ALLOW.replace("s3:", "ecs:")},
        ),
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment": (
            {
                "role": world.role,
                "policyArn": "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy",
            },
            {},
        ),
        "aws:ec2/vpc:Vpc": ({"cidrBlock": "10.9.0.0/16", **tags}, {"enableDnsHostnames": True, "tags": {"a": "z"}}),
        "aws:ec2/subnet:Subnet": (
            {"vpcId": world.vpc, "cidrBlock": "172.31.128.0/20", "availabilityZone": "us-east-1a", **tags},
            {"mapPublicIpOnLaunch": True},
        ),
        "aws:appautoscaling/target:Target": ({**world.scaled, "minCapacity": 0, "maxCapacity": 2}, {"maxCapacity": 4}),
        "aws:appautoscaling/policy:Policy": (
            {
                **world.scaled,
                "policyType": "TargetTrackingScaling",
                "targetTrackingScalingPolicyConfiguration": tracking,
            },
            {"targetTrackingScalingPolicyConfiguration": {**tracking, "targetValue": 60, "scaleInCooldown": 30}},
        ),
        "aws:appautoscaling/scheduledAction:ScheduledAction": (
            {
                **world.scaled,
                "schedule": "at(2099-01-01T00:00:00)",
                "scalableTargetAction": {"minCapacity": 0, "maxCapacity": 0},
            },
            {"schedule": "at(2099-02-01T00:00:00)", "scalableTargetAction": {"minCapacity": 1, "maxCapacity": 1}},
        ),
    }


@pytest.mark.parametrize("token", sorted(RESOURCES))
def test_life_of_a_resource(driver: Driver, world: World, token: str) -> None:
    inputs, change = cases(world)[token]
    resource = driver.create(driver.check(token, "typed", inputs))
    try:
        _same_after_refresh(driver, resource, inputs)
        preview = driver.create(driver.check(token, "typed", inputs), preview=True)
        assert set(preview.outputs) >= {key for key in resource.outputs if key in ("arn", "region", "tagsAll")}
        if change:
            plan = driver.diff(resource, {**inputs, **change})
            assert plan.changed == sorted(change)
            assert plan.replaces == []
            before = resource.id, resource.outputs.get("arn")
            resource = driver.update(resource, {**inputs, **change})
            assert (resource.id, resource.outputs.get("arn")) == before
            _same_after_refresh(driver, resource, {**inputs, **change})
    finally:
        driver.delete(resource)
    assert driver.read(resource) is None
    driver.delete(resource)  # a delete that ran before is no error


def _same_after_refresh(driver: Driver, resource: Resource, inputs: dict[str, Any]) -> None:
    assert driver.diff(resource, inputs).changed == []
    found = driver.read(resource)
    assert found is not None
    assert found.outputs == resource.outputs
    assert found.inputs == resource.inputs


def test_a_count_changed_by_hand_is_seen_and_is_not_written_when_ignored(
    driver: Driver, world: World, cloud: LocalCloud
) -> None:
    inputs = {"cluster": world.cluster, "taskDefinition": world.task, "launchType": "EC2", "desiredCount": 0}
    service = driver.create(driver.check("aws:ecs/service:Service", "drift", inputs))
    ecs = client(cloud, "ecs")
    try:
        ecs.update_service(cluster=world.cluster, service=service.id, desiredCount=1)
        found = driver.read(service)
        assert found is not None
        assert found.outputs["desiredCount"] == found.inputs["desiredCount"] == 1
        assert driver.diff(found, inputs).detailed == {"desiredCount": "update"}
        changed = driver.update(service, {**inputs, "tags": {"a": "b"}}, ignore=("desiredCount",))
        assert changed.outputs["desiredCount"] == 1
        assert ecs.describe_services(cluster=world.cluster, services=[service.id])["services"][0]["desiredCount"] == 1
    finally:
        driver.delete(service)


def test_a_default_action_and_tags_changed_by_hand_are_seen(driver: Driver, world: World, cloud: LocalCloud) -> None:
    inputs = {"loadBalancerArn": world.balancer, "port": 8555, "defaultActions": [FIXED]}
    listener = driver.create(driver.check("aws:lb/listener:Listener", "drift", inputs))
    elbv2 = client(cloud, "elbv2")
    try:
        elbv2.modify_listener(
            ListenerArn=listener.id, DefaultActions=[{"Type": "forward", "TargetGroupArn": world.targets}]
        )
        elbv2.add_tags(ResourceArns=[listener.id], Tags=[{"Key": "by", "Value": "hand"}])
        found = driver.read(listener)
        assert found is not None
        assert found.outputs["tags"] == {"by": "hand"}
        assert driver.diff(found, inputs).changed == ["defaultActions", "tags"]
        assert driver.update(found, inputs).outputs == listener.outputs
    finally:
        driver.delete(listener)


def test_lookups_answer_what_the_resources_say(driver: Driver, world: World) -> None:
    balancer = driver.invoke("aws:lb/getLoadBalancer:getLoadBalancer", arn=world.balancer)
    assert balancer["dnsName"].startswith("127.0.0.1:")
    assert driver.invoke("aws:lb/getLoadBalancer:getLoadBalancer", name=balancer["name"])["arn"] == world.balancer
    by_port = driver.invoke("aws:lb/getListener:getListener", loadBalancerArn=world.balancer, port=80)
    assert by_port["arn"] == world.listener
    assert driver.invoke("aws:lb/getTargetGroup:getTargetGroup", arn=world.targets)["port"] == 80
    name = world.cluster.rsplit("/", 1)[1]
    assert driver.invoke("aws:ecs/getCluster:getCluster", clusterName=name)["arn"] == world.cluster
    service = driver.invoke(
        "aws:ecs/getService:getService", clusterArn=world.cluster, serviceName=world.service.outputs["name"]
    )
    assert service["taskDefinition"] == world.task
    assert driver.invoke("aws:ec2/getVpc:getVpc", id=world.vpc)["default"] is True
    assert driver.invoke("aws:index/getRegion:getRegion")["region"] == "us-east-1"
    assert driver.invoke("aws:index/getCallerIdentity:getCallerIdentity")["accountId"] == "123456789012"
    assert driver.invoke("aws:index/getPartition:getPartition")["partition"] == "aws"
    with pytest.raises(CallFailed, match="no ECS Cluster nowhere"):
        driver.invoke("aws:ecs/getCluster:getCluster", clusterName="nowhere")


def test_an_api_error_is_one_readable_line(driver: Driver, world: World) -> None:
    inputs = {"cluster": world.cluster, "taskDefinition": "nothing:9", "desiredCount": 0}
    with pytest.raises(CallFailed) as failed:
        driver.create(driver.check("aws:ecs/service:Service", "web", inputs))
    assert failed.value.details.startswith("ecs CreateService: ClientException: ")
    assert "\n" not in failed.value.details


def test_what_aws_refuses_is_refused_here_too(driver: Driver, world: World) -> None:
    with pytest.raises(CallFailed, match="At least two subnets"):
        driver.create(driver.check("aws:lb/loadBalancer:LoadBalancer", "one", {"subnets": world.subnets[:1]}))
    inputs = {"port": 80, "protocol": "HTTP", "targetType": "ip", "vpcId": world.vpc, "healthCheck": {"interval": 5}}
    with pytest.raises(CallFailed, match="interval must be greater than the timeout"):
        driver.create(driver.check("aws:lb/targetGroup:TargetGroup", "fast", inputs))


def test_a_service_is_refused_as_ecs_refuses_it(driver: Driver, world: World) -> None:
    service: dict[str, Any] = {"cluster": world.cluster, "taskDefinition": world.task, "desiredCount": 0}
    target = {"targetGroupArn": world.targets, "containerName": "app", "containerPort": 80}
    network = {"subnets": world.subnets}
    for change, message in (
        ({"loadBalancers": [{**target, "containerPort": 81}]}, "did not have a container port 81 defined"),
        ({"loadBalancers": [{**target, "containerName": "nginx"}]}, "container nginx does not exist"),
        ({"loadBalancers": [{**target, "targetGroupArn": world.others}]}, "does not have an associated load balancer"),
        ({"networkConfiguration": network}, "Network Configuration is not valid"),
    ):
        with pytest.raises(CallFailed, match=message):
            driver.create(driver.check("aws:ecs/service:Service", "bad", {**service, **change}))
    task = {
        "family": "odd",
        "containerDefinitions": CONTAINERS,
        "networkMode": "awsvpc",
        "cpu": "256",
        "memory": "4096",
    }
    with pytest.raises(CallFailed, match="No Fargate configuration exists"):
        fargate = {**task, "requiresCompatibilities": ["FARGATE"]}
        driver.create(driver.check("aws:ecs/taskDefinition:TaskDefinition", "odd", fargate))


def test_ports_priorities_and_group_names_are_taken_once(driver: Driver, world: World) -> None:
    listener = {"loadBalancerArn": world.balancer, "port": 80, "defaultActions": [FIXED]}
    with pytest.raises(CallFailed, match="DuplicateListener"):
        driver.create(driver.check("aws:lb/listener:Listener", "again", listener))
    rule = {
        "listenerArn": world.listener,
        "priority": 400,
        "actions": [FIXED],
        "conditions": [{"pathPattern": {"values": ["/x"]}}],
    }
    one = driver.create(driver.check("aws:lb/listenerRule:ListenerRule", "one", rule))
    two = driver.create(driver.check("aws:lb/listenerRule:ListenerRule", "two", {**rule, "priority": 401}))
    with pytest.raises(CallFailed, match="PriorityInUse"):
        driver.update(two, rule)
    driver.delete(one)
    driver.delete(two)
    name = world.made[0].outputs["name"]
    with pytest.raises(CallFailed, match="InvalidGroup.Duplicate"):
        driver.create(driver.check("aws:ec2/securityGroup:SecurityGroup", "sg", {"vpcId": world.vpc, "name": name}))


def test_a_failure_after_the_creation_keeps_the_id(driver: Driver, world: World, cloud: LocalCloud) -> None:
    inputs = {
        "cluster": world.cluster,
        "taskDefinition": world.task,
        "launchType": "EC2",
        "desiredCount": 1,
        "waitForSteadyState": True,
    }
    resource = driver.check("aws:ecs/service:Service", "stuck", inputs)  # its image does not exist
    request = provider_pb2.CreateRequest(urn=resource.urn, timeout=2)
    request.properties.update({k: v for k, v in resource.inputs.items() if k != "__defaults"})
    with pytest.raises(CallFailed, match=r"timed out after 2 s waiting for ECS service .* to be steady") as failed:
        driver._call("Create", request)
    status = status_pb2.Status.FromString(dict(failed.value.trailing)["grpc-status-details-bin"])
    kept = provider_pb2.ErrorResourceInitFailed()
    assert status.details[0].Unpack(kept)
    resource.id, resource.outputs = kept.id, {"cluster": world.cluster}
    assert kept.id.startswith("arn:aws:ecs:")
    driver.delete(resource)
