"""Another release in a live ECS service is stopped before Pulumi brings it in place."""

from __future__ import annotations

import json

import boto3
import pytest

from bluegreen.aws.client import AwsConnection
from bluegreen.aws.ecs import in_place
from bluegreen.component import guarding
from bluegreen.fields import Fields
from bluegreen.platforms.routers import ROUTERS
from bluegreen.rollout.model import Weights
from tests.routers import alb_workshop

APP = {"name": "app", "image": "app:v1", "environment": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]}


@pytest.fixture(scope="module")
def alb(aws_env):
    return alb_workshop.build()


@pytest.fixture
def section(alb):
    made = {**alb_workshop.section(alb), "owner": "p/s/in-place"}
    yield made
    for rule in alb.rules():
        alb.elb.delete_rule(RuleArn=rule["RuleArn"])


@pytest.fixture
def former(aws_env):
    """The ARN of the task definition that runs."""
    made = boto3.client("ecs").register_task_definition(family="web-blue", containerDefinitions=[{**APP, "memory": 64}])
    return made["taskDefinition"]["taskDefinitionArn"]


def live(section, weights):
    router = ROUTERS.build(ROUTERS.parse(Fields(section, "router")))
    router.write(weights)


@pytest.mark.parametrize(("percent", "shown"), [(100, "100 %"), (10, "10 %")])
def test_a_color_with_traffic_keeps_its_release(section, former, percent, shown):
    live(section, Weights.split("blue", percent))
    said = in_place.look("blue", former, [{**APP, "image": "app:v2"}], [section], {})
    assert said.startswith(f"was not updated: blue has {shown} of production traffic and would get another release")
    assert "(image of container app app:v1 -> app:v2)" in said
    assert "Deploy it to green and promote that" in said
    assert "`pulumi config set bluegreen:allowLiveChanges true`" in said


def test_a_task_definition_that_was_made_elsewhere_is_compared_by_what_is_in_it(section, former):
    live(section, Weights.all_on("blue"))

    def made(**changes):
        (found,) = [
            boto3.client("ecs").register_task_definition(family="ci", containerDefinitions=[{**APP, **changes}])
        ]
        return found["taskDefinition"]["taskDefinitionArn"]

    said = in_place.look("blue", former, made(image="app:v2", memory=64), [section], {})
    assert "(image of container app app:v1 -> app:v2)" in said
    assert in_place.look("blue", former, made(memory=128), [section], {}) == ""


def test_a_color_without_traffic_gets_any_and_a_live_one_other_settings(section, former):
    live(section, Weights.all_on("green"))
    assert in_place.look("blue", former, [{**APP, "image": "app:v2"}], [section], {}) == ""
    live(section, Weights.all_on("blue"))
    assert in_place.look("blue", former, [{**APP, "memory": 128, "logConfiguration": {}}], [section], {}) == ""


def test_of_several_routers_the_one_with_most_traffic_counts(section, former):
    live(section, Weights.all_on("green"))
    second = {**section, "priority": 120.0, "owner": "p/s/second"}
    live(second, Weights.all_on("blue"))
    said = in_place.look("blue", former, [{**APP, "image": "app:v2"}], [section, second], {})
    assert "blue has 100 % of production traffic" in said


def test_where_nobody_can_see_it_the_update_goes_on_and_says_so(section, former, monkeypatch):
    said = []
    monkeypatch.setattr(guarding.pulumi.log, "warn", said.append)
    live(section, Weights.all_on("blue"))
    assert in_place.look("blue", "arn:aws:ecs:us-east-1:1:task-definition/gone:1", [APP], [section], {}) == ""
    assert "it could not be checked whether blue is live and gets another release in place" in said[0]
    assert "ecs:DescribeTaskDefinition" in said[0]
    assert in_place.look("blue", former, [APP], [{"kind": "alb", "listener_arn": 5}], {}) == "", "the swap refuses that"


@pytest.mark.parametrize(
    ("wanted", "what"),
    [
        ([APP], ""),
        ([{**APP, "environment": list(reversed(APP["environment"])), "secrets": [], "command": None}], ""),
        ([{**APP, "portMappings": [{"containerPort": 8080}], "cpu": 2}], ""),
        ([{**APP, "image": "app:v2"}], "image of container app app:v1 -> app:v2"),
        ([{**APP, "environment": [{"name": "A", "value": "hunter2"}]}], "environment of container app"),
        ([{**APP, "environment": []}], "environment of container app"),
        ([{**APP, "command": ["serve"]}], "command of container app"),
        ([{**APP, "secrets": [{"name": "S", "valueFrom": "arn:s"}]}], "secrets of container app"),
        ([APP, {"name": "sidecar", "image": "s"}], "container sidecar is new"),
        ([], "container app goes"),
    ],
)
def test_what_makes_container_definitions_another_release(wanted, what):
    assert in_place.another([APP], json.loads(json.dumps(wanted))) == what


def test_the_connection_is_the_swaps(section, former, monkeypatch):
    asked = []
    monkeypatch.setattr(
        AwsConnection, "client", lambda self, service: asked.append((self.region, service)) or boto3.client(service)
    )
    live(section, Weights.all_on("blue"))
    in_place.look("blue", former, [APP], [section], {"region": "us-east-1"})
    assert ("us-east-1", "ecs") in asked
