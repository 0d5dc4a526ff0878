"""A service that CodeDeploy deploys stays updatable from Pulumi (pulumi/pulumi-aws#1096), through the real engine.

CodeDeploy itself is played over the emulator's load balancer and containers (see tests.played).
"""

from __future__ import annotations

import boto3
import pytest

from tests.e2e import stack as stacks
from tests.played.proxy import PlayedAws

GRACE = 7


@pytest.fixture(scope="module")
def played(cloud, aws_env):
    made = PlayedAws(cloud.endpoint, stages=16)
    yield made
    made.stop()


@pytest.fixture(scope="module")
def stack(cloud, played, tmp_path_factory):
    config = {"gates": [], "strategy": None, "steadyStateTimeoutSeconds": None}
    yield from stacks.make(cloud, tmp_path_factory, "ecs_codedeploy", endpoint=played.url, **config)


@pytest.fixture
def promoted(stack):
    """Green is live, also where a test runs by itself."""
    if stack.output("liveColor") != "green":
        stack.up(activeColor="green")
    return stack


def service_of(stack, played):
    ecs = boto3.client("ecs", endpoint_url=played.url)
    where = {"cluster": stack.output("clusterArn"), "services": [stack.output("serviceName")]}
    return ecs.describe_services(**where, include=["TAGS"])["services"][0]


def test_a_promotion_is_a_deployment(stack, played):
    said = stack.up(activeColor="green")
    assert "deployment d-" in said, "what it is at is told while it is waited for"
    assert stack.colors() == {"green"}
    assert stack.outcome() == "promoted"


def test_the_rest_of_the_service_is_changed_from_pulumi_after_it(promoted, stack, played):
    deployments = played.calls.count("CreateDeployment")
    stack.up(desiredCount="2", healthCheckGraceSeconds=str(GRACE), tags={"team": "shop"})
    found = service_of(stack, played)
    assert (found["desiredCount"], found["healthCheckGracePeriodSeconds"]) == (2, GRACE)
    assert {"key": "team", "value": "shop"} in found["tags"]
    assert played.calls.count("CreateDeployment") == deployments
    assert stack.colors() == {"green"}


def test_a_refresh_and_another_update_put_nothing_back(promoted, stack, played):
    stack.pulumi("refresh", "--yes", "--skip-preview")
    said = stack.up()
    assert "updated" not in said, said
    assert stack.colors() == {"green"}


def test_a_new_release_goes_to_the_idle_color_and_one_of_the_live_color_is_refused(promoted, stack, played, cloud):
    deployments = played.calls.count("CreateDeployment")
    said = stack.up_fails(greenImage=cloud.image("v1"))
    assert "which has production traffic: another one would get all of that at once" in said
    assert "Traceback" not in said
    assert played.calls.count("CreateDeployment") == deployments
    assert (stack.colors(), stack.get().json()["version"]) == ({"green"}, "v2")
    stack.up(greenImage=cloud.image("v2"))  # as the error says: its former one back
    assert (stack.colors(), stack.get().json()["version"]) == ({"green"}, "v2")
