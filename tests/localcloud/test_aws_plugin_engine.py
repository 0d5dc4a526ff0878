"""The plugin under the real engine: a small stack's whole life."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from localcloud.cloud import LocalCloud
from tests.e2e import keeper, warm

PROGRAM = """
import json
import pulumi
from pulumi_aws import cloudwatch, ec2, ecs, lb

config = pulumi.Config()
tags = {"tag": config.get("tag") or "one"}
vpc = ec2.get_vpc(default=True)
subnets = ec2.get_subnets(filters=[{"name": "vpc-id", "values": [vpc.id]}])
group = ec2.SecurityGroup(
    "web",
    vpc_id=vpc.id,
    tags=tags,
    ingress=[{"protocol": "tcp", "from_port": 80, "to_port": 80, "cidr_blocks": ["0.0.0.0/0"]}],
)
balancer = lb.LoadBalancer("web", subnets=subnets.ids, security_groups=[group.id], tags=tags)
fixed = {"content_type": "text/plain", "status_code": "503", "message_body": "no color is live"}
listener = lb.Listener(
    "web",
    load_balancer_arn=balancer.arn,
    port=config.get_int("port") or 80,
    default_actions=[{"type": "fixed-response", "fixed_response": fixed}],
)
cluster = ecs.Cluster("web")
for number, color in enumerate(["blue", "green"]):
    targets = lb.TargetGroup(color, port=8080, protocol="HTTP", target_type="ip", vpc_id=vpc.id, tags=tags)
    rule = lb.ListenerRule(
        color,
        listener_arn=listener.arn,
        priority=10 + number,
        conditions=[{"http_header": {"http_header_name": "X-Color", "values": [color]}}],
        actions=[{"type": "forward", "target_group_arn": targets.arn}],
    )
    logs = cloudwatch.LogGroup(color, retention_in_days=1)
    options = {"awslogs-group": logs.name, "awslogs-region": "us-east-1", "awslogs-stream-prefix": color}
    app = {
        "name": "app",
        "image": config.get(color) or "x:v1",
        "portMappings": [{"containerPort": 8080}],
        "environment": [{"name": "TOKEN", "value": config.require_secret("token")}],
        "logConfiguration": {"logDriver": "awslogs", "options": options},
    }
    task = ecs.TaskDefinition(
        color,
        family=f"engine-{color}",
        cpu="256",
        memory="512",
        network_mode="awsvpc",
        requires_compatibilities=["FARGATE"],
        container_definitions=pulumi.Output.json_dumps([app]),
    )
    ecs.Service(
        color,
        cluster=cluster.arn,
        task_definition=task.arn,
        launch_type="FARGATE",
        desired_count=0,
        network_configuration={"subnets": subnets.ids, "security_groups": [group.id]},
        load_balancers=[{"target_group_arn": targets.arn, "container_name": "app", "container_port": 8080}],
        opts=pulumi.ResourceOptions(depends_on=[rule], ignore_changes=["desiredCount"]),
    )
pulumi.export("url", pulumi.Output.concat("http://", balancer.dns_name))
"""


class Stack:
    """A stack of its own, in a project of its own."""

    def __init__(self, cloud: LocalCloud, project: Path) -> None:
        self.project, self.env = project, {**cloud.process_env(), **keeper.env()}
        (project / "Pulumi.yaml").write_text("name: awsplugin\nruntime: python\n")
        (project / "__main__.py").write_text(PROGRAM)
        self.run("stack", "init", project.name, *keeper.INIT)
        self.run("config", "set", "--secret", "token", "hush-hush")

    def run(self, *arguments: str, fails: bool = False) -> str:
        command = ["pulumi", "--non-interactive", *arguments]
        done = subprocess.run(
            command, cwd=self.project, env=self.env, capture_output=True, text=True, timeout=120, check=False
        )
        assert (done.returncode != 0) == fails, done.stdout + done.stderr
        return done.stdout + done.stderr

    def changes(self, *arguments: str) -> dict[str, int]:
        """The counts that the operation's summary ends with."""
        said = self.run(*arguments, "--yes", "--skip-preview")
        return {what: int(number) for number, what in re.findall(r"(\d+) (\w+)", said.split("Resources:", 1)[1])}


@pytest.fixture(scope="module")
def stack(cloud: LocalCloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    before = _inventory(cloud)
    made = Stack(cloud, tmp_path_factory.mktemp("engine"))
    try:
        assert made.changes("up")["created"] == 15
        made.env |= warm.env()  # once as a user's Python does it; the rest is about what the plugin answers
        yield made
    finally:
        made.run("destroy", "--yes", "--skip-preview")
    assert _inventory(cloud) == before


def test_a_stack_through_its_changes(stack: Stack) -> None:
    """In one test, as every command costs seconds. The fixture destroys the stack and checks that nothing is left."""
    assert stack.changes("up")["unchanged"] == 15
    assert stack.changes("refresh")["unchanged"] == 15
    assert stack.run("stack", "output", "url").startswith("http://127.0.0.1:")

    stack.run("config", "set", "tag", "two")
    changes = stack.changes("up")
    assert (changes["updated"], changes["unchanged"]) == (4, 11)

    stack.run("config", "set", "green", "x:v2")
    preview = stack.run("preview", "--diff")
    assert "+-aws:ecs/taskDefinition:TaskDefinition: (replace)" in preview
    assert re.search(r'taskDefinition: "arn:aws:ecs:\S+/engine-green:1" => \[unknown\]', preview)
    assert preview.count("[urn=") == 3  # the stack, the task definition, its service
    changes = stack.changes("up")
    assert (changes["replaced"], changes["updated"], changes["unchanged"]) == (1, 1, 13)
    assert stack.changes("refresh")["unchanged"] == 15

    exported = stack.run("stack", "export")
    assert "hush-hush" not in exported
    assert "hush-hush" not in preview


def test_bad_values_are_refused_in_a_preview(stack: Stack) -> None:
    stack.run("config", "set", "port", "70000")
    try:
        said = stack.run("preview", fails=True)
    finally:
        stack.run("config", "rm", "port")
    assert "aws:lb/listener:Listener resource 'web': property port" in said
    assert "must be between 1 and 65535, got 70000" in said
    assert "Traceback" not in said


def _inventory(cloud: LocalCloud) -> dict[str, Any]:
    def client(service: str) -> Any:
        return boto3.client(
            service,  # type: ignore[call-overload]
            endpoint_url=cloud.endpoint,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    elbv2, ecs = client("elbv2"), client("ecs")
    return {
        "balancers": [one["LoadBalancerArn"] for one in elbv2.describe_load_balancers()["LoadBalancers"]],
        "groups": [one["TargetGroupArn"] for one in elbv2.describe_target_groups()["TargetGroups"]],
        "clusters": ecs.list_clusters()["clusterArns"],
        "tasks": [arn for arn in ecs.list_task_definitions()["taskDefinitionArns"] if "engine-" in arn],
        "security": sorted(one["GroupId"] for one in client("ec2").describe_security_groups()["SecurityGroups"]),
        "logs": [one["logGroupName"] for one in client("logs").describe_log_groups()["logGroups"]],
    }
