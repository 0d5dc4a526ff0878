"""A live ECS service that nobody here made becomes blue: nothing moves, then it is promoted away from and back."""

from __future__ import annotations

import contextlib
import itertools
import time
from typing import Any

import boto3
import pytest

from localcloud.load import Load
from tests.e2e.stack import HEALTHZ, Stack

_numbers = itertools.count(1)


class Legacy:
    """A team's present world: a cluster, a load balancer with one rule, and a service behind it, made by hand."""

    def __init__(self, cloud) -> None:
        self.name = f"legacy-{next(_numbers)}"
        ec2, self.elb, self.ecs = (boto3.client(name) for name in ("ec2", "elbv2", "ecs"))
        vpc = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"][0]["VpcId"]
        subnets = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["Subnets"]
        ids = [subnet["SubnetId"] for subnet in subnets]
        self.balancer = self.elb.create_load_balancer(Name=self.name, Subnets=ids)["LoadBalancers"][0][
            "LoadBalancerArn"
        ]
        self.group = self._group(self.name, vpc)
        self.stranger = self._group(f"{self.name}-stranger", vpc)
        nobody = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}
        self.listener = self.elb.create_listener(
            LoadBalancerArn=self.balancer, Protocol="HTTP", Port=80, DefaultActions=[nobody]
        )["Listeners"][0]["ListenerArn"]
        self.rule = self.elb.create_rule(
            ListenerArn=self.listener,
            Priority=50,
            Conditions=[{"Field": "path-pattern", "Values": ["/*"]}],
            Actions=[{"Type": "forward", "TargetGroupArn": self.group}],
        )["Rules"][0]["RuleArn"]
        self.cluster = self.ecs.create_cluster(clusterName=self.name)["cluster"]["clusterArn"]
        self.definition = self.ecs.register_task_definition(
            family=self.name,
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            cpu="256",
            memory="512",
            containerDefinitions=[
                {
                    "name": "app",
                    "image": cloud.image("v1"),
                    "portMappings": [{"containerPort": 8080}],
                    "environment": [{"name": "COLOR", "value": "blue"}],
                }
            ],
        )["taskDefinition"]["taskDefinitionArn"]
        self.service = self.ecs.create_service(
            cluster=self.cluster,
            serviceName=self.name,
            taskDefinition=self.definition,
            desiredCount=1,
            launchType="FARGATE",
            networkConfiguration={"awsvpcConfiguration": {"subnets": ids}},
            loadBalancers=[{"targetGroupArn": self.group, "containerName": "app", "containerPort": 8080}],
        )["service"]["serviceArn"]
        deadline = time.monotonic() + 180
        while self._states() != ["healthy"]:
            assert time.monotonic() < deadline, self._states()
            time.sleep(0.5)

    def _group(self, name: str, vpc: str) -> str:
        made = self.elb.create_target_group(
            Name=name,
            Protocol="HTTP",
            Port=8080,
            VpcId=vpc,
            TargetType="ip",
            HealthCheckPath="/healthz",
            HealthCheckIntervalSeconds=5,
            HealthyThresholdCount=2,
        )
        return str(made["TargetGroups"][0]["TargetGroupArn"])

    def _states(self) -> list[str]:
        found = self.elb.describe_target_health(TargetGroupArn=self.group)["TargetHealthDescriptions"]
        return [target["TargetHealth"]["State"] for target in found]

    def actions(self) -> Any:
        """The rule's actions."""
        return self.elb.describe_rules(RuleArns=[self.rule])["Rules"][0]["Actions"]

    def groups(self) -> list[str]:
        """The target groups that the rule forwards to."""
        (action,) = self.actions()
        found = action.get("ForwardConfig", {}).get("TargetGroups") or [action]
        return [group["TargetGroupArn"] for group in found]

    def end(self) -> None:
        """Remove the tasks."""
        with contextlib.suppress(Exception):
            self.ecs.delete_service(cluster=self.cluster, service=self.name, force=True)


@pytest.fixture(scope="module")
def legacy(cloud, aws_env):
    made = Legacy(cloud)
    yield made
    made.end()


@pytest.fixture(scope="module")
def stack(cloud, legacy, tmp_path_factory):
    made = Stack(cloud, tmp_path_factory.mktemp("adopt"), "ecs_adopt")
    made.set(
        {
            "clusterArn": legacy.cluster,
            "serviceArn": legacy.service,
            "targetGroupArn": legacy.group,
            "taskDefinitionArn": legacy.definition,
            "ruleArn": legacy.rule,
            "blueRelease": cloud.image("v1"),
            "greenImage": cloud.image("v2"),
            "desiredCount": "1",
            "gates": HEALTHZ,
            "steadyStateTimeoutSeconds": "120",
        }
    )
    yield made
    made.destroy()


def test_adopting_promoting_and_destroying(stack, legacy, cloud):
    """One test: its parts are the life of one stack."""
    before = legacy.actions()
    url = f"http://127.0.0.1:{cloud.alb_port(legacy.name)}"
    with Load(url, rate_per_second=25) as load:
        said = stack.up_fails(activeColor="green")
        assert "taking it over must not move traffic: set activeColor to the color that it forwards to" in said
        assert legacy.actions() == before

        stack.up(activeColor="blue")
        assert legacy.groups() == [legacy.group], "adopted, and nothing moved"
        assert stack.colors() == {"blue"}
        assert stack.output("url").startswith("http://127.0.0.1:")

        stack.up(activeColor="green")
        assert legacy.groups() == [stack.output("targetGroups")["green"]]
        assert stack.colors() == {"green"}

        stack.up(activeColor="blue")
        assert stack.outcome() == "rolled_back"
        assert legacy.groups() == [legacy.group]
    assert load.result.failed == 0, load.result.errors
    assert load.result.between(0, 1e12).keys() == {"blue", "green"}


def test_what_was_there_before_stays_when_the_stack_goes(stack, legacy):
    stack.up(activeColor="blue")
    stack.destroy()
    assert legacy.groups() == [legacy.group]
    tags = legacy.elb.describe_tags(ResourceArns=[legacy.rule])["TagDescriptions"][0]["Tags"]
    assert not [tag for tag in tags if tag["Key"].startswith("bluegreen:")]
    (service,) = legacy.ecs.describe_services(cluster=legacy.cluster, services=[legacy.name])["services"]
    assert service["desiredCount"] == 1
    rules = legacy.elb.describe_rules(ListenerArn=legacy.listener)["Rules"]
    assert [rule["RuleArn"] for rule in rules if not rule["IsDefault"]] == [legacy.rule]
